"""Checking the ledger against itself: hashes, folds, columns, documents, children, listed facts.

Each way of tampering has a finding of its own. What is *not* seen here, and needs the signed checkpoints:
a case whose every row, documents and identity included, was deleted; and a ledger rewritten as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Q

from huying.errors import Broken, say, sentence
from huying.ledger import documents
from huying.ledger.fold import State, apply
from huying.ledger.ledger import GENESIS, columns, entry_hash
from huying.ledger.models import Case, Document, Entry, Identity, Listed

BATCH = 500


@dataclass(frozen=True)
class Difference:
    """One thing that doesn't agree: the case, the entry (0 for the case as a whole), a code and words."""

    case: str
    seq: int
    code: str
    message: str
    params: Mapping[str, object]

    def words(self, language: str = "zh-Hans") -> str:
        """The finding as a sentence."""
        return f"{self.case} #{self.seq}: {say(self.message, language, **self.params)}"


def audit(*, numbers: frozenset[str] | None = None) -> Iterator[Difference]:
    """Every difference in the ledger, or in the cases named; silent when there is none."""
    rows = Case.objects.order_by("pk")
    if numbers is not None:
        rows = rows.filter(number__in=numbers)
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        yield from _batch(batch)
    if numbers is None:
        yield from _orphans()


def _batch(batch: list[Case]) -> Iterator[Difference]:
    pks = [case.pk for case in batch]
    ledgers: dict[int, list[Entry]] = {pk: [] for pk in pks}
    for entry in Entry.objects.filter(case__in=pks).order_by("case_id", "seq"):
        ledgers[entry.case_id].append(entry)
    kept: dict[int, dict[str, Document]] = {pk: {} for pk in pks}
    for document in Document.objects.filter(case__in=pks):
        kept[document.case_id][document.key] = document
    listed: dict[int, dict[str, str]] = {pk: {} for pk in pks}
    for row in Listed.objects.filter(case__in=pks):
        listed[row.case_id][row.name] = row.value
    children = _children(pks)
    for case in batch:
        yield from _case(case, ledgers[case.pk], kept[case.pk], listed[case.pk], children.get(case.pk, {}))


def _children(pks: list[int]) -> dict[int, dict[str, tuple[int, int]]]:
    counted: dict[int, dict[str, tuple[int, int]]] = {}
    rows = Case.objects.filter(parent__in=pks).values("parent_id", "part")
    for row in rows.annotate(open=Count("pk", Q(closed=None)), all=Count("pk")):
        counted.setdefault(row["parent_id"], {})[row["part"]] = (row["open"], row["all"] - row["open"])
    return counted


def _case(
    case: Case, entries: list[Entry], kept: dict[str, Document], listed: dict[str, str],
    children: dict[str, tuple[int, int]],
) -> Iterator[Difference]:  # fmt: skip
    chain = list(_chain(case, entries))
    yield from chain
    if chain:
        return
    state = State()
    try:
        for entry in entries:
            state = apply(state, entry.seq, entry.sets, case=case.number)
    except Broken as broken:
        yield Difference(case.number, broken.params["seq"], "fold", "{why}", {"why": sentence(broken)})  # type: ignore[arg-type]
        return
    yield from _columns(case, state)
    yield from _documents(case, entries, kept)
    yield from _family(case, state, children)
    yield from _listed(case, state, listed)


def _chain(case: Case, entries: list[Entry]) -> Iterator[Difference]:
    prev, expected = GENESIS, 1
    for entry in entries:
        if entry.seq != expected:
            yield Difference(case.number, expected, "gap", "Entry {seq} is missing.", {"seq": expected})
            return
        if entry.prev != prev:
            yield Difference(case.number, entry.seq, "chain", "The entry doesn't follow the one before it.", {})
            return
        if _hash(entry, case.number) != entry.hash:
            yield Difference(case.number, entry.seq, "hash", "The entry was changed after it was written.", {})
            return
        prev, expected = entry.hash, expected + 1
    if case.seq != expected - 1 or case.head != prev:
        message = "The case stands at entry {stands}, the ledger ends at {ends}: the end was cut off or exchanged."
        yield Difference(case.number, expected, "end", message, {"stands": case.seq, "ends": expected - 1})


def _hash(entry: Entry, number: str) -> str:
    try:
        return entry_hash(entry, number)
    except (ValueError, TypeError):
        return ""


def _columns(case: Case, state: State) -> Iterator[Difference]:
    for name, value in columns(state).items():
        if getattr(case, name) != value:
            shown = {"name": name, "column": str(getattr(case, name))[:60], "fold": str(value)[:60]}
            message = "The column {name} says {column}, the entries say {fold}."
            yield Difference(case.number, state.seq, "column", message, shown)
    pointers = {"parent": (case.parent_id, state.parent), "into": (case.into_id, state.into)}
    for name, (pk, number) in pointers.items():
        found = Case.objects.filter(pk=pk).values_list("number", flat=True).first() if pk else ""
        if (found or "") != number:
            shown = {"name": name, "column": str(found), "fold": number}
            yield Difference(
                case.number, state.seq, "column", "The column {name} says {column}, the entries say {fold}.", shown
            )
    if case.procedure != state.procedure:
        shown = {"name": "procedure", "column": case.procedure, "fold": state.procedure}
        yield Difference(case.number, 0, "column", "The column {name} says {column}, the entries say {fold}.", shown)


def _documents(case: Case, entries: list[Entry], kept: dict[str, Document]) -> Iterator[Difference]:
    named: set[str] = set()
    for entry in entries:
        for reference in _references(entry):
            key, _, digest = reference.partition(":")
            named.add(key)
            document = kept.get(key)
            if document is None:
                yield Difference(case.number, entry.seq, "document", "A document of this entry is missing.", {})
            elif document.digest != digest or not documents.intact(document):
                yield Difference(
                    case.number, entry.seq, "document", "A document of this entry was exchanged or changed.", {}
                )
    for key in kept.keys() - named:
        yield Difference(case.number, 0, "document", "The document {key} is named by no entry.", {"key": key})


def _references(entry: Entry) -> Iterator[str]:
    if ":" not in entry.said_json:
        return
    for value in json.loads(entry.said_json).values():
        for part in value.split("\n") if isinstance(value, str) else ():
            if documents.REFERENCE.match(part):
                yield part


def _family(case: Case, state: State, children: dict[str, tuple[int, int]]) -> Iterator[Difference]:
    said = {part: (kept.open, kept.closed) for part, kept in state.children.items() if kept.open or kept.closed}
    if said != children:
        message = "By the entries the children are: {said}; the cases are: {found}."
        yield Difference(
            case.number, state.seq, "children", message, {"said": _counted(said), "found": _counted(children)}
        )


def _counted(children: Mapping[str, tuple[int, int]]) -> Mapping[str, str]:
    """How many children are open and closed, part by part."""
    parts = sorted(children.items())
    chinese = [f"{part} 未办结 {still} 个、已办结 {done} 个" for part, (still, done) in parts]
    english = [f"{part} {still} open, {done} closed" for part, (still, done) in parts]
    return {"zh-Hans": "；".join(chinese) or "无", "en": "; ".join(english) or "none"}


def _listed(case: Case, state: State, listed: dict[str, str]) -> Iterator[Difference]:
    for name, value in listed.items():
        if str(state.facts.get(name, ""))[:200] != value:
            message = "The register says {name} = {column}, the entries say {fold}."
            shown = {"name": name, "column": value, "fold": str(state.facts.get(name, ""))}
            yield Difference(case.number, state.seq, "listed", message, shown)


def _orphans() -> Iterator[Difference]:
    """Rows whose case is gone: somebody deleted it around the guard."""
    cases = Case.objects.values("pk")
    for model in (Entry, Document, Identity, Listed):
        rows = model._default_manager.exclude(case_id__in=cases)
        for pk in rows.values_list("case_id", flat=True).distinct()[:100]:
            message = "The case with the inner number {pk} was deleted; rows of {table} are left."
            yield Difference("—", 0, "deleted", message, {"pk": pk, "table": model._meta.db_table})
