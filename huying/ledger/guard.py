"""The database itself refuses to change or delete an entry: triggers, installed after each migration.

SQLite's table rebuilds drop triggers silently, so they are installed in post_migrate, idempotently, and a
system check looks that they are there. The guard stops mistakes and ordinary code; against somebody who
can drop triggers stand the hash chain, `audit`, and the signed checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core import checks
from django.db import connection, connections
from django.db.utils import DatabaseError

GUARDED = {"ledger_entry": ("UPDATE", "DELETE"), "ledger_case": ("DELETE",), "city_cityversion": ("UPDATE", "DELETE")}


def _name(table: str, event: str) -> str:
    return f"guard_{table}_{event.lower()}"


def _sqlite(table: str, event: str) -> list[str]:
    name = _name(table, event)
    return [
        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    ]


def _postgresql(table: str, event: str) -> list[str]:
    name = _name(table, event)
    each = "STATEMENT" if event == "TRUNCATE" else "ROW"
    return [
        "CREATE OR REPLACE FUNCTION huying_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION huying_refuse()",
    ]


def _wanted() -> list[tuple[str, str]]:
    wanted = [(table, event) for table, events in GUARDED.items() for event in events]
    if connection.vendor == "postgresql":
        wanted += [(table, "TRUNCATE") for table in GUARDED]
    return wanted


def install() -> None:
    """Put every trigger in place whose table exists; what is there already stays."""
    make = _postgresql if connection.vendor == "postgresql" else _sqlite
    tables = set(connection.introspection.table_names())
    missing = _missing()
    with connection.cursor() as cursor:
        for table, event in _wanted():
            if table in tables and _name(table, event) in missing:
                for statement in make(table, event):
                    cursor.execute(statement)


def remove() -> None:
    """Take the triggers away: for tests that must flush, and for nothing else."""
    with connection.cursor() as cursor:
        for table, event in _wanted():
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, event)}{on}")


@contextmanager
def lifted() -> Iterator[None]:
    """The tables without their guard, and the guard again afterwards."""
    remove()
    try:
        yield
    finally:
        install()


def _missing() -> set[str]:
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return {_name(table, event) for table, event in _wanted()} - present


def after_migrate(**signal: object) -> None:
    """The post_migrate receiver."""
    install()


def check_installed(
    app_configs: object = None, databases: Sequence[str] | None = None, **kwargs: object
) -> list[checks.CheckMessage]:
    """The system check: every guard is in place."""
    if not databases or "default" not in databases:
        return []
    try:
        if "ledger_entry" not in connections["default"].introspection.table_names():
            return []
        missing = _missing()
    except DatabaseError:
        return []
    if not missing:
        return []
    hint = "Run `huying init`: it installs the guard again."
    return [checks.Error(f"The ledger's guard is missing: {', '.join(sorted(missing))}", hint=hint, id="ledger.E001")]
