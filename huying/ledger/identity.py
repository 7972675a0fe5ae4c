"""Who called, sealed: each look gives a reason and leaves an entry; phones are found by a keyed hash only.

Who called is a sealed document like the original, so the ledger holds its digest and `audit` sees an
exchange. Rights: `actor.may_unseal` (promise 13). Corrections are the act `correct_identity`.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass

from huying.ledger.actor import Actor
from huying.ledger.models import Case, Document, Identity
from huying.ledger.record import record
from huying.ledger.requester import phone_key
from huying.ledger.said import Requester

FIELD = "requester"


@dataclass(frozen=True)
class Unsealed:
    """What a recorded look shows: who called, and the sealed texts and files as they came, oldest first."""

    requester: Requester
    originals: tuple[Document, ...]


def look(case: Case, actor: Actor, reason: str) -> Unsealed:
    """Show the sealed part of a case and leave an entry with the reason. Raises NotAllowed, MissingField."""
    record(case, "look", actor, {"reason": reason}, seen=None)
    sealed = tuple(Document.objects.filter(case=case, sealed=True, erased=None).order_by("pk"))
    return Unsealed(_requester(sealed), tuple(document for document in sealed if document.field != FIELD))


def email_of(case: Case) -> str:
    """Where whoever called is written to, or "". For the letter that is being sent: no person reads it."""
    return caller(case).email


def caller(case: Case) -> Requester:
    """Who called, for what erases it and shows it to nobody."""
    return _requester(Document.objects.filter(case=case, field=FIELD, erased=None).order_by("pk"))


def has_phone(case: Case) -> bool:
    """Whether whoever called left a number."""
    return Identity.objects.filter(case=case).exists()


def ends_with(case: Case, digits: str) -> bool:
    """Whether the number that was left ends with these four digits: what an act by a personal link asks for."""
    known = caller(case).digits
    return len(digits) == 4 and len(known) >= 4 and hmac.compare_digest(known[-4:].encode(), digits.encode())


def belongs(case: Case, phone: str) -> bool:
    """Whether a number is the one that was left with the case; found by its keyed hash."""
    key = phone_key(Requester(phone=phone))
    return bool(key) and Identity.objects.filter(case=case, phone_key=key).exists()


def _requester(documents: Iterable[Document]) -> Requester:
    """The newest requester among these documents."""
    newest = [document for document in documents if document.field == FIELD][-1:]
    return Requester(**json.loads(newest[0].body)) if newest else Requester()


def cases_of(phone: str, *, most: int = 50) -> list[Case]:
    """Earlier cases of a number, newest first: for number, date and stage only."""
    key = phone_key(Requester(phone=phone))
    return list(Case.objects.filter(identity__phone_key=key).order_by("-pk")[:most]) if key else []
