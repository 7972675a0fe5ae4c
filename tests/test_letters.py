"""Whoever must be told is told: at least once, recognisably, at a decent hour, and a refusal re-opens the duty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from huying.city import store
from huying.ledger import audit
from huying.ledger.models import Case, Entry, Outbox
from huying.ledger.now import now, standing_at
from huying.notify.models import Letter
from huying.notify.outbox import due_at, fan_out
from huying.notify.post import mark_of, post
from huying.notify.recipients import recipients
from tests.cast import MORNING, act, call
from tests.mailserver import Box, mail_server

pytestmark = pytest.mark.django_db
WANG = {"name": "王秀兰", "phone": "13800001234", "email": "wang@people.example"}


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    with mail_server() as (running, url):
        settings.HUYING_SMTP_URL = url
        yield running


def reported() -> Case:
    return call(title="路灯不亮", text="柳园路路灯坏了三天", requester=WANG)


def dispatched() -> Case:
    case = reported()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    return case


def deliver(at: datetime = MORNING) -> int:
    with standing_at(at):
        fan_out()
        return post()


def test_whoever_called_gets_the_number_and_then_the_promise_with_its_date(box: Box) -> None:
    case = dispatched()
    assert deliver() == 2
    receipt, promise = (message.get_content() for message in box.messages)
    assert f"编号 {case.number[:4]} {case.number[4:8]} {case.number[8:]}" in receipt
    assert "已交 市照明管理所 办理" in promise
    assert "最迟 2026年6月23日 周二 18:00 前答复您" in promise
    assert set(box.recipients) == {"wang@people.example"}
    told = Entry.objects.filter(case=case, act="letter")
    assert [dict(entry.said) for entry in told] == [{"channel": "email"}] * 2
    assert list(audit.audit()) == []


def test_no_address_and_no_link_stays_in_any_table(box: Box) -> None:
    reported()
    deliver()
    body = box.messages[0].get_content()
    link = body.split("/my/")[1].split()[0]
    letter = Letter.objects.get(to="requester")
    assert letter.mark == mark_of(link)
    rows = [str(vars(row)) for model in (Letter, Entry, Outbox) for row in model._default_manager.all()]
    assert not any("wang@" in row or link in row for row in rows)


def test_staff_get_one_digest_in_the_morning_and_no_letter_before(box: Box) -> None:
    dispatched()
    dispatched()
    deliver()
    assert set(box.recipients) == {"wang@people.example"}
    box.messages.clear()
    box.recipients.clear()
    deliver(MORNING + timedelta(days=1))
    assert sorted(box.recipients) == ["lighting.1@yunting.example", "lighting.2@yunting.example"]
    assert "有 2 件事项请您看一看" in str(box.messages[0]["Subject"])
    deliver(MORNING + timedelta(days=1, hours=2))
    assert len(box.recipients) == 2


def test_letters_to_requesters_wait_for_the_end_of_the_quiet_hours_and_urgent_ones_dont() -> None:
    city = store.current()
    night = city.calendar.local(MORNING).replace(hour=22, minute=30)
    assert city.calendar.local(due_at("requester", city, night, urgent=False)).strftime("%d %H:%M") == "16 08:00"
    assert due_at("lighting.1", city, night, urgent=True) == night
    dawn = night.replace(day=16, hour=3)
    assert city.calendar.local(due_at("requester", city, dawn, urgent=False)).strftime("%d %H:%M") == "16 08:00"
    assert due_at("requester", city, MORNING, urgent=False) == MORNING


def test_a_server_that_is_busy_is_asked_again_later_with_the_same_message_id(box: Box) -> None:
    box.answers = ["451 try again", "drop"]
    reported()
    assert deliver() == 0
    assert deliver(MORNING + timedelta(minutes=1)) == 0
    assert deliver(MORNING + timedelta(minutes=3)) == 0
    assert deliver(MORNING + timedelta(minutes=8)) == 1
    assert len(box.messages) == 2
    assert len({message["Message-ID"] for message in box.messages}) == 1
    assert Letter.objects.get(to="requester").tries == 3


def test_an_address_that_doesnt_exist_puts_the_duty_back_before_the_desk(box: Box) -> None:
    box.refused = frozenset({"wang@people.example"})
    case = reported()
    assert deliver() == 0
    failed = Letter.objects.get(entry__case=case, to="requester")
    assert (failed.state, failed.why) == ("failed", "recipient refused (550)")
    entry = Entry.objects.get(case=case, act="undelivered")
    assert Outbox.objects.get(entry=entry).tells == "opener"
    fan_out()
    assert Letter.objects.filter(entry=entry, to="hotline.1").exists()


def test_a_runner_that_died_with_a_letter_in_hand_is_followed_by_another(box: Box) -> None:
    reported()
    fan_out()
    Letter.objects.filter(to="requester").update(state="sending", claimed=now(), tries=1)
    assert post() == 0
    assert deliver(MORNING + timedelta(minutes=11)) == 1


def test_without_a_mail_server_letters_wait(settings: Settings) -> None:
    settings.HUYING_SMTP_URL = ""
    reported()
    assert deliver() == 0
    assert Letter.objects.get(to="requester").state == "waiting"


def test_a_caller_without_an_address_is_told_by_the_call_back_desk() -> None:
    call(text="路灯不亮", requester={"phone": "13800001234"})
    fan_out()
    assert not Letter.objects.exists()


def test_merged_callers_are_told_the_answer_in_batches(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huying.notify.outbox.BATCH", 2)
    survivor = dispatched()
    for _ in range(5):
        act(reported(), "merge", "hotline.1", into=survivor.number)
    for step, key, said in (
        ("accept", "lighting.1", {}),
        ("contact", "lighting.1", {"reached": "yes"}),
        ("submit", "lighting.1", {"reply": "已换新灯。", "outcome": "fixed"}),
        ("sign", "lighting.reviewer", {}),
    ):
        act(survivor, step, key, **said)
    for _ in range(4):
        fan_out()
    assert Entry.objects.filter(act="answered").count() == 5
    deliver()
    answered = [m.get_content() for m in box.messages if "合并办理的事项已经答复" in m.get_content()]
    assert len(answered) == 5
    assert all("已换新灯。" in body for body in answered)
    assert not Outbox.objects.exists()


def test_the_unit_that_a_report_is_about_is_never_told() -> None:
    case = call(text="物业科收礼", type="report", about="housing")
    told = recipients(["opener", "supervisor"], case.folded(), store.current(), MORNING.date())
    assert "hotline.1" in told
    assert not any(key.startswith("housing") for key in told)
