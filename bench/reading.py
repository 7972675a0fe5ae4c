"""Reading among few and among many cases, and the parents of few and of many children."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from random import Random

from django.db.models import Count, Q

from bench.queues import QUEUES
from bench.writing import DISPATCH, TRIAGE, call, who
from huying.city import store
from huying.ledger import find, telling
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case, record

PAGE, TIMES = 20, 10
LISTED = 200
SIBLINGS = {"few": 10, "many": 2000}
DIRECTIVE: dict[str, object] = {
    "title": "关于道路养护的情况", "leader": "mayor", "noted": "2026-01-05", "verbatim": "请城管局牵头，分段整治。",
    "demands": "分段整治", "secrecy": "none", "urgency": "urgent",
}  # fmt: skip


def queue(name: str) -> Callable[[], float]:
    """Reading the first page of a queue, and the page after it."""
    reader, kind = QUEUES[name]

    def measure() -> float:
        actor = who(_busiest(reader[1:], kind) if reader.startswith("@") else reader)
        began = time.perf_counter()
        for _ in range(TIMES):
            first = find.queue(kind, actor, most=PAGE)
            if first and first[-1].next_due is not None:
                find.queue(kind, actor, after=(first[-1].next_due, first[-1].pk), most=PAGE)
        return time.perf_counter() - began

    return measure


@cache
def _busiest(unit_kind: str, kind: str) -> str:
    """A handler of the unit of that kind which leads most cases of the queue."""
    city = store.current()
    rows = Case.objects.filter(find.QUEUES.get(kind, Q()), closed=None)
    if kind == "soon":
        rows = rows.filter(next_due__range=(now(), now() + find.SOON))
    leads = rows.values_list("lead").annotate(count=Count("pk")).order_by("-count", "lead")
    busy = [lead for lead, _ in leads if city.unit(lead).kind == unit_kind]
    unit = next(unit for unit in [*busy, *city.units] if city.unit(unit).kind == unit_kind)
    return city.holders("handler", unit, on=now().date())[0]


def showing() -> float:
    """Telling cases in words, as their supervisor reads them: some closed, some open, far apart."""
    supervisor = who("supervision.1")
    cases = _some()
    began = time.perf_counter()
    for text in cases:
        telling.tell(find.one(text, supervisor), supervisor)
    return time.perf_counter() - began


@cache
def _some() -> list[str]:
    """Numbers of requests with ledgers of about one length, so that few and many are asked for the same work."""
    rows = Case.objects.filter(procedure="request", stage="closed", seq__in=(8, 9)).order_by("pk")
    return Random(1).choices(list(rows.values_list("number", flat=True)), k=15)


def searching() -> float:
    """Search by two words that hit a fixed share of all cases."""
    supervisor = who("supervision.1")
    began = time.perf_counter()
    for _ in range(3):
        find.found("路灯 老码头", supervisor, most=PAGE)
    return time.perf_counter() - began


def searching_rare() -> float:
    """Search by words that hit few."""
    supervisor = who("supervision.1")
    began = time.perf_counter()
    for _ in range(3):
        find.found("新洲二路299号公交站旁 噪声", supervisor, most=PAGE)
    return time.perf_counter() - began


def _request() -> Case:
    """A dispatched case, which may call in support."""
    case = call()
    record(case, "triage", who("hotline.1"), TRIAGE, seen=1)
    record(case, "dispatch", who("dispatch.1"), DISPATCH, seen=2)
    return case


def _directive() -> Case:
    """A directive that was handed down, which may be broken down."""
    clerk = who("office.clerk")
    case = open_case(Intake("directive", DIRECTIVE), clerk)
    record(case, "propose", clerk, {"text": "拟请城管局办理。"}, seen=1)
    record(case, "hand_down", clerk, {"lead": "urban", "due": "60d"}, seen=2)
    return case


WHOLES: dict[str, tuple[Callable[[], Case], str, str]] = {
    "request": (_request, "support", "dispatch.1"),
    "directive": (_directive, "task", "office.clerk"),
}


def _parent(kind: str, children: int) -> Case:
    """A case with so many open children."""
    begun, act, opener = WHOLES[kind]
    case = begun()
    for start in range(0, children, LISTED):
        numbers = range(start, min(start + LISTED, children))
        parts = [{"lead": "urban", "due": "5wd", "title": f"第{number}段"} for number in numbers]
        case.refresh_from_db()
        record(case, act, who(opener), {"children": parts}, seen=case.turn)
    return case


@cache
def _parent_of_many(kind: str = "request") -> Case:
    return _parent(kind, SIBLINGS["many"])


def closing_among(siblings: str, kind: str = "request") -> Callable[[], float]:
    """Ending ten children one after the other, each of which is also an entry on the parent."""

    def measure() -> float:
        supervisor = who("supervision.1")
        parent = _parent_of_many(kind) if siblings == "many" else _parent(kind, SIBLINGS["few"])
        children = list(Case.objects.filter(parent=parent, closed=None).order_by("pk")[: SIBLINGS["few"]])
        began = time.perf_counter()
        for child in children:
            record(child, "cancel", supervisor, {"reason": "不再需要。"}, seen=child.turn)
        return time.perf_counter() - began

    return measure


def children() -> float:
    """Listing 200 children of one case, as their supervisor sees them."""
    supervisor, parent = who("supervision.1"), _parent_of_many()
    began = time.perf_counter()
    list(find.visible(supervisor).filter(parent=parent).order_by("pk")[:LISTED])
    return time.perf_counter() - began


def rows_of_children() -> float:
    """Reading 200 rows of cases by their keys."""
    keys = list(Case.objects.filter(parent=_parent_of_many()).order_by("pk").values_list("pk", flat=True)[:LISTED])
    began = time.perf_counter()
    list(Case.objects.filter(pk__in=keys).order_by("pk"))
    return time.perf_counter() - began


MEASURES: dict[str, Callable[[], float]] = {
    **{f"queue {name}": queue(name) for name in QUEUES},
    **{f"closing {siblings}": closing_among(siblings) for siblings in SIBLINGS},
    **{f"closing tasks {siblings}": closing_among(siblings, "directive") for siblings in SIBLINGS},
    **{one.__name__: one for one in (showing, searching, searching_rare, children, rows_of_children)},
}
