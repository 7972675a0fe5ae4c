"""The page of whoever decides, the matrix of rights, the log of looks."""

from __future__ import annotations

import pytest

from huying.ledger import rulebook
from tests.cast import act, call
from tests.desks import browser, page, words
from tests.test_desk_callback import answered

pytestmark = pytest.mark.django_db


def test_a_leader_decides_from_the_first_page() -> None:
    said = {
        "kind": "enforcement",
        "title": "夜市占道",
        "tried": "已劝导两周",
        "area": "xihe-liuyuan",
        "place": "柳园路口",
    }
    case = call("xihe-liuyuan.1", "callout", **said)
    text = page(browser("xihe-liuyuan.leader").get("/desk/leader"))
    assert "有 1 件等您定" in words(text) and f"/desk/case/{case.number}?act=sign#acts" in text
    act(case, "sign", "xihe-liuyuan.leader")
    assert browser("lighting.leader").get("/desk/")["Location"] == "/desk/leader"
    assert "夜市占道" not in page(browser("lighting.leader").get("/desk/leader"))
    assert browser("lighting.1").get("/desk/leader").status_code == 403


def test_the_matrix_says_what_the_procedure_in_force_says() -> None:
    text = words(page(browser("admin.audit").get("/desk/rights")))
    for one in rulebook.procedure("request").acts.values():
        if not {"clock", "case", "import", "parent"}.issuperset(one.by):
            assert one.label["zh-Hans"] in text
    page(browser("admin.audit").get("/desk/rights?kind=nothing"))
    assert browser("dispatch.1").get("/desk/rights").status_code == 403


def test_the_log_of_looks_names_who_and_why_and_nothing_that_was_seen() -> None:
    case = answered()
    page(browser("callback.1").post(f"/desk/case/{case.number}/look", {"reason": "核对号码"}))
    text = words(page(browser("admin.audit").get("/desk/looks")))
    assert "沈志远" in text and "核对号码" in text and case.number[:4] in text
    assert "13900001111" not in text and "马秀兰" not in text
    assert browser("callback.1").get("/desk/looks").status_code == 403
