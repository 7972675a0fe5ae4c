"""Who sees and who may: one rule, as a check of one case and as a query; and the accused, who may neither."""

from __future__ import annotations

import pytest

from huying.city.facts import City
from huying.errors import Accused, CannotMerge, LeadIsAccused, UnknownCase
from huying.ledger import find, rulebook
from huying.ledger.actor import sees
from huying.ledger.models import Case
from huying.ledger.procedure import may
from tests.cast import MORNING, act, call, who

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
        assert not open_to_them or "admin" in {post.role for post in who(key).posts}, key


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
