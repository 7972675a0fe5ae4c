"""A told case as lines of text: head, clocks with their reasons, what happened, what may be done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from huying.cli import terminal
from huying.ledger.identity import Unsealed
from huying.ledger.told import Asked, Deadline, Family, Happened, Open, Relative, Saying, Telling
from huying.ledger.vocabulary import Field


def case(telling: Telling) -> Iterator[str]:
    """Everything about a case."""
    yield terminal.strong(f"{telling.procedure} {telling.number}  {telling.title}".rstrip())
    yield pair(terminal.words("Stage"), _beside(telling.stage, telling.closed))
    yield pair(terminal.words("Opened"), telling.opened)
    if telling.came_from:
        yield pair(terminal.words("Came from"), telling.came_from)
    for saying in (*telling.standing, *telling.facts, *telling.counts):
        yield pair(saying.label, saying.words)
    yield from _family(telling.family)
    yield from _clocks(telling.clocks)
    yield from _timeline(telling.timeline)
    yield from _acts(telling.acts, telling.turn)


def pair(label: str, words: str) -> str:
    """`label：words`, further lines of the words indented."""
    return terminal.words("{label}: {words}", label=label, words=words.replace("\n", "\n    "))


def _section(heading: str) -> Iterator[str]:
    yield ""
    yield terminal.strong(heading)


def _clocks(clocks: Sequence[Deadline]) -> Iterator[str]:
    """Each running clock with its reasons; the others in a line."""
    yield from _section(terminal.words("Clocks"))
    for clock in clocks:
        yield f"  {_beside(clock.label, clock.on)}  {clock.due}  {clock.stands}"
        if clock.first and clock.first != clock.due:
            yield f"      {terminal.words('First due: {due}, kept for ever.', due=clock.first)}"
        for reason in clock.why:
            yield f"      {reason}"


def _timeline(timeline: Sequence[Happened]) -> Iterator[str]:
    yield from _section(terminal.words("What happened"))
    for entry in timeline:
        quiet = " ·" if entry.quiet else ""
        yield f"  {entry.seq}. {entry.when}  {_beside(entry.who, entry.unit)}  {entry.label}{quiet}"
        if entry.happened:
            yield f"      {terminal.words('Happened, as they say: {when}', when=entry.happened)}"
        yield from _said(entry.said)


def _said(said: Iterable[Saying]) -> Iterator[str]:
    for saying in said:
        yield "      " + pair(saying.label, saying.words.replace("\n", "\n      "))


def _family(family: Family) -> Iterator[str]:
    for label, one in ((terminal.words("Part of"), family.parent), (terminal.words("Merged into"), family.into)):
        if one is not None:
            yield pair(label, _relative(one))
    if family.source:
        yield pair(terminal.words("Follows"), family.source)
    for child in family.children:
        yield pair(terminal.words("Part"), _relative(child))
    shown, whole = len(family.children), family.children_open + family.children_closed
    if shown or whole:
        told = terminal.words("{open} open, {closed} closed", open=family.children_open, closed=family.children_closed)
        yield pair(terminal.words("Parts in all"), told)
    for duplicate in family.duplicates:
        yield pair(terminal.words("Same call"), _relative(duplicate))


def _relative(one: Relative) -> str:
    return "  ".join(filter(None, (one.procedure, one.number, one.stage, one.lead, one.title)))


def _acts(acts: Sequence[Open], turn: int) -> Iterator[str]:
    """First what is open to the reader and how it is typed; then everything else and why it isn't."""
    yield from _section(terminal.words("You may now (turn {turn})", turn=turn))
    for act in acts:
        if not act.why_not:
            yield f"  {act.label}  {act.name}"
            yield from (f"      {_asked(field)}" for field in act.asks)
    yield from _section(terminal.words("Not now, or not you"))
    for act in acts:
        if act.why_not:
            yield f"  {act.label}  {act.name}"
            yield f"      {act.why_not}"


def _asked(field: Asked) -> str:
    needed = terminal.words("needed") if field.needed else terminal.words("if you like")
    choices = "、".join(f"{code} {words}" for code, words in field.choices)
    typed = TYPED.get(field.type, "--field {name}=…").replace("{name}", field.name)
    return f"{typed}  {_beside(field.label, needed)}  {choices}".rstrip()


TYPED = {
    "file": "--file {name}=PATH",
    "children": "--child lead=…,due=…",
    "requester": "--name … --phone …",
}


def _beside(name: str, unit: str) -> str:
    """A name with what belongs to it in brackets."""
    return terminal.words("{name} ({unit})", name=name, unit=unit) if unit else name


def unsealed(found: Unsealed, fields: Mapping[str, Field]) -> Iterator[str]:
    """Who called, and their own words under the labels of the fields."""
    labels = {
        "name": terminal.words("Caller's name"), "phone": terminal.words("Phone"),
        "email": terminal.words("E-mail"), "address": terminal.words("Address"),
    }  # fmt: skip
    given = [(labels[name], value) for name, value in vars(found.requester).items() if value]
    yield from (pair(label, value) for label, value in given)
    if not given:
        yield terminal.words("Nobody gave a name or a number.")
    for document in found.originals:
        label = fields[document.field].label if document.field in fields else {}
        yield pair(label.get(terminal.language(), document.field), document.body or document.name)
