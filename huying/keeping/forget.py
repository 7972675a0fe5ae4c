"""Forgetting a person (promise 12): their name, phone, words and files leave every place where the system keeps them.

Each case gets an entry `forget`, with which its documents die; the rooms beside the ledger give up what is
theirs in the same transaction. Files, the room that deleted rows took, and the write-ahead log follow at once.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote_plus

from django.conf import settings
from django.contrib.sessions.models import Session

from huying.desk.models import Held as Waiting
from huying.desk.models import View
from huying.errors import StillOpen, StorageError
from huying.intake.models import Picture, Retry
from huying.keeping import persons, scrub
from huying.ledger import administration, attachments, documents, identity, number
from huying.ledger.actor import SYSTEM, Actor
from huying.ledger.fold import stamp
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.record import record
from huying.ledger.writing import writing
from huying.notify.models import Letter
from huying.notify.recipients import REQUESTER
from huying.portal.models import Link, WrongDigits

GRACE_SECONDS = 60
"""A file that was stored since stays for the sweep: a call that is just coming in may be about to name it."""
JOURNAL = "erasures.jsonl"


@dataclass(frozen=True)
class Erased:
    """What was erased: the cases, how many files, and whether the room that they took is free of them already."""

    cases: tuple[str, ...]
    files: int
    scrubbed: bool


def forget(cases: Sequence[Case], actor: Actor, ground: str) -> Erased:
    """Erase what is kept about the people of these cases; a case that was forgotten before stays as it is.

    All or nothing. Raises NotAllowed, StillOpen where a case, a part of it, or the case that it was merged
    into is open, and Held.
    """
    with writing():
        erased, blobs = _erased(cases, ground)
        for case in cases if erased else ():
            said = {"case": case.number, "number": len(erased), "erasing": ground}
            administration.note(actor, documents.FORGET, said)
    return _finished(erased, blobs)


def _finished(erased: Iterable[Case], blobs: Iterable[str]) -> Erased:
    """After the transaction: the content of files, the journal beside the database, the freed room."""
    numbers = tuple(case.number for case in erased)
    _journal(numbers, now())
    dropped = attachments.release(blobs, older_than=time.time() - GRACE_SECONDS)
    return Erased(numbers, dropped, _scrubbed() if numbers else True)


def _scrubbed() -> bool:
    """What is erased stays erased where somebody keeps the database busy; the room is freed later then."""
    try:
        return scrub.scrub(most=scrub.MOST_BYTES)
    except StorageError:
        return False


def _erased(cases: Sequence[Case], ground: str) -> tuple[list[Case], set[str]]:
    wanted = [case for case in persons.with_parts(cases) if not case.folded().forgotten]
    for case in wanted:
        if case.into is not None and case.into.closed is None:
            raise StillOpen(number=number.said(case.into.number))
    blobs = documents.blobs(wanted)
    _views_and_sessions(wanted)
    for case in wanted:
        record(case, documents.FORGET, SYSTEM, {"erasing": ground}, seen=None)
    _beside(wanted)
    return wanted, blobs


def _beside(cases: Sequence[Case]) -> None:
    """What the other rooms keep of these cases: hashes of calls and links, letters to whoever called, pictures."""
    pks, numbers = [case.pk for case in cases], [case.number for case in cases]
    Letter.objects.filter(entry__case__in=pks, to=REQUESTER).delete()
    Link.objects.filter(case__in=pks).delete()
    WrongDigits.objects.filter(case__in=pks).delete()
    Retry.objects.filter(number__in=numbers).delete()
    Picture.objects.filter(number__in=numbers).delete()
    for number_ in numbers:
        Waiting.objects.filter(place__contains=number_).delete()


def _views_and_sessions(cases: Sequence[Case]) -> None:
    """Saved views and sessions whose address holds what somebody searched for: the person's name or number."""
    callers = [identity.caller(case) for case in cases]
    words = {word.casefold() for who in callers for word in (who.name, who.phone, who.digits, who.email) if word}
    if not words:
        return
    for view in View.objects.all():
        if any(word in unquote_plus(view.address).casefold() for word in words):
            view.delete()
    for session in Session.objects.all():
        shown = unquote_plus(json.dumps(session.get_decoded(), ensure_ascii=False, default=str)).casefold()
        if any(word in shown for word in words):
            session.delete()


def _journal(numbers: Iterable[str], at: datetime) -> None:
    """Numbers and times, in a file beside the attachments: a restore replays them where the database is lost."""
    lines = "".join(f"{json.dumps({'number': number, 'at': stamp(at)})}\n" for number in numbers)
    if not lines:
        return
    place = Path(settings.HUYING_HOME) / JOURNAL
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a", encoding="utf-8") as journal:
        journal.write(lines)
        journal.flush()
        os.fsync(journal.fileno())
