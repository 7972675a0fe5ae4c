"""Leaving nothing of erased rows in the files of the database: free room, the write-ahead log, old index pages.

SQLite overwrites what is deleted (secure_delete, also in the index); moved rows may leave copies behind in
the free room of a page, and the log holds the pages of before. PostgreSQL overwrites nothing of its own accord:
its tables are written anew. What its log, its replicas and its backups hold is told in docs/how-to/erase.md.
"""

from __future__ import annotations

from pathlib import Path

from django.db import OperationalError, connection

from huying.ledger.writing import told

MOST_BYTES = 1024**3
"""Up to this size the database is written anew at once; a larger one keeps people waiting, and waits for the night."""
TABLES = (
    "ledger_document", "ledger_search", "ledger_identity", "portal_link", "notify_letter", "intake_retry",
    "intake_picture", "desk_view", "desk_held", "django_session",
)  # fmt: skip


def scrub(*, most: int | None = None) -> bool:
    """Write anew what holds erased rows; whether it was done, or the database is larger than `most` bytes.

    Never inside a transaction. Raises DatabaseBusy where somebody reads for longer than is waited for.
    """
    if connection.in_atomic_block:  # whoever called commits later, and scrubs then
        return False
    with told():
        return _postgresql(most) if connection.vendor == "postgresql" else _sqlite(most)


def _sqlite(most: int | None) -> bool:
    small = most is None or Path(connection.settings_dict["NAME"]).stat().st_size <= most
    with connection.cursor() as cursor:
        if small:
            cursor.execute("VACUUM")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        busy, *_ = cursor.fetchone()
    return small and not busy


def _postgresql(most: int | None) -> bool:
    with connection.cursor() as cursor:
        places = ", ".join(["%s"] * len(TABLES))
        cursor.execute(
            f"SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c WHERE c.oid IN "
            f"(SELECT to_regclass(name)::oid FROM unnest(ARRAY[{places}]) name)",
            TABLES,
        )
        (size,) = cursor.fetchone()
        small = most is None or size <= most
        for table in TABLES:
            cursor.execute(f"VACUUM {'(FULL) ' if small else ''}{table}")
        _checkpoint()
    return bool(small)


def _checkpoint() -> None:
    """Let the files of the old tables go now rather than minutes later, where the role may ask for it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except OperationalError:
        raise
    except Exception:  # only a role with pg_checkpoint may; the server does it by itself within minutes
        connection.close()
