"""The one act form: made of declared fields, judged whole, done once; stale pages and mistakes lose nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from huying.desk.form import Form, Typed
from huying.ledger import find, rulebook
from huying.ledger.models import Case, Entry
from tests.cast import act, call
from tests.desks import browser, do, hidden, page, send, words
from tests.doors import photo

pytestmark = pytest.mark.django_db

RARE = "𠀀𪚥 路灯 👩‍👩‍👧 עברית \u200f"
LONG = "柳园路的路灯坏了。" * 1000


def triaged() -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    return case


def test_an_act_is_done_from_the_page_with_names_as_people_type_them() -> None:
    case = triaged()
    answer = do(browser("dispatch.1"), case, "dispatch", lead="市照明管理所", basis="城市照明管理规定")
    case.refresh_from_db()
    assert (case.stage, case.lead) == ("dispatched", "lighting")
    assert "“派单”已记为 #3。" in words(page(answer))


def test_every_act_of_every_procedure_has_a_form_of_its_declared_fields(city: Any) -> None:
    count = 0
    for procedure in rulebook.everything().values():
        for one in procedure.acts.values():
            form = Form(procedure, one, city, "zh-Hans")
            asked = {widget.name for widget in form.widgets(Typed(), {})}
            declared = {name for name in one.fields if procedure.fields[name].type not in ("clock", "code")}
            assert asked == declared - {"over_limit", "media_url"}, (procedure.name, one.name)
            count += 1
    assert count > 100


def test_a_field_that_leaves_the_procedure_leaves_the_form(city: Any) -> None:
    procedure = rulebook.procedure("request")
    dispatch = procedure.acts["dispatch"]
    shorter = replace(dispatch, needs=("lead",))
    form = Form(replace(procedure, acts={**procedure.acts, "dispatch": shorter}), shorter, city, "en")
    assert "basis" not in {widget.name for widget in form.widgets(Typed(), {})}
    assert form.read(Typed({"lead": "lighting", "basis": "x"})).said == {"lead": "lighting"}


def test_everything_that_is_wrong_is_said_at_once_and_nothing_typed_is_lost() -> None:
    case = triaged()
    client = browser("dispatch.1")
    text = page(do(client, case, "dispatch", lead="不存在的单位", basis=""), 422)
    assert "请填写：职责依据。" in words(text)
    assert re.search(r'id="f-lead"[^>]*value="不存在的单位"', text), "what was typed stands there"
    assert re.search(r'id="f-lead"[^>]*aria-invalid="true"', text)
    assert 'href="#f-lead"' in text and 'href="#f-basis"' in text, "the summary leads to each field"
    assert 'data-focus id="mistakes"' in text
    assert Entry.objects.filter(case=case).count() == 2


@pytest.mark.parametrize("typed", [RARE, LONG, '<b>粗</b> & "引"', "一行\n两行"])
def test_words_of_every_kind_are_kept_as_typed(typed: str) -> None:
    case = triaged()
    client = browser("dispatch.1")
    page(do(client, case, "note", text=typed))
    told = [entry.said["text"] for entry in find.entries(case) if entry.act == "note"]
    assert len(told) == 1
    assert find.texts(case)[str(told[0]).partition(":")[0]].body == typed.strip()
    assert "<b>粗</b>" not in page(client.get(f"/desk/case/{case.number}"))


def test_too_long_a_text_is_refused_with_its_length_and_kept_in_the_form() -> None:
    case = triaged()
    text = page(do(browser("dispatch.1"), case, "note", text="长" * 20001), 422)
    assert "20001" in words(text).replace(",", "") and "长" * 20001 in text


def test_a_double_click_acts_once() -> None:
    case = triaged()
    client = browser("dispatch.1")
    form = hidden(page(client.get(f"/desk/case/{case.number}?act=note")))
    for _ in range(2):
        answer = client.post(f"/desk/case/{case.number}/act/note", {**form, "text": "已电话沟通"})
        assert answer.status_code == 302 and answer["Location"].endswith("#e3")
    assert Entry.objects.filter(case=case, act="note").count() == 1
    form = hidden(page(client.get(f"/desk/case/{case.number}?act=dispatch")))
    said = {**form, "lead": "lighting", "basis": "职责"}
    places = {client.post(f"/desk/case/{case.number}/act/dispatch", said)["Location"] for _ in range(2)}
    assert places == {f"/desk/case/{case.number}#e4"}


def test_another_form_of_the_same_case_acts_anew() -> None:
    case = triaged()
    client = browser("dispatch.1")
    for _ in range(2):
        page(do(client, case, "note", text="已电话沟通"))
    assert Entry.objects.filter(case=case, act="note").count() == 2


def test_a_stale_page_says_what_changed_and_keeps_what_was_typed() -> None:
    case = triaged()
    client = browser("dispatch.1")
    form = hidden(page(client.get(f"/desk/case/{case.number}?act=dispatch")))
    act(case, "copy", "dispatch.2", handling_copy="路灯不亮，请检修。")
    typed = {**form, "lead": "市照明管理所", "basis": "城市照明管理规定第八条"}
    text = page(client.post(f"/desk/case/{case.number}/act/dispatch", typed), 409)
    assert "康玉珍" in words(text) and "制作办理稿" in words(text)
    assert "城市照明管理规定第八条" in text and 'value="市照明管理所"' in text
    assert Entry.objects.filter(case=case).count() == 3
    again = {**typed, **hidden(text)}
    assert client.post(f"/desk/case/{case.number}/act/dispatch", again).status_code == 302


def test_where_the_act_is_gone_the_words_are_still_there_to_be_taken_along() -> None:
    case = triaged()
    client = browser("dispatch.1")
    form = hidden(page(client.get(f"/desk/case/{case.number}?act=dispatch")))
    act(case, "dispatch", "dispatch.2", lead="parks", basis="园林")
    typed = {**form, "lead": "lighting", "basis": "我写了很久的依据"}
    text = page(client.post(f"/desk/case/{case.number}/act/dispatch", typed), 409)
    assert "您写过的：职责依据" in words(text) and "我写了很久的依据" in text
    assert "现在的环节是“已派单”" in words(text)


def test_the_back_button_after_an_act_finds_a_clear_word() -> None:
    case = triaged()
    client = browser("dispatch.1")
    form = hidden(page(client.get(f"/desk/case/{case.number}?act=dispatch")))
    client.post(f"/desk/case/{case.number}/act/dispatch", {**form, "lead": "parks", "basis": "园林"})
    other = {**form, "token": "another", "lead": "lighting", "basis": "改主意了"}
    text = page(client.post(f"/desk/case/{case.number}/act/dispatch", other), 409)
    assert "“派单”" in words(text)
    case.refresh_from_db()
    assert case.lead == "parks"


def test_an_act_that_isnt_open_says_why() -> None:
    case = call()
    text = page(browser("dispatch.1").post(f"/desk/case/{case.number}/act/dispatch", {"turn": case.turn}), 422)
    assert "派单" in words(text)
    text = page(browser("dispatch.1").post(f"/desk/case/{case.number}/act/nothing", {}), 400)
    assert "nothing" in words(text)


def test_parts_are_opened_from_rows_and_an_empty_row_is_none() -> None:
    case = triaged()
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    said = {"children-0-lead": "市园林绿化中心", "children-0-due": "3wd", "children-0-text": "修剪遮挡的树枝"}
    page(do(browser("dispatch.1"), case, "support", **said))
    assert [child.lead for child in case.children.all()] == ["parks"]
    text = page(do(browser("dispatch.1"), case, "support"), 422)
    assert "请至少填一项。" in words(text)
    text = page(do(browser("dispatch.1"), case, "support", **{"children-1-lead": "没有这个单位"}), 422)
    assert 'href="#f-children-1-lead"' in text


def test_files_are_taken_and_come_back_as_downloads() -> None:
    case = triaged()
    client = browser("dispatch.1")
    upload = SimpleUploadedFile("灯.jpg", photo(), "image/jpeg")
    text = page(do(client, case, "note", text="现场照片", evidence=upload))
    [address] = re.findall(r'href="(/desk/case/\d+/file/\w+)"', text)
    answer: Any = client.get(address)
    assert answer.status_code == 200 and answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "image/jpeg" and "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content)[:2] == b"\xff\xd8"
    assert browser("education.1").get(address).status_code == 404


def test_the_letter_is_shown_before_the_answer_is_signed_and_nothing_is_written() -> None:
    case = triaged()
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡并检修线路。", outcome="fixed", no_evidence="电话核实")
    before = Entry.objects.filter(case=case).count()
    text = words(page(browser("lighting.reviewer").get(f"/desk/case/{case.number}?act=sign")))
    assert "诉求人会收到" in text and "已更换灯泡并检修线路。" in text and "[个人链接]" in text
    assert "/my/" not in text
    assert Entry.objects.filter(case=case).count() == before


def test_a_letter_is_shown_with_what_was_typed_and_nothing_is_written() -> None:
    case = triaged()
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    before = Entry.objects.filter(case=case).count()
    form = hidden(page(browser("dispatch.1").get(f"/desk/case/{case.number}?act=transfer")))
    typed = {**form, "lead": "parks", "reason": "树枝遮挡", "preview": "1"}
    text = page(browser("dispatch.1").post(f"/desk/case/{case.number}/act/transfer", typed))
    assert "诉求人会收到" in text and "树枝遮挡" in text
    assert Entry.objects.filter(case=case).count() == before


def test_a_case_is_opened_once_from_the_page_of_its_kind() -> None:
    client = browser("hotline.1")
    form = hidden(page(client.get("/desk/open/request")))
    said = {**form, "title": "路灯不亮", "text": "坏了三天", "type": "help", "requester.phone": "13900001111"}
    places = {client.post("/desk/open/request", said)["Location"] for _ in range(2)}
    assert len(places) == 1 and Case.objects.filter(procedure="request").count() == 1
    text = page(client.post("/desk/open/request", {**said, "token": "x", "requester.phone": "abc"}), 422)
    assert "abc" in text and "路灯不亮" in text and Case.objects.filter(procedure="request").count() == 1
    assert browser("lighting.1").get("/desk/open/request").status_code == 403
    assert browser("hotline.1").get("/desk/open/nothing").status_code == 404


def test_the_next_case_opens_after_an_act_where_that_is_asked_for() -> None:
    first, second = triaged(), triaged()
    client = browser("dispatch.1")
    page(client.get("/desk/queue/dispatch"))
    answer = send(client, first, "dispatch", lead="lighting", basis="职责", next="1")
    assert answer["Location"] == f"/desk/case/{second.number}"
