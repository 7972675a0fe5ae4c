"""Sending: a letter is claimed, handed to the mail server, and only then noted: at least once, recognisably.

No transaction stays open while the server is spoken to. A runner that dies in between leaves a claim that
runs out; the letter goes again under the same Message-ID. A refusal for good re-opens the duty on the case.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connection
from django.db.models import Q

from huying.city import store
from huying.ledger import identity
from huying.ledger.actor import SYSTEM
from huying.ledger.models import Entry
from huying.ledger.now import now
from huying.ledger.record import record
from huying.ledger.writing import writing
from huying.notify import words
from huying.notify.models import ACCEPTED, FAILED, SENDING, WAITING, Letter
from huying.notify.recipients import REQUESTER

log = logging.getLogger(__name__)
CLAIM = timedelta(minutes=10)
MOST_TRIES = 12
SECONDS = 20
TOKEN_LENGTH = 26
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class Refused(Exception):
    """The mail server won't take the letter; `for_good` says that trying again is no use."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good


@dataclass(frozen=True)
class Bundle:
    """The letters that go out as one message to one person, oldest first."""

    letters: tuple[Letter, ...]

    @property
    def first(self) -> Letter:
        return self.letters[0]

    @property
    def token(self) -> str:
        return token(self.first.pk)


def token(pk: int) -> str:
    """The secret word of one letter: 130 bits from the city's secret, kept in no table."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"letter:{pk}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:17], "big")
    return "".join(_LETTERS[number >> (5 * place) & 31] for place in range(TOKEN_LENGTH))


def mark_of(secret: str) -> str:
    """The hash under which a letter's token is found again."""
    return hashlib.sha256(f"mark:{secret.lower()}".encode()).hexdigest()


def post(*, most: int = 500, urgent: bool = False) -> int:
    """Send what is due, or what of it is `urgent`, at most so many messages; how many were accepted.

    Without a mail server nothing is tried.
    """
    sent = 0
    for _ in range(most if settings.HUYING_SMTP_URL else 0):
        bundle = _claim(urgent=urgent)
        if bundle is None:
            break
        sent += _send(bundle)
    return sent


def _claim(*, urgent: bool) -> Bundle | None:
    """The next message that is due and in nobody's hands, marked as in ours; `urgent` ones alone."""
    at = now()
    with writing():
        free = Q(state=WAITING, due__lte=at) | Q(state=SENDING, claimed__lt=at - CLAIM)
        rows = Letter.objects.filter(free, **({"urgent": True} if urgent else {})).order_by("due", "pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        first = rows.first()
        if first is None:
            return None
        together = first.to != REQUESTER and not first.urgent
        letters = list(rows.filter(to=first.to, urgent=False)) if together else [first]
        ids = [letter.pk for letter in letters]
        mark = mark_of(token(min(ids)))
        Letter.objects.filter(pk__in=ids).update(state=SENDING, claimed=at, mark=mark, tries=first.tries + 1)
        return Bundle(tuple(Letter.objects.filter(pk__in=ids).select_related("entry__case__into").order_by("pk")))


def _send(bundle: Bundle) -> bool:
    address = _address(bundle)
    try:
        if not address:
            raise Refused("no address", for_good=True)
        _hand_over(_message(bundle, address), bundle.token)
    except Refused as refusal:
        _not_sent(bundle, refusal)
        return False
    _accepted(bundle)
    return True


def _address(bundle: Bundle) -> str:
    letter = bundle.first
    if letter.to == REQUESTER:
        return identity.email_of(letter.entry.case)
    return store.current().contacts.get(letter.to, {}).get(letter.channel, "")


def _message(bundle: Bundle, address: str) -> EmailMessage:
    entries = [letter.entry for letter in bundle.letters]
    single = bundle.first.to == REQUESTER
    said = words.to_requester(entries[0], bundle.token) if single else _to_staff(bundle, entries)
    sender = store.current().letters.sender
    user, _, domain = sender.partition("@")
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = said.subject, sender, address
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<huying.{bundle.first.pk}.{bundle.first.mark[:16]}@{domain or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    if single:
        message["Reply-To"] = f"{user}+{bundle.token}@{domain}"
    message.set_content(said.body)
    return message


def _to_staff(bundle: Bundle, entries: Sequence[Entry]) -> words.Message:
    return words.at_once(entries[0]) if bundle.first.urgent else words.to_staff(entries)


def _hand_over(message: EmailMessage, secret: str) -> None:
    """Give the message to the city's mail server; the envelope's sender is where bounces find the letter."""
    parts = urlsplit(settings.HUYING_SMTP_URL)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    user, _, domain = str(message["From"]).partition("@")
    try:
        with kind(parts.hostname or "localhost", parts.port or 0, timeout=SECONDS) as server:
            if parts.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls()
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message, from_addr=f"{user}+{secret}@{domain}")
    except smtplib.SMTPRecipientsRefused as refused:
        code = min(code for code, _ in refused.recipients.values())
        raise Refused(f"recipient refused ({code})", for_good=code >= 500) from refused
    except smtplib.SMTPResponseException as refused:
        raise Refused(f"refused ({refused.smtp_code})", for_good=False) from refused
    except (smtplib.SMTPException, OSError) as error:
        raise Refused(type(error).__name__, for_good=False) from error


def _accepted(bundle: Bundle) -> None:
    """Note that the channel took it; a requester's letter is an entry of their case."""
    with writing():
        if not _close(bundle, ACCEPTED, ""):
            return
        if bundle.first.to == REQUESTER:
            said = {"channel": bundle.first.channel}
            record(bundle.first.entry.case, "letter", SYSTEM, said, seen=None)


def _not_sent(bundle: Bundle, refusal: Refused) -> None:
    """Try again later, longer each time; for good, the duty to tell is back with the desk."""
    log.warning("letter %s: %s", bundle.first.pk, refusal)
    if not refusal.for_good and bundle.first.tries < MOST_TRIES:
        ids, again = [letter.pk for letter in bundle.letters], now() + wait(bundle.first.tries)
        Letter.objects.filter(pk__in=ids, state=SENDING).update(state=WAITING, due=again, why=str(refusal)[:200])
        return
    with writing():
        if _close(bundle, FAILED, str(refusal)):
            undelivered(bundle.letters)


def wait(tries: int) -> timedelta:
    """How long a letter waits after so many tries."""
    return timedelta(minutes=min(2**tries, 240))


def _close(bundle: Bundle, state: str, why: str) -> bool:
    """End a claim of ours; False where it ran out and another runner has ended it."""
    ids = [letter.pk for letter in bundle.letters]
    rows = Letter.objects.filter(pk__in=ids, state=SENDING)
    return bool(rows.update(state=state, why=why[:200], at=now()))


def letters_of(secret: str) -> list[Letter]:
    """The letters that went out under a token; none for a word that is no token of ours."""
    if len(secret) != TOKEN_LENGTH:
        return []
    return list(Letter.objects.filter(mark=mark_of(secret)).select_related("entry__case").order_by("pk"))


def bounced(letters: Sequence[Letter], why: str) -> None:
    """A letter that had been accepted came back: it counts as failed, and the duty to tell is open again."""
    ids = [letter.pk for letter in letters]
    with writing():
        if Letter.objects.filter(pk__in=ids).exclude(state=FAILED).update(state=FAILED, why=why[:200], at=now()):
            undelivered(letters)


def undelivered(letters: Sequence[Letter]) -> None:
    """A requester couldn't be told: an entry that puts it before the desk, which calls or writes by paper."""
    for letter in letters:
        if letter.to == REQUESTER:
            record(letter.entry.case, "undelivered", SYSTEM, {"channel": letter.channel}, seen=None)
