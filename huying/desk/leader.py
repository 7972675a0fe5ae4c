"""The page of whoever is responsible, for a phone first: what waits for a decision, what is overdue, a few numbers.

Nobody is ranked. A decision is two buttons of one size; each leads to its form, where its consequence stands.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huying.desk import rail, told
from huying.desk.links import links
from huying.desk.page import show
from huying.desk.rows import Line, lines
from huying.desk.visitor import Visitor, signed_in
from huying.errors import NotAllowed, say
from huying.ledger import find, lists, rulebook
from huying.ledger.handover import waiting
from huying.ledger.lists import Sieve
from huying.ledger.models import Case
from huying.ledger.procedure import may
from huying.ledger.vocabulary import people

DECIDE = {"zh-Hans": "等我定", "en": "For my decision"}
LOOKED_AT = 60
SHOWN = 10
BUTTONS = 3


@dataclass(frozen=True)
class Decision:
    """One case that waits for this person: its row, and the acts that decide it, by code and label."""

    row: Line
    acts: tuple[tuple[str, str], ...]


@require_safe
@signed_in
def leader(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What waits for me."""
    if "leader" not in visitor.roles:
        raise NotAllowed(actor=visitor.name, act=DECIDE, by=people("leader"))
    decisions = _decisions(visitor)
    late, week = _listed("overdue", visitor), _listed("week", visitor)
    label = say("For my decision", visitor.language)
    told.came(request, label, [one.row.number for one in decisions] + [one.row.number for one in (*late, *week)])
    counts = lists.counts(visitor.actor, visitor.city, visitor.at, ("overdue", "week", "all"))
    known = {
        "offered": lines(waiting(visitor.actor.key), visitor),
        "decisions": decisions, "late": late, "week": week, "counts": counts,
        "numbers": [(f"/desk/queue/{name}", rail.label(name, visitor.language), n) for name, n in counts.items()],
    }  # fmt: skip
    return show(request, visitor, "desk/leader.html", known)


@dataclass(frozen=True)
class Answered:
    """A case that the leader answers for: its row, and the chain of names between it and them."""

    row: Line
    chain: str


def _listed(name: str, visitor: Visitor) -> list[Answered]:
    """The first cases of a queue, next due first, each with who answers for it from below."""
    cases = lists.queue(name, visitor.actor, visitor.city, Sieve(), visitor.at, after=None, most=SHOWN)
    return [Answered(row, _names(case, visitor)) for case, row in zip(cases, lines(cases, visitor), strict=True)]


def _names(case: Case, visitor: Visitor) -> str:
    """The chain up to the leader themselves: 李秀英 → 熊书林."""
    names = []
    for step in links(case.folded(), visitor):
        names.append(step.acting or step.who)
        if visitor.name in (step.acting, step.who):
            break
    return " → ".join(names)


def _decisions(visitor: Visitor) -> list[Decision]:
    """The cases, next due first, in which an act that moves them on is open to this person as a leader."""
    cases = lists.queue("all", visitor.actor, visitor.city, Sieve(), visitor.at, after=None, most=LOOKED_AT)
    open_acts = {case.pk: _acts(case, visitor) for case in cases}
    mine = [case for case in cases if open_acts[case.pk]][:SHOWN]
    return [Decision(row, open_acts[case.pk]) for case, row in zip(mine, lines(mine, visitor), strict=True)]


def _acts(case: Case, visitor: Visitor) -> tuple[tuple[str, str], ...]:
    procedure = rulebook.procedure(case.procedure)
    wanted = [act for act in procedure.acts.values() if not act.quiet and any("leader" in word for word in act.by)]
    if not wanted:
        return ()
    answers = may(procedure, case.folded(), visitor.actor, at=visitor.at, city=visitor.city, around=find.around(case))
    found = [(act.name, visitor.wording.of(act.label)) for act in wanted if answers.get(act.name, ...) is None]
    return tuple(found[:BUTTONS])
