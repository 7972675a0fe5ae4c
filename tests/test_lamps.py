"""Lamps: every colour with its reason, and the edges at which one turns into the next."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from huying.city import store
from huying.ledger import rulebook
from huying.ledger.fold import Clock, State, stamp
from huying.ledger.wording import Wording
from huying.metrics import lamps
from huying.metrics.lamps import Lamp, lamp, left_of
from tests.cast import MORNING, act, call

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def seen(state: State, at: datetime = MORNING, active: datetime = MORNING) -> Lamp:
    wording = Wording(store.current(), "zh-Hans")
    return lamp(state, rulebook.procedure("request"), active, at, wording)


def running(limit: str, due: datetime) -> State:
    clock = Clock(began=stamp(MORNING), limit=limit, due=stamp(due))
    return State(procedure="request", stage="in_progress", clocks={"answer": clock})


def test_red_once_the_clock_has_passed_and_not_on_the_dot() -> None:
    state = running("8h", MORNING + 8 * HOUR)
    assert seen(state, MORNING + 8 * HOUR, MORNING + 8 * HOUR).colour == "yellow"
    late = seen(state, MORNING + 9 * HOUR)
    assert (late.colour, late.why) == ("red", "答复已过 1 小时")


def test_yellow_with_a_quarter_of_the_time_left_green_with_more() -> None:
    state = running("8h", MORNING + 8 * HOUR)
    assert seen(state, MORNING + 6 * HOUR, MORNING + 5 * HOUR).colour == "yellow"
    assert seen(state, MORNING + 6 * HOUR - timedelta(minutes=1), MORNING + 5 * HOUR) == Lamp(
        "green", "答复还有 2 小时零 1 分"
    )


def test_yellow_where_nothing_was_done_for_half_of_the_promise() -> None:
    state = running("8h", MORNING + 8 * HOUR)
    idle = seen(state, MORNING + 5 * HOUR, MORNING)
    assert (idle.colour, idle.why) == ("yellow", "过半没有动作（5 小时）")
    assert seen(state, MORNING + 5 * HOUR, MORNING + 2 * HOUR).colour == "green"


def test_of_working_days_only_office_time_counts() -> None:
    """A promise of two working days that begins on Monday has lost half by Tuesday evening, not by Tuesday night."""
    calendar = store.current().calendar
    friday = MORNING + timedelta(days=4)
    clock = Clock(began=stamp(friday), limit="2wd", due=stamp(friday + timedelta(days=4, hours=9)))
    saturday, sunday = friday + timedelta(days=1), friday + timedelta(days=2)
    assert left_of(clock, saturday, calendar) == left_of(clock, sunday, calendar) > 0.5


def test_grey_while_shelved_with_its_obstacle_and_once_closed() -> None:
    state = State(procedure="request", stage="shelved", facts={"obstacle": "funds"})
    assert seen(state) == Lamp("grey", "挂账：资金或规划未到位")
    assert seen(State(procedure="request", stage="closed", closed=stamp(MORNING))) == Lamp("grey", "已办结")


def test_the_most_urgent_clock_gives_the_reason() -> None:
    early = Clock(began=stamp(MORNING), limit="1h", due=stamp(MORNING + HOUR))
    later = Clock(began=stamp(MORNING), limit="8h", due=stamp(MORNING + 8 * HOUR))
    state = State(procedure="request", stage="accepted", clocks={"answer": later, "contact": early})
    assert seen(state, MORNING + 2 * HOUR).why == "首次联系已过 1 小时"


def test_a_real_case_is_green_at_first_and_red_when_its_day_has_passed() -> None:
    case = call()
    assert seen(case.folded()).colour == "green"
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    assert seen(case.folded(), MORNING + timedelta(days=1)).colour == "red"


def test_the_rule_is_published_with_its_version_and_each_lamp_names_it() -> None:
    assert lamps.rule("zh-Hans").startswith(f"红黄绿灯按规则第 {lamps.RULE} 版：有时限已过为红")
    assert lamps.Lamp("red", "").rule == lamps.RULE
