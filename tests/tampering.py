"""Changing what may not be changed, as somebody with the database's password would: by SQL, the guard lifted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from huying.ledger import audit, guard

Value = str | int | bool | datetime | None


@contextmanager
def tampered(*changes: tuple[str, *tuple[Value, ...]]) -> Iterator[None]:
    """The database with these statements done to it, each with its values; afterwards as it was, guard included."""
    with transaction.atomic():
        guard.remove()
        with connection.cursor() as cursor:
            for sql, *values in changes:
                cursor.execute(sql, values)
        yield
        transaction.set_rollback(True)


def found() -> list[audit.Difference]:
    """What the audit finds in the whole ledger."""
    return list(audit.audit())


def codes() -> set[str]:
    """The codes of what the audit finds."""
    return {difference.code for difference in found()}
