"""A handover from the offer to the acceptance, and the leader's page, in a real browser, in Chinese, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from huying.ledger.models import Case
from tests.browser import CHROMIUM, PHONE, Opening, browser, open_page, served
from tests.cast import act, call
from tests.test_browser_desk import SMALL, as_, fits, mistakes

__all__ = ["browser", "open_page", "served"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} isn't there")


def sound(page: Page) -> None:
    assert (mistakes(page), fits(page), page.evaluate(SMALL)) == ([], True, [])


def test_a_post_is_offered_refused_to_the_wrong_one_and_accepted_on_a_phone(open_page: Opening) -> None:
    task = call("supervision.1", "task", lead="urban", due="2026-06-30", title="清理桥下堆物", owner="urban.1")
    giver = as_(open_page(PHONE), "urban.1")
    giver.goto("/desk/me")
    giver.get_by_role("link", name="岗位交接").click()
    giver.get_by_label("哪个岗位").select_option("urban.1|handler|urban")
    giver.get_by_label("移交给谁").select_option("urban.1")
    giver.get_by_role("button", name="提交移交").click()
    expect(giver.get_by_role("alert")).to_contain_text("李秀英在市城市管理局没有相应的岗位")
    sound(giver)
    giver.get_by_label("移交给谁").select_option("urban.2")
    giver.get_by_role("button", name="提交移交").click()
    expect(giver.locator("h1")).to_contain_text("岗位交接")
    expect(giver.locator("#facts")).to_contain_text("清理桥下堆物")
    taker = as_(open_page(PHONE), "urban.2")
    taker.goto("/desk/handover")
    taker.get_by_role("link", name="岗位交接").first.click()
    taker.locator("[data-submit]").click()
    expect(taker.locator("#tl")).to_contain_text("接收岗位")
    sound(taker)
    assert Case.objects.get(pk=task.pk).owner == "urban.2"
    taker.goto(f"/desk/case/{task.number}")
    expect(taker.locator("#tl")).to_contain_text("交接经办人")
    expect(taker.get_by_label("责任链")).to_contain_text("朱宁")


def test_a_leader_goes_from_red_to_the_case_with_one_tap(open_page: Opening) -> None:
    late = call("supervision.1", "task", lead="xihe-liuyuan", due="2026-06-18", title="夜市占道经营整治")
    act(late, "escalate", "supervision.1", reason="群众反映强烈")
    page = as_(open_page(PHONE), "xihe.leader")
    page.goto("/desk/leader")
    row = page.get_by_role("link", name="夜市占道经营整治")
    expect(row).to_contain_text("方永康 → 曾维桢")
    sound(page)
    row.click()
    expect(page.get_by_label("责任链")).to_contain_text("已提级到这一级")
