"""The urging ladder: what happens so long before and after a due time, and when supervision holds back. Pure.

A rung is a quiet act of the runner: it moves nothing but attention. City data say which rung comes when; so that
supervision itself doesn't become a burden, they also say how seldom.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from huying.city.calendar import Calendar, Limit
from huying.city.facts import RUNGS, City
from huying.ledger import clock as counting
from huying.ledger.fold import Clock, State, instant, stamp
from huying.ledger.vocabulary import ANSWER, ClockRule, Procedure

PASS = "pass"
HELD = "hold_back"
REMIND, URGE, SUPERVISE, BULLETIN, ESCALATE = RUNGS
ACCOUNT = "account_for"
STEPS = frozenset({PASS, *RUNGS, HELD})
"""What the runner writes of a clock: none of it moves a case."""
THREAD = frozenset({*RUNGS, HELD, ACCOUNT})
"""The acts that make up the one supervision thread of a case."""
NOTICES = frozenset({SUPERVISE, BULLETIN})
"""The rungs that are written notices: counted against what a unit gets in a week."""
UNITS_OWN = frozenset({"lead", "owner"})
WEEK = timedelta(days=7)


def steps(rule: ClockRule, clock: Clock, procedure: Procedure, urgency: str, city: City) -> list[tuple[str, str]]:
    """Every instant at which the runner looks at a clock, with the act that it does then, in order.

    The due time itself is `pass`. A desk's clock, and a rung that the city leaves unnamed, pass once more.
    """
    due, found = instant(clock.expected), [(clock.expected, PASS)]
    for row in city.rungs(procedure.name, urgency):
        if not row.before:
            act = row.rung if rule.on in UNITS_OWN and row.rung in procedure.acts else PASS
            found.append((stamp(counting.earliest(due, row.step, city.calendar)), act))
        elif rule.name == ANSWER and REMIND in procedure.acts:
            found.append((stamp(before(due, row.step, city.calendar)), REMIND))
    return sorted(step for step in found if step[0] > clock.began)


def before(due: datetime, limit: Limit, calendar: Calendar) -> datetime:
    """The instant so long before a due time: working days are counted back to the same time of day."""
    if limit.unit in ("min", "h"):
        return due - timedelta(minutes=limit.count * (60 if limit.unit == "h" else 1))
    guessed, at, left = counting.guess(calendar), due, limit.count
    while left:
        at -= timedelta(days=1)
        left -= limit.unit == "d" or guessed.works(calendar.local(at).date())
    return at


def following(clock: Clock, ladder: list[tuple[str, str]], *, passed: bool) -> str | None:
    """When the runner looks again after a step of the ladder was taken; a clock that passed needs no reminder."""
    done = max(clock.next or "", clock.expected if passed else "")
    return next((at for at, _ in ladder if at > done), None)


def first(clock: Clock, ladder: list[tuple[str, str]], at: datetime) -> str | None:
    """When the runner first looks at a clock that begins, or got another due time, at `at`."""
    return next((step for step, _ in ladder if stamp(at) < step <= clock.expected), clock.next)


def reached(clock: Clock, ladder: list[tuple[str, str]], at: datetime) -> str:
    """The act of the step at which a clock rings at `at`; where the city's ladder changed meanwhile, the one before."""
    rung = clock.next or clock.expected
    if rung < clock.expected:
        return REMIND if stamp(at) < clock.expected else PASS
    return [PASS, *(act for at, act in ladder if clock.expected <= at <= rung)][-1]


def held(state: State, act: str, noticed: int, at: datetime, city: City) -> bool:
    """Whether a rung is noted without telling anybody; attention goes up whatever else was written.

    Held back: what comes too soon after another rung that was no milder; a bulletin on a unit that has accounted for
    itself since; a notice to a unit that had as many in seven days as the city allows (`noticed` is how many).
    """
    last, accounted = str(state.facts.get("urged") or ""), str(state.facts.get("accounted") or "")
    if act in (PASS, ESCALATE):
        return False
    gap, rung = city.urging.gap, str(state.facts.get("rung") or "")
    milder = rung in RUNGS and RUNGS.index(rung) < RUNGS.index(act)
    soon = bool(gap and last and not milder and counting.earliest(instant(last), gap, city.calendar) > at)
    heard = act == BULLETIN and accounted > last
    full = act in NOTICES and bool(city.urging.week) and noticed >= city.urging.week
    return soon or heard or full
