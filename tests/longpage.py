"""A page of three megabytes in small pieces, for a real server to send."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("HUYING_MODE", "test")

from huying.cli.front import Front

PIECE = bytes(range(256)) * 16
PIECES = 768


class Long:
    """Streaming, as Django says of what it makes while it is sent."""

    streaming = True

    def __iter__(self) -> Iterator[bytes]:
        yield from (PIECE for _ in range(PIECES))


def pages(environment: dict[str, Any], start: Any) -> Long:
    """The one page, with its length announced."""
    start("200 OK", [("content-type", "application/octet-stream"), ("content-length", str(len(PIECE) * PIECES))])
    return Long()


application = Front(pages)
