"""The guard in the database: nobody's slip, script or shell changes what was written.

Each way is tried with plain SQL on the database at hand, as a careless administrator would; only the database
refuses. Who can drop triggers can get around it: against them stand hashes, audit and checkpoints.
"""

from __future__ import annotations

import re

import pytest
from django.core import checks
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, migrations, models, transaction
from django.db.migrations.executor import MigrationExecutor

from huying.ledger import guard
from huying.ledger.models import Case, Document, Entry
from tests.cast import act, call

SQLITE = connection.vendor == "sqlite"


def refused(sql: str, *values: str | int) -> None:
    """The database itself says no, names the table, and everything stands as before."""
    before = rows()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    assert rows() == before


def rows() -> list[object]:
    return [list(model._default_manager.order_by("pk").values()) for model in (Case, Entry, Document)]


@pytest.fixture
def lamp(db: None) -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    connection.check_constraints()  # as at a commit
    return case


@pytest.mark.parametrize("column", [field.column for field in Entry._meta.concrete_fields])
def test_no_column_of_an_entry_can_be_updated(lamp: Case, column: str) -> None:
    refused(f"UPDATE ledger_entry SET {column} = {column} WHERE case_id = %s", lamp.pk)


@pytest.mark.parametrize("table", ["ledger_entry", "ledger_case", "ledger_document", "ledger_procedureversion"])
def test_no_row_that_others_stand_on_can_be_deleted(lamp: Case, table: str) -> None:
    refused(f"DELETE FROM {table}")


def test_a_loaded_city_can_be_neither_changed_nor_deleted(lamp: Case) -> None:
    refused("UPDATE city_cityversion SET digest = 'x'")
    refused("DELETE FROM city_cityversion")


def test_a_procedure_in_force_or_past_can_be_neither_changed_nor_deleted(lamp: Case) -> None:
    refused("UPDATE ledger_procedureversion SET text = ''")
    refused("DELETE FROM ledger_procedureversion")


@pytest.mark.parametrize(
    ("column", "value"), [("number", "123456789012"), ("opened", "2020-01-01"), ("procedure", "task"), ("id", 10**9)]
)
def test_what_a_case_was_opened_as_stays(lamp: Case, column: str, value: str | int) -> None:
    refused(f"UPDATE ledger_case SET {column} = %s WHERE id = %s", value, lamp.pk)


def test_the_columns_that_follow_the_state_can_be_written(lamp: Case) -> None:
    assert Case.objects.filter(pk=lamp.pk).update(number=lamp.number, stage="x", level=3) == 1


@pytest.mark.parametrize("column", ["body", "digest", "salt", "key", "case_id", "blob", "field", "at"])
def test_a_document_can_be_erased_but_never_rewritten(lamp: Case, column: str) -> None:
    others: dict[str, str | int] = {"case_id": call().pk, "sealed": True, "at": "2020-01-01"}
    refused(f"UPDATE ledger_document SET {column} = %s WHERE case_id = %s", others.get(column, "x"), lamp.pk)


def test_erasing_a_document_takes_its_words_and_its_salt_with_it(lamp: Case) -> None:
    Document.objects.filter(case=lamp).update(body="", salt="", name="", size=0, erased=lamp.opened)
    assert set(Document.objects.filter(case=lamp).values_list("body", "salt")) == {("", "")}
    refused("UPDATE ledger_document SET erased = NULL, body = 'x' WHERE case_id = %s", lamp.pk)
    refused("UPDATE ledger_document SET body = 'x' WHERE case_id = %s", lamp.pk)


TABLES = ["ledger_entry", "ledger_case", "ledger_document", "ledger_procedureversion", "city_cityversion"]
AROUND = {
    "sqlite": [
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} ORDER BY id DESC LIMIT 1",
        "REPLACE INTO {table} SELECT * FROM {table} ORDER BY id LIMIT 1",
        "UPDATE OR REPLACE {table} SET rowid = rowid + 1",
        "INSERT INTO {table} SELECT * FROM {table} WHERE TRUE ON CONFLICT DO UPDATE SET id = excluded.id + 1",
    ],
    "postgresql": [
        "TRUNCATE {table} CASCADE",
        "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id + 1",
        "MERGE INTO {table} a USING {table} b ON a.id = b.id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT count(*) FROM gone",
        "SET LOCAL session_replication_role = replica; DELETE FROM {table}",
    ],
}[connection.vendor]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("way", AROUND)
def test_the_ways_around_an_update_or_delete_are_closed(lamp: Case, table: str, way: str) -> None:
    refused(way.format(table=table))


def test_a_new_row_can_not_push_out_the_one_whose_place_it_takes(lamp: Case) -> None:
    """REPLACE on SQLite deletes without asking a delete trigger; PostgreSQL sees two rows for one place."""
    verb = "INSERT OR REPLACE" if SQLITE else "INSERT"
    places = {
        "ledger_entry": "case_id, seq, act, actor, at, said_json, sets_json, v, prev, hash",
        "ledger_case": "number, procedure, source_system, source_ref, opened, seq, turn, stage, lead, owner, opener, "
        "about, sealed, category, area, level, part, outcome, verified, state, head",
        "ledger_document": "key, case_id, field, sealed, salt, digest, body, blob, name, media, size, at",
    }
    for table, columns in places.items():
        before = rows()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{verb} INTO {table} ({columns}) SELECT {columns} FROM {table} ORDER BY id DESC LIMIT 1")
        assert rows() == before


def test_looking_for_a_row_in_the_way_is_by_index_and_never_a_scan(db: None) -> None:
    """A guard that scans would make each insert slower than the one before."""
    looked = [guard.when for guard in guard.guards() if guard.event == "INSERT"]
    assert len(looked) == (len(TABLES) if SQLITE else 0)
    for condition in looked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN SELECT {re.sub('NEW[.][a-z_]+', '1', condition)}")
            assert not [row for row in cursor.fetchall() if row[3].startswith("SCAN ledger")]


def names() -> set[str]:
    return {guard.name for guard in guard.guards()}


def missing() -> str:
    found = guard.check_installed(databases=["default"])
    return found[0].msg if found else ""


def test_the_check_is_silent_while_every_guard_stands(db: None) -> None:
    assert missing() == ""


def altered(length: int) -> None:
    """Give the acts of entries another length, by a real migration operation, and run what follows a migration."""
    state = MigrationExecutor(connection).loader.project_state()
    after, alter = state.clone(), migrations.AlterField("entry", "act", models.CharField(max_length=length))
    alter.state_forwards("ledger", after)
    with connection.schema_editor() as editor:
        alter.database_forwards("ledger", editor, state, after)


def test_a_rebuilt_table_has_lost_its_guard_and_the_end_of_the_migration_puts_it_back(committed: None) -> None:
    """SQLite alters a column by making the table anew, and its triggers are gone without a word."""
    altered(65)
    gone = {name for name in names() if name in missing()}
    assert gone == ({f"guard_ledger_entry_{event}" for event in ("update", "delete", "insert")} if SQLITE else set())
    altered(64)
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert missing() == ""
    case = call()
    refused("DELETE FROM ledger_entry WHERE case_id = %s", case.pk)


def test_the_check_names_each_guard_that_was_taken_away(db: None) -> None:
    guard.remove()
    try:
        assert all(name in missing() for name in names())
        [error] = guard.check_installed(databases=["default"])
        assert (error.level, error.id) == (checks.ERROR, "ledger.E001")
    finally:
        guard.install()
    assert missing() == ""


OFF = {
    "sqlite": [
        ["DROP TRIGGER {name}", "CREATE TRIGGER {name} BEFORE DELETE ON ledger_case BEGIN SELECT 1; END"],
        ["DROP TRIGGER {name}"],
    ],
    "postgresql": [
        ["ALTER TABLE ledger_case DISABLE TRIGGER {name}"],
        ["ALTER TABLE ledger_case ENABLE REPLICA TRIGGER {name}"],
        [
            "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
            "CREATE OR REPLACE TRIGGER {name} BEFORE DELETE ON ledger_case FOR EACH ROW EXECUTE FUNCTION nothing()",
        ],
    ],
}[connection.vendor]


@pytest.mark.parametrize("statements", OFF)
def test_a_guard_that_is_there_but_does_nothing_is_named_and_mended(db: None, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(name="guard_ledger_case_delete"))
    assert guard.missing() == ["guard_ledger_case_delete"]
    guard.install()
    assert guard.missing() == []
    case = call()
    connection.check_constraints()
    refused("DELETE FROM ledger_case WHERE id = %s", case.pk)


def test_a_function_that_refuses_nothing_any_more_is_found(db: None) -> None:
    """PostgreSQL's triggers share one function: made harmless, none of them is a guard."""
    if not SQLITE:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE OR REPLACE FUNCTION huying_refuse() RETURNS trigger LANGUAGE plpgsql "
                "AS 'BEGIN RETURN NULL; END'"
            )
        assert guard.missing() == sorted(names())
        guard.install()
    assert guard.missing() == []


def test_installing_twice_changes_nothing(db: None) -> None:
    before = catalogue()
    guard.install()
    assert catalogue() == before


def catalogue() -> list[object]:
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    with connection.cursor() as cursor:
        cursor.execute(query if SQLITE else "SELECT oid, tgname, tgenabled FROM pg_trigger ORDER BY oid")
        return list(cursor.fetchall())


def test_a_database_before_its_first_migration_is_not_complained_about(db: None) -> None:
    assert guard.check_installed(databases=None) == []
