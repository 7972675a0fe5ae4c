"""A resident follows: opening a link changes nothing, acts are posted, and only with the right digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from huying.ledger import audit
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import now, standing_at
from huying.notify.outbox import fan_out
from huying.notify.post import post
from huying.portal import acts, links
from huying.portal.models import Link, WrongDigits
from tests import files
from tests.cast import MORNING, act, after
from tests.mailserver import Box, mail_server
from tests.residents import LAMP, PHONE, answered, call, dispatched, do, fresh_hour, last, words

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
EMAIL = "wang@people.example"


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    with mail_server() as (running, url):
        settings.HUYING_SMTP_URL = url
        yield running


def rows() -> tuple[object, ...]:
    """Everything that a page could change."""
    tables = (Case, Entry, Document, Link, WrongDigits)
    return tuple(list(table.objects.order_by("pk").values()) for table in tables)


def test_the_page_says_who_answers_for_it_by_when_and_why(client: Client) -> None:
    _, word = dispatched(client)
    page = words(client.get(f"/my/{word}"))
    assert "现在负责的单位： 市照明管理所" in page
    assert "最迟 6月23日 周二 18:00 前答复您" in page
    assert "还有 5 个工作日零 9 小时" in page
    assert "端午节放假，不计" in page and "第 5 个工作日" in page
    assert "派给市照明管理所，期限从这时算起" in page


def test_a_transfer_says_that_the_date_did_not_move_and_no_name_of_staff_shows(client: Client) -> None:
    case, word = dispatched(client)
    act(case, "transfer", "dispatch.1", lead="urban", reason="归城管")
    page = words(client.get(f"/my/{word}"))
    assert "主办，答复期限不变" in page and "归城管" in page
    for name in ("任书瑶", "郝雪梅", "hotline.1", "dispatch.1"):
        assert name not in client.get(f"/my/{word}").content.decode()


def test_notes_between_colleagues_and_looks_at_the_identity_never_show(client: Client) -> None:
    case, word = dispatched(client, phone=PHONE)
    act(case, "note", "lighting.1", text="此人上月也来过")
    act(case, "look", "hotline.1", reason="核对号码")
    page = words(client.get(f"/my/{word}"))
    assert "此人上月也来过" not in page and "核对号码" not in page


@pytest.mark.parametrize("query", ["", "?do=solved", "?do=contest", "?do=withdraw", "?done=solved", "?way=solved"])
def test_a_mail_scanner_that_opens_every_address_changes_nothing(client: Client, query: str) -> None:
    _, word = answered(client, phone=PHONE)
    before = rows()
    for path in (f"/my/{word}", f"/receipt/{word}"):
        for ask in (client.get, client.head):
            assert ask(path + query).status_code == 200
    assert rows() == before


def test_a_personal_page_is_kept_nowhere(client: Client) -> None:
    _, word = dispatched(client)
    for path in (f"/my/{word}", f"/receipt/{word}", "/my/nothing"):
        page = client.get(path)
        assert page["X-Robots-Tag"].startswith("noindex")
        assert page["Cache-Control"] == "no-store" and page["Referrer-Policy"] == "no-referrer"
        assert '<meta name="robots" content="noindex' in page.content.decode()


@pytest.mark.parametrize("outcome", ["fixed", "explained"])
def test_the_resident_confirms_and_it_is_their_word(client: Client, outcome: str) -> None:
    case, word = answered(client, outcome=outcome, phone=PHONE)
    answer = do(client, word, "solved", contacted="yes", solved="yes", satisfied="yes", text="谢谢")
    assert answer.status_code == 303
    case.refresh_from_db()
    assert (case.stage, case.outcome, case.verified) == ("closed", outcome, "requester")
    assert "已记录：您说解决了" in words(client.get(answer["Location"]))
    assert "诉求人" in words(client.get(f"/my/{word}"))
    assert list(audit.audit()) == []


def test_partly_solved_is_recorded_as_no_more_than_that(client: Client) -> None:
    case, word = answered(client)
    do(client, word, "solved", contacted="no", solved="partly", satisfied="mostly")
    case.refresh_from_db()
    assert (case.stage, case.outcome) == ("closed", "partly_fixed")
    said = Entry.objects.get(case=case, act="confirm").said
    assert (said["contacted"], said["solved"], said["satisfied"]) == ("no", "partly", "mostly")


def test_a_contested_answer_goes_back_with_the_first_date_on_record(client: Client) -> None:
    case, word = answered(client, phone=PHONE)
    first = case.folded().clocks["answer"].first
    missing = do(client, word, "contest", satisfied="no")
    assert missing.status_code == 400 and 'id="reason-e"' in missing.content.decode()
    assert do(client, word, "contest", reason="灯还是不亮", contacted="no", satisfied="no").status_code == 303
    case.refresh_from_db()
    assert (case.stage, case.outcome) == ("dispatched", "")
    assert case.folded().clocks["answer"].first == first
    assert "灯还是不亮" in words(client.get(f"/my/{word}"))


def test_what_the_desk_answered_itself_can_be_contested_too(client: Client) -> None:
    word = call(client)
    act(last(), "explain", "hotline.1", reply="请拨打物业电话。")
    assert "请拨打物业电话。" in words(client.get(f"/my/{word}"))
    assert do(client, word, "contest", reason="物业不接电话").status_code == 303
    assert last().stage == "triaged"


def test_a_promise_is_confirmed_and_followed(client: Client) -> None:
    case, word = dispatched(client)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "promise", "lighting.1", reply="要等电缆到货。", due="2026-07-10")
    act(case, "sign", "lighting.reviewer")
    assert do(client, word, "solved", satisfied="mostly", solved="yes").status_code == 303
    case.refresh_from_db()
    assert (case.stage, case.outcome) == ("closed", "promised")


def test_a_chase_is_counted_told_and_never_a_new_case(client: Client) -> None:
    case, word = dispatched(client)
    cases = Case.objects.count()
    assert do(client, word, "chase", text="还没来人").status_code == 303
    assert do(client, word, "chase").status_code == 303  # the same press of the button
    with standing_at(MORNING + timedelta(hours=3)):
        assert do(client, word, "chase").status_code == 303
    case.refresh_from_db()
    assert case.folded().counts["chase"] == 2
    assert Case.objects.count() == cases
    assert "已催 2 次" in words(client.get(f"/my/{word}?do=chase"))


def test_facts_and_photos_are_added_and_a_huge_photo_loses_no_word(client: Client) -> None:
    case, word = dispatched(client)
    huge = SimpleUploadedFile("大.jpg", b"\xff\xd8" + b"0" * (21 * 1024 * 1024))
    refused = do(client, word, "add", text="14 号也不亮", photos=[huge])
    assert refused.status_code == 400 and "14 号也不亮" in refused.content.decode()
    photo = SimpleUploadedFile("p.jpg", files.photo())
    assert do(client, word, "add", text="14 号也不亮", photos=[photo]).status_code == 303
    page = client.get(f"/my/{word}").content.decode()
    assert "14 号也不亮" in page
    link = re.search(rf"/my/{word}/files/\w+", page)
    assert link
    got = client.get(link[0])
    assert got["Content-Disposition"].startswith("attachment") and got["Content-Type"] == "image/jpeg"
    assert files.SECRET_PLACE not in b"".join(got.streaming_content)  # type: ignore[attr-defined]
    case.refresh_from_db()
    assert case.stage == "dispatched"


def test_a_file_of_colleagues_or_of_another_case_is_not_served(client: Client) -> None:
    case, word = dispatched(client)
    other, _ = dispatched(client)
    from huying.ledger.said import Upload

    act(case, "note", "lighting.1", text="现场", evidence=[Upload("note.jpg", files.photo())])
    act(other, "add", "requester", text="现场", evidence=[Upload("other.jpg", files.photo())])
    for document in Document.objects.exclude(blob=""):
        assert client.get(f"/my/{word}/files/{document.key}").status_code == 404
    assert client.get(f"/my/{word}/files/../../x").status_code == 404


def test_the_answers_photos_show_once_it_is_sent_and_not_before(client: Client) -> None:
    from huying.ledger.said import Upload

    case, word = dispatched(client)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    photo = [Upload("after.jpg", files.photo())]
    act(case, "submit", "lighting.1", reply="换好了", outcome="fixed", evidence=photo)
    key = Document.objects.get(case=case, name="after.jpg").key
    assert client.get(f"/my/{word}/files/{key}").status_code == 404
    assert "换好了" not in client.get(f"/my/{word}").content.decode()
    act(case, "sign", "lighting.reviewer")
    served = client.get(f"/my/{word}/files/{key}")
    assert served.status_code == 200
    assert b"".join(served.streaming_content)  # type: ignore[attr-defined]
    assert f"/my/{word}/files/{key}" in client.get(f"/my/{word}").content.decode()


def test_withdrawn_it_can_be_taken_up_again_and_closed_it_can_be_reopened(client: Client) -> None:
    word = call(client)
    assert do(client, word, "withdraw").status_code == 303
    assert last().stage == "withdrawn"
    assert do(client, word, "reopen", reason="又不亮了").status_code == 303
    assert last().stage == "triaged"
    case, word = answered(client)
    do(client, word, "solved", solved="yes")
    assert do(client, word, "reopen", reason="第二天又灭了").status_code == 303
    case.refresh_from_db()
    assert case.stage == "dispatched"


def test_an_ordinary_call_is_made_confidential_later(client: Client) -> None:
    _, word = dispatched(client, phone=PHONE)
    assert LAMP in client.get(f"/my/{word}").content.decode()
    assert do(client, word, "seal").status_code == 303
    page = client.get(f"/my/{word}").content.decode()
    assert "已替您保密" in page and LAMP not in page


@pytest.mark.parametrize("digits", ["", "2047", "02046", "１２３４", "138 0000 2046"])
def test_wrong_digits_do_nothing_and_keep_what_was_typed(client: Client, digits: str) -> None:
    case, word = answered(client, phone=PHONE)
    answer = do(client, word, "contest", reason="灯还是不亮", digits=digits)
    assert answer.status_code == 403
    assert "灯还是不亮" in answer.content.decode() and 'id="digits-e"' in answer.content.decode()
    case.refresh_from_db()
    assert case.stage == "verifying"


def test_five_wrong_digits_shut_the_door_for_an_hour_also_to_the_right_ones(client: Client) -> None:
    case, word = answered(client, phone=PHONE)
    for _ in range(links.MOST_WRONG):
        assert do(client, word, "solved", solved="yes", digits="0000").status_code == 403
    assert do(client, word, "solved", solved="yes").status_code == 429
    case.refresh_from_db()
    assert case.stage == "verifying"
    with standing_at(MORNING + timedelta(hours=1, minutes=1)):
        assert do(client, word, "solved", solved="yes").status_code == 303
    with standing_at(MORNING + timedelta(hours=4)):
        assert not links.fits(case, "0000")
    assert WrongDigits.objects.count() == 1  # the old ones are forgotten


def test_without_a_phone_no_digits_are_asked_for(client: Client) -> None:
    _, word = answered(client)
    assert 'name="digits"' not in client.get(f"/my/{word}?do=solved").content.decode()
    assert do(client, word, "solved", solved="yes", digits="").status_code == 303


def test_of_two_who_decide_at_once_one_is_told_and_keeps_the_words(client: Client) -> None:
    case, word = answered(client)
    seen = client.get(f"/my/{word}").context["turn"]
    act(case, "correct", "lighting.reviewer", reply="更正：共 3 盏。", reason="数错了")
    said = {"way": "contest", "seen": seen, "reason": "灯还是不亮"}
    answer = client.post(f"/my/{word}", said)
    assert answer.status_code == 409
    assert "灯还是不亮" in answer.content.decode() and "更正：共 3 盏。" in answer.content.decode()
    case.refresh_from_db()
    assert case.stage == "verifying"


def test_the_same_word_twice_is_told_that_the_stage_has_moved_on(client: Client) -> None:
    _, word = answered(client)
    assert do(client, word, "solved", solved="yes").status_code == 303
    again = do(client, word, "solved", solved="yes", text="真的好了")
    assert again.status_code == 409 and "真的好了" in again.content.decode()
    assert Entry.objects.filter(act="confirm").count() == 1


@pytest.mark.parametrize("way", ["", "triage", "dispatch", "confirm", "__class__", "催单"])
def test_nothing_else_can_be_done_by_a_link(client: Client, way: str) -> None:
    case, word = dispatched(client)
    before = case.seq
    assert do(client, word, way).status_code == 400
    case.refresh_from_db()
    assert case.seq == before


@pytest.mark.parametrize("seen", ["", "-1", "abc", "9" * 30, "１"])
def test_a_page_that_says_no_turn_decides_nothing(client: Client, seen: str) -> None:
    case, word = answered(client)
    assert client.post(f"/my/{word}", {"way": "solved", "solved": "yes", "seen": seen}).status_code == 409
    case.refresh_from_db()
    assert case.stage == "verifying"


@pytest.mark.parametrize("word", ["x", "a" * 26, "A" * 26, "'; --", "../admin", "呼应" * 13, "a" * 5000])
def test_a_word_that_is_no_link_says_so_clearly(client: Client, word: str) -> None:
    for path in (f"/my/{word}", f"/receipt/{word}"):
        answer = client.get(path)
        assert answer.status_code == 404
    if "/" not in word:
        assert "再要一个链接" in words(client.get(f"/my/{word}"))
        assert client.post(f"/my/{word}", {"way": "withdraw"}).status_code == 404


def test_somebody_elses_link_opens_their_case_and_never_mine(client: Client) -> None:
    mine, _ = dispatched(client)
    _, theirs = dispatched(client)
    page = client.get(f"/my/{theirs}").content.decode()
    assert f"{mine.number[:4]} {mine.number[4:8]}" not in page


def test_half_a_year_after_closing_a_link_has_ended(client: Client) -> None:
    _, word = answered(client)
    do(client, word, "solved", solved="yes")
    with standing_at(MORNING + links.LIFE_AFTER_CLOSING):
        assert client.get(f"/my/{word}").status_code == 200
    with standing_at(MORNING + links.LIFE_AFTER_CLOSING + timedelta(seconds=1)):
        assert client.get(f"/my/{word}").status_code == 410
        assert client.post(f"/my/{word}", {"way": "reopen", "reason": "x"}).status_code == 410
        assert "已经失效" in words(client.get(f"/receipt/{word}"))


def test_the_link_of_a_letter_opens_the_case_and_a_colleagues_digest_does_not(client: Client, box: Box) -> None:
    call(client, email=EMAIL)
    fan_out()
    with standing_at(after("1d")):
        post()
    letters = {str(message["To"]): message.get_content() for message in box.messages}
    found = re.search(r"/my/(\w+)", letters[EMAIL])
    assert found
    assert words(client.get(f"/my/{found[1]}")).count("收到您的反映") == 1
    assert client.get(f"/receipt/{found[1]}").status_code == 404
    from huying.notify.models import Letter

    for letter in Letter.objects.exclude(to="requester").exclude(mark=""):
        from huying.notify.post import token

        assert client.get(f"/my/{token(letter.pk)}").status_code == 404


def test_another_link_goes_by_letter_and_is_never_shown(client: Client, box: Box) -> None:
    call(client, phone=PHONE, email=EMAIL)
    case = last()
    right = client.post("/my", {"number": case.number, "phone": "13800002046"})
    wrong = client.post("/my", {"number": case.number, "phone": "13900002046"})
    assert words(right).replace(case.number, "") == words(wrong).replace(case.number, "")
    assert Entry.objects.filter(case=case, act="ask_link").count() == 1
    fan_out()
    post()
    letter = next(message.get_content() for message in box.messages if "专用链接" in message.get_content())
    found = re.search(r"/my/(\w+)", letter)
    assert found and client.get(f"/my/{found[1]}").status_code == 200
    assert found[1] not in right.content.decode()


def test_links_are_asked_for_three_times_a_day_and_numbers_are_not_tried_out(client: Client) -> None:
    call(client, phone=PHONE)
    case = last()
    for _ in range(6):
        client.post("/my", {"number": case.number, "phone": PHONE})
    assert Entry.objects.filter(case=case, act="ask_link").count() == acts.LINKS_A_DAY
    other = (call(client, phone=PHONE), last())[1]
    for _ in range(acts.ASKS_AN_HOUR):
        client.post("/my", {"number": other.number, "phone": "13900000000"})
    client.post("/my", {"number": other.number, "phone": PHONE})
    assert not Entry.objects.filter(case=other, act="ask_link").exists()


@pytest.mark.parametrize("said", [{}, {"number": "123"}, {"number": "abc", "phone": "x"}, {"phone": PHONE}])
def test_a_question_for_a_link_that_says_too_little_is_answered_politely(client: Client, said: dict[str, str]) -> None:
    assert client.post("/my", said).status_code == 200


def test_a_merged_call_keeps_its_page_and_hears_the_survivors_answer(client: Client) -> None:
    survivor, _ = dispatched(client)
    word = call(client)
    joined = last()
    act(joined, "triage", "hotline.1", type="help", category="streets.lamps", area="xihe-liuyuan")
    act(joined, "merge", "dispatch.1", into=survivor.number)
    assert "别人也反映了同一件事" in words(client.get(f"/my/{word}"))
    act(survivor, "accept", "lighting.1")
    act(survivor, "contact", "lighting.1", reached="yes")
    act(survivor, "submit", "lighting.1", reply="已全部换好。", outcome="fixed")
    act(survivor, "sign", "lighting.reviewer")
    fan_out()
    assert "已全部换好。" in words(client.get(f"/my/{word}"))


def test_a_late_promise_says_late_and_keeps_its_date(client: Client) -> None:
    _, word = dispatched(client)
    from huying import runner

    with standing_at(after("6wd")):
        runner.ring()
        page = words(client.get(f"/my/{word}"))
    assert "已超期" in page and "6月23日 周二 18:00" in page and "有一项时限已到" in page
    assert now() == MORNING


def test_the_queries_of_a_page_do_not_grow_with_its_case(client: Client) -> None:
    case, word = dispatched(client)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"/my/{word}")
    for n in range(20):
        act(case, "progress", "lighting.1", text=f"第 {n} 次进展") if n else act(case, "accept", "lighting.1")
    with CaptureQueriesContext(connection) as many:
        client.get(f"/my/{word}")
    assert len(many) <= len(few) + 1
    assert len(few) <= 30, [query["sql"][:80] for query in few]
