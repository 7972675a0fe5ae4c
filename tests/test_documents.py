"""Words and files beside the ledger: salted, sealed where they must be, on the disk before the receipt (promise 1)."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from huying.errors import BadValue, NotAllowed
from huying.ledger import attachments, audit, documents, identity
from huying.ledger.actor import SYSTEM
from huying.ledger.attachments import path_of
from huying.ledger.models import Case, Document, Entry
from huying.ledger.record import record
from huying.ledger.said import MOST_FILES, Upload
from tests import files
from tests.cast import act, call, who

Execute = Callable[..., Any]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    settings.HUYING_HOME = tmp_path
    return tmp_path


def on_disk() -> set[str]:
    """The files that are stored, locks aside."""
    return {place.name for place in attachments.folder().glob("??/*")}


def evidence(*contents: bytes, name: str = "现场.pdf", **said: object) -> Case:
    return call(text="路灯坏了", evidence=[Upload(name, content) for content in contents], **said)


# --- words


def test_a_text_has_a_salt_of_128_bits_of_its_own_and_the_ledger_only_its_digest() -> None:
    cases = [call(text="路灯坏了", title="路灯坏了") for _ in range(20)]
    kept = list(Document.objects.filter(case__in=cases))
    assert {len(bytes.fromhex(one.salt)) for one in kept} == {16}
    assert len({one.salt for one in kept}) == len({one.digest for one in kept}) == len({one.key for one in kept}) == 40
    for one in kept:
        assert one.digest == hashlib.sha256(bytes.fromhex(one.salt) + "路灯坏了".encode()).hexdigest()
    said = Entry.objects.get(case=cases[0])
    assert "路灯" not in said.said_json + said.sets_json
    assert f"{kept[0].key}:{kept[0].digest}" in said.said_json


@pytest.mark.parametrize(
    "said", [{"wish": "confidential"}, {"wish": "anonymous"}, {"type": "report", "about": "housing-property"}]
)
def test_every_original_of_a_confidential_anonymous_or_reporting_caller_is_sealed(said: dict[str, str]) -> None:
    case = call(
        title="食堂", text="我是三车间的孙小梅", place="三车间", evidence=[Upload("a.pdf", files.pdf())], **said
    )
    kept = {one.field: one.sealed for one in Document.objects.filter(case=case)}
    assert kept == {"title": True, "text": True, "place": True, "evidence": True}
    assert documents.of(case, "text") == ""
    act(case, "copy", "hotline.1", handling_copy="反映食堂问题")
    assert documents.of(case, "handling_copy") == "反映食堂问题"
    act(case, "add", "requester", text="食堂又出事了", evidence=[Upload("b.pdf", files.pdf("二"))])
    assert set(Document.objects.filter(case=case, field__in=["text", "evidence"]).values_list("sealed")) == {(True,)}


def test_a_picture_that_the_system_fetches_for_a_confidential_caller_is_sealed_too() -> None:
    case = call(text="我是三车间的孙小梅", wish="confidential")
    record(case, "attach", SYSTEM, {"evidence": [Upload("a.jpg", files.photo())]}, seen=None)
    assert Document.objects.get(case=case, field="evidence").sealed
    assert list(audit.audit(numbers=frozenset({case.number}))) == []


def test_an_ordinary_original_is_read_by_its_handlers_who_called_by_a_look_only() -> None:
    case = call(text="路灯坏了", requester={"name": "王秀兰", "phone": "13800001234"})
    assert documents.of(case, "text") == "路灯坏了"
    assert documents.of(case, "requester") == ""
    with pytest.raises(NotAllowed):
        identity.look(case, who("housing.1"), "好奇")
    assert identity.look(case, who("hotline.1"), "派单前核对").requester.name == "王秀兰"


# --- files, once and for all


def test_the_same_content_is_stored_once_and_each_document_has_its_own_salt() -> None:
    first, second = evidence(files.pdf()), evidence(files.pdf(), name="另一份.pdf")
    kept = list(Document.objects.filter(case__in=[first, second], field="evidence"))
    assert on_disk() == {kept[0].blob} == {kept[1].blob}
    assert kept[0].digest != kept[1].digest
    assert path_of(kept[0].blob).read_bytes() == files.pdf()


def test_a_file_is_on_the_disk_before_the_entry_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promise 1: synced with its folders, then written about."""
    order: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        order.append("folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "content")
        sync(handle)

    def renamed(place: Path, target: Path) -> Path:
        order.append("name")
        return replace(place, target)

    def asked(execute: Execute, sql: str, *rest: Any) -> Any:
        if sql.startswith("INSERT INTO ledger_entry"):
            order.append(f"entry with {len(on_disk())} file")
        return execute(sql, *rest)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    with connection.execute_wrapper(asked):
        evidence(files.pdf())
    assert order == ["content", "name", "folder", "folder", "folder", "entry with 1 file"]


def test_a_refused_step_leaves_no_file() -> None:
    case = call()
    with pytest.raises(NotAllowed):
        act(case, "note", "housing.1", text="见附件", evidence=[Upload("a.pdf", files.pdf())])
    assert on_disk() == set()


def test_a_step_that_was_undone_leaves_a_file_that_the_sweep_takes() -> None:
    with transaction.atomic():
        evidence(files.pdf())
        transaction.set_rollback(True)
    assert len(on_disk()) == 1
    assert attachments.sweep(older_than=time.time() - 3600) == 0  # it might be just about to be named
    assert attachments.sweep(older_than=time.time() + 1) == 1
    assert on_disk() == set()


def test_the_sweep_leaves_what_one_document_of_one_case_still_names() -> None:
    first, second = evidence(files.pdf()), evidence(files.pdf(), files.photo("PNG"))
    erase(first)
    assert attachments.sweep(older_than=time.time() + 1) == 0
    erase(second)
    assert attachments.sweep(older_than=time.time() + 1) == 2
    assert attachments.sweep(older_than=time.time() + 1) == 0


def erase(case: Case) -> None:
    Document.objects.filter(case=case).update(erased=case.opened, body="", salt="", blob="", name="")


def test_the_sweep_takes_the_drafts_that_a_crash_left_behind() -> None:
    kept = Document.objects.get(case=evidence(files.pdf()), field="evidence")
    draft = path_of(kept.blob).parent / "draft-x1"
    draft.write_bytes(b"half")
    assert attachments.sweep(older_than=time.time() + 1) == 1
    assert on_disk() == {kept.blob}


def test_a_file_that_is_named_again_while_the_sweep_runs_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep has read that nobody names it; before it deletes, somebody sends the same again."""
    old = attachments.check(Upload("a.pdf", files.pdf()))
    attachments.store(old)
    os.utime(path_of(old.blob), (0, 0))
    drop = attachments._drop

    def dropped(place: Path, older_than: float) -> bool:
        evidence(files.pdf())
        return drop(place, older_than)

    monkeypatch.setattr(attachments, "_drop", dropped)
    assert attachments.sweep(older_than=time.time() - 3600) == 0
    assert on_disk() == {old.blob}


@pytest.mark.parametrize("blob", ["", "..", "../../etc/passwd", "/etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_no_path_leads_out_of_the_folder_of_files(blob: str) -> None:
    with pytest.raises(ValueError, match="hash"):
        path_of(blob)
    assert not attachments.intact(blob)


def test_a_stored_file_belongs_to_nobody_else_and_cannot_be_run() -> None:
    kept = Document.objects.get(case=evidence(files.pdf()), field="evidence")
    assert path_of(kept.blob).stat().st_mode & 0o777 == 0o600


def test_more_files_at_once_than_anybody_needs_are_refused() -> None:
    with pytest.raises(BadValue, match=f"≤ {MOST_FILES}"):
        evidence(*[files.pdf()] * (MOST_FILES + 1))
    assert on_disk() == set()
