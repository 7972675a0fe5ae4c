"""Appending: one entry, its hash, the State and columns of its case, its documents and what is owed.

Called by `record` and the administration only, inside their transaction.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from huying.ledger import documents, requester
from huying.ledger.fold import State, apply, instant, stamp
from huying.ledger.models import Case, Document, Entry, Listed, Outbox
from huying.ledger.said import Requester
from huying.ledger.vocabulary import Act, Procedure
from huying.ledger.writing import insert, update

FORMAT = 1
GENESIS = "0" * 64


@dataclass(frozen=True)
class Step:
    """One decided act, ready to be written: what was said (no words) and what it sets."""

    procedure: Procedure
    state: State
    act: Act
    actor: str
    said: Mapping[str, object]
    sets: dict[str, object]
    at: datetime
    happened_at: datetime | None
    documents: tuple[Document, ...] = ()
    caller: Requester | None = None


def canonical(value: object) -> str:
    """The canonical JSON text (RFC 8785) over which hashes are taken.

    What the ledger holds (codes as names; texts, whole numbers under 2^53, booleans, null; no floats) comes
    out of the standard encoder as RFC 8785 wants it; a property test holds the two equal, byte by byte.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def entry_hash(entry: Entry, number: str) -> str:
    """SHA-256 over the canonical bytes of everything an entry says, the hash before it included."""
    whole = {
        "case": number,
        "seq": entry.seq,
        "act": entry.act,
        "actor": entry.actor,
        "at": stamp(entry.at),
        "happened_at": stamp(entry.happened_at) if entry.happened_at else None,
        "said": entry.said_json,
        "sets": entry.sets_json,
        "v": entry.v,
        "prev": entry.prev,
    }
    return hashlib.sha256(canonical(whole).encode()).hexdigest()


@dataclass(frozen=True)
class Opening:
    """A case about to be written: its first step, its number, its parent, and the source's system and reference."""

    step: Step
    number: str
    parent: Case | None = None
    source: tuple[str, str] = ("", "")


def create(openings: Sequence[Opening]) -> list[Case]:
    """Write new cases, each with its first entry, in a few statements.

    IntegrityError where a number or a source is taken already; then none of them is written.
    """
    cases, entries = [], []
    for opening in openings:
        step = opening.step
        state = apply(State(), 1, step.sets, case=opening.number)
        entry = _entry(step, 1, GENESIS, opening.number)
        case = Case(
            number=opening.number, procedure=state.procedure, opened=step.at, parent=opening.parent,
            source_system=opening.source[0], source_ref=opening.source[1], head=entry.hash, **columns(state),
        )  # fmt: skip
        cases.append(case)
        entries.append(entry)
    insert(cases)
    for case, entry in zip(cases, entries, strict=True):
        entry.case = case
    insert(entries)
    _beside([(entry, opening.step) for entry, opening in zip(entries, openings, strict=True)])
    return cases


def append(case: Case, step: Step) -> Entry:
    """Write the next entry of a case that the caller has locked; the case's columns follow its State."""
    seq = step.state.seq + 1
    state = apply(step.state, seq, step.sets, case=case.number)
    entry = _entry(step, seq, case.head, case.number)
    entry.case = case
    insert([entry])
    changed: dict[str, object] = {**columns(state), "head": entry.hash}
    if not state.into:
        changed["into_id"] = None
    update(case, changed)
    _beside([(entry, step)])
    return entry


def _entry(step: Step, seq: int, prev: str, number: str) -> Entry:
    entry = Entry(
        seq=seq, act=step.act.name, actor=step.actor, at=step.at, happened_at=step.happened_at,
        said_json=canonical(dict(step.said)), sets_json=canonical(step.sets), v=FORMAT, prev=prev,
    )  # fmt: skip
    entry.hash = entry_hash(entry, number)
    return entry


def _beside(written: Sequence[tuple[Entry, Step]]) -> None:
    """Documents, listed facts, the caller's number and the outbox rows, in the entries' transaction."""
    documents.save([(entry.case, document) for entry, step in written for document in step.documents])
    for entry, step in written:
        if step.caller is not None:
            requester.index(entry.case, step.caller)
        if step.act.name == documents.FORGET and "facts" in step.sets:
            documents.erase(entry.case, at=step.at)
        if "sealed" in step.sets and step.state.seq and not step.state.sealed:
            documents.seal(entry.case, _originals(entry.case, step.procedure))
    _list_facts(written)
    told = [(entry, step, _tells(entry.case, step)) for entry, step in written]
    insert(
        [
            Outbox(entry=entry, tells=" ".join(tells), urgent=step.act.urgent, at=step.at)
            for entry, step, tells in told
            if tells
        ]
    )


def _originals(case: Case, procedure: Procedure) -> Iterator[str]:
    """The keys of the requester's own words: theirs, and those that a desk took down for them."""
    for entry in Entry.objects.filter(case=case):
        if procedure.original(entry.act, entry.actor):
            yield from (reference.partition(":")[0] for reference in documents.references(entry.said))


def _tells(case: Case, step: Step) -> list[str]:
    """Who must be told, those whose cases were merged into an answered one among them."""
    answers = "answer" in step.act.pauses and case.duplicates.exists()
    return [*step.act.tells, *(["duplicates"] if answers else [])]


def _list_facts(written: Sequence[tuple[Entry, Step]]) -> None:
    rows = []
    for entry, step in written:
        facts = listed(step.procedure, step.sets)
        gone = [name for name, value in facts.items() if value is None]
        if gone:
            Listed.objects.filter(case=entry.case, name__in=gone).delete()
        rows += [Listed(case=entry.case, name=name, value=value) for name, value in facts.items() if value is not None]
    insert(rows, replacing=("case_id", "name"))


def listed(procedure: Procedure, sets: Mapping[str, object]) -> dict[str, str | None]:
    """What an entry puts into the register, by field; None takes a field out of it."""
    facts = sets.get("facts")
    if not isinstance(facts, Mapping):
        return {}
    kept = {name: value for name, value in facts.items() if name in procedure.fields and procedure.fields[name].listed}
    return {name: None if value is None else str(value)[:200] for name, value in kept.items()}


def columns(state: State) -> dict[str, object]:
    """The list columns as the State says them: what lists, reports and the runner read (promise 3)."""
    plain = {name: getattr(state, name) for name in COPIED}
    due, next_due, alarm = state.due, state.next_due, state.alarm
    return {
        **plain,
        "closed": instant(state.closed) if state.closed else None,
        "due": instant(due) if due else None,
        "next_due": instant(next_due) if next_due else None,
        "alarm": instant(alarm) if alarm else None,
        "awaiting": state.awaiting,
        "state": state.to_json(),
    }


COPIED = (
    "seq", "turn", "stage", "lead", "owner", "opener", "about", "sealed", "category", "area", "level",
    "part", "outcome", "verified",
)  # fmt: skip
