"""The standing case in which the city is administered: one audit trail for loads, rights, looks and keys.

Loading city data or procedures is an act there; neither ever changes what was promised in an open case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from django.db.models import QuerySet

from huying.city import folder, store
from huying.city.facts import City
from huying.errors import BadProcedures, WouldStrand
from huying.ledger import ledger, procedure_file
from huying.ledger.actor import SYSTEM, Actor, person
from huying.ledger.check import check
from huying.ledger.fold import State
from huying.ledger.models import Case, InForce, ProcedureVersion
from huying.ledger.now import now
from huying.ledger.procedure import decide
from huying.ledger.record import Intake, open_case, record
from huying.ledger.vocabulary import Procedure
from huying.ledger.writing import writing

NAME = "administration"


def standing(actor: Actor) -> Case:
    """The administration case; the first administrator to load anything opens it."""
    found = Case.objects.filter(procedure=NAME, closed=None).order_by("pk").first()
    return found or open_case(Intake(NAME, source_system=NAME, source_ref="1"), actor)


def load_city(path: Path, actor: Actor) -> tuple[City, bool]:
    """Check a city folder and put it in force; (the city, whether it is new). Raises BadCity with findings.

    Idempotent by content. Open cases keep their dates; those that awaited a calendar year which the folder
    now has get theirs, each by an entry.
    """
    read = folder.read(path)
    with writing():
        before = store.current_number()
        city = store.save(read, at=now())
        if city.version == before:
            return city, False
        if InForce.objects.filter(pk=NAME).exists():
            _note(actor, "load_city", {"number": city.version})
            _fix_dates(city)
    return city, True


def begin(path: Path) -> City:
    """Make an empty database ready for work: the city, the procedures, and the administration case.

    Done by the first administrator whom the city's data names. Does nothing where it was done before.
    Raises BadCity and BadProcedures with findings.
    """
    with writing():
        found = store.current() if store.current_number() else load_city(path, SYSTEM)[0]
        if not InForce.objects.filter(pk=NAME).exists():
            load_procedures(None)
        standing(administrator(found))
        return found


def administrator(city: City) -> Actor:
    """The first system administrator that the city's data names."""
    today = now().date()
    keys = [key for key in city.people if any(post.role == "admin" for post in city.posts(key, on=today))]
    return person(min(keys), city, today)


def _note(actor: Actor, act: str, said: Mapping[str, object]) -> None:
    case = standing(actor)
    record(case, act, actor, said, seen=case.turn)


def _fix_dates(city: City) -> None:
    for pk in Case.objects.filter(closed=None, state__contains='"awaiting":').values_list("pk", flat=True):
        case = Case.objects.get(pk=pk)
        years = {clock.awaiting for clock in case.folded().clocks.values() if clock.awaiting}
        if years & city.calendar.years:
            record(case, "fix_date", SYSTEM, {}, seen=None)


def load_procedures(
    actor: Actor | None, *, path: Path = procedure_file.FOLDER, shadow: Path | None = None
) -> list[str]:
    """Check the procedure files and put the changed ones in force; their names.

    Raises BadProcedures with findings, or WouldStrand where an open case would have no place in a new
    version. The first load of an empty database opens the administration case with it.
    """
    read = procedure_file.read(path, shadow=shadow)
    findings = check(read)
    if findings:
        raise BadProcedures(findings)
    with writing():
        changed = [procedure for procedure in read.values() if _differs(procedure)]
        for procedure in changed:
            _no_stranding(procedure)
            _put_in_force(procedure)
        if changed and actor is not None:
            _note(actor, "load_procedures", {"number": len(changed)})
        for procedure in changed:
            _migrate(procedure)
    return [procedure.name for procedure in changed]


def _differs(procedure: Procedure) -> bool:
    return not InForce.objects.filter(pk=procedure.name, version__digest=procedure.digest).exists()


def _put_in_force(procedure: Procedure) -> None:
    version, _ = ProcedureVersion.objects.get_or_create(
        digest=procedure.digest,
        defaults={"name": procedure.name, "text": procedure.text, "common": procedure.common, "loaded_at": now()},
    )
    InForce.objects.update_or_create(pk=procedure.name, defaults={"version": version})


def _open_cases(procedure: Procedure) -> QuerySet[Case]:
    return Case.objects.filter(procedure=procedure.name, closed=None).order_by("pk")


def _no_stranding(procedure: Procedure) -> None:
    """Refuse a version in which an open case would stand, run a clock or have a part that it lacks."""
    gone: list[tuple[str, str]] = []
    for case in _open_cases(procedure).iterator(chunk_size=500):
        lost = sorted(_lost(procedure, case.folded()))
        if lost:
            gone.append((case.number, "、".join(lost)))
    if gone:
        raise WouldStrand(
            procedure=procedure.label, count=len(gone), where=gone[0][1], cases="、".join(n for n, _ in gone[:5])
        )


def _lost(procedure: Procedure, state: State) -> Iterable[str]:
    renamed = procedure.renamed
    if renamed.get(state.stage, state.stage) not in procedure.stages:
        yield state.stage
    for name, clock in state.clocks.items():
        if not clock.stopped and renamed.get(f"clock.{name}", name) not in procedure.clocks:
            yield f"clock.{name}"
    for part, count in state.children.items():
        if count.open and renamed.get(f"part.{part}", part) not in procedure.parts:
            yield f"part.{part}"


def _migrate(procedure: Procedure) -> None:
    """Write one `migrate` entry on each open case that `renamed` concerns: names change, due times don't."""
    if not procedure.renamed:
        return
    for case in _open_cases(procedure):
        state = case.folded()
        sets = _renames(procedure, state)
        if sets:
            act = procedure.act("migrate")
            decided = decide(procedure, state, "migrate", SYSTEM, {}, at=now(), city=store.current())
            ledger.append(case, ledger.Step(procedure, state, act, SYSTEM.key, {}, {**decided, **sets}, now(), None))


def _renames(procedure: Procedure, state: State) -> dict[str, object]:
    sets: dict[str, object] = {}
    if state.stage in procedure.renamed and state.stage not in procedure.stages:
        sets["stage"] = procedure.renamed[state.stage]
    clocks: dict[str, object] = {}
    for name, clock in state.clocks.items():
        new = procedure.renamed.get(f"clock.{name}")
        if new and name not in procedure.clocks:
            clocks |= {name: None, new: clock.to_json()}
    return sets | ({"clocks": clocks} if clocks else {})
