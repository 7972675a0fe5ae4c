"""Queues, registers and the search: filters in the address, keyset pages, no query more for more rows."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.desk import queues
from huying.desk.rail import QUEUES
from huying.ledger import find, rulebook
from huying.ledger.models import Case
from huying.ledger.now import standing_at
from tests.cast import MORNING, act, call, who
from tests.desks import browser, page, words

pytestmark = pytest.mark.django_db
PLACE: dict[str, str] = {"category": "streets.lamps.dark", "area": "xihe-liuyuan"}


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    cache.clear()


def lamps(count: int) -> list[Case]:
    cases = [call("hotline.1", title=f"第 {n} 盏路灯不亮", text="路灯坏了", type="help") for n in range(count)]
    for case in cases:
        act(case, "triage", "hotline.1", **PLACE)
    return cases


def numbers(text: str) -> list[str]:
    return re.findall(r'<tr role="row" id="c(\d+)"', text)


def test_a_queue_shows_what_waits_the_next_due_first() -> None:
    cases = lamps(3)
    act(cases[0], "dispatch", "dispatch.1", lead="lighting", basis="职责")
    text = page(browser("dispatch.1").get("/desk/queue/dispatch"))
    assert numbers(text) == [case.number for case in cases[1:]]
    assert "第 1 盏路灯不亮" in text and "西河区柳园街道" in words(text) and "待派单" in words(text)


def test_every_queue_of_the_ledger_has_a_page_and_a_name() -> None:
    assert set(QUEUES) == set(find.QUEUE_NAMES)
    for name in QUEUES:
        page(browser("supervision.1").get(f"/desk/queue/{name}"))
    assert "没有“nothing”这个队列" in words(page(browser("dispatch.1").get("/desk/queue/nothing"), 400))


@pytest.mark.parametrize("address", ["/desk/queue/all", "/desk/register/request", "/desk/find?q=路灯"])
def test_a_page_asks_the_database_as_often_for_one_row_as_for_many(address: str) -> None:
    client = browser("dispatch.1")
    lamps(1)
    page(client.get(address))
    with CaptureQueriesContext(connection) as few:
        page(client.get(address))
    lamps(12)
    with CaptureQueriesContext(connection) as many:
        assert len(numbers(page(client.get(address)))) == 13
    assert len(many) == len(few) <= 16, [query["sql"][:120] for query in many]


def test_pages_follow_each_other_without_a_gap_or_a_double(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "ROWS", 4)
    cases = lamps(10)
    client, address = browser("dispatch.1"), "/desk/queue/all"
    found: list[str] = []
    for _ in range(5):
        text = page(client.get(address))
        found += numbers(text)
        following = re.search(r'href="([^"]+)" data-next', text)
        if not following:
            break
        address = following[1].replace("&amp;", "&")
    assert found == [case.number for case in cases]


def test_filters_stand_in_the_address_and_each_can_be_dropped() -> None:
    first, second = lamps(2)
    act(first, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    act(second, "dispatch", "dispatch.1", lead="parks", basis="职责")
    client = browser("dispatch.1")
    text = page(client.get("/desk/queue/all", {"unit": "市照明管理所", "kind": "request", "area": "柳园街道"}))
    assert numbers(text) == [first.number]
    assert "主办单位: 市照明管理所" in words(text) or "主办单位" in words(text)
    assert 'aria-label="去掉筛选：主办单位"' in text
    assert numbers(page(client.get("/desk/queue/all?category=streets"))) == [first.number, second.number]
    assert numbers(page(client.get("/desk/queue/all?q=第+0"))) == [first.number]


def test_a_filter_that_names_nothing_says_so_and_sifts_nothing() -> None:
    case = lamps(1)[0]
    text = page(browser("dispatch.1").get("/desk/queue/all?unit=没有这个单位&stage=nowhere&kind=x&after=garbage"))
    assert numbers(text) == [case.number]
    assert words(text).count("查不到，没有用它筛选") == 3


def test_where_no_row_fits_the_filter_to_drop_is_offered_with_how_many_that_gives() -> None:
    lamps(3)
    text = words(page(browser("dispatch.1").get("/desk/queue/all?unit=lighting&area=xihe-liuyuan")))
    assert "没有符合这些条件的事项" in text and "去掉“主办单位”再找（3）" in text


def test_a_lamp_is_a_filter_too() -> None:
    case = lamps(1)[0]
    client = browser("dispatch.1")
    assert numbers(page(client.get("/desk/queue/all?lamp=green"))) == [case.number]
    assert numbers(page(client.get("/desk/queue/all?lamp=red"))) == []
    assert "红" in words(page(client.get("/desk/queue/all?lamp=nocolour")))


def test_counts_are_fresh_within_half_a_minute_and_only_of_what_one_may_see() -> None:
    lamps(2)
    assert browser("dispatch.1").get("/desk/counts.json").json()["dispatch"] == "2"
    assert browser("education.1").get("/desk/counts.json").json()["all"] == "0"


def test_a_register_has_a_column_for_each_listed_field_and_filters_by_it() -> None:
    case = call("hotline.1", "request", title="反映路灯", text="不亮", type="help", urgency="urgent")
    text = page(browser("hotline.1").get("/desk/register/request"))
    for declared in rulebook.procedure("request").fields.values():
        if declared.listed:
            assert f">{declared.label['zh-Hans']}</th>" in text, declared.name
    assert numbers(page(browser("hotline.1").get("/desk/register/request?fact.urgency=urgent"))) == [case.number]
    assert numbers(page(browser("hotline.1").get("/desk/register/request?fact.urgency=normal"))) == []
    assert browser("hotline.1").get("/desk/register/administration").status_code == 403
    page(browser("admin.system").get("/desk/register/administration"))


def test_a_number_in_the_search_goes_straight_to_the_case() -> None:
    case = lamps(1)[0]
    spoken = f"{case.number[:4]} {case.number[4:8]}-{case.number[8:]}"
    assert browser("dispatch.1").get("/desk/find", {"q": spoken})["Location"] == f"/desk/case/{case.number}"
    assert numbers(page(browser("education.1").get("/desk/find", {"q": spoken}))) == []
    assert "没有这些词" in words(page(browser("dispatch.1").get("/desk/find", {"q": "𠀀𪚥‮"})))


def test_a_view_is_kept_under_a_name_and_belongs_to_one_person() -> None:
    client = browser("dispatch.1")
    client.post("/desk/views", {"name": "柳园路灯", "address": "/desk/queue/all?area=xihe-liuyuan"})
    client.post("/desk/views", {"name": "外面", "address": "https://elsewhere.example/"})
    text = page(client.get("/desk/queue/all"))
    assert "柳园路灯" in text and "elsewhere" not in text
    assert "柳园路灯" not in page(browser("dispatch.2").get("/desk/queue/all"))
    client.post("/desk/views", {"name": "柳园路灯", "address": "/desk/queue/all", "forget": "1"})
    assert "柳园路灯" not in page(client.get("/desk/queue/all"))


def test_a_report_about_a_unit_hides_its_title_in_the_rows_of_that_unit(city: Any) -> None:
    case = call("hotline.1", "request", title="夜里偷倒渣土", text="不要告诉他们", type="complaint", about="urban")
    assert "夜里偷倒渣土" in page(browser("hotline.1").get("/desk/queue/all"))
    seen = page(browser("urban.1").get("/desk/find?q=渣土"))
    assert "夜里偷倒渣土" not in seen and case.number not in seen
    assert who("urban.1").units()


ODD = (
    "%00", "99999999999999999999", "-1", "~", "2026-06-15T00:00:00%2B08:00~99999999999999999999",
    "%F0%A0%80%80", "'--", "%FF",
)  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_whatever_stands_in_an_address_the_answer_is_a_page(odd: str) -> None:
    case = lamps(1)[0]
    client = browser("hotline.1")
    names = ("after", "unit", "area", "category", "stage", "kind", "lamp", "q", "fact.urgency", "fact.x")
    paths = [f"/desk/queue/all?{name}={odd}" for name in names]
    paths += [f"/desk/{place}/{odd}" for place in ("register", "queue", "open", "case", "callback", "call")]
    paths += [f"/desk/register/request?before={odd}", f"/desk/find?q={odd}", f"/desk/case/{case.number}?act={odd}"]
    paths += [f"/desk/case/{case.number}/file/{odd}"]
    assert client.get(f"/desk/case/{case.number}/since?seq={odd}").status_code in (200, 404)
    for path in paths:
        answer = client.get(path)
        assert answer.status_code in (200, 302, 400, 403, 404), (path, answer.status_code)
        assert answer.status_code == 302 or words(answer.content.decode()), path


@pytest.mark.parametrize("odd", ["\0", "9" * 30, "-1", "𠀀", "‮", "x" * 5000])
def test_whatever_stands_beside_a_form_the_answer_is_a_page(odd: str) -> None:
    case = lamps(1)[0]
    client = browser("dispatch.1")
    for field in ("turn", "seq", "token"):
        answer = client.post(f"/desk/case/{case.number}/act/note", {"text": "好", field: odd})
        assert answer.status_code in (302, 404, 409, 422), (field, answer.status_code)
    assert client.post("/desk/views", {"name": odd, "address": "/desk/queue/all"}).status_code in (302, 404)
    assert client.post("/desk/me/end", {"sitting": odd}).status_code in (302, 404)
    assert Client().post("/desk/login", {"name": odd, "password": odd}).status_code == 403
    assert Client().post("/desk/code", {"code": odd}).status_code == 302


@pytest.mark.parametrize("address", ["/desk/queue/all", "/desk/register/request"])
def test_a_lamp_is_found_behind_any_number_of_others(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "BATCH", 2)
    monkeypatch.setattr(queues, "LOOKED_AT", 20)
    with standing_at(MORNING - timedelta(days=20)):
        late = call(type="help", title="早就该办的", text="柳园路的路灯坏了。")
    for place in range(5):
        call(type="help", title="路灯不亮", text=f"柳园路 {place} 号的路灯坏了。")
    red, green = (page(browser("dispatch.1").get(address, {"lamp": lamp})) for lamp in ("red", "green"))
    assert numbers(red) == [late.number]
    assert len(numbers(green)) == 5 and "只看了前" not in words(green)
    monkeypatch.setattr(queues, "LOOKED_AT", 4)
    assert "只看了前 4 件" in words(page(browser("dispatch.1").get(address, {"lamp": "grey"})))


def test_pages_of_a_queue_lead_through_cases_without_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "ROWS", 2)
    cases = lamps(5)
    Case.objects.filter(pk__in=[case.pk for case in cases[:3]]).update(next_due=None)
    client, address, seen = browser("dispatch.1"), "/desk/queue/all", []
    while address:
        text = page(client.get(address))
        seen += numbers(text)
        found = re.search(r'href="([^"]*after=[^"]*)" data-next', text)
        address = unescape(found[1]) if found else ""
    assert seen == [case.number for case in (*cases[3:], *cases[:3])]
