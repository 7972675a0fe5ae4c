"""Promise 12: a person can be forgotten, and the ledger still audits.

Byte by byte, through every file of the database and of HUYING_HOME, on both databases.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from huying.errors import Forgotten, Held, NotAllowed, StillOpen
from huying.keeping import forget, persons, scrub
from huying.ledger import administration, audit, find
from huying.ledger.models import Case, Document, Entry
from huying.ledger.number import said
from huying.ledger.record import record
from huying.notify.outbox import fan_out
from tests.cast import act, call, who
from tests.commands import done, refused, run
from tests.desks import browser
from tests.doors import key, photo, post
from tests.residents import sent

NAME, PHONE, EMAIL = "欧阳泽霖", "13987652046", "zelin.ouyang@example.cn"
HOME = "柳园路 7 号 3 单元 602"
WORDS = "楼下烧烤摊每晚营业到凌晨两点，我母亲心脏不好，已经连续十一天睡不着觉。"
COPY = "反映人称柳园路烧烤摊夜间经营到凌晨，家中老人无法休息。"
NOTE = "已电话联系欧阳先生，其母亲上月做过支架手术。"
FILE = "欧阳家阳台.jpg"
SECRETS = (NAME, PHONE, EMAIL, "3 单元 602", WORDS, COPY, NOTE, "欧阳家阳台", "支架手术", "烧烤摊每晚", "zelin")


def holding(places: Iterable[Path], words: Iterable[str]) -> dict[str, set[str]]:
    """The words that stand in these files, as bytes, each with the files in which it stands."""
    found: dict[str, set[str]] = {}
    for place in places:
        content = place.read_bytes()
        for word in words:
            if word.encode() in content:
                found.setdefault(word, set()).add(place.name)
    return found


def files(home: Path) -> Iterator[Path]:
    """Every file of the database and of the home; of PostgreSQL all but its log, which is told of in the docs."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        yield from (Path(name + end) for end in ("", "-wal", "-shm", "-journal") if Path(name + end).exists())
    else:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
            mine = "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
            cursor.execute(mine)
            folder, oid = cursor.fetchone()
        for place in Path(folder).rglob("*"):
            base = place.relative_to(folder).parts[:2]
            if place.is_file() and base[0] != "pg_wal" and not (base[0] == "base" and base[1] != str(oid)):
                yield place
    yield from (place for place in home.rglob("*") if place.is_file())


def withdrawn(case: Case) -> Case:
    act(case, "withdraw", "hotline.1", reason="来电人自行解决")
    return case


@pytest.fixture
def person(committed: None, tmp_path: Path, settings: Settings) -> Iterator[list[Case]]:
    """Somebody who called three times, each by another way in, among others; all of it closed."""
    settings.HUYING_HOME = tmp_path
    caller = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": HOME}
    first = call(type="help", title="烧烤摊夜里扰民", text=WORDS, requester=caller)
    for place in range(40):  # so that rows move to other pages
        call(type="help", title="路灯不亮", text=f"柳园路 {place} 号门前的路灯坏了。" * (place % 9 + 1))
    picture = SimpleUploadedFile(FILE, photo(64, 48), "image/jpeg")
    sent(Client(), text=WORDS, name=NAME, phone=PHONE, email=EMAIL, photos=picture, wish="confidential")
    _, secret = key()
    post(secret, once="retry-1", service_code="streets.lamps", description=WORDS, lat="31.23", long="121.47",
         last_name="欧阳", first_name="泽霖", phone=PHONE, email=EMAIL, media_url="https://x.invalid/欧阳家阳台.jpg",
         )  # fmt: skip
    cases = persons.cases_of(PHONE)
    assert len(cases) == 3
    act(first, "copy", "hotline.1", handling_copy=COPY)
    record(first, "note", who("hotline.1"), {"text": NOTE}, seen=None)
    desk = browser("hotline.1")
    desk.get("/desk/find", {"q": NAME})
    desk.post("/desk/views", {"name": "欧阳", "address": f"/desk/queue/all?q={NAME}"})
    for case in cases:
        withdrawn(case)
    fan_out()
    os.sync()
    old = time.time() - 3600
    for kept in (tmp_path / "files").rglob("*"):
        os.utime(kept, (old, old))
    yield cases


def test_a_forgotten_person_is_in_no_byte_and_the_ledger_audits(person: list[Case], tmp_path: Path) -> None:
    scrub.scrub()
    before = holding(files(tmp_path), SECRETS)
    assert {NAME, PHONE, EMAIL, WORDS, NOTE} <= set(before), "the search for bytes finds them where they are"
    photos = [place for place in (tmp_path / "files").rglob("*") if place.is_file() and place.name != ".lock"]
    assert len(photos) == 1
    erased = forget.forget(person, who("admin.security"), "asked")
    assert set(erased.cases) == {case.number for case in person}
    assert erased.files == 1 and not photos[0].exists()
    assert erased.scrubbed
    assert holding(files(tmp_path), SECRETS) == {}
    assert list(audit.audit()) == []
    assert not Document.objects.filter(case__in=person, erased=None).exists()
    assert find.found("烧烤摊", who("hotline.1")) == []


def test_a_larger_sqlite_database_is_overwritten_row_by_row(person: list[Case], tmp_path: Path) -> None:
    """Without writing everything anew; PostgreSQL overwrites nothing until it does, and says so."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scrub, "MOST_BYTES", 0)
        erased = forget.forget(person, who("admin.security"), "asked")
    if connection.vendor == "sqlite":
        assert holding(files(tmp_path), SECRETS) == {}
    assert not erased.scrubbed
    assert scrub.scrub()
    assert holding(files(tmp_path), SECRETS) == {}


@contextmanager
def somebody_reading() -> Iterator[None]:
    """Another program, in the middle of one long look at everything."""
    if connection.vendor == "sqlite":
        other = sqlite3.connect(str(connection.settings_dict["NAME"]))
        other.execute("BEGIN")
    else:
        other = connection.get_new_connection(connection.get_connection_params())
        other.autocommit = False
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    other.execute("SELECT count(*) FROM ledger_document").fetchone()
    try:
        yield
    finally:
        other.rollback()
        other.close()


def test_while_somebody_still_reads_what_was_there_it_isnt_said_to_be_gone(person: list[Case], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched, somebody_reading():
        patched.setattr(scrub, "PATIENCE_SECONDS", 0.2)
        erased = forget.forget(person, who("admin.security"), "asked")
        assert not erased.scrubbed
    assert scrub.scrub()
    assert holding(files(tmp_path), SECRETS) == {}


def test_what_was_erased_is_told_in_every_case_and_once_by_the_administrator(
    person: list[Case], tmp_path: Path
) -> None:
    forget.forget(person, who("admin.security"), "consent")
    for case in person:
        entry = Entry.objects.get(case=case, act="forget")
        assert entry.said == {"erasing": "consent"}
        case.refresh_from_db()
        with pytest.raises(Forgotten):
            act(case, "restore", "hotline.1", reason="又来电")
    standing = administration.standing(who("admin.security"))
    noted = Entry.objects.filter(case=standing, act="forget")
    assert {entry.said["case"] for entry in noted} == {case.number for case in person}
    assert {entry.actor for entry in noted} == {"admin.security"}
    journal = (tmp_path / forget.JOURNAL).read_text().splitlines()
    assert {json.loads(line)["number"] for line in journal} == {case.number for case in person}
    assert forget.forget(person, who("admin.security"), "asked").cases == ()


def test_a_merged_case_waits_for_the_answer_of_the_one_that_it_joined(committed: None) -> None:
    mine = call(type="help", title="井盖松动", text=WORDS, requester={"name": NAME, "phone": PHONE})
    other = call(type="help", title="井盖松动", text="同一处井盖。")
    act(mine, "merge", "hotline.1", into=other.number)
    with pytest.raises(StillOpen, match=other.number[:4]):
        forget.forget([mine], who("admin.security"), "asked")


def test_what_was_said_of_the_alarm_that_a_call_rang_is_erased_with_it(
    committed: None, tmp_path: Path, settings: Settings
) -> None:
    settings.HUYING_HOME = tmp_path
    lamp = call(
        type="help",
        title="家里煤气泄漏，有人晕倒，着火了，要跳楼",
        text=WORDS,
        requester={"name": NAME, "phone": PHONE},
    )
    alarm = Case.objects.get(procedure="alarm")
    act(alarm, "hear", "supervision.1", text=NOTE)
    withdrawn(lamp)
    with pytest.raises(StillOpen, match=said(alarm.number)):
        forget.forget([lamp], who("admin.security"), "asked")
    act(alarm, "close", "supervision.1", found="mistaken", text=NOTE)
    erased = forget.forget([lamp], who("admin.security"), "asked")
    assert set(erased.cases) == {lamp.number, alarm.number}
    assert holding(files(tmp_path), SECRETS) == {}
    assert list(audit.audit()) == []


def test_an_open_case_a_held_one_and_a_stranger_are_refused(
    committed: None, tmp_path: Path, settings: Settings
) -> None:
    settings.HUYING_HOME = tmp_path
    lamp = call(type="help", title="路灯不亮", text=WORDS, requester={"name": NAME, "phone": PHONE})
    with pytest.raises(StillOpen):
        forget.forget([lamp], who("admin.security"), "asked")
    withdrawn(lamp)
    with pytest.raises(NotAllowed):
        forget.forget([lamp], who("hotline.1"), "asked")
    record(lamp, "hold", who("supervision.1"), {"held": "court", "reason": "区法院调卷"}, seen=None)
    with pytest.raises(Held):
        forget.forget([lamp], who("admin.security"), "asked")
    assert Document.objects.filter(case=lamp, erased=None).count() == 5
    record(lamp, "release", who("supervision.1"), {"reason": "判决生效"}, seen=None)
    assert forget.forget([lamp], who("admin.security"), "asked").cases == (lamp.number,)
    assert list(audit.audit()) == []


def test_on_the_command_line(committed: None, tmp_path: Path, settings: Settings) -> None:
    settings.HUYING_HOME = tmp_path
    case = call(type="help", title="路灯不亮", text=WORDS, requester={"name": NAME, "phone": PHONE})
    withdrawn(case)
    shown = done("person", "show", PHONE, "--as", "hotline.1", "--reason", "本人申请查阅")
    assert NAME in shown.out and WORDS in shown.out and "本人申请查阅" in shown.out
    [row] = json.loads(done("person", "show", PHONE, "--as", "hotline.1", "--reason", "再看一次", "--json").out)
    assert row["name"] == NAME and {paper["text"] for paper in row["papers"]} >= {WORDS, "路灯不亮"}
    assert [look["reason"] for look in row["looks"]] == ["本人申请查阅", "再看一次"]
    hidden = done("person", "show", PHONE, "--as", "lighting.1", "--reason", "看看")
    assert NAME not in hidden.out and WORDS not in hidden.out
    erased = run("forget", "-", given=PHONE.encode())
    assert erased.code == 0 and "已删除" in erased.out, erased
    assert "没有以该电话号码" in refused("forget", PHONE)
    again = done("forget", case.number)
    assert "没有可以删除" in again.out
    assert "个人信息已删除" in done("person", "show", case.number, "--as", "hotline.1", "--reason", "核对").out
