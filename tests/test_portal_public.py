"""What anybody may know: the list, one case, what the city handles. Nobody's words, names or exact places."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import act, after
from tests.residents import LAMP, PHONE, answered, call, dispatched, do, fresh_hour, last, words

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
KIND = {"category": "streets.lamps", "area": "xihe-liuyuan"}


def test_a_public_case_shows_kind_area_stages_and_dates_and_no_words(client: Client) -> None:
    case, _ = answered(client, phone=PHONE, place="柳园路 12 号", name="王秀兰")
    for path in (f"/cases/{case.number}", "/cases", "/"):
        page = client.get(path).content.decode()
        assert "路灯照明" in page
        for secret in (LAMP, "柳园路 12 号", "王秀兰", "2046", "已换好灯泡", "市照明管理所"):
            assert secret not in page, (path, secret)
    page = words(client.get(f"/cases/{case.number}"))
    assert "待回访" in page and "已登记" in page and "最迟 6月23日 周二 18:00 前答复" in page


def test_a_number_is_found_as_it_is_said_and_a_wrong_one_says_so(client: Client) -> None:
    call(client)
    number = last().number
    spoken = f"{number[:4]} {number[4:8]}－{number[8:]}".replace("－", "-")
    assert client.get("/cases", {"number": spoken})["Location"] == f"/cases/{number}"
    for wrong in ("1", "123456789012", "<script>", "编号" * 30):
        answer = client.get("/cases", {"number": wrong})
        assert answer.status_code == 404 and "<script>" not in answer.content.decode().split("<main")[1]
    assert client.get("/cases/000000000000").status_code == 404


def test_the_list_leaves_out_who_asked_to_be_confidential(client: Client) -> None:
    call(client, wish="confidential", **KIND)
    sealed = last().number
    call(client, wrongdoing="yes", **KIND)
    report = last().number
    for path in ("/", "/cases", "/cases?area=xihe-liuyuan"):
        page = client.get(path).content.decode()
        assert sealed not in page and report not in page
    assert client.get(f"/cases/{sealed}").status_code == 200  # whoever has the number knows of it


def test_the_list_is_filtered_by_kind_area_and_state(client: Client) -> None:
    call(client, **KIND)
    lamp = last().number
    call(client, category="health.hospital", area="donggang")
    health = last().number
    case, word = answered(client)
    do(client, word, "solved", solved="yes")
    page = client.get("/cases?category=streets&state=open").content.decode()
    assert lamp in page and health not in page and case.number not in page
    assert case.number in client.get("/cases?state=closed").content.decode()
    page = client.get("/cases?area=xihe").content.decode()
    assert lamp in page and health not in page
    assert client.get("/cases?category=nothing&area=x&state=y&page=-1").status_code == 200


def test_the_list_is_paged_and_its_queries_do_not_grow(client: Client) -> None:
    call(client, **KIND)
    with CaptureQueriesContext(connection) as few:
        client.get("/cases")
    for _ in range(24):
        call(client, **KIND)
    with CaptureQueriesContext(connection) as many:
        first = client.get("/cases").content.decode()
    assert len(many) == len(few) <= 6
    assert "page=1" in first and first.count("/cases/") == 20
    second = client.get("/cases?page=1").content.decode()
    assert second.count("/cases/") == 5 and "page=0" in second


def test_a_late_case_says_so_to_everybody(client: Client) -> None:
    from huying.ledger.now import standing_at

    case, _ = dispatched(client)
    with standing_at(after("6wd")):
        assert "答复已超期" in words(client.get("/cases"))
        assert "已超期" in words(client.get(f"/cases/{case.number}"))


def test_what_goes_elsewhere_is_said_with_its_channel(client: Client) -> None:
    page = words(client.get("/help"))
    for channel in ("12388", "12348", "12380", "110", "119", "120"):
        assert channel in page
    assert "路灯照明" in page


def test_every_page_is_whole_in_both_languages(client: Client) -> None:
    case, word = answered(client, phone=PHONE)
    act(case, "progress", "lighting.1", text="x") if case.stage == "in_progress" else None
    paths = ["/", "/report", "/my", "/cases", f"/cases/{case.number}", "/help", "/my/none", f"/my/{word}"]
    paths += [f"/my/{word}?do={way}" for way in ("solved", "contest", "add", "chase", "withdraw", "seal")]
    for path in [*paths, f"/receipt/{word}"]:
        mark = "&" if "?" in path else "?"
        chinese = words(client.get(f"{path}{mark}language=zh-Hans"))
        english = words(client.get(f"{path}{mark}language=en"))
        assert "办什么" in chinese and "What we handle" in english, path
        for page in (chinese, english):
            assert "{" not in page and "}" not in page, path
