"""The extension: a requester follows a case and acts on it through the system by which it was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from huying.ledger import audit
from huying.ledger.models import Case, Document, Entry
from tests.cast import act
from tests.doors import SANDBOX, V2, errors, fresh_hour, get, key, number, photo, post, tree

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(db: None) -> str:
    return key()[1]


@pytest.fixture
def case(secret: str) -> Case:
    return Case.objects.get(number=number(post(secret)))


def update(case: Case, secret: str, *, form: str = "json", base: str = V2, **said: Any) -> Any:
    return Client().post(f"{base}/requests/{case.number}/updates.{form}", {"api_key": secret, **said})


def answered(case: Case) -> None:
    """The case on its way to a sent answer."""
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan", type="help")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")


def test_the_stages_of_a_request_are_told_in_both_forms(case: Case) -> None:
    answered(case)
    rows = get(f"{V2}/requests/{case.number}/updates.json").json()
    assert [row["description"] for row in rows] == [
        "已登记", "待派单", "已派单", "已签收", "办理中", "待审核", "待回访",
    ]  # fmt: skip
    assert rows[0] == {
        "update_id": f"{case.number}-1", "service_request_id": case.number, "status": "open",
        "updated_datetime": "2026-06-15T09:00:00+08:00", "description": "已登记",
    }  # fmt: skip
    root = tree(get(f"{V2}/requests/{case.number}/updates.xml"))
    assert (root.tag, len(root), root[0].tag) == ("request_updates", 7, "request_update")


def test_a_requester_confirms_the_answer(case: Case, secret: str) -> None:
    answered(case)
    [row] = update(case, secret, act="confirm", **{"attribute[solved]": "yes", "attribute[satisfied]": "yes"}).json()
    assert (row["status"], row["status_notes"]) == ("closed", "已办结：已解决（诉求人已确认）")
    case.refresh_from_db()
    assert (case.stage, case.verified) == ("closed", "requester")


def test_a_requester_sends_the_answer_back_and_reopens_a_closed_case(case: Case, secret: str) -> None:
    answered(case)
    [row] = update(case, secret, act="redo", description="灯又灭了").json()
    assert (row["status"], row["status_notes"]) == ("open", "已派单")
    entry = Entry.objects.filter(case=case).latest("seq")
    assert (entry.act, entry.actor) == ("redo", "requester")
    assert Document.objects.get(case=case, field="reason").body == "灯又灭了"
    assert list(audit.audit()) == []


def test_facts_and_photos_are_added_and_a_call_is_chased_and_withdrawn(case: Case, secret: str) -> None:
    added = update(case, secret, act="add", description="门牌是 14 号", media=SimpleUploadedFile("a.jpg", photo()))
    assert added.status_code == 200
    assert Document.objects.filter(case=case, field="evidence").count() == 1
    assert update(case, secret, act="chase").status_code == 200
    root = tree(update(case, secret, form="xml", act="withdraw", description="已经亮了"))
    assert root.findtext("request/status") == "closed"


def test_only_the_system_that_sent_a_call_may_act_on_it(case: Case, secret: str) -> None:
    for other in (key()[1], key("read")[1]):
        assert errors(update(case, other, act="withdraw"))[0][0] in (403, 404)
    assert errors(update(case, "hy_wrong", act="withdraw"))[0][0] == 403
    assert errors(update(case, secret, base=SANDBOX, act="withdraw"))[0][0] == 404
    case.refresh_from_db()
    assert case.stage == "registered"


def test_what_was_sent_under_an_idempotency_key_can_be_acted_on_too(secret: str) -> None:
    case = Case.objects.get(number=number(post(secret, once="u1")))
    assert update(case, secret, act="chase").status_code == 200


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "act"),
        ({"act": "dispatch"}, "催单（chase）"),
        ({"act": "open"}, "催单（chase）"),
        ({"act": "confirm"}, "已登记"),
        ({"act": "add"}, "说明"),
        ({"act": "add", "description": "a\x00"}, "U+0000"),
        ({"act": "add", "description": "a", "attribute[lead]": "lighting"}, "lead"),
        ({"act": "withdraw", "media": "x"}, ""),
    ],
)
def test_what_cant_be_done_is_told(case: Case, secret: str, said: dict[str, Any], words: str) -> None:
    if "media" in said:
        said = {**said, "media": SimpleUploadedFile("a.jpg", photo())}
    for form in ("xml", "json"):
        [(code, text)] = errors(update(case, secret, form=form, **said))
        assert code == 400 and words in text
    case.refresh_from_db()
    assert case.seq == 1
