"""Taking a call: registered once with everything that was said, answered or referred at once, read back."""

from __future__ import annotations

from typing import Any

import pytest

from huying.ledger import documents, find
from huying.ledger.models import Case
from tests.cast import act, call
from tests.desks import browser, hidden, page, words

pytestmark = pytest.mark.django_db
CALLER = {"phone": "13900001111"}
SAID = {
    "type": "help",
    "text": "柳园路 12 号门前的路灯坏了三天，晚上看不清路，老人摔过一跤。",
    "requester.phone": "139 0000 1111",
}


def take(key: str = "hotline.1", **said: str) -> Any:
    client = browser(key)
    form = hidden(page(client.get("/desk/call")))
    return client.post("/desk/call", {**form, **SAID, **said})


def taken() -> Case:
    return Case.objects.filter(procedure="request").latest("pk")


def test_a_call_becomes_a_case_with_a_title_and_is_read_back() -> None:
    answer = take()
    case = taken()
    assert answer["Location"] == f"/desk/call/{case.number}" and case.stage == "registered"
    assert documents.of(case, "title") == SAID["text"][:30]
    text = words(page(browser("hotline.1").get(answer["Location"])))
    assert " — ".join([case.number[:4], case.number[4:8], case.number[8:]]) in text
    assert "前派给一个单位。" in text and "派出后 5 个工作日内答复您" in text


def test_place_and_category_that_were_said_aren_t_asked_for_again() -> None:
    take(area="柳园街道", category="路灯不亮")
    assert (taken().stage, taken().area, taken().category) == ("triaged", "xihe-liuyuan", "streets.lamps.dark")


def test_a_question_is_answered_on_the_spot_with_the_callers_assent() -> None:
    text = words(page(take(type="consult", then="answer", reply=""), 422))
    assert "请填写：答复内容。" in text and "请填写：来电人同意当场答复。" in text and "老人摔过一跤" in text
    take(type="consult", then="answer", reply="请带身份证。", assent="yes")
    assert (taken().stage, taken().verified) == ("closed", "assent")
    assert "已经办好：已办结。" in words(page(browser("hotline.1").get(f"/desk/call/{taken().number}")))


def test_what_may_not_be_answered_on_the_spot_isn_t_half_registered() -> None:
    count = Case.objects.filter(procedure="request").count()
    text = page(take(type="complaint", then="answer", reply="知道了", assent="yes"), 422)
    assert "知道了" in text and Case.objects.filter(procedure="request").count() == count


def test_a_call_is_referred_with_ready_words_in_one_step() -> None:
    text = page(browser("hotline.1").get("/desk/call"))
    assert "不属于政府部门的职责范围" in text
    take(then="refer", ground="beyond", reply="您反映的事项不属于政府部门的职责范围，请联系物业。")
    assert (taken().stage, taken().folded().facts["ground"]) == ("referred_out", "beyond")


def test_what_is_missing_is_said_and_nothing_is_lost() -> None:
    text = words(page(take(type="", text="", place="柳园路 12 号"), 422))
    assert "请填写：诉求类型。" in text and "请填写：说明。" in text
    assert "柳园路 12 号" in page(take(type="", place="柳园路 12 号"), 422)
    assert "139 0000 1111" in page(take(type=""), 422)


def test_two_clicks_are_one_call() -> None:
    client = browser("hotline.1")
    form = hidden(page(client.get("/desk/call")))
    places = {client.post("/desk/call", {**form, **SAID})["Location"] for _ in range(2)}
    assert len(places) == 1 and Case.objects.filter(procedure="request").count() == 1


def test_earlier_calls_of_a_number_are_number_date_and_stage_only() -> None:
    case = call(
        "hotline.2", "request", title="秘密的事", text="不要说", type="help", requester={"phone": "13900001111"}
    )
    found = page(browser("hotline.1").post("/desk/call/known", {"requester.phone": "139-0000-1111"}))
    spoken = f"{case.number[:4]} {case.number[4:8]} {case.number[8:]}"
    assert spoken in found and "已登记" in found and "秘密的事" not in found
    assert "没有来过电" in page(browser("hotline.1").post("/desk/call/known", {"requester.phone": "13900002222"}))
    assert browser("dispatch.1").post("/desk/call/known", {"requester.phone": "13900001111"}).status_code == 403


def test_open_cases_like_this_one_are_shown() -> None:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    said = {"area": "柳园街道", "category": "路灯不亮"}
    assert case.number in page(browser("hotline.1").post("/desk/call/similar", said))
    assert case.number not in page(browser("hotline.1").post("/desk/call/similar", {**said, "area": "码头街道"}))
    assert case.number not in page(browser("hotline.1").post("/desk/call/similar", {}))


def test_only_the_intake_desk_takes_calls() -> None:
    for key in ("dispatch.1", "lighting.1", "mayor", "admin.system"):
        assert browser(key).get("/desk/call").status_code == 403
    assert find.PUBLIC == "request"
