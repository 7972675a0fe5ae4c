"""The only writers: `open_case` and `record`. Each writes entry, State, columns, documents and what is
owed in one transaction, or nothing.

Locks go from root to leaf, then by id. A closed child, a survivor with an earlier promise and re-pointed
duplicates are quiet entries in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import IntegrityError, connection

from huying.city import store
from huying.city.facts import City
from huying.errors import CannotMerge, Stale, UnknownCase
from huying.ledger import documents, number, rulebook, said, timewords
from huying.ledger.actor import REQUESTER, SYSTEM, Actor, Around
from huying.ledger.clockwork import ANSWER, Clockwork
from huying.ledger.fold import State
from huying.ledger.ledger import Step, append, canonical, create
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import now
from huying.ledger.procedure import child_moved, decide
from huying.ledger.vocabulary import OPEN, Act, Field, Procedure, people
from huying.ledger.writing import writing

DEEPEST = 8
SOURCE = {"zh-Hans": "来源平台", "en": "source system"}
SOURCE_REF = {"zh-Hans": "来源编号", "en": "source reference"}
UNTOUCHED = frozenset({"clock", "case"})


@dataclass(frozen=True)
class Intake:
    """One call as it came in: what was said for `open`, and where it came from.

    `source_system` and `source_ref` make a retry the same case (promise 11).
    """

    procedure: str
    said: Mapping[str, object] = field(default_factory=dict)
    act: str = OPEN
    source_system: str = ""
    source_ref: str = ""


@dataclass(frozen=True)
class Scene:
    """What a step reads: the city and the time, taken once."""

    city: City
    at: datetime


def open_case(
    intake: Intake,
    actor: Actor,
    *,
    happened_at: datetime | None = None,
    beside: Callable[[Case], None] | None = None,
) -> Case:
    """Open a case and return it; a call that came before, by its source reference, is the same case.

    What this returns is on disk, attachments included. `beside` writes what another room keeps of a new case,
    in the same transaction. Raises BadInput for what can't be used and Refused where the actor may not open;
    then nothing was written.
    """
    procedure = rulebook.procedure(intake.procedure)
    scene = Scene(store.current(), now())
    opening = procedure.act(intake.act)
    values = said.read(procedure, opening, intake.said, scene.city)
    source = said.text(intake.source_system, SOURCE), said.text(intake.source_ref, SOURCE_REF)
    known = _known(*source)
    if known is not None:
        return known
    step = _step(procedure, State(), opening, actor, values, scene, Around(), happened_at)
    if source[1]:
        step.sets["source"] = ":".join(source)
    for attempt in (1, 2, 3):
        try:
            with writing():
                case = create(step, number.new(), source=source)
                _after(case, step, values, procedure, actor, scene)
                if beside is not None:
                    beside(case)
                return case
        except IntegrityError:
            known = _known(*source)
            if known is not None:
                return known
            if attempt == 3:
                raise
    raise AssertionError


def _known(system: str, ref: str) -> Case | None:
    # The exclusion says what the partial index says; without it SQLite reads the whole table.
    same = Case.objects.filter(source_system=system, source_ref=ref).exclude(source_ref="")
    return same.first() if ref else None


def record(
    case: Case | str,
    act: str,
    actor: Actor,
    said_: Mapping[str, object],
    *,
    seen: int | None,
    happened_at: datetime | None = None,
) -> Entry:
    """Do one act on a case and return its entry.

    `seen` is the `turn` of the page on which it was decided: Stale where somebody decided since. Quiet
    acts and the runner's pass None. `happened_at` is what the person says and is only shown; the server's
    time judges every clock. Raises BadInput or Refused; then nothing was written.
    """
    scene = Scene(store.current(), now())
    known = case if isinstance(case, Case) else find(case)
    with writing():
        held = _locked(known, act, said_)
        procedure = rulebook.procedure(held.state.procedure)
        declared = procedure.act(act)
        _not_stale(declared, held, actor, seen)
        values = said.read(procedure, declared, said_, scene.city)
        if held.other and "into" in values:
            values["into"] = held.other.number
        around = _around(held, values, declared)
        step = _step(procedure, held.state, declared, actor, values, scene, around, happened_at)
        entry = append(held.case, step)
        _after(held.case, step, values, procedure, actor, scene)
        _ripple(held, step, values, scene)
        return entry


def find(text: str) -> Case:
    """The case with that number, as it was said or typed; raises UnknownCase."""
    found = Case.objects.filter(number=number.read(text)).first()
    if found is None:
        raise UnknownCase(number=text[:40])
    return found


@dataclass(frozen=True)
class Held:
    """A locked case with its State, its parent, and the other case that the act names (survivor, new parent)."""

    case: Case
    state: State
    parent: Case | None
    other: Case | None


def _locked(known: Case, act: str, said_: Mapping[str, object]) -> Held:
    """Lock root to leaf, then by id: the parent (old and new), then the case and its survivor.

    Where the case was moved to another parent since it was read, the locks are taken again in order.
    """
    pk, parent_id = known.pk, known.parent_id
    new = find(str(said_["parent"])) if act == "move" and said_.get("parent") else None
    survivor = _survivor(str(said_["into"])) if said_.get("into") else None
    above = _lock({parent_id, new.pk if new else None})
    level = _lock({pk, survivor.pk if survivor else None})
    case = level[pk]
    if case.parent_id != parent_id:
        return _locked(case, act, said_)
    other = level[survivor.pk] if survivor else above[new.pk] if new else None
    return Held(case, case.folded(), above.get(parent_id or 0), other)


def _lock(pks: set[int | None]) -> dict[int, Case]:
    wanted = sorted(pk for pk in pks if pk is not None)
    if not wanted:
        return {}
    places = ", ".join(["%s"] * len(wanted))
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    rows = Case.objects.raw(f"SELECT * FROM ledger_case WHERE id IN ({places}) ORDER BY id{lock}", wanted)
    return {case.pk: case for case in rows}


def _survivor(text: str) -> Case:
    """The case to merge into: a pointer is followed, so duplicates stay one level deep."""
    found = find(text)
    return Case.objects.get(pk=found.into_id) if found.into_id else found


def _not_stale(act: Act, held: Held, actor: Actor, seen: int | None) -> None:
    if act.quiet or (seen is None and actor.relations & UNTOUCHED) or seen == held.state.turn:
        return
    decided = Entry.objects.filter(case=held.case, seq=held.state.turn).get()
    procedure, city = rulebook.procedure(held.state.procedure), store.current()
    label = procedure.acts[decided.act].label if decided.act in procedure.acts else decided.act
    who = city.people[decided.actor].name if decided.actor in city.people else people(decided.actor)
    raise Stale(act=label, who=who, when=timewords.in_words(decided.at, city.calendar))


def _around(held: Held, values: said.Said, act: Act) -> Around:
    survivor = held.other.folded() if held.other and "into" in values else None
    parent = held.parent.folded() if held.parent else None
    others = "alone" in act.rules and held.case.duplicates.exists()
    above = held.parent.number if held.parent else ""
    return Around(held.case.number, parent, above, held.case.part, survivor, others)


def _step(
    procedure: Procedure,
    state: State,
    act: Act,
    actor: Actor,
    values: said.Said,
    scene: Scene,
    around: Around,
    happened_at: datetime | None,
) -> Step:
    """Decide, with the words turned into documents and the rest as it stands in the ledger."""
    theirs = not state.seq or REQUESTER.relations <= actor.relations
    sealed = theirs and (bool(state.sealed) or _asks_for_seal(values))
    spoken: dict[str, object] = {}
    rows: list[Document] = []
    for name, value in values.items():
        declared = procedure.fields[name]
        made = _documents(declared, value, sealed=sealed or declared.sealed, at=scene.at)
        rows += made
        spoken[name] = "\n".join(map(documents.reference, made)) if made else _plain(value)
        if isinstance(value, said.Point):
            spoken["spot"] = value.spot
    sets = decide(procedure, state, act.name, actor, spoken, at=scene.at, city=scene.city, around=around)
    return Step(procedure, state, act, actor.key, spoken, sets, scene.at, happened_at, tuple(rows), _caller(values))


def _asks_for_seal(values: said.Said) -> bool:
    return values.get("type") == "report" or values.get("wish") in ("confidential", "anonymous")


def _documents(declared: Field, value: said.Value, *, sealed: bool, at: datetime) -> list[Document]:
    """What goes beside the ledger: words, files, and who called; nothing for what is an id, code, date or number."""
    if isinstance(value, said.Requester):
        known = {name: part for name, part in vars(value).items() if part}
        return [documents.new_text(declared.name, canonical(known), sealed=True, at=at)]
    if declared.type in ("text", "point"):
        return [documents.new_text(declared.name, str(value), sealed=sealed, at=at)]
    if declared.type == "file" and isinstance(value, tuple):
        uploads = [upload for upload in value if isinstance(upload, said.Upload)]
        return [documents.new_file(declared.name, upload, sealed=sealed, at=at) for upload in uploads]
    return []


def _plain(value: said.Value) -> object:
    return len(value) if isinstance(value, tuple) else value


def _caller(values: said.Said) -> said.Requester | None:
    return next((value for value in values.values() if isinstance(value, said.Requester)), None)


def _after(case: Case, step: Step, values: said.Said, procedure: Procedure, actor: Actor, scene: Scene) -> None:
    """Children and follow-ups of the act, opened in the same transaction."""
    children = values.get("children")
    if step.act.opens and isinstance(children, tuple):
        within = replace(actor, relations=actor.relations | {"parent"})
        for item in children:
            assert isinstance(item, Mapping)
            _open_child(case, step.act, item, within, scene)
    if step.act.follow_up:
        _open_follow_up(case, step, values, actor, scene)


def _open_child(parent: Case, act: Act, item: Mapping[str, object], actor: Actor, scene: Scene) -> None:
    procedure = rulebook.procedure(act.child)
    declared = procedure.act("open")
    values = said.read(procedure, declared, item, scene.city)
    state = parent.folded()
    around = Around(parent=state, parent_number=parent.number, part=act.part)
    step = _step(procedure, State(), declared, actor, _inherited(procedure, values, state), scene, around, None)
    _after(create(step, number.new(), parent=parent), step, values, procedure, actor, scene)


def _inherited(procedure: Procedure, values: said.Said, parent: State) -> said.Said:
    """A child keeps its parent's place and subject where nothing else was said: one fact is typed once."""
    known = {"category": parent.category, "area": parent.area, "about": parent.about}
    taken = {name: value for name, value in known.items() if value and name in procedure.act("open").fields}
    return {**taken, **values}


def _open_follow_up(case: Case, step: Step, values: said.Said, actor: Actor, scene: Scene) -> None:
    """A case of its own that cites this one: its fields are those of the same name that were said or stand."""
    procedure = rulebook.procedure(step.act.follow_up)
    declared = procedure.act("open")
    state = case.folded()
    standing = {
        "lead": state.lead,
        "category": state.category,
        "area": state.area,
        "title": documents.of(case, "title"),
    }
    offered = {**standing, **values}
    chosen = {name: offered[name] for name in declared.fields if offered.get(name)}
    chosen = said.read(procedure, declared, chosen, scene.city)
    opening = replace(actor, relations=actor.relations | {"parent"})
    begun = _step(procedure, State(), declared, opening, chosen, scene, Around(), None)
    begun.sets["source"] = case.number
    create(begun, number.new())


def _ripple(held: Held, step: Step, values: said.Said, scene: Scene) -> None:
    """Quiet entries on other cases: the parent of a child that closed or reopened, survivor, duplicates."""
    before, after = step.state, held.case.folded()
    if held.parent and bool(before.closed) != bool(after.closed):
        _tell_parent(held.parent, held.case, before, after, scene)
    if step.act.name == "move":
        _move(held, scene)
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


def _fit_parent(case: Case, new: Case, state: State) -> None:
    above: Case | None = new
    for depth in range(DEEPEST):
        if above is None:
            break
        if above.pk == case.pk or depth == DEEPEST - 1:
            raise CannotMerge(
                number=number.said(new.number),
                why={"zh-Hans": "会形成循环或层级过深", "en": "it would make a circle, or go too deep"},
            )
        above = above.parent
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
