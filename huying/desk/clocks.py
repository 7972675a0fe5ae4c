"""The clocks of a case on a page: name, end, how it stands, a bar of what is used up, why it ends then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from huying.desk.visitor import Visitor
from huying.ledger.fold import Clock, State, instant
from huying.ledger.told import Deadline
from huying.metrics.lamps import LITTLE, left_of


@dataclass(frozen=True)
class Shown:
    """One clock; `used` is the bar's length in per cent, `tone` its colour, which the words beside it say too."""

    told: Deadline
    ends: datetime
    used: int
    tone: str


def clocks(told: Iterable[Deadline], state: State, visitor: Visitor) -> list[Shown]:
    """The clocks as they are told, each with its bar."""
    return [_shown(one, state.clocks[one.name], visitor) for one in told]


def _shown(told: Deadline, clock: Clock, visitor: Visitor) -> Shown:
    ended = clock.stopped or clock.paused
    until = instant(ended) if ended else visitor.at
    left = left_of(clock, until, visitor.city.calendar)
    ends = instant(clock.expected)
    late = until > ends
    tone = "red" if late else "past" if not clock.running else "yellow" if left <= LITTLE else "blue"
    return Shown(told, ends, 100 if late else round(100 * (1 - left)), tone)
