"""The call-back: asked in fixed words, recorded once, judged by nobody who handled the case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from huying.city import store
from huying.city.facts import Post
from huying.ledger import find
from huying.ledger.models import Case
from tests.cast import act, call
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
    assert acts(case)[-2:] == ["call", "confirm"]


def test_mostly_solved_is_never_more_than_partly_fixed() -> None:
    case = answered()
    record(case, **{**ANSWERS, "solved": "partly"})
    assert (case.stage, case.outcome) == ("closed", "partly_fixed")


def test_not_solved_goes_back_with_the_words_of_who_called() -> None:
    case = answered()
    status, text = record(case, **{**ANSWERS, "solved": "no"})
    assert status == 422 and "请照诉求人的话写明哪里没解决" in text and acts(case)[-1] == "sign"
    record(case, **{**ANSWERS, "solved": "no", "text": "还是不亮"})
    assert case.stage == "dispatched" and acts(case)[-2:] == ["call", "redo"]


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


def test_a_handler_with_a_second_post_at_the_call_back_desk_does_not_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where the city gave them the role: what they did is in the ledger."""
    case = answered()
    whole = store.current()
    both = replace(whole.people["lighting.1"], posts=(*whole.people["lighting.1"].posts, Post("callback", "callback")))
    city = replace(whole, people={**whole.people, "lighting.1": both})
    monkeypatch.setattr(store, "current", lambda: city)
    answer = browser("lighting.1").get(f"/desk/callback/{case.number}")
    assert "李" in words(page(answer, 400)) or "办理" in words(page(answer, 400))
    answer = browser("lighting.1").post(f"/desk/case/{case.number}/act/confirm", {"turn": case.turn, "solved": "yes"})
    assert answer.status_code == 422
    case.refresh_from_db()
    assert case.stage == "verifying"
