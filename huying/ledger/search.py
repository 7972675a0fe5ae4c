"""Full-text search over handling copies only: rjieba tokens in FTS5 or a tsvector, in the document's transaction.

Queries always join `find.visible`, so a hit tells nobody more than they may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import rjieba
from django.db import connection

from huying.ledger.models import Document


@cache
def _segmenter() -> Any:
    return rjieba.Jieba()


def tokens(text: str) -> str:
    """The words of a text, small overlapping ones included, separated by spaces."""
    words = (word.strip().lower() for word in _segmenter().cut_for_search(text))
    return " ".join(word for word in words if any(character.isalnum() for character in word))


def index(case: int, documents: Sequence[Document]) -> None:
    """Index the texts of one case; the documents are saved already."""
    rows = [(document.pk, case, tokens(document.body)) for document in documents]
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.executemany(
                "INSERT INTO ledger_search (document_id, case_id, words) VALUES (%s, %s, to_tsvector('simple', %s))",
                rows,
            )
            return
        cursor.executemany("INSERT INTO ledger_search (rowid, case_id, words) VALUES (%s, %s, %s)", rows)


def forget(documents: Sequence[int]) -> None:
    """Take documents out of the index."""
    if not documents:
        return
    column = "document_id" if connection.vendor == "postgresql" else "rowid"
    places = ", ".join(["%s"] * len(documents))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM ledger_search WHERE {column} IN ({places})", list(documents))


def matching(query: str, *, most: int = 1000) -> list[int]:
    """Ids of cases whose handling copies hold every word of `query`, at most `most`, newest first."""
    words = tokens(query).split()
    if not words:
        return []
    if connection.vendor == "postgresql":
        sql = (
            "SELECT case_id FROM ledger_search WHERE words @@ to_tsquery('simple', %s) "
            "ORDER BY document_id DESC LIMIT %s"
        )
        asked = " & ".join("'" + word.replace("'", "''").replace("\\", "\\\\") + "'" for word in words)
    else:
        sql = "SELECT case_id FROM ledger_search WHERE words MATCH %s ORDER BY rowid DESC LIMIT %s"
        asked = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    with connection.cursor() as cursor:
        cursor.execute(sql, [asked, most])
        return list(dict.fromkeys(row[0] for row in cursor.fetchall()))
