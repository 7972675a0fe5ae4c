"""One transaction for one step: SQLite has one writer at a time, and a broken store gets a clear word."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from huying.errors import DatabaseAway, StorageFull

# Several threads of one process never busy-wait for SQLite's write lock: that wait was measured as the
# whole tail of its latency (p99 of 160-840 ms against 24-34 ms).
_one_writer = threading.RLock()
_FULL = ("disk is full", "no space left", "could not extend file", "disk I/O error")
_AWAY = (
    "unable to open", "connection", "server closed", "terminating", "shutting down", "starting up",
    "could not connect", "database is locked", "not accepting", "in recovery",
)  # fmt: skip


@contextmanager
def writing() -> Iterator[None]:
    """A transaction in which everything is written or nothing.

    Raises StorageFull or DatabaseAway where the store itself failed; the connection is closed then, so
    that the next step gets a fresh one.
    """
    try:
        with _one_writer if connection.vendor == "sqlite" else nullcontext(), transaction.atomic():
            yield
    except (OperationalError, InterfaceError, DatabaseError) as error:
        raise _named(error) from error


def _named(error: Exception) -> Exception:
    words = str(error).lower()
    if any(sign.lower() in words for sign in _FULL):
        return StorageFull()
    if isinstance(error, InterfaceError) or any(sign in words for sign in _AWAY):
        if not connection.in_atomic_block:
            connection.close()
        return DatabaseAway()
    return error
