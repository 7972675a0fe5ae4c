"""A case in words, for every door: what happened, how its clocks stand and why, and what may be done next.

Whoever may see the case reads it; sealed words stay sealed. The number of queries doesn't grow with the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

from huying.city import store
from huying.city.calendar import Calendar
from huying.city.facts import City
from huying.errors import sentence
from huying.ledger import find, number, rulebook
from huying.ledger.actor import Actor, accused, sees
from huying.ledger.fold import Clock, instant
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import now
from huying.ledger.procedure import may
from huying.ledger.told import MOST_RELATIVES, Asked, Deadline, Family, Happened, Open, Relative, Saying, Telling
from huying.ledger.vocabulary import Act, Field, Procedure, count_of, people
from huying.ledger.why import Change, Reasons, changes, stands
from huying.ledger.wording import Wording

MACHINES = frozenset({"clock", "case", "parent"})
"""Words of `by` that are nobody who could be shown an act to do."""


def tell(case: Case, actor: Actor, *, language: str = "zh-Hans", at: datetime | None = None) -> Telling:
    """The case as `actor` may read it. The caller has made sure that they may see it at all (`find.one`)."""
    return Teller(case, actor, language, at or now()).told()


class Teller:
    """Tells one case to one reader: everything is read once, then put into words."""

    def __init__(self, case: Case, actor: Actor, language: str, at: datetime) -> None:
        self.case, self.actor, self.at = case, actor, at
        self.state = case.folded()
        self.city = store.current()
        self.procedures = rulebook.everything()
        self.procedure = self.procedures[self.state.procedure]
        self.entries = list(find.entries(case))
        self.documents = {row.key: row for row in Document.objects.filter(case=case).defer("digest", "salt")}
        self.wording = Wording(self.city, language, self.documents, lambda: self._older)
        # Promise 13: the unit that a case is about never reads the caller's own words.
        self.accused = accused(actor, self.state, self.city)

    @cached_property
    def _older(self) -> City | None:
        """The city when the case was opened: it still knows who and what has left since."""
        number = self.entries[0].sets.get("city") if self.entries else None
        return store.version(number) if isinstance(number, int) and number != self.city.version else None

    def told(self) -> Telling:
        """Everything about the case."""
        case, wording = self.case, self.wording
        return Telling(
            number=number.said(case.number),
            turn=self.state.turn,
            procedure=wording.of(self.procedure.label),
            title="" if self.accused else title(self.documents.values()),
            stage=wording.of(self.procedure.stage(self.state.stage)),
            closed=wording.when(case.closed) if case.closed else "",
            opened=wording.when(case.opened),
            came_from=self._came_from(),
            standing=tuple(self._standing()),
            facts=tuple(self._facts()),
            counts=tuple(self._counts()),
            clocks=self._clocks(),
            family=self._family(),
            timeline=tuple(self._happened(entry) for entry in self.entries),
            acts=self._acts(),
        )

    def _came_from(self) -> str:
        """The platform that a case came from, with its reference there."""
        system, reference = self.case.source_system, self.case.source_ref
        return self.wording.say(OURS[system]) if system in OURS else f"{system} {reference}".strip()

    def _standing(self) -> Iterable[Saying]:
        """Who leads, where and about what it is, and how it ended."""
        state, wording = self.state, self.wording
        found = {
            "lead": (wording.say("lead"), wording.unit(state.lead)),
            "owner": (wording.say("person in charge"), wording.named(state.owner) if state.owner else ""),
            "opener": (wording.say("opened by"), wording.unit(state.opener)),
            "about": (wording.say("about"), wording.unit(state.about)),
            "category": (wording.say("category"), wording.category(state.category) if state.category else ""),
            "area": (wording.say("area"), wording.area(state.area) if state.area else ""),
            "sealed": (wording.say("identity"), wording.say(SEALS[state.sealed]) if state.sealed else ""),
            "level": (wording.say("attention"), wording.say("raised by {n}", n=state.level) if state.level else ""),
            "outcome": (wording.say("outcome"), self._outcome()),
            "verified": (wording.say("verified"), self._verified()),
        }
        return (Saying(name, label, words) for name, (label, words) in found.items() if words)

    def _outcome(self) -> str:
        outcome, declared = self.state.outcome, self.procedure.fields.get("outcome")
        if declared and outcome in declared.of:
            return self.wording.of(declared.of[outcome])
        return self.wording.say(OUTCOMES[outcome]) if outcome in OUTCOMES else outcome

    def _verified(self) -> str:
        """By whom the outcome was confirmed: a word of `by`, the caller's assent, or nobody."""
        word = self.state.verified
        if word in VERIFIED:
            return self.wording.say(VERIFIED[word])
        return self.wording.say("by the {who}", who=people(word)) if word else ""

    def _facts(self) -> Iterable[Saying]:
        for name, value in self.state.facts.items():
            declared = self.procedure.fields.get(name)
            if declared is not None:
                yield self._saying(declared, value, hidden=declared.sealed)

    def _saying(self, declared: Field, value: object, *, hidden: bool) -> Saying:
        words = self.wording.value(declared, value, hidden=hidden)
        return Saying(declared.name, self.wording.of(declared.label), words)

    def _counts(self) -> Iterable[Saying]:
        for key, count in self.state.counts.items():
            name, _, unit = key.partition(":")
            rule = self.procedure.counts.get(name)
            label = self.wording.of(rule.label) if rule else name
            whole = self.wording.say("{name} ({unit})", name=label, unit=self.wording.unit(unit)) if unit else label
            yield Saying(key, whole, str(count))

    def _clocks(self) -> tuple[Deadline, ...]:
        """The running clocks by their end, then those that stand still, then those that stopped."""
        history = changes(self.entries)
        order = {"running": 0, "awaiting": 0, "paused": 1, "stopped": 2}
        told = [
            (order[how(clock)], clock.expected, self._clock(name, clock, history.get(name, [])))
            for name, clock in self.state.clocks.items()
        ]
        return tuple(deadline for _, _, deadline in sorted(told, key=lambda row: row[:2]))

    def _clock(self, name: str, clock: Clock, steps: list[Change]) -> Deadline:
        wording, rule = self.wording, self.procedure.clocks.get(name)
        reasons = Reasons(wording, self._calendar, self._label)
        return Deadline(
            name=name,
            label=wording.of(rule.label) if rule else name,
            on=wording.of(people(rule.on)) if rule else "",
            state=how(clock),
            due=wording.end(instant(clock.expected)),
            first=wording.end(instant(clock.first)) if clock.first else "",
            stands=stands(clock, self.at, wording),
            missed=clock.missed,
            why=() if clock.stopped else reasons.why(steps),
        )

    def _calendar(self, version: int) -> Calendar:
        """The calendar that was in force then."""
        known = version in (0, self.city.version)
        return self.city.calendar if known else store.version(version).calendar

    def _label(self, act: str) -> str:
        """What an act is called; the code where a newer procedure has lost it."""
        return self.wording.of(self.procedure.acts[act].label) if act in self.procedure.acts else act

    def _happened(self, entry: Entry) -> Happened:
        who, unit = self.wording.who(entry.actor)
        declared = self.procedure.acts.get(entry.act)
        return Happened(
            seq=entry.seq,
            act=entry.act,
            label=self._label(entry.act),
            who=who,
            unit=unit,
            at=entry.at,
            when=self.wording.when(entry.at),
            happened=self.wording.when(entry.happened_at) if entry.happened_at else "",
            said=tuple(self._said(entry)),
            quiet=declared is not None and declared.quiet,
        )

    def _said(self, entry: Entry) -> Iterable[Saying]:
        """Every field in the order of the act's declaration; a caller's own words are sealed to the accused."""
        own = self.accused and (entry.seq == 1 or entry.actor == "requester")
        act = self.procedure.acts.get(entry.act)
        counted = set(map(count_of, entry.said))  # beside a list, whose lines are shown
        order = {name: place for place, name in enumerate(act.fields if act else ())}
        for name, value in sorted(entry.said.items(), key=lambda pair: order.get(pair[0], len(order))):
            declared = self.procedure.fields.get(name)
            if entry.act in BETWEEN_CASES:
                yield self._between(entry, name, str(value))
            elif declared is not None:
                yield self._saying(declared, value, hidden=own or declared.sealed)
            elif name not in counted:
                yield Saying(name, name, str(value))

    def _between(self, entry: Entry, name: str, value: str) -> Saying:
        """What the system notes of another case: its number, and the stage that a child came to."""
        if name != "stage":
            return Saying(name, self.wording.say("case"), number.said(value))
        parts = entry.sets.get("children")
        part = next(iter(parts), "") if isinstance(parts, Mapping) else ""
        kind = self.procedures.get(self.procedure.parts.get(part, ""))
        return Saying(name, self.wording.say("stage"), self.wording.of(kind.stage(value)) if kind else value)

    def _family(self) -> Family:
        """The cases around this one, each set with one query."""
        case, state = self.case, self.state
        children = list(case.children.order_by("-closed", "pk")[:MOST_RELATIVES])
        duplicates = list(case.duplicates.order_by("pk")[:MOST_RELATIVES])
        around = [other for other in (case.parent, case.into) if other is not None]
        told = self._relatives([*around, *children, *duplicates])
        return Family(
            parent=told.get(case.parent_id or 0),
            into=told.get(case.into_id or 0),
            source=number.said(state.follows) if state.follows else "",
            children=tuple(told[child.pk] for child in children if child.pk in told),
            children_open=state.open_children,
            children_closed=sum(part.closed for part in state.children.values()),
            duplicates=tuple(told[duplicate.pk] for duplicate in duplicates if duplicate.pk in told),
            duplicates_in_all=len(duplicates) if len(duplicates) < MOST_RELATIVES else case.duplicates.count(),
        )

    def _relatives(self, cases: list[Case]) -> dict[int, Relative]:
        """Other cases in a line each: without its title where it isn't the reader's to see, and a report not at all."""
        named = titles(cases)
        above = {case.pk: self.state if case.parent_id == self.case.pk else None for case in cases}
        seen = {case.pk: sees(self.actor, case.folded(), self.city, above[case.pk]) for case in cases}
        shown = [case for case in cases if seen[case.pk] or case.sealed != "report"]
        return {case.pk: self._relative(case, named.get(case.pk, "") if seen[case.pk] else "") for case in shown}

    def _relative(self, case: Case, named: str) -> Relative:
        procedure = self.procedures[case.procedure]
        return Relative(
            number=number.said(case.number),
            title=named,
            procedure=self.wording.of(procedure.label),
            part=case.part,
            stage=self.wording.of(procedure.stage(case.stage)),
            lead=self.wording.unit(case.lead),
            closed=case.closed is not None,
        )

    def _acts(self) -> tuple[Open, ...]:
        """Every act that a person could do here: open to this actor, or why not."""
        beside = find.around(self.case)
        answers = may(self.procedure, self.state, self.actor, at=self.at, city=self.city, around=beside)
        return tuple(
            self._act(self.procedure.acts[name], "" if refusal is None else sentence(refusal, self.wording.language))
            for name, refusal in answers.items()
            if not MACHINES.issuperset(self.procedure.acts[name].by)
        )

    def _act(self, act: Act, why_not: str) -> Open:
        by = self.wording.joined([self.wording.of(people(word)) for word in act.by if word not in MACHINES])
        return Open(act.name, self.wording.of(act.label), by, why_not, asks(act, self.procedure, self.wording))


def asks(act: Act, procedure: Procedure, wording: Wording) -> tuple[Asked, ...]:
    """The fields of an act as a person is asked for them."""
    fields = [procedure.fields[name] for name in act.fields]
    return tuple(
        Asked(
            name=declared.name,
            label=wording.of(declared.label),
            type=declared.type,
            needed=declared.name in act.needs,
            choices=tuple((code, wording.of(words)) for code, words in declared.of.items()),
        )
        for declared in fields
    )


def how(clock: Clock) -> str:
    """running, paused, stopped, or awaiting where the calendar's year has no notice yet."""
    if clock.stopped:
        return "stopped"
    return "paused" if clock.paused else "awaiting" if clock.awaiting else "running"


def title(documents: Iterable[Document]) -> str:
    """The newest readable title."""
    found = [row for row in documents if row.field == "title" and not row.sealed and row.erased is None]
    return max(found, key=lambda row: row.pk).body if found else ""


def titles(cases: Iterable[Case]) -> Mapping[int, str]:
    """The newest readable title of each case, with one query."""
    rows = Document.objects.filter(case__in=[case.pk for case in cases], field="title", sealed=False, erased=None)
    return dict(rows.order_by("pk").values_list("case_id", "body"))


OURS = {"portal": "the city's page for residents"}
"""Doors of our own: their reference is a mark against sending twice, which nobody needs to read."""
BETWEEN_CASES = frozenset({"child", "joined", "repointed", "cited"})
SEALS = {
    "report": "report of wrongdoing, always sealed",
    "confidential": "confidential",
    "anonymous": "anonymous",
}
OUTCOMES = {
    "referred_out": "referred to another channel",
    "merged": "merged with another case",
    "withdrawn": "withdrawn",
    "unverified": "closed elsewhere, not verified",
}
VERIFIED = {
    "assent": "the caller agreed on the spot; counted apart, never as solved",
    "nobody": "by nobody: the call-back time ran out",
    "source": "by the system it came from",
}
