"""The one supervision thread of a case: who was urged when, what the unit says to it, what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.desk.visitor import Visitor
from huying.ledger import urging
from huying.ledger.fold import State, instant
from huying.ledger.told import Happened, Telling
from huying.ledger.vocabulary import Procedure


@dataclass(frozen=True)
class Thread:
    """The entries, oldest first; `rung` is the next one's label and `clock` whose, "" where none is ahead."""

    entries: tuple[Happened, ...]
    rung: str = ""
    clock: str = ""
    at: datetime | None = None


def thread(telling: Telling, state: State, procedure: Procedure, visitor: Visitor) -> Thread:
    """The thread of a case as it stands."""
    entries = tuple(entry for entry in telling.timeline if entry.act in urging.THREAD)
    ahead = [step for name in state.running if (step := _next(name, state, procedure, visitor))]
    if not ahead:
        return Thread(entries)
    at, rung, name = min(ahead)
    words = visitor.wording.of
    return Thread(entries, words(procedure.acts[rung].label), words(procedure.clocks[name].label), instant(at))


def _next(name: str, state: State, procedure: Procedure, visitor: Visitor) -> tuple[str, str, str] | None:
    """The next rung of one running clock: when, the act, the clock."""
    rule, clock = procedure.clocks.get(name), state.clocks[name]
    if rule is None or rule.every or not clock.next:
        return None
    ladder = urging.steps(rule, clock, procedure, state.urgency, visitor.city)
    return next(((at, act, name) for at, act in ladder if at >= clock.next and act != urging.PASS), None)
