"""A played family as a mould: the same lives again under own numbers, words, salts, keys and hashes.

Times and decisions are those of the family that was played; everything by which a case is told from another
is new, and each entry is hashed anew over what it says now, so that every copy is a true ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from django.db import connection, models

from huying.bench import words
from huying.bench.bulk import Batch, Ids, Row
from huying.bench.play import SOURCE
from huying.ledger import documents, number, search
from huying.ledger.ledger import GENESIS, canonical, entry_hash
from huying.ledger.models import Case, Document, Entry, Identity, Listed, Outbox
from huying.ledger.requester import phone_key


class Swapped:
    """A text in which some of the family's own marks (numbers, references of documents) occur."""

    def __init__(self, text: str, marks: Sequence[str]) -> None:
        self.text = text
        self.marks = [(place, mark) for place, mark in enumerate(marks) if mark in text]

    def with_marks(self, new: Sequence[str]) -> str:
        """The text with the marks of a copy."""
        text = self.text
        for place, mark in self.marks:
            text = text.replace(mark, new[place])
        return text


@dataclass
class Line:
    """One entry of the mould: its row, what it says, and the entry that is hashed."""

    entry: Entry
    row: Row
    said: Swapped
    sets: Swapped


def row(thing: models.Model) -> Row:
    """A row as the driver wants it, by column."""
    fields = [(str(field.column), field) for field in thing._meta.concrete_fields]
    return {column: field.get_db_prep_save(getattr(thing, field.attname), connection) for column, field in fields}


class Mould:
    """The rows of one family; `copies` makes as many further families as wanted."""

    def __init__(self, pks: Sequence[int], topic: words.Topic) -> None:
        self.topic = topic
        self.cases = list(Case.objects.filter(pk__in=pks).order_by("pk"))
        self.documents = list(Document.objects.filter(case__in=pks).order_by("pk"))
        self.calls = [case for case in self.cases if case.source_system == SOURCE]
        self.marks = [case.number for case in self.cases] + [documents.reference(d) for d in self.documents]
        self.marks += [f'"{SOURCE}:{case.source_ref}"' for case in self.calls]
        self.lines: dict[int, list[Line]] = {case.pk: [] for case in self.cases}
        for entry in Entry.objects.filter(case__in=pks).order_by("case_id", "seq"):
            said, sets = Swapped(entry.said_json, self.marks), Swapped(entry.sets_json, self.marks)
            self.lines[entry.case_id].append(Line(entry, row(entry), said, sets))
        self.states = [Swapped(case.state, self.marks) for case in self.cases]
        self.rows = [row(case) for case in self.cases]
        self.document_rows = [row(document) for document in self.documents]
        self.listed = [(one.case_id, one.name, one.value) for one in Listed.objects.filter(case__in=pks)]
        self.outbox = {owed.entry_id: row(owed) for owed in Outbox.objects.filter(entry__case__in=pks)}

    @property
    def entries(self) -> int:
        """How many entries one copy has."""
        return sum(map(len, self.lines.values()))

    def copy(self, refs: Iterator[str], numbers: Iterator[str], ids: Ids, batch: Batch, chance: Random) -> None:
        """Add one more family to the batch: one number, and for a call one source reference, for each case."""
        pks = {case.pk: next(ids.cases) for case in self.cases}
        marks = [next(numbers) for _ in self.cases]
        for document, known in zip(self.documents, self.document_rows, strict=True):
            marks.append(self._document(document, known, pks, ids, batch, chance))
        sources = {case.pk: next(refs) for case in self.calls}
        marks += [f'"{SOURCE}:{ref}"' for ref in sources.values()]
        for place, case in enumerate(self.cases):
            head = self._entries(case, marks[place], marks, pks[case.pk], ids, batch)
            changed: Row = {
                "id": pks[case.pk],
                "number": marks[place],
                "parent_id": pks.get(case.parent_id or 0),
                "into_id": pks.get(case.into_id or 0),
                "source_ref": sources.get(case.pk, ""),
                "state": self.states[place].with_marks(marks),
                "head": head,
            }
            batch.add(Case, {**self.rows[place], **changed})
        for pk, name, value in self.listed:
            batch.add(Listed, {"case_id": pks[pk], "name": name, "value": value})

    def _entries(self, case: Case, number: str, marks: Sequence[str], pk: int, ids: Ids, batch: Batch) -> str:
        """One case's entries, each hashed over what it says now; gives the last hash."""
        prev = GENESIS
        for line in self.lines[case.pk]:
            entry = line.entry
            entry.said_json, entry.sets_json = line.said.with_marks(marks), line.sets.with_marks(marks)
            entry.prev = prev
            new = next(ids.entries)
            prev, before = entry_hash(entry, number), prev
            said = {"said_json": entry.said_json, "sets_json": entry.sets_json, "prev": before, "hash": prev}
            batch.add(Entry, {**line.row, "id": new, "case_id": pk, **said})
            if entry.pk in self.outbox:
                batch.add(Outbox, {**self.outbox[entry.pk], "entry_id": new})
        return prev

    def _document(
        self, document: Document, known: Row, pks: dict[int, int], ids: Ids, batch: Batch, chance: Random
    ) -> str:
        """One document with other words under its own key and salt; gives its reference."""
        pk = pks[document.case_id]
        if document.field == "requester":
            who = words.requester(chance)
            body = canonical({"name": who.name, "phone": who.phone})
            batch.add(Identity, {"case_id": pk, "phone_key": phone_key(who)})
        else:
            body = words.text(document.field, self.topic, chance)
        key, salt, new = secrets.token_hex(16), secrets.token_hex(16), next(ids.documents)
        digest = documents.digest(salt, body.encode())
        changed: Row = {"key": key, "salt": salt, "digest": digest, "body": body, "size": len(body)}
        batch.add(Document, {**known, **changed, "id": new, "case_id": pk})
        if document.field in search.INDEXED and not document.sealed:
            batch.readable.append((new, pk, " ".join(search.tokens(body))))
        return f"{key}:{digest}"


def numbers(count: int) -> list[str]:
    """New case numbers that no case has: random, so at a million some would fall on each other."""
    found: set[str] = set()
    while len(found) < count:
        found |= {number.new() for _ in range(count - len(found))}
        found -= set(Case.objects.filter(number__in=found).values_list("number", flat=True))
    return list(found)
