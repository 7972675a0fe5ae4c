"""The least that a step could cost: the same rows, inserted plainly by the driver, one commit each.

No rule is asked, nothing is decided, hashed, cut into words or read; every text is ready beforehand.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from huying.ledger import number, search
from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox

Row = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """The rows that one step left: its case as it stood after it, its entry, and what lies beside them."""

    case: Row
    entry: Row
    documents: list[Row]
    words: list[list[str]]
    listed: list[Row]
    identity: list[Row]
    outbox: list[Row]


def taken(case: Case, entry: Entry) -> Step:
    """The rows of the newest step of a case, as the driver takes them."""
    kept = [row for row in Document.objects.filter(case=case).order_by("pk") if row.key in entry.said_json]
    first = entry.seq == 1
    return Step(
        case=_row(case),
        entry=_row(entry),
        documents=[_row(document) for document in kept],
        words=[search.tokens(row.body) if row.field in search.INDEXED and not row.sealed else [] for row in kept],
        listed=[_row(one) for one in Listed.objects.filter(case=case)] if first else [],
        identity=[_row(one) for one in Identity.objects.filter(case=case)] if first else [],
        outbox=[_row(one) for one in Outbox.objects.filter(entry=entry)],
    )


def _row(thing: models.Model) -> Row:
    fields = thing._meta.concrete_fields
    return {str(field.column): field.get_db_prep_save(getattr(thing, field.attname), connection) for field in fields}


class Plain:
    """Writes steps through the driver's own cursor."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.driver = connection.connection
        self.cursor = self.driver.cursor()
        self.sqlite = connection.vendor == "sqlite"
        self.statements: dict[tuple[str, tuple[str, ...]], str] = {}

    def open(self, step: Step) -> int:
        """The rows of an opening, with a number of their own; the key of the case."""
        self._begin()
        case = self._insert(Case, {**step.case, "number": number.new()}, key="id")
        self._beside(step, case)
        self._commit()
        return case

    def act(self, step: Step, case: int) -> None:
        """The rows of an act on a case, and the case's columns."""
        self._begin()
        self._beside(step, case)
        changed = {name: value for name, value in step.case.items() if name not in ("id", "number")}
        places = ", ".join(f'"{name}" = %s' for name in changed)
        self._execute(f"UPDATE ledger_case SET {places} WHERE id = %s", (*changed.values(), case))
        self._commit()

    def _beside(self, step: Step, case: int) -> None:
        entry = self._insert(Entry, {**step.entry, "case_id": case}, key="id")
        for row, words in zip(step.documents, step.words, strict=True):
            document = self._insert(Document, {**row, "case_id": case, "key": secrets.token_hex(16)}, key="id")
            if words:
                self._index(document, case, words)
        for row in step.listed:
            self._insert(Listed, {**row, "case_id": case}, key="id")
        for row in step.identity:
            self._insert(Identity, {**row, "case_id": case}, key="id")
        for row in step.outbox:
            self._insert(Outbox, {**row, "entry_id": entry})

    def _insert(self, model: type[models.Model], row: Mapping[str, Any], key: str = "") -> int:
        values = {name: value for name, value in row.items() if name != key}
        kind = (model._meta.db_table, tuple(values))
        if kind not in self.statements:
            names = ", ".join(f'"{name}"' for name in values)
            places = ", ".join(["%s"] * len(values))
            tail = f" RETURNING {key}" if key else ""
            self.statements[kind] = f"INSERT INTO {kind[0]} ({names}) VALUES ({places}){tail}"
        self._execute(self.statements[kind], tuple(values.values()))
        return int(self.cursor.fetchone()[0]) if key else 0

    def _index(self, document: int, case: int, words: list[str]) -> None:
        if self.sqlite:
            sql = "INSERT INTO ledger_search (rowid, case_id, words) VALUES (%s, %s, %s)"
            self._execute(sql, (document, case, " ".join(words)))
            return
        sql = "INSERT INTO ledger_search (document_id, case_id, words) VALUES (%s, %s, array_to_tsvector(%s))"
        self._execute(sql, (document, case, words))

    def _execute(self, sql: str, values: tuple[Any, ...]) -> None:
        self.cursor.execute(sql.replace("%s", "?") if self.sqlite else sql, values)

    def _begin(self) -> None:
        self.cursor.execute("BEGIN IMMEDIATE" if self.sqlite else "BEGIN")

    def _commit(self) -> None:
        self.cursor.execute("COMMIT")
