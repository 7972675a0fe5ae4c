"""Who sees and who may: one rule, as a check of one case and as a query; and the accused, who may neither."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from huying.city import folder
from huying.city.facts import ADMINISTRATORS, ROLES, City, Post
from huying.errors import Accused, CannotMerge, LeadIsAccused, UnknownCase
from huying.ledger import find, number, rulebook
from huying.ledger.actor import Actor, sees
from huying.ledger.fold import State
from huying.ledger.ledger import columns
from huying.ledger.models import Case
from huying.ledger.procedure import may
from tests.cast import MORNING, act, call, who
from tests.conftest import DEMO

EXAMPLES = 60 * int(os.environ.get("HUYING_SOAK") or 1)
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("about", "lead"), [("xihe-liuyuan", "xihe"), ("xihe", "yunting")])
def test_what_the_accused_unit_takes_down_is_led_from_above_it(about: str, lead: str) -> None:
    """Received is kept; but whoever took it down has no more part in it."""
    case = call("xihe-liuyuan.1", type="complaint", about=about)
    assert case.lead == lead
    with pytest.raises(Accused):
        act(case, "triage", "xihe-liuyuan.1", category="streets.lamps", area="xihe-liuyuan")


def test_a_lead_that_turns_out_to_be_accused_gives_way_to_the_desk_that_finds_out() -> None:
    case = call("xihe-liuyuan.1")
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan", about="xihe-liuyuan")
    assert case.lead == "hotline"


def test_the_accused_can_not_hand_the_case_to_themselves_by_naming_another_unit_first() -> None:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan", about="xihe")
    with pytest.raises(LeadIsAccused):
        act(case, "dispatch", "dispatch.1", lead="xihe-liuyuan", basis="属地管理")


def test_nobody_but_an_administrator_acts_on_the_administration_case(city: City) -> None:
    case = Case.objects.get(procedure="administration")
    procedure = rulebook.procedure("administration")
    for key in city.people:
        answers = may(procedure, case.folded(), who(key), at=MORNING, city=city, around=find.around(case))
        open_to_them = [act for act, refusal in answers.items() if refusal is None]
        assert not open_to_them or ADMINISTRATORS & {post.role for post in who(key).posts}, key


def test_a_case_without_a_part_is_not_hung_under_another() -> None:
    case, other = call(), call()
    with pytest.raises(CannotMerge):
        act(case, "move", "supervision.1", parent=other.number, reason="同一件事")


def _some_cases() -> list[Case]:
    """Cases of every sort: led, opened and parented by different units, in different areas, ordinary and sealed."""
    plain, placed = call(), call("xihe-liuyuan.1", area="xihe-liuyuan")
    report = call(type="report", about="housing", text="物业科收礼")
    led = call()
    act(led, "triage", "hotline.1", category="streets.lamps", area="xihe-wenchang")
    act(led, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    act(led, "support", "dispatch.1", children=[{"lead": "parks", "due": "3wd", "title": "修剪树枝"}])
    act(led, "accept", "lighting.1")
    callout = call("xihe-liuyuan.1", "callout", kind="enforcement", tried="已劝导", place="路口", area="xihe-liuyuan")
    act(callout, "sign", "xihe-liuyuan.leader")
    act(
        callout,
        "sound",
        "xihe-liuyuan.1",
        children=[{"lead": "urban", "basis": "占道"}, {"lead": "traffic", "basis": "占道"}],
    )
    return [plain, placed, report, led, callout, *Case.objects.filter(parent__isnull=False)]


def test_what_one_may_see_is_the_same_as_a_query_and_as_a_check_of_one_case(city: City) -> None:
    _some_cases()
    cases = list(Case.objects.all())
    for key in city.people:
        actor = who(key)
        asked = set(find.visible(actor).values_list("pk", flat=True))
        checked = {case.pk for case in cases if sees(actor, case.folded(), city, find.around(case).parent)}
        assert asked == checked, key


def test_the_lead_of_a_case_sees_the_parts_that_others_do_for_it() -> None:
    *_, part = [case for case in _some_cases() if case.procedure == "task"]
    assert find.one(part.number, who("lighting.1")) == part
    with pytest.raises(UnknownCase):
        find.one(part.number, who("gas.1"))


def test_whoever_a_report_is_about_sees_it_nowhere(city: City) -> None:
    report = next(case for case in _some_cases() if case.sealed == "report")
    for key in ("housing.1", "housing.leader", "housing.property"):
        assert not find.visible(who(key)).filter(pk=report.pk).exists()
        with pytest.raises(UnknownCase):
            find.one(report.number, who(key))


def test_a_report_about_a_desk_that_sees_the_whole_city_is_hidden_from_that_desk() -> None:
    report = call(type="report", about="supervision", text="督办走过场")
    assert find.visible(who("dispatch.1")).filter(pk=report.pk).exists()
    for name in ("all", "triage"):
        assert report not in find.queue(name, who("supervision.1"))


# One rule of rights, said twice: `actor.sees` for one case, `find.visible` as a query.

CITY = folder.read(DEMO)
units = st.sampled_from(sorted(CITY.units))
# A few bodies that stand to each other in every way: desk, district, street, division, department.
near = st.sampled_from(
    ["hotline", "xihe", "xihe-desk", "xihe-liuyuan", "xihe-liuyuan-1", "housing", "housing-property"]
)
keys = st.sampled_from(["hotline.1", "lighting.1", "xihe-liuyuan.1", "mayor"])
areas = st.sampled_from(["", *sorted(CITY.areas)])
posts = st.builds(Post, st.sampled_from(ROLES), near | units)
actors = st.builds(Actor, keys, near | units, st.lists(posts, max_size=3).map(tuple))
states = st.builds(
    State,
    procedure=st.sampled_from(["request", "task", "administration"]),
    stage=st.just("registered"),
    closed=st.sampled_from(["", "2026-06-15T01:00:00Z"]),
    lead=near | units,
    opener=near | units,
    owner=st.just("") | keys,
    about=st.just("") | near | units,
    sealed=st.sampled_from(["", "confidential", "report"]),
    area=areas,
)


@contextmanager
def standing(states: list[State], below: list[bool]) -> Iterator[list[tuple[Case, State, State | None]]]:
    """Cases that stand so, some of them below the one before, with each one's State and its parent's; then gone."""
    with transaction.atomic():
        made: list[tuple[Case, State, State | None]] = []
        for state, child in zip(states, below, strict=True):
            parent, above = (made[-1][0], made[-1][1]) if child and made else (None, None)
            state = replace(state, parent=parent.number if parent else "")
            head = "0" * 64
            case = Case(number=number.new(), procedure=state.procedure, opened=MORNING, parent=parent, head=head)
            for name, value in columns(state).items():
                setattr(case, name, value)
            case.save()
            made.append((case, state, above))
        yield made
        transaction.set_rollback(True)


@given(
    st.lists(states, min_size=12, max_size=12),
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.lists(actors, min_size=4),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_what_is_visible_is_what_one_sees(states: list[State], below: list[bool], actors: list[Actor]) -> None:
    with standing(states, below) as made:
        pks = [case.pk for case, _, _ in made]
        for actor in actors:
            seen = {case.pk for case, state, above in made if sees(actor, state, CITY, above)}
            assert set(find.visible(actor, CITY).filter(pk__in=pks).values_list("pk", flat=True)) == seen
            unit = find.waiting("unit", actor, city=CITY).filter(pk__in=pks)
            led = {case.pk for case, state, _ in made if state.lead in actor.units() and not state.closed}
            assert set(unit.values_list("pk", flat=True)) <= led & seen


@given(st.lists(states, min_size=8, max_size=8), actors)
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_accused_of_a_report_never_sees_it(states: list[State], actor: Actor) -> None:
    reports = [replace(state, sealed="report", about=actor.unit, procedure="request") for state in states]
    with standing(reports, [False] * 8) as made:
        assert not any(sees(actor, state, CITY) for _, state, _ in made)
        pks = [case.pk for case, _, _ in made]
        assert not find.visible(actor, CITY).filter(pk__in=pks).exists()


@pytest.mark.parametrize("key", ["hotline.1", "lighting.1", "mayor"])
def test_a_page_of_a_queue_is_one_query_however_many_cases_there_are(
    key: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        act(call(), "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    actor = who(key)
    for name in find.QUEUE_NAMES:
        with django_assert_num_queries(2):  # which city is in force, and the page
            find.queue(name, actor)
