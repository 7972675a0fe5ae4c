"""The arithmetic of deadlines: when a limit ends, what is left of it, and the same counted aloud. Pure.

Rules: the first day doesn't count; calendar days that end on a rest day roll to the next working day (Civil
Code, arts. 201 and 203); days end at closing time where the city has office hours, else at 24:00; hours never
stop. An unknown calendar year is an error here, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from huying.city.calendar import Calendar, Limit, Words
from huying.errors import BadLimit, say
from huying.ledger import timewords as words

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
HOUR = 60
LAST_YEAR = 9998
# Up to here each working day has its own line when a count is said aloud; beyond, runs are one line.
EACH_DAY = 10


@dataclass(frozen=True)
class Counted:
    """One day of a count. `counts` is its number (for wh its minutes), 0 where it isn't counted.

    `kind` is `start`, or what the calendar says: work, rest, holiday, makeup; `unknown` without a notice.
    """

    day: date
    counts: int
    kind: str
    name: Words | None = None


_Count = tuple[tuple[Counted, ...], datetime]


@dataclass(frozen=True)
class Due:
    """A due time with its arithmetic: `at` is an aware UTC instant; hours have no days to count."""

    at: datetime
    limit: Limit
    start: datetime
    counted: tuple[Counted, ...]
    calendar: Calendar

    @property
    def edition(self) -> str:
        """The edition of the calendar that was counted on."""
        return self.calendar.edition


def due(start: datetime, limit: Limit, calendar: Calendar) -> Due:
    """When `limit` ends that began at the aware instant `start`, with the days it counted.

    Raises UnknownYear where a working day must be known in a year without a notice, BadLimit beyond 9998.
    """
    if start.tzinfo is None:
        raise ValueError("a clock begins at an aware instant")
    try:
        counted, end = _count(start, limit, calendar)
    except OverflowError as far:
        raise _too_far(start, limit) from far
    if end.year > LAST_YEAR:
        raise _too_far(start, limit)
    return Due(end, limit, start, counted, calendar)


def _too_far(start: datetime | date, limit: Limit | None = None) -> BadLimit:
    return BadLimit(value=f"{start:%Y-%m-%d} + {limit}" if limit else f"{start:%Y-%m-%d}")


def _count(start: datetime, limit: Limit, calendar: Calendar) -> _Count:
    if limit.unit in ("min", "h"):
        length = MINUTE * limit.count * (HOUR if limit.unit == "h" else 1)
        return (), start.astimezone(UTC) + length
    if limit.unit == "wh":
        return _working_minutes(start, limit.count * HOUR, calendar)
    first = calendar.local(start).date()
    days = _working_days if limit.unit == "wd" else _calendar_days
    counted = (Counted(first, 0, "start", calendar.name(first)), *days(first, limit, calendar))
    return counted, end_of(counted[-1].day, calendar)


def _working_days(first: date, limit: Limit, calendar: Calendar) -> Iterator[Counted]:
    """The days after the first, up to the last working day that counts."""
    day, count = first, 0
    while count < limit.count:
        day += DAY
        works = calendar.works(day)
        count += works
        yield Counted(day, count if works else 0, calendar.kind(day), calendar.name(day))


def _calendar_days(first: date, limit: Limit, calendar: Calendar) -> Iterator[Counted]:
    """The days after the first; where the last is a rest day, those on to the next working day, uncounted."""
    for count in range(1, limit.count + 1):
        day = first + DAY * count
        known = day.year in calendar.years
        yield Counted(day, count, calendar.kind(day) if known else "unknown", calendar.name(day))
    while limit.rolls and not calendar.works(day):
        day += DAY
        yield Counted(day, 0, calendar.kind(day), calendar.name(day))


def end_of(day: date, calendar: Calendar) -> datetime:
    """The instant at which a day ends: closing time, or 24:00 local; aware UTC. BadLimit beyond 9998."""
    if not 1 < day.year <= LAST_YEAR:
        raise _too_far(day)
    return _at(day, calendar.closes, calendar) if calendar.closes else _at(day + DAY, time(), calendar)


def _at(day: date, local: time, calendar: Calendar) -> datetime:
    """A local time of day as a UTC instant, so that all arithmetic is on absolute time."""
    return datetime.combine(day, local, calendar.tz).astimezone(UTC)


def _sessions(day: date, calendar: Calendar) -> list[tuple[datetime, datetime]]:
    """The office hours of a working day, lunch left out; the whole day where there are none."""
    edges = [_at(day, calendar.opens or time(), calendar), end_of(day, calendar)]
    if calendar.lunch:
        edges[1:1] = [_at(day, local, calendar) for local in calendar.lunch]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _working_minutes(start: datetime, minutes: int, calendar: Calendar) -> _Count:
    """The minutes that each day gives inside office hours of working days, and the instant of the last."""
    rest, day, counted = MINUTE * minutes, calendar.local(start).date(), []
    while True:
        taken = timedelta()
        for opens, closes in _sessions(day, calendar) if calendar.works(day) else ():
            begin = max(opens, start.astimezone(UTC))
            if begin < closes and rest - taken <= closes - begin:
                counted.append(Counted(day, rest // MINUTE, calendar.kind(day), calendar.name(day)))
                return tuple(counted), begin + rest - taken
            taken += max(closes - begin, timedelta())
        rest -= taken
        counted.append(Counted(day, taken // MINUTE, calendar.kind(day), calendar.name(day)))
        day += DAY


@dataclass(frozen=True)
class _Guess(Calendar):
    """A calendar for lower bounds only: every day of an unknown year is worked."""

    def works(self, day: date) -> bool:
        return day.year not in self.years or super().works(day)

    def kind(self, day: date) -> str:
        return super().kind(day) if day.year in self.years else "unknown"


def guess(calendar: Calendar) -> Calendar:
    """The calendar for lower bounds: days of unknown years count as worked, so nothing raises UnknownYear."""
    return _Guess(**{part.name: getattr(calendar, part.name) for part in fields(Calendar)})


def earliest(start: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """The earliest possible end: days of unknown years are taken as worked. Never raises UnknownYear."""
    return due(start, limit, guess(calendar)).at


def left(now: datetime, due_at: datetime, limit_unit: str, calendar: Calendar) -> int:
    """What is left of a clock in its own grain, 0 when overdue; `resume` counts it out again.

    wd, d: whole days after today up to the due day, so that the rest of today is dropped; wh: working
    minutes; h, min: minutes. Always rounded down: a pause never moves a promise to the requester back.
    """
    if due_at <= now:
        return 0
    if limit_unit == "wh":
        return _minutes_between(now, due_at, calendar)
    if limit_unit in ("h", "min"):
        return (due_at - now) // MINUTE
    today, last = calendar.local(now).date(), _last_day(due_at, calendar)
    if limit_unit == "wd":
        return _worked(today, last, calendar)
    return (last - today).days


def _last_day(due_at: datetime, calendar: Calendar) -> date:
    """The day that ends at `due_at`: midnight belongs to the day before."""
    return calendar.local(due_at - timedelta(microseconds=1)).date()


def _worked(after: date, until: date, calendar: Calendar) -> int:
    """How many days are worked after one day and up to another."""
    guessed = guess(calendar)
    return sum(guessed.works(after + DAY * n) for n in range(1, (until - after).days + 1))


def _minutes_between(now: datetime, until: datetime, calendar: Calendar) -> int:
    guessed, total = guess(calendar), timedelta()
    day, last = calendar.local(now).date(), calendar.local(until).date()
    while day <= last:
        for opens, closes in _sessions(day, calendar) if guessed.works(day) else ():
            total += max(min(closes, until) - max(opens, now), timedelta())
        day += DAY
    return total // MINUTE


def resume(now: datetime, left: int, unit: str, calendar: Calendar) -> datetime:
    """The due time when what was left (as `left` gave it) is counted out again from now.

    The day of the resumption doesn't count; with no whole day left it is the end of the first working day
    that ends after now. `unit` is a limit's `grain`: `d-exact` doesn't roll. Raises UnknownYear, BadLimit.
    """
    if unit == "wh":
        return _working_minutes(now, left, calendar)[1]
    if unit in ("h", "min"):
        return due(now, Limit(left, "min"), calendar).at
    if left:
        return due(now, Limit(left, unit.removesuffix("-exact"), rolls=unit != "d-exact"), calendar).at
    day = calendar.local(now).date()
    while end_of(day, calendar) <= now or (unit != "d-exact" and not calendar.works(day)):
        day += DAY
    return end_of(day, calendar)


def next_slot(
    due_at: datetime, every: Limit, now: datetime, calendar: Calendar, *, anchor: datetime | None = None
) -> datetime:
    """The first slot of a cycle's own grid after both its due time and now.

    The grid starts at `anchor` (when the cycle began), so that a slot that rolled off a rest day doesn't
    shift those after it; without one it goes on from `due_at`. Raises UnknownYear, BadLimit.
    """
    after = max(due_at, now)
    if every.unit in ("min", "h"):
        base, step = anchor or due_at, MINUTE * every.count * (HOUR if every.unit == "h" else 1)
        slots = max((after - base) // step + 1, 1)
        return due(base, Limit(slots * every.count, every.unit), calendar).at
    if every.unit == "wh":
        return _hour_slot(anchor or due_at, every, after, calendar)
    first = calendar.local(anchor).date() if anchor else _last_day(due_at, calendar)
    try:
        return _day_slot(first, every, after, calendar)
    except OverflowError as far:
        raise _too_far(after, every) from far


def _hour_slot(slot: datetime, every: Limit, after: datetime, calendar: Calendar) -> datetime:
    while slot <= after:
        slot = due(slot, every, calendar).at
    return slot


def _day_slot(first: date, every: Limit, after: datetime, calendar: Calendar) -> datetime:
    """The end of the first day on the grid that ends after an instant; each slot rolls by itself."""
    day, slot = first, 0
    while True:
        slot += 1
        if every.unit == "wd":
            day = _last(_working_days(day, every, calendar))
        else:
            day = _last(_calendar_days(first + DAY * every.count * (slot - 1), every, calendar))
        if end_of(day, calendar) > after:
            return end_of(day, calendar)


def _last(days: Iterator[Counted]) -> date:
    *_, last = days
    return last.day


def explain(due: Due, language: str = "zh-Hans") -> tuple[str, ...]:
    """The count said aloud, a line per day or run of days, then the rule: the words that every page shows."""
    days = [day for day in due.counted if day.kind != "start"]
    runs = groupby(days[:-1], key=lambda day: _run_key(day, due))
    lines = [_line(list(run), due, language) for _, run in runs]
    return (_first_line(due, language), *lines, _last_line(days[-1:], due, language), *_rules(due, language))


def _run_key(day: Counted, due: Due) -> tuple[object, ...]:
    """Days with the same key are said in one line."""
    if not day.counts:
        return (False, day.kind, day.name)
    if due.limit.unit == "d":
        return (True, day.counts == due.limit.count)
    if day.kind == "makeup" or min(len(due.counted), due.limit.count) <= EACH_DAY:
        return (True, day.day)
    return (True, due.limit.unit == "wd" or day.counts)


def _first_line(due: Due, language: str) -> str:
    start = due.calendar.local(due.start)
    day = words.day_words(start.date(), language)
    if due.limit.unit in ("wd", "d"):
        return say("{day}: the day it begins, not counted", language, day=day)
    return say("{day} {time}: it begins", language, day=day, time=f"{start:%H:%M}")


def _line(run: list[Counted], due: Due, language: str) -> str:
    return say("{span}: {what}", language, span=_span(run, due, language), what=_what(run, due, language))


def _last_line(run: list[Counted], due: Due, language: str) -> str:
    if not run:
        return say("{moment}: it ends", language, moment=words.moment(due.at, due.calendar, language))
    what = _what(run, due, language) if run[0].counts else say("the first working day after", language)
    span, (_, end) = _span(run, due, language), words.ending(due.at, due.calendar)
    return say("{span}: {what}; it ends at {time}", language, span=span, what=what, time=end)


def _span(run: list[Counted], due: Due, language: str) -> str:
    """One day, or the first to the last; the year is said where it isn't the one in which the count began."""
    year = due.calendar.local(due.start).year
    first, last = (words.day_words(day.day, language, known=year) for day in (run[0], run[-1]))
    return first if first == last else say("{first} to {last}", language, first=first, last=last)


def _what(run: list[Counted], due: Due, language: str) -> str:
    """What a run of days is: its number in the count, or why it doesn't count."""
    first, last = run[0], run[-1]
    if not first.counts:
        return say(_UNCOUNTED.get(first.kind, _UNCOUNTED["work"]), language, name=first.name)
    if due.limit.unit == "wh":
        msgid = "{length} counted" if first is last else "{length} counted each day"
        counted = say(msgid, language, length=words.hours(first.counts, language))
    else:
        msgid = _NUMBERS[due.limit.unit][first is not last]
        counted = say(msgid, language, n=first.counts, m=last.counts)
    if due.limit.unit == "d":
        on_rest = due.limit.rolls and last.counts == due.limit.count and last is not due.counted[-1]
        return say("{count}, a rest day: the end moves on", language, count=counted) if on_rest else counted
    if first.kind == "makeup":
        return say("make-up working day ({name}), {count}", language, name=first.name, count=counted)
    return counted


_UNCOUNTED = {
    "holiday": "holiday ({name}), not counted",
    "rest": "weekend, not counted",
    "work": "outside office hours, not counted",
}
_NUMBERS = {
    "wd": ("working day {n}", "working days {n} to {m}"),
    "d": ("day {n}", "days {n} to {m}"),
}
_RULES = {
    "min": "Limit {limit}: it runs without a break, day and night, holidays included.",
    "h": "Limit {limit}: it runs without a break, day and night, holidays included.",
    "wh": "Limit {limit}: only office hours ({hours}) of working days count.",
    "wd": "Limit {limit}: the day it begins, weekends and holidays don't count; make-up working days do.",
    "d": "Limit {limit}: every day counts but the day it begins; an end on a rest day moves to the next"
    " working day (Civil Code, art. 203).",
    "d-exact": "Limit {limit}: every day counts but the day it begins; an end on a rest day does not move.",
}


def _rules(due: Due, language: str) -> tuple[str, ...]:
    """The rule in words, the calendar that it was counted on, and what never starts it anew."""
    limit, open_hours = words.spell(due.limit, language), words.office_hours(due.calendar, language)
    lines = [say(_RULES[due.limit.grain], language, limit=limit, hours=open_hours)]
    if due.edition and due.counted:
        lines.append(say("Calendar: {edition}.", language, edition=due.edition))
    kept = "Passing the case on, splitting it or changing its category never starts the count anew."
    return (*lines, say(kept, language))


def stand(now: datetime, due_at: datetime, calendar: Calendar, unit: str, language: str = "zh-Hans") -> str:
    """How a clock stands: `还有 2 个工作日零 7 小时`, `已过 1 个工作日`. On the dot isn't late."""
    unit = unit.removesuffix("-exact")
    if now <= due_at:
        length = _ahead(now, due_at, calendar, unit, language)
        return say("{length} left" if length else "less than a minute left", language, length=length)
    length = _behind(now, due_at, calendar, unit, language)
    return say("{length} late" if length else "less than a minute late", language, length=length)


def _ahead(now: datetime, due_at: datetime, calendar: Calendar, unit: str, language: str) -> str:
    """Whole days after today and the hours that today still gives; within the last day hours and minutes."""
    days = left(now, due_at, unit, calendar) if unit in ("wd", "d") else 0
    if days:
        today = calendar.local(now).date()
        rest = end_of(today, calendar) - now if unit == "d" or guess(calendar).works(today) else timedelta()
        return words.joined([(days, unit), (max(rest // MINUTE, 0) // HOUR, "h")], language)
    if unit == "wh":
        return words.hours(left(now, due_at, unit, calendar), language)
    return words.span((due_at - now) // MINUTE, language)


def _behind(now: datetime, due_at: datetime, calendar: Calendar, unit: str, language: str) -> str:
    """Whole units that have passed, the largest only; before the first, the plain time."""
    passed = 0
    if unit == "wd":
        today = calendar.local(now).date()
        until = today if end_of(today, calendar) <= now else today - DAY
        passed = _worked(_last_day(due_at, calendar), until, calendar)
    if unit == "wh":
        passed = _minutes_between(due_at, now, calendar) // HOUR
    if passed:
        return words.length(passed, unit, language)
    return words.span((now - due_at) // MINUTE, language, most=1)
