"""What holds for every start, limit and calendar: clocks monotone, pauses neutral, slots on the grid."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from huying.city.calendar import UNITS, Calendar, Limit
from huying.ledger import clock
from tests.clocks import OFFICE, PLAIN

MOST = {"min": 10_000, "h": 1_000, "wh": 300, "wd": 60, "d": 200}
calendars = st.sampled_from([PLAIN, OFFICE])
starts = st.datetimes(datetime(2015, 1, 1), datetime(2025, 6, 1), timezones=st.just(UTC))
limits = st.sampled_from(UNITS).flatmap(lambda unit: st.builds(Limit, st.integers(1, MOST[unit]), st.just(unit)))
day_limits = st.one_of(
    st.builds(Limit, st.integers(1, 60), st.just("wd")),
    st.builds(Limit, st.integers(1, 60), st.just("d"), st.booleans()),
)
shares = st.integers(0, 999)


@given(starts, limits, calendars)
def test_a_due_time_never_lies_before_its_start(start: datetime, limit: Limit, calendar: Calendar) -> None:
    assert clock.due(start, limit, calendar).at > start


@given(starts, limits, st.integers(1, 30), calendars)
def test_a_longer_limit_never_ends_sooner(start: datetime, limit: Limit, more: int, calendar: Calendar) -> None:
    longer = Limit(limit.count + more, limit.unit)
    assert clock.due(start, limit, calendar).at <= clock.due(start, longer, calendar).at


@given(starts, st.timedeltas(timedelta(), timedelta(days=30)), limits, calendars)
def test_a_later_start_never_ends_sooner(start: datetime, by: timedelta, limit: Limit, calendar: Calendar) -> None:
    assert clock.due(start, limit, calendar).at <= clock.due(start + by, limit, calendar).at


@given(starts, day_limits, calendars)
def test_the_count_is_complete_and_in_order(start: datetime, limit: Limit, calendar: Calendar) -> None:
    counted = clock.due(start, limit, calendar).counted
    days = [day.day for day in counted]
    assert days == [days[0] + timedelta(days=n) for n in range(len(days))]
    assert [day.counts for day in counted if day.counts] == list(range(1, limit.count + 1))
    assert counted[-1].kind in ("work", "makeup") or limit.grain == "d-exact"


@given(starts, limits, calendars, st.integers(2015, 2026))
def test_the_earliest_date_is_never_after_the_due_time(
    start: datetime, limit: Limit, calendar: Calendar, last: int
) -> None:
    known = clock.due(start, limit, calendar).at
    years = frozenset(year for year in calendar.years if year <= last)
    partial = Calendar.from_json({**calendar.to_json(), "years": sorted(years)})
    assert clock.earliest(start, limit, calendar) == known
    assert clock.earliest(start, limit, partial) <= known


@given(starts, day_limits, shares, calendars)
def test_a_pause_of_no_length_changes_nothing(start: datetime, limit: Limit, share: int, calendar: Calendar) -> None:
    due_at = clock.due(start, limit, calendar).at
    now = start + (due_at - start) * share // 1000
    kept = clock.left(now, due_at, limit.grain, calendar)
    assert clock.resume(now, kept, limit.grain, calendar) == due_at


@given(starts, st.sampled_from(["min", "h"]), st.integers(1, 500), shares, calendars)
def test_a_pause_costs_less_than_a_minute_and_never_the_requester(
    start: datetime, unit: str, count: int, share: int, calendar: Calendar
) -> None:
    due_at = clock.due(start, Limit(count, unit), calendar).at
    now = start + (due_at - start) * share // 1000
    resumed = clock.resume(now, clock.left(now, due_at, unit, calendar), unit, calendar)
    assert timedelta() <= due_at - resumed < timedelta(minutes=1)


@given(starts, st.integers(1, 100), shares, calendars)
def test_a_pause_of_working_hours_costs_less_than_a_minute_of_them(
    start: datetime, count: int, share: int, calendar: Calendar
) -> None:
    due_at = clock.due(start, Limit(count, "wh"), calendar).at
    now = start + (due_at - start) * share // 1000
    resumed = clock.resume(now, clock.left(now, due_at, "wh", calendar), "wh", calendar)
    assert resumed <= max(due_at, now) or clock.left(due_at, resumed, "wh", calendar) == 0
    assert clock.left(resumed, due_at, "wh", calendar) == 0


@given(starts, limits, shares, st.timedeltas(timedelta(), timedelta(days=40)), calendars)
def test_a_longer_pause_never_ends_sooner(
    start: datetime, limit: Limit, share: int, pause: timedelta, calendar: Calendar
) -> None:
    due_at = clock.due(start, limit, calendar).at
    now = start + (due_at - start) * share // 1000
    kept = clock.left(now, due_at, limit.grain, calendar)
    at_once = clock.resume(now, kept, limit.grain, calendar)
    assert at_once <= clock.resume(now + pause, kept, limit.grain, calendar)


@given(starts, limits, shares, shares, calendars)
def test_what_is_left_never_grows(start: datetime, limit: Limit, one: int, two: int, calendar: Calendar) -> None:
    due_at = clock.due(start, limit, calendar).at
    first, second = (start + (due_at - start) * share // 1000 for share in sorted((one, two)))
    assert clock.left(first, due_at, limit.unit, calendar) >= clock.left(second, due_at, limit.unit, calendar)


def grid(anchor: datetime, every: Limit, slot: int, calendar: Calendar) -> datetime:
    return clock.due(anchor, Limit(every.count * slot, every.unit, every.rolls), calendar).at


@given(starts, limits, st.integers(1, 6), st.timedeltas(timedelta(), timedelta(days=40)), calendars)
def test_the_next_slot_is_the_first_of_the_grid_after_due_and_now(
    anchor: datetime, every: Limit, slot: int, later: timedelta, calendar: Calendar
) -> None:
    every = Limit(min(every.count, 30), every.unit)
    due_at = grid(anchor, every, slot, calendar)
    now = anchor + later
    found = clock.next_slot(due_at, every, now, calendar, anchor=anchor)
    assert found > due_at and found > now
    number = slot
    while grid(anchor, every, number, calendar) < found and number < slot + 2_000:
        assert grid(anchor, every, number, calendar) <= max(due_at, now)
        number += 1 if every.unit != "min" else max((found - due_at) // timedelta(minutes=every.count), 1)
    assert grid(anchor, every, number, calendar) == found


@given(starts, limits, st.timedeltas(timedelta(), timedelta(days=40)), calendars)
def test_without_an_anchor_the_grid_goes_on_from_the_due_time(
    start: datetime, every: Limit, later: timedelta, calendar: Calendar
) -> None:
    due_at = clock.due(start, every, calendar).at
    found = clock.next_slot(due_at, every, start + later, calendar)
    assert found > due_at and found > start + later
    if every.unit in ("min", "h"):
        assert (found - due_at) % timedelta(minutes=every.count * (60 if every.unit == "h" else 1)) == timedelta()


@given(st.dates(date(2, 1, 1), date(9998, 12, 31)), calendars)
def test_a_day_ends_on_that_day(day: date, calendar: Calendar) -> None:
    assert calendar.local(clock.end_of(day, calendar) - timedelta(microseconds=1)).date() == day


@given(
    starts,
    limits,
    st.timedeltas(timedelta(days=-60), timedelta(days=60)),
    calendars,
    st.sampled_from(["zh-Hans", "en"]),
)
def test_every_count_and_every_standing_can_be_said(
    start: datetime, limit: Limit, by: timedelta, calendar: Calendar, language: str
) -> None:
    counted = clock.due(start, limit, calendar)
    assert all(line and "{" not in line for line in clock.explain(counted, language))
    assert "-" not in clock.stand(counted.at + by, counted.at, calendar, limit.grain, language)
