"""Leaving nothing of erased rows in the files of the database: free room, the write-ahead log, old index pages.

SQLite overwrites what is deleted (secure_delete, also in the index); moved rows may leave copies behind in
the free room of a page, and the log holds the pages of before. PostgreSQL overwrites nothing of its own accord:
its tables are written anew. What its log, its replicas and its backups hold is told in docs/how-to/erase.md.
"""

from __future__ import annotations

import time
from pathlib import Path

from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper

from huying.ledger.writing import told

MOST_BYTES = 1024**3
"""Up to this size the database is written anew at once; a larger one keeps people waiting, and waits for the night."""
PATIENCE_SECONDS = 10.0
_SEEING = """
SELECT EXISTS (
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) > age(%s::xid)
    UNION ALL SELECT 1 FROM pg_replication_slots WHERE age(xmin) > age(%s::xid)
)
"""
TABLES = (
    "ledger_document", "ledger_search", "ledger_identity", "portal_link", "notify_letter", "intake_retry",
    "intake_picture", "desk_view", "desk_held", "django_session",
)  # fmt: skip


def scrub(*, most: int | None = None) -> bool:
    """Write anew what holds erased rows; whether all of it is gone.

    It isn't where the database is larger than `most` bytes, or somebody still reads what was there before.
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
        unseen = _unseen(cursor)
        places = ", ".join(["%s"] * len(TABLES))
        cursor.execute(
            f"SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c WHERE c.oid IN "
            f"(SELECT to_regclass(name)::oid FROM unnest(ARRAY[{places}]) name)",
            TABLES,
        )
        (size,) = cursor.fetchone()
        small = (most is None or size <= most) and unseen
        for table in TABLES:
            cursor.execute(f"VACUUM {'(FULL) ' if small else ''}{table}")
        _checkpoint()
    return bool(small)


def _unseen(cursor: CursorWrapper) -> bool:
    """Whether nobody can see any more what was there until now; waits PATIENCE_SECONDS for it.

    A table that is written anew takes along the erased rows that a transaction of before may still read, be it the
    server's own that gathers statistics.
    """
    cursor.execute("SELECT (pg_snapshot_xmax(pg_current_snapshot())::text::bigint & 4294967295)::text")
    (until,) = cursor.fetchone()
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        cursor.execute(_SEEING, [until, until])
        if not cursor.fetchone()[0]:
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.05)


def _checkpoint() -> None:
    """Let the files of the old tables go now rather than minutes later, where the role may ask for it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("CHECKPOINT")
    except OperationalError:
        raise
    except Exception:  # only a role with pg_checkpoint may; the server does it by itself within minutes
        connection.close()
