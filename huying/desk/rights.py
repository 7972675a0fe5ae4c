"""Who may do what, as the procedures in force say it: for administrators. The log of looks: for the auditor alone."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huying.city.facts import ADMINISTRATORS
from huying.desk.asked import whole
from huying.desk.page import show
from huying.desk.visitor import Visitor, signed_in
from huying.ledger import administration, lists, number, rulebook
from huying.ledger.vocabulary import PEOPLE, Act, Procedure, people

RIGHTS = {"zh-Hans": "权限", "en": "Rights"}
LOOKS = {"zh-Hans": "身份查看记录", "en": "Looks at identities"}
MACHINES = frozenset({"clock", "case", "import", "parent"})
MOST = 100


@require_safe
@signed_in
def rights(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The matrix of one procedure: its acts, and which word of `by` lets whom do them."""
    visitor.needs(ADMINISTRATORS, RIGHTS)
    procedures = rulebook.everything()
    kind = request.GET.get("kind", "request")
    procedure = procedures.get(kind) or next(iter(procedures.values()))
    wording = visitor.wording
    columns = _columns(procedure)
    known = {
        "label": wording.of(procedure.label),
        "kinds": [(name, wording.of(one.label), name == procedure.name) for name, one in procedures.items()],
        "columns": [wording.of(people(word)) for word in columns],
        "rows": [(wording.of(act.label), [word in act.by for word in columns]) for act in _done_by_people(procedure)],
    }  # fmt: skip
    return show(request, visitor, "desk/rights.html", known)


def _done_by_people(procedure: Procedure) -> list[Act]:
    """The acts that somebody does, not the clock or the system alone."""
    return [act for act in procedure.acts.values() if any(map(_counts(procedure), act.by))]


def _counts(procedure: Procedure) -> Callable[[str], bool]:
    """Which words of `by` let a person act: in the administration's case, those of administrators alone."""
    if procedure.name == administration.NAME:
        return ADMINISTRATORS.__contains__
    return lambda word: word not in MACHINES


def _columns(procedure: Procedure) -> list[str]:
    """Every word of `by` that the procedure uses, roles first."""
    used = dict.fromkeys(word for act in _done_by_people(procedure) for word in act.by if _counts(procedure)(word))
    order = list(PEOPLE)
    return sorted(used, key=lambda word: (order.index(word.partition("@")[0]), word))


@require_safe
@signed_in
def looks(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Who looked at whose identity, when and why, the newest first. What was seen isn't here."""
    visitor.needs({"auditor"}, LOOKS)
    before = request.GET.get("before", "")
    found = lists.looks(before=whole(before), most=MOST)
    wording = visitor.wording
    rows = [(one.at, wording.named(one.actor), number.said(one.number), one.reason) for one in found]
    following = f"/desk/looks?before={found[-1].pk}" if len(found) == MOST else ""
    return show(request, visitor, "desk/looks.html", {"rows": rows, "next": following})
