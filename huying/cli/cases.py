"""Cases on the command line: open, act, show, list, find, look. What may be done is decided in the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from huying.city import store
from huying.city.facts import City
from huying.cli import asked, layout, terminal
from huying.ledger import find, identity, lists, number, rulebook, timewords
from huying.ledger.actor import REQUESTER, Actor, person
from huying.ledger.fold import instant
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case, record
from huying.ledger.record import find as any_case
from huying.ledger.rows import Row, rows
from huying.ledger.telling import tell

PAGE = 50


def acting(key: str, city: City) -> Actor:
    """The person of that key, as they are on the city's present day; or `requester`. Raises UnknownPerson."""
    return REQUESTER if key == "requester" else person(key, city, city.calendar.local(now()).date())


@dataclass(frozen=True)
class Typed:
    """What was typed for one act: fields, files, children to open, who called, when it happened."""

    fields: Sequence[str] = ()
    files: Sequence[str] = ()
    children: Sequence[str] = ()
    caller: Mapping[str, str] = field(default_factory=dict)
    happened: str | None = None

    def said(self) -> dict[str, object]:
        """The fields as the ledger takes them."""
        requester = {"requester": self.caller} if self.caller else {}
        read = asked.fields(self.fields), asked.uploads(self.files), asked.children(self.children), requester
        return {name: value for part in read for name, value in part.items()}


def open_(procedure: str, key: str, typed: Typed, source: str) -> None:
    """Open a case and print its number; the same source reference gives the same case."""
    city = store.current()
    system, _, reference = source.partition(":")
    intake = Intake(procedure, typed.said(), source_system=system, source_ref=reference)
    happened = asked.moment(typed.happened, city.calendar)
    case = open_case(intake, acting(key, city), happened_at=happened)
    label = rulebook.procedure(case.procedure).label
    terminal.say("{kind} {number} is registered.", kind=label, number=number.said(case.number))
    _stand(case, city)


def act(case_: str, act_: str, key: str, typed: Typed, seen: int | None) -> None:
    """Do one act and print where the case stands after it; without `seen`, on the turn as it stands now."""
    city = store.current()
    actor = acting(key, city)
    case = any_case(case_) if actor is REQUESTER else find.one(case_, actor)
    turn, happened = case.turn if seen is None else seen, asked.moment(typed.happened, city.calendar)
    entry = record(case, act_, actor, typed.said(), seen=turn, happened_at=happened)
    case.refresh_from_db()
    label = rulebook.procedure(case.procedure).act(act_).label
    terminal.say("“{act}” is done: entry {seq} of {number}.", act=label, seq=entry.seq, number=number.said(case.number))
    _stand(case, city)
    if typed.children:
        _children(case)


def _stand(case: Case, city: City) -> None:
    """Where the case stands now: its stage, its lead, the clock that ends next."""
    state = case.folded()
    procedure = rulebook.procedure(state.procedure)
    terminal.say("Stage: {stage}; lead: {lead}.", stage=procedure.stage(state.stage), lead=city.unit(state.lead).name)
    if state.running:
        name, clock = min(state.running.items(), key=lambda pair: pair[1].expected)
        due = timewords.moment(instant(clock.expected), city.calendar, terminal.language())
        terminal.say("Next due: {clock}, {due}.", clock=procedure.clocks[name].label, due=due)


def _children(case: Case) -> None:
    for child in case.children.order_by("pk"):
        label = rulebook.procedure(child.procedure).label
        terminal.say("{kind} {number} is a part of it.", kind=label, number=number.said(child.number))


def show(case_: str, key: str, *, as_json: bool) -> None:
    """Print everything about a case that this person may read."""
    actor = acting(key, store.current())
    telling = tell(find.one(case_, actor), actor, language=terminal.language())
    if as_json:
        terminal.line(json.dumps(asdict(telling), ensure_ascii=False, indent=2, default=str))
        return
    for text in layout.case(telling):
        terminal.line(text)


def list_(queue: str, key: str, after: str | None) -> None:
    """Print one page of a queue, next due first, and how to see the next page."""
    city = store.current()
    actor = acting(key, city)
    last = find.one(after, actor) if after else None
    place = (last.next_due, last.pk) if last else None
    page = lists.queue(queue, actor, city, lists.Sieve(), now(), after=place, most=PAGE + 1)
    _rows(rows(page[:PAGE], actor, language=terminal.language()))
    if len(page) > PAGE:
        terminal.aside("More: add --after {number}", number=page[PAGE - 1].number)


def found(words: str, key: str) -> None:
    """Print the cases whose handling copies hold every word, newest first."""
    actor = acting(key, store.current())
    _rows(rows(find.found(words, actor, most=PAGE), actor, language=terminal.language()))


def _rows(shown: Sequence[Row]) -> None:
    if not shown:
        terminal.aside("There is none.")
        return
    head = ("Number", "Kind", "Stage", "Title", "Lead", "Clock", "Due", "How it stands")
    table = [
        (row.number, row.procedure, row.stage, row.title, row.lead, row.clock, row.due, row.stands) for row in shown
    ]
    terminal.table([terminal.words(msgid) for msgid in head], table)


def look(case_: str, key: str, reason: str) -> None:
    """Print who called and the sealed originals; the look and its reason are an entry."""
    actor = acting(key, store.current())
    case = find.one(case_, actor)
    unsealed = identity.look(case, actor, reason)
    for text in layout.unsealed(unsealed, rulebook.procedure(case.procedure).fields):
        terminal.line(text)
    terminal.aside("This look and its reason are in the ledger.")
