"""Limits are parsed strictly; the calendar agrees with two other sources on every day and never guesses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date, time, timedelta

import chinese_calendar
import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.city.calendar import UNITS, Calendar, Limit
from huying.errors import BadLimit, BadValue, UnknownYear
from tests.clocks import OFFICE, PLAIN, notices


def every_day() -> Iterator[date]:
    day = date(2015, 1, 1)
    while day <= date(2026, 12, 31):
        yield day
        day += timedelta(days=1)


@pytest.mark.parametrize("text", ["5wd", "24h", "15d", "60d-exact", "4wh", "30min", "3650d", "87600h"])
def test_a_limit_is_said_as_it_is_written(text: str) -> None:
    assert str(Limit.parse(text)) == text


def test_a_space_before_the_unit_is_forgiven() -> None:
    assert Limit.parse(" 5 wd ") == Limit(5, "wd")


@pytest.mark.parametrize(
    "text",
    [
        "5", "", " ", "wd", "0wd", "-1wd", "+5wd", "5.5h", "5 days", "5日", "５wd", "5WD", "5w", "5wd-exact",
        "1e3h", "5wd5wd", "5wd\n6wd", "2501wd", "3661d", "87601h", "99999999999999999999d",
        "5wd\x00", "\ud800", "d" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_no_limit(text: str) -> None:
    with pytest.raises(BadLimit) as refused:
        Limit.parse(text)
    assert len(str(refused.value)) < 250


@given(st.integers(1, 2500), st.sampled_from(UNITS))
def test_parsing_and_printing_are_inverse(count: int, unit: str) -> None:
    limit = Limit(count, unit)
    assert Limit.parse(str(limit)) == limit
    assert Limit.parse(f"{count}d-exact") == Limit(count, "d", rolls=False)


@given(st.text())
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with contextlib.suppress(BadLimit):
        assert Limit.parse(text).count > 0


def test_no_day_differs_from_chinesecalendar() -> None:
    assert [day for day in every_day() if PLAIN.works(day) != chinese_calendar.is_workday(day)] == []


def test_no_day_differs_from_holidays() -> None:
    china = holidays.country_holidays("CN", years=range(2015, 2027))
    assert [day for day in every_day() if PLAIN.works(day) != china.is_working_day(day)] == []


def test_2026_has_248_working_days() -> None:
    assert sum(PLAIN.works(day) for day in every_day() if day.year == 2026) == 248


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-02-13", "work", None),
        ("2026-02-14", "makeup", {"zh-Hans": "春节", "en": "Spring Festival"}),
        ("2026-02-17", "holiday", {"zh-Hans": "春节", "en": "Spring Festival"}),
        ("2026-03-07", "rest", None),
        ("2020-10-01", "holiday", {"zh-Hans": "国庆节、中秋节", "en": "National Day, Mid-Autumn Festival"}),
    ],
)
def test_each_day_has_a_kind_and_its_holiday_a_name(day: str, kind: str, name: object) -> None:
    on = date.fromisoformat(day)
    assert (PLAIN.kind(on), PLAIN.name(on)) == (kind, name)


def test_a_year_without_a_notice_is_unknown_and_named() -> None:
    """A list that ended with the year was read as plain weekdays elsewhere (FixMyStreet Zurich)."""
    for ask in (PLAIN.works, PLAIN.kind):
        with pytest.raises(UnknownYear, match="2027"):
            ask(date(2027, 1, 4))


def test_an_empty_notice_is_none() -> None:
    empty = {"year": 2027, "papers": [], "days": []}
    assert Calendar.from_notices([*notices(), empty], zone="Asia/Shanghai").years == PLAIN.years


@pytest.mark.parametrize("said", [{"none": True}, {"papers": ["https://example.org/notice"]}])
def test_a_year_may_be_declared_to_have_no_exceptions(said: dict[str, object]) -> None:
    calendar = Calendar.from_notices([{"year": 2027, "days": [], **said}], zone="UTC")
    assert calendar.works(date(2027, 1, 1)) and not calendar.works(date(2027, 1, 2))


def test_notices_may_come_in_any_order() -> None:
    assert Calendar.from_notices(reversed(notices()), zone="Asia/Shanghai").days == PLAIN.days


@pytest.mark.parametrize("calendar", [PLAIN, OFFICE])
def test_plain_json_gives_the_calendar_back(calendar: Calendar) -> None:
    assert Calendar.from_json(calendar.to_json()) == calendar


@pytest.mark.parametrize(
    "notice",
    [
        {},
        {"year": "2026"},
        {"year": 20260},
        {"year": True},
        {"year": 2026, "days": [{"date": "2026-02-30", "isOffDay": True}]},
        {"year": 2026, "days": [{"date": "2062-02-17", "isOffDay": True}]},
        {"year": 2026, "days": [{"date": "2026-02-17"}]},
        {"year": 2026, "days": [{"date": "2026-02-17", "isOffDay": "yes"}]},
        {"year": 2026, "days": ["2026-02-17"]},
    ],
)
def test_a_wrong_notice_is_refused_in_words(notice: dict[str, object]) -> None:
    with pytest.raises(BadValue, match="notice"):
        Calendar.from_notices([notice], zone="Asia/Shanghai")


@pytest.mark.parametrize("zone", ["Asia/Peking", "", "../etc/passwd", "中国", "a\x00b"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(BadValue, match="zone"):
        Calendar(zone)


@pytest.mark.parametrize(
    ("opens", "closes", "lunch"),
    [
        (time(18), time(9), None),
        (time(9), time(9), None),
        (time(9), time(18), (time(13), time(12))),
        (time(9), time(18), (time(8), time(10))),
        (time(9), time(18), (time(9), time(18))),
    ],
)
def test_office_hours_that_do_not_follow_are_refused(
    opens: time, closes: time, lunch: tuple[time, time] | None
) -> None:
    with pytest.raises(BadValue, match="office hours"):
        Calendar("Asia/Shanghai", opens=opens, closes=closes, lunch=lunch)
