"""One accountable person at each level: deputies, who left, raised attention, and the page of whoever answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.city import folder, store
from huying.city.facts import City, Post
from huying.ledger import chain, find
from huying.ledger.chain import Link, attention
from huying.ledger.fold import State
from huying.ledger.models import Case
from huying.notify.recipients import recipients
from tests.cast import act, call, today, who
from tests.conftest import DEMO
from tests.desks import browser, page, words

DEMO_CITY = folder.read(DEMO)
DAY = date(2026, 6, 15)


def answering(city: City, lead: str, on: date = DAY) -> list[str]:
    return [link.person for link in chain.chain(State(lead=lead), city, on)]


def test_each_level_has_one_who_answers_from_the_lead_upwards() -> None:
    assert answering(DEMO_CITY, "xihe-liuyuan") == ["xihe-liuyuan.leader", "xihe.leader", "mayor"]
    assert answering(DEMO_CITY, "dispatch") == ["mayor"]


def test_whoever_is_away_is_stood_in_for() -> None:
    (link,) = chain.chain(State(lead="dispatch"), DEMO_CITY, date(2026, 7, 3))
    assert link == Link("yunting", "mayor", "vice.mayor")
    assert link.present == "vice.mayor"


def test_a_leader_who_left_is_followed_by_the_next_at_that_unit_or_above() -> None:
    gone = {**DEMO_CITY.people, "mayor": replace(DEMO_CITY.people["mayor"], posts=())}
    assert answering(replace(DEMO_CITY, people=gone), "xihe") == ["xihe.leader", "vice.mayor"]
    ended = replace(gone["xihe.leader"], posts=(Post("leader", "xihe", until=date(2026, 6, 14)),))
    assert answering(replace(DEMO_CITY, people={**gone, "xihe.leader": ended}), "xihe") == ["vice.mayor"]


def test_the_unit_that_a_sealed_case_is_about_answers_for_nothing() -> None:
    state = State(lead="xihe-liuyuan", about="xihe", sealed="report")
    assert [link.person for link in chain.chain(state, DEMO_CITY, DAY)] == ["mayor"]


@given(st.sampled_from(sorted(DEMO_CITY.units)), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.integers(0, 6))
def test_of_any_lead_no_level_answers_twice_and_attention_goes_only_up(lead: str, on: date, level: int) -> None:
    links = chain.chain(State(lead=lead), DEMO_CITY, on)
    units = [link.unit for link in links]
    assert units == [unit for unit in (lead, *DEMO_CITY.above(lead)) if unit in units]
    assert len(units) == len(set(units))
    for link in links:
        assert DEMO_CITY.holders("leader", link.unit, on=on)
    lower, higher = (attention(State(lead=lead, level=n), DEMO_CITY, on) for n in (level, level + 1))
    assert lower is None or higher is None or units.index(higher.unit) >= units.index(lower.unit)
    assert (lower is None) == (level == 0 or not links)


@pytest.mark.django_db
def test_escalating_tells_whoever_is_above_and_leaves_the_lead() -> None:
    case = dispatched()
    act(case, "escalate", "supervision.1", reason="三次没有办成")
    state = case.folded()
    assert (state.level, state.lead) == (1, "xihe-liuyuan")
    told = recipients(["above"], state, store.current(), today())
    assert told == {"xihe.leader"}


@pytest.mark.django_db
def test_the_page_of_a_case_names_the_chain_and_where_it_was_raised_to() -> None:
    case = dispatched()
    act(case, "hand_over", "xihe-liuyuan.leader", owner="xihe-liuyuan.1")
    act(case, "escalate", "supervision.1", reason="三次没有办成")
    city = store.current()
    text = words(page(browser("supervision.1").get(f"/desk/case/{case.number}")))
    names = [city.people[key].name for key in ("xihe-liuyuan.1", "xihe-liuyuan.leader", "xihe.leader", "mayor")]
    places = [text.index(name, text.index("责任链")) for name in names]
    assert places == sorted(places)
    assert f"{names[2]} 已提级到这一级" in text


@pytest.mark.django_db
def test_whoever_is_in_charge_and_has_left_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    case = dispatched()
    act(case, "hand_over", "xihe-liuyuan.leader", owner="xihe-liuyuan.1")
    city = store.current()
    left = replace(city.people["xihe-liuyuan.1"], posts=(Post("handler", "xihe-liuyuan", until=date(2026, 6, 14)),))
    monkeypatch.setattr(store, "current", lambda: replace(city, people={**city.people, left.key: left}))
    assert f"{left.name} 已不在岗位" in words(page(browser("supervision.1").get(f"/desk/case/{case.number}")))


@pytest.mark.django_db
def test_a_leader_sees_red_and_this_week_with_the_chain_and_one_tap_to_the_case() -> None:
    soon = dispatched()
    city = store.current()
    text = page(browser("xihe.leader").get("/desk/leader"))
    assert f'href="/desk/case/{soon.number}"' in text
    week = words(text)[words(text).rindex("本周到期") :]
    names = [city.people[key].name for key in ("xihe-liuyuan.leader", "xihe.leader")]
    assert "路灯不亮" in week and " → ".join(names) in week
    assert soon.pk in {case.pk for case in find.queue("week", who("xihe.leader"))}


def dispatched() -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.stalls", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="xihe-liuyuan", basis="属地管理")
    return case
