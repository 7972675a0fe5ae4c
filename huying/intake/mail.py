"""E-mail that comes in: a reply joins its case, a bounce re-opens the duty to tell, machines' answers are left alone.

Which case it is, the token in the address says (`12345+TOKEN@…`), of which only a hash is kept. A letter that
the mail server delivers twice is taken once. Nothing of a refused letter reaches a disk.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message
from enum import Enum
from html.parser import HTMLParser

from django.db import IntegrityError

from huying.errors import BadFile, BadInput, Refused, SecrecyMark, say, sentence
from huying.intake.models import Mail
from huying.ledger.actor import REQUESTER
from huying.ledger.attachments import check
from huying.ledger.now import now
from huying.ledger.record import record
from huying.ledger.said import LONGEST_TEXT, Upload
from huying.ledger.writing import writing
from huying.notify.models import Letter
from huying.notify.post import bounced, letters_of

MOST_FILES = 20
_QUOTE = re.compile(
    r"^\s*>|^-{2,}\s*(Original Message|原始邮件)|^(在|On) .{4,80}(写道|wrote)[:：]\s*$|^_{10,}\s*$", re.I
)


class Taken(Enum):
    """What became of a letter."""

    ADDED = "added to its case"
    BOUNCE = "a bounce: the duty to tell is open again"
    AUTOMATIC = "a machine's answer, left alone"
    AGAIN = "known already"
    UNKNOWN = "no letter of ours"
    REFUSED = "refused"


@dataclass(frozen=True)
class Outcome:
    """What became of a letter, and what its sender is told where it was refused."""

    taken: Taken
    why: str = ""


def receive(raw: bytes, *, sender: str, recipient: str, language: str = "zh-Hans") -> Outcome:
    """Take one letter in: `sender` and `recipient` are those of its envelope.

    Raises StorageError where it can't be kept now: the mail server holds it and tries again.
    """
    letters = letters_of(_token(recipient))
    if not letters:
        return Outcome(Taken.UNKNOWN, say("There is no such address.", language))
    try:
        message = message_from_bytes(raw, policy=policy.default)
    except (MessageError, ValueError, IndexError, LookupError):
        return Outcome(Taken.REFUSED, say("The letter can't be read.", language))
    if _reports(message) or not sender.strip("<> "):
        return _bounce(message, letters)
    if _automatic(message):
        return Outcome(Taken.AUTOMATIC)
    case = letters[0].entry.case
    try:
        with writing():
            Mail.objects.create(mark=_mark(raw, message, recipient), at=now())
            record(case, "add", REQUESTER, _said(message, language), seen=None)
    except IntegrityError:
        return Outcome(Taken.AGAIN)
    except (BadInput, Refused) as error:
        return Outcome(Taken.REFUSED, sentence(error, language))
    return Outcome(Taken.ADDED)


def _token(recipient: str) -> str:
    return recipient.strip("<> ").partition("@")[0].partition("+")[2]


def _mark(raw: bytes, message: Message, recipient: str) -> str:
    """By what the same letter is known again: its Message-ID, or its bytes where it has none."""
    name = str(message.get("Message-ID", "")).strip().encode() or raw
    return hashlib.sha256(name + b"\0" + recipient.encode()).hexdigest()


def _reports(message: Message) -> bool:
    return message.get_content_type() == "multipart/report"


def _bounce(message: Message, letters: list[Letter]) -> Outcome:
    """A report of failure ends the letter; one of delay changes nothing."""
    status = [part for part in message.walk() if part.get_content_type() == "message/delivery-status"]
    text = " ".join(str(part) for part in status).lower()
    if status and "action: failed" not in text:
        return Outcome(Taken.AUTOMATIC)
    found = re.search(r"status:\s*([245]\.\d{1,3}\.\d{1,3})", text)
    bounced(letters, f"bounced ({found[1] if found else 'no code'})")
    return Outcome(Taken.BOUNCE)


def _automatic(message: Message) -> bool:
    """Whether a machine answered: RFC 3834, and what older ones write instead."""
    header = {name.lower(): str(value).lower() for name, value in message.items()}
    return (
        header.get("auto-submitted", "no").split(";")[0].strip() != "no"
        or header.get("precedence", "") in ("bulk", "junk", "list", "auto_reply")
        or "x-autoreply" in header
        or "x-autorespond" in header
        or "list-id" in header
    )


def _said(message: Message, language: str) -> dict[str, object]:
    """What the letter says for `add`: its own words, and its files; of a file that isn't kept, the reason."""
    files, notes = [], []
    for upload in _files(message):
        try:
            check(upload)
        except SecrecyMark:
            raise
        except BadInput as error:
            notes.append(sentence(error, language))
            continue
        files.append(upload)
    text = "\n".join(filter(None, [_own_words(_body(message)), *notes]))
    return {"text": text[:LONGEST_TEXT] or say("(only files)", language), "evidence": tuple(files)}


def _files(message: Message) -> Iterator[Upload]:
    attached = (part for part in message.walk() if part.get_filename() or part.get_content_maintype() == "image")
    for number, part in enumerate(attached):
        if number == MOST_FILES:
            raise BadFile(name=str(part.get_filename()), why={"zh-Hans": "附件过多", "en": "too many attachments"})
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield Upload(str(part.get_filename() or f"{number + 1}"), content)


def _body(message: Message) -> str:
    """The text of a letter; of one that only has HTML, the text in it."""
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError, KeyError):
        payload = part.get_payload(decode=True)
        content = payload.decode("gb18030", "replace") if isinstance(payload, bytes) else ""
    return _Text().of(content) if part.get_content_subtype() == "html" else content


def _own_words(text: str) -> str:
    """A letter's own words: what it quotes of ours is left out, and so are control characters."""
    kept = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if _QUOTE.match(line):
            if line.lstrip().startswith(">"):
                continue
            break
        kept.append("".join(letter for letter in line if letter == "\t" or letter.isprintable() or letter == " "))
    return "\n".join(kept).strip()


class _Text(HTMLParser):
    """The words of a page, without its scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.hidden = 0

    def of(self, page: str) -> str:
        self.feed(page)
        self.close()
        return "".join(self.parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("script", "style", "head")
        if tag in ("br", "p", "div", "li", "tr"):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style", "head") and self.hidden > 0

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)
