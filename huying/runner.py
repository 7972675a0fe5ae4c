"""The one loop: passed clocks become entries in due order, what recurs is done, what is owed goes out as letters.

Any number of runners may run. Each claims one case at a time inside the entry's own transaction, so a clock
that two of them see is passed once; a case that another is working on is left to that one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import dataclass, field

from django.conf import settings
from django.db import Error, connection

from huying.desk import held
from huying.errors import NothingToAnswer, Refused, StorageError
from huying.intake import errands
from huying.intake.mailbox import listening
from huying.ledger import recurring, rulebook
from huying.ledger.actor import CLOCK
from huying.ledger.administration import fix_dates
from huying.ledger.find import claimed, ringing
from huying.ledger.fold import State, stamp
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.pressing import press
from huying.ledger.record import record
from huying.ledger.writing import writing
from huying.notify.outbox import fan_out
from huying.notify.post import post

log = logging.getLogger(__name__)
BATCH = 200
PAUSE_SECONDS = 5.0


@dataclass
class Round:
    """What one round did: entries written for passed clocks, and the cases in which none could be."""

    passed: int = 0
    recurred: int = 0
    owed: int = 0
    sent: int = 0
    fetched: int = 0
    failed: dict[int, str] = field(default_factory=dict)


def ring(*, kinds: Collection[str] = ()) -> Round:
    """Write an entry for every clock that has passed by now, earliest first; a case that fails stops no other.

    With `kinds`, for the clocks of those kinds of case alone.
    """
    done = Round()
    while batch := ringing(now(), without=set(done.failed), kinds=kinds, most=BATCH):
        for pk in batch:
            try:
                done.passed += _ring(pk)
            except StorageError:
                raise
            except Exception as error:  # whatever is wrong with one case, the others' clocks must ring
                log.exception("case %s: its clock can't be passed", pk)
                done.failed[pk] = repr(error)
    return done


def _ring(pk: int) -> bool:
    """Pass the earliest due clock of one case; whether an entry was written."""
    with writing():
        case = claimed(pk, now())
        if case is None:
            return False
        state = case.folded()
        name = _due(state)
        then = rulebook.procedure(state.procedure).clocks[name].then
        if not (then and _acts(case, then)):
            press(case, state, name)
        return True


def _due(state: State) -> str:
    """The clock that must ring first; of two at once, the one that has been due for longer."""
    due = {name: clock for name, clock in state.running.items() if clock.next and clock.next <= stamp(now())}
    return min(due, key=lambda name: (due[name].next, due[name].expected, name))


def _acts(case: Case, then: str) -> bool:
    """Do what the procedure declares for the end of the clock; where that is refused, the passing is noted instead."""
    try:
        with writing():
            record(case, then, CLOCK, {}, seen=None)
    except NothingToAnswer:
        raise
    except Refused as refusal:
        log.warning("case %s: %s is refused, the passed clock is noted: %s", case.number, then, refusal)
        return False
    return True


def turn() -> Round:
    """One round: clocks, recurrences, what is owed because of them, the post, the errands. Raises StorageError."""
    fix_dates()  # a case that was decided while a new calendar was being loaded still awaits it
    done = ring()
    done.recurred = recurring.run()
    done.owed = fan_out()
    done.sent = post()
    done.fetched = errands.run()
    held.sweep()
    return done


def urgent_turn() -> Round:
    """The clocks of the alarms and the urgent letters alone: what must not wait for anything else."""
    kinds = rulebook.alarms()
    done = ring(kinds=kinds) if kinds else Round()
    done.owed = fan_out(urgent=True)
    done.sent = post(urgent=True)
    return done


def run(stop: threading.Event, *, pause: float = PAUSE_SECONDS) -> None:
    """Go round until `stop` is set, with `pause` seconds between; a database that is away is waited for.

    Alarms have a clock of their own: a second thread goes round with them alone, so that whoever is on duty is rung
    within a minute however many clocks and letters wait. Where HUYING_MAIL_PORT is set, the city's mail server may
    hand letters over meanwhile.
    """
    same_time = copy_context()  # a clock that stands, stands for both
    beside = threading.Thread(target=same_time.run, args=(_alone, stop, pause), name="alarms")
    with listening(settings.HUYING_MAIL_PORT) if settings.HUYING_MAIL_PORT else nullcontext():
        beside.start()
        _round_and_round(turn, stop, pause)
        beside.join()


def _alone(stop: threading.Event, pause: float) -> None:
    _round_and_round(urgent_turn, stop, pause)
    connection.close()


def _round_and_round(once: Callable[[], Round], stop: threading.Event, pause: float) -> None:
    while not stop.is_set():
        try:
            once()
        except StorageError as error:
            log.error("the loop waits: %s", error)
        except Error as error:  # a plain read met a connection that is dead; the next round gets a fresh one
            connection.close()
            log.error("the loop waits: %s", str(error).partition("\n")[0])
        except Exception:  # a loop that has died rings no clock at all
            log.exception("the loop stumbles")
        stop.wait(pause)
