"""Personal links: whoever has one sees their call and, with the last four digits of their phone, acts on it.

Two kinds lead here: the one on the receipt, and the one in each letter. Opening one changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings

from huying.ledger import identity
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.writing import insert, writing
from huying.notify import post
from huying.notify.recipients import REQUESTER
from huying.portal.models import Link, WrongDigits

LIFE_AFTER_CLOSING = timedelta(days=180)
"""So long after its case was closed a link still opens it."""
MOST_WRONG = 5
WITHIN = timedelta(hours=1)
_ONCE = re.compile(r"[A-Za-z0-9_-]{20,80}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True)
class Found:
    """Where a word leads: its case, or that the link has ended. Neither where it is no link of ours."""

    case: Case | None = None
    ended: bool = False
    receipt: Link | None = None


def new_once() -> str:
    """What a form carries so that sent twice it is one call."""
    return secrets.token_urlsafe(24)


def once(said: str) -> str:
    """What a form carried, or a new one where it carried nothing usable: a call isn't lost for that."""
    return said if _ONCE.fullmatch(said) else new_once()


def word_of(once: str) -> str:
    """The secret word of the link that a form's call gets: 130 bits from it and the city's secret."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"receipt:{once}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:17], "big")
    return "".join(_LETTERS[number >> (5 * place) & 31] for place in range(post.TOKEN_LENGTH))


def make(case: Case, word: str, sent: str, *, outside: bool) -> None:
    """Keep a link's hash, in the transaction that opens the case."""
    insert([Link(case=case, mark=post.mark_of(word), sent=sent, outside=outside, at=now())])


def made(word: str) -> Link | None:
    """The link of that word, if there is one."""
    return Link.objects.filter(mark=post.mark_of(word)).select_related("case__into").first()


def find(word: str) -> Found:
    """The case that a word from a receipt or a letter to its requester opens."""
    if len(word) != post.TOKEN_LENGTH:
        return Found()
    link = made(word)
    case = link.case if link else _of_letter(word)
    if case is not None and case.closed is not None and case.closed + LIFE_AFTER_CLOSING < now():
        return Found(ended=True)
    return Found(case, receipt=link)


def _of_letter(word: str) -> Case | None:
    """Only letters to whoever called open their case: a colleague's digest doesn't."""
    own = [letter for letter in post.letters_of(word) if letter.to == REQUESTER]
    return own[0].entry.case if own else None


def tried_too_often(case: Case) -> bool:
    """Whether so many wrong digits came within the hour that no more are read."""
    return WrongDigits.objects.filter(case=case, at__gt=now() - WITHIN).count() >= MOST_WRONG


def fits(case: Case, digits: str) -> bool:
    """Whether these are the last four of the phone that was left; any are where none was. A wrong try is kept."""
    if not identity.has_phone(case):
        return True
    if identity.ends_with(case, digits):
        return True
    with writing():
        WrongDigits.objects.filter(at__lt=now() - 2 * WITHIN).delete()  # what no longer counts isn't kept
        insert([WrongDigits(case=case, at=now())])
    return False
