"""Climbing the urging ladder: the act of the step that a clock has reached, or a note that it was held back."""

from __future__ import annotations

from huying.city import store
from huying.city.facts import City
from huying.errors import NothingToAnswer, Refused
from huying.ledger import rulebook, urging
from huying.ledger.actor import CLOCK
from huying.ledger.fold import State
from huying.ledger.models import Case, Listed
from huying.ledger.now import now
from huying.ledger.record import record
from huying.ledger.writing import writing


def press(case: Case, state: State, name: str) -> None:
    """Write the entry of the step that the clock `name` of a locked case has reached. Raises NothingToAnswer."""
    city, procedure = store.current(), rulebook.procedure(state.procedure)
    rule, clock = procedure.clocks[name], state.clocks[name]
    ladder = urging.steps(rule, clock, procedure, state.urgency, city)
    act = urging.PASS if rule.every else urging.reached(clock, ladder, now())
    if not urging.held(state, act, _noticed(state.lead, act, city), now(), city) and _done(case, act, name):
        return
    record(case, urging.HELD, CLOCK, {"clock": name, "rung": act}, seen=None)


def _done(case: Case, act: str, name: str) -> bool:
    """Whether the procedure lets the act be done: a case may have been urged as often as it allows."""
    try:
        with writing():
            record(case, act, CLOCK, {"clock": name}, seen=None)
    except NothingToAnswer:
        raise
    except Refused:
        if act == urging.PASS:
            raise
        return False
    return True


def _noticed(unit: str, act: str, city: City) -> int:
    """How many open cases of a unit brought it a written notice in the last seven days, today included."""
    if act not in urging.NOTICES or not city.urging.week:
        return 0
    since = (city.calendar.local(now()) - urging.WEEK).date().isoformat()
    return Listed.objects.filter(name="noticed", value__gt=since, case__lead=unit).count()
