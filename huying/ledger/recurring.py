"""What has come again by now: cases are opened, closed ones are looked back at, quiet duties run; each once.

How far each recurrence has come stands in one row, written in the transaction of what was done, so that several
runners and a crash between two steps do nothing twice and leave nothing out.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db import connection
from django.db.models import Q

from huying.city import store
from huying.city.facts import City, Recurrence
from huying.city.recurrence import Occurrence, filled, occurrences
from huying.errors import BadInput, Refused, StorageError
from huying.ledger import clock as counting
from huying.ledger.actor import CLOCK, Actor
from huying.ledger.administration import note
from huying.ledger.duties import FUNCTIONS
from huying.ledger.models import Case, Recurred
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case, record
from huying.ledger.recurrable import LOOK_BACK, RULE
from huying.ledger.writing import writing

log = logging.getLogger(__name__)
SOURCE = "recurrence"
BATCH = 200
LEASE = timedelta(minutes=10)
"""So long a duty belongs to the runner that took it up; one that died in it leaves it to the next."""
SLACK = timedelta(days=60)
"""No roll off rest days is longer: cases closed earlier than a look-back's limit and this have had theirs."""


def run() -> int:
    """Do whatever has come by now, each recurrence in its order; how much was done. One that fails stops no other."""
    city, done = store.current(), 0
    rows = Recurred.objects.in_bulk([one.code for one in city.recurrences])
    for one in city.recurrences:
        try:
            row = rows.get(one.code) or _begun(one, city)
            done += sum(1 for _ in (_look_back(one, city, row) if one.after else _by_rule(one, city, row)))
        except StorageError:
            raise
        except Exception:
            log.exception("the recurrence %s stumbles", one.code)
    return done


def _begun(one: Recurrence, city: City) -> Recurred:
    """A new recurrence begins when the city's data that has it was put in force."""
    with writing():
        since = store.loaded(city.version)
        found, _ = Recurred.objects.get_or_create(pk=one.code, defaults={"since": since})
    return found


def _taken(one: Recurrence, at: datetime) -> Recurred | None:
    """Its row, locked for the caller's transaction; None where another runner has it in hand."""
    rows = Recurred.objects.filter(Q(busy=None) | Q(busy__lte=at), pk=one.code)
    skip = connection.features.has_select_for_update_skip_locked
    return rows.select_for_update(skip_locked=skip).first()


# --- by a rule


def _by_rule(one: Recurrence, city: City, known: Recurred) -> Iterator[Occurrence]:
    """Every occurrence that has come, oldest first; of many missed ones the newest `catch_up` are made up for."""
    at = now()
    while (first := _next(city.digest, one.code, known.day, known.since)) and first.at <= at:
        with writing():
            row = _taken(one, at)
            come = _come(one, city, row, at) if row else []
            if row is None or not come:
                return
            if len(come) > one.catch_up:
                come = _pass_over(one, row, come)
            if one.does:
                Recurred.objects.filter(pk=row.pk).update(busy=at + LEASE)
            else:
                _open(one, come[0])
                Recurred.objects.filter(pk=row.pk).update(day=come[0].day)
        if one.does:
            _do(one, come[0])
        known.day = come[0].day
        yield come[0]


@lru_cache(maxsize=512)
def _next(digest: str, code: str, day: date | None, since: datetime) -> Occurrence | None:
    """The occurrence that is due next; kept, because the loop asks every few seconds."""
    city = store.current()
    one = next(one for one in city.recurrences if one.code == code)
    return next((found for found in occurrences(one, city.calendar, after=day) if found.at > since), None)


def _come(one: Recurrence, city: City, row: Recurred, at: datetime) -> list[Occurrence]:
    """What has come since the last one that was done, oldest first."""
    found = []
    for occurrence in occurrences(one, city.calendar, after=row.day):
        if occurrence.at > at:
            break
        if occurrence.at > row.since:
            found.append(occurrence)
    return found


def _pass_over(one: Recurrence, row: Recurred, come: list[Occurrence]) -> list[Occurrence]:
    """Leave out the oldest of too many missed ones, and say so in the administration's case."""
    left = come[: -one.catch_up]
    note(CLOCK, "pass_over", {RULE: one.code, "number": len(left)})
    Recurred.objects.filter(pk=row.pk).update(day=left[-1].day)
    return come[-one.catch_up :]


def _open(one: Recurrence, occurrence: Occurrence) -> None:
    """Open the case; where the procedure refuses it, the administration's case says so and the next one follows."""
    reference = f"{one.code}:{occurrence.day.isoformat()}"
    intake = Intake(one.opens, filled(one.said, occurrence.day), source_system=SOURCE, source_ref=reference)
    try:
        with writing():
            open_case(intake, _for(one))
    except (Refused, BadInput) as refusal:
        log.error("%s can't be opened: %s", reference, refusal)
        note(CLOCK, "pass_over", {RULE: one.code, "number": 1})


def _for(one: Recurrence) -> Actor:
    """The runner, acting for the unit that the recurrence names."""
    return Actor(CLOCK.key, unit=one.unit, relations=CLOCK.relations)


def _do(one: Recurrence, occurrence: Occurrence) -> None:
    """Run the duty outside any transaction, then note it. One that fails is tried again when its lease has run out."""
    ran = FUNCTIONS[one.does](occurrence.day)
    with writing():
        note(CLOCK, "duty_alarm" if ran.alarm else "run_duty", {RULE: one.code, "number": ran.number})
        Recurred.objects.filter(pk=one.code).update(day=occurrence.day, busy=None)


# --- after a closing


def _look_back(one: Recurrence, city: City, row: Recurred) -> Iterator[Case]:
    """Every closed case whose look-back is due, in the order of their closings."""
    at = now()
    after = reached(one, row.since, row)
    while batch := closings(one, after, at):
        for case in batch:
            due = falls_due(one, case, city)
            if due > at:
                return
            if due > row.since and wanted(one, case, city) and _follow(one, case):
                yield case
            assert case.closed is not None
            after = case.closed, case.pk
        Recurred.objects.filter(pk=one.code).filter(_before(*after)).update(closed=after[0], last=after[1])


def reached(one: Recurrence, since: datetime, row: Recurred | None) -> tuple[datetime, int]:
    """Closing and id of the last case that was looked at; for a new recurrence, one that was due before it began."""
    return (row.closed, row.last) if row and row.closed else (since - _length(one) - SLACK, 0)


def _length(one: Recurrence) -> timedelta:
    """At most so long the limit takes, rest days aside."""
    assert one.after is not None
    day = timedelta(days=3 * one.after.count)
    return {"min": timedelta(minutes=one.after.count), "h": timedelta(hours=one.after.count)}.get(one.after.unit, day)


def closings(one: Recurrence, after: tuple[datetime, int], at: datetime) -> list[Case]:
    """The next closed cases, by their closing."""
    rows = Case.objects.filter(procedure=one.of, closed__gte=after[0], closed__lte=at)
    return list(rows.exclude(closed=after[0], pk__lte=after[1]).order_by("closed", "pk")[:BATCH])


def falls_due(one: Recurrence, case: Case, city: City) -> datetime:
    """When the look-back of a closed case is due; in a year without a notice, at the earliest."""
    assert case.closed is not None and one.after is not None
    return counting.earliest(case.closed, one.after, city.calendar)


def wanted(one: Recurrence, case: Case, city: City) -> bool:
    """Whether it is of the outcomes and categories that are looked back at, and drawn by its number."""
    if one.outcome and case.outcome not in one.outcome:
        return False
    if one.category and not set(one.category) & set(city.category_path(case.category)):
        return False
    drawn = hashlib.sha256(f"{one.code}:{case.number}".encode()).digest()
    return int.from_bytes(drawn[:4], "big") % 100 < one.sample


def _before(closed: datetime, last: int) -> Q:
    """The rows that haven't come as far as this closing."""
    return Q(closed=None) | Q(closed__lt=closed) | Q(closed=closed, last__lt=last)


def _follow(one: Recurrence, case: Case) -> bool:
    """Open the look-back of one closed case; False where another runner did, or it was reopened meanwhile."""
    with writing():
        closed = case.closed
        assert closed is not None
        mine = Recurred.objects.filter(_before(closed, case.pk), pk=one.code).select_for_update().first()
        if mine is None:
            return False
        Recurred.objects.filter(pk=one.code).update(closed=closed, last=case.pk)
        return _recorded(one, case)


def _recorded(one: Recurrence, case: Case) -> bool:
    case.refresh_from_db()
    if case.closed is None:
        return False
    try:
        with writing():
            record(case, LOOK_BACK, _for(one), {**filled(one.said, now().date()), RULE: one.code}, seen=None)
    except (Refused, BadInput) as refusal:
        log.error("case %s can't be looked back at: %s", case.number, refusal)
        note(CLOCK, "pass_over", {RULE: one.code, "number": 1})
        return False
    return True
