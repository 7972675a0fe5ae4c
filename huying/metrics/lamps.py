"""Lamps: red, yellow, green or grey for a case at one time, always with the reason. Pure.

The default of every city: red where a clock has passed; grey while the case is shelved, or closed; yellow with
at most a quarter of a clock's time left, or with nothing done for half of the promise; green otherwise. What
is most urgent gives the reason. A lamp is about a case, never about a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from huying.city.calendar import Calendar
from huying.errors import say
from huying.ledger import clock as counting
from huying.ledger import timewords
from huying.ledger.clockwork import unit_of
from huying.ledger.fold import Clock, State, instant
from huying.ledger.vocabulary import ANSWER, Procedure
from huying.ledger.wording import Wording

RULE = 1
"""The version of the rule below; whoever changes the rule raises it, and `RULES` tells it in words."""
RULES = (
    "Lamps by rule {version}: red where a clock has passed; grey while shelved, or closed; yellow with at most a"
    " quarter of a clock's time left, or with nothing done for half of the time to the answer; green otherwise."
)
SHELVED = "shelved"
LITTLE = 0.25
HALF = 0.5


@dataclass(frozen=True)
class Lamp:
    """A colour and its reason in words, by which version of the rule; the colour's own word stands beside it."""

    colour: str
    why: str
    rule: int = RULE


def rule(language: str) -> str:
    """The rule in words, with its version: what pages, exports and papers print beside lamps."""
    return say(RULES, language, version=RULE)


def lamp(state: State, procedure: Procedure, active: datetime, at: datetime, wording: Wording) -> Lamp:
    """How a case stands at `at`; `active` is when somebody last did something on it."""
    if state.closed:
        return Lamp("grey", wording.of(procedure.stage(state.stage)))
    calendar = wording.city.calendar
    running = sorted(state.running.items(), key=lambda pair: pair[1].expected)
    for name, clock in running:
        if instant(clock.expected) < at:
            return Lamp("red", _stands(name, clock, procedure, at, wording))
    if state.stage == SHELVED:
        return Lamp("grey", _shelved(state, procedure, wording))
    for name, clock in running:
        if left_of(clock, at, calendar) <= LITTLE:
            return Lamp("yellow", _stands(name, clock, procedure, at, wording))
    promise = state.clocks.get(ANSWER)
    if promise is not None and promise.running and _idle(promise, active, at, calendar):
        length = timewords.span(int((at - active).total_seconds()) // 60, wording.language, most=1)
        return Lamp("yellow", wording.say("nothing done for {length}", length=length))
    if running:
        name, clock = running[0]
        return Lamp("green", _stands(name, clock, procedure, at, wording))
    return Lamp("green", wording.say("no clock runs"))


def left_of(clock: Clock, at: datetime, calendar: Calendar) -> float:
    """The share of a clock's time that is left, from 0 to 1; of working days and hours only office time counts.

    Time in which the clock stood still is no time of it.
    """
    began = instant(clock.began) + timedelta(seconds=clock.held)
    due = instant(clock.expected)
    office = unit_of(clock.limit) in ("wd", "wh")
    whole = _length(began, due, calendar, office=office)
    return max(0.0, min(1.0, _length(at, due, calendar, office=office) / whole)) if whole > 0 else 0.0


def _length(start: datetime, end: datetime, calendar: Calendar, *, office: bool) -> float:
    """Minutes from one instant to another, of office time where that is what counts."""
    if end <= start:
        return 0.0
    return counting.left(start, end, "wh", calendar) if office else (end - start).total_seconds() / 60


def _idle(promise: Clock, active: datetime, at: datetime, calendar: Calendar) -> bool:
    """Whether nothing was done for half of the promise's length."""
    office = unit_of(promise.limit) in ("wd", "wh")
    start, due = instant(promise.began) + timedelta(seconds=promise.held), instant(promise.expected)
    whole = _length(start, due, calendar, office=office)
    return whole > 0 and _length(max(active, start), at, calendar, office=office) > HALF * whole


def _stands(name: str, clock: Clock, procedure: Procedure, at: datetime, wording: Wording) -> str:
    """A clock with what is left of it, or how late it is: 答复 已过 1 个工作日."""
    label = wording.of(procedure.clocks[name].label) if name in procedure.clocks else name
    unit, due = unit_of(clock.limit), instant(clock.expected)
    stand = counting.stand(at, due, wording.city.calendar, unit, wording.language)
    return wording.say("{clock}: {stand}", clock=label, stand=stand)


def _shelved(state: State, procedure: Procedure, wording: Wording) -> str:
    """Why a case is shelved: its obstacle, where one was said."""
    declared, kept = procedure.fields.get("obstacle"), str(state.facts.get("obstacle") or "")
    stage = wording.of(procedure.stage(state.stage))
    if declared is None or kept not in declared.of:
        return stage
    return wording.say("{stage}: {reason}", stage=stage, reason=wording.of(declared.of[kept]))
