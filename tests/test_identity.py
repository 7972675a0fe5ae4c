"""Who called stays sealed: looks are reasoned and recorded, numbers are found by a keyed hash (promise 13)."""

from __future__ import annotations

import hashlib

import pytest

from huying.errors import BadValue, MissingField, NotAllowed, sentence
from huying.ledger import identity
from huying.ledger.models import Case, Document, Entry, Identity
from huying.ledger.said import Requester
from tests.cast import act, call, who

pytestmark = pytest.mark.django_db
WANG = {"name": "王秀兰", "phone": "+86 138-0000-1234"}


def at_the_lighting_office(**said: object) -> Case:
    case = call(text="路灯不亮", requester=WANG, **said)
    if case.sealed:
        act(case, "copy", "hotline.1", handling_copy="某处路灯不亮")
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    return case


def test_who_called_is_a_sealed_document_and_no_word_of_it_is_in_the_ledger() -> None:
    case = call(text="路灯不亮", requester=WANG)
    kept = Document.objects.get(case=case, field="requester")
    assert kept.sealed
    assert "王秀兰" in kept.body
    entry = Entry.objects.get(case=case)
    assert "王秀兰" not in entry.said_json + entry.sets_json + case.state


def test_the_handler_looks_with_a_reason_and_the_look_is_an_entry() -> None:
    case = at_the_lighting_office()
    shown = identity.look(case, who("lighting.1"), "与诉求人约定上门时间")
    assert shown.requester == Requester(**WANG)
    last = Entry.objects.filter(case=case).order_by("-seq")[0]
    assert (last.act, last.actor) == ("look", "lighting.1")
    with pytest.raises(MissingField):
        identity.look(case, who("lighting.1"), "")


@pytest.mark.parametrize("key", ["lighting.reviewer", "urban.1", "dispatch.1", "supervision.1"])
def test_others_may_not_look(key: str) -> None:
    case = at_the_lighting_office()
    before = Entry.objects.filter(case=case).count()
    with pytest.raises(NotAllowed) as refused:
        identity.look(case, who(key), "想看看")
    assert "回访员" in sentence(refused.value)
    assert Entry.objects.filter(case=case).count() == before


@pytest.mark.parametrize("said", [{"wish": "confidential"}, {"wish": "anonymous"}, {"type": "report"}])
def test_of_a_sealed_case_the_handler_sees_the_copy_only(said: dict[str, object]) -> None:
    case = at_the_lighting_office(**said)
    with pytest.raises(NotAllowed):
        identity.look(case, who("lighting.1"), "联系")
    shown = identity.look(case, who("callback.1"), "回访")
    assert [document.body for document in shown.originals] == ["路灯不亮"]


def test_the_unit_complained_about_never_looks() -> None:
    case = call(text="物业科推诿", requester=WANG, about="housing", type="complaint")
    with pytest.raises(NotAllowed):
        identity.look(case, who("housing.property"), "核实")


def test_a_number_is_found_however_it_was_typed_and_only_by_its_hash() -> None:
    case = call(text="路灯不亮", requester=WANG)
    assert identity.cases_of("13800001234") == [case]
    assert identity.cases_of("0086 13800001234") == [case]
    assert identity.cases_of("13800001235") == identity.cases_of("") == []
    assert Identity.objects.get(case=case).phone_key != hashlib.sha256(b"13800001234").hexdigest()


def test_a_wrong_identity_is_corrected_by_an_act_and_the_number_follows() -> None:
    case = at_the_lighting_office()
    act(case, "correct_identity", "hotline.1", requester={"name": "王秀莲", "phone": "13900005678"}, reason="听错")
    assert identity.cases_of("13800001234") == []
    assert identity.cases_of("13900005678") == [case]
    assert identity.look(case, who("callback.1"), "回访").requester.name == "王秀莲"
    with pytest.raises(NotAllowed):
        act(case, "correct_identity", "lighting.1", requester=WANG, reason="改")


@pytest.mark.parametrize("wrong", ["王", {"nick": "王"}, {"phone": "没有"}, {"phone": "1"}])
def test_a_requester_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(BadValue):
        call(text="路灯不亮", requester=wrong)


def test_an_empty_requester_leaves_nothing() -> None:
    case = call(text="路灯不亮", requester={"name": "", "phone": ""})
    assert not Document.objects.filter(case=case, field="requester").exists()
    assert not Identity.objects.filter(case=case).exists()
