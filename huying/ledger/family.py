"""What an act does to the cases around its own: children, follow-ups, the parent, the survivor, duplicates.

All of it are entries in the act's transaction, on cases that `record` has locked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import QuerySet

from huying.city import store
from huying.city.facts import City
from huying.errors import CannotCite, CannotMerge, LeadIsAccused, TooDeep, UnknownCase
from huying.ledger import documents, number, rulebook, said
from huying.ledger.actor import SYSTEM, Actor, Around, covers, house, sees
from huying.ledger.clockwork import Clockwork
from huying.ledger.fold import State
from huying.ledger.ledger import Opening, Step, append, create
from huying.ledger.models import Case, Entry
from huying.ledger.procedure import child_moved
from huying.ledger.step import Scene, decided
from huying.ledger.vocabulary import ANSWER, OPEN, REQUESTER, Act

DEEPEST = 8


@dataclass(frozen=True)
class Held:
    """A locked case with its State, its parent, and the other case that the act names (survivor, new parent)."""

    case: Case
    state: State
    parent: Case | None
    other: Case | None


def open_beside(case: Case, step: Step, values: said.Said, actor: Actor, scene: Scene) -> None:
    """Children and follow-ups of the act, opened in the same transaction; children in a few statements."""
    children = values.get("children")
    within = replace(actor, relations=actor.relations | {"parent"})
    if step.act.opens and isinstance(children, tuple):
        if len(_path(case)) >= DEEPEST:
            raise TooDeep(act=step.act.label, levels=DEEPEST + 1, most=DEEPEST)
        state = case.folded()
        items = [item for item in children if isinstance(item, Mapping)]
        create([_opening(case, state, step.act, item, within, scene) for item in items])
    if step.act.follow_up:
        _open_follow_up(case, step, values, within, scene)
    if step.act.hands_over:
        _hand_over(case, scene)
    if step.act.alarms and scene.city.dangerous(_words(step, values)):
        _ring(case, step.act.alarms, scene)


def _opening(parent: Case, state: State, act: Act, item: Mapping[str, object], actor: Actor, scene: Scene) -> Opening:
    """A child about to be opened. Its own opening opens nothing further."""
    procedure = rulebook.procedure(act.child)
    declared = procedure.act(OPEN)
    values = _inherited(declared, said.read(procedure, declared, item, scene.city), state)
    around = Around(parent=state, parent_number=parent.number, part=act.part)
    return Opening(decided(procedure, State(), declared, actor, values, scene, around, None), number.new(), parent)


def _inherited(opening: Act, values: said.Said, parent: State) -> said.Said:
    """A child keeps its parent's place, subject and urgency where nothing else was said: one fact is typed once."""
    known = {"category": parent.category, "area": parent.area, "urgency": parent.urgency}
    taken = {name: value for name, value in known.items() if value and name in opening.fields}
    return {**taken, **values}


def _open_follow_up(case: Case, step: Step, values: said.Said, actor: Actor, scene: Scene) -> None:
    """A case of its own that cites this one: its fields are those of the same name that were said or stand."""
    procedure = rulebook.procedure(step.act.follow_up)
    declared = procedure.act(OPEN)
    state = case.folded()
    words = {name for name, asked in step.procedure.fields.items() if asked.type in ("text", "file")}
    standing: dict[str, object] = {
        **{name: fact for name, fact in state.facts.items() if name not in words},
        "lead": state.lead,
        "category": state.category,
        "area": state.area,
        "title": documents.of(case, "title"),
    }
    # What the requester of a sealed case wrote stays with that case.
    theirs = words if state.sealed and actor.key == REQUESTER else ()
    offered = {**standing, **{name: value for name, value in values.items() if name not in theirs}}
    chosen = {name: offered[name] for name in declared.fields if offered.get(name)}
    read = said.read(procedure, declared, chosen, scene.city)
    opening = replace(actor, unit=actor.unit or state.opener)
    begun = decided(procedure, State(), declared, opening, read, scene, Around(cited=state), None)
    begun.sets["source"] = case.number
    create([Opening(begun, number.new())])


def _hand_over(case: Case, scene: Scene) -> None:
    """Every open case in the giver's hands at the unit goes into the taker's, each by a quiet entry of its own."""
    state = case.folded()
    giver, taker, unit = str(state.facts["giver"]), state.owner, str(state.facts["at"])
    rows = Case.objects.select_for_update().filter(owner=giver, lead__in=house(unit, scene.city), closed=None)
    for held in rows.order_by("pk"):
        _quiet(held, "hand_over", {"owner": taker}, {"owner": taker}, scene.at)


def cite(case: Case, step: Step, other: Case, actor: Actor, scene: Scene) -> None:
    """A quiet entry on the case that an act names.

    A directive follows a directive only when it is opened, and later cites only what is none: no circle can come about.
    """
    if not sees(actor, other.folded(), scene.city):
        raise UnknownCase(number=number.said(other.number))
    follows = not step.state.stage
    if (other.procedure == case.procedure) != follows or other.procedure == "administration":
        raise CannotCite(number=number.said(other.number), why=_NOT_SAME if follows else _SAME)
    _quiet(other, "cited", {"case": case.number}, {}, scene.at)


_NOT_SAME = {"zh-Hans": "它不是批示件", "en": "it is no directive"}
_SAME = {"zh-Hans": "它是批示件，续办须在登记新的批示件时注明", "en": "it is a directive itself"}


def _words(step: Step, values: said.Said) -> str:
    """Everything that was said in words by an act."""
    fields = step.procedure.fields
    return "\n".join(str(value) for name, value in values.items() if fields[name].type == "text")


def _ring(case: Case, kind: str, scene: Scene) -> None:
    """Open the alarm that cites a case, unless one of it still rings. It holds no word, and nothing here refuses.

    Whoever wrote or called is told and labelled nothing: the alarm is the duty supervisor's matter.
    """
    if any(alarm.folded().source == case.number for alarm in _ringing(kind)):
        return
    procedure, state = rulebook.procedure(kind), case.folded()
    declared = procedure.act(OPEN)
    place = {"category": (state.category, scene.city.categories), "area": (state.area, scene.city.areas)}
    known: said.Said = {
        name: code for name, (code, listed) in place.items() if code in listed and name in declared.fields
    }
    by = Actor(SYSTEM.key, unit=on_duty(state, scene.city, scene.at), relations=frozenset({"parent"}))
    begun = decided(procedure, State(), declared, by, known, scene, Around(cited=state), None)
    begun.sets["source"] = case.number
    create([Opening(begun, number.new())])


def _ringing(kind: str) -> QuerySet[Case]:
    """The alarms that nobody has heard yet: those at the stages from which `hear` leads."""
    heard = rulebook.procedure(kind).acts.get("hear")
    return Case.objects.filter(procedure=kind, closed=None, stage__in=heard.from_ if heard else ())


def on_duty(state: State, city: City, at: datetime) -> str:
    """The unit of the duty supervisor who answers for a case today, or of a supervisor; "" where there is none."""
    hidden = city.subtree(state.about) if state.about else frozenset()
    posts = [post for _, post in city.posted(city.calendar.local(at).date()) if post.unit not in hidden]
    found = (p.unit for role in ("duty", "supervisor") for p in posts if p.role == role and covers(p, state, city))
    return next(found, "")


def ripple(held: Held, step: Step, values: said.Said, actor: Actor, scene: Scene) -> None:
    """Quiet entries on other cases: the parent of a child that closed or reopened, survivor, duplicates."""
    before, after = step.state, held.case.folded()
    if held.parent and bool(before.closed) != bool(after.closed):
        _tell_parent(held.parent, held.case, before, after, scene)
    if step.act.name == "move":
        _move(held, scene)
    if held.other and step.act.cites:
        cite(held.case, step, held.other, actor, scene)
    if held.other and "into" in values:
        _merged(held.case, after, held.other, scene)


def _quiet(case: Case, act: str, spoken: Mapping[str, object], sets: dict[str, object], at: datetime) -> Entry:
    state = case.folded()
    procedure = rulebook.procedure(state.procedure)
    if procedure.digest != state.rule:
        sets = {**sets, "rule": procedure.digest}
    return append(case, Step(procedure, state, procedure.act(act), SYSTEM.key, spoken, sets, at, None))


def _tell_parent(parent: Case, child: Case, before: State, after: State, scene: Scene) -> None:
    was, now_ = ("open", "closed") if after.closed else ("closed", "open")
    sets = child_moved(parent.folded(), before.part, left=was, joined=now_, handlers=after.handlers)
    _quiet(parent, "child", {"child": child.number, "stage": after.stage}, sets, scene.at)


def _move(held: Held, scene: Scene) -> None:
    """Re-parent: written on child, old and new parent; a circle or a depth over eight is refused."""
    new = held.other
    assert new is not None
    state = held.case.folded()
    _fit_parent(held.case, new, state)
    side = "closed" if state.closed else "open"
    spoken = {"child": held.case.number, "stage": state.stage}
    if held.parent:
        sets = child_moved(held.parent.folded(), state.part, left=side, joined="", handlers={})
        _quiet(held.parent, "child", spoken, sets, scene.at)
    sets = child_moved(new.folded(), state.part, left="", joined=side, handlers=state.handlers)
    _quiet(new, "child", spoken, sets, scene.at)
    Case.objects.filter(pk=held.case.pk).update(parent=new)


def _path(case: Case) -> list[int]:
    """The ids of a case and of those above it, the case's own first; no more than DEEPEST, so that a circle ends."""
    found: list[int] = []
    above: Case | None = case
    while above is not None and len(found) < DEEPEST:
        found.append(above.pk)
        above = above.parent
    return found


def _levels(case: Case) -> int:
    """How many levels a case and what hangs on it are, counted up to DEEPEST."""
    level, found = [case.pk], 0
    while level and found < DEEPEST:
        level, found = list(Case.objects.filter(parent__in=level).values_list("pk", flat=True)), found + 1
    return found


def _fit_parent(case: Case, new: Case, state: State) -> None:
    path = _path(new)
    if case.pk in path or len(path) + _levels(case) > DEEPEST:
        raise CannotMerge(
            number=number.said(new.number),
            why={"zh-Hans": "会形成循环或层级过深", "en": "it would make a circle, or go too deep"},
        )
    accused = new.folded().about
    if accused and state.lead in store.current().subtree(accused):
        units = store.current().units
        raise LeadIsAccused(unit=units[state.lead].name, about=units[accused].name)
    if new.closed or rulebook.procedure(new.procedure).parts.get(state.part) != state.procedure:
        raise CannotMerge(
            number=number.said(new.number),
            why={"zh-Hans": "它已办结，或没有这类子项", "en": "it is closed, or has no such part"},
        )


def _merged(case: Case, state: State, survivor: Case, scene: Scene) -> None:
    """The survivor takes over an earlier promise; duplicates of this one are re-pointed to the survivor."""
    Case.objects.filter(pk=case.pk).update(into=survivor)
    mine, theirs = state.clocks.get(ANSWER), survivor.folded().clocks.get(ANSWER)
    if mine and theirs and mine.due and mine.due < theirs.expected:
        into = survivor.folded()
        work = Clockwork(rulebook.procedure(into.procedure), into, SYSTEM, "", scene.at, scene.city, {})
        work.earlier(ANSWER, mine.due)
        if work.changed:
            sets: dict[str, object] = {"clocks": {ANSWER: work.changed[ANSWER].to_json()}}
            _quiet(survivor, "joined", {"duplicate": case.number}, sets, scene.at)
    for duplicate in Case.objects.select_for_update().filter(into=case).order_by("pk"):
        _quiet(duplicate, "repointed", {"into": survivor.number}, {"into": survivor.number}, scene.at)
        Case.objects.filter(pk=duplicate.pk).update(into=survivor)
