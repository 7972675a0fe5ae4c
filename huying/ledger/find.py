"""Reading cases: what an actor may see, what the queues are, and the only view outsiders get."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet

from huying.city import store
from huying.city.facts import ADMINISTRATORS, City
from huying.errors import BadValue, UnknownCase
from huying.ledger import number, rulebook, search
from huying.ledger.actor import Actor, Around, scopes, sees
from huying.ledger.fold import State
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import now
from huying.ledger.procedure import may


def visible(actor: Actor, city: City | None = None) -> QuerySet[Case]:
    """The cases this person may see: the same rule as `actor.sees`, as a query."""
    city = city or store.current()
    allowed = Q(owner=actor.key) if actor.key else Q(pk=None)
    for _, units, areas in scopes(actor, city):
        whole = city.root.code in units and len(units) == len(city.units)
        led = Case.objects.filter(closed=None, lead__in=units).values("pk")
        seen = Q() if whole else Q(lead__in=units) | Q(opener__in=units) | Q(parent__in=led)
        if areas and not whole:
            seen |= Q(area__in=areas)
        allowed |= seen & ~Q(procedure="administration")
    if any(post.role in ADMINISTRATORS for post in actor.posts):
        allowed |= Q(procedure="administration")
    return Case.objects.filter(allowed).exclude(sealed="report", about__in=_accusing(actor, city))


def _led(actor: Actor, city: City | None = None) -> QuerySet[Case]:
    """Those of the visible cases that the actor's own units lead.

    Said shorter than `visible` says it: PostgreSQL multiplies the chances of its alternatives, expects hardly
    a row, and would sort all that the unit leads.
    """
    city = city or store.current()
    units = actor.units() & frozenset[str]().union(*(units for _, units, _ in scopes(actor, city)))
    rows = Case.objects.filter(lead__in=units).exclude(procedure="administration")
    return rows.exclude(sealed="report", about__in=_accusing(actor, city))


def _accusing(actor: Actor, city: City) -> set[str]:
    """The units that a report can be about so that this actor must not see it: their own and all above."""
    return {accused for unit in actor.units() for accused in (unit, *city.above(unit))}


def one(text: str, actor: Actor) -> Case:
    """The case with that number, if the actor may see it; raises UnknownCase, which doesn't tell which it is."""
    found = Case.objects.filter(number=number.read(text)).first()
    if found is None or not sees(actor, found.folded(), store.current(), around(found).parent):
        raise UnknownCase(number=text[:40])
    return found


def around(case: Case) -> Around:
    """What a decision on the case reads beside it."""
    parent = case.parent
    others = not case.closed and case.duplicates.exists()
    above = parent.number if parent else ""
    return Around(case.number, parent.folded() if parent else None, above, case.part, duplicates=others)


def stuck(city: City, cases: Iterable[Case] | None = None) -> list[Case]:
    """Open cases without open children in which nobody in the city's data may act: a gap in people, an alarm."""
    from huying.ledger.actor import person

    at = now()
    everybody = [person(key, city, city.calendar.local(at).date()) for key in city.people]
    found = []
    for case in Case.objects.filter(closed=None) if cases is None else cases:
        state = case.folded()
        procedure = rulebook.procedure(state.procedure)
        beside = around(case)
        moving = [name for name, act in procedure.acts.items() if not act.quiet]
        if state.open_children or any(
            answers.get(name, ...) is None
            for who in everybody
            for answers in [may(procedure, state, who, at=at, city=city, around=beside)]
            for name in moving
        ):
            continue
        found.append(case)
    return found


def ringing(at: datetime, *, without: Collection[int] = (), kinds: Collection[str] = (), most: int = 200) -> list[int]:
    """Ids of the cases, of some `kinds` or of any, that have a clock which has passed by `at`, earliest first."""
    rows = Case.objects.filter(alarm__lte=at, **({"procedure__in": kinds} if kinds else {})).exclude(pk__in=without)
    return list(rows.order_by("alarm", "pk").values_list("pk", flat=True)[:most])


def claimed(pk: int, at: datetime) -> Case | None:
    """The case, locked for the caller's transaction, if a clock of it has passed and nobody else holds it."""
    rows = Case.objects.filter(pk=pk, alarm__lte=at)
    skip = connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=skip).first()


PUBLIC = "request"
"""The one kind of case of which outsiders may know anything."""

QUEUES = {
    "alarms": Q(procedure="alarm"),
    "triage": Q(stage="registered"),
    "dispatch": Q(stage="triaged"),
    "disputed": Q(stage="disputed"),
    "review": Q(stage="submitted"),
    "verify": Q(stage="verifying"),
    "shelved": Q(stage="shelved"),
    "escalated": Q(level__gt=0),
    "over_limit": Q(stage="registered", listed__name="over_limit"),
}
QUEUE_NAMES = (*QUEUES, "unit", "overdue", "soon", "week", "all")
SOON = timedelta(days=1)


Place = tuple[datetime | None, int]
"""Where a page of a queue ends: `next_due` and id of its last row."""
UNDATED: Place = (None, 0)
"""Behind this place stand the cases without a running clock, which come last."""


def queue(
    name: str, actor: Actor, *, at: datetime | None = None, after: Place | None = None, most: int = 50
) -> list[Case]:
    """Cases of a queue of open ones, by one question; behind a due time none that has no clock: see `lists.queue`."""
    return in_order(waiting(name, actor, at=at), after=after, most=most)


def in_order(rows: QuerySet[Case], *, after: Place | None, most: int) -> list[Case]:
    """The next cases by one question: next due first, those without a clock last.

    `after` is the place of the last one shown. Behind a due time come those with one alone, and behind UNDATED the
    others: no index has what comes later or never.
    """
    if after is None:
        return list(rows.order_by(F("next_due").asc(nulls_last=True), "pk")[:most])
    due, pk = after
    if due is None:
        return list(rows.filter(next_due=None, pk__gt=pk).order_by("pk")[:most])
    # Not `later, or the same time and a higher id`: PostgreSQL would gather and sort all that is later.
    dated = rows.filter(next_due__gte=due).exclude(next_due=due, pk__lte=pk)
    return list(dated.order_by("next_due", "pk")[:most])


def waiting(name: str, actor: Actor, *, at: datetime | None = None, city: City | None = None) -> QuerySet[Case]:
    """The open cases of a queue among those that the actor may see, in no order.

    Names: those of QUEUES, `unit` (led by the actor's units), `overdue`, `soon` (due within a day), `week`
    (due by the end of this week), `all`.
    Raises BadValue for any other.
    """
    if name not in QUEUE_NAMES:
        label = {"zh-Hans": "队列", "en": "Queue"}
        raise BadValue(field=label, value=name[:40], expected="、".join(QUEUE_NAMES))
    at, city = at or now(), city or store.current()
    rows = (_led(actor, city) if name == "unit" else visible(actor, city)).filter(closed=None)
    if name in QUEUES:
        rows = rows.filter(QUEUES[name])
    elif name == "overdue":
        rows = rows.filter(next_due__lt=at)
    elif name == "soon":
        rows = rows.filter(next_due__range=(at, at + SOON))
    elif name == "week":
        rows = rows.filter(next_due__range=(at, _end_of_week(at, city)))
    return rows


def _end_of_week(at: datetime, city: City) -> datetime:
    """The midnight that ends the local Sunday."""
    today = city.calendar.local(at).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(), city.calendar.tz)


def found(query: str, actor: Actor, *, most: int = 50) -> list[Case]:
    """Cases in whose handling copies every word of `query` stands, among those the actor may see, newest first.

    The database joins the two, so that a rare hit isn't lost among many that are others' to see.
    """
    return list(visible(actor).filter(pk__in=search.matching(query)).order_by("-pk")[:most])


def entries(case: Case) -> QuerySet[Entry]:
    """The ledger of a case, first entry first."""
    return Entry.objects.filter(case=case).order_by("seq")


def texts(case: Case) -> dict[str, Document]:
    """The readable documents of a case by key; sealed originals aren't among them."""
    return {row.key: row for row in Document.objects.filter(case=case, sealed=False)}


@dataclass(frozen=True)
class PublicView:
    """The only thing outsiders get: nothing a requester wrote, nobody's name, no exact place.

    `updated` is the time of the last deciding entry: a look at an identity or a note doesn't show.
    """

    number: str
    category: str
    area: str
    stage: str
    opened: datetime
    due: datetime | None
    closed: datetime | None
    outcome: str
    verified: str
    spot: str
    updated: datetime


@dataclass(frozen=True)
class PublicStep:
    """One step of a case that anybody may know: when it came to which stage."""

    at: datetime
    stage: str


def public(case: Case) -> PublicView | None:
    """What anybody may know of a case; None for kinds of case, and for reports, that aren't public at all."""
    return next(iter(_views([case])), None)


@dataclass(frozen=True)
class Wanted:
    """Which public cases are asked for: those that fit every condition, `most` of them from `first` on.

    `since` and `until` are times of opening, both included; None, no `categories` and no `areas` mean any.
    `unsealed` leaves out the cases of those who asked to be confidential or anonymous.
    """

    numbers: Collection[str] | None = None
    categories: Collection[str] = ()
    areas: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    closed: bool | None = None
    unsealed: bool = False
    first: int = 0
    most: int = 100


def published(wanted: Wanted) -> list[PublicView]:
    """What anybody may know of the cases that are asked for, newest first."""
    rows = Case.objects.filter(procedure=PUBLIC).exclude(sealed="report")
    if wanted.numbers is not None:
        rows = rows.filter(number__in=wanted.numbers)
    if wanted.categories:
        rows = rows.filter(category__in=wanted.categories)
    if wanted.areas:
        rows = rows.filter(area__in=wanted.areas)
    if wanted.since is not None:
        rows = rows.filter(opened__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(opened__lte=wanted.until)
    if wanted.closed is not None:
        rows = rows.filter(closed__isnull=not wanted.closed)
    if wanted.unsealed:
        rows = rows.filter(sealed="")
    return _views(rows.order_by("-opened", "-pk")[wanted.first : wanted.first + wanted.most])


def public_steps(text: str) -> list[PublicStep]:
    """The stages that a public case has come to, first one first. Raises UnknownCase where it isn't public."""
    found = Case.objects.filter(number=number.read(text)).first()
    if found is None or public(found) is None:
        raise UnknownCase(number=text[:40])
    told = [(entry.at, entry.sets.get("stage")) for entry in entries(found)]
    return [PublicStep(at, stage) for at, stage in told if isinstance(stage, str)]


def _views(cases: Iterable[Case]) -> list[PublicView]:
    """The public views of the cases that have one, in their order."""
    shown = [case for case in cases if case.procedure == PUBLIC and case.sealed != "report"]
    turns = Entry.objects.filter(case__in=[case.pk for case in shown], seq=F("case__turn"))
    updated = dict(turns.values_list("case_id", "at"))
    city = store.current()
    return [_view(case, city, updated.get(case.pk, case.opened)) for case in shown]


def _view(case: Case, city: City, updated: datetime) -> PublicView:
    state: State = case.folded()
    return PublicView(
        number=case.number, category=state.category, area=state.area, stage=state.stage, opened=case.opened,
        due=case.due, closed=case.closed, outcome=state.outcome, verified=state.verified,
        spot=_spot(state, city), updated=updated,
    )  # fmt: skip


def _spot(state: State, city: City) -> str:
    """The coarse point, where the category may show one and nothing was asked to be sealed."""
    category = city.categories.get(state.category)
    shown = not state.sealed and category is not None and category.point == "coarse"
    return str(state.facts.get("spot", "")) if shown else ""
