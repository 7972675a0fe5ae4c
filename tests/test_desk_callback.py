"""The call-back: asked in fixed words, recorded once, judged by nobody who handled the case."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from huying import runner
from huying.city import store
from huying.city.calendar import Limit
from huying.city.facts import LimitRow, Post
from huying.ledger import find
from huying.ledger.models import Case
from huying.ledger.now import standing_at
from tests import residents
from tests.cast import MORNING, act, call
from tests.desks import browser, hidden, page, words

pytestmark = pytest.mark.django_db
ANSWERS = {"reached": "yes", "contacted": "yes", "solved": "yes", "satisfied": "mostly"}


def answered(outcome: str = "fixed", **more: str) -> Case:
    """A case whose answer was signed: the call-back desk leads."""
    requester = {"name": "马秀兰", "phone": "13900001111"}
    case = call("hotline.1", "request", title="路灯不亮", text="路灯坏了三天", type="help", requester=requester)
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome=outcome, no_evidence="电话核实", **more)
    act(case, "sign", "lighting.reviewer")
    return case


def record(case: Case, key: str = "callback.1", **said: str) -> tuple[int, str]:
    client = browser(key)
    form = hidden(page(client.get(f"/desk/callback/{case.number}")))
    answer = client.post(f"/desk/callback/{case.number}", {**form, **said})
    case.refresh_from_db()
    return answer.status_code, words(answer.content.decode())


def acts(case: Case) -> list[str]:
    return [entry.act for entry in find.entries(case)]


def test_the_page_reads_the_questions_and_chooses_nothing_beforehand() -> None:
    text = page(browser("callback.1").get(f"/desk/callback/{answered().number}"))
    assert (
        "市照明管理所有没有打过电话或者当面找过您？" in text
        and "已更换灯泡。" in text
        and "他们认为：已解决" in words(text)
    )
    assert " checked" not in text and "13900001111" not in text and "马秀兰" not in text


def test_solved_and_satisfied_closes_the_case_with_one_record() -> None:
    case = answered()
    status, _ = record(case, **ANSWERS)
    assert status == 302 and (case.stage, case.outcome, case.verified) == ("closed", "fixed", "callback")
    assert acts(case)[-2:] == ["reach", "confirm"]


def test_mostly_solved_is_never_more_than_partly_fixed() -> None:
    case = answered()
    record(case, **{**ANSWERS, "solved": "partly"})
    assert (case.stage, case.outcome) == ("closed", "partly_fixed")


def test_not_solved_goes_back_with_the_words_of_who_called() -> None:
    case = answered()
    status, text = record(case, **{**ANSWERS, "solved": "no"})
    assert status == 422 and "请照诉求人的话写明哪里没解决" in text and acts(case)[-1] == "sign"
    record(case, **{**ANSWERS, "solved": "no", "text": "还是不亮"})
    assert case.stage == "dispatched" and acts(case)[-2:] == ["reach", "redo"]


def test_nobody_reached_decides_nothing() -> None:
    case = answered()
    assert record(case, reached="no_answer")[0] == 302
    assert case.stage == "verifying" and acts(case)[-1] == "call"
    text = words(page(browser("callback.1").get(f"/desk/callback/{case.number}")))
    assert "无人接听" in text and "请不要早于这个时间再打： 6月15日 周一 11:00" in text


def test_what_wasnt_asked_is_said_and_what_was_typed_stays() -> None:
    case = answered()
    status, text = record(case, reached="yes", solved="yes", text="灯亮了")
    assert status == 422 and "请填写：是否联系。" in text and "请填写：是否满意。" in text and "灯亮了" in text
    assert record(case)[0] == 422


def test_two_clicks_are_one_call_back() -> None:
    case = answered()
    client = browser("callback.1")
    form = hidden(page(client.get(f"/desk/callback/{case.number}")))
    client.post(f"/desk/callback/{case.number}", {**form, "reached": "no_answer"})
    client.post(f"/desk/callback/{case.number}", {**form, "reached": "no_answer"})
    assert acts(case).count("call") == 1


def test_the_number_is_shown_through_a_recorded_look() -> None:
    case = answered()
    text = page(browser("callback.1").post(f"/desk/case/{case.number}/look", {"reason": "回访"}))
    assert "13900001111" in text and acts(case)[-1] == "look"


@pytest.mark.parametrize("key", ["lighting.1", "lighting.2", "lighting.reviewer", "dispatch.1", "mayor"])
def test_nobody_but_the_call_back_desk_gets_the_page(key: str) -> None:
    case = answered()
    client = browser(key)
    assert client.get(f"/desk/callback/{case.number}").status_code == 403
    assert client.post(f"/desk/callback/{case.number}", ANSWERS).status_code == 403
    assert case.stage == "verifying"


def test_a_case_that_waits_for_no_call_back_has_no_page() -> None:
    case = call()
    assert browser("callback.1").get(f"/desk/callback/{case.number}").status_code == 400


def test_the_queue_of_the_desk_leads_to_the_questions() -> None:
    case = answered()
    assert f'href="/desk/callback/{case.number}"' in page(browser("callback.1").get("/desk/callback/"))


def with_posts(monkeypatch: pytest.MonkeyPatch, key: str, *posts: Post) -> None:
    """A city in which that person holds these posts too."""
    whole = store.current()
    both = replace(whole.people[key], posts=(*whole.people[key].posts, *posts))
    city = replace(whole, people={**whole.people, key: both})
    monkeypatch.setattr(store, "current", lambda: city)


CALLBACK = Post("callback", "callback")
BY_HAND = {"contacted": "yes", "solved": "yes", "satisfied": "yes"}


@pytest.mark.parametrize(
    ("key", "said"),
    [("lighting.1", "陈德胜"), ("lighting.2", "市照明管理所")],
    ids=["the handler with a second role", "a colleague of the same organ"],
)
def test_whoever_handled_it_does_not_judge_nor_does_a_colleague(
    monkeypatch: pytest.MonkeyPatch, key: str, said: str
) -> None:
    """Not even where the city gave them a post at the call-back desk: what was done is in the ledger (promise 9)."""
    case = answered()
    with_posts(monkeypatch, key, CALLBACK)
    client = browser(key)
    refused = f"须由没有办理过本件的人来做，而{said}办理过本件"
    assert refused in words(page(client.get(f"/desk/callback/{case.number}"), 400))
    assert refused in words(page(client.post(f"/desk/callback/{case.number}", ANSWERS), 400))
    form = {**hidden(page(client.get(f"/desk/case/{case.number}"))), "turn": str(case.turn)}
    assert refused in words(page(client.post(f"/desk/case/{case.number}/act/confirm", {**form, **BY_HAND}), 422))
    case.refresh_from_db()
    assert (case.stage, case.verified) == ("verifying", "")


@pytest.mark.parametrize("key", ["lighting.1", "lighting.reviewer", "lighting.2"])
@pytest.mark.parametrize("way", ["solved", "contest", "withdraw", "add"])
def test_the_residents_link_does_nothing_in_the_browser_of_whoever_handled_it(key: str, way: str) -> None:
    """Staff who are signed in and hold the link of their own case, digits and all, don't speak for its requester."""
    case, word = residents.answered(Client(), phone="139 0000 2046")
    before = case.seq
    said = {"solved": "yes", "contacted": "yes", "satisfied": "yes", "reason": "没修", "text": "好了"}
    answer = residents.do(browser(key), word, way, **said)
    assert answer.status_code == 409 and "须由没有办理过本件的人来做" in residents.words(answer)
    case.refresh_from_db()
    assert (case.seq, case.stage) == (before, "verifying")


def test_the_same_link_works_for_a_resident_and_for_staff_who_had_nothing_to_do_with_it() -> None:
    """Whoever works for the city calls too, about a lamp before their own door."""
    for client in (Client(), browser("parks.1")):
        case, word = residents.answered(Client(), phone="139 0000 2046")
        assert residents.do(client, word, "solved", solved="yes", contacted="yes").status_code == 303
        case.refresh_from_db()
        assert (case.stage, case.verified) == ("closed", "requester")


def test_a_next_try_waits_as_long_as_the_city_says_and_the_form_tells_when() -> None:
    case = answered()
    assert "两次至少相隔 2 小时" in words(page(browser("callback.1").get(f"/desk/callback/{case.number}")))
    record(case, reached="no_answer")
    for said in ({"reached": "no_answer", "text": "占线"}, ANSWERS):
        status, text = record(case, "callback.2", **said)
        assert status == 422 and "要等 2026年6月15日 周一 11:00 过后" in text and acts(case).count("call") == 1
    assert "占线" in record(case, "callback.2", reached="no_answer", text="占线")[1]
    with standing_at(MORNING + timedelta(hours=2, minutes=1)):
        runner.ring()
        assert "再打" not in words(page(browser("callback.2").get(f"/desk/callback/{case.number}")))
        assert record(case, "callback.2", reached="no_answer")[0] == 302
    assert case.folded().counts["call"] == 2 and acts(case).count("call") == 2


def test_only_a_call_back_that_reached_somebody_is_a_valid_one() -> None:
    case = answered()
    record(case, reached="no_answer")
    assert "有效回访 0 次" in words(page(browser("callback.1").get(f"/desk/callback/{case.number}")))
    with standing_at(MORNING + timedelta(hours=3)):
        record(case, **{**ANSWERS, "solved": "no", "text": "还是不亮"})
    assert (case.folded().counts["valid"], case.folded().counts["call"]) == (1, 1)
    assert "retry" not in case.folded().running


def test_how_long_is_city_data(monkeypatch: pytest.MonkeyPatch) -> None:
    case = answered()
    whole = store.current()
    day = LimitRow("request", "retry", "", "", Limit(1, "wd"))
    city = replace(whole, limits=(*(row for row in whole.limits if row.clock != "retry"), day))
    monkeypatch.setattr(store, "current", lambda: city)
    record(case, reached="no_answer")
    text = words(page(browser("callback.1").get(f"/desk/callback/{case.number}")))
    assert "两次至少相隔 1 个工作日" in text and "6月16日 周二 18:00" in text
