"""A directive in a real browser, in Chinese: refused, overdue, raised, handed over, answered, read and crossed off."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from huying import runner
from huying.ledger.models import Case
from tests.browser import CHROMIUM, DESK, PHONE, Opening, browser, open_page, served
from tests.cast import MORNING, act, call
from tests.test_browser_desk import SMALL, as_, fits, mistakes

__all__ = ["browser", "open_page", "served"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} isn't there")


def fill(page: Page, name: str, value: str) -> None:
    page.locator(f"[name='{name}']").first.fill(value)


def do(page: Page, key: str, case: Case, name: str, **said: str) -> None:
    """Open the form of an act as somebody, fill it in, send it."""
    as_(page, key).goto(f"/desk/case/{case.number}?act={name}")
    for field, value in said.items():
        place = page.locator(f"[name='{field}']").first
        if place.get_attribute("type") == "radio":
            page.locator(f"[name='{field}'][value='{value}']").check(force=True)
        else:
            place.fill(value)
    with page.expect_navigation():
        page.locator(f"form[action$='/act/{name}'] button.btn-primary").first.click()


def wait(monkeypatch: pytest.MonkeyPatch, until: datetime) -> None:
    monkeypatch.setattr(settings, "HUYING_NOW", until)
    runner.ring()


def test_a_directive_from_its_first_act_to_its_last(open_page: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    page = as_(open_page(DESK), "office.clerk")
    page.goto("/desk/open/directive")
    fill(page, "title", "关于柳园路照明的情况")
    fill(page, "leader", "雷晨曦 云汀市人民政府")
    fill(page, "noted", "2026-06-14")
    fill(page, "verbatim", "请城管局查明原因，限期修复。")
    fill(page, "demands", "1. 查明原因\n2. 限期修复")
    page.locator("[name='urgency'][value='urgent']").check(force=True)
    page.locator("[name='secrecy'][value='secret']").check(force=True)
    page.locator("main form button.btn-primary").last.click()
    expect(page.locator("text=云汀市国家保密局").first).to_be_visible()
    assert not Case.objects.filter(procedure="directive").exists()
    page.locator("[name='secrecy'][value='none']").check(force=True)
    with page.expect_navigation():
        page.locator("main form button.btn-primary").last.click()
    case = Case.objects.get(procedure="directive")
    do(page, "office.clerk", case, "propose", text="拟请市城市管理局办理。")
    do(page, "office.clerk", case, "hand_down", lead="市城市管理局", due="2026-06-24", every="2wd")
    do(page, "urban.1", case, "accept")
    do(page, "urban.leader", case, "hand_over", owner="朱宁 市城市管理局")
    act(case, "task", "urban.1", children=[{"lead": "lighting", "due": "2026-06-23", "title": "修复路灯"}])
    wait(monkeypatch, MORNING + timedelta(days=3))
    as_(page, "office.clerk").goto("/desk/register/directive?lamp=red")
    expect(page.locator(f"#c{case.number}")).to_contain_text("阶段反馈")
    expect(page.locator(f"#c{case.number}")).to_contain_text("销号 0 / 1 项")
    do(page, "supervision.1", case, "escalate", reason="未按周期反馈")
    case.refresh_from_db()
    assert (case.level, case.lead, case.owner) == (1, "urban", "urban.2")
    (task,) = case.children.all()
    act(task, "accept", "lighting.1")
    act(task, "submit", "lighting.1", reply="全部亮灯", outcome="fixed")
    do(page, "urban.2", task, "confirm")
    do(page, "urban.2", case, "report", text="已修复")
    do(page, "urban.2", case, "submit", reply="已修复。", answers="线路老化\n已修复", outcome="fixed")
    do(page, "urban.reviewer", case, "sign")
    do(page, "mayor", case, "read", text="很好。")
    do(page, "office.clerk", case, "close")
    case.refresh_from_db()
    assert (case.stage, case.verified) == ("closed", "opener")
    expect(page.locator("main")).to_contain_text("已销号")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
def test_the_register_and_a_directive_pass_axe_and_fit(open_page: Opening, size: tuple[int, int]) -> None:
    said = {"leader": "mayor", "noted": "2026-06-14", "secrecy": "none", "urgency": "urgent"}
    case = call(
        "office.clerk",
        "directive",
        title="关于柳园路照明的情况",
        verbatim="请办理。",
        demands="查明原因\n限期修复",
        **said,
    )
    act(case, "propose", "office.clerk", text="拟请城管局办理")
    act(case, "hand_down", "office.clerk", lead="urban", due="2026-07-10", every="2wd")
    act(case, "task", "office.clerk", children=[{"lead": "lighting", "due": "3wd", "title": "修复路灯"}])
    page = as_(open_page(size), "office.clerk")
    for path in ("/desk/register/directive?month=2026", f"/desk/case/{case.number}", "/desk/open/directive"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert mistakes(page) == [], path
        assert fits(page), path
        if size == PHONE:
            assert page.evaluate(SMALL) == [], path
