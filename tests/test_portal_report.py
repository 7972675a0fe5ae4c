"""A resident reports: one form, one case, a receipt; nothing typed is lost, and nothing is taken in twice."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from huying.intake.limits import HOUR
from huying.ledger import attachments, audit, identity
from huying.ledger.models import Case, Document, Entry
from huying.portal import form, links, report
from huying.portal.models import Link
from tests import files
from tests.cast import who
from tests.residents import LAMP, PHONE, call, fresh_hour, last, sent, words

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
LIUYUAN = {"lat": "38.55", "long": "119.8"}


def test_a_few_words_are_enough_and_the_receipt_says_number_promise_and_link(client: Client) -> None:
    word = call(client)
    case = last()
    page = words(client.get(f"/receipt/{word}"))
    assert f"{case.number[:4]} {case.number[4:8]} {case.number[8:]}" in page
    assert "6月15日 周一 13:00 前派给一个单位，派出后最迟 5 个工作日内答复" in page
    assert "今天派出的话，就是 6月23日 周二 18:00 前" in page
    assert case.entries.get(seq=1).hash[:4] in page
    assert f"/my/{word}" in client.get(f"/receipt/{word}").content.decode()
    assert (case.stage, case.source_system) == ("registered", "portal")
    assert list(audit.audit()) == []


def test_no_word_of_a_link_is_kept_in_any_table(client: Client) -> None:
    word = call(client)
    kept = json.dumps([list(table.objects.values()) for table in (Link, Case, Entry, Document)], default=str)
    assert word not in kept


def test_a_double_click_is_one_case_and_shows_the_same_receipt(client: Client) -> None:
    once = links.new_once()
    assert call(client, once=once) == call(client, once=once)
    assert Case.objects.filter(source_system="portal").count() == 1


def test_what_was_changed_after_sending_is_neither_lost_nor_a_second_case(client: Client) -> None:
    once = links.new_once()
    word = call(client, once=once)
    answer = sent(client, once=once, text="还有一处井盖也坏了。")
    assert answer.status_code == 409
    assert "还有一处井盖也坏了。" in answer.content.decode()
    assert f"/my/{word}" in answer.content.decode()
    assert Case.objects.filter(source_system="portal").count() == 1


@pytest.mark.parametrize("once", ["", "x", "'; DROP TABLE ledger_case; --", "é" * 30])
def test_an_unusable_token_of_the_form_loses_no_call(client: Client, once: str) -> None:
    call(client, once=once)
    assert last().stage == "registered"


def test_every_mistake_stands_beside_its_field_and_nothing_is_cleared(client: Client) -> None:
    answer = sent(client, text="", place="柳园路 12 号", phone="12", email="wang", area="nowhere", category="nothing")
    page = answer.content.decode()
    assert answer.status_code == 400
    for name in ("text", "phone", "email", "area", "category"):
        assert f'id="{name}-e"' in page, name
        assert re.search(rf'id="{name}"[^>]*aria-invalid="true"', page), name
    assert 'value="柳园路 12 号"' in page and 'value="12"' in page and 'value="wang"' in page
    assert 'role="alert"' in page
    assert not Case.objects.filter(source_system="portal").exists()


def test_contact_is_optional_and_sealed_where_it_is_given(client: Client) -> None:
    word = call(client, phone=PHONE, name="王秀兰", email="wang@people.example")
    case = last()
    assert identity.has_phone(case) and identity.ends_with(case, "2046") and not identity.ends_with(case, "2047")
    page = client.get(f"/my/{word}").content.decode()
    assert "王秀兰" not in page and "2046" not in page and "wang@" not in page
    assert identity.look(case, who("hotline.1"), "核对").requester.name == "王秀兰"


@pytest.mark.parametrize(("wish", "said"), [("confidential", "已替您保密"), ("anonymous", "匿名，没有留身份")])
def test_confidential_and_anonymous_are_said_and_kept(client: Client, wish: str, said: str) -> None:
    word = call(client, wish=wish)
    assert last().sealed == wish
    assert said in words(client.get(f"/receipt/{word}"))
    assert LAMP not in client.get(f"/my/{word}").content.decode()


def test_anonymous_with_a_phone_is_asked_again_and_keeps_nothing(client: Client) -> None:
    answer = sent(client, wish="anonymous", phone=PHONE)
    assert answer.status_code == 400 and 'id="wish-e"' in answer.content.decode()
    assert not Document.objects.filter(field="requester").exists()


def test_a_report_of_wrongdoing_is_always_sealed_and_never_public(client: Client) -> None:
    call(client, wrongdoing="yes", category="streets.lamps", area="xihe-liuyuan")
    case = last()
    assert case.sealed == "report"
    assert client.get(f"/cases/{case.number}").status_code == 404
    assert case.number not in client.get("/cases").content.decode()


def test_what_the_city_does_not_handle_is_pointed_elsewhere_and_not_kept(client: Client) -> None:
    answer = sent(client, category="discipline.all.clue", text="某某收受好处。")
    assert answer.status_code == 400 and "12388" in words(answer)
    assert not Case.objects.filter(source_system="portal").exists()


def test_words_of_danger_show_the_numbers_before_and_after_sending(client: Client) -> None:
    text = "三楼有人昏迷，闻到燃气泄漏的味道"
    refused = sent(client, text=text, phone="1").content.decode()
    assert re.search(r'id="danger" role="alert">', refused)
    word = call(client, text=text)
    assert 'href="tel:120"' in client.get(f"/receipt/{word}").content.decode()
    assert re.search(r'id="danger" role="alert">', client.get(f"/receipt/{word}").content.decode())
    assert re.search(r'id="danger" role="alert" hidden>', client.get("/report").content.decode())


def test_the_phones_position_gives_the_area_and_is_never_public_exactly(client: Client) -> None:
    call(client, lat="38.550123", long="119.800456", category="streets.lamps")
    case = last()
    assert case.area
    page = client.get(f"/cases/{case.number}").content.decode() + client.get("/cases").content.decode()
    assert "38.55" not in page


def test_a_place_outside_the_city_is_kept_and_said(client: Client) -> None:
    word = call(client, lat="22.5", long="114.1")
    assert last().area == ""
    assert "不在本市辖区内" in words(client.get(f"/receipt/{word}"))


@pytest.mark.parametrize("lat", ["abc", "91", "1e5", "38.55'--", "９１"])
def test_a_position_that_cannot_be_is_refused_beside_the_place(client: Client, lat: str) -> None:
    answer = sent(client, lat=lat, long="119.8")
    assert answer.status_code == 400 and 'id="place-e"' in answer.content.decode()


def test_photos_lose_where_they_were_taken_also_from_a_phone_that_writes_heic(client: Client) -> None:
    heic = SimpleUploadedFile("IMG_1.HEIC", files.photo("HEIF"), "image/heic")
    jpeg = SimpleUploadedFile("p.jpg", files.photo(), "image/jpeg")
    call(client, photos=[heic, jpeg])
    kept = Document.objects.filter(case=last(), field="evidence")
    assert kept.count() == 2
    for document in kept:
        content = attachments.path_of(document.blob).read_bytes()
        assert files.SECRET_PLACE not in content
        assert not dict(Image.open(io.BytesIO(content)).getexif())


def test_a_photo_of_60_mb_is_refused_by_name_and_every_word_is_kept(client: Client) -> None:
    huge = SimpleUploadedFile("大照片.jpg", b"\xff\xd8" + b"0" * (60 * 1024 * 1024), "image/jpeg")
    answer = sent(client, photos=[huge], place="柳园路口", phone=PHONE)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "大照片.jpg" in page and 'id="photos-e"' in page
    assert LAMP in page and 'value="柳园路口"' in page and f'value="{PHONE}"' in page


@pytest.mark.parametrize(
    "upload",
    [
        SimpleUploadedFile("a.jpg", b"not a picture"),
        SimpleUploadedFile("机密★10年.jpg", b"\x89PNG"),
        SimpleUploadedFile("virus.exe", b"MZ" + b"\0" * 500),
    ],
    ids=["no picture", "secret name", "program"],
)
def test_a_file_that_cannot_be_kept_is_refused_beside_the_photos(client: Client, upload: SimpleUploadedFile) -> None:
    upload.seek(0)
    answer = sent(client, photos=[upload])
    assert answer.status_code == 400 and 'id="photos-e"' in answer.content.decode()
    assert not Case.objects.filter(source_system="portal").exists()


def test_more_photos_than_fit_are_refused_before_any_is_looked_at(client: Client) -> None:
    many = [SimpleUploadedFile(f"{n}.png", files.png(1, 1)) for n in range(9)]
    assert "最多 8 张" in words(sent(client, photos=many))


@pytest.mark.parametrize("text", ["机密★10年 内部文件", "绝密\n关于路灯"])
def test_a_mark_of_secrecy_is_refused_and_nothing_is_kept(client: Client, text: str) -> None:
    answer = sent(client, text=text)
    assert answer.status_code == 400 and 'id="text-e"' in answer.content.decode()
    assert not Document.objects.filter(body__contains="密").exists()


@pytest.mark.parametrize("text", ["𠮷野家门口𪚥积水", "ߔ 🚰 漏水 ‮abc", "a" * 20_000])
def test_rare_characters_and_long_texts_come_back_as_they_were(client: Client, text: str) -> None:
    word = call(client, text=text)
    assert Document.objects.get(case=last(), field="text").body == text
    assert text[:3] in words(client.get(f"/my/{word}"))


@pytest.mark.parametrize("text", ["a" * 20_001, "坏\x00了", "   \n "])
def test_a_text_that_cannot_be_kept_is_refused_beside_it(client: Client, text: str) -> None:
    answer = sent(client, text=text)
    assert answer.status_code == 400 and 'id="text-e"' in answer.content.decode()


def test_a_script_in_the_words_is_shown_as_words(client: Client) -> None:
    evil = "<script>alert(1)</script>{{ settings }}"
    word = call(client, text=evil)
    for page in (client.get(f"/my/{word}"), client.get(f"/receipt/{word}"), sent(client, text=evil, phone="1")):
        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert" in page.content.decode()


def test_a_burst_is_kept_whole_and_asks_for_a_look(client: Client) -> None:
    for _ in range(report.MOST_AN_HOUR + 3):
        call(client)
    flagged = Case.objects.filter(source_system="portal", listed__name="over_limit")
    assert Case.objects.filter(source_system="portal").count() == report.MOST_AN_HOUR + 3
    assert flagged.count() == 3
    assert HOUR == 3600


def test_people_near_reported_it_already_by_place_or_by_kind_and_only_public_facts_show(client: Client) -> None:
    call(client, category="streets.lamps", **LIUYUAN)
    known = last()
    near = client.post("/report/near", {"lat": "38.5515", "long": "119.8"})
    assert known.number in near.content.decode()
    assert LAMP not in near.content.decode() and "柳园路 12" not in near.content.decode()
    assert known.number not in client.post("/report/near", {"lat": "38.556", "long": "119.8"}).content.decode()
    kind = {"area": known.area, "category": "streets"}
    assert known.number in client.post("/report/near", kind).content.decode()
    assert known.number not in client.post("/report/near", {**kind, "category": "health"}).content.decode()


def test_nobody_learns_from_near_of_what_was_asked_to_be_confidential(client: Client) -> None:
    call(client, wish="confidential", category="streets.lamps", **LIUYUAN)
    call(client, wrongdoing="yes", category="streets.lamps", **LIUYUAN)
    assert "/cases/" not in client.post("/report/near", LIUYUAN).content.decode()


def test_without_scripts_a_button_looks_near_and_opens_nothing(client: Client) -> None:
    call(client, category="streets.lamps", area="xihe-liuyuan")
    known = last()
    said = {"text": "", "place": "路口", "category": "streets.lamps", "area": "xihe-liuyuan", "look": "near"}
    answer = sent(client, **said)
    assert answer.status_code == 200
    assert known.number in answer.content.decode() and 'value="路口"' in answer.content.decode()
    assert 'id="text-e"' not in answer.content.decode()
    assert last() == known


def test_the_form_says_purpose_ground_time_rights_guardian_and_emergency_numbers(client: Client) -> None:
    page = client.get("/report").content.decode()
    for said in ("个人信息保护法", "监护人", "保存多久", "更正或删除", 'href="tel:110"', 'href="tel:119"'):
        assert said in page
    assert page.index('href="tel:110"') < page.index("<form")


def test_the_form_sets_no_cookie_and_comes_from_nowhere_else(client: Client) -> None:
    page = client.get("/report")
    assert not page.cookies
    assert not re.search(r'(src|href|action)="https?://', page.content.decode())
    assert page["Referrer-Policy"] == "no-referrer"
    assert "style=" not in page.content.decode() and "onclick" not in page.content.decode()


def test_a_body_that_broke_off_is_answered_with_the_form(client: Client) -> None:
    kind = "multipart/form-data; boundary=x"
    answer = client.post("/report", b'--x\r\nContent-Disposition: form-data; name="text"', content_type=kind)
    assert answer.status_code == 400 and 'id="report"' in answer.content.decode()
    assert client.post("/report", b"\xff\xfe{", content_type="application/json").status_code == 400
    assert client.delete("/report").status_code == 405 and client.get("/report/near").status_code == 405


def test_the_first_words_are_the_title_as_they_were_said() -> None:
    assert form.title("柳园路灯不亮。已经三天。") == "柳园路灯不亮"
    assert form.title("。。") == "。。"
    assert form.title("路" * 50) == "路" * 40 + "…"


def test_an_english_reader_gets_english(client: Client) -> None:
    page = client.get("/report?language=en")
    assert "What is it?" in words(page) and 'lang="en"' in page.content.decode()
    assert "What is it?" in words(client.get("/report"))  # kept in the one cookie that there is
