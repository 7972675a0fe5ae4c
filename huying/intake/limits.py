"""How often: calls with a key are counted in the database, questions and wrong keys in this process's memory.

Nobody is blocked by a machine: a call over its key's limit is kept and asks for a person's look. Only
questions, and the answer to a wrong key, are refused for a while.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

from huying.intake.models import Key, Use
from huying.ledger.writing import insert, writing

HOUR = 3600
WRONG_KEYS = 30
MOST_NAMES = 100_000


class Hourly:
    """How often each name came within the running hour, in this process; what came before is forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour = 0
        self._counts: Counter[str] = Counter()

    def note(self, name: str) -> int:
        """Count one more, and return how many that makes."""
        with self._lock:
            hour = int(time.time()) // HOUR
            if hour != self._hour or len(self._counts) >= MOST_NAMES:
                self._hour, self._counts = hour, Counter()
            self._counts[name] += 1
            return self._counts[name]

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._counts.clear()


questions, wrong_keys = Hourly(), Hourly()


def seconds_left() -> int:
    """Seconds to the end of the running hour, at least one."""
    return HOUR - int(time.time()) % HOUR


def over(key: Key) -> bool:
    """Whether the key's calls of the last hour have reached its limit."""
    since = timezone.now() - timedelta(seconds=HOUR)
    counted = "SELECT count(*) FROM (SELECT 1 FROM intake_use WHERE key_id = %s AND at > %s LIMIT %s) AS used"
    with connection.cursor() as cursor:
        cursor.execute(counted, [key.pk, connection.ops.adapt_datetimefield_value(since), key.per_hour])
        return bool(cursor.fetchone()[0] >= key.per_hour)


def count(key: Key) -> None:
    """Count one call of a key, in the caller's transaction."""
    insert([Use(key=key, at=timezone.now())])


def sweep() -> int:
    """Forget what is older than it counts; how many rows."""
    old = Use.objects.filter(at__lt=timezone.now() - timedelta(seconds=2 * HOUR))
    if not old.exists():  # asked every few seconds: a question needs no writer's lock
        return 0
    with writing():
        return old.delete()[0]


def address(request: HttpRequest) -> str:
    """Where a request comes from: one IPv4 address, or the network of an IPv6 one.

    What a proxy says is believed only of the proxies that HUYING_PROXIES names.
    """
    came = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    place = str(request.META.get("REMOTE_ADDR", ""))
    while came and place in settings.HUYING_PROXIES:
        place = came.pop()
    return _network(place)


def _network(place: str) -> str:
    try:
        found = ipaddress.ip_address(place)
    except ValueError:
        return place[:64]
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))
