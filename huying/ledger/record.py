"""The only writers: `open_case` and `record`. Each writes entry, State, columns, documents and what is
owed in one transaction, or nothing.

All locks of a step are taken at once, by id. A closed child, a survivor with an earlier promise and re-pointed
duplicates are quiet entries in the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from django.db import IntegrityError, connection

from huying.city import store
from huying.errors import BadDate, HuyingError, Stale, TooLong, UnknownCase
from huying.ledger import number, rulebook, said, timewords
from huying.ledger.actor import Actor, Around
from huying.ledger.family import Held, cite, open_beside, ripple
from huying.ledger.fold import State
from huying.ledger.ledger import Opening, Step, append, create
from huying.ledger.models import Case, Entry
from huying.ledger.now import now
from huying.ledger.step import Scene, decided
from huying.ledger.vocabulary import OPEN, Act, Procedure, people
from huying.ledger.writing import told, writing

SOURCE = {"zh-Hans": "来源平台", "en": "source system"}
SOURCE_REF = {"zh-Hans": "来源编号", "en": "source reference"}
LONGEST_SOURCE = (64, 200)
HAPPENED = {"zh-Hans": "发生时间", "en": "when it happened"}
# A page's clock may be a little ahead of the server's.
AHEAD = timedelta(minutes=5)
MOVES = 0x68757969
"""The number of the advisory lock that one move at a time holds."""
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


@told()
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
    source, happened = _source(intake), _happened(happened_at, scene.at)
    known = _known(*source)
    if known is not None:
        return known
    step = _begun(procedure, opening, actor, values, scene, source, happened)
    for attempt in (1, 2, 3):
        try:
            with writing():
                (case,) = create([Opening(step, number.new(), source=source)])
                open_beside(case, step, values, actor, scene)
                _follow(case, step, values, actor, scene)
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


def _follow(case: Case, step: Step, values: said.Said, actor: Actor, scene: Scene) -> None:
    """The case that a new one follows up is told: nobody else can know the new one yet, so this lock waits for none."""
    if step.act.cites in values:
        other = find(str(values[step.act.cites]))
        cite(case, step, _lock({other.pk})[other.pk], actor, scene)


@told()
def open_cases(intakes: Sequence[Intake], actor: Actor) -> list[Case | HuyingError | None]:
    """Open many cases in one transaction and a few statements: for imports.

    For each intake, in order: its case; None where its source reference is known already, or stands twice
    among them; or the error for which it, and it alone, was refused.
    """
    scene, procedures = Scene(store.current(), now()), cache(rulebook.procedure)
    sources = [_tried(intake) for intake in intakes]
    known = _known_among([source for source in sources if isinstance(source, tuple)])
    results: list[Case | HuyingError | None] = [None] * len(intakes)
    openings: dict[int, Opening] = {}
    for place, (intake, source) in enumerate(zip(intakes, sources, strict=True)):
        if isinstance(source, HuyingError):
            results[place] = source
        elif source not in known:
            try:
                openings[place] = _opening(intake, source, actor, scene, procedures(intake.procedure))
                known |= {source} if source[1] else set()
            except HuyingError as error:
                results[place] = error
    with writing():
        for place, case in zip(openings, create(list(openings.values())), strict=True):
            results[place] = case
    return results


def _opening(intake: Intake, source: tuple[str, str], actor: Actor, scene: Scene, procedure: Procedure) -> Opening:
    act = procedure.act(intake.act)
    values = said.read(procedure, act, intake.said, scene.city)
    step = _begun(procedure, act, actor, values, scene, source, None)
    return Opening(step, number.new(), source=source)


def _begun(
    procedure: Procedure,
    act: Act,
    actor: Actor,
    values: said.Said,
    scene: Scene,
    source: tuple[str, str],
    happened: datetime | None,
) -> Step:
    """The decided first step of a case, with where it came from."""
    step = decided(procedure, State(), act, actor, values, scene, Around(), happened)
    if act.cites in values:
        step.sets["source"] = str(values[act.cites])
    if source[1]:
        step.sets["source"] = ":".join(source)
    return step


def _source(intake: Intake) -> tuple[str, str]:
    """The platform and the reference under which a call came. Raises BadInput for what no reference can be."""
    source = said.text(intake.source_system, SOURCE), said.text(intake.source_ref, SOURCE_REF)
    for part, label, most in zip(source, (SOURCE, SOURCE_REF), LONGEST_SOURCE, strict=True):
        if len(part) > most:
            raise TooLong(field=label, length=len(part), most=most)
    return source


def _tried(intake: Intake) -> tuple[str, str] | HuyingError:
    try:
        return _source(intake)
    except HuyingError as error:
        return error


def _happened(moment: datetime | None, at: datetime) -> datetime | None:
    """When something happened, as somebody says: aware, not before 1990, not ahead of the server's clock."""
    if moment is None:
        return None
    utc = moment.astimezone(UTC) if _placed(moment, at) else None
    if utc is None or utc > at + AHEAD:
        raise BadDate(field=HAPPENED, value=str(moment)[:40], first=said.FIRST_DAY, last=at.date())
    return utc.replace(microsecond=0)


def _placed(moment: datetime, at: datetime) -> bool:
    """Whether it is a moment that can be put on the line of time at all, from 1990 to now."""
    known = isinstance(moment, datetime) and moment.utcoffset() is not None
    return known and said.FIRST_DAY.year <= moment.year <= at.year + 1


def _known_among(sources: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these sources whose case is there already."""
    systems, refs = {system for system, _ in sources}, {ref for _, ref in sources}
    rows = Case.objects.filter(source_system__in=systems, source_ref__in=refs)
    return set(rows.exclude(source_ref="").values_list("source_system", "source_ref"))


def _known(system: str, ref: str) -> Case | None:
    if not ref:
        return None
    # The last condition says what the partial index says; without it SQLite reads the whole table.
    same = "SELECT id FROM ledger_case WHERE source_system = %s AND source_ref = %s AND NOT (source_ref = '')"
    with connection.cursor() as cursor:  # asked at every call: the ORM's way costs ten times the query
        cursor.execute(same, [system, ref])
        found = cursor.fetchone()
    return Case.objects.get(pk=found[0]) if found else None


@told()
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
    happened = _happened(happened_at, scene.at)
    known = case if isinstance(case, Case) else find(case)
    while True:
        try:
            with writing():
                return _written(_locked(known, act, said_), act, actor, said_, seen, scene, happened)
        except _Moved as moved:
            known = moved.case


class _Moved(Exception):
    """The case was hung under another parent between reading and locking it: the locks are let go and taken anew."""

    def __init__(self, case: Case) -> None:
        super().__init__(case.number)
        self.case = case


def _written(
    held: Held,
    act: str,
    actor: Actor,
    said_: Mapping[str, object],
    seen: int | None,
    scene: Scene,
    happened: datetime | None,
) -> Entry:
    procedure = rulebook.procedure(held.state.procedure)
    declared = procedure.act(act)
    _not_stale(declared, held, actor, seen)
    values = said.read(procedure, declared, said_, scene.city)
    if held.other and "into" in values:
        values["into"] = held.other.number
    around = _around(held, values, declared)
    step = decided(procedure, held.state, declared, actor, values, scene, around, happened)
    entry = append(held.case, step)
    open_beside(held.case, step, values, actor, scene)
    ripple(held, step, values, actor, scene)
    return entry


def find(text: str) -> Case:
    """The case with that number, as it was said or typed; raises UnknownCase."""
    found = Case.objects.filter(number=number.read(text)).first()
    if found is None:
        raise UnknownCase(number=text[:40])
    return found


def _locked(known: Case, act: str, said_: Mapping[str, object]) -> Held:
    """Lock every case that the act touches at once, by id: two that cross each other wait and never deadlock.

    These are the case, its parent, and the new parent or the survivor that the act names. Raises _Moved.
    """
    pk, parent_id = known.pk, known.parent_id
    new = find(said.shown(said_["parent"])) if act == "move" and said_.get("parent") else None
    survivor = _survivor(said.shown(said_["into"])) if said_.get("into") else None
    if new is not None:
        _one_move_at_a_time()
    named = survivor or new or _cited(known, act, said_)
    locked = _lock({pk, parent_id, named.pk if named else None})
    case = locked[pk]
    if case.parent_id != parent_id:
        raise _Moved(case)  # locking its new parent now would be out of order
    return Held(case, case.folded(), locked.get(parent_id or 0), locked[named.pk] if named else None)


def _cited(known: Case, act: str, said_: Mapping[str, object]) -> Case | None:
    """The case that a citing act names."""
    declared = rulebook.procedure(known.procedure).acts.get(act)
    value = said_.get(declared.cites) if declared is not None and declared.cites else None
    return find(said.shown(value)) if value else None


def _one_move_at_a_time() -> None:
    """Two moves that lock nothing in common could each be fit, and together make a circle."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MOVES])


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
