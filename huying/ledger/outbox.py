"""What is still owed to people: one row per entry that tells somebody, taken in order, deleted when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, Min, OuterRef, QuerySet

from huying.ledger.actor import SYSTEM
from huying.ledger.models import Case, Entry, Outbox
from huying.ledger.record import record
from huying.ledger.writing import writing

DUPLICATES = "duplicates"


@dataclass
class Owed:
    """One entry that tells somebody: the words of its `tells`. `unfinished` keeps the row for another round."""

    entry: Entry
    case: Case
    tells: tuple[str, ...]
    urgent: bool
    unfinished: bool = False


@contextmanager
def taken(*, after: int = 0, urgent: bool = False) -> Iterator[Owed | None]:
    """The oldest row after the entry with that id that nobody else has in hand, or None; `urgent` ones alone.

    What the block writes is written in the same transaction, and the row is deleted with it: nothing owed is
    lost or done twice. A block that raises leaves the row.
    """
    with writing():
        rows = Outbox.objects.filter(pk__gt=after).select_related("entry__case").order_by("pk")
        if urgent:
            rows = rows.filter(urgent=True)
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        row = rows.first()
        owed = Owed(row.entry, row.entry.case, tuple(row.tells.split()), row.urgent) if row else None
        yield owed
        if row is not None and owed is not None and not owed.unfinished:
            row.delete()


def answer_duplicates(owed: Owed, *, most: int) -> bool:
    """Tell up to `most` cases merged into the answered one; whether more are left.

    Each gets an entry of its own, which counts its requester's promise as answered.
    """
    for case in _unanswered(owed)[:most]:
        record(case, "answered", SYSTEM, {}, seen=None)
    return _unanswered(owed).exists()


def _unanswered(owed: Owed) -> QuerySet[Case]:
    """The duplicates that have no entry of this answer yet."""
    told = Entry.objects.filter(case=OuterRef("pk"), act="answered", pk__gt=owed.entry.pk)
    return Case.objects.filter(~Exists(told), into=owed.case).order_by("pk")


def oldest() -> datetime | None:
    """Since when something is owed that nobody has taken up; None where nothing is."""
    since: datetime | None = Outbox.objects.aggregate(since=Min("at"))["since"]
    return since
