"""Full-text search over handling copies only, in FTS5 or a tsvector, written in the document's transaction.

A text is found by its single Chinese characters, by every two neighbours, and by its other words and numbers, so
that a street that no dictionary knows is found as surely as 路灯. rjieba cuts the query into words, which may
stand apart in the text. Hits always join `find.visible`, so they tell nobody more than they may see.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import rjieba
from django.db import connection
from django.db.models.expressions import RawSQL

from huying.ledger.models import Document

INDEXED = frozenset({"title", "text", "verbatim", "handling_copy"})
LONGEST_QUERY = 100
LONGEST_WORD = 64
_CHINESE = r"㐀-䶿一-鿿豈-﫿\U00020000-\U0003FFFF"
_RUN = re.compile(rf"[{_CHINESE}]+|[^\W_{_CHINESE}]+")
_NOTHING = "SELECT case_id FROM ledger_search WHERE 1 = 0"


@cache
def _segmenter() -> Any:
    return rjieba.Jieba()


def _runs(text: str) -> list[str]:
    """Unbroken runs of Chinese characters, or of other letters and digits, in one form and case."""
    clean = unicodedata.normalize("NFKC", text.encode(errors="ignore").decode()).casefold()
    return _RUN.findall(clean)


def _chinese(run: str) -> bool:
    return re.match(f"[{_CHINESE}]", run) is not None


def _pairs(word: str) -> list[str]:
    return [word[place : place + 2] for place in range(len(word) - 1)]


def tokens(text: str) -> list[str]:
    """What a text is found by, each once."""
    found: dict[str, None] = {}
    for run in _runs(text):
        found.update(dict.fromkeys([*run, *_pairs(run)] if _chinese(run) else [run[:LONGEST_WORD]]))
    return list(found)


def asked(query: str) -> list[str]:
    """What a text must have to be found: the pairs of each Chinese word, and the other words and numbers.

    Single characters count only where no longer word stands beside them: 的 and 了 decide nothing.
    """
    found: dict[str, None] = {}
    for run in _runs(query[:LONGEST_QUERY]):
        words = _segmenter().cut(run) if _chinese(run) else [run[:LONGEST_WORD]]
        pairs = [pair for word in words if _chinese(run) for pair in _pairs(word)]
        found.update(dict.fromkeys(pairs or words))
    return list(found)


def index(case: int, documents: Sequence[Document]) -> None:
    """Index the texts of one case; the documents are saved already."""
    index_each([(case, document) for document in documents])


def index_each(documents: Sequence[tuple[int, Document]]) -> None:
    """Index the texts of many cases at once, each with its case."""
    rows = [(document.pk, case, tokens(document.body)) for case, document in documents]
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # An array, not to_tsvector: its parser would cut words otherwise than the query is cut.
            sql = "INSERT INTO ledger_search (document_id, case_id, words) VALUES (%s, %s, array_to_tsvector(%s))"
            cursor.executemany(sql, rows)
            return
        sql = "INSERT INTO ledger_search (rowid, case_id, words) VALUES (%s, %s, %s)"
        cursor.executemany(sql, [(pk, case, " ".join(words)) for pk, case, words in rows])


def forget(documents: Sequence[int]) -> None:
    """Take documents out of the index."""
    if not documents:
        return
    column = "document_id" if connection.vendor == "postgresql" else "rowid"
    places = ", ".join(["%s"] * len(documents))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM ledger_search WHERE {column} IN ({places})", list(documents))


def matching(query: str) -> RawSQL:
    """The ids of the cases in whose readable texts each word of `query` stands, as a subquery; no word, no case."""
    words = asked(query)
    if not words:
        return RawSQL(_NOTHING, [])
    if connection.vendor == "postgresql":
        return RawSQL("SELECT case_id FROM ledger_search WHERE words @@ %s::tsquery", [_joined(words, "'", " & ")])
    return RawSQL("SELECT case_id FROM ledger_search WHERE ledger_search MATCH %s", [_joined(words, '"', " ")])


def _joined(words: Iterable[str], quote: str, between: str) -> str:
    # Words are letters and digits only, so nothing in them can end the quotes.
    return between.join(f"{quote}{word}{quote}" for word in words)


def astray(cases: Sequence[int]) -> list[int]:
    """Which of these cases the index doesn't hold as it should: each readable text once, and nothing else."""
    fields = sorted(INDEXED)
    kinds, places = (", ".join(["%s"] * len(some)) for some in (fields, cases))
    key = "document_id" if connection.vendor == "postgresql" else "rowid"
    sql = (
        f"SELECT DISTINCT d.case_id FROM ledger_document d LEFT JOIN ledger_search s ON s.{key} = d.id "
        f"WHERE d.case_id IN ({places}) AND (s.case_id <> d.case_id OR (s.case_id IS NOT NULL) <> "
        f"(d.field IN ({kinds}) AND NOT d.sealed AND d.erased IS NULL)) ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*cases, *fields])
        return [pk for (pk,) in cursor.fetchall()]


def strays(most: int) -> list[int]:
    """Documents that the index holds and that don't exist, at most so many."""
    key = "document_id" if connection.vendor == "postgresql" else "rowid"
    sql = (
        f"SELECT s.{key} FROM ledger_search s LEFT JOIN ledger_document d ON d.id = s.{key} "
        f"WHERE d.id IS NULL ORDER BY 1 LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [most])
        return [pk for (pk,) in cursor.fetchall()]
