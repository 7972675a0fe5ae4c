"""What comes again: rules fall on the working calendar, and each occurrence is done once, whoever runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.city import recurrence, store
from huying.city.calendar import Calendar, Limit
from huying.city.facts import City, Recurrence
from huying.city.recurrence import DUTIES, filled, occurrences
from huying.ledger import audit, coming, duties, recurring
from huying.ledger.models import Case, Entry, Recurred
from huying.ledger.now import standing_at
from huying.ledger.wording import Wording
from tests.cast import MORNING, act, call
from tests.together import at_once

YEAR = Calendar(
    "Asia/Shanghai",
    {date(2026, 10, n): False for n in range(1, 8)} | {date(2026, 10, 10): True},
    frozenset({2026}),
)
WORDS = {"zh-Hans": "周报", "en": "Weekly"}


def rule(text: str, begins: str = "2026-01-05", /, **more: Any) -> Recurrence:
    plain = Recurrence("weekly", WORDS, "office", "task", rule=text, begins=date.fromisoformat(begins), at=time(9))
    return replace(plain, **more)


def days(one: Recurrence, most: int = 4, after: date | None = None) -> list[str]:
    local = (found.at.astimezone(YEAR.tz) for found in occurrences(one, YEAR, after=after))
    return [f"{at:%m-%d}" for at in islice(local, most)]


@pytest.mark.parametrize(
    ("rest", "falls"),
    [
        ("later", ["09-28", "10-08", "10-12"]),
        ("earlier", ["09-28", "09-30", "10-12"]),
        ("skip", ["09-28", "10-12", "10-19"]),
        ("keep", ["09-28", "10-05", "10-12"]),
    ],
)
def test_an_occurrence_on_a_rest_day_moves_as_the_rule_says(rest: str, falls: list[str]) -> None:
    assert days(rule("FREQ=WEEKLY;BYDAY=MO", "2026-09-28", rest=rest), 3) == falls


def test_what_comes_to_lie_on_one_day_is_one() -> None:
    daily = rule("FREQ=DAILY", "2026-09-30", rest="later")
    assert days(daily) == ["09-30", "10-08", "10-09", "10-10"]
    assert days(daily, 1, after=date(2026, 10, 1)) == ["10-09"]


def test_a_year_without_a_notice_is_told_to_be_unsure() -> None:
    monthly = rule("FREQ=MONTHLY;BYMONTHDAY=1", "2026-12-01")
    assert [found.sure for found in islice(occurrences(monthly, YEAR), 2)] == [True, False]


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SA,MO", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=YEARLY;BYMONTH=10"]),
    st.sampled_from(recurrence.RESTS),
    st.dates(date(2025, 9, 1), date(2026, 12, 1)),
    st.integers(0, 20),
)
def test_going_on_after_any_occurrence_gives_what_follows_it(text: str, rest: str, begins: date, place: int) -> None:
    one = replace(rule(text), begins=begins, rest=rest)
    whole = list(islice(occurrences(one, YEAR), 26))
    assert all(first.at < second.at and first.day < second.day for first, second in pairwise(whole))
    assert list(islice(occurrences(one, YEAR, after=whole[place].day), 5)) == whole[place + 1 : place + 6]


def test_a_template_names_the_day_of_its_occurrence() -> None:
    said = filled({"title": "周报（{year} 年第 {week} 周）{x}", "number": 3}, date(2026, 6, 22))
    assert said == {"title": "周报（2026 年第 26 周）{x}", "number": 3}


def test_every_duty_that_a_city_may_name_has_its_function() -> None:
    assert DUTIES.keys() == duties.FUNCTIONS.keys()


# --- on the ledger


@pytest.fixture
def recurrent(city: City, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Recurrence]]:
    """The demo city with these recurrences only."""
    chosen: list[Recurrence] = []
    recurring._next.cache_clear()
    monkeypatch.setattr(store, "current", lambda: replace(city, recurrences=tuple(chosen)))
    yield chosen
    recurring._next.cache_clear()


REPORT = {"lead": "supervision", "due": "2wd", "title": "周报 {month}-{day}"}
BACK = Recurrence("back", WORDS, unit="supervision", said={"title": "回头看"}, after=Limit.parse("30d"), of="request")


def at(day: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{hour:02}:00+08:00").astimezone(UTC)


def opened() -> list[str]:
    return list(Case.objects.filter(source_system="recurrence").order_by("pk").values_list("source_ref", flat=True))


def administered() -> list[tuple[str, object]]:
    rows = Entry.objects.filter(case__procedure="administration", actor="clock").order_by("pk")
    return [(row.act, row.said["number"]) for row in rows]


def test_a_case_is_opened_when_its_time_has_come_and_once(recurrent: list[Recurrence]) -> None:
    recurrent.append(rule("FREQ=WEEKLY;BYDAY=MO", said=REPORT))
    for day, hour, done in (("06-15", 9, 0), ("06-22", 8, 0), ("06-22", 9, 1), ("06-22", 10, 0)):
        with standing_at(at(day, hour)):
            assert recurring.run() == done
    case = Case.objects.get(source_ref="weekly:2026-06-22")
    state = case.folded()
    assert (state.opener, state.lead, state.stage) == ("office", "supervision", "handed_down")
    assert list(audit.audit()) == []


def test_a_long_downtime_is_caught_up_in_order_and_not_without_end(recurrent: list[Recurrence]) -> None:
    recurrent.append(rule("FREQ=WEEKLY;BYDAY=MO", said=REPORT, catch_up=2))
    recurring.run()
    with standing_at(at("07-28")):
        assert recurring.run() == 2
        assert recurring.run() == 0
    assert opened() == ["weekly:2026-07-20", "weekly:2026-07-27"]
    assert administered() == [("pass_over", 4)]


def test_a_lost_row_opens_nothing_twice(recurrent: list[Recurrence]) -> None:
    recurrent.append(rule("FREQ=WEEKLY;BYDAY=MO", said=REPORT))
    recurring.run()
    with standing_at(at("06-22")):
        recurring.run()
        Recurred.objects.all().delete()
        recurring._next.cache_clear()
        recurring.run()
    assert opened() == ["weekly:2026-06-22"]


def test_what_the_procedure_refuses_is_told_and_stops_nothing(recurrent: list[Recurrence]) -> None:
    recurrent += [rule("FREQ=WEEKLY;BYDAY=MO", said={**REPORT, "lead": "xihe-qiaotou-1"})]
    recurring.run()
    with standing_at(at("06-29")):
        recurring.run()
    assert (opened(), administered()) == ([], [("pass_over", 1), ("pass_over", 1)])


def test_a_duty_runs_and_leaves_an_entry(recurrent: list[Recurrence]) -> None:
    recurrent.append(rule("FREQ=DAILY", "2026-01-01", opens="", does="audit_sample", rest="keep"))
    recurring.run()
    with standing_at(at("06-16")):
        assert (recurring.run(), recurring.run()) == (1, 0)
        case = call()
        Case.objects.filter(pk=case.pk).update(stage="closed")
    with standing_at(at("06-17")):
        recurring.run()
    assert [act for act, _ in administered()] == ["run_duty", "duty_alarm"]


def test_a_duty_that_another_runner_has_in_hand_is_left_to_it(recurrent: list[Recurrence]) -> None:
    recurrent.append(rule("FREQ=DAILY", "2026-01-01", opens="", does="audit_sample", rest="keep"))
    recurring.run()
    Recurred.objects.update(busy=at("06-16", 9) + timedelta(minutes=5))
    with standing_at(at("06-16")):
        assert recurring.run() == 0
    with standing_at(at("06-16", 10)):
        assert recurring.run() == 1


def closed(moment: datetime = MORNING) -> Case:
    """A question that was answered on the spot: closed at once."""
    with standing_at(moment):
        case = call(type="consult", title="几点开门", text="服务大厅几点开门？", category="civil.community")
        act(case, "answer_now", "hotline.1", reply="每天 9 时。", assent=True)
    return case


def test_a_closed_case_is_looked_back_at_once(recurrent: list[Recurrence]) -> None:
    recurrent.append(BACK)
    case = closed()
    for day, done in (("07-14", 0), ("07-16", 1), ("07-17", 0)):
        with standing_at(at(day)):
            assert recurring.run() == done
    back = Case.objects.get(procedure="lookback").folded()
    assert (back.source, back.lead, back.category) == (case.number, "supervision", "civil.community")
    last = Entry.objects.filter(case=case).latest("seq")
    assert (last.act, last.actor, last.said["rule"]) == ("look_back", "clock", "back")
    assert list(audit.audit()) == []


def test_only_what_is_asked_for_is_looked_back_at(recurrent: list[Recurrence]) -> None:
    recurrent += [
        replace(BACK, code="other", outcome=("fixed",)),
        replace(BACK, code="there", category=("housing",)),
        replace(BACK, code="few", sample=1),
    ]
    cases = [closed(), closed()]
    few = sum(recurring.wanted(recurrent[2], case, store.current()) for case in cases)
    with standing_at(at("08-03")):
        assert recurring.run() == few


def test_a_case_that_was_reopened_is_not_looked_back_at(recurrent: list[Recurrence]) -> None:
    recurrent.append(BACK)
    case = closed()
    act(case, "reopen_direct", "supervision.1", reason="又来电")
    with standing_at(at("08-03")):
        assert recurring.run() == 0


def test_what_comes_next_is_told_before_it_comes(recurrent: list[Recurrence]) -> None:
    recurrent += [rule("FREQ=WEEKLY;BYDAY=MO", said=REPORT), replace(BACK, sample=50)]
    cases = [closed() for _ in range(6)]
    weekly, back = coming.coming(Wording(store.current(), "zh-Hans"), most=2)
    assert (weekly.when, weekly.does) == ("每周一，09:00；逢休息日顺延到下一个工作日", "开立“任务”")
    assert weekly.next == ("2026年6月22日 周一 09:00", "2026年6月29日 周一 09:00")
    drawn = sum(recurring.wanted(recurrent[1], case, store.current()) for case in cases)
    assert back.next == ("2026年7月15日 周三 18:00",) * min(drawn, 2)


@pytest.mark.usefixtures("committed")
def test_of_runners_at_once_each_occurrence_is_done_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five threads, as five runners: one weekly report, one look-back for each closed case, one run of the duty."""
    weekly = rule("FREQ=WEEKLY;BYDAY=MO", said=REPORT)
    sample = replace(weekly, code="sample", opens="", does="audit_sample")
    city = replace(store.current(), recurrences=(weekly, BACK, sample))
    monkeypatch.setattr(store, "current", lambda: city)
    recurring._next.cache_clear()
    cases = {closed().number for _ in range(4)}
    recurring.run()
    with standing_at(at("07-16")):
        at_once([recurring.run] * 5)
    assert opened() == [f"weekly:2026-{day}" for day in ("06-22", "06-29", "07-06", "07-13")]
    backs = [case.folded().source for case in Case.objects.filter(procedure="lookback")]
    assert (len(backs), set(backs)) == (4, cases)
    assert administered() == [("run_duty", 0)] * 4
    assert list(audit.audit()) == []
    recurring._next.cache_clear()
