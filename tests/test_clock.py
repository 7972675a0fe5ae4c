"""The arithmetic of deadlines: the given days, each rule of the law, and bugs that others have shipped."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from huying.city.calendar import Calendar, Limit
from huying.errors import BadLimit, UnknownYear
from huying.ledger import clock
from tests.clocks import OFFICE, PLAIN, ends, local, notices


@pytest.mark.parametrize(
    ("start", "limit", "last"),
    [
        ("2026-02-12", "5wd", "2026-02-26"),
        ("2026-02-13", "2wd", "2026-02-24"),
        ("2026-04-30", "5wd", "2026-05-11"),
        ("2026-09-18", "5wd", "2026-09-24"),
        ("2026-09-30", "5wd", "2026-10-13"),
    ],
)
def test_the_given_days(start: str, limit: str, last: str) -> None:
    midnight = date.fromisoformat(last) + timedelta(days=1)
    for hour in ("00:00", "09:00", "23:59"):
        assert ends(f"{start} {hour}", limit) == f"{midnight} 00:00"
        assert ends(f"{start} {hour}", limit, OFFICE) == f"{last} 18:00"


def test_an_unknown_year_is_an_error_and_named() -> None:
    with pytest.raises(UnknownYear) as unknown:
        ends("2026-12-31 10:00", "1wd")
    assert unknown.value.params["year"] == 2027


def test_a_count_that_stays_in_the_known_year_does_not_ask_for_the_next() -> None:
    assert ends("2026-12-30 10:00", "1wd", OFFICE) == "2026-12-31 18:00"


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-01-31 10:00", "15d", "2026-02-24 18:00"),
        ("2026-01-31 10:00", "15d-exact", "2026-02-15 18:00"),
        ("2026-02-13 10:00", "1d", "2026-02-14 18:00"),
        ("2026-06-15 10:00", "60d", "2026-08-14 18:00"),
    ],
)
def test_calendar_days_roll_off_a_rest_day_unless_exact(start: str, limit: str, end: str) -> None:
    assert ends(start, limit, OFFICE) == end


def test_calendar_days_ask_for_a_notice_only_where_they_end() -> None:
    with pytest.raises(UnknownYear, match="2027"):
        ends("2026-12-20 10:00", "15d")
    assert ends("2026-12-20 10:00", "15d-exact") == "2027-01-05 00:00"


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-02-16 23:30", "24h", "2026-02-17 23:30"),
        ("2026-12-31 23:50", "30min", "2027-01-01 00:20"),
    ],
)
def test_hours_never_stop_nor_ask_for_a_calendar(start: str, limit: str, end: str) -> None:
    assert ends(start, limit, OFFICE) == end


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        ("2026-06-15 10:00", "2wh", "2026-06-15 12:00"),
        ("2026-06-15 12:30", "1wh", "2026-06-15 14:30"),
        ("2026-06-15 16:00", "4wh", "2026-06-16 11:00"),
        ("2026-06-15 20:00", "1wh", "2026-06-16 10:00"),
        ("2026-06-15 06:00", "1wh", "2026-06-15 10:00"),
        ("2026-06-18 17:00", "4wh", "2026-06-22 12:00"),
    ],
)
def test_working_hours_run_inside_office_hours_only(start: str, limit: str, end: str) -> None:
    assert ends(start, limit, OFFICE) == end


def test_working_hours_leave_lunch_out() -> None:
    """Elsewhere the lunch break was counted (frappe 2212)."""
    assert ends("2026-06-15 11:30", "1wh", OFFICE) == "2026-06-15 14:00"


def test_working_hours_without_office_hours_are_hours_of_working_days() -> None:
    assert ends("2026-06-18 20:00", "8wh") == "2026-06-22 04:00"


def test_the_eve_of_a_holiday() -> None:
    assert ends("2026-09-30 17:59", "1wd", OFFICE) == "2026-10-08 18:00"
    assert ends("2026-09-30 17:30", "1wh", OFFICE) == "2026-10-08 09:30"


def test_a_make_up_saturday_counts_and_a_plain_one_does_not() -> None:
    assert ends("2026-02-13 10:00", "1wd", OFFICE) == "2026-02-14 18:00"
    assert ends("2026-03-06 10:00", "1wd", OFFICE) == "2026-03-09 18:00"


def test_a_start_on_a_rest_day_does_not_count_either() -> None:
    assert ends("2026-03-07 10:00", "1wd", OFFICE) == "2026-03-09 18:00"


def test_a_calendar_with_its_own_hours_holds_from_the_first_instant() -> None:
    """Elsewhere the default calendar was used for a case at the moment it was made (GLPI 15429)."""
    early = Calendar.from_notices(notices(), zone="Asia/Shanghai", opens=time(8), closes=time(16))
    assert ends("2026-06-15 16:00", "1wh", early) == "2026-06-16 09:00"
    assert ends("2026-06-15 15:00", "1wh", early) == "2026-06-15 16:00"


def test_a_due_time_keeps_the_edition_it_was_counted_on() -> None:
    """Elsewhere an edited calendar changed running clocks unseen (Zammad 534)."""
    counted = clock.due(local("2026-02-12 10:00"), Limit.parse("5wd"), PLAIN)
    other = Calendar("Asia/Shanghai", years=PLAIN.years, edition="另一版")
    assert clock.due(local("2026-02-12 10:00"), Limit.parse("5wd"), other).at < counted.at
    assert counted.edition == PLAIN.edition


def test_each_day_of_a_count_says_what_it_is() -> None:
    counted = clock.due(local("2026-02-12 10:00"), Limit.parse("2wd"), PLAIN).counted
    assert [(day.day.day, day.counts, day.kind) for day in counted] == [
        (12, 0, "start"),
        (13, 1, "work"),
        (14, 2, "makeup"),
    ]


def clock_changes(zone: str) -> Calendar:
    return Calendar(zone, years=frozenset({2026}), opens=time(9), closes=time(18))


@pytest.mark.parametrize("day", ["2026-03-27", "2026-10-23"])
def test_days_end_at_local_closing_time_across_a_clock_change(day: str) -> None:
    zurich = clock_changes("Europe/Zurich")
    monday = date.fromisoformat(day) + timedelta(days=3)
    assert ends(f"{day} 10:00", "1wd", zurich) == f"{monday} 18:00"
    assert ends(f"{day} 17:00", "2wh", zurich) == f"{monday} 10:00"


@pytest.mark.parametrize(("start", "end"), [("2026-03-28 12:00", "13:00"), ("2026-10-24 12:00", "11:00")])
def test_hours_are_absolute_across_a_clock_change(start: str, end: str) -> None:
    assert ends(start, "24h", clock_changes("Europe/Zurich")).endswith(end)


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Havana", "Asia/Beirut", "America/Nuuk"])
def test_midnights_that_do_not_exist_or_come_twice(zone: str) -> None:
    calendar = Calendar(zone, years=frozenset({2026}))
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    for count in range(1, 330):
        counted = clock.due(start, Limit(count, "d", rolls=False), calendar)
        assert clock.left(start, counted.at, "d", calendar) == count


@pytest.mark.parametrize("year", [1, 2, 9000, 9998, 9999])
@pytest.mark.parametrize("limit", ["1min", "87600h", "20000wh", "2500wd", "3660d", "3660d-exact"])
def test_far_dates_are_refused_and_never_overflow(year: int, limit: str) -> None:
    for start in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 12, 31, 23, 59, tzinfo=UTC)):
        try:
            assert clock.due(start, Limit.parse(limit), OFFICE).at.year <= clock.LAST_YEAR
        except (BadLimit, UnknownYear) as refused:
            assert str(refused)


def test_the_end_of_a_far_day_is_refused() -> None:
    for day in (date.min, date.max):
        with pytest.raises(BadLimit, match=str(day.year)):
            clock.end_of(day, PLAIN)


def test_a_time_without_a_zone_is_a_mistake_in_the_program() -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.due(datetime(2026, 6, 15), Limit.parse("1h"), PLAIN)


def test_the_earliest_date_takes_unknown_days_as_worked() -> None:
    start = local("2026-12-31 10:00")
    assert clock.earliest(start, Limit.parse("2wd"), OFFICE) == local("2027-01-02 18:00")
    assert clock.earliest(start, Limit.parse("15d"), OFFICE) == local("2027-01-15 18:00")
    assert clock.earliest(start, Limit.parse("8wh"), OFFICE) == local("2027-01-01 10:30")


@pytest.mark.parametrize(
    ("now", "unit", "rest"),
    [
        ("2026-06-15 11:00", "wd", 2),
        ("2026-06-15 23:00", "wd", 2),
        ("2026-06-14 11:00", "wd", 3),
        ("2026-06-14 11:00", "d", 3),
        ("2026-06-17 10:00", "wd", 0),
        ("2026-06-17 10:00", "wh", 390),
        ("2026-06-17 17:24", "min", 36),
        ("2026-06-17 17:24:01", "h", 35),
        ("2026-06-17 18:00", "h", 0),
    ],
)
def test_what_is_left_is_kept_in_the_clocks_own_unit(now: str, unit: str, rest: int) -> None:
    assert clock.left(local(now), local("2026-06-17 18:00"), unit, OFFICE) == rest


def test_nothing_left_is_never_less_than_nothing() -> None:
    """Elsewhere the sign of what was left flipped once a case was late (frappe 3354)."""
    for unit in ("min", "h", "wh", "wd", "d"):
        assert clock.left(local("2026-07-01 10:00"), local("2026-06-17 18:00"), unit, OFFICE) == 0


@pytest.mark.parametrize(
    ("now", "rest", "unit", "end"),
    [
        ("2026-06-18 17:59", 2, "wd", "2026-06-23 18:00"),
        ("2026-06-18 10:00", 0, "wd", "2026-06-18 18:00"),
        ("2026-06-18 18:00", 0, "wd", "2026-06-22 18:00"),
        ("2026-06-20 10:00", 0, "wd", "2026-06-22 18:00"),
        ("2026-06-20 10:00", 0, "d", "2026-06-22 18:00"),
        ("2026-06-20 10:00", 0, "d-exact", "2026-06-20 18:00"),
        ("2026-06-18 10:00", 2, "d", "2026-06-22 18:00"),
        ("2026-06-18 10:00", 2, "d-exact", "2026-06-20 18:00"),
        ("2026-06-18 17:00", 90, "wh", "2026-06-22 09:30"),
        ("2026-06-20 10:00", 0, "wh", "2026-06-22 09:00"),
        ("2026-06-18 17:00", 90, "h", "2026-06-18 18:30"),
    ],
)
def test_what_was_left_is_counted_out_again(now: str, rest: int, unit: str, end: str) -> None:
    assert clock.resume(local(now), rest, unit, OFFICE) == local(end)


def test_counting_out_into_an_unknown_year_is_an_error_with_a_lower_bound() -> None:
    now = local("2026-12-31 10:00")
    with pytest.raises(UnknownYear):
        clock.resume(now, 2, "wd", OFFICE)
    assert clock.resume(now, 2, "wd", clock.guess(OFFICE)) == local("2027-01-02 18:00")


@pytest.mark.parametrize(
    ("due_at", "every", "now", "slot"),
    [
        ("2026-06-15 18:00", "1wd", "2026-06-15 09:00", "2026-06-16 18:00"),
        ("2026-06-15 18:00", "1wd", "2026-06-16 18:00", "2026-06-17 18:00"),
        ("2026-06-15 18:00", "5wd", "2026-06-18 09:00", "2026-06-23 18:00"),
        ("2026-06-15 18:00", "7d", "2026-06-15 09:00", "2026-06-22 18:00"),
        ("2026-06-15 18:00", "24h", "2026-06-18 18:30", "2026-06-19 18:00"),
        ("2026-06-15 10:00", "3wh", "2026-06-15 10:00", "2026-06-15 14:30"),
    ],
)
def test_the_next_slot_lies_after_both_its_due_time_and_now(due_at: str, every: str, now: str, slot: str) -> None:
    assert clock.next_slot(local(due_at), Limit.parse(every), local(now), OFFICE) == local(slot)


def test_a_slot_that_rolled_does_not_shift_those_after_it() -> None:
    began, rolled = local("2026-09-18 10:00"), local("2026-10-08 18:00")
    seven = Limit.parse("7d")
    assert clock.next_slot(local("2026-09-25 18:00"), seven, began, OFFICE, anchor=began) == local("2026-09-28 18:00")
    assert clock.next_slot(local("2026-09-28 18:00"), seven, began, OFFICE, anchor=began) == rolled
    assert clock.next_slot(rolled, seven, rolled, OFFICE, anchor=began) == local("2026-10-09 18:00")
    assert clock.next_slot(rolled, seven, rolled, OFFICE) == local("2026-10-15 18:00")
