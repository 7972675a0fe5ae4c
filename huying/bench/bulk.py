"""Writing many rows at once: COPY on PostgreSQL, prepared inserts on SQLite; only inserts, the guard stays.

Keys are taken from the database's own sequences beforehand, so that rows can point to each other; a key
that is never used is no harm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, models

from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox
from huying.ledger.writing import writing

Value = str | int | bool | datetime | None
Row = Mapping[str, Value]
ORDER = (Case, Entry, Document, Identity, Listed, Outbox)


@dataclass(frozen=True)
class Ids:
    """Keys of new rows, in order."""

    cases: Iterator[int]
    entries: Iterator[int]
    documents: Iterator[int]


@dataclass
class Batch:
    """Rows by table, ready for the driver, and for the search index each document, its case and its words."""

    rows: dict[type[models.Model], list[Row]] = field(default_factory=dict)
    readable: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, model: type[models.Model], row: Row) -> None:
        """One more row; all rows of a table have the same columns in the same order."""
        self.rows.setdefault(model, []).append(row)


def reserve(cases: int, entries: int, documents: int) -> Ids:
    """Take so many keys of each table from the database."""
    with writing():
        return Ids(_keys(Case, cases), _keys(Entry, entries), _keys(Document, documents))


def _keys(model: type[models.Model], count: int) -> Iterator[int]:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            asked = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
            cursor.execute(asked, [table, count])
            return iter([key for (key,) in cursor.fetchall()])
        cursor.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq", [count, table])
        last = cursor.fetchone()[0]
        return iter(range(last - count + 1, last + 1))


def write(batch: Batch) -> None:
    """Write the batch in one transaction."""
    with writing():
        for model in ORDER:
            rows = batch.rows.get(model, [])
            if rows:
                _insert(model._meta.db_table, list(rows[0]), rows)
        if batch.readable:
            _index(batch.readable)


def _insert(table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(tuple(row.values()))
            return
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", [tuple(row.values()) for row in rows])


def _index(rows: Sequence[tuple[int, int, str]]) -> None:
    """What `ledger.search.index` writes for one case, for many."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            sql = (
                "INSERT INTO ledger_search (document_id, case_id, words) "
                "SELECT document, of_case, array_to_tsvector(string_to_array(said, ' ')) "
                "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS new (document, of_case, said)"
            )
            cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])
            return
        cursor.executemany("INSERT INTO ledger_search (rowid, case_id, words) VALUES (%s, %s, %s)", rows)
