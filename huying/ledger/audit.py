"""Checking the ledger against itself, and what stands beside it against the ledger.

Each way of tampering has a finding of its own. What is *not* seen here, and needs the signed checkpoints, is told
in docs/explanation/what-audit-sees.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from django.db.models import Count, Exists, OuterRef, Q

from huying.city import store
from huying.ledger import guard, rulebook, search
from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox
from huying.ledger.replay import Beside, Difference, Replay, Versions
from huying.ledger.writing import reading

__all__ = ["BATCH", "Difference", "audit"]

BATCH = 500
CHUNK = 200
MOST_ORPHANS = 100


def audit(
    *, numbers: frozenset[str] | None = None, progress: Callable[[int, int], None] | None = None
) -> Iterator[Difference]:
    """Every difference in the ledger, or in the cases named; silent when there is none.

    Read in batches, each one consistent look while others go on writing; memory doesn't grow with the ledger.
    `progress` is told after each batch how many more cases, with how many entries, were checked. Raises
    DatabaseAway where the database can't be reached.
    """
    rows = Case.objects.order_by("pk")
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    with reading():
        versions, found = _versions()
        if numbers is None:
            found += _guard()
    yield from found
    last = 0
    while True:
        with reading():
            batch = list(rows.filter(pk__gt=last)[:BATCH])
            found = list(_batch(batch, versions)) if batch else []
        yield from found
        if not batch:
            break
        last = batch[-1].pk
        if progress is not None:
            progress(len(batch), sum(case.seq for case in batch))
    if numbers is None:
        with reading():
            found = list(_orphans())
        yield from found


def _versions() -> tuple[Versions, list[Difference]]:
    """The versions that can be relied on, and a finding for each whose text isn't what its digest says."""
    procedures, forged = rulebook.versions()
    cities, altered = store.versions()
    message = "The stored version {version} was changed after it was loaded."
    found = [Difference("—", 0, "version", message, {"version": name}) for name in [*forged, *altered]]
    return Versions(procedures, cities), found


def _guard() -> list[Difference]:
    names = ", ".join(guard.missing())
    message = "The ledger's guard is missing: {names}."
    return [Difference("—", 0, "guard", message, {"names": names})] if names else []


class _OfCase(Protocol):
    case_id: int


Row = TypeVar("Row", bound=_OfCase)


class _Stream(Generic[Row]):
    """Rows that come in the order of their cases, handed out case by case, so that few are held at a time."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.groups = groupby(rows, key=lambda row: row.case_id)
        self.next = next(self.groups, None)

    def of(self, case: int) -> Iterator[Row]:
        """The rows of a case; none where it has none. Cases are asked for in order; rows left unread are skipped."""
        while self.next is not None and self.next[0] < case:
            self.next = next(self.groups, None)
        if self.next is not None and self.next[0] == case:
            yield from self.next[1]


def _batch(batch: list[Case], versions: Versions) -> Iterator[Difference]:
    pks = [case.pk for case in batch]
    entries = Entry.objects.filter(case__in=pks).select_related("outbox").order_by("case_id", "seq")
    kept = Document.objects.filter(case__in=pks).order_by("case_id", "pk")
    ledgers, papers = _Stream(entries.iterator(CHUNK)), _Stream(kept.iterator(CHUNK))
    beside = _beside(batch, pks)
    for case in batch:
        replay = Replay(case, versions)
        yield from replay.differences(ledgers.of(case.pk), papers.of(case.pk), beside[case.pk])
    numbers = {case.pk: case.number for case in batch}
    for pk in search.astray(pks):
        message = "The search index doesn't hold just the readable texts of the case."
        yield Difference(numbers[pk], 0, "search", message)


def _beside(batch: list[Case], pks: list[int]) -> dict[int, Beside]:
    """What stands beside the entries of each case of a batch, in four queries."""
    pointed = {pk for case in batch for pk in (case.parent_id, case.into_id) if pk}
    numbers = dict(Case.objects.filter(pk__in=pointed).values_list("pk", "number"))
    registered: dict[int, dict[str, str]] = {pk: {} for pk in pks}
    for pk, name, value in Listed.objects.filter(case__in=pks).values_list("case_id", "name", "value"):
        registered[pk][name] = value
    keys = dict(Identity.objects.filter(case__in=pks).values_list("case_id", "phone_key"))
    children = _children(pks)
    return {
        case.pk: Beside(
            parent=numbers.get(case.parent_id or 0, ""),
            into=numbers.get(case.into_id or 0, ""),
            children=children.get(case.pk, {}),
            listed=registered[case.pk],
            phone_key=keys.get(case.pk, ""),
        )
        for case in batch
    }


def _children(pks: list[int]) -> dict[int, dict[str, tuple[int, int]]]:
    counted: dict[int, dict[str, tuple[int, int]]] = {}
    rows = Case.objects.filter(parent__in=pks).values("parent_id", "part")
    for row in rows.annotate(open=Count("pk", Q(closed=None)), all=Count("pk")):
        counted.setdefault(row["parent_id"], {})[row["part"]] = (row["open"], row["all"] - row["open"])
    return counted


def _orphans() -> Iterator[Difference]:
    """Rows whose case or entry is gone: somebody deleted it around the guard."""
    for model in (Entry, Document, Identity, Listed):
        lost = model._default_manager.filter(~Exists(Case.objects.filter(pk=OuterRef("case_id"))))
        for pk in lost.values_list("case_id", flat=True).distinct()[:MOST_ORPHANS]:
            message = "The case with the inner number {pk} was deleted; rows of {table} are left."
            yield Difference("—", 0, "deleted", message, {"pk": pk, "table": model._meta.db_table})
    owed = Outbox.objects.filter(~Exists(Entry.objects.filter(pk=OuterRef("entry_id"))))
    for pk in owed.values_list("entry_id", flat=True)[:MOST_ORPHANS]:
        message = "The entry with the inner number {pk} was deleted; whom to tell of it is left."
        yield Difference("—", 0, "deleted", message, {"pk": pk})
    for pk in search.strays(MOST_ORPHANS):
        message = "The search index holds a document with the inner number {pk} that doesn't exist."
        yield Difference("—", 0, "search", message, {"pk": pk})
