"""Who sees and who may: one rule, as a check of one case and as a query; and the accused, who may neither."""

from __future__ import annotations

import pytest

from huying.city.facts import City
from huying.errors import Accused, CannotMerge, LeadIsAccused
from huying.ledger import find, rulebook
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
