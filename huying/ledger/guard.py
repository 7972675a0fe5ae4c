"""The database itself refuses to change or delete what was written: triggers, installed after each migration.

SQLite's table rebuilds drop triggers silently, so they are installed in post_migrate, idempotently, and a
system check looks that they are there. The guard stops mistakes, scripts and ordinary code; against somebody
who can drop triggers stand the hash chain, `audit`, and the signed checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.core import checks
from django.db import connection, connections, transaction
from django.db.utils import DatabaseError

from huying.errors import say


@dataclass(frozen=True)
class Guard:
    """One refusal: `event` on `table`, always or `when` a condition over OLD and NEW holds."""

    table: str
    event: str
    when: str = ""

    @property
    def name(self) -> str:
        """The trigger's name."""
        return f"guard_{self.table}_{self.event.lower()}"


# A case keeps what it was opened as; its other columns follow its State. A document can only be sealed, or
# erased, and then takes its words and its salt with it.
_MOVED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in ("id", "number", "procedure", "opened"))
_ERASED = " AND ".join(
    [
        "OLD.erased IS NULL AND NEW.erased IS NOT NULL",
        *(f"NEW.{column} = ''" for column in ("body", "blob", "salt", "name")),
        *(f"NEW.{column} = OLD.{column}" for column in ("id", "key", "case_id", "field", "sealed", "digest", "at")),
    ]
)
_SEALED = " AND ".join(
    [
        "NOT OLD.sealed AND NEW.sealed AND OLD.erased IS NULL AND NEW.erased IS NULL",
        *(f"NEW.{column} = OLD.{column}" for column in ("id", "key", "case_id", "field", "salt", "digest", "body")),
        *(f"NEW.{column} = OLD.{column}" for column in ("blob", "name", "media", "size", "at")),
    ]
)
GUARDS = (
    Guard("ledger_entry", "UPDATE"),
    Guard("ledger_entry", "DELETE"),
    Guard("ledger_case", "UPDATE", _MOVED),
    Guard("ledger_case", "DELETE"),
    Guard("ledger_document", "UPDATE", f"NOT (({_ERASED}) OR ({_SEALED}))"),
    Guard("ledger_document", "DELETE"),
    Guard("ledger_procedureversion", "UPDATE"),
    Guard("ledger_procedureversion", "DELETE"),
    Guard("city_cityversion", "UPDATE"),
    Guard("city_cityversion", "DELETE"),
)
# SQLite's REPLACE deletes the row in its way without firing delete triggers, so the row mustn't be there. Each
# key is looked up alone, by its index: joined by OR they would be a scan of the table for every insert.
_KEYS = {
    "ledger_entry": ("id = NEW.id", "case_id = NEW.case_id AND seq = NEW.seq"),
    "ledger_case": (
        "id = NEW.id",
        "number = NEW.number",
        "NEW.source_ref <> '' AND NOT source_ref = '' AND source_system = NEW.source_system"
        " AND source_ref = NEW.source_ref",
    ),
    "ledger_document": ("id = NEW.id", "key = NEW.key"),
    "ledger_procedureversion": ("id = NEW.id", "digest = NEW.digest"),
    "city_cityversion": ("id = NEW.id",),
}
_REPLACING = tuple(
    Guard(table, "INSERT", " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys))
    for table, keys in _KEYS.items()
)
_TRUNCATING = tuple(Guard(table, "TRUNCATE") for table in _KEYS)
_BODY = "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END"
_FUNCTION = f"CREATE OR REPLACE FUNCTION huying_refuse() RETURNS trigger LANGUAGE plpgsql AS $${_BODY}$$"


def guards() -> tuple[Guard, ...]:
    """Every refusal that the database at hand needs."""
    return GUARDS + (_TRUNCATING if connection.vendor == "postgresql" else _REPLACING)


def _sqlite(guard: Guard) -> str:
    when = f" WHEN {guard.when}" if guard.when else ""
    return (
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{guard.table} is append-only'); END"
    )


def _postgresql(guard: Guard) -> str:
    each = "STATEMENT" if guard.event == "TRUNCATE" else "ROW"
    when = f" WHEN ({guard.when})" if guard.when else ""
    # ALWAYS: a session that calls itself a replica is refused too.
    return (
        f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"FOR EACH {each}{when} EXECUTE FUNCTION huying_refuse(); "
        f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.name}"
    )


def install() -> None:
    """Put every trigger in place whose table exists; those that are there as they should be stay."""
    tables = set(connection.introspection.table_names())
    wanted = [guard for guard in _missing() if guard.table in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for guard in wanted:
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}")
            cursor.execute(_postgresql(guard) if connection.vendor == "postgresql" else _sqlite(guard))


def remove() -> None:
    """Take the triggers away: for tests that must flush or tamper, and for nothing else."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            connection.check_constraints()  # a table with checks still to come can't be altered
        for guard in guards():
            on = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}{on}")


@contextmanager
def lifted() -> Iterator[None]:
    """The tables without their guard, and the guard again afterwards."""
    remove()
    try:
        yield
    finally:
        install()


def missing() -> list[str]:
    """The names of the guards that aren't there, are switched off, or do something else."""
    return sorted(guard.name for guard in _missing())


def _missing() -> list[Guard]:
    postgresql = connection.vendor == "postgresql"
    query = (
        "SELECT t.tgname, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE NOT t.tgisinternal AND t.tgenabled = 'A'"
        if postgresql
        else "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = dict(cursor.fetchall())
    return [guard for guard in guards() if present.get(guard.name) != (_BODY if postgresql else _sqlite(guard))]


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
        names = ", ".join(missing())
    except DatabaseError:
        return []
    if not names:
        return []
    language = settings.HUYING_LANGUAGE
    said = say("The ledger's guard is missing: {names}.", language, names=names)
    return [checks.Error(said, hint=say("Run `huying init`: it installs the guard again.", language), id="ledger.E001")]
