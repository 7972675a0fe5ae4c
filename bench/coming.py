"""What comes from outside, beside the least that it could cost: calls through the door, and imported tables."""

from __future__ import annotations

import csv
import itertools
import secrets
import tempfile
import time
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.db import connection, models
from django.test import Client

from bench.callers import CALL, CALLS, FORM, IMPORTED, PATH
from bench.plain import Plain, Row, Step, taken
from huying.city import store
from huying.intake import importing, keys
from huying.intake.models import Retry, Use
from huying.ledger import number, search
from huying.ledger.administration import administrator
from huying.ledger.models import Case, Document, Entry, Listed, Outbox

MAP = """
source = "board{run}"
ref = "ref"
opened = "opened"
closed = "closed"
[field.title]
column = "title"
[field.text]
column = "text"
[field.lead]
column = "lead"
[field.category]
column = "category"
"""
BESIDE: tuple[type[models.Model], ...] = (Use, Retry)


def door_key() -> str:
    """The secret of a new key."""
    return keys.issue("街道", "write", administrator(store.current()), per_hour=1_000_000)[1]


@cache
def _received() -> tuple[Step, list[tuple[type[models.Model], Row]]]:
    """What one call through the door leaves: the rows of its step, and those of the door."""
    body = urlencode({"api_key": door_key(), **CALL})
    once = {"Idempotency-Key": secrets.token_hex(16)}
    answer = Client(SERVER_NAME="127.0.0.1").post(PATH, body, content_type=FORM, headers=once)
    case = Case.objects.get(number=answer.json()[0]["service_request_id"])
    door = [(model, _row(model._default_manager.latest("pk"))) for model in BESIDE]
    return taken(case, Entry.objects.get(case=case, seq=1)), door


def _row(thing: models.Model) -> Row:
    fields = thing._meta.concrete_fields
    return {str(field.column): field.get_db_prep_save(getattr(thing, field.attname), connection) for field in fields}


def rows_of_a_call() -> dict[str, int]:
    """How many rows of each table a call leaves; the words of the search are one row for each text in it."""
    step, door = _received()
    found = {"case": 1, "entry": 1, "document": len(step.documents), "search": sum(map(bool, step.words))}
    found |= {"listed": len(step.listed), "identity": len(step.identity), "outbox": len(step.outbox)}
    return {**found, **{model._meta.model_name or "": 1 for model, _ in door}}


class Doors(Plain):
    """Plain rows of a call: those of an opening, and of the door, in one transaction."""

    def call(self, step: Step, door: list[tuple[type[models.Model], Row]]) -> None:
        """The rows of one call."""
        self._begin()
        mark = secrets.token_hex(32)
        case = self._insert(Case, {**step.case, "number": number.new(), "source_ref": mark}, key="id")
        self._beside(step, case)
        for model, row in door:
            own = {"mark": mark} if model is Retry else {}
            self._insert(model, {**row, **own}, key="id")
        self._commit()

    def bulk(self, tables: dict[str, list[Row]]) -> None:
        """All rows of some tables, in one transaction and one statement for each table."""
        self._begin()
        for name, rows in tables.items():
            names = ", ".join(f'"{column}"' for column in rows[0])
            places = ", ".join(_place(column, self.sqlite) for column in rows[0])
            sql = f"INSERT INTO {name} ({names}) VALUES ({places})"
            self.cursor.executemany(sql, [tuple(row.values()) for row in rows])
        self._commit()


def _place(column: str, sqlite: bool) -> str:
    return "?" if sqlite else "array_to_tsvector(%s)" if column == "words" else "%s"


@cache
def _doors() -> Doors:
    return Doors()


def plain_calls() -> float:
    """The rows of as many calls, by the driver, one commit each."""
    (step, door), plain = _received(), _doors()
    began = time.perf_counter()
    for _ in range(CALLS):
        plain.call(step, door)
    return time.perf_counter() - began


# --- imports

_runs = itertools.count(1)


def _table(folder: Path, run: int) -> tuple[Path, Path]:
    """A table as another system gives it, and its map; half of it closed there."""
    table, map_ = folder / "table.csv", folder / "map.toml"
    with table.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["ref", "opened", "closed", "title", "text", "lead", "category"])
        for each in range(IMPORTED):
            day = f"2026-06-{1 + each % 12:02}"
            closed = f"{day} 17:00" if each % 2 else ""
            text = f"{CALL['description']}（{each}）"
            rows.writerow([each, f"{day} 09:05", closed, "柳园路路灯不亮", text, "lighting", "streets.lamps"])
    map_.write_text(MAP.format(run=run), "utf-8")
    return table, map_


def importing_rows() -> float:
    """An import of some thousand rows."""
    with tempfile.TemporaryDirectory() as folder:
        table, map_ = _table(Path(folder), next(_runs))
        began = time.perf_counter()
        done = importing.run(table, map_)
        spent = time.perf_counter() - began
    if done.opened != IMPORTED:
        raise SystemExit(f"{done.opened} of {IMPORTED} rows were opened: {dict(done.reasons)}")
    return spent


@cache
def _imported() -> dict[str, list[Row]]:
    """The rows of an import, by table."""
    importing_rows()
    cases = Case.objects.filter(source_system__startswith="board").order_by("-pk")[:IMPORTED]
    mine = list(cases.values_list("pk", flat=True))
    entries = list(Entry.objects.filter(case__in=mine))
    documents = list(Document.objects.filter(case__in=mine))
    found: dict[str, list[Row]] = {
        "ledger_case": [_row(case) for case in Case.objects.filter(pk__in=mine)],
        "ledger_entry": [_row(entry) for entry in entries],
        "ledger_document": [_row(document) for document in documents],
        "ledger_listed": [_row(one) for one in Listed.objects.filter(case__in=mine)],
        "ledger_outbox": [_row(one) for one in Outbox.objects.filter(entry__in=entries)],
        "ledger_search": [_words(row) for row in documents if row.field in search.INDEXED and not row.sealed],
    }
    return {name: rows for name, rows in found.items() if rows}


def _words(document: Document) -> Row:
    words = search.tokens(document.body)
    if connection.vendor == "sqlite":
        return {"rowid": document.pk, "case_id": document.case_id, "words": " ".join(words)}
    return {"document_id": document.pk, "case_id": document.case_id, "words": words}


def rows_of_an_import() -> dict[str, int]:
    """How many rows an import of IMPORTED rows leaves, by table."""
    return {name: len(rows) for name, rows in _imported().items()}


def bulk_rows() -> float:
    """The same rows, inserted plainly in bulk: every text and key is ready beforehand."""
    tables, plain = _anew(), _doors()
    began = time.perf_counter()
    plain.bulk(tables)
    return time.perf_counter() - began


_offsets = itertools.count(10**9, 10**6)


def _anew() -> dict[str, list[Row]]:
    """The rows of the import once more, with keys, numbers and references of their own."""
    offset, anew = next(_offsets), defaultdict[str, list[Row]](list)
    for name, rows in _imported().items():
        for row in rows:
            moved: dict[str, Any] = {
                column: row[column] + offset for column in ("id", "case_id", "entry_id", "rowid", "document_id")
                if row.get(column) is not None
            }  # fmt: skip
            if name == "ledger_case":
                moved |= {"number": number.new(), "source_system": f"bulk{offset}"}
            if name == "ledger_document":
                moved["key"] = secrets.token_hex(16)
            anew[name].append({**row, **moved})
    return anew


_ALL = (door_key, rows_of_a_call, plain_calls, importing_rows, rows_of_an_import, bulk_rows)
MEASURES = {one.__name__: one for one in _ALL}
