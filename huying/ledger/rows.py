"""Many cases, a line each: what lists and registers show, in words, with a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from huying.city import store
from huying.ledger import number, rulebook
from huying.ledger.actor import Actor, accused
from huying.ledger.fold import instant
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.telling import titles
from huying.ledger.vocabulary import Procedure
from huying.ledger.why import stands
from huying.ledger.wording import Wording


@dataclass(frozen=True)
class Row:
    """One case in a list: `clock` is the one that ends next, `due` its end, `stands` what is left of it."""

    number: str
    procedure: str
    stage: str
    title: str
    lead: str
    clock: str
    due: str
    stands: str


def rows(
    cases: Iterable[Case], actor: Actor, *, language: str = "zh-Hans", at: datetime | None = None
) -> Sequence[Row]:
    """The cases in their order, as the actor may read them."""
    shown, moment = list(cases), at or now()
    wording, procedures, named = Wording(store.current(), language), rulebook.everything(), titles(shown)
    return [_row(case, actor, procedures[case.procedure], named.get(case.pk, ""), wording, moment) for case in shown]


def _row(case: Case, actor: Actor, procedure: Procedure, title: str, wording: Wording, at: datetime) -> Row:
    state = case.folded()
    running = sorted(state.running.items(), key=lambda pair: pair[1].expected)[:1]
    name, clock = running[0] if running else ("", None)
    return Row(
        number=number.said(case.number),
        procedure=wording.of(procedure.label),
        stage=wording.of(procedure.stage(case.stage)),
        title="" if accused(actor, state, wording.city) else title,
        lead=wording.unit(case.lead),
        clock=wording.of(procedure.clocks[name].label) if name in procedure.clocks else name,
        due=wording.end(instant(clock.expected)) if clock else "",
        stands=stands(clock, at, wording) if clock else "",
    )
