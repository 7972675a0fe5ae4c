"""How the system is: what the health page asks of database, clocks, letters and calendar. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import Error, connection

from huying.city import store
from huying.errors import NoCity
from huying.ledger import guard
from huying.ledger.models import Case, Outbox
from huying.ledger.now import now

AHEAD = timedelta(days=30)


@dataclass(frozen=True)
class Pulse:
    """What was found. `reachable` is false where the database is away; then nothing else is known.

    `alarm` is the oldest moment at which the loop should have looked and hasn't; `owed` the oldest letter
    that nobody has taken; `known_until` the year 30 days ahead where its holiday notice is missing, else 0.
    """

    at: datetime
    reachable: bool = False
    ready: bool = False
    guarded: bool = False
    city: int = 0
    alarm: datetime | None = None
    owed: datetime | None = None
    unknown_year: int = 0


def feel() -> Pulse:
    """Look at everything once; never raises because of the database."""
    at = now()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if "ledger_outbox" not in connection.introspection.table_names():
            return Pulse(at, reachable=True)
        return _found(at)
    except Error:
        # A fresh connection next time; what was found until then is not relied on.
        if not connection.in_atomic_block:
            connection.close()
        return Pulse(at)


def _guarded() -> bool:
    return not guard.check_installed(databases=["default"])


def _found(at: datetime) -> Pulse:
    late = Case.objects.filter(alarm__lt=at).order_by("alarm").values_list("alarm", flat=True).first()
    owed = Outbox.objects.order_by("at").values_list("at", flat=True).first()
    try:
        city = store.current()
    except NoCity:
        return Pulse(at, reachable=True, guarded=_guarded(), alarm=late, owed=owed)
    ahead = city.calendar.local(at + AHEAD).year
    return Pulse(
        at,
        reachable=True,
        ready=True,
        guarded=_guarded(),
        city=city.version,
        alarm=late,
        owed=owed,
        unknown_year=0 if ahead in city.calendar.years else ahead,
    )
