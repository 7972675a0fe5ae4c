"""A new version of a procedure meets the cases that stand in the old one: who would be stranded, what is renamed.

It may rename a stage, a clock or a part; it never moves a due time and never brings a case to another end.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection
from django.db.models import Q, QuerySet

from huying.city import store
from huying.errors import WouldStrand
from huying.ledger import rulebook
from huying.ledger.actor import SYSTEM
from huying.ledger.fold import State
from huying.ledger.ledger import Step, append
from huying.ledger.models import Case, InForce, ProcedureVersion
from huying.ledger.now import now
from huying.ledger.procedure import decide
from huying.ledger.vocabulary import Procedure, Words, named

NAMED = 5
"""How many cases a refusal names."""


def differs(procedure: Procedure) -> bool:
    """Whether another version is in force, or none."""
    return not InForce.objects.filter(pk=procedure.name, version__digest=procedure.digest).exists()


def put_in_force(procedure: Procedure) -> int:
    """Let this version rule the next act of every case; its number. Call it inside a transaction.

    Raises WouldStrand, naming cases, where a case would have no place in it. What `renamed` concerns gets
    one `migrate` entry per case, with the same due times.
    """
    if InForce.objects.filter(pk=procedure.name).exists() and _lacks(procedure, rulebook.procedure(procedure.name)):
        _hold_still()
        _refuse_stranding(procedure)
    version, _ = ProcedureVersion.objects.get_or_create(
        digest=procedure.digest,
        defaults={"name": procedure.name, "text": procedure.text, "common": procedure.common, "loaded_at": now()},
    )
    InForce.objects.update_or_create(pk=procedure.name, defaults={"version": version})
    return int(version.pk)


def migrate(procedure: Procedure) -> int:
    """Write the new names into each case that stands in old ones, by one entry each; how many."""
    if not procedure.renamed:
        return 0
    pks = list(_concerned(procedure).values_list("pk", flat=True))
    return sum(_migrate(procedure, pk) for pk in pks)


def _lacks(new: Procedure, old: Procedure) -> bool:
    """Whether a name is gone in which a case may stand."""
    return any(
        before.keys() - after.keys()
        for before, after in (
            (old.stages, new.stages), (old.final, new.final), (old.clocks, new.clocks), (old.parts, new.parts),
        )
    )  # fmt: skip


def _hold_still() -> None:
    """No case moves between the look at all of them and the commit; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_case IN EXCLUSIVE MODE")


def _concerned(procedure: Procedure) -> QuerySet[Case]:
    """Open cases, and closed ones at an end that the new version doesn't know."""
    known = [*procedure.stages, *procedure.final]
    return Case.objects.filter(Q(closed=None) | ~Q(stage__in=known), procedure=procedure.name).order_by("pk")


def _refuse_stranding(procedure: Procedure) -> None:
    cases: list[str] = []
    places: dict[str, Words] = {}
    for case in _concerned(procedure).iterator(chunk_size=500):
        lost = dict(_lost(procedure, rulebook.procedure(procedure.name), case.folded()))
        if lost:
            cases.append(case.number)
            places |= lost
    if cases:
        first = "、".join(cases[:NAMED])
        raise WouldStrand(procedure=procedure.label, count=len(cases), where=named(places), cases=first)


def _lost(new: Procedure, old: Procedure, state: State) -> Iterator[tuple[str, Words]]:
    """The names in which a case stands and which have no place in the new version, with their words."""
    known = new.final if state.closed else new.stages
    if new.renamed.get(state.stage, state.stage) not in known:
        yield state.stage, old.stage(state.stage)
    if state.closed:
        return
    for name, clock in state.clocks.items():
        if not clock.stopped and _clock_lost(new, state, name):
            yield f"clock.{name}", old.clocks[name].label
    for part, count in state.children.items():
        if count.open and _target(new, "part", part) not in new.parts:
            yield f"part.{part}", old.part(part)


def _target(new: Procedure, kind: str, name: str) -> str:
    known = new.clocks if kind == "clock" else new.parts
    return name if name in known else new.renamed.get(f"{kind}.{name}", name)


def _clock_lost(new: Procedure, state: State, name: str) -> bool:
    """No such clock any more, or its new name is taken by another that hasn't stopped: two promises, one name."""
    target = _target(new, "clock", name)
    taken = state.clocks.get(target) if target != name else None
    return target not in new.clocks or (taken is not None and not taken.stopped)


def _migrate(procedure: Procedure, pk: int) -> int:
    case = Case.objects.select_for_update().get(pk=pk)
    state = case.folded()
    sets = _renames(procedure, state)
    if sets:
        _write(case, procedure, state, sets)
    moved = _moved_parts(procedure, state)
    if moved:
        for child in case.children.select_for_update().filter(part__in=moved).order_by("pk"):
            _write(child, rulebook.procedure(child.procedure), child.folded(), {"part": moved[child.part]})
    return int(bool(sets))


def _write(case: Case, procedure: Procedure, state: State, sets: dict[str, object]) -> None:
    at = now()
    decided = decide(procedure, state, "migrate", SYSTEM, {}, at=at, city=store.current())
    append(case, Step(procedure, state, procedure.act("migrate"), SYSTEM.key, {}, {**decided, **sets}, at, None))


def _moved_parts(new: Procedure, state: State) -> dict[str, str]:
    """old part -> new part, of the children that the case has."""
    return {old: to for old in state.children if (to := _target(new, "part", old)) != old and to in new.parts}


def _renames(new: Procedure, state: State) -> dict[str, object]:
    sets: dict[str, object] = {}
    if state.stage not in (new.final if state.closed else new.stages) and state.stage in new.renamed:
        sets["stage"] = new.renamed[state.stage]
    clocks: dict[str, object] = {}
    for name, clock in state.clocks.items():
        target = _target(new, "clock", name)
        if target != name and target in new.clocks and not _clock_lost(new, state, name):
            clocks |= {name: None, target: clock.to_json()}
    children: dict[str, object] = {}
    for old, to in _moved_parts(new, state).items():
        before, there = state.children[old], state.children.get(to)
        counted = [before, there] if there else [before]
        children |= {old: None, to: {"open": sum(p.open for p in counted), "closed": sum(p.closed for p in counted)}}
    return sets | ({"clocks": clocks} if clocks else {}) | ({"children": children} if children else {})
