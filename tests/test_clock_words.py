"""The words behind every due time: a count said aloud, how a clock stands, and all of it in Chinese."""

from __future__ import annotations

import pytest

from huying.city.calendar import Limit
from huying.ledger import clock, timewords
from tests.clocks import OFFICE, PLAIN, local


def aloud(start: str, limit: str, language: str = "zh-Hans", *, hours: bool = True) -> list[str]:
    calendar = OFFICE if hours else PLAIN
    return list(clock.explain(clock.due(local(start), Limit.parse(limit), calendar), language))


def test_five_working_days_across_the_spring_festival_are_counted_aloud() -> None:
    assert aloud("2026-02-12 15:30", "5wd", hours=False) == [
        "2026年2月12日 周四：起算当天，不计",
        "2月13日 周五：第 1 个工作日",
        "2月14日 周六：补班（春节调休），第 2 个工作日",
        "2月15日 周日至2月23日 周一：春节放假，不计",
        "2月24日 周二：第 3 个工作日",
        "2月25日 周三：第 4 个工作日",
        "2月26日 周四：第 5 个工作日，24:00 到期",
        "时限 5 个工作日：起算当天、周末和节假日不计，补班日照计。",
        "所用日历：国务院办公厅放假通知（2015—2026）。",
        "转办、拆分、改分类都不会重新计时。",
    ]


def test_the_same_count_in_english() -> None:
    assert aloud("2026-02-12 15:30", "5wd", "en")[:7] == [
        "Thu 12 February 2026: the day it begins, not counted",
        "Fri 13 February: working day 1",
        "Sat 14 February: make-up working day (Spring Festival), working day 2",
        "Sun 15 February to Mon 23 February: holiday (Spring Festival), not counted",
        "Tue 24 February: working day 3",
        "Wed 25 February: working day 4",
        "Thu 26 February: working day 5; it ends at 18:00",
    ]


def test_a_roll_off_a_rest_day_is_said() -> None:
    assert aloud("2026-01-31 10:00", "15d")[1:6] == [
        "2月1日 周日至2月14日 周六：第 1 天至第 14 天",
        "2月15日 周日：第 15 天，遇休息日，到期日顺延",
        "2月16日 周一至2月23日 周一：春节放假，不计",
        "2月24日 周二：顺延后的第一个工作日，18:00 到期",
        "时限 15 天：起算当天不计，其余每天都计；最后一天是休息日的，顺延到下一个工作日（民法典第二百零三条）。",
    ]


def test_exact_days_say_that_they_do_not_roll() -> None:
    assert aloud("2026-01-31 10:00", "15d-exact")[2:4] == [
        "2月15日 周日：第 15 天，18:00 到期",
        "时限 15 天：起算当天不计，其余每天都计；最后一天是休息日的，也不顺延。",
    ]


def test_working_hours_are_counted_day_by_day() -> None:
    assert aloud("2026-06-17 19:00", "10wh")[:7] == [
        "2026年6月17日 周三 19:00：开始计时",
        "6月17日 周三：不在办公时间内，不计",
        "6月18日 周四：计 7 个工作时零 30 分",
        "6月19日 周五至6月21日 周日：端午节放假，不计",
        "6月22日 周一：计 2 个工作时零 30 分，11:30 到期",
        "时限 10 个工作时：只计工作日的办公时间（09:00–12:00、13:30–18:00）。",
        "所用日历：国务院办公厅放假通知（2015—2026）。",
    ]


def test_hours_are_said_without_a_calendar() -> None:
    assert aloud("2026-02-12 15:30", "24h") == [
        "2026年2月12日 周四 15:30：开始计时",
        "2026年2月13日 周五 15:30：到期",
        "时限 24 小时：昼夜连续计时，节假日不停。",
        "转办、拆分、改分类都不会重新计时。",
    ]


def test_the_year_is_said_again_when_it_changes() -> None:
    assert aloud("2025-12-31 10:00", "1wd")[1:3] == [
        "2026年1月1日 周四至2026年1月3日 周六：元旦放假，不计",
        "2026年1月4日 周日：补班（元旦调休），第 1 个工作日，18:00 到期",
    ]


@pytest.mark.parametrize(("limit", "most"), [("45wd", 32), ("90d", 8), ("150wh", 16)])
def test_a_long_count_stays_readable(limit: str, most: int) -> None:
    assert len(aloud("2026-04-01 10:00", limit)) <= most


@pytest.mark.parametrize(
    ("now", "unit", "chinese", "english"),
    [
        ("2026-06-15 11:00", "wd", "还有 2 个工作日零 7 小时", "2 working days 7 hours left"),
        ("2026-06-15 20:00", "wd", "还有 2 个工作日", "2 working days left"),
        ("2026-06-16 17:10", "wd", "还有 1 个工作日", "1 working day left"),
        ("2026-06-15 11:00", "d", "还有 2 天零 7 小时", "2 days 7 hours left"),
        ("2026-06-15 11:00", "d-exact", "还有 2 天零 7 小时", "2 days 7 hours left"),
        ("2026-06-17 17:24", "wd", "还有 36 分", "36 min left"),
        ("2026-06-17 11:40", "h", "还有 6 小时零 20 分", "6 hours 20 min left"),
        ("2026-06-17 11:40", "wh", "还有 4 个工作时零 50 分", "4 working hours 50 min left"),
        ("2026-06-17 18:00", "wd", "还有不到 1 分", "less than a minute left"),
        ("2026-06-17 18:00:20", "wd", "刚过时限", "less than a minute late"),
        ("2026-06-17 19:00", "wd", "已过 1 小时", "1 hour late"),
        ("2026-06-18 18:00", "wd", "已过 1 个工作日", "1 working day late"),
        ("2026-06-21 10:00", "wd", "已过 1 个工作日", "1 working day late"),
        ("2026-06-21 10:00", "d", "已过 3 天", "3 days late"),
        ("2026-06-18 10:00", "wh", "已过 1 个工作时", "1 working hour late"),
        ("2026-06-17 18:36", "h", "已过 36 分", "36 min late"),
    ],
)
def test_how_a_clock_stands(now: str, unit: str, chinese: str, english: str) -> None:
    """Elsewhere minutes had the wrong sign once late (frappe 3354): here late is a word, never a sign."""
    due_at = local("2026-06-17 18:00")
    assert clock.stand(local(now), due_at, OFFICE, unit) == chinese
    assert clock.stand(local(now), due_at, OFFICE, unit, "en") == english


def test_a_clock_stands_even_where_the_next_year_is_unknown() -> None:
    assert clock.stand(local("2026-12-30 11:00"), local("2027-01-02 18:00"), OFFICE, "wd").startswith("还有 3 个工作日")


def test_the_midnight_that_ends_a_day_is_its_24_00() -> None:
    assert timewords.moment(local("2026-02-27 00:00"), PLAIN) == "2026年2月26日 周四 24:00"
    assert timewords.moment(local("2026-02-26 18:00"), PLAIN, "en") == "Thu 26 February 2026 18:00"


def test_a_limit_in_words() -> None:
    assert timewords.spell(Limit.parse("5wd")) == "5 个工作日"
    assert timewords.spell(Limit.parse("1d"), "en") == "1 day"
