"""Lists of cases for people: a queue or a register, sifted, in keyset pages, with what happened last on each.

The number of queries doesn't grow with the rows, and no page reads more than it shows, or looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery

from huying.city.facts import City
from huying.ledger import search
from huying.ledger.actor import Actor
from huying.ledger.find import QUEUE_NAMES, UNDATED, Place, in_order, visible, waiting
from huying.ledger.models import Case, Document, Entry, Listed
from huying.ledger.telling import titles

MOST_BUSY = 50
COUNTED = 1000
"""Beyond so many, a count says only that there are more."""
MACHINES = ("clock", "case")


@dataclass(frozen=True)
class Sieve:
    """Which cases of a list are wanted: those that fit every condition that isn't empty.

    `units` are leads, with their subtrees already; so are `areas` and `categories`. `listed` are kept facts
    by name. `closed` None means both. `opened` is a span without its end. `words` must stand in the readable texts.
    """

    procedure: str = ""
    stage: str = ""
    units: Collection[str] = ()
    areas: Collection[str] = ()
    categories: Collection[str] = ()
    sealed: bool = False
    closed: bool | None = None
    words: str = ""
    opened: tuple[datetime, datetime] | None = None
    listed: Mapping[str, str] = field(default_factory=dict)

    def of(self, rows: QuerySet[Case]) -> QuerySet[Case]:
        """Those rows that fit."""
        equal = {"procedure": self.procedure, "stage": self.stage}
        among = {"lead__in": self.units, "area__in": self.areas, "category__in": self.categories}
        wanted = {name: value for name, value in {**equal, **among}.items() if value}
        rows = rows.filter(**wanted)
        if self.sealed:
            rows = rows.exclude(sealed="")
        if self.closed is not None:
            rows = rows.filter(closed__isnull=not self.closed)
        if self.opened is not None:
            rows = rows.filter(opened__gte=self.opened[0], opened__lt=self.opened[1])
        for name, value in self.listed.items():
            rows = rows.filter(pk__in=Listed.objects.filter(name=name, value=value).values("case"))
        return rows.filter(pk__in=search.matching(self.words)) if self.words else rows


@dataclass(frozen=True)
class Row:
    """A case in a list, with its newest readable title and the last entry that no machine made."""

    case: Case
    title: str
    last: Entry | None


def queue(
    name: str, actor: Actor, city: City, sieve: Sieve, at: datetime, *, after: Place | None, most: int
) -> list[Case]:
    """One page of a sifted queue: next due first, without a clock last; `after` is the place of the last row shown."""
    rows = sieve.of(waiting(name, actor, at=at, city=city))
    found = in_order(rows, after=after, most=most)
    if after and after[0] and len(found) < most:
        found += in_order(rows, after=UNDATED, most=most - len(found))
    return found


def register(actor: Actor, city: City, sieve: Sieve, *, before: int | None, most: int) -> list[Case]:
    """One page of a register, the newest case first; `before` is the id of the last row shown."""
    rows = sieve.of(visible(actor, city))
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:most])


def rows(cases: Iterable[Case], *, hidden: Collection[int] = ()) -> list[Row]:
    """The cases with title and last entry, two queries for all; the titles of the `hidden` ids stay away."""
    cases = list(cases)
    named, entries = titles(cases), last(cases)
    shown = {case.pk: "" if case.pk in hidden else named.get(case.pk, "") for case in cases}
    return [Row(case, shown[case.pk], entries.get(case.pk)) for case in cases]


def last(cases: Iterable[Case]) -> dict[int, Entry]:
    """The last entry of each case that no machine made, with one query."""
    newest = Entry.objects.filter(case=OuterRef("pk")).exclude(actor__in=MACHINES).order_by("-seq").values("pk")[:1]
    found = Case.objects.filter(pk__in=[case.pk for case in cases]).annotate(newest=Subquery(newest)).values("newest")
    entries = Entry.objects.filter(pk__in=found).only("case_id", "act", "actor", "at", "seq")
    return {entry.case_id: entry for entry in entries}


def facts(cases: Iterable[Case]) -> dict[int, dict[str, str]]:
    """The listed facts of the cases, by case and name, with one query."""
    found: dict[int, dict[str, str]] = {}
    kept = Listed.objects.filter(case__in=[case.pk for case in cases])
    for pk, name, value in kept.values_list("case", "name", "value"):
        found.setdefault(pk, {})[name] = value
    return found


def counts(actor: Actor, city: City, at: datetime, names: Iterable[str] = QUEUE_NAMES) -> dict[str, int]:
    """How many wait in each queue, each counted up to COUNTED + 1."""
    return {name: waiting(name, actor, at=at, city=city)[: COUNTED + 1].count() for name in names}


def busy() -> dict[str, int]:
    """The units that lead open cases, with how many: for the demo, whose people shall have something to do."""
    found = Case.objects.filter(closed=None).values_list("lead").annotate(count=Count("pk"))
    return dict(found.order_by("-count")[:MOST_BUSY])


@dataclass(frozen=True)
class Look:
    """One recorded look at an identity: when, by whom, at which case, with what reason."""

    pk: int
    at: datetime
    actor: str
    number: str
    reason: str


def looks(*, before: int | None, most: int) -> list[Look]:
    """The looks at identities, newest first; `before` is the pk of the last one shown."""
    found = Entry.objects.filter(act="look").select_related("case")
    if before is not None:
        found = found.filter(pk__lt=before)
    entries = list(found.order_by("-pk")[:most])
    keys = {entry.pk: str(entry.said.get("reason", "")).partition(":")[0] for entry in entries}
    reasons = dict(Document.objects.filter(key__in=keys.values()).values_list("key", "body"))
    return [
        Look(entry.pk, entry.at, entry.actor, entry.case.number, reasons.get(keys[entry.pk], "")) for entry in entries
    ]
