"""Writing, folding and auditing beside the least that each could cost: every function gives seconds for one round."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from random import Random
from typing import Any

from bench.plain import Plain, Step, taken
from huying.city import store
from huying.ledger import audit
from huying.ledger.actor import Actor, person
from huying.ledger.fold import fold
from huying.ledger.ledger import entry_hash
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case, record

ROUND = 30
FOLDED, AUDITED, AUDITED_MANY = 1500, 500, 5000
CALL = {
    "title": "柳园路路灯不亮",
    "text": "柳园路 12 号门前的路灯坏了三天，晚上看不清路，老人和孩子经过时很不方便，请尽快派人来修。",
    "type": "help",
    "requester": {"name": "王芳", "phone": "100 1234 5678"},
}
TRIAGE = {"category": "streets.lamps", "area": "xihe-liuyuan"}
DISPATCH = {"lead": "lighting", "basis": "城市照明管理规定第十二条：道路照明由照明管理所负责。"}


def who(key: str) -> Actor:
    """A person of the demo city, today."""
    return person(key, store.current(), now().date())


def call() -> Case:
    """A new case about a lamp."""
    return open_case(Intake("request", CALL), who("hotline.1"))


@cache
def _plain() -> Plain:
    return Plain()


def opening() -> float:
    """Opening cases, one after the other."""
    hotline = who("hotline.1")
    began = time.perf_counter()
    for _ in range(ROUND):
        open_case(Intake("request", CALL), hotline)
    return time.perf_counter() - began


def plain_opening() -> float:
    """The rows of as many openings."""
    opened, plain = _steps()[0], _plain()
    began = time.perf_counter()
    for _ in range(ROUND):
        plain.open(opened)
    return time.perf_counter() - began


def acting() -> float:
    """Triage and dispatch of cases that are there."""
    hotline, dispatcher = who("hotline.1"), who("dispatch.1")
    cases = [call() for _ in range(ROUND // 2)]
    began = time.perf_counter()
    for case in cases:
        entry = record(case, "triage", hotline, TRIAGE, seen=1)
        record(case, "dispatch", dispatcher, DISPATCH, seen=entry.seq)
    return time.perf_counter() - began


def plain_acting() -> float:
    """The rows of as many acts."""
    (opened, triaged, dispatched), plain = _steps(), _plain()
    cases = [plain.open(opened) for _ in range(ROUND // 2)]
    began = time.perf_counter()
    for case in cases:
        plain.act(triaged, case)
        plain.act(dispatched, case)
    return time.perf_counter() - began


@cache
def _steps() -> tuple[Step, Step, Step]:
    case = call()
    opened = _newest(case)
    record(case, "triage", who("hotline.1"), TRIAGE, seen=1)
    triaged = _newest(case)
    record(case, "dispatch", who("dispatch.1"), DISPATCH, seen=2)
    return opened, triaged, _newest(case)


def _newest(case: Case) -> Step:
    case.refresh_from_db()
    return taken(case, Entry.objects.filter(case=case).latest("seq"))


@dataclass(frozen=True)
class Line:
    """What a fold reads of an entry; parsed anew each time, as the ledger does."""

    seq: int
    sets_json: str

    @property
    def sets(self) -> dict[str, Any]:
        """The values after the act."""
        table = json.loads(self.sets_json)
        assert isinstance(table, dict)
        return table


@cache
def _ledgers() -> list[list[Line]]:
    some = list(Case.objects.order_by("pk").values_list("pk", flat=True)[:FOLDED])
    rows = Entry.objects.filter(case__in=some).order_by("case_id", "seq").values_list("case_id", "seq", "sets_json")
    return [[Line(seq, sets) for _, seq, sets in lines] for _, lines in groupby(rows, key=lambda row: row[0])]


def folding() -> float:
    """The fold of ledgers that are in memory."""
    ledgers = _ledgers()
    began = time.perf_counter()
    for lines in ledgers:
        fold(lines)
    return time.perf_counter() - began


def bare_loop() -> float:
    """The same rows parsed and merged in a bare loop: nothing is checked, no State is made."""
    ledgers = _ledgers()
    began = time.perf_counter()
    for lines in ledgers:
        state: dict[str, Any] = {}
        for line in lines:
            for name, value in line.sets.items():
                state[name] = {**state.get(name, {}), **value} if isinstance(value, dict) else value
    return time.perf_counter() - began


@cache
def _audited() -> dict[int, str]:
    rows = Case.objects.filter(closed__isnull=False).order_by("pk")[:AUDITED]
    return dict(rows.values_list("pk", "number"))


def auditing() -> float:
    """The audit of some hundred cases."""
    numbers = frozenset(_audited().values())
    began = time.perf_counter()
    differences = list(audit.audit(numbers=numbers))
    spent = time.perf_counter() - began
    if differences:
        raise SystemExit(f"the audit isn't silent: {differences[0].words('en')}")
    return spent


def auditing_many() -> float:
    """The audit of some thousand cases, from all over the ledger."""
    last = Case.objects.latest("pk").pk
    some = Random(1).sample(range(1, last), min(AUDITED_MANY, last - 1))
    numbers = frozenset(Case.objects.filter(pk__in=some).values_list("number", flat=True))
    began = time.perf_counter()
    for difference in audit.audit(numbers=numbers):
        raise SystemExit(f"the audit isn't silent: {difference.words('en')}")
    return (time.perf_counter() - began) * AUDITED_MANY / len(numbers)


def hashing() -> float:
    """The hashes of the same entries and documents, read from the database, and nothing else."""
    cases = _audited()
    began = time.perf_counter()
    for entry in Entry.objects.filter(case__in=cases):
        entry_hash(entry, cases[entry.case_id])
    for salt, body in Document.objects.filter(case__in=cases).values_list("salt", "body"):
        hashlib.sha256(bytes.fromhex(salt) + body.encode()).hexdigest()
    return time.perf_counter() - began


_ALL = (opening, plain_opening, acting, plain_acting, folding, bare_loop, auditing, auditing_many, hashing)
MEASURES = {one.__name__: one for one in _ALL}
