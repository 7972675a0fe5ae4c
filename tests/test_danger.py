"""Danger to life: the numbers at once, the duty supervisor within a minute, on a clock of its own."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from huying import runner
from huying.city import store
from huying.ledger import audit, find
from huying.ledger.actor import importer
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from huying.ledger.record import Intake, open_cases
from huying.notify.models import Letter
from tests import residents
from tests.cast import MORNING, act, call, who
from tests.desks import browser, hidden, page, words
from tests.mailserver import Box, mail_server

WORDS = "楼上有人说不想活了，站在窗台外面。"
db = pytest.mark.django_db


@pytest.fixture
def box(settings: Settings) -> Iterator[Box]:
    with mail_server() as (running, url):
        settings.HUYING_SMTP_URL = url
        yield running


def alarms() -> list[Case]:
    return list(Case.objects.filter(procedure="alarm").order_by("pk"))


def rung(box: Box) -> list[str]:
    """Who was written to since the last look, without the city's part."""
    found = sorted(address.partition("@")[0] for address in box.recipients)
    box.recipients.clear()
    return found


def turn(minutes: int) -> None:
    with standing_at(MORNING + timedelta(minutes=minutes)):
        runner.urgent_turn()


@db
def test_the_call_itself_is_neither_labelled_nor_moved_nor_given_a_clock() -> None:
    """Beside a call without such words it stands word for word the same."""
    plain, grave = call(title="求助", text="路灯不亮"), call(title="求助", text=WORDS)
    (alarm,) = alarms()
    assert alarm.folded().source == grave.number

    def stands(case: Case) -> dict[str, object]:
        return {name: getattr(case, name) for name in ("stage", "lead", "level", "due", "next_due", "alarm", "seq")}

    assert stands(plain) == stands(grave)
    assert plain.folded().clocks == grave.folded().clocks and plain.folded().facts == grave.folded().facts
    waiting = [case.pk for case in find.queue("triage", who("hotline.1"))]
    assert waiting.index(plain.pk) < waiting.index(grave.pk)
    assert list(audit.audit()) == []


@db
def test_the_alarm_holds_no_word_of_the_call() -> None:
    call(title="不想活了", text=WORDS, place="云锦小区 3 幢", type="report", about="housing", area="xihe-liuyuan")
    (alarm,) = alarms()
    assert not alarm.documents.exists()
    assert (alarm.lead, alarm.about, alarm.sealed, alarm.area) == ("supervision", "housing", "report", "xihe-liuyuan")


@db
@pytest.mark.parametrize(
    ("text", "rings"),
    [
        ("灶台边燃气泄漏", True), ("There is a Ｇas   LEAK here", True), ("路灯坏了", False), ("她很着急", False),
    ],
)  # fmt: skip
def test_only_the_published_words_ring(text: str, rings: bool) -> None:
    call(text=text)
    assert bool(alarms()) is rings


@db
def test_what_is_added_later_rings_too_but_not_twice_while_it_still_rings() -> None:
    case = call()
    act(case, "add", "requester", text="现在有人被困在井里")
    act(case, "chase", "requester", text="还被困着！")
    assert len(alarms()) == 1
    act(alarms()[0], "hear", "supervision.1")
    act(case, "withdraw", "requester", reason="不用了，我不想活了")
    assert len(alarms()) == 2 and case.stage == "withdrawn"


@db
def test_an_import_of_what_is_long_over_rings_nobody() -> None:
    (opened,) = open_cases([Intake("request", {"text": WORDS}, act="import")], importer("old", "hotline"))
    assert isinstance(opened, Case) and not alarms()


@db
def test_nobody_hears_and_the_next_are_rung_until_somebody_does(box: Box) -> None:
    call(text=WORDS)
    turn(0)
    assert rung(box) == ["supervision.1"]
    turn(4)
    assert rung(box) == []
    turn(6)
    assert alarms()[0].stage == "second" and rung(box) == ["supervision.1", "supervision.2"]
    turn(12)
    assert alarms()[0].stage == "third"
    assert {"mayor", "supervision.2", "supervision.1"} <= set(rung(box))
    turn(23)
    assert "mayor" in rung(box)
    act(alarms()[0], "hear", "supervision.2", text="我来办")
    turn(60)
    assert rung(box) == [] and alarms()[0].stage == "heard"


@db
def test_the_letter_says_which_call_and_what_to_do_and_nothing_that_was_said(box: Box) -> None:
    case = call(text=WORDS)
    turn(0)
    (letter,) = box.messages
    text, said = letter.get_content(), f"{case.number[:4]} {case.number[4:8]} {case.number[8:]}"
    assert "立即处理" in str(letter["Subject"])
    assert f"诉求 {said}" in text and f"/desk/case/{case.number}" in text and "110 报警、119 火警、120 急救" in text
    assert f"/desk/case/{alarms()[0].number}" in text and "不想活" not in text


@db
def test_without_anybody_on_duty_the_supervisors_are_rung_at_once(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    city = store.current()
    posts = tuple((key, post) for key, post in city.posted(MORNING.date()) if post.role != "duty")
    monkeypatch.setattr(type(city), "posted", lambda self, on: posts)
    call(text=WORDS)
    turn(0)
    assert rung(box) == ["supervision.1", "supervision.2"]


@db
def test_the_unit_that_a_report_is_about_is_not_rung(box: Box) -> None:
    call(text=WORDS, type="report", about="supervision")
    turn(0)
    assert not any(name.startswith("supervision") for name in rung(box))
    turn(6)
    assert not any(name.startswith("supervision") for name in rung(box))


@db
def test_whoever_is_on_duty_hears_it_and_says_what_it_was() -> None:
    call(text=WORDS)
    (alarm,) = alarms()
    assert [one.pk for one in find.queue("alarms", who("supervision.1"))] == [alarm.pk]
    act(alarm, "hear", "supervision.1")
    act(alarm, "close", "supervision.1", found="reached", text="已劝回屋内，家人在场。")
    assert (alarm.stage, alarm.outcome, alarm.verified) == ("closed", "explained", "duty")


@db
def test_whoever_writes_at_their_link_or_takes_the_call_sees_the_numbers_first(client: Client) -> None:
    word = residents.call(client)
    answer = residents.do(client, word, "add", text="井里有人触电")
    assert re.search(r'id="danger" role="alert">', client.get(answer["Location"]).content.decode())
    assert 'id="danger" role="alert">' not in client.get(f"/my/{word}").content.decode()
    desk = browser("hotline.1")
    said = {**hidden(page(desk.get("/desk/call"))), "type": "help", "text": WORDS}
    told = words(page(desk.get(desk.post("/desk/call", said)["Location"])))
    assert "110 报警" in told and "正在通知值班督办员" in told


@pytest.mark.usefixtures("committed")
def test_the_real_loop_rings_within_a_minute_while_everything_else_waits(box: Box) -> None:
    """A slow mail server, and a heap of letters that were due before: the alarm overtakes them."""
    for number in range(12):
        call(text="路灯不亮", requester={"email": f"p{number}@people.example"})
    box.delay = 0.5
    stop = threading.Event()

    def loop() -> None:
        with standing_at(MORNING):
            runner.run(stop, pause=0.1)
        connection.close()

    running = threading.Thread(target=loop)
    running.start()
    try:
        while not box.recipients:
            time.sleep(0.05)
        began = time.monotonic()
        call(text=WORDS)
        while "supervision.1@yunting.example" not in box.recipients and time.monotonic() - began < 60:
            time.sleep(0.05)
        assert time.monotonic() - began < 5
        assert len(box.recipients) < 13
    finally:
        stop.set()
        running.join()
    assert Letter.objects.get(to="supervision.1").urgent
    assert Entry.objects.filter(case__procedure="alarm").count() == 1
