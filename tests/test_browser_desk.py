"""The desk in a real browser, in Chinese, on a large screen and on a phone; by keyboard where promised."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import User
from django.core.cache import cache
from playwright.sync_api import Page, expect

from huying.desk import accounts
from huying.desk.models import Sitting
from huying.ledger import find
from huying.ledger.models import Case, Entry
from tests.browser import CHROMIUM, DESK, PHONE, Opening, browser, open_page, served
from tests.cast import act, call
from tests.desks import browser as signed_in
from tests.test_desk_callback import answered

__all__ = ["browser", "open_page", "served"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} isn't there")
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
SMALL = """() => [...document.querySelectorAll('main a.btn, main button, main select, main textarea, nav a, summary')]
    .filter(e => e.offsetParent && e.offsetHeight < 44).map(e => e.outerHTML.slice(0, 90))"""
"""What is too small for a thumb."""


def as_(page: Page, key: str) -> Page:
    """The tab, signed in as somebody of the cast."""
    cache.clear()
    client = signed_in(key)
    morsel = client.cookies["huying"]
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "huying", "value": morsel.value, "domain": "127.0.0.1", "path": "/"}])
    return page


def triaged() -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    return case


def everywhere() -> list[tuple[str, str]]:
    """Every kind of page, with who looks at it and something on it."""
    waiting, asked = triaged(), answered()
    sealed = call("hotline.1", "request", title="偷倒渣土", text="夜里偷倒", type="report", about="urban")
    act(waiting, "note", "dispatch.1", text="长" * 300)
    call("hotline.1", "request", title="求助", text="有人被困", type="help")
    alarm = Case.objects.get(procedure="alarm")
    return [
        ("dispatch.1", "/desk/queue/dispatch"), ("dispatch.1", "/desk/queue/all?unit=nothing&lamp=red"),
        ("dispatch.1", f"/desk/case/{waiting.number}"), ("dispatch.1", f"/desk/case/{waiting.number}?act=dispatch"),
        ("dispatch.1", f"/desk/case/{waiting.number}?act=merge"), ("hotline.1", f"/desk/case/{sealed.number}"),
        ("hotline.1", "/desk/register/request"), ("hotline.1", "/desk/open/request"), ("hotline.1", "/desk/call"),
        ("hotline.1", f"/desk/call/{waiting.number}"), ("callback.1", f"/desk/callback/{asked.number}"),
        ("callback.1", "/desk/callback/"), ("dispatch.1", "/desk/me"), ("dispatch.1", "/desk/find?q=路灯"),
        ("dispatch.1", "/desk/find?q=没有"), ("dispatch.1", "/desk/case/1"), ("admin.system", "/desk/me/second"),
        ("xihe-liuyuan.1", "/desk/open/callout"), ("xihe-liuyuan.leader", "/desk/leader"),
        ("supervision.1", "/desk/recurring"), ("xihe-liuyuan.leader", "/desk/handover"),
        ("supervision.1", "/desk/queue/alarms"), ("supervision.1", f"/desk/case/{alarm.number}?act=hear"),
        ("hotline.1", f"/desk/call/{waiting.number}?danger=1"),
        ("admin.audit", "/desk/rights"), ("admin.audit", "/desk/looks"),
    ]  # fmt: skip


def mistakes(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(broken["id"], broken["nodes"][0]["html"][:200]) for broken in found]


def fits(page: Page) -> bool:
    """Whether nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@SIZES
def test_every_page_passes_axe_and_fits_its_width(open_page: Opening, size: tuple[int, int]) -> None:
    page = open_page(size)
    page.goto("/desk/login")
    assert mistakes(page) == []
    for key, path in everywhere():
        as_(page, key).goto(path)
        page.wait_for_load_state("networkidle")
        assert mistakes(page) == [], path
        assert fits(page), path
        if size == PHONE:
            assert page.evaluate(SMALL) == [], path


def test_a_call_is_taken_by_keyboard_alone(open_page: Opening) -> None:
    """Number, kind, words, place, area, category; registered with Ctrl+Enter; read back; the next call with Enter."""
    earlier = call("hotline.2", "request", title="以前", text="以前", type="help", requester={"phone": "13900001111"})
    page = as_(open_page(DESK), "hotline.1")
    page.goto("/desk/call")
    keys = page.keyboard
    keys.type("139 0000 1111")
    for _ in range(4):
        keys.press("Tab")
    expect(page.locator("text=" + earlier.number[:4])).to_be_visible()
    assert "以前" not in page.locator("[hx-post='/desk/call/known']").inner_text()
    keys.press("Space")
    keys.press("ArrowRight")
    keys.press("Tab")
    keys.type("柳园路 12 号门前的路灯坏了三天。")
    keys.press("Tab")
    keys.type("柳园路 12 号")
    keys.press("Tab")
    keys.type("柳园街道")
    keys.press("Tab")
    keys.type("路灯不亮")
    keys.press("Control+Enter")
    page.wait_for_url(re.compile(r"/desk/call/\d{12}"))
    number = re.sub(r"\D", "", page.locator(".hy-idno").inner_text())
    case = Case.objects.get(number=number)
    assert (case.stage, case.area, case.category) == ("triaged", "xihe-liuyuan", "streets.lamps.dark")
    assert case.folded().facts["type"] == "help"
    keys.press("Enter")
    page.wait_for_url("**/desk/call")


def test_words_of_danger_show_the_numbers_at_once_and_a_ground_its_ready_words(open_page: Opening) -> None:
    page = as_(open_page(DESK), "hotline.1")
    page.goto("/desk/call")
    alarm = page.locator("[data-alarm]")
    expect(alarm).to_be_hidden()
    page.locator("#f-text").fill("楼道里有人说燃气泄漏")
    expect(alarm).to_be_visible()
    expect(alarm).to_contain_text("119")
    page.locator("#f-text").fill("路灯不亮")
    expect(alarm).to_be_hidden()
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.locator("[name=ground][value=beyond]").check()
    expect(page.locator("#f-reply")).to_have_value(re.compile("不属于政府部门的职责范围"))


def test_whoever_is_on_duty_finds_the_alarm_and_says_that_they_have_it(open_page: Opening) -> None:
    grave = call("hotline.1", "request", title="求助", text="楼上有人说不想活了", type="help")
    page = as_(open_page(DESK), "supervision.1")
    page.goto("/desk/queue/alarms")
    page.locator("main a[href^='/desk/case/']").first.click()
    expect(page.get_by_text("报值班").first).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("接报")
    assert Case.objects.get(procedure="alarm").stage == "heard"
    page.locator("a[href*='/desk/find']").click()
    page.wait_for_url(f"**/desk/case/{grave.number}")


def test_a_case_is_found_opened_and_dispatched_by_keyboard_alone(open_page: Opening) -> None:
    triaged()
    case = triaged()
    page = as_(open_page(DESK), "dispatch.1")
    page.goto("/desk/queue/dispatch")
    keys = page.keyboard
    keys.press("j")
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url(f"**/desk/case/{case.number}")
    keys.press("1")
    assert page.evaluate("document.activeElement.id") == "f-lead", "the most due act stands open already"
    keys.type("市照明管理所")
    keys.press("Tab")
    keys.type("城市照明管理规定 a j k ?")
    keys.press("Control+Enter")
    page.wait_for_url(f"**/desk/case/{case.number}#e3")
    case.refresh_from_db()
    assert case.lead == "lighting"
    assert page.evaluate("document.activeElement.id") == "e3", "focus stands on the new entry"
    keys.press("u")
    page.wait_for_url("**/desk/queue/dispatch**")
    keys.press("?")
    expect(page.locator("#keys")).to_be_visible()


def test_single_keys_can_be_switched_off(open_page: Opening) -> None:
    page = as_(open_page(DESK), "dispatch.1")
    page.goto("/desk/queue/all")
    page.evaluate("localStorage.setItem('huying:keys', 'off')")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_session_that_ends_loses_nothing_that_was_typed(open_page: Opening) -> None:
    case = triaged()
    password = "一句很长的话当作密码 2026"
    accounts.choose(User.objects.get_or_create(username="dispatch.1")[0], password)
    page = as_(open_page(DESK), "dispatch.1")
    page.goto(f"/desk/case/{case.number}?act=dispatch")
    page.locator("#f-lead").fill("市照明管理所")
    page.locator("#f-basis").fill("写了很久的依据")
    page.wait_for_timeout(500)
    Sitting.objects.all().delete()
    page.locator("[data-submit]").click()
    expect(page.locator("h1")).to_contain_text("没有记录")
    page.locator("a.btn-primary").click()
    page.locator("#name").fill("dispatch.1")
    page.locator("#password").fill(password)
    page.locator("form.hy-box button").click()
    expect(page.locator("#f-basis")).to_have_value("写了很久的依据")
    expect(page.locator("#f-lead")).to_have_value("市照明管理所")
    page.locator("[data-submit]").click()
    page.wait_for_url(f"**/desk/case/{case.number}#e3")
    page.goto(f"/desk/case/{case.number}?act=transfer")
    expect(page.locator("#f-lead")).to_have_value("")


def test_a_double_click_acts_once_and_the_back_button_loses_no_word(open_page: Opening) -> None:
    case = triaged()
    page = as_(open_page(DESK), "dispatch.1")
    page.goto(f"/desk/case/{case.number}?act=note")
    page.locator("#f-text").fill("已电话沟通")
    page.locator("[data-submit]").dblclick()
    page.wait_for_url(f"**/desk/case/{case.number}#e3")
    assert Entry.objects.filter(case=case, act="note").count() == 1
    page.go_back()
    expect(page.locator("#e3")).to_contain_text("已电话沟通")


def test_two_people_on_one_case_the_second_is_told_what_changed(open_page: Opening) -> None:
    case = triaged()
    page = as_(open_page(DESK), "dispatch.1")
    page.goto(f"/desk/case/{case.number}?act=dispatch")
    page.locator("#f-lead").fill("市照明管理所")
    page.locator("#f-basis").fill("我的依据")
    act(case, "dispatch", "dispatch.2", lead="parks", basis="园林")
    page.locator("[data-submit]").click()
    note = page.locator("#acts [role=status]")
    expect(note).to_contain_text("康玉珍")
    expect(page.locator("#acts")).to_contain_text("我的依据")
    assert page.evaluate("document.activeElement.matches('#acts [role=status]')"), "focus stands on what changed"


def test_the_call_back_shows_only_what_follows_and_the_number_only_on_demand(open_page: Opening) -> None:
    case = answered()
    page = as_(open_page(DESK), "callback.1")
    page.goto(f"/desk/callback/{case.number}")
    page.locator("label:has([name=reached][value=no_answer])").click()
    expect(page.locator("#q-solved")).to_be_hidden()
    expect(page.locator("[data-result]:visible")).to_have_count(1)
    page.locator("label:has([name=reached][value=yes])").click()
    page.locator("label:has([name=solved][value=no])").click()
    expect(page.locator("[data-result]:visible")).to_contain_text("未解决")
    page.locator("#who button").click()
    expect(page.locator("#who")).to_contain_text("13900001111")
    assert [entry.act for entry in find.entries(case)][-1] == "look"


def test_the_menu_opens_on_a_phone_and_the_page_is_whole_without_the_script(open_page: Opening) -> None:
    triaged()
    page = as_(open_page(PHONE), "dispatch.1")
    page.goto("/desk/queue/all")
    expect(page.locator("#menu")).to_be_hidden()
    page.locator("[data-menu]").click()
    expect(page.locator("#menu nav")).to_be_visible()
    bare = as_(open_page(PHONE, java_script_enabled=False), "dispatch.1")
    bare.goto("/desk/queue/all")
    expect(bare.locator("#menu nav")).to_be_visible()
    expect(bare.locator("[data-row]")).to_have_count(1)
