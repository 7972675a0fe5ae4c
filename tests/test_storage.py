"""The store fails: full, away, held by others, read-only. It is told, and nothing is half written or lost.

Nothing is put in the store's place: the real database and the real disk are made to fail.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from huying.errors import DatabaseAway, DatabaseBusy, StorageError, StorageFull, StorageReadOnly, sentence
from huying.ledger import attachments, audit
from huying.ledger.models import Case, Document, Entry, Outbox
from huying.ledger.record import Intake, open_case, record
from huying.ledger.said import Upload
from tests import files
from tests.cast import act, call, who

ROOT = Path(__file__).parent.parent
SQLITE = connection.vendor == "sqlite"
FULL = "数据库或磁盘已满，这一步没有保存任何内容。请腾出磁盘空间或提高上限后再试；此前已受理的内容都完好。"
AWAY = "连接不上数据库，这一步没有保存任何内容。请过一分钟再试；如仍不行，请管理员启动数据库。"


def counted() -> list[int]:
    return [model._default_manager.count() for model in (Case, Entry, Document, Outbox)]


def refused(step: Callable[[], object], error: type[StorageError]) -> str:
    """The sentence with which a step fails, after which everything is as it was."""
    before = counted()
    with pytest.raises(error) as failed:
        step()
    assert counted() == before
    return sentence(failed.value)


@contextmanager
def reconnected(**changes: object) -> Iterator[None]:
    """A connection with other settings, and the usual one again afterwards."""
    kept = {name: connection.settings_dict[name] for name in changes}
    connection.close()
    connection.settings_dict.update(changes)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(kept)


def with_first(statement: str) -> dict[str, object]:
    """The options with which each new connection begins by a statement."""
    options = dict(connection.settings_dict["OPTIONS"])
    if SQLITE:
        return options | {"init_command": f"{options['init_command']}{statement};"}
    return options | {"options": f"-c {statement}"}


# --- full


def full_database(committed: None) -> None:
    """SQLite's own limit: the file may grow no more; then it may."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # what other tests left free in the file would be filled first
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
    accepted = []
    with reconnected(OPTIONS=with_first(f"PRAGMA max_page_count = {pages + 20}")):
        with pytest.raises(StorageFull) as failed:
            for _ in range(500):
                accepted.append(call(text="路灯坏了" * 500).number)
        assert sentence(failed.value) == FULL
        kept = Case.objects.filter(procedure="request").order_by("pk").values_list("number", flat=True)
        assert list(kept) == accepted
        assert accepted
        case = Case.objects.get(number=accepted[0])
        refused(lambda: act(case, "note", "hotline.1", text="长" * 20_000), StorageFull)
        assert list(audit.audit()) == []
    act(case, "note", "hotline.1", text="长" * 20_000)
    call()
    assert list(audit.audit()) == []


if SQLITE:
    test_a_full_database_is_told_and_goes_on_when_it_may_grow = full_database


@pytest.fixture
def small_disk(tmp_path: Path, settings: Settings) -> Iterator[None]:
    """A folder of files on a disk of 64 KiB; where no disk can be mounted, files may be no longer than that."""
    settings.HUYING_HOME = tmp_path
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    if mounted:
        subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.django_db
def test_a_full_disk_takes_no_attachment_and_leaves_no_piece_of_one(small_disk: None) -> None:
    large = Upload("录音.wav", files.wav(20))
    assert refused(lambda: call(text="路灯坏了", evidence=[large]), StorageFull) == FULL
    assert list(attachments.folder().glob("??/*")) == []
    case = call(text="路灯坏了", evidence=[Upload("录音.wav", files.wav(1))])
    assert refused(lambda: act(case, "note", "hotline.1", text="见附件", evidence=[large]), StorageFull) == FULL
    assert len(list(attachments.folder().glob("??/*"))) == 1
    assert list(audit.audit()) == []


# --- read-only


def read_only() -> dict[str, object]:
    """The same database, opened only to read."""
    if SQLITE:
        return {"NAME": f"file:{connection.settings_dict['NAME']}?mode=ro"}
    return {"OPTIONS": with_first("default_transaction_read_only=on")}


def test_a_database_that_may_only_be_read_is_told(committed: None) -> None:
    case = call()
    with reconnected(**read_only()):
        for step in (call, lambda: act(case, "note", "hotline.1", text="备注")):
            assert refused(step, StorageReadOnly).startswith("数据库或附件文件夹不能写入，这一步没有保存任何内容。")
        assert list(audit.audit()) == []
    act(case, "note", "hotline.1", text="备注")


@pytest.mark.django_db
def test_a_folder_of_files_that_is_none_is_told(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "files").write_text("")
    settings.HUYING_HOME = tmp_path
    told = refused(lambda: call(text="路灯坏了", evidence=[Upload("a.pdf", files.pdf())]), StorageReadOnly)
    assert told.startswith("数据库或附件文件夹不能写入")


# --- held by another


@pytest.mark.django_db
def test_nobody_waits_for_ever() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if SQLITE else "SHOW lock_timeout")
        assert cursor.fetchone() in ((20_000,), ("20s",))


def impatient() -> dict[str, object]:
    """Wait for others a fifth of a second only."""
    if SQLITE:
        return {"OPTIONS": dict(connection.settings_dict["OPTIONS"]) | {"timeout": 0.2}}
    return {"OPTIONS": with_first("lock_timeout=200ms")}


def test_a_database_that_another_program_holds_is_told_after_a_while(committed: None) -> None:
    case, free, held = call(), threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_case SET turn = turn")
            held.set()
            free.wait(30)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(30)
    try:
        with reconnected(**impatient()):
            told = refused(lambda: act_on(case), DatabaseBusy)
            assert told.startswith("数据库正被其他程序占用，这一步没有保存任何内容。")
    finally:
        free.set()
        other.join()
    act_on(case)
    assert list(audit.audit()) == []


def act_on(case: Case) -> None:
    act(case, "note", "hotline.1", text="备注")


# --- away


def nowhere() -> dict[str, object]:
    """A database where there is none."""
    return {"NAME": "/nowhere/x.sqlite3"} if SQLITE else {"HOST": "/nowhere"}


def test_a_database_that_is_nowhere_is_told(committed: None) -> None:
    case, clerk, lamp = call(), who("hotline.1"), Intake("request", {"text": "路灯坏了"})
    steps: list[Callable[[], object]] = [
        lambda: open_case(lamp, clerk),
        lambda: record(case, "note", clerk, {"text": "备注"}, seen=None),
        lambda: list(audit.audit()),
    ]
    with reconnected(**nowhere()):
        for step in steps:
            with pytest.raises(DatabaseAway) as failed:
                step()
            assert sentence(failed.value) == AWAY
    act_on(case)


def away(seconds: float) -> None:
    """PostgreSQL goes in the middle of a step, stays away, and comes back to the same process."""
    environment = {**os.environ, "HUYING_MODE": "test", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "tests.away", str(seconds)]
    ran = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told.pop("told") == [AWAY]
    assert told.pop("tries") > 3
    assert told == {"kept": True, "entries": [1, 1, 2], "beside": [7, 3], "audit": []}


def a_few_seconds() -> None:
    away(2)


def half_a_minute() -> None:
    away(30)


if not SQLITE:
    test_a_postgresql_that_was_away_for_seconds_loses_nothing = a_few_seconds
    if os.environ.get("HUYING_SOAK"):
        test_a_postgresql_that_was_away_for_half_a_minute_loses_nothing = half_a_minute
