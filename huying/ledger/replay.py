"""One case read again from its first entry to its last: does what stands beside the entries follow from them?

The fold needs no procedure; what is listed, sealed and told does: that of the version each entry was decided by.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from huying.errors import Broken, say, sentence
from huying.ledger import documents
from huying.ledger.fold import State, apply, stamp
from huying.ledger.ledger import GENESIS, columns, entry_hash, listed
from huying.ledger.models import Case, Document, Entry, Outbox
from huying.ledger.requester import phone_key
from huying.ledger.said import Requester
from huying.ledger.vocabulary import Procedure

CALLER = "requester"


@dataclass(frozen=True)
class Difference:
    """One thing that doesn't agree: the case, the entry (0 for the case as a whole), a code and words."""

    case: str
    seq: int
    code: str
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def words(self, language: str = "zh-Hans") -> str:
        """The finding as a sentence."""
        return f"{self.case} #{self.seq}: {say(self.message, language, **self.params)}"


@dataclass(frozen=True)
class Versions:
    """The loaded versions whose text is what its digest says: procedures by digest, cities by number."""

    procedures: Mapping[str, Procedure]
    cities: frozenset[int]


@dataclass(frozen=True)
class Beside:
    """What the database says beside the entries of one case; numbers of cases, counts as (open, closed)."""

    parent: str = ""
    into: str = ""
    children: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    phone_key: str = ""


@dataclass(frozen=True)
class _Named:
    """A document as an entry names it."""

    seq: int
    digest: str
    field: str
    sealed: bool
    theirs: bool
    at: datetime


class Replay:
    """Reads one case; `state` and the rest grow entry by entry. After a break in the chain nothing more is told."""

    def __init__(self, case: Case, versions: Versions) -> None:
        self.case, self.versions = case, versions
        self.state, self.prev, self.whole = State(), GENESIS, True
        self.opened: datetime | None = None
        self.listed: dict[str, str] = {}
        self.named: dict[str, _Named] = {}
        self.forgets = False

    def differences(self, entries: Iterable[Entry], kept: Iterable[Document], beside: Beside) -> Iterator[Difference]:
        """Everything about the case that doesn't agree."""
        yield from self._entries(entries)
        if self.whole:
            yield from self._columns(beside)
            yield from self._documents(kept, beside)
            yield from self._family(beside)
            yield from self._register(beside)

    def _found(self, at: int, code: str, message: str, **params: object) -> Difference:
        return Difference(self.case.number, at, code, message, params)

    def _broken(self, at: int, code: str, message: str, **params: object) -> Difference:
        self.whole = False
        return self._found(at, code, message, **params)

    def _entries(self, entries: Iterable[Entry]) -> Iterator[Difference]:
        for entry in entries:
            yield from self._link(entry)
            if not self.whole:
                return
            yield from self._entry(entry)
        ends = self.state.seq
        if self.case.seq != ends or self.case.head != self.prev:
            message = "The case stands at entry {stands}, the ledger ends at {ends}: the end was cut off or exchanged."
            yield self._broken(ends + 1, "end", message, stands=self.case.seq, ends=ends)

    def _link(self, entry: Entry) -> Iterator[Difference]:
        expected = self.state.seq + 1
        if entry.seq != expected:
            yield self._broken(expected, "gap", "Entry {seq} is missing.", seq=expected)
        elif entry.prev != self.prev:
            yield self._broken(entry.seq, "chain", "The entry doesn't follow the one before it.")
        elif entry_hash(entry, self.case.number) != entry.hash or _between(entry):
            yield self._broken(entry.seq, "hash", "The entry was changed after it was written.")
        else:
            self.prev = entry.hash
            self.opened = self.opened or entry.at
            yield from self._fold(entry)

    def _fold(self, entry: Entry) -> Iterator[Difference]:
        try:
            self.state = apply(self.state, entry.seq, entry.sets, case=self.case.number)
        except Broken as broken:
            yield self._broken(entry.seq, "fold", "{why}", why=sentence(broken))

    def _entry(self, entry: Entry) -> Iterator[Difference]:
        """What one entry brings along: listed facts, documents, and what is owed to people because of it."""
        procedure = self.versions.procedures.get(self.state.rule)
        if procedure is None or self.state.city not in self.versions.cities:
            message = "The city's data or the procedure by which this entry was decided is missing."
            if entry.sets.keys() & {"rule", "city"}:
                yield self._found(entry.seq, "version", message)
        if procedure is None:
            return
        for name, value in listed(procedure, entry.sets).items():
            self.listed.pop(name, None)
            if value is not None:
                self.listed[name] = value
        self.forgets |= entry.act == documents.FORGET
        self._names(entry, procedure)
        yield from self._told(entry, procedure)

    def _names(self, entry: Entry, procedure: Procedure) -> None:
        if ":" not in entry.said_json:
            return
        theirs = procedure.original(entry.act, entry.actor)
        for name, value in entry.said.items():
            declared = procedure.fields.get(name)
            sealed = bool(declared and (declared.sealed or declared.type == CALLER))
            for part in value.split("\n") if isinstance(value, str) else ():
                if documents.REFERENCE.match(part):
                    key, _, digest = part.partition(":")
                    self.named[key] = _Named(entry.seq, digest, name, sealed, theirs, entry.at)

    def _told(self, entry: Entry, procedure: Procedure) -> Iterator[Difference]:
        owed: Outbox | None = getattr(entry, "outbox", None)
        act = procedure.acts.get(entry.act)
        if owed is None or act is None:
            return
        told = owed.tells.removesuffix("duplicates").split()
        if told != list(act.tells) or owed.urgent != act.urgent or owed.at != entry.at:
            message = "Who is still to be told of this entry was changed: it says {said}, the act says {act}."
            yield self._found(entry.seq, "outbox", message, said=" ".join(told) or "—", act=" ".join(act.tells) or "—")

    def _columns(self, beside: Beside) -> Iterator[Difference]:
        case, state = self.case, self.state
        system_and_ref = f"{case.source_system}:{case.source_ref}" if case.source_ref else ""
        followed = "" if ":" in state.source else state.source
        pairs: dict[str, tuple[object, object]] = {
            name: (getattr(case, name), value) for name, value in columns(state).items()
        }
        pairs |= {
            "opened": (case.opened, self.opened),
            "procedure": (case.procedure, state.procedure),
            "parent": (beside.parent, state.parent),
            "into": (beside.into, state.into),
            "source": (system_and_ref or followed, state.source),
        }
        for name, (column, value) in pairs.items():
            if column != value:
                message = "The column {name} says {column}, the entries say {fold}."
                yield self._found(state.seq, "column", message, name=name, column=_short(column), fold=_short(value))

    def _documents(self, kept: Iterable[Document], beside: Beside) -> Iterator[Difference]:
        expected, newest = "", 0
        for document in kept:
            named = self.named.pop(document.key, None)
            if named is None:
                message = "The document {key} is named by no entry."
                yield self._found(0, "document", message, key=document.key)
                continue
            flaw = self._document(document, named)
            if flaw is not None:
                yield flaw
            elif document.field == CALLER and named.seq > newest:
                newest = named.seq
                expected = phone_key(Requester(**json.loads(document.body))) if document.body else ""
        for named in self.named.values():
            yield self._found(named.seq, "document", "A document of this entry is missing.")
        if beside.phone_key != expected:
            message = "The key by which the caller's number is found doesn't fit the sealed identity."
            yield self._found(newest, "identity", message)

    def _document(self, document: Document, named: _Named) -> Difference | None:
        if document.erased is not None:
            message = "A document of this entry was erased, and no entry says that the case was to be forgotten."
            return None if self.forgets else self._found(named.seq, "erased", message)
        if document.blob and not documents.on_disk(document):
            return self._found(named.seq, "file", "A file of this entry isn't on the disk, or has other content.")
        same = (document.digest, document.field, document.at) == (named.digest, named.field, named.at)
        if not same or not documents.intact(document):
            return self._found(named.seq, "document", "A document of this entry was exchanged or changed.")
        if document.sealed != (named.sealed or (named.theirs and bool(self.state.sealed))):
            return self._found(named.seq, "seal", "The seal of a document of this entry was broken or set afterwards.")
        return None

    def _family(self, beside: Beside) -> Iterator[Difference]:
        said = {part: (count.open, count.closed) for part, count in self.state.children.items()}
        said = {part: count for part, count in said.items() if any(count)}
        if said != beside.children:
            message = "By the entries the children are: {said}; the cases are: {found}."
            yield self._found(self.state.seq, "children", message, said=_counted(said), found=_counted(beside.children))

    def _register(self, beside: Beside) -> Iterator[Difference]:
        for name in sorted(self.listed.keys() | beside.listed.keys()):
            fold, column = self.listed.get(name, ""), beside.listed.get(name, "")
            if fold != column:
                message = "The register says {name} = {column}, the entries say {fold}."
                yield self._found(self.state.seq, "listed", message, name=name, column=column or "—", fold=fold or "—")


def _between(entry: Entry) -> bool:
    """Whether a time lies between two seconds, where the hash doesn't look."""
    return bool(entry.at.microsecond or (entry.happened_at and entry.happened_at.microsecond))


def _short(value: object) -> str:
    return (stamp(value) if isinstance(value, datetime) else str(value))[:60]


def _counted(children: Mapping[str, tuple[int, int]]) -> Mapping[str, str]:
    """How many children are open and closed, part by part."""
    parts = sorted(children.items())
    chinese = [f"{part} 未办结 {still} 个、已办结 {done} 个" for part, (still, done) in parts]
    english = [f"{part} {still} open, {done} closed" for part, (still, done) in parts]
    return {"zh-Hans": "；".join(chinese) or "无", "en": "; ".join(english) or "none"}
