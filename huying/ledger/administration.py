"""The standing case in which the city is administered: one audit trail for loads, rights, looks and keys.

Loading city data or procedures is an act there; neither ever changes what was promised in an open case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from django.db.models import Q

from huying.city import codec, folder, recurrence, store
from huying.city.facts import ADMINISTRATORS, City
from huying.city.tables import Reading
from huying.errors import BadCity, BadProcedures, NothingToAnswer
from huying.ledger import handover, new_version, recurrable, rulebook
from huying.ledger.actor import SYSTEM, Actor, person
from huying.ledger.check import check
from huying.ledger.models import Case, Entry, InForce
from huying.ledger.now import now
from huying.ledger.procedure import may
from huying.ledger.procedure_file import FOLDER, texts, together
from huying.ledger.record import Intake, open_case, record
from huying.ledger.vocabulary import Finding, Procedure, people
from huying.ledger.writing import writing

NAME = "administration"


# --- the standing case


def standing(actor: Actor) -> Case:
    """The administration case; the first administrator who needs it opens it, and again where it was retired."""
    found = Case.objects.filter(procedure=NAME, closed=None).order_by("pk").first()
    retired = Case.objects.filter(procedure=NAME).exclude(closed=None).count() if found is None else 0
    return found or open_case(Intake(NAME, source_system=NAME, source_ref=str(retired + 1)), actor)


def administrator(city: City, role: str = "system", *, key: str | None = None) -> Actor:
    """The person of that key; left out, the first who holds that role today. Raises UnknownPerson."""
    today = _today(city)
    held = (other for other in city.people if any(post.role == role for post in city.posts(other, on=today)))
    return person(key or min(held), city, today)


def _today(city: City) -> date:
    """The day that it is in the city."""
    return city.calendar.local(now()).date()


def _allowed(actor: Actor, act: str) -> None:
    """Raise the Refused that keeps the actor from an act of administration, before anything is read or written."""
    city = store.current()
    state = standing(actor).folded()
    refusal = may(rulebook.procedure(NAME), state, actor, at=now(), city=city)[act]
    if refusal is not None:
        raise refusal


def note(actor: Actor, act: str, said: Mapping[str, object]) -> None:
    """Write an act of administration as the next entry of the standing case. Raises Refused and BadInput."""
    # Locked first: of two who load at once, the second reads the case as the first left it.
    case = Case.objects.select_for_update().get(pk=standing(actor).pk)
    record(case, act, actor, said, seen=case.turn)


# --- beginning


def begin(path: Path) -> City:
    """Make an empty database ready for work: the city, the procedures, and the administration case.

    Done by the first administrator whom the city's data names. Does nothing where it was done before.
    Raises BadCity and BadProcedures with findings.
    """
    with writing():
        found = store.current() if store.current_number() else store.save(read_city(path), at=now())
        if not InForce.objects.filter(pk=NAME).exists():
            numbers = [new_version.put_in_force(procedure) for procedure in read_procedures(found).values()]
            first = administrator(found)
            note(first, "load_city", {"number": found.version})
            for number in numbers:
                note(first, "load_procedures", {"number": number})
        return found


# --- the city's data


def read_city(path: Path, *, on: date | None = None) -> City:
    """The city of a folder, as fit for work today. Raises BadCity with every finding, and touches no database.

    Looked at beside the procedures that it will run with: those that ship, and its own laid over them.
    """
    city = folder.read(path, on=on or now().date())
    procedures, findings = together(_laid_over(city))
    findings = findings or [*check(procedures, city), *recurrable.look(procedures, city)]
    if findings:
        reading = Reading(path)
        raise BadCity([_placed(found, city, reading) for found in findings])
    return city


def _placed(found: Finding, city: City, reading: Reading) -> Finding:
    """The finding with its file and line as they are in the folder: `check` knows rows by their order only."""
    if found.file in city.procedures:
        return replace(found, file=f"procedures/{found.file}")
    if found.file == recurrence.FILE:
        return replace(found, line=reading.line_in(found.file, str(found.params["table"]), str(found.params["at"])))
    rows = reading.rows
    return replace(found, line=rows[found.file][found.line - 2].line) if found.file in rows else found


def _laid_over(city: City, path: Path = FOLDER) -> dict[str, str | bytes]:
    """The procedure files of a folder with the city's own laid over them by name."""
    return {**texts(path), **city.procedures}


def load_city(path: Path, actor: Actor) -> tuple[City, bool]:
    """Check a city folder and put it in force, its own procedures with it; (the city, whether it is new).

    Idempotent by content, an entry of the administration case. Open cases keep their dates; those that
    awaited a calendar year which the folder now has get theirs, each by an entry. Raises NotAllowed, BadCity
    with findings, or WouldStrand; then the version in force stays.
    """
    _allowed(actor, "load_city")
    read = read_city(path, on=_today(store.current()))
    with writing():
        Case.objects.select_for_update().get(pk=standing(actor).pk)
        before = store.current()
        new = codec.digest(codec.to_json(read)) != before.digest
        if new:
            _follow(before, read, actor)
    fix_dates()
    return store.current(), new


def _follow(before: City, read: City, actor: Actor) -> None:
    """Let a sound folder follow the city in force, or raise what stands in the way."""
    findings = list(_misfits(before, read, actor))
    if findings:
        raise BadCity(findings)
    city = store.save(read, at=now())
    admin = person(actor.key, city, _today(city))
    note(admin, "load_city", {"number": city.version})
    files = before.procedures.keys() | city.procedures.keys()
    changed = {file for file in files if before.procedures.get(file) != city.procedures.get(file)}
    if changed:
        procedures = read_procedures(city).values()
        _renew(admin, [p for p in procedures if f"{p.name}.toml" in changed or "common.toml" in changed])


def _misfits(before: City, after: City, actor: Actor) -> Iterator[Finding]:
    """Why a sound folder can't follow the city in force: another city, a locked door, cases without a lead."""
    if after.code != before.code:
        message = "This is the folder of “{code}”, but the database holds “{known}”."
        yield Finding("city.toml", 1, message, {"code": after.code, "known": before.code})
        return
    if not any(post.role == "system" for post in after.posts(actor.key, on=_today(after))):
        message = "{person} loads this folder, but is no system administrator in it; nobody locks themselves out."
        yield Finding("posts.csv", 1, message, {"person": actor.key})
    yield from handover.missing(before, after, _today(after))
    yield from _ungranted(before, after)
    for year in sorted(before.calendar.years - after.calendar.years):
        yield Finding("calendars", 1, "The notice of {year} is missing, but cases count by it.", {"year": year})
    for unit in sorted(before.units.keys() - after.units.keys()):
        needed = Case.objects.filter(Q(lead=unit) | Q(opener=unit), closed=None).order_by("pk")
        numbers = list(needed.values_list("number", flat=True))
        if numbers:
            message = (
                "{unit} ({code}) is missing, but {count} open case(s) need it; first: {cases}. "
                "Keep it (may_lead no) until they are done."
            )
            named = {"unit": before.units[unit].name, "code": unit}
            first = "、".join(numbers[: new_version.NAMED])
            yield Finding("units.csv", 1, message, {**named, "count": len(numbers), "cases": first})


def _ungranted(before: City, after: City) -> Iterator[Finding]:
    """Whoever loads makes no administrators: each new one was granted the role, unless nobody at all holds it yet."""
    held, granted = _administrators(before), _granted()
    known = {role for _, role, _ in held}
    for key, role, _ in sorted(_administrators(after) - held - granted):
        if role in known:
            message = "{person} becomes {role} in this folder, which no security administrator has granted."
            yield Finding("posts.csv", 1, message, {"person": after.people[key].name, "role": people(role)})


def _administrators(city: City) -> set[tuple[str, str, str]]:
    """Who is an administrator at any time, as a deputy too: person, role, unit."""
    whose = [(key, key) for key in city.people] + [(one.deputy, one.person) for one in city.deputies]
    return {
        (key, post.role, post.unit)
        for key, other in whose
        for post in city.people[other].posts
        if post.role in ADMINISTRATORS
    }


def _granted() -> set[tuple[str, str, str]]:
    """What the entries of the administration grant and haven't taken away since."""
    found: set[tuple[str, str, str]] = set()
    for entry in Entry.objects.filter(case__procedure=NAME, act__in=("grant", "revoke")).order_by("pk"):
        one = (str(entry.said["person"]), str(entry.said["role"]), str(entry.said["unit"]))
        found = found | {one} if entry.act == "grant" else found - {one}
    return found


def fix_dates() -> int:
    """Give each open case that awaited a calendar year which is now known its date, by an entry; how many.

    Each case in a transaction of its own, so that nobody waits; what was cut short is done by the next call.
    """
    fixed = 0
    for case in list(Case.objects.filter(awaiting__in=store.current().calendar.years).order_by("pk")):
        try:
            record(case, "fix_date", SYSTEM, {}, seen=None)
            fixed += 1
        except NothingToAnswer:
            continue  # somebody was quicker, or the date lies in a further year without a notice
    return fixed


# --- procedures


def read_procedures(city: City, *, path: Path = FOLDER, shadow: Path | None = None) -> dict[str, Procedure]:
    """The procedures that fit a city: those of `path`, its own laid over them, and over those a `shadow` folder.

    Raises BadProcedures with every finding; touches no database.
    """
    procedures, findings = together(_laid_over(city, path) | (texts(shadow) if shadow else {}))
    findings = findings or check(procedures)
    if findings:
        raise BadProcedures(findings)
    return procedures


def load_procedures(actor: Actor, *, path: Path = FOLDER, shadow: Path | None = None) -> list[str]:
    """Check the procedure files and put the changed ones in force, each by an entry; their names.

    Idempotent. Raises NotAllowed, BadProcedures with findings, or WouldStrand where a case would have no
    place in a new version; then every version in force stays.
    """
    _allowed(actor, "load_procedures")
    read = read_procedures(store.current(), path=path, shadow=shadow)
    with writing():
        return _renew(actor, read.values())


def _renew(actor: Actor, procedures: Iterable[Procedure]) -> list[str]:
    """Put the changed ones in force, an entry for each, and the new names into the cases that stand in old ones."""
    changed = [procedure for procedure in procedures if new_version.differs(procedure)]
    numbers = [new_version.put_in_force(procedure) for procedure in changed]
    for number in numbers:
        note(actor, "load_procedures", {"number": number})
    for procedure in changed:
        new_version.migrate(procedure)
    return [procedure.name for procedure in changed]
