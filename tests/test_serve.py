"""The health page of a real server: all is well, something needs attention, the database is away."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from huying.ledger import guard
from huying.ledger.models import Entry
from huying.ledger.now import now, standing_at
from huying.notify.models import Letter
from huying.runner import PAUSE_SECONDS
from tests.cast import MORNING, after, call
from tests.commands import alone, program
from tests.postgres import cluster

NOW = "2026-06-15T09:00:00+08:00"
LATER = "2026-06-15T14:00:00+08:00"
"""Where the server's clock stands: five hours on, so that the intake clock of what is opened at NOW has passed."""
BOUND = 40.0
"""Seconds within which a server must start, notice and stop; a machine that is busy takes its time."""


@dataclass
class Server:
    """A running `huying serve`: its address, and how to take its database away and give it back."""

    home: Path
    url: str
    port: int
    process: subprocess.Popen[bytes]
    stop_database: Callable[[], None]
    start_database: Callable[[], None]

    def get(self, path: str, *, host: str = "127.0.0.1", language: str = "zh") -> tuple[int, str]:
        """Status and body."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        request.add_header("Host", host)
        request.add_header("Accept-Language", language)
        try:
            with urllib.request.urlopen(request, timeout=BOUND) as answer:
                return answer.status, answer.read().decode("utf-8")
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode("utf-8")

    def open_case(self) -> None:
        """Another process registers a case, five hours before the server's clock."""
        words = ("open", "request", "--as", "hotline.1", "--field", "title=路灯不亮")
        ran = program(*words, home=self.home, HUYING_DATABASE_URL=self.url, HUYING_NOW=NOW)
        assert ran.returncode == 0, ran.stderr.decode()

    def clocks(self) -> str:
        """What the page says of the clocks."""
        checks = json.loads(self.get("/health.json")[1])["checks"]
        return next(str(check["found"]) for check in checks if check["name"] == "clocks")

    def wait(self, status: int) -> None:
        """Until /health has this status; fails when it takes too long."""
        until = time.monotonic() + BOUND
        seen: object = None
        while time.monotonic() < until:
            assert self.process.poll() is None, "the server ended by itself"
            with contextlib.suppress(OSError):
                seen = self.get("/health")[0]
                if seen == status:
                    return
            time.sleep(0.1)
        pytest.fail(f"/health says {seen}, not {status}")


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on the kind of database that this run tests, with one of its own that can be taken away."""
    home = tmp_path
    with contextlib.ExitStack() as stack:
        if connection.vendor == "postgresql":
            running = stack.enter_context(cluster())
            url, stop, start = running.url(), running.stop, running.start
        else:
            url, stop, start = "", lambda: hide(home), lambda: bring_back(home)
        made = program("init", home=home, HUYING_DATABASE_URL=url, HUYING_NOW=NOW)
        assert made.returncode == 0, made.stderr.decode()
        port = free_port()
        settings = {"HUYING_HOME": str(home), "HUYING_MODE": "test", "HUYING_DATABASE_URL": url, "HUYING_NOW": LATER}
        process = started(stack, ["serve", "--port", str(port)], home, settings)
        if url:  # on SQLite the server runs the loop itself
            started(stack, ["runner"], home, settings)
        served = Server(home, url, port, process, stop, start)
        served.wait(200)
        yield served


def started(
    stack: contextlib.ExitStack, words: list[str], home: Path, settings: dict[str, str]
) -> subprocess.Popen[bytes]:
    """A command that stays, until the stack is left: then it must end well, and it never wrote a traceback."""
    log = stack.enter_context((home / f"{words[0]}.log").open("wb"))
    command = [sys.executable, "-m", "huying.cli", *words]
    process = subprocess.Popen(command, env=alone(settings), stderr=log, cwd=home)
    stack.callback(ended, process, home / f"{words[0]}.log")
    return process


def ended(process: subprocess.Popen[bytes], log: Path) -> None:
    process.terminate()
    assert process.wait(BOUND) == 0
    assert "Traceback" not in log.read_text("utf-8")


FILES = ("huying.sqlite3", "huying.sqlite3-wal", "huying.sqlite3-shm")


def hide(home: Path) -> None:
    """Put the database's files away, and a folder in their place: nothing can be opened there."""
    (home / "away").mkdir()
    for name in FILES:
        if (home / name).exists():
            (home / name).rename(home / "away" / name)
    (home / FILES[0]).mkdir()


def bring_back(home: Path) -> None:
    shutil.rmtree(home / FILES[0])
    for path in (home / "away").iterdir():
        path.rename(home / path.name)
    (home / "away").rmdir()


def test_a_real_server_tells_how_it_is_while_its_database_is_there_away_and_back(server: Server) -> None:
    """One test, for a server takes its time to start."""
    people_and_programs_read_that_all_is_well(server)
    other_addresses_and_other_hosts_get_nothing(server)
    a_port_that_is_taken_is_one_sentence(server)
    server.stop_database()
    try:
        server.wait(503)
        away_is_a_sentence(server)
        time.sleep(PAUSE_SECONDS + 1)  # the loop has met the database that is away, too
    finally:
        server.start_database()
    server.wait(200)
    the_loop_has_survived(server)


def people_and_programs_read_that_all_is_well(server: Server) -> None:
    status, page = server.get("/health")
    assert status == 200 and '<html lang="zh-Hans">' in page and "<h1>呼应运行正常。</h1>" in page
    for words in ("数据库", "台账保护", "到期的时限都已记下条目", "今后 30 天都有放假通知", "剩余"):
        assert words in page
    assert "Huying works." in server.get("/health", language="en-GB,en;q=0.8")[1]
    assert "Huying works." in server.get("/health?language=en")[1]
    status, told = server.get("/health.json")
    plain = json.loads(told)
    assert (status, plain["status"], plain["at"]) == (200, "well", "2026-06-15T06:00:00+00:00")
    names = {"database", "disk", "city", "guard", "calendar", "clocks", "letters", "mail", "waiting", "failed"}
    assert {check["name"] for check in plain["checks"]} == names


def other_addresses_and_other_hosts_get_nothing(server: Server) -> None:
    assert server.get("/nothing")[0] == 404
    assert server.get("/health", host="elsewhere.example")[0] == 400


def a_port_that_is_taken_is_one_sentence(server: Server) -> None:
    ran = program("serve", "--port", str(server.port), home=server.home, HUYING_DATABASE_URL=server.url)
    assert ran.returncode == 1 and str(server.port) in ran.stderr.decode() and b"Traceback" not in ran.stderr


def away_is_a_sentence(server: Server) -> None:
    status, page = server.get("/health")
    assert status == 503 and "连不上：恢复之前不能受理任何事项" in page and "呼应需要处理。" in page
    status, told = server.get("/health.json")
    assert (status, json.loads(told)["status"]) == (503, "away")


def the_loop_has_survived(server: Server) -> None:
    """A clock that has passed gets its entry, although the loop lost its database in between."""
    server.open_case()
    until = time.monotonic() + BOUND
    while "已过" in server.clocks() and time.monotonic() < until:
        time.sleep(0.2)
    assert server.clocks() == "到期的时限都已记下条目"
    assert json.loads(server.get("/health.json")[1])["status"] == "well"


def found(language: str = "zh-Hans") -> dict[str, tuple[bool, str]]:
    """What the page would say of the test's own database."""
    told = Client().get("/health.json", {"language": language}).json()
    return {check["name"]: (check["well"], check["found"]) for check in told["checks"]}


@pytest.mark.django_db
def test_a_clock_that_nobody_passes_shows_that_the_loop_stands() -> None:
    call()
    with standing_at(after("4h")):
        assert found()["clocks"] == (True, "到期的时限都已记下条目")
    with standing_at(after("5h")):
        well, words = found()["clocks"]
        assert not well and words == "有时限已过 1 小时零 1 分 没有处理：请启动 `huying runner`"
        assert Client().get("/health").status_code == 200


def letter(to: str, state: str, *, due: timedelta = timedelta(), tries: int = 0) -> None:
    """A letter of the standing clock's moment about a new case."""
    entry = Entry.objects.get(case=call(), seq=1)
    Letter.objects.create(entry=entry, to=to, channel="email", state=state, due=now() + due, tries=tries, at=now())


@pytest.mark.django_db
def test_a_letter_that_no_channel_takes_shows_how_late_it_is(settings: Settings) -> None:
    settings.HUYING_SMTP_URL = "smtp://127.0.0.1:25"
    assert found()["mail"] == (True, "已设置，邮件由它发出")
    letter("hotline.1", "waiting", due=timedelta(hours=12))  # it waits for the digest
    letter("hotline.2", "accepted")
    assert found()["waiting"] == (True, "没有延误")
    letter("lighting.1", "waiting", due=timedelta(minutes=30), tries=4)  # refused at 0, 2, 6 and 14 minutes
    with standing_at(after("2h")):
        well, words = found()["waiting"]
        assert not well and words == "最早的一封已延误 2 小时零 1 分：请检查邮件服务器"
        assert Client().get("/health.json").json()["mail"]["since"] == "2026-06-15T01:00:00+00:00"
        settings.HUYING_SMTP_URL = ""
        assert found()["mail"] == (False, "没有设置（HUYING_SMTP_URL），邮件暂不发出")
        settings.HUYING_MODE = "demo"
        assert found()["mail"][0]


@pytest.mark.django_db
def test_letters_that_failed_are_counted_for_a_week_and_those_to_staff_need_a_hand() -> None:
    assert found()["failed"] == (True, "7 天内没有")
    letter("requester", "failed")
    assert found()["failed"][0]
    letter("hotline.1", "failed")
    well, words = found()["failed"]
    assert not well and words.startswith("7 天内发给工作人员的 1 封，请改正 contacts.csv；发给群众的 1 封")
    mail = {"configured": False, "since": None, "staff": 1, "callers": 1}
    assert Client().get("/health.json").json()["mail"] == mail
    with standing_at(MORNING + timedelta(days=8)):
        assert found()["failed"][0]


@pytest.mark.django_db
def test_a_year_without_its_notice_is_told_thirty_days_ahead() -> None:
    with standing_at(datetime(2026, 11, 30, tzinfo=UTC)):
        assert found()["calendar"][0]
    with standing_at(datetime(2026, 12, 3, tzinfo=UTC)):
        assert found()["calendar"] == (False, "缺少 2027 年的放假通知，30 天之内就要用到")


@pytest.mark.django_db
def test_a_guard_that_was_taken_away_is_told() -> None:
    assert found()["guard"] == (True, "完好")
    with guard.lifted():
        assert not found()["guard"][0]


@pytest.mark.usefixtures("empty")
def test_a_system_without_a_city_says_what_to_do() -> None:
    assert found()["city"] == (False, "没有：请运行 `huying init`")
    assert "run `huying init`" in found("en")["city"][1]
    assert Client().post("/health").status_code == 405
