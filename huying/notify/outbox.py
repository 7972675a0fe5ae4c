"""From what is owed to letters: each entry that tells somebody becomes one letter per person, due at its time."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from huying.city import store
from huying.city.facts import City
from huying.ledger import identity
from huying.ledger.fold import State
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.outbox import DUPLICATES, Owed, answer_duplicates, taken
from huying.notify.models import Letter
from huying.notify.recipients import REQUESTER, recipients

BATCH = 100
EMAIL = "email"


def fan_out(*, most: int = 500, urgent: bool = False) -> int:
    """Turn up to `most` owed rows, or `urgent` ones alone, into letters; how many rows were taken up.

    Rows that another runner has in hand are left to it. Requesters of merged cases are told in batches.
    """
    done, last = 0, 0
    while done < most:
        with taken(after=last, urgent=urgent) as owed:
            if owed is None:
                return done
            last = owed.entry.pk
            _write(owed)
        done += 1
    return done


def _write(owed: Owed) -> None:
    if DUPLICATES in owed.tells:
        owed.unfinished = answer_duplicates(owed, most=BATCH)
    city, at = store.current(), now()
    words = [word for word in owed.tells if word != DUPLICATES]
    told = recipients(words, owed.case.folded(), city, city.calendar.local(at).date(), parent=_parent(owed.case))
    if REQUESTER in told and not identity.email_of(owed.case):
        told.remove(REQUESTER)  # nothing to write to: the call-back desk tells them by phone
    rows = [
        Letter(entry=owed.entry, to=to, channel=EMAIL, urgent=owed.urgent, due=due_at(to, city, at, urgent=owed.urgent))
        for to in sorted(told)
    ]
    Letter.objects.bulk_create(rows, ignore_conflicts=True)


def _parent(case: Case) -> State | None:
    return case.parent.folded() if case.parent else None


def due_at(to: str, city: City, at: datetime, *, urgent: bool) -> datetime:
    """When a letter may go: at once if it is urgent, after the quiet hours to a requester, else with the digest."""
    if urgent:
        return at
    if to == REQUESTER:
        return _after_quiet(city, at)
    return _next(city, at, city.letters.digest) if city.letters.digest else _after_quiet(city, at)


def _after_quiet(city: City, at: datetime) -> datetime:
    if city.letters.quiet is None:
        return at
    begin, end = city.letters.quiet
    local = city.calendar.local(at).time()
    inside = begin <= local or local < end if begin > end else begin <= local < end
    return _next(city, at, end) if inside else at


def _next(city: City, at: datetime, clock: time) -> datetime:
    """The next instant at which the city's clocks show a time of day."""
    local = city.calendar.local(at)
    today = datetime.combine(local.date(), clock, city.calendar.tz)
    return today if today > local else datetime.combine(local.date() + timedelta(days=1), clock, city.calendar.tz)
