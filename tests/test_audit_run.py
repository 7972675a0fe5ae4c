"""The audit at work: in batches, in little memory, beside people who write; and what it can't see alone."""

from __future__ import annotations

import json
import re
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from huying.ledger import audit
from huying.ledger.ledger import entry_hash
from huying.ledger.models import Case, Entry
from tests import tampering
from tests.cast import act, call
from tests.tampering import entry, everything, found, tampered
from tests.together import at_once

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> None:
    settings.HUYING_HOME = tmp_path


@pytest.fixture
def lamp(db: None) -> Case:
    return tampering.lamp()


def test_only_the_cases_named_are_looked_at(lamp: Case) -> None:
    other = call()
    with tampered(("UPDATE ledger_case SET stage = 'x'",)):
        assert [d.case for d in audit.audit(numbers=frozenset({other.number}))] == [other.number]
        assert list(audit.audit(numbers=frozenset())) == []


def queries(cases: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many queries an audit makes that takes so many cases at a time."""
    monkeypatch.setattr(audit, "BATCH", cases)
    with CaptureQueriesContext(connection) as made:
        assert list(audit.audit()) == []
    return len(made)


def test_the_number_of_queries_follows_the_batches_and_not_the_cases(
    lamp: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = queries(500, monkeypatch)
    for _ in range(20):
        act(call(), "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    assert queries(500, monkeypatch) == small
    assert queries(12, monkeypatch) - small <= 12


def test_memory_does_not_grow_with_the_ledger_of_a_case(lamp: Case) -> None:
    """One case with four thousand long entries, ten megabytes in all, of which a few are in memory at a time."""
    lengthen(lamp, 4_000)
    tracemalloc.start()
    try:
        assert list(audit.audit(numbers=frozenset({lamp.number}))) == []
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def lengthen(case: Case, count: int) -> None:
    """Add true entries to a case, over two kilobytes each."""
    case.refresh_from_db()
    state, prev, entries = case.folded(), case.head, []
    for seq in range(state.seq + 1, state.seq + 1 + count):
        added = Entry(case=case, seq=seq, act="child", actor="case", at=case.opened, prev=prev, sets_json="{}")
        added.said_json = json.dumps({"stage": "x" * 2500})
        added.hash = prev = entry_hash(added, case.number)
        entries.append(added)
    Entry.objects.bulk_create(entries, batch_size=500)
    state = replace(state, seq=state.seq + count)
    Case.objects.filter(pk=case.pk).update(seq=state.seq, head=prev, state=state.to_json())


def test_what_the_audit_can_not_see_alone(lamp: Case) -> None:
    """Told in docs/explanation/what-audit-sees.md; the signed checkpoints see both."""
    with tampered(*everything(lamp)):
        assert found() == []
    with tampered(("DELETE FROM ledger_outbox WHERE entry_id = %s", entry(lamp, 3).pk)):
        assert found() == []


def test_the_audit_is_silent_while_others_write(committed: None) -> None:
    """Each batch is one consistent look: an entry that comes in between is in all of it or in none."""
    cases = [call() for _ in range(3)]

    def write() -> None:
        for place in range(45):
            act(cases[place % 3], "note", "hotline.1", text="已电话联系。")

    def look() -> list[str]:
        return [difference.words() for _ in range(12) for difference in audit.audit()]

    assert at_once([write, look, write, look]) == [None, [], None, []]


@pytest.mark.parametrize("page", ["docs/explanation/what-audit-sees.md", "docs/zh/explanation/what-audit-sees.md"])
def test_every_finding_is_told_in_both_languages(page: str) -> None:
    code = "".join((ROOT / "huying" / "ledger" / name).read_text("utf-8") for name in ("audit.py", "replay.py"))
    codes = set(re.findall(r"(?:_found|_broken)\([^,]+, \"(\w+)\"|Difference\([^,]+, 0, \"(\w+)\"", code))
    named = {one or other for one, other in codes}
    assert len(named) == 18
    assert set(re.findall(r"^\| `(\w+)` \|", (ROOT / page).read_text("utf-8"), re.MULTILINE)) == named
