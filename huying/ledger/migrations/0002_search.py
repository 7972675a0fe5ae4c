"""The full-text index: FTS5 on SQLite, a tsvector with GIN on PostgreSQL. Deleted words leave no trace."""

from __future__ import annotations

from typing import Any

from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE ledger_search USING fts5(words, case_id UNINDEXED, tokenize = 'ascii', detail = 'none')",
    "INSERT INTO ledger_search (ledger_search, rank) VALUES ('secure-delete', 1)",
]
POSTGRESQL = [
    "CREATE TABLE ledger_search (document_id bigint PRIMARY KEY, case_id bigint NOT NULL, words tsvector NOT NULL)",
    "CREATE INDEX ledger_search_words ON ledger_search USING gin (words)",
]


def make(apps: Any, schema_editor: Any) -> None:
    """Create the index of this database."""
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps: Any, schema_editor: Any) -> None:
    """Drop it."""
    schema_editor.execute("DROP TABLE ledger_search")


class Migration(migrations.Migration):
    """After the tables."""

    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
