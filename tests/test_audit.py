"""Promise 3, and promise 2 as far as it can be shown without seals: each way of tampering has its finding.

Each test does one wrong thing to entries, cases or families by SQL with the guard lifted, and names the finding's
code and its Chinese sentence. What stands beside them: test_audit_beside.py.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from huying.ledger.ledger import entry_hash
from huying.ledger.models import Case, Entry
from tests import tampering
from tests.cast import act, call
from tests.tampering import codes, edited, entry, everything, found, one, tampered

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> None:
    settings.HUYING_HOME = tmp_path


@pytest.fixture
def lamp() -> Case:
    return tampering.lamp()


def test_a_ledger_that_nobody_touched_is_silent(lamp: Case) -> None:
    assert found() == []


# --- entries

OF_ENTRY = {field.attname for field in Entry._meta.concrete_fields} - {"id", "case_id", "seq", "prev"}


@pytest.mark.parametrize("seq", [3, 5])
@pytest.mark.parametrize("column", sorted(OF_ENTRY))
def test_an_edited_entry(lamp: Case, column: str, seq: int) -> None:
    value = edited(entry(lamp, seq), column)
    with tampered((f"UPDATE ledger_entry SET {column} = %s WHERE case_id = %s AND seq = %s", value, lamp.pk, seq)):
        difference = one()
        assert (difference.case, difference.seq, difference.code) == (lamp.number, seq, "hash")
        assert difference.words().endswith("本条写入之后被改动过。")


def test_an_entry_moved_by_half_a_second(lamp: Case) -> None:
    moment = entry(lamp, 3).at + timedelta(milliseconds=500)
    with tampered(("UPDATE ledger_entry SET at = %s WHERE case_id = %s AND seq = 3", moment, lamp.pk)):
        assert (one().seq, one().code) == (3, "hash")


def test_an_edited_entry_with_its_hash_made_anew_is_seen_at_the_next(lamp: Case) -> None:
    forged = entry(lamp, 3)
    forged.said_json = forged.said_json.replace("lighting", "water")
    sql = "UPDATE ledger_entry SET said_json = %s, hash = %s WHERE id = %s"
    with tampered((sql, forged.said_json, entry_hash(forged, lamp.number), forged.pk)):
        assert (one().seq, one().code) == (4, "chain")
        assert one().words().endswith("本条与前一条接不上。")


def test_the_last_entry_forged_with_its_hash_is_seen_at_the_head_of_the_case(lamp: Case) -> None:
    forged = entry(lamp, 5)
    forged.actor = "lighting.2"
    sql = "UPDATE ledger_entry SET actor = %s, hash = %s WHERE id = %s"
    with tampered((sql, forged.actor, entry_hash(forged, lamp.number), forged.pk)):
        assert one().code == "end"


def test_an_edited_link_to_the_entry_before(lamp: Case) -> None:
    with tampered(("UPDATE ledger_entry SET prev = %s WHERE case_id = %s AND seq = 3", "0" * 64, lamp.pk)):
        assert (one().seq, one().code) == (3, "chain")


@pytest.mark.parametrize("seq", [1, 3])
def test_an_entry_deleted_from_the_middle(lamp: Case, seq: int) -> None:
    gone = entry(lamp, seq).pk
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id = %s", gone), ("DELETE FROM ledger_entry WHERE id = %s", gone)
    ):
        assert (one().seq, one().code) == (seq, "gap")
        assert one().words().endswith(f"缺少第 {seq} 条。")


def test_the_last_entry_deleted(lamp: Case) -> None:
    gone = entry(lamp, 5).pk
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id = %s", gone), ("DELETE FROM ledger_entry WHERE id = %s", gone)
    ):
        assert (one().seq, one().code) == (5, "end")
        assert one().words().endswith("事项停在第 5 条，台账却止于第 4 条：末尾被删去或调换。")


def test_all_entries_deleted_and_the_case_left(lamp: Case) -> None:
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)", lamp.pk),
        ("DELETE FROM ledger_entry WHERE case_id = %s", lamp.pk),
    ):
        assert one().words().endswith("事项停在第 5 条，台账却止于第 0 条：末尾被删去或调换。")


def test_an_entry_put_in_beside_the_ledger(lamp: Case) -> None:
    columns = "case_id, act, actor, at, said_json, sets_json, v, prev, hash"
    sql = f"INSERT INTO ledger_entry (seq, {columns}) SELECT 6, {columns} FROM ledger_entry WHERE id = %s"
    with tampered((sql, entry(lamp, 5).pk)):
        assert (one().seq, one().code) == (6, "chain")


def test_two_entries_exchanged(lamp: Case) -> None:
    sql = "UPDATE ledger_entry SET seq = %s WHERE id = %s"
    third, fourth = entry(lamp, 3).pk, entry(lamp, 4).pk
    with tampered((sql, 99, third), (sql, 3, fourth), (sql, 4, third)):
        assert (one().seq, one().code) == (3, "chain")


def test_the_first_entries_of_two_cases_exchanged(lamp: Case) -> None:
    other = call()
    sql = "UPDATE ledger_entry SET case_id = %s, seq = %s WHERE id = %s"
    mine, theirs = entry(lamp, 1).pk, entry(other, 1).pk
    with tampered((sql, other.pk, 99, mine), (sql, lamp.pk, 1, theirs), (sql, other.pk, 1, mine)):
        assert {(d.case, d.seq, d.code) for d in found()} == {(lamp.number, 1, "hash"), (other.number, 1, "hash")}


def test_an_entry_that_sets_what_no_case_has(lamp: Case) -> None:
    """A forger who knows how to hash but not what the fold knows."""
    forged = entry(lamp, 5)
    forged.sets_json = '{"favour":"yes"}'
    forged.hash = entry_hash(forged, lamp.number)
    sql = "UPDATE ledger_entry SET sets_json = %s, hash = %s WHERE id = %s"
    with tampered(
        (sql, forged.sets_json, forged.hash, forged.pk),
        ("UPDATE ledger_case SET head = %s WHERE id = %s", forged.hash, lamp.pk),
    ):
        assert (one().seq, one().code) == (5, "fold")
        assert "第 5 条自相矛盾" in one().words()


# --- cases


def test_a_case_deleted_and_its_entries_left(lamp: Case) -> None:
    with tampered(("DELETE FROM ledger_case WHERE id = %s", lamp.pk)):
        tables = {str(difference.params["table"]) for difference in found() if difference.code == "deleted"}
        assert tables == {"ledger_entry", "ledger_document", "ledger_identity", "ledger_listed"}
        assert f"内部编号 {lamp.pk} 的事项已被删除，ledger_entry 表里还留有它的记录。" in found()[0].words()


def test_a_case_deleted_with_its_entries_is_known_by_what_else_it_left(lamp: Case) -> None:
    with tampered(
        ("DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)", lamp.pk),
        ("DELETE FROM ledger_entry WHERE case_id = %s", lamp.pk),
        ("DELETE FROM ledger_case WHERE id = %s", lamp.pk),
    ):
        tables = {str(difference.params["table"]) for difference in found()}
        assert tables == {"ledger_document", "ledger_identity", "ledger_listed"}


OF_CASE = {field.attname for field in Case._meta.concrete_fields}
LIST = OF_CASE - {"id", "number", "seq", "head", "parent_id", "into_id"}


@pytest.mark.parametrize("column", sorted(LIST))
def test_an_edited_column(lamp: Case, column: str) -> None:
    lamp.refresh_from_db()
    value = edited(lamp, column)
    with tampered((f"UPDATE ledger_case SET {column} = %s WHERE id = %s", value, lamp.pk)):
        difference = one()
        assert (difference.case, difference.code) == (lamp.number, "column")
        name = "source" if column.startswith("source") else column
        assert f"列 {name} 写的是“" in difference.words()
        assert "，按条目应为“" in difference.words()


@pytest.mark.parametrize(("column", "code"), [("number", "hash"), ("seq", "end"), ("head", "end")])
def test_an_edited_number_or_end_of_a_case(lamp: Case, column: str, code: str) -> None:
    with tampered((f"UPDATE ledger_case SET {column} = %s WHERE id = %s", edited(lamp, column), lamp.pk)):
        assert one().code == code


def test_a_case_given_another_inner_number(lamp: Case) -> None:
    with tampered(("UPDATE ledger_case SET id = id + 1000 WHERE id = %s", lamp.pk)):
        assert codes() == {"end", "deleted"}


def test_the_kept_state_edited_where_no_column_shows_it(lamp: Case) -> None:
    state = json.loads(lamp.state)
    state["counts"] = {"redo": 3}
    with tampered(("UPDATE ledger_case SET state = %s WHERE id = %s", json.dumps(state), lamp.pk)):
        assert (one().code, one().params["name"]) == ("column", "state")


# --- family


@pytest.fixture
def parent(lamp: Case) -> Case:
    item = {"title": "清理树枝", "lead": "parks", "due": "3wd"}
    act(lamp, "support", "lighting.1", children=[item, {**item, "lead": "power"}])
    return lamp


def test_children_and_merged_cases_are_silent(parent: Case) -> None:
    duplicate = call()
    act(duplicate, "merge", "hotline.1", into=parent.number)
    assert found() == []


def test_a_child_deleted_with_everything_is_missed_by_its_parent(parent: Case) -> None:
    child = Case.objects.filter(parent=parent).latest("pk")
    with tampered(*everything(child)):
        difference = one()
        assert (difference.case, difference.code) == (parent.number, "children")
        assert "按条目，子项应是：support 未办结 2 个、已办结 0 个；实际是：support 未办结 1 个" in difference.words()


def test_a_child_moved_to_another_parent_by_its_column(parent: Case) -> None:
    other, child = call(), Case.objects.filter(parent=parent).latest("pk")
    with tampered(("UPDATE ledger_case SET parent_id = %s WHERE id = %s", other.pk, child.pk)):
        assert {(d.case, d.code) for d in found()} == {
            (parent.number, "children"), (other.number, "children"), (child.number, "column"),
        }  # fmt: skip


def test_a_child_closed_by_its_column(parent: Case) -> None:
    child = Case.objects.filter(parent=parent).latest("pk")
    with tampered(("UPDATE ledger_case SET closed = %s WHERE id = %s", child.opened, child.pk)):
        assert {(d.case, d.code) for d in found()} == {(parent.number, "children"), (child.number, "column")}


def test_a_merged_case_pointed_to_another_survivor(parent: Case) -> None:
    duplicate, other = call(), call()
    act(duplicate, "merge", "hotline.1", into=parent.number)
    with tampered(("UPDATE ledger_case SET into_id = %s WHERE id = %s", other.pk, duplicate.pk)):
        assert (one().code, one().params["name"]) == ("column", "into")
