"""The rows of a list in words: lamp and reason, what it is, where it stands, what is due next, what happened last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from huying.ledger import clock as counting
from huying.ledger import lists, number, rulebook
from huying.ledger.actor import accused
from huying.ledger.clockwork import unit_of
from huying.ledger.fold import State, instant
from huying.ledger.models import Case
from huying.ledger.vocabulary import Procedure
from huying.metrics.lamps import Lamp, lamp

if TYPE_CHECKING:
    from huying.desk.visitor import Visitor


@dataclass(frozen=True)
class Line:
    """One case as a row says it."""

    number: str
    spoken: str
    title: str
    kind: str
    area: str
    category: str
    sealed: str
    flags: tuple[str, ...]
    stage: str
    lead: str
    lamp: Lamp
    clock: str
    stands: str
    due: datetime | None
    last: str
    last_at: datetime | None
    facts: Mapping[str, str]
    parts: tuple[int, int] = (0, 0)

    @property
    def share(self) -> int:
        """How many of a hundred parts are closed."""
        return 100 * self.parts[0] // self.parts[1] if self.parts[1] else 0


def lines(cases: Iterable[Case], visitor: Visitor, *, facts: bool = False) -> list[Line]:
    """The rows of these cases, a handful of queries for all of them."""
    cases = list(cases)
    states = {case.pk: case.folded() for case in cases}
    hidden = {pk for pk, state in states.items() if accused(visitor.actor, state, visitor.city)}
    procedures = rulebook.everything()
    kept = lists.facts(cases) if facts else {}
    found = lists.rows(cases, hidden=hidden)
    return [_Writer(row, states[row.case.pk], procedures, visitor, kept.get(row.case.pk, {})).line() for row in found]


def colours(cases: Iterable[Case], visitor: Visitor) -> Iterator[tuple[Case, str]]:
    """The lamp of each case, without the other words of a row."""
    cases = list(cases)
    done, procedures = lists.last(cases), rulebook.everything()
    for case in cases:
        active = done[case.pk].at if case.pk in done else case.opened
        yield case, lamp(case.folded(), procedures[case.procedure], active, visitor.at, visitor.wording).colour


class _Writer:
    """Writes one row."""

    def __init__(
        self,
        row: lists.Row,
        state: State,
        procedures: Mapping[str, Procedure],
        visitor: Visitor,
        facts: Mapping[str, str],
    ) -> None:
        self.row, self.state, self.visitor, self.facts = row, state, visitor, facts
        self.procedure = procedures[state.procedure]
        self.wording = visitor.wording

    def line(self) -> Line:
        """The row."""
        case, last, wording, state = self.row.case, self.row.last, self.wording, self.state
        acts = self.procedure.acts
        clock, stands, due = self._next()
        path = self.visitor.city.category_path(state.category)[:2]
        return Line(
            number=case.number,
            spoken=number.said(case.number),
            title=self.row.title or wording.of(self.procedure.label),
            kind=wording.of(self.procedure.label),
            area=wording.area(state.area) if state.area else "",
            category=" › ".join(wording.of(self.visitor.city.categories[code].name) for code in reversed(path)),
            sealed=wording.say(SEALS[state.sealed]) if state.sealed else "",
            flags=tuple(self._flags()),
            stage=wording.of(self.procedure.stage(state.stage)),
            lead=wording.unit(state.lead),
            lamp=lamp(state, self.procedure, last.at if last else case.opened, self.visitor.at, wording),
            clock=clock,
            stands=stands,
            due=due,
            last=wording.of(acts[last.act].label) if last and last.act in acts else "",
            last_at=last.at if last else None,
            facts={name: self._fact(name, value) for name, value in self.facts.items()},
            parts=self._parts(),
        )

    def _next(self) -> tuple[str, str, datetime | None]:
        """The clock that ends next: its name, how it stands, when it ends."""
        running = sorted(self.state.running.items(), key=lambda pair: pair[1].expected)
        if not running:
            return "", "", None
        name, clock = running[0]
        label = self.wording.of(self.procedure.clocks[name].label) if name in self.procedure.clocks else name
        due, calendar = instant(clock.expected), self.visitor.city.calendar
        stands = counting.stand(self.visitor.at, due, calendar, unit_of(clock.limit), self.visitor.language)
        return label, stands, due

    def _flags(self) -> list[str]:
        """What else a clerk wants to see at once: counts that are worth a word, open parts."""
        wording, found = self.wording, []
        for name in ("redo", "transfer", "chase"):
            done = sum(n for key, n in self.state.counts.items() if key.partition(":")[0] == name)
            if done and name in self.procedure.counts:
                found.append(wording.say("{name} {n}", name=wording.of(self.procedure.counts[name].label), n=done))
        closed, parts = self._parts()
        if parts:
            found.append(wording.say("parts {closed} of {all}", closed=closed, all=parts))
        return found

    def _parts(self) -> tuple[int, int]:
        """How many of the case's parts are closed, and how many there are."""
        parts = sum(part.open + part.closed for part in self.state.children.values())
        return parts - self.state.open_children, parts

    def _fact(self, name: str, value: str) -> str:
        declared = self.procedure.fields.get(name)
        return self.wording.value(declared, value) if declared else value


SEALS = {"report": "sealed report", "confidential": "confidential", "anonymous": "anonymous"}
