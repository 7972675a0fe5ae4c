"""What one allowed act sets: the values after it, gathered in the order in which they depend on each other. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from huying.errors import NothingToAnswer
from huying.ledger.clockwork import Clockwork
from huying.ledger.fold import State, apply, stamp
from huying.ledger.question import Question, count_key, standing
from huying.ledger.vocabulary import ANSWER, count_of

SPOKEN = ("lead", "owner", "category", "area", "outcome", "about")
SEALING = ("confidential", "anonymous")


class Changes:
    """The changes of one act that every gate has let through."""

    def __init__(self, question: Question, word: str, said: Mapping[str, object]) -> None:
        self.q, self.word, self.said = question, word, said
        self.seq = question.state.seq + 1
        self.changes: dict[str, object] = {}

    def sets(self) -> dict[str, object]:
        """The values after the act, ready for the fold."""
        self._spoken()
        if self.q.opening:
            self._opened()
        self._stage()
        self._handlers()
        self._counts()
        self._puts()
        self._led()
        self._sealed()
        self._parts()
        self._versions()
        self._clocks()
        return self.changes

    def _map(self, name: str) -> dict[str, object]:
        found = self.changes.setdefault(name, {})
        assert isinstance(found, dict)
        return found

    def _now(self, name: str) -> str:
        """A text key of the State as it will stand."""
        return str(self.changes.get(name, getattr(self.q.state, name)))

    def _spoken(self) -> None:
        for name in (*SPOKEN, "into", "parent"):
            if name in self.said:
                self.changes[name] = str(self.said[name])
        for name, value in self.said.items():
            declared = self.q.procedure.fields.get(name)
            if declared and declared.keep and name not in self.changes:
                self._map("facts")[name] = self.said.get(count_of(name), value)
        if "spot" in self.said:
            self._map("facts")["spot"] = self.said["spot"]

    def _opened(self) -> None:
        """A case has a lead from its first entry: the desk that opened it. What it is about is handed down."""
        self.changes["procedure"] = self.q.procedure.name
        desk = standing(self.word, self.q) or self.q.city.desk or self.q.city.root.code
        self.changes["opener"] = desk
        self.changes.setdefault("lead", desk)
        if self.q.around.parent is not None:
            self.changes["parent"], self.changes["part"] = self.q.around.parent_number, self.q.around.part
        above = self.q.around.above
        if above is not None:
            handed = {"about": above.about, "sealed": above.sealed}
            self.changes |= {name: value for name, value in handed.items() if value}

    def _stage(self) -> None:
        if self.q.act.to:
            self.changes["stage"] = self.q.act.to
        if self.q.closing:
            self.changes["closed"] = stamp(self.q.at)
        elif self.q.leaving:
            self.changes["closed"] = ""

    def _handlers(self) -> None:
        if not self.q.act.handles:
            return
        if self.word in ("clock", "case"):
            self._map("handlers")[f"organ:{self.q.city.organ(self.q.state.lead)}"] = self.seq
            return
        self._map("handlers")[self.q.actor.key] = self.seq
        if self._organ():
            self._map("handlers")[f"organ:{self._organ()}"] = self.seq

    def _counts(self) -> None:
        if not self.q.act.counts:
            return
        rule = self.q.procedure.counts[self.q.act.counts]
        key = count_key(self.q.procedure, self.q.act.counts, self.q.state)
        done = self.q.state.counts.get(key, 0) + 1
        self._map("counts")[key] = done
        if rule.escalate and done % rule.escalate == 0:
            self.changes["level"] = self.q.state.level + 1

    def _puts(self) -> None:
        constants = {
            "@unit": self.q.actor.unit, "@by": self.word.partition("@")[0], "@actor": self.q.actor.key,
            "@lead": self._now("lead"), "@opener": self.q.state.opener,
            "@now": stamp(self.q.at), "@today": self.q.city.calendar.local(self.q.at).date().isoformat(),
        }  # fmt: skip
        for key, value in self.q.act.puts.items():
            value = constants.get(value, value)
            head, _, name = key.partition(".")
            if head == "fact":
                self._map("facts")[name] = value or None
            else:
                self.changes[key] = value
        if self.q.act.name == "escalate":
            self.changes["level"] = self.q.state.level + 1

    def _led(self) -> None:
        """Before dispatch no desk leads that the case is about; a new lead starts without the old one's handler."""
        lead, about = self._now("lead"), self._now("about")
        accused = self.q.city.subtree(about) if about else frozenset()
        if lead in accused and (not self.q.dispatched or "lead" in self.q.act.puts):
            desk = standing(self.word, self.q)
            lead = desk if desk and desk not in accused else self.q.city.unit(about).parent
            self.changes["lead"] = lead
        if lead != self.q.state.lead and self.q.state.owner:
            self.changes.setdefault("owner", "")

    def _sealed(self) -> None:
        """Sealing goes one way: a wish or a report of wrongdoing seals, and nothing that is said later unseals."""
        facts = self.changes.get("facts")
        facts = facts if isinstance(facts, Mapping) else {}
        wish = str(facts.get("wish") or "")
        if facts.get("type") == "report":
            self.changes["sealed"] = "report"
        elif wish in SEALING and self._now("sealed") != "report":
            self.changes["sealed"] = wish

    def _parts(self) -> None:
        children = self.said.get("children")
        if self.q.act.opens and isinstance(children, int):
            part = self.q.act.part
            old = self.q.state.children.get(part)
            grown = (old.open if old else 0) + children
            self._map("children")[part] = {"open": grown, "closed": old.closed if old else 0}

    def _versions(self) -> None:
        if not self.q.act.quiet or self.q.opening:
            self.changes["turn"] = self.seq
        if self.q.city.version != self.q.state.city:
            self.changes["city"] = self.q.city.version
        if self.q.procedure.digest != self.q.state.rule:
            self.changes["rule"] = self.q.procedure.digest

    def _clocks(self) -> None:
        work = Clockwork(
            self.q.procedure, self._after(), self.q.actor, self._organ(), self.q.at, self.q.city, self.said
        )
        act = self.q.act
        if self.word == "clock":
            self._rung(work)
        for name in (*act.stops, *act.answers):
            work.stop(name)
        for name in act.pauses:
            work.pause(name)
        for name in act.resumes:
            work.resume(name, act.grants)
        for name in act.starts:
            work.start(name)
        for name in act.moves:
            work.move(name, most=act.most)
        for name in act.reckons:
            work.reckon(name, later=act.later)
        if self.word == "import":
            work.as_source(closing=self.q.closing)
        if act.name == "fix_date":
            work.fix_dates()
        if act.name == "answered":
            work.answered(ANSWER)
        work.settle(closing=self.q.closing)
        if work.changed:
            self._map("clocks").update({name: clock.to_json() for name, clock in work.changed.items()})

    def _after(self) -> State:
        """The State with what was said and put already in it: a new category decides the new limit."""
        return replace(apply(self.q.state, self.seq, self.changes), seq=self.q.state.seq)

    def _organ(self) -> str:
        """The body for which the actor acts now: that of the post which let them, not of every post they hold."""
        unit = standing(self.word, self.q)
        return self.q.city.organ(unit) if unit else ""

    def _rung(self, work: Clockwork) -> None:
        """The runner acts only for a clock that has passed: `pass` names it, a `then` act finds it."""
        clock = str(self.said.get("clock", ""))
        if self.q.act.name == "pass":
            work.passed(clock, then=False)
            return
        if clock:
            work.climbed(clock)
            return
        due = [n for n, rule in self.q.procedure.clocks.items() if rule.then == self.q.act.name]
        rung = [
            n for n in due if (c := self.q.state.clocks.get(n)) and c.running and c.next and c.next <= stamp(self.q.at)
        ]
        if not rung and due:
            raise NothingToAnswer(act=self.q.act.label, clock=self.q.procedure.clocks[due[0]].label)
        for name in rung:
            work.passed(name, then=True)
