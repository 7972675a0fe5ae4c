"""The cast of the tests: people of the demo city, the fixed clock, and short ways to open and act."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from huying.city import store
from huying.city.calendar import Limit
from huying.ledger import clock
from huying.ledger.actor import CLOCK, REQUESTER, Actor, person
from huying.ledger.models import Case, Entry
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case, record

MORNING = datetime(2026, 6, 15, 1, tzinfo=UTC)
"""Monday 2026-06-15, 09:00 in Shanghai: where the demo's clock stands."""


def who(key: str) -> Actor:
    """A person of the demo city on the day on which the ledger's clock stands; also `requester` and `clock`."""
    special = {"requester": REQUESTER, "clock": CLOCK}
    return special.get(key) or person(key, store.current(), today())


def today() -> date:
    """The day that it is in the demo city."""
    return store.current().calendar.local(now()).date()


def call(key: str = "hotline.1", procedure: str = "request", /, **said: object) -> Case:
    """Open a case as somebody of the cast; a request about a broken streetlamp unless something else is said.

    A request asks for help unless another type is said.
    """
    lamp = {"title": "路灯不亮", "text": "柳园路 12 号门前的路灯坏了三天，晚上看不清路。"}
    kind = {"type": "help"} if procedure == "request" else {}
    return open_case(Intake(procedure, {**kind, **(said or lamp)}), who(key))


def act(case: Case, act_: str, key: str, /, **said: object) -> Entry:
    """Do an act as somebody who has read the case as it stands."""
    case.refresh_from_db()
    entry = record(case, act_, who(key), said, seen=case.turn)
    case.refresh_from_db()
    return entry


def after(limit: str, start: datetime = MORNING) -> datetime:
    """The end of a limit that begins at `start`, on the demo's calendar, and a minute more: it has passed."""
    return clock.due(start, Limit.parse(limit), store.current().calendar).at + timedelta(minutes=1)
