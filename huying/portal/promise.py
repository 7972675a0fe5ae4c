"""The promise to whoever called, in words: before dispatch by when it is dispatched, then by when it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.city.calendar import Limit
from huying.city.facts import City
from huying.errors import HuyingError
from huying.ledger import clock as counting
from huying.ledger import rulebook, timewords
from huying.ledger.fold import State, instant
from huying.ledger.told import Deadline, Telling
from huying.ledger.vocabulary import ANSWER
from huying.ledger.wording import Wording
from huying.pages import when

BEFORE = "triage"
"""The clock that runs until a case is dispatched."""


@dataclass(frozen=True)
class Promise:
    """What is promised: the sentence, how it stands, why it ends then, what it was first. `late` where it passed."""

    words: str
    stands: str = ""
    late: bool = False
    first: str = ""
    why: tuple[str, ...] = ()
    then: str = ""


def promise(state: State, telling: Telling, wording: Wording, at: datetime) -> Promise | None:
    """The promise as it stands; None where the case is closed, or nothing is owed but its confirmation."""
    clocks = {clock.name: clock for clock in telling.clocks}
    answer, before = clocks.get(ANSWER), clocks.get(BEFORE)
    if telling.closed:
        return None
    if answer is not None and answer.state in ("running", "awaiting"):
        return _answer(answer, state, wording, at)
    if answer is not None and answer.state == "paused":
        return None
    return _dispatch(before, state, wording, at) if before is not None and before.state == "running" else None


def _answer(answer: Deadline, state: State, wording: Wording, at: datetime) -> Promise:
    due = end(state.clocks[ANSWER].expected, wording, at)
    if answer.state == "awaiting":
        words = wording.say("You will be answered at the earliest by {due}; the holiday notice isn't out yet.", due=due)
        return Promise(words, why=answer.why)
    moved = answer.first and answer.first != answer.due
    first = (
        wording.say("Originally: {due}; that date stays in the records.", due=_first(state, wording, at))
        if moved
        else ""
    )
    late = answer.missed > 0
    words = wording.say("You will be answered by {due}.", due=due)
    return Promise(words, answer.stands, late, first, answer.why)


def _dispatch(before: Deadline, state: State, wording: Wording, at: datetime) -> Promise:
    """Before dispatch only its own limit runs; the answer's begins with it."""
    limit = answer_limit(state, wording.city)
    words = wording.say(
        "By {due} it is given to one unit; within {limit} of that you will be answered.",
        due=end(state.clocks[BEFORE].expected, wording, at),
        limit=timewords.spell(limit, wording.language),
    )
    return Promise(
        words, before.stands, before.missed > 0, why=before.why, then=_if_now(limit, wording, at),
    )  # fmt: skip


def end(stamped: str, wording: Wording, at: datetime) -> str:
    """When a clock ends, with its day; the year only where it isn't this one."""
    return when.ends(instant(stamped), at, wording.city.calendar, wording.language)


def _first(state: State, wording: Wording, at: datetime) -> str:
    first = state.clocks[ANSWER].first
    return end(first, wording, at) if first else ""


def answer_limit(state: State, city: City) -> Limit:
    """How long the answer may take once the case is dispatched, for what is known of it now."""
    urgency = state.urgency
    own = city.limit(state.procedure, ANSWER, category=state.category, urgency=urgency)
    return own or Limit.parse(rulebook.procedure(state.procedure).clocks[ANSWER].limit)


def _if_now(limit: Limit, wording: Wording, at: datetime) -> str:
    """The date that it would be, were the case dispatched now; nothing where the calendar doesn't reach."""
    try:
        due = counting.due(at, limit, wording.city.calendar).at
    except HuyingError:
        return ""
    return wording.say(
        "If that is today, it is {due}. We tell you the exact time.",
        due=when.ends(due, at, wording.city.calendar, wording.language),
    )


def verification(state: State, wording: Wording, at: datetime) -> str:
    """By when the requester's own word is waited for, or ""."""
    clock = state.clocks.get("verify")
    return end(clock.expected, wording, at) if clock is not None and clock.running else ""
