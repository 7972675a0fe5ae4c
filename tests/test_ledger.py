"""The bytes that are hashed: canonical JSON as RFC 8785 wants it, with that standard's library as the judge."""

from __future__ import annotations

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from huying.ledger.ledger import canonical

CODES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_.:-", min_size=1, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXTS
TABLES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CODES, inner, max_size=5))


@given(st.dictionaries(CODES, TABLES, max_size=6))
def test_what_the_ledger_hashes_is_canonical_to_the_byte(table: dict[str, object]) -> None:
    assert canonical(table).encode() == rfc8785.dumps(table)  # type: ignore[arg-type]
