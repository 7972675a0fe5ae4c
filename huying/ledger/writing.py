"""One transaction for one step: SQLite has one writer at a time, and a broken store gets a clear word."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, InternalError, OperationalError, connection, models, transaction

from huying.errors import DatabaseAway, DatabaseBusy, StorageError, StorageFull, StorageReadOnly

# Several threads of one process never busy-wait for SQLite's write lock: that wait was measured as the
# whole tail of its latency (p99 of 160-840 ms against 24-34 ms).
_one_writer = threading.RLock()
# What the store says of itself: SQLite's error names, PostgreSQL's SQLSTATEs (by their beginning).
_SAYS: tuple[tuple[type[StorageError], tuple[str, ...]], ...] = (
    (StorageFull, ("SQLITE_FULL", "SQLITE_IOERR", "531", "532", "54")),
    (StorageReadOnly, ("SQLITE_READONLY", "25006", "SQLITE_PERM")),
    (DatabaseBusy, ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001", "53300", "57014")),
    (DatabaseAway, ("SQLITE_CANTOPEN", "08", "57P")),
)

if TYPE_CHECKING:
    Column = models.Field[object, object]


@contextmanager
def told() -> Iterator[None]:
    """Give a failure of the store its own word: DatabaseAway, DatabaseBusy, StorageFull or StorageReadOnly.

    The connection is closed then, so that the next step gets a fresh one. Also a decorator.
    """
    try:
        yield
    except (OperationalError, InterfaceError, InternalError) as error:
        named = _named(error)
        if named is None:
            raise
        if not connection.in_atomic_block:
            connection.close()
        raise named from error


@contextmanager
def writing() -> Iterator[None]:
    """A transaction in which everything is written or nothing. Raises what `told` does."""
    with told(), _one_writer if connection.vendor == "sqlite" else nullcontext(), transaction.atomic():
        yield


@contextmanager
def reading() -> Iterator[None]:
    """One consistent look at the database while others go on writing. Raises what `told` does."""
    with told(), nullcontext() if connection.in_atomic_block else _looking():
        yield


@contextmanager
def _looking() -> Iterator[None]:
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    # Django would begin with IMMEDIATE, which keeps every writer waiting.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def _named(error: Exception) -> StorageError | None:
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
    for named, codes in _SAYS:
        if code.startswith(codes):
            return named()
    # A connection that broke, or never came about, has no code: there was nobody to give one.
    return DatabaseAway() if connection.vendor == "postgresql" and not code else None


def insert(rows: Sequence[models.Model], *, replacing: Sequence[str] = ()) -> None:
    """Insert new rows of one model in one statement and give each its id.

    A row that has the same values in the columns `replacing` takes the new values. The same as `bulk_create`
    at a third of its cost: the statement is kept, and nothing is asked that a new row can't need.
    """
    if not rows:
        return
    model = type(rows[0])
    head, place, tail, fields = _statement(model, tuple(replacing))
    values = [_value(field, row) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{head} {', '.join([place] * len(rows))} {tail}", values)
        for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = pk
            row._state.adding = False


def _value(field: Column, row: models.Model) -> Any:
    """A field's value as the driver takes it; most are as they are, and moments have one form in a database."""
    value = getattr(row, field.attname)
    kind = type(value)
    if kind in _PLAIN:
        return value
    return _moment(value) if kind is datetime else field.get_db_prep_save(value, connection)


def _moment(value: datetime) -> Any:
    """As Django's own field has it, without the field's detours."""
    return connection.ops.adapt_datetimefield_value(value)


_PLAIN = frozenset([str, int, bool, type(None)])


@cache
def _statement(model: type[models.Model], replacing: tuple[str, ...]) -> tuple[str, str, str, tuple[Column, ...]]:
    """The parts of an insert, and the fields that it fills; an automatic key is the database's."""
    fields = tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))
    columns = [field.column for field in fields]
    quoted = ", ".join(f'"{column}"' for column in columns)
    place = f"({', '.join(['%s'] * len(columns))})"
    taken = ", ".join(f'"{column}" = EXCLUDED."{column}"' for column in columns if column not in replacing)
    conflict = f"ON CONFLICT ({', '.join(replacing)}) DO UPDATE SET {taken} " if replacing else ""
    key = model._meta.pk.column
    return f"INSERT INTO {model._meta.db_table} ({quoted}) VALUES", place, f"{conflict}RETURNING {key}", fields


def update(row: models.Model, changed: Mapping[str, object]) -> None:
    """Write these attributes of a row that is locked, and only these; `row` has them afterwards."""
    fields = {field.attname: field for field in row._meta.concrete_fields if field.attname in changed}
    places = ", ".join(f'"{field.column}" = %s' for field in fields.values())
    values = [field.get_db_prep_save(changed[name], connection) for name, field in fields.items()]
    with connection.cursor() as cursor:
        key = row._meta.pk.column
        cursor.execute(f"UPDATE {row._meta.db_table} SET {places} WHERE {key} = %s", [*values, row.pk])
    for name in fields:
        setattr(row, name, changed[name])
