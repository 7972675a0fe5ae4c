"""What time it is for the ledger: the server's clock, or the fixed clock of demo and tests, never a caller's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from django.conf import settings

_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


def now() -> datetime:
    """The server's time, aware, UTC, whole seconds; HUYING_NOW or `standing_at` fix it in demo and tests."""
    fixed = _standing.get() or settings.HUYING_NOW
    return (fixed or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the ledger's clock stand at `moment`. Refused in production: there the server's clock judges."""
    if settings.HUYING_MODE == "production":
        raise RuntimeError("the ledger's clock can't be set in production")
    token = _standing.set(moment)
    try:
        yield
    finally:
        _standing.reset(token)
