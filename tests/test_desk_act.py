"""The one act form: made of declared fields, judged whole, done once; stale pages and mistakes lose nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from huying.desk import held
from huying.desk.form import Form, Typed
from huying.desk.models import Held
from huying.ledger import find, rulebook
from huying.ledger.models import Case, Document, Entry
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


def chosen(name: str = "灯.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, photo(), "image/jpeg")


def evidence(case: Case) -> list[str]:
    return [row.name for row in Document.objects.filter(case=case, field="evidence")]


def test_a_file_is_chosen_once_whatever_else_is_wrong_in_the_form() -> None:
    """A mistake, a letter looked at, a page left and opened again: the file waits for its owner alone."""
    case = triaged()
    client = browser("dispatch.1")
    text = page(do(client, case, "note", text="", evidence=chosen()), 422)
    assert "灯.jpg" in text and "不用重新选" in words(text)
    assert "灯.jpg" in page(client.get(f"/desk/case/{case.number}?act=note"))
    assert "灯.jpg" not in page(browser("dispatch.2").get(f"/desk/case/{case.number}?act=note"))
    page(do(client, case, "note", text="现场照片"))
    assert evidence(case) == ["灯.jpg"] and not Held.objects.exists()
    assert "灯.jpg" not in page(client.get(f"/desk/case/{case.number}?act=note")).partition('id="acts"')[2]


def test_of_files_that_wait_one_can_be_left_out_and_others_come_on_top() -> None:
    case = triaged()
    client = browser("dispatch.1")
    page(do(client, case, "note", text="", evidence=[chosen("一.jpg"), chosen("二.jpg")]), 422)
    one = Held.objects.get(name="一.jpg")
    page(do(client, case, "note", text="照片", evidence=chosen("三.jpg"), drop=str(one.pk)))
    assert sorted(evidence(case)) == ["三.jpg", "二.jpg"]


def test_what_cannot_be_kept_waits_nowhere_and_nobody_drops_anothers_file() -> None:
    case = triaged()
    program = SimpleUploadedFile("x.jpg", b"MZ\x90" + b"0" * 99, "image/jpeg")
    assert "x.jpg" in page(do(browser("dispatch.1"), case, "note", text="说明", evidence=[program, chosen()]), 422)
    assert [held.name for held in Held.objects.all()] == ["灯.jpg"]
    page(do(browser("dispatch.2"), case, "note", text="别人的", drop=str(Held.objects.get().pk)))
    assert Held.objects.count() == 1 and evidence(case) == []


def test_a_file_waits_for_a_day_and_in_all_no_more_than_its_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    case = triaged()
    client = browser("dispatch.1")
    page(do(client, case, "note", text="", evidence=chosen()), 422)
    monkeypatch.setattr("huying.desk.held.MOST_BYTES", Held.objects.get().size)
    page(do(client, case, "note", text="", evidence=chosen("更多.jpg")), 422)
    assert Held.objects.count() == 1
    Held.objects.update(at=timezone.now() - timedelta(hours=25))
    assert "灯.jpg" not in page(client.get(f"/desk/case/{case.number}?act=note"))
    held.sweep()
    assert not Held.objects.exists()


def test_a_form_that_opens_a_case_keeps_its_files_too() -> None:
    client = browser("hotline.1")
    form = hidden(page(client.get("/desk/open/request")))
    page(
        client.post("/desk/open/request", {**form, "title": "灯", "requester.phone": "abc", "evidence": chosen()}), 422
    )
    said = {**hidden(page(client.get("/desk/open/request"))), "title": "灯", "text": "灯不亮", "type": "help"}
    assert client.post("/desk/open/request", said).status_code == 302
    assert evidence(Case.objects.filter(procedure="request").latest("pk")) == ["灯.jpg"] and not Held.objects.exists()


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


def test_the_address_of_a_form_leads_back_to_it() -> None:
    """Whoever types the address again after a mistake sees the form, not a browser's error."""
    case = call(type="help", title="路灯不亮", text="柳园路的路灯坏了。")
    answer = browser("hotline.1").get(f"/desk/case/{case.number}/act/triage", follow=True)
    assert answer.redirect_chain == [(f"/desk/case/{case.number}?act=triage#acts", 302)]
    assert 'name="category"' in page(answer)
