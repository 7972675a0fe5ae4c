"""Whatever dies: each call that got a receipt is there, with its photo, once (promises 1 and 11).

The real server, its whole process group killed; the database stopped, or without room; the disk of the
attachments full; an import beside it.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from huying.ledger import attachments, audit
from huying.ledger.models import Case, Document
from huying.ledger.said import Upload
from tests.commands import alone, program
from tests.doors import key
from tests.postgres import cluster
from tests.serving import BOUND, Callers, Serving, Told, serving
from tests.together import ROOT, environment

SOAK = bool(os.environ.get("HUYING_SOAK"))
ROUNDS = 20 if SOAK else 3
ROWS = 5000 if SOAK else 2000
MEGABYTE = 1024 * 1024
FULL = "数据库或磁盘已满"
AWAY = "连接不上数据库"
pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture
def secret(committed: None, tmp_path: Path, settings: Settings) -> Iterator[str]:
    """The secret of a key without a limit that matters; the server's files lie in a folder of the test's own."""
    settings.HUYING_HOME = tmp_path
    _, secret = key(per_hour=1_000_000)
    connection.close()  # so that a killed server's database is mended by the next server, and by nobody else
    yield secret


def all_is_there(callers: Callers) -> None:
    """Every receipt's case, with the photo that was sent and its bytes on disk; no other case; the audit is silent."""
    assert not callers.open and len(set(callers.receipts.values())) == len(callers.receipts)
    cases = dict(Case.objects.filter(procedure="request").values_list("number", "pk"))
    assert set(cases) == set(callers.receipts.values())
    blobs: dict[int, list[str]] = {}
    for case, blob in Document.objects.filter(field="evidence").values_list("case", "blob"):
        blobs.setdefault(case, []).append(blob)
    for once, number in callers.receipts.items():
        [blob] = blobs[cases[number]]
        assert blob == attachments.check(Upload("灯.png", callers.calls[once].photo)).blob
        assert attachments.intact(blob), number
    assert list(audit.audit()) == []


def test_received_is_kept_when_the_server_is_killed_again_and_again(secret: str, tmp_path: Path) -> None:
    with serving(environment(), tmp_path / "serve.log") as server:
        callers = Callers(server.port, secret)
        for _ in range(ROUNDS):
            before = len(callers.receipts)
            with callers.calling():
                time.sleep(random.uniform(0.3, 1.5))
                server.kill()
            assert len(callers.receipts) > before
            server.start()
            callers.again()
    assert not callers.errors
    all_is_there(callers)


def test_a_database_that_fails_under_load_loses_nothing_and_says_so(secret: str, tmp_path: Path) -> None:
    if connection.vendor == "sqlite":
        no_room_in_the_database(secret, tmp_path)
    else:
        stopped_and_started(tmp_path)


def stopped_and_started(home: Path) -> None:
    """PostgreSQL itself ends at once and comes back, with one of its own: the others' tests need theirs."""
    with cluster() as running:
        settings = {"HUYING_DATABASE_URL": running.url(), "HUYING_NOW": "2026-06-15T09:00:00+08:00"}
        assert program("init", home=home, **settings).returncode == 0
        issued = program("key", "add", "街道", "--scope", "write", "--per-hour", "1000000", home=home, **settings)
        assert issued.returncode == 0, issued.stderr.decode()
        [secret] = [word for word in issued.stdout.decode().split() if word.startswith("hy_")]
        own = alone({"HUYING_MODE": "test", "HUYING_HOME": str(home), "PYTHONPATH": str(ROOT), **settings})
        with serving(own, home / "serve.log") as server:
            callers = Callers(server.port, secret)
            with callers.calling():
                for _ in range(ROUNDS // 3):
                    until_more(callers.receipts, 20)
                    running.stop()
                    until_more(callers.errors, 5)
                    running.start()
                    until_more(callers.receipts, 20)
            told(callers.errors, AWAY)
            callers.again()
        kept(callers, running.url())
        audited = program("audit", home=home, **settings)
        assert audited.returncode == 0, audited.stdout.decode()


def kept(callers: Callers, url: str) -> None:
    """Every receipt's case stands in a database beside the test's, once and with one photo; and no other case."""
    with psycopg.connect(url) as beside:
        rows = beside.execute(
            "SELECT c.number, count(d.id), min(d.blob) FROM ledger_case c "
            "LEFT JOIN ledger_document d ON d.case_id = c.id AND d.field = 'evidence' "
            "WHERE c.procedure = 'request' GROUP BY c.number"
        ).fetchall()
    assert {number for number, _, _ in rows} == set(callers.receipts.values())
    assert len(rows) == len(callers.receipts)
    assert all(count == 1 and attachments.intact(blob) for _, count, blob in rows)


def until_more(things: Sized, more: int) -> None:
    """Wait until there are so many more."""
    wanted, end = len(things) + more, time.monotonic() + BOUND
    while len(things) < wanted:
        assert time.monotonic() < end
        time.sleep(0.05)


def told(errors: list[Told], words: str) -> None:
    """Each caller heard in its own form that nothing was kept, and why."""
    assert errors
    assert {(error.status, words in error.words) for error in errors} == {(503, True)}, errors


def no_room_in_the_database(secret: str, home: Path) -> None:
    """The database may have so many pages and no more; then it may have more."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # what other tests left free in the file would be filled first
    bound = home / "pages"
    bound.write_text("1000000")
    small = {**environment(), "DJANGO_SETTINGS_MODULE": "tests.tight", "TIGHT": str(bound)}
    with serving(small, home / "serve.log") as server:
        callers = Callers(server.port, secret)
        with callers.calling():
            until_more(callers.receipts, 20)
            bound.write_text("1")  # SQLite takes what it has for its least
            until_more(callers.errors, 5)
            bound.write_text("1000000")
            until_more(callers.receipts, 20)
        told(callers.errors, FULL)
        callers.again()
    all_is_there(callers)


def test_a_full_disk_of_attachments_is_said_and_nothing_is_half_there(secret: str, tmp_path: Path) -> None:
    with serving(environment(), tmp_path / "serve.log") as server, small_place(server) as (side, make_room):
        callers = Callers(server.port, secret, side=side)
        while callers.once(callers.new(), "xml" if len(callers.calls) % 2 else "json").status == 200:
            assert len(callers.calls) < 100, "the place isn't small"
        told(callers.errors, FULL)
        assert Case.objects.filter(procedure="request").count() == len(callers.receipts)
        stored = [path for path in attachments.folder().glob("??/*") if path.is_file()]
        assert len(stored) == len(callers.receipts) and all(attachments.intact(path.name) for path in stored)
        connection.close()
        make_room()
        callers.again()
        all_is_there(callers)


@contextmanager
def small_place(server: Serving) -> Iterator[tuple[int, Callable[[], None]]]:
    """Little room for attachments, a file system of 2 MB; where none may be mounted, files of at most 6 MB.

    Gives the side of pictures of which few or none fit, and what makes room.
    """
    place = attachments.folder()
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() == 0 and subprocess.run(mount, capture_output=True, check=False).returncode == 0:
        try:
            yield 700, lambda: done("mount", "-o", "remount,size=64m", str(place))
        finally:
            done("umount", "--lazy", str(place))
    else:  # SQLite's own files stay below that
        limit(server, 6 * MEGABYTE)
        yield 2600, lambda: limit(server, resource.RLIM_INFINITY)


def done(*words: str) -> None:
    subprocess.run(words, check=True)


def limit(server: Serving, most: int) -> None:
    """The most bytes that a file of the server's may have."""
    for pid in server.members():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def test_calls_are_answered_while_an_import_runs_beside(secret: str, tmp_path: Path) -> None:
    table, map_ = tmp_path / "table.csv", tmp_path / "map.toml"
    with table.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["ref", "opened", "title", "text"])
        rows.writerows([n, "2026-06-01 09:05", f"路灯不亮 {n}", "柳园路的路灯坏了三天。"] for n in range(ROWS))
    columns = "".join(f'[field.{name}]\ncolumn = "{name}"\n' for name in ("title", "text"))
    map_.write_text(f'source = "board"\nref = "ref"\nopened = "opened"\n{columns}')
    words = [sys.executable, "-m", "huying.cli", "import", str(table), "--map", str(map_)]
    with serving(environment(), tmp_path / "serve.log") as server:
        callers = Callers(server.port, secret)
        callers.once(callers.new())
        importing = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL)
        beside: list[int] = []
        while importing.poll() is None:
            callers.once(callers.new())
            beside.append(Case.objects.filter(source_system="board").count())
            time.sleep(0.05)
        connection.close()
        assert importing.returncode == 0
        assert sum(0 < count < ROWS for count in beside) > 3, "no call came while the import wrote"
    print(f"the slowest of {len(callers.receipts)} answers: {callers.slowest:.2f} s")
    assert not callers.errors and callers.slowest < 3
    assert Case.objects.filter(source_system="board").count() == ROWS
    assert list(audit.audit()) == []
