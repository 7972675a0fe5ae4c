"""Everything that is kept about one person, for that person (PIPL, art. 45): plain values, read after a recorded look.

Each case is opened by `identity.look`, so that the reason stands in its ledger; a case that whoever asks may not
open is named with the reason, and nothing of it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime

from huying.errors import Refused, UnknownCase, sentence
from huying.keeping import persons
from huying.ledger import find, identity, number, rulebook
from huying.ledger.actor import REQUESTER, Actor
from huying.ledger.documents import references
from huying.ledger.models import Case, Document, Entry
from huying.ledger.vocabulary import Words
from huying.notify.models import Letter
from huying.portal.models import Link


@dataclass(frozen=True)
class Paper:
    """A text or a file of a case: what it is, since when, whose words it holds, and the words or the file's name."""

    field: Words
    at: datetime
    theirs: bool
    text: str
    name: str
    media: str
    bytes: int


@dataclass(frozen=True)
class Look:
    """Somebody looked at who called: who, when, and the reason that they gave."""

    who: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Kept:
    """What is kept of one case. `hidden` says why it isn't shown; then only the number is."""

    number: str
    kind: Words
    opened: datetime | None = None
    closed: datetime | None = None
    stage: Words | None = None
    category: str = ""
    area: str = ""
    source: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    papers: tuple[Paper, ...] = ()
    looks: tuple[Look, ...] = ()
    letters: tuple[tuple[str, datetime | None, str], ...] = ()
    links: int = 0
    forgotten: bool = False
    hidden: str = ""

    def plain(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def show(who: str, actor: Actor, reason: str, *, language: str) -> list[Kept]:
    """Everything kept about whoever gave a telephone number, or of one case by its number.

    Each case that is shown has an entry with the reason afterwards. Raises UnknownCaller, UnknownCase, MissingField.
    """
    return [_kept(case, actor, reason, language) for case in persons.cases_of(who)]


def _kept(case: Case, actor: Actor, reason: str, language: str) -> Kept:
    procedure = rulebook.procedure(case.procedure)
    told = number.said(case.number)
    try:
        find.one(case.number, actor)
        caller = identity.look(case, actor, reason).requester
    except (Refused, UnknownCase) as refusal:
        return Kept(told, procedure.label, hidden=sentence(refusal, language))
    case.refresh_from_db()
    letters = Letter.objects.filter(entry__case=case, to=REQUESTER.key).order_by("pk")
    return Kept(
        number=told, kind=procedure.label, opened=case.opened, closed=case.closed,
        stage=procedure.stage(case.stage), category=case.category, area=case.area,
        source=f"{case.source_system} {case.source_ref}".strip(),
        name=caller.name, phone=caller.phone, email=caller.email, address=caller.address,
        papers=tuple(_papers(case)), looks=tuple(_looks(case)),
        letters=tuple(letters.values_list("channel", "at", "state")),
        links=Link.objects.filter(case=case).count(), forgotten=case.folded().forgotten,
    )  # fmt: skip


def _papers(case: Case) -> Iterator[Paper]:
    """Every text and file but who called, which stands above them; oldest first."""
    procedure = rulebook.procedure(case.procedure)
    theirs = {
        reference.partition(":")[0]
        for entry in Entry.objects.filter(case=case)
        if procedure.original(entry.act, entry.actor)
        for reference in references(entry.said)
    }
    rows: Iterable[Document] = Document.objects.filter(case=case, erased=None).exclude(field=identity.FIELD)
    for row in sorted(rows, key=lambda row: row.pk):
        field = procedure.fields.get(row.field)
        label = field.label if field else {"zh-Hans": row.field, "en": row.field}
        yield Paper(label, row.at, row.key in theirs, row.body, row.name, row.media, row.size)


def _looks(case: Case) -> Iterator[Look]:
    words = dict(Document.objects.filter(case=case, field="reason", erased=None).values_list("key", "body"))
    for entry in Entry.objects.filter(case=case, act="look").order_by("seq"):
        keys = [reference.partition(":")[0] for reference in references(entry.said)]
        yield Look(entry.actor, entry.at, "".join(words.get(key, "") for key in keys))
