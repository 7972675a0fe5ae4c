"""A point on the map: exact in a document, coarse as a fact, and public only where the category allows it."""

from __future__ import annotations

import pytest

from huying.errors import BadValue
from huying.ledger import find
from huying.ledger.models import Case, Document
from tests.cast import act, call

pytestmark = pytest.mark.django_db


def public_spot(case: Case) -> str:
    view = find.public(case)
    assert view is not None
    return view.spot


def test_the_exact_point_is_a_document_and_the_public_sees_a_hundred_metres() -> None:
    case = call(text="路灯不亮", point="31.2345678, 121.4750004")
    assert Document.objects.get(case=case, field="point").body == "31.234568,121.475000"
    assert case.folded().facts["spot"] == "31.235,121.475"
    assert "31.2345" not in case.state
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    assert public_spot(case) == "31.235,121.475"


def test_of_a_confidential_case_not_even_the_coarse_point_is_public() -> None:
    case = call(text="路灯不亮", point={"lat": 31.2, "long": 121.4}, category="streets.lamps", wish="confidential")
    assert Document.objects.get(case=case, field="point").sealed
    assert public_spot(case) == ""


@pytest.mark.parametrize("wrong", ["31.2", "91,0", "0,181", "北,东", "nan,nan", {"lat": 1}, "1,2,3", "1e9,0", "inf,0"])
def test_what_is_no_point_is_refused(wrong: object) -> None:
    with pytest.raises(BadValue):
        call(text="路灯不亮", point=wrong)
