"""What is kept about people on the command line: shown to whom it is about, and erased."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime

from huying.city import store
from huying.city.facts import City
from huying.cli import layout, terminal
from huying.cli.cases import acting
from huying.keeping import forget, person, persons, scrub
from huying.ledger import administration, number
from huying.ledger.timewords import moment


def _whose(who: str) -> str:
    """A telephone number or a case's number; `-` reads it from the pipe, so that it stands in no shell history."""
    return sys.stdin.readline().strip() if who == "-" else who


def show(who: str, key: str, reason: str, *, as_json: bool) -> None:
    """Print everything that is kept about a person; the look and its reason are in the ledger of each case."""
    city = store.current()
    found = person.show(_whose(who), acting(key, city), reason, language=terminal.language())
    if as_json:
        rows = [kept.plain() for kept in found]
        terminal.line(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    else:
        for kept in found:
            for text in _lines(kept, city):
                terminal.line(text)
    terminal.aside("This look and its reason are in the ledger.")


def _lines(kept: person.Kept, city: City) -> Iterator[str]:
    language = terminal.language()
    yield terminal.strong(f"{kept.kind[language]} {kept.number}")
    if kept.hidden:
        yield f"  {kept.hidden}"
        return
    category, area = city.categories.get(kept.category), city.areas.get(kept.area)
    rows = {
        terminal.words("Registered on"): _when(kept.opened, city),
        terminal.words("Stage"): kept.stage[language] if kept.stage else "",
        terminal.words("Closed"): _when(kept.closed, city),
        terminal.words("Category"): category.name[language] if category else "",
        terminal.words("Area"): area.name[language] if area else "",
        terminal.words("Source"): kept.source,
        terminal.words("Caller's name"): kept.name,
        terminal.words("Phone"): kept.phone,
        terminal.words("E-mail"): kept.email,
        terminal.words("Address"): kept.address,
    }
    yield from (f"  {layout.pair(label, value)}" for label, value in rows.items() if value)
    if kept.forgotten:
        yield f"  {terminal.words('The personal information of this case is erased.')}"
    yield from (f"  {text}" for text in _papers(kept, city))


def _papers(kept: person.Kept, city: City) -> Iterator[str]:
    language = terminal.language()
    for paper in kept.papers:
        whose = terminal.words("in their own words") if paper.theirs else terminal.words("by those who handled it")
        shown = paper.text or f"{paper.name} ({paper.media}, {paper.bytes:,} B)"
        label = terminal.words("{name} ({unit})", name=paper.field[language], unit=whose)
        yield f"{_when(paper.at, city)}  {layout.pair(label, shown)}"
    for look in kept.looks:
        who = city.people[look.who].name if look.who in city.people else look.who
        yield terminal.words("{when}: {who} looked at who called: {reason}", when=_when(look.at, city), who=who,
                             reason=look.reason)  # fmt: skip
    for channel, at, state in kept.letters:
        yield terminal.words(
            "A letter by {channel}: {state} {when}", channel=channel, state=state, when=_when(at, city)
        )
    if kept.links:
        yield terminal.words("{count} personal link(s), as hashes only.", count=kept.links)


def _when(at: datetime | None, city: City) -> str:
    return moment(at, city.calendar, terminal.language()) if at else ""


def erase(who: str, ground: str, key: str | None) -> None:
    """Erase what is kept about a person and say what was done. Raises NotAllowed, StillOpen, Held, UnknownCaller."""
    actor = administration.administrator(store.current(), "security", key=key)
    erased = forget.forget(persons.cases_of(_whose(who)), actor, ground)
    if not erased.cases:
        terminal.say("There is nothing left to erase.")
        return
    told = "、".join(map(number.said, erased.cases))
    terminal.say("Erased: {count} case(s) ({cases}), {files} file(s).", count=len(erased.cases), cases=told,
                 files=erased.files)  # fmt: skip
    _room(done=erased.scrubbed)


def scrubbed() -> None:
    """Write anew what holds erased rows, however large it is."""
    _room(done=scrub.scrub(most=None))


def _room(*, done: bool) -> None:
    if done:
        terminal.say("The database's files hold nothing of it any more.")
    else:
        terminal.aside("The freed room is still to be overwritten: run `huying scrub` when few people work.")
