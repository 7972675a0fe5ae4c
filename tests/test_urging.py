"""The urging ladder: each rung once and in order, and never so often that supervision itself becomes a burden."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying import runner
from huying.city import store
from huying.city.calendar import Calendar, Limit
from huying.city.facts import RUNGS, City, Ladder, Urging
from huying.ledger import audit, urging
from huying.ledger.fold import Clock, State, stamp
from huying.ledger.models import Case, Entry, Outbox
from huying.ledger.now import standing_at
from huying.ledger.procedure_file import read
from tests.cast import MORNING, act, after, call

TASK = read()["task"]
pytestmark = pytest.mark.django_db


def task(due: str = "2026-06-17", **more: str) -> Case:
    """A task of the urban management bureau, under way."""
    case = call("supervision.1", "task", lead="urban", due=due, title="清理堆物", **more)
    act(case, "accept", "urban.1")
    return case


def rung(case: Case, moment: datetime) -> list[str]:
    """What the runner writes by then."""
    before = case.entries.count()
    with standing_at(moment):
        runner.ring()
    return [entry.act for entry in case.entries.order_by("seq")[before:]]


def due(days: int) -> datetime:
    """The end of a working day so many after the due time, and a minute."""
    return after(f"{2 + days}wd")


def test_a_case_climbs_the_ladder_rung_by_rung() -> None:
    case = task()
    climbed = [rung(case, moment) for moment in (after("1wd"), due(0), due(1), due(3), due(5), due(10), due(90))]
    assert climbed == [["remind"], ["pass"], ["urge"], ["supervise"], ["bulletin"], ["escalate"], []]
    case.refresh_from_db()
    assert (case.level, case.lead, case.stage) == (1, "urban", "in_progress")
    told = {row.entry.act: row.tells.split() for row in Outbox.objects.filter(entry__case=case)}
    assert told["urge"] == ["lead"] and "leader@lead" in told["supervise"] and "supervisor" in told["bulletin"]
    assert list(audit.audit()) == []


def test_an_urgent_case_has_a_ladder_of_its_own() -> None:
    case = task(urgency="safety")
    assert rung(case, due(0) + timedelta(hours=1)) == ["pass", "urge"]


def test_a_passed_promise_is_no_longer_reminded_of() -> None:
    assert rung(task(), due(0)) == ["pass"]


def test_what_is_done_in_time_is_urged_by_nobody() -> None:
    case = task()
    assert rung(case, after("1wd")) == ["remind"]
    act(case, "submit", "urban.1", reply="清完了。", outcome="fixed")
    act(case, "confirm", "supervision.1")
    assert rung(case, due(30)) == []


def test_a_later_date_is_reminded_of_again() -> None:
    case = task()
    act(case, "ask_extension", "urban.1", reason="下雨", until="2026-06-30")
    act(case, "extend", "supervision.1", until="2026-06-30")
    assert rung(case, datetime.fromisoformat("2026-06-29T18:01+08:00"))[-1] == "remind"


def test_two_clocks_of_one_case_urge_once_a_day() -> None:
    """The unit's share and the promise climb apart: of two rungs on one day the milder is noted but not sent."""
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1")
    rung(case, after("6wd"))
    said = [(e.act, e.said["clock"]) for e in case.entries.order_by("seq") if e.act in urging.THREAD]
    assert said == [("urge", "share"), ("supervise", "share"), ("hold_back", "answer")]


def test_whoever_has_accounted_for_it_is_not_denounced() -> None:
    case = task()
    rung(case, due(3))
    with standing_at(due(4)):
        act(case, "account_for", "urban.1", text="等供货，下周一到。")
    assert rung(case, due(5)) == ["hold_back"]
    assert rung(case, due(10)) == ["escalate"]


def test_a_unit_gets_no_more_notices_in_a_week_than_the_city_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    city = replace(store.current(), urging=Urging(week=2))
    monkeypatch.setattr(store, "current", lambda: city)
    cases = [task() for _ in range(4)]
    for case in cases:
        rung(case, due(3))
    acts = [entry.act for entry in Entry.objects.filter(case__in=cases) if entry.act in ("supervise", "hold_back")]
    assert sorted(acts) == ["hold_back", "hold_back", "supervise", "supervise"]


def test_people_urge_in_the_same_thread_and_no_more_often_than_the_procedure_lets_them() -> None:
    case = task()
    for _ in range(5):
        act(case, "urge", "supervision.1", text="抓紧")
    assert rung(case, due(1)) == ["pass", "hold_back"]


def test_a_desk_that_is_late_is_not_urged_as_if_it_were_the_unit() -> None:
    case = call()
    assert set(rung(case, after("30wd"))) == {"pass"}


# --- the rules alone

CITY = City(
    "c", {}, {}, {}, {}, {}, (), (), (), (), Calendar("Asia/Shanghai", years=frozenset({2026})),
    urging=Urging(Limit(1, "wd"), 3),
)  # fmt: skip
lengths = st.builds(Limit, st.integers(1, 30), st.sampled_from(["min", "h", "wd", "d"]))
ladders = st.lists(
    st.builds(Ladder, st.just(""), lengths, st.just(""), st.sampled_from(("", *RUNGS)))
    | st.builds(Ladder, st.just(""), lengths, st.just(""), st.just("remind"), st.just(True)),
    max_size=6,
)


@given(ladders, st.integers(1, 60))
def test_any_ladder_is_climbed_to_its_end_and_passes_once(rows: list[Ladder], days: int) -> None:
    city = replace(CITY, ladders=tuple(rows))
    begun = stamp(MORNING)
    end = stamp(MORNING + timedelta(days=days))
    clock = Clock(began=begun, limit="x", due=end, first=end, next=end)
    ladder = urging.steps(TASK.clocks["answer"], clock, TASK, "", city)
    clock, climbed = replace(clock, next=urging.first(clock, ladder, MORNING)), []
    while clock.next:
        at = datetime.fromisoformat(clock.next)
        act = urging.reached(clock, ladder, at)
        climbed.append((clock.next, act))
        clock = replace(clock, next=urging.following(clock, ladder, passed=act == "pass"))
    assert [at for at, _ in climbed] == sorted({at for at, _ in ladder})
    assert ("pass" in [act for at, act in climbed if at == end]) or len([at for at, _ in ladder if at == end]) > 1
    assert all(act == "remind" for at, act in climbed if at < end)


@given(st.sampled_from(RUNGS), st.sampled_from(RUNGS), st.integers(0, 5), st.booleans())
def test_attention_goes_up_whatever_was_written_before(last: str, act: str, noticed: int, heard: bool) -> None:
    facts: dict[str, str | int | bool | None] = {"rung": last, "urged": stamp(MORNING)}
    facts |= {"accounted": stamp(MORNING + timedelta(minutes=1))} if heard else {}
    state = State(facts=facts)
    held = urging.held(state, act, noticed, MORNING + timedelta(hours=1), CITY)
    stronger = RUNGS.index(act) > RUNGS.index(last)
    free = stronger and not (heard and act == "bulletin") and not (noticed >= 3 and act in urging.NOTICES)
    assert held is not (act == "escalate" or free)
    assert not urging.held(State(), act, 0, MORNING, CITY)
