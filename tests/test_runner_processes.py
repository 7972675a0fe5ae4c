"""Several loops at once, one of them killed: every passed clock still leaves exactly one entry (promise 8)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from huying import runner
from huying.ledger import audit
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from huying.ledger.record import Intake, open_cases
from huying.notify.models import ACCEPTED, Letter
from tests.cast import MORNING, after, call, who
from tests.mailserver import mail_server
from tests.together import ROOT, at_once, environment

SOAK = bool(os.environ.get("HUYING_SOAK"))
MOST_SECONDS = 240
pytestmark = pytest.mark.usefixtures("committed")


def loop(**more: str) -> subprocess.Popen[bytes]:
    """The real program's loop in a process of its own: one round, five hours after the demo's morning."""
    env = {**environment(), "HUYING_NOW": after("4h").isoformat(), **more}
    return subprocess.Popen([sys.executable, "-m", "huying.cli", "runner", "--once"], cwd=ROOT, env=env)


def opened(count: int) -> list[int]:
    said = {"title": "路灯不亮", "text": "路灯坏了三天。", "type": "help"}
    cases: list[int] = []
    while len(cases) < count:
        intakes = [Intake("request", said, source_system="t", source_ref=f"{len(cases) + n}") for n in range(200)]
        cases += [case.pk for case in open_cases(intakes, who("hotline.1")) if isinstance(case, Case)]
    return cases


def passed() -> int:
    return Entry.objects.filter(act="pass").count()


def test_loops_at_once_and_one_killed_pass_each_clock_once() -> None:
    if connection.vendor == "sqlite":
        one_at_a_time()
        return
    count = 2000 if SOAK else 400
    cases = opened(count)
    loops = [loop() for _ in range(4)]
    deadline = time.monotonic() + MOST_SECONDS
    while passed() < count // 8 and time.monotonic() < deadline:
        time.sleep(0.05)
    loops[0].send_signal(signal.SIGKILL)
    assert [process.wait(MOST_SECONDS) for process in loops][1:] == [0, 0, 0]
    assert 0 < count // 8 <= passed()
    with standing_at(after("4h")):
        assert not Case.objects.filter(alarm__lte=after("4h")).exists()
    assert passed() == count
    assert Entry.objects.filter(act="pass", case__in=cases).values("case").distinct().count() == count
    assert list(audit.audit()) == []


def one_at_a_time() -> None:
    """SQLite has one loop at a time: what a killed one left, the next one does."""
    cases = opened(400)
    first = loop()
    deadline = time.monotonic() + MOST_SECONDS
    while passed() < 50 and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait(MOST_SECONDS)
    assert loop().wait(MOST_SECONDS) == 0
    assert passed() == len(cases) == Entry.objects.filter(act="pass").values("case").distinct().count()
    assert list(audit.audit()) == []


def test_a_loop_that_stood_still_for_three_days_catches_up_and_tells_each_person_once_a_day(settings: Settings) -> None:
    opened(60)
    call(title="井盖松动", text="车压过去响", requester={"email": "wang@people.example"})
    with mail_server() as (box, url):
        later = (MORNING + timedelta(days=3)).isoformat()
        assert loop(HUYING_NOW=later, HUYING_SMTP_URL=url).wait(MOST_SECONDS) == 0
        assert loop(HUYING_NOW=later, HUYING_SMTP_URL=url).wait(MOST_SECONDS) == 0
        morning = (MORNING + timedelta(days=4)).isoformat()
        assert loop(HUYING_NOW=morning, HUYING_SMTP_URL=url).wait(MOST_SECONDS) == 0
        names = [str(message["Message-ID"]) for message in box.messages]
        assert len(names) == len(set(names))
        assert box.recipients.count("wang@people.example") == 1
        staff = [address for address in box.recipients if address.endswith("@yunting.example")]
        assert sorted(set(staff)) == sorted(staff) != []
    assert not Letter.objects.filter(due__lte=morning).exclude(state=ACCEPTED).exists()


def test_of_loops_at_once_each_rung_is_written_by_one() -> None:
    cases = [call("supervision.1", "task", lead="urban", due="2026-06-17", title="清理堆物") for _ in range(8)]
    with standing_at(after("5wd")):
        at_once([runner.ring] * 4)
    for case in cases:
        acts = [entry.act for entry in case.entries.order_by("seq") if entry.actor == "clock"]
        assert acts == ["accept", "pass", "urge", "supervise"]
    assert list(audit.audit()) == []
