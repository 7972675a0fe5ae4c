"""The pages of residents in a real browser, on a phone and on a desk: written, sent, followed, answered, in Chinese."""

from __future__ import annotations

import gzip
import os
import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, Response, Route, expect

from huying.ledger.models import Case, Document
from tests import files
from tests.browser import CHROMIUM, DESK, PHONE, Opening, browser, open_page
from tests.browser import served_once as served
from tests.residents import LAMP, answered, call, dispatched, fresh_hour, last

__all__ = ["browser", "fresh_hour", "open_page", "served"]
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"{CHROMIUM} isn't there")
SIZES = pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
BUDGET = 200_000
SMALL = """() => [...document.querySelectorAll(
    'main a.btn, main button, main select, main textarea, nav a, .hy-sos a, ' +
    'main input:not([type=hidden], [type=radio], [type=checkbox])'
)].filter(e => e.offsetParent && e.offsetHeight < 44).map(e => e.outerHTML.slice(0, 80))"""
"""What is too small for a thumb."""


def portal_cases() -> int:
    return Case.objects.filter(source_system="portal").count()


def everywhere(client: Client) -> list[str]:
    """Every kind of page that there is, each with something on it."""
    _, asked = answered(client, phone="138 0000 2046", category="streets.lamps", area="xihe-liuyuan")
    case, word = dispatched(client)
    ways = [f"/my/{asked}?do={way}" for way in ("solved", "contest", "add")] + [f"/my/{word}?do=chase"]
    public = ["/", "/report", "/my", "/cases", f"/cases/{case.number}", "/help"]
    return [*public, f"/my/{word}", f"/my/{asked}", f"/receipt/{word}", "/my/nothing", "/cases?number=1", *ways]


def fits(page: Page) -> bool:
    """Whether nothing scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@SIZES
def test_every_page_passes_axe_and_fits_its_width(open_page: Opening, client: Client, size: tuple[int, int]) -> None:
    page = open_page(size)
    for path in everywhere(client):
        page.goto(path)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        assert not [(broken["id"], broken["nodes"][0]["html"]) for broken in found], path
        assert fits(page), path


@pytest.mark.parametrize("width", [320, 640])
def test_no_page_scrolls_sideways_on_the_smallest_screen_or_at_200_per_cent(
    open_page: Opening, client: Client, width: int
) -> None:
    page = open_page((width, 800))
    for path in everywhere(client):
        page.goto(path)
        assert fits(page), path


@SIZES
def test_a_resident_reports_and_follows(open_page: Opening, size: tuple[int, int]) -> None:
    page = open_page(size)
    page.goto("/")
    page.get_by_role("link", name="我要反映").last.click()
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.get_by_role("textbox", name="地点说明").fill("柳园路 12 号")
    page.get_by_role("textbox", name="电话").fill("138 0000 2046")
    page.locator("#photos").set_input_files({"name": "IMG.jpg", "mimeType": "image/jpeg", "buffer": files.photo()})
    page.get_by_role("button", name="发出").click()
    expect(page.get_by_role("heading", name="您的事，我们接下了。")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    page.get_by_role("link", name="打开我的进度页").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("柳园路 12 号门前的路灯坏了三天，晚上看不清路")
    page.get_by_role("link", name="催单").click()
    page.get_by_label("手机号后四位").fill("2046")
    page.get_by_role("button", name="催一下").click()
    expect(page.get_by_role("status")).to_contain_text("已催单")
    assert last().folded().counts["chase"] == 1
    assert Document.objects.filter(case=last(), field="evidence").count() == 1


def test_words_of_danger_show_the_numbers_while_somebody_writes(open_page: Opening) -> None:
    page = open_page()
    page.goto("/report")
    expect(page.locator("#danger")).to_be_hidden()
    page.get_by_role("textbox", name="什么事").press_sequentially("楼道着火")
    expect(page.locator("#danger")).to_be_visible()
    assert page.locator("#danger a").first.get_attribute("href") == "tel:110"
    page.get_by_role("textbox", name="什么事").fill("楼道很暗")
    expect(page.locator("#danger")).to_be_hidden()


def test_a_draft_outlives_the_page_and_keeps_no_phone(open_page: Opening) -> None:
    page = open_page()
    page.goto("/report")
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.get_by_role("textbox", name="电话").fill("13800002046")
    page.wait_for_timeout(500)
    page.goto("/help")
    page.goto("/report")
    expect(page.get_by_role("textbox", name="什么事")).to_have_value(LAMP)
    expect(page.get_by_role("status").first).to_contain_text("已经放回来了")
    expect(page.get_by_role("textbox", name="电话")).to_have_value("")
    assert "2046" not in page.evaluate("JSON.stringify(localStorage)")


def test_a_dead_line_keeps_everything_and_sends_it_once_when_it_is_back(open_page: Opening) -> None:
    page = open_page()
    page.goto("/report")
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.set_input_files("#photos", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": files.photo()})
    before, kept = portal_cases(), Document.objects.filter(field="evidence").count()
    page.context.set_offline(True)
    page.get_by_role("button", name="发出").click()
    expect(page.get_by_role("status").first).to_contain_text("网络断了")
    assert portal_cases() == before
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="您的事，我们接下了。")).to_be_visible(timeout=15000)
    assert portal_cases() == before + 1
    assert Document.objects.filter(field="evidence").count() == kept + 1


def test_a_double_click_is_one_case(open_page: Opening) -> None:
    page, before = open_page(), portal_cases()
    page.goto("/report")
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.get_by_role("button", name="发出").dblclick()
    expect(page.get_by_role("heading", name="您的事，我们接下了。")).to_be_visible()
    assert portal_cases() == before + 1


def test_a_mistake_is_told_in_place_and_the_chosen_photo_stays(open_page: Opening) -> None:
    page = open_page()
    page.goto("/report")
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.get_by_role("textbox", name="电话").fill("12")
    page.set_input_files("#photos", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": files.photo()})
    page.get_by_role("button", name="发出").click()
    expect(page.locator("#errors")).to_be_focused()
    expect(page.locator("#phone-e")).to_be_visible()
    page.get_by_role("textbox", name="电话").fill("13800002046")
    page.get_by_role("button", name="发出").click()
    expect(page.get_by_role("heading", name="您的事，我们接下了。")).to_be_visible()
    assert Document.objects.filter(case=last(), field="evidence").count() == 1


def test_a_large_photo_is_made_small_before_a_slow_line(open_page: Opening) -> None:
    noise = os.urandom(600 * 800 * 3)
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.frombytes("RGB", (600, 800), noise).resize((3000, 4000)).save(out, "JPEG", quality=97)
    assert len(out.getvalue()) > 2_000_000
    page = open_page()
    page.goto("/report")
    page.get_by_role("textbox", name="什么事").fill(LAMP)
    page.set_input_files("#photos", {"name": "大.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    with page.expect_request(lambda asked: asked.method == "POST" and asked.url.endswith("/report")) as asked:
        page.get_by_role("button", name="发出").click()
    expect(page.get_by_role("heading", name="您的事，我们接下了。")).to_be_visible(timeout=20000)
    sent = int(asked.value.all_headers()["content-length"])
    assert sent < len(out.getvalue()) * 0.7


def test_the_place_is_asked_only_when_somebody_wants_it(open_page: Opening) -> None:
    where = {"latitude": 38.55, "longitude": 119.8}
    page = open_page(geolocation=where, permissions=["geolocation"])
    page.goto("/report")
    assert page.locator("#lat").input_value() == ""
    page.get_by_role("button", name="用手机现在的位置").click()
    expect(page.locator("#located")).to_contain_text("已取到位置")
    assert page.locator("#lat").input_value() == "38.550000"
    page.get_by_role("button", name="不用这个位置").click()
    assert page.locator("#lat").input_value() == ""


def test_what_is_near_appears_while_somebody_chooses(open_page: Opening, client: Client) -> None:
    call(client, category="streets.lamps", area="xihe-liuyuan")
    page = open_page()
    page.goto("/report")
    page.get_by_label("种类").select_option("streets.lamps")
    page.get_by_label("区、街道").select_option("xihe-liuyuan")
    expect(page.locator("#near")).to_contain_text("附近已经有人反映过")
    expect(page.locator("#near a").first).to_have_attribute("href", f"/cases/{last().number}")


def test_an_answer_that_was_overtaken_doesnt_replace_the_newer_one(open_page: Opening, client: Client) -> None:
    call(client, category="streets.lamps", area="xihe-liuyuan")
    page = open_page()
    held: list[Route] = []

    def once(route: Route) -> None:
        """Hold the first question back until the second was answered."""
        if held:
            route.continue_()
        held.append(route)

    page.route("**/report/near*", once)
    page.goto("/report")
    page.get_by_label("种类").select_option("streets.lamps")
    page.get_by_label("区、街道").select_option("xihe-liuyuan")
    expect(page.locator("#near")).to_contain_text("附近已经有人反映过")
    with page.expect_response("**/report/near*"):
        held[0].fulfill(body="<p>附近没有公开的在办事项。</p>", content_type="text/html")
    page.wait_for_timeout(200)
    expect(page.locator("#near")).to_contain_text("附近已经有人反映过")


@SIZES
def test_without_scripts_everything_works(open_page: Opening, client: Client, size: tuple[int, int]) -> None:
    page = open_page(size, java_script_enabled=False)
    page.goto("/report")
    page.locator("#text").fill(LAMP)
    page.locator("#phone").fill("12")
    page.locator("#send").click()
    assert "还没有发出" in page.inner_text("#errors")
    page.locator("#phone").fill("13800002046")
    page.locator("#send").click()
    assert "/receipt/" in page.url
    case, word = answered(client, phone="13800002046")
    page.goto(f"/my/{word}")
    page.get_by_role("link", name="没解决，或答复不对").click()
    page.locator("#reason").fill("灯还是不亮")
    page.locator("#digits").fill("2046")
    page.get_by_role("button", name="记录：退回重办").click()
    assert "已记录：退回重办" in page.inner_text("main")
    case.refresh_from_db()
    assert case.stage == "dispatched"


@SIZES
def test_the_two_answers_that_judge_look_the_same(open_page: Opening, client: Client, size: tuple[int, int]) -> None:
    _, word = answered(client)
    page = open_page(size)
    page.goto(f"/my/{word}")
    style = "e => [getComputedStyle(e).color, getComputedStyle(e).fontWeight, getComputedStyle(e).borderColor,"
    style += "getComputedStyle(e).backgroundColor, e.offsetHeight, e.offsetWidth].join()"
    looks = [page.get_by_role("link", name=name).evaluate(style) for name in ("解决了", "没解决，或答复不对")]
    assert looks[0] == looks[1]


def test_everything_is_reached_with_the_keyboard_and_large_enough_for_a_thumb(open_page: Opening) -> None:
    page = open_page()
    page.goto("/report")
    page.keyboard.press("Tab")
    expect(page.locator(".hy-skip")).to_be_focused()
    small = page.evaluate(SMALL)
    assert small == []
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "send":
            break
    else:
        pytest.fail("the button to send is never reached")
    page.keyboard.press("Enter")
    expect(page.locator("#text-e")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/report"])
def test_a_first_visit_is_lighter_than_200_kb(open_page: Opening, path: str) -> None:
    page, bodies = open_page(), []
    page.on("response", lambda answer: bodies.append(answer))
    page.goto(path, wait_until="networkidle")
    plain = sum(len(body(answer)) for answer in bodies)
    packed = sum(len(gzip.compress(body(answer))) for answer in bodies)
    assert packed < BUDGET and plain < BUDGET, (packed, plain)
    assert not [answer.url for answer in bodies if re.search(r"woff|tabler|noto", answer.url)]


def body(answer: Response) -> bytes:
    return bytes(answer.body())


def test_interactive_within_five_seconds_on_a_slow_phone_and_a_slow_line(open_page: Opening) -> None:
    page = open_page()
    slow = page.context.new_cdp_session(page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    slow.send("Network.enable")
    speed = 400_000 / 8
    slow.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 150, "downloadThroughput": speed, "uploadThroughput": speed},
    )
    page.goto("/report", wait_until="load")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert ready < 5000, ready


def test_the_receipt_prints_number_link_and_promise_and_nothing_else(open_page: Opening, client: Client) -> None:
    word = call(client)
    page = open_page(DESK)
    page.goto(f"/receipt/{word}")
    page.emulate_media(media="print")
    assert page.locator(".hy-link-print").is_visible() and page.locator(".hy-idno").is_visible()
    for gone in (".hy-p-top", ".hy-sos", ".hy-p-foot", "#copy"):
        assert not page.locator(gone).is_visible(), gone
