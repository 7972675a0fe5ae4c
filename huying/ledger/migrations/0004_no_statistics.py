"""PostgreSQL keeps samples of a column's values to plan with: not of people's words, which couldn't be erased there."""

from __future__ import annotations

from typing import Any

from django.db import migrations

COLUMNS = {"ledger_document": ("body", "name", "salt"), "ledger_search": ("words",)}


def refuse_samples(apps: Any, schema_editor: Any) -> None:
    """No statistics over these columns, and those that were taken already are gone."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, columns in COLUMNS.items():
        for column in columns:
            schema_editor.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS 0")


class Migration(migrations.Migration):
    """After the recurrences."""

    dependencies = [("ledger", "0003_recurrence")]
    operations = [migrations.RunPython(refuse_samples, migrations.RunPython.noop)]
