"""Directives: what must be there, who may cross off, what a citation may name, and their register at the desk."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.desk.models import Held
from huying.errors import CannotCite, DueAfterParent, NotAllowed, NotInOffice, Stale, Unanswered
from huying.ledger.models import Case, Entry
from huying.ledger.record import record
from tests.cast import act, call, who
from tests.desks import browser, hidden, page, words

pytestmark = pytest.mark.django_db


def directive(**other: object) -> Case:
    said = {
        "title": "关于路灯的情况", "leader": "mayor", "noted": "2026-06-14", "verbatim": "请查明原因，限期修复。",
        "demands": "1. 查明原因\n2. 限期修复", "secrecy": "none", "urgency": "urgent",
    }  # fmt: skip
    return call("office.clerk", "directive", **{**said, **other})


def handed_down(due: str = "2026-07-10") -> Case:
    case = directive()
    act(case, "propose", "office.clerk", text="拟请城管局办理")
    act(case, "hand_down", "office.clerk", lead="urban", due=due)
    act(case, "accept", "urban.1")
    return case


def been_read() -> Case:
    case = handed_down()
    act(case, "submit", "urban.1", reply="修好了", answers=["线路老化", "已修复"], outcome="fixed")
    act(case, "sign", "urban.reviewer")
    act(case, "read", "mayor")
    return case


def test_its_text_stands_word_for_word_and_the_ledger_knows_how_many_demands_it_makes() -> None:
    case = directive()
    assert case.folded().facts["demands"] == 2
    text = words(page(browser("office.clerk").get(f"/desk/case/{case.number}")))
    assert "请查明原因，限期修复。" in text and "查明原因 限期修复" in text


def test_a_leader_who_has_left_wrote_it_only_while_in_office(monkeypatch: pytest.MonkeyPatch) -> None:
    directive(leader="office.leader", noted="2020-01-01")
    with pytest.raises(NotInOffice):
        directive(leader="office.leader", noted="2019-12-31")


def test_only_one_of_two_who_cross_off_at_once_does_and_no_other_desk_may() -> None:
    case = been_read()
    with pytest.raises(NotAllowed):
        record(case, "close", who("supervision.1"), {}, seen=case.turn)
    seen = case.turn
    record(case, "close", who("office.clerk"), {}, seen=seen)
    with pytest.raises(Stale):
        record(case, "close", who("office.leader"), {}, seen=seen)


def test_each_demand_is_answered_and_answers_are_given_anew_after_it_was_sent_back() -> None:
    case = handed_down()
    with pytest.raises(Unanswered):
        act(case, "submit", "urban.1", reply="修好了", answers="已修复", outcome="fixed")
    case = been_read()
    act(case, "send_back", "office.clerk", reason="再查")
    assert "answers" not in case.folded().facts


def test_a_task_later_than_its_parent_is_handed_down_by_whoever_may_grant_an_extension() -> None:
    case = handed_down(due="2026-06-26")
    late = [{"lead": "lighting", "due": "2026-07-10"}]
    with pytest.raises(DueAfterParent):
        act(case, "task", "urban.1", children=late)
    act(case, "task", "office.clerk", children=late)


def test_no_circle_of_directives_and_a_request_shows_which_cites_it() -> None:
    first, request = directive(), call()
    second = directive(follows=first.number)
    assert second.folded().source == first.number
    with pytest.raises(CannotCite):
        act(first, "cite", "office.clerk", cited=second.number)
    with pytest.raises(CannotCite):
        directive(follows=request.number)
    turn = request.turn
    act(first, "cite", "office.clerk", cited=request.number)
    request.refresh_from_db()
    assert request.turn == turn
    assert Entry.objects.get(case=request, act="cited").said == {"case": first.number}
    assert "被批示件引用" in words(page(browser("hotline.1").get(f"/desk/case/{request.number}")))


def test_nothing_of_a_refused_form_waits_for_a_second_try_and_the_clerk_is_told_whom_to_call() -> None:
    client = browser("office.clerk")
    form = hidden(page(client.get("/desk/open/directive")))
    scan = SimpleUploadedFile("扫描.pdf", b"%PDF-1.4 x", "application/pdf")
    answer = client.post("/desk/open/directive", {**form, "title": "某件", "secrecy": "secret", "scan": scan})
    text = words(page(answer, answer.status_code))
    assert "密级带有国家秘密标志" in text and "云汀市国家保密局（电话 0000-12345678）" in text
    assert not Held.objects.exists() and not Case.objects.filter(procedure="directive").exists()


def test_the_register_is_sifted_by_leader_unit_lamp_and_month() -> None:
    cache.clear()
    mine, other = handed_down(), directive(leader="vice.mayor")
    act(mine, "task", "urban.1", children=[{"lead": "lighting", "due": "3wd"}])
    client = browser("office.clerk")

    def shown(query: str) -> set[str]:
        text = page(client.get(f"/desk/register/directive?{query}"))
        return {case.number for case in (mine, other) if f'id="c{case.number}"' in text}

    assert shown("") == shown("month=2026-06") == shown("month=2026") == shown("lamp=green") == {
        mine.number, other.number,
    }  # fmt: skip
    assert shown("month=2026-05") == shown("lamp=red") == shown("closed=yes") == set()
    assert shown("fact.leader=雷晨曦") == shown("unit=urban") == {mine.number}
    text = page(client.get("/desk/register/directive?month=2026"))
    assert "销号 0 / 1 项" in words(text) and "月度汇总" in words(text) and "2026-06" in text


def test_the_register_asks_as_often_for_many_as_for_one_and_a_directive_opens_with_200_tasks() -> None:
    cache.clear()
    case, client = handed_down(), browser("office.clerk")

    def asked(address: str) -> int:
        page(client.get(address))
        with CaptureQueriesContext(connection) as queries:
            page(client.get(address))
        return len(queries)

    act(case, "task", "urban.1", children=[{"lead": "lighting", "due": "3wd"}])
    one = asked("/desk/register/directive"), asked(f"/desk/case/{case.number}")
    act(case, "task", "urban.1", children=[{"lead": "lighting", "due": "3wd"}] * 199)
    for _ in range(3):
        directive()
    assert (asked("/desk/register/directive"), asked(f"/desk/case/{case.number}")) <= one
