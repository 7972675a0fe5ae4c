"""The lives that invented cases lead: who does what, how many hours later, and how common each life is.

A closed life is spread over two years; an open one stands where its last move left it, `age` hours after the
call. What an act needs and nothing here says (texts, category, area, lead) comes from the case's setting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Move:
    """One act: by whom, how many hours after the move before it (at least, at most), with what said.

    `case` is the place of the case in its family, the first call being 0. Words that begin with `@` are resolved
    when it is played: `@until+60` is a date 60 days ahead, `@due+5` five days after the promise, `@other` and
    `@about` another unit, `@category` another duty of the lead, `@root` the number of the first call, `@support`
    two tasks for other units, `@sponsor` the lead's leader, `@no_evidence` a reason where evidence is asked for.
    """

    act: str
    by: str
    hours: tuple[float, float]
    said: Mapping[str, str] = field(default_factory=dict)
    case: int = 0


@dataclass(frozen=True)
class Life:
    """A life and its weight among a thousand cases; `age` in hours makes it one that is still open."""

    name: str
    weight: float
    moves: tuple[Move, ...]
    said: Mapping[str, str] = field(default_factory=dict)
    age: tuple[float, float] = (0, 0)


def _move(act: str, by: str, least: float, most: float, /, case: int = 0, **said: str) -> Move:
    return Move(act, by, (least, most), said, case)


TRIAGE = _move("triage", "intake", 0.1, 1)
DISPATCH = _move("dispatch", "dispatcher", 0.2, 2)
ACCEPT = _move("accept", "handler", 0.5, 6)
CONTACT = _move("contact", "handler", 1, 14, reached="yes")
SUBMIT = _move("submit", "handler", 6, 40, outcome="fixed", no_evidence="@no_evidence")
SIGN = _move("sign", "reviewer", 0.5, 7)
CONFIRM = _move("confirm", "callback", 6, 50, contacted="yes", solved="yes", satisfied="yes")
UNHAPPY = _move("confirm", "callback", 6, 50, contacted="yes", solved="no", satisfied="no")
THANKED = _move("confirm", "requester", 1, 30, contacted="yes", solved="yes", satisfied="mostly")
COPY = _move("copy", "intake", 0.1, 0.5)
REDO = _move("redo", "callback", 6, 40, contacted="yes", solved="no", satisfied="no")
ANSWERED = _move("answered", "case", 0.01, 0.1, case=1)
MERGE = _move("merge", "intake", 0.1, 1, case=1, into="@root")

CALM = {"urgency": "normal"}  # where safety is at stake, one acts first and objects later
TO_DISPATCH = (TRIAGE, DISPATCH)
TO_WORK = (*TO_DISPATCH, ACCEPT, CONTACT)
TO_ANSWER = (*TO_WORK, SUBMIT, SIGN)
AGAIN = (ACCEPT, CONTACT, SUBMIT, SIGN, CONFIRM)
SHELVE = (
    _move("ask_shelving", "handler", 4, 20, obstacle="funds"),
    _move("shelve", "supervisor", 1, 12, until="@until+60", sponsor="@sponsor"),
)
SUPPORT = _move("support", "dispatcher", 0.1, 2, children="@support")


def _answered(outcome: str) -> tuple[Move, ...]:
    return (*TO_WORK, _move("submit", "handler", 6, 40, outcome=outcome, no_evidence="@no_evidence"), SIGN)


def _task(case: int, judge: str) -> tuple[Move, ...]:
    """A child task's own road; `judge` confirms it."""
    return (
        _move("accept", "handler", 0.5, 5, case=case),
        _move("report", "handler", 2, 10, case=case),
        _move("submit", "handler", 2, 20, case=case, outcome="fixed"),
        _move("confirm", judge, 1, 10, case=case),
    )


CLOSED = (
    Life("fixed", 300, (*TO_ANSWER, CONFIRM)),
    Life("thanked", 60, (*TO_WORK, _move("progress", "handler", 2, 20), SUBMIT, SIGN, THANKED)),
    Life("partly fixed", 40, (*_answered("partly_fixed"), CONFIRM)),
    Life("explained", 90, (*_answered("explained"), UNHAPPY)),
    Life("answered directly", 100, (_move("explain", "intake", 0.2, 2), CONFIRM), {"type": "consult"}),
    Life("sent on", 10, (_move("explain", "intake", 0.2, 2), _move("redo_direct", "requester", 4, 40), DISPATCH,
                         ACCEPT, CONTACT, SUBMIT, SIGN, CONFIRM), {"type": "consult"}),
    Life("on the spot", 80, (_move("answer_now", "intake", 0.1, 0.2, assent="yes"),), {"type": "consult"}),
    Life("referred out", 50, (_move("refer_out", "intake", 0.1, 1, ground="legal_channel"),)),
    Life("not true", 30, (*_answered("not_true"), CONFIRM)),
    Life("not ours", 15, (*_answered("not_ours"), UNHAPPY)),
    Life("nobody reached", 50, (*TO_ANSWER, _move("call", "callback", 2, 20, reached="no_answer"))),
    Life("withdrawn", 20, (*TO_DISPATCH, _move("withdraw", "requester", 0.5, 20))),
    Life("chased", 30, (*TO_DISPATCH, _move("chase", "requester", 8, 40), *AGAIN)),
    Life("added to", 15, (*TO_WORK, _move("add", "requester", 4, 20), SUBMIT, SIGN, CONFIRM)),
    Life("upheld", 15, (*TO_DISPATCH, _move("dispute", "handler", 1, 5), _move("uphold", "dispatcher", 1, 6),
                        CONTACT, SUBMIT, SIGN, CONFIRM), CALM),
    Life("reassigned", 15, (*TO_DISPATCH, _move("dispute", "handler", 1, 5),
                            _move("reassign", "dispatcher", 1, 6, lead="@other"), *AGAIN), CALM),
    Life("transferred", 15, (*TO_DISPATCH, _move("transfer", "dispatcher", 1, 5, lead="@other"), *AGAIN)),
    Life("recategorised", 10, (*TO_DISPATCH, _move("recategorise", "dispatcher", 1, 5, category="@category"), *AGAIN)),
    Life("extended", 15, (*TO_WORK, _move("ask_extension", "handler", 0.5, 2, until="@due+5"),
                          _move("extend", "supervisor", 0.5, 4, until="@due+5"), SUBMIT, SIGN, CONFIRM)),
    Life("returned", 15, (*TO_WORK, SUBMIT, _move("return", "reviewer", 1, 6), SUBMIT, SIGN, CONFIRM)),
    Life("redone", 30, (*TO_ANSWER, REDO, *AGAIN)),
    Life("reopened", 15, (*TO_ANSWER, CONFIRM, _move("reopen", "requester", 100, 600), *AGAIN)),
    Life("urged", 15, (*TO_WORK, _move("urge", "supervisor", 10, 40), SUBMIT, SIGN, CONFIRM)),
    Life("shelved for a while", 5, (*TO_WORK, *SHELVE, _move("resume", "supervisor", 200, 900), SUBMIT, SIGN, CONFIRM)),
    Life("promised and kept", 8, (*TO_WORK, _move("promise", "handler", 6, 40, due="@until+30"), SIGN,
                                  _move("confirm_promise", "callback", 6, 40), *_task(1, "callback"))),
    Life("supported", 15, (TRIAGE, DISPATCH, SUPPORT, ACCEPT, CONTACT, *_task(1, "parent"), *_task(2, "parent"),
                           SUBMIT, SIGN, CONFIRM)),
    Life("called about twice", 15, (TRIAGE, DISPATCH, _move("open", "intake", 1, 10, case=1), MERGE, ACCEPT, CONTACT,
                                    SUBMIT, SIGN, ANSWERED, CONFIRM)),
    Life("confidential", 25, (COPY, *TO_ANSWER, CONFIRM), {"wish": "confidential"}),
    Life("anonymous", 20, (COPY, *TO_ANSWER, _move("call", "callback", 6, 40, reached="cannot")),
         {"wish": "anonymous"}),
    Life("report", 8, (COPY, *TO_ANSWER, CONFIRM), {"type": "report", "about": "@about"}),
    Life("looked at again", 15, (*TO_ANSWER, CONFIRM, _move("recheck", "callback", 300, 900, finding="holds"))),
    Life("archived", 60, (*TO_ANSWER, CONFIRM, _move("archive", "supervisor", 2000, 3000))),
)  # fmt: skip

OPEN = (
    Life("just in", 5, (), age=(0.1, 3)),
    Life("waiting for dispatch", 4, (TRIAGE,), age=(0.3, 4)),
    Life("waiting for acceptance", 6, TO_DISPATCH, age=(0.5, 8)),
    Life("objected to", 2, (*TO_DISPATCH, _move("dispute", "handler", 1, 5)), CALM, age=(1, 8)),
    Life("accepted", 6, (*TO_DISPATCH, ACCEPT), age=(2, 20)),
    Life("being handled", 22, TO_WORK, age=(10, 90)),
    Life("long overdue", 10, TO_WORK, age=(200, 1500)),
    Life("with support", 4, (TRIAGE, DISPATCH, SUPPORT, ACCEPT, CONTACT), age=(10, 90)),
    Life("waiting for signature", 4, (*TO_WORK, SUBMIT), age=(20, 100)),
    Life("waiting for the call-back", 15, TO_ANSWER, age=(20, 90)),
    Life("shelved", 7, (*TO_WORK, *SHELVE), age=(100, 900)),
    Life("report being handled", 1, (COPY, *TO_WORK), {"type": "report", "about": "@about"}, age=(20, 90)),
)

LIVES = CLOSED + OPEN
