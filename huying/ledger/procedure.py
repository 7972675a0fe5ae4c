"""What a procedure's words mean: may this person do this act now, and what does it set. Pure.

`decide` is the only place where a rule about a case is applied; `record` writes what it returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from huying.city.facts import City
from huying.errors import (
    CannotMerge,
    DoerIsJudge,
    LeadIsAccused,
    MayNotLead,
    NoAssent,
    NoCopy,
    NotAllowed,
    NothingToAnswer,
    OpenChildren,
    OthersMerged,
    OwnQuestion,
    ParentClosed,
    Refused,
    TooLate,
    TooOften,
    WrongStage,
    WrongWhen,
)
from huying.ledger import number, timewords
from huying.ledger.actor import Actor, Around, accused, fits, may_unseal
from huying.ledger.clockwork import ANSWER, Clockwork
from huying.ledger.fold import State, apply, instant, stamp
from huying.ledger.vocabulary import Act, Field, Procedure, Words, listed, people

UNSEALERS = ("intake", "callback", "handler@lead")
_UNSAID = {"zh-Hans": "未填", "en": "not said"}
SPOKEN = ("lead", "owner", "category", "area", "outcome", "about")


@dataclass(frozen=True)
class Question:
    """One act on one case by one actor at one time: what the gates and the changes read."""

    procedure: Procedure
    state: State
    act: Act
    actor: Actor
    at: datetime
    city: City
    around: Around = field(default_factory=Around)

    @property
    def opening(self) -> bool:
        return not self.state.stage

    @property
    def leaving(self) -> bool:
        """From a final stage to an open one."""
        return bool(self.state.closed) and self.act.to in self.procedure.stages

    @property
    def closing(self) -> bool:
        """From an open stage into a final one."""
        return not self.state.closed and self.act.to in self.procedure.final


def decide(
    procedure: Procedure,
    state: State,
    act: str,
    actor: Actor,
    said: Mapping[str, object],
    *,
    at: datetime,
    city: City,
    around: Around | None = None,
) -> dict[str, object]:
    """What the act sets: the values after it, ready for the fold.

    `said` has been read by `said.py`: ids, codes, dates, booleans and whole numbers only. `at` is the
    server's aware time and judges every clock. Raises a Refused that says who, where or why not.
    """
    question = Question(procedure, state, procedure.act(act), actor, at, city, around or Around())
    word = gate(question)
    _judge_said(question, said)
    return _Changes(question, word, said).sets()


def may(
    procedure: Procedure, state: State, actor: Actor, *, at: datetime, city: City, around: Around | None = None
) -> dict[str, Refused | None]:
    """Every act by name: None where it is open to this actor now, else why it isn't."""
    answers: dict[str, Refused | None] = {}
    for act in procedure.acts.values():
        if act.begins and state.stage:
            continue
        try:
            gate(Question(procedure, state, act, actor, at, city, around or Around()))
            answers[act.name] = None
        except Refused as refusal:
            answers[act.name] = refusal
    return answers


def gate(question: Question) -> str:
    """The word of `by` that lets the actor act; raises the first Refused that stands in the way."""
    _stage(question)
    word = _who(question)
    _when(question)
    for rule in question.act.rules:
        RULES[rule](question)
    _answers(question)
    _judges(question)
    _children(question)
    _often(question)
    return word


def _stage(q: Question) -> None:
    stages = q.act.from_
    if q.opening != q.act.begins:
        fit = False
    elif q.opening or "any" in stages:
        fit = True
    else:
        fit = q.state.stage in stages if stages else not q.state.closed
    if not fit:
        open_at = stages or tuple(q.procedure.stages)
        here = q.procedure.stage(q.state.stage) if q.state.stage else {"zh-Hans": "未登记", "en": "not opened"}
        raise WrongStage(act=q.act.label, stage=here, stages=listed(q.procedure.stage(stage) for stage in open_at))


def _who(q: Question) -> str:
    hidden = not q.opening and accused(q.actor, q.state, q.city) and q.state.sealed == "report"
    for word in q.act.by:
        if not hidden and fits(word, q.actor, q.state, q.city, q.around):
            return word
    raise NotAllowed(actor=_named(q.actor.key, q.city), act=q.act.label, by=listed(people(word) for word in q.act.by))


def _named(key: str, city: City) -> object:
    """Somebody's name; the requester, the clock and the system have none."""
    return city.people[key].name if key in city.people else people(key)


def _when(q: Question) -> None:
    for name, values in q.act.when.items():
        kept = q.state.outcome if name == "outcome" else str(q.state.facts.get(name, ""))
        if kept not in values:
            field = q.procedure.fields[name]
            wanted = listed(_choice(field, value) for value in values)
            raise WrongWhen(act=q.act.label, field=field.label, values=wanted, value=_choice(field, kept))


def _choice(field: Field, value: str) -> Words:
    return field.of.get(value) or ({"zh-Hans": value, "en": value} if value else _UNSAID)


def _copied(q: Question) -> None:
    """Sealed words go to no unit before a clerk has made the handling copy (design.md, Documents)."""
    if q.state.sealed and "handling_copy" not in q.state.facts:
        raise NoCopy(act=q.act.label)


def _before_due(q: Question) -> None:
    """An extension is asked for before the due time (domain.md §3.5)."""
    answer = q.state.clocks.get(ANSWER)
    if answer is not None and answer.due is not None and stamp(q.at) > answer.due:
        due = timewords.in_words(instant(answer.due), q.city.calendar)
        raise TooLate(act=q.act.label, due=due)


def _assent(q: Question) -> None:
    """The one exception to "the doer is not the judge": a consultation, with the caller's assent (promise 9)."""
    if q.state.facts.get("type") != "consult":
        raise NoAssent()


def _alone(q: Question) -> None:
    """A survivor isn't withdrawn while others wait for its answer: its requester steps out by a note."""
    if q.around.duplicates:
        raise OthersMerged(act=q.act.label)


def _unsealing(q: Question) -> None:
    """Who called, and their own words, are for few (promise 13)."""
    if not may_unseal(q.actor, q.state, q.city):
        raise NotAllowed(actor=_named(q.actor.key, q.city), act=q.act.label, by=listed(map(people, UNSEALERS)))


RULES = {"alone": _alone, "copied": _copied, "before_due": _before_due, "assent": _assent, "unsealing": _unsealing}


def _answers(q: Question) -> None:
    """A question must be open, and whoever asked it doesn't answer it."""
    for name in q.act.answers:
        clock = q.state.clocks.get(name)
        if clock is None or not clock.running:
            raise NothingToAnswer(act=q.act.label, clock=q.procedure.clocks[name].label)
        same_person = clock.by == q.actor.key
        same_organ = q.act.apart == "organ" and clock.organ and clock.organ in organs(q.actor, q.city)
        if same_person or same_organ:
            raise OwnQuestion(act=q.act.label, who=_named(clock.by, q.city))


def organs(actor: Actor, city: City) -> frozenset[str]:
    """The bodies at which the actor's independence is judged: those of all units they stand at."""
    return frozenset(city.organ(unit) for unit in actor.units())


def standing(word: str, q: Question) -> str:
    """The unit at which the actor stands when `word` of `by` lets them act."""
    role, _, relation = word.partition("@")
    related = {"lead": q.state.lead, "opener": q.state.opener}
    if q.around.parent is not None:
        related["parent_lead"] = q.around.parent.lead
    if (relation or role) in related:
        return related[relation or role]
    posts = [post.unit for post in q.actor.posts if post.role == role]
    return q.actor.unit if q.actor.unit in posts or not posts else posts[0]


def _judges(q: Question) -> None:
    """Whoever closes is no person and no organ that handled the case; there is no key to weaken it."""
    if not q.closing or "assent" in q.act.rules:
        return
    for who in (q.actor.key, *(f"organ:{organ}" for organ in organs(q.actor, q.city))):
        if who in q.state.handlers:
            raise DoerIsJudge(act=q.act.label, who=_doer(who, q.city))


def _doer(who: str, city: City) -> object:
    kind, _, unit = who.partition(":")
    if kind == "organ":
        return city.units[unit].name if unit in city.units else unit
    return _named(who, city)


def _children(q: Question) -> None:
    """A final act waits for every child; another for the parts it names."""
    parts = q.state.children if q.closing else q.act.waits
    still = [part for part in parts if part in q.state.children and q.state.children[part].open]
    if still:
        count = sum(q.state.children[part].open for part in still)
        raise OpenChildren(act=q.act.label, count=count, parts=listed(q.procedure.part(part) for part in still))
    if q.leaving and q.around.parent is not None and q.around.parent.closed:
        raise ParentClosed(number=number.said(q.state.parent))


def count_key(procedure: Procedure, count: str, state: State) -> str:
    """The name under which a count is kept: apart per lead where the procedure says so."""
    return f"{count}:{state.lead}" if procedure.counts[count].per == "lead" else count


def _often(q: Question) -> None:
    if not q.act.counts:
        return
    rule = q.procedure.counts[q.act.counts]
    done = q.state.counts.get(count_key(q.procedure, q.act.counts, q.state), 0)
    if rule.most and done >= rule.most:
        raise TooOften(act=q.act.label, most=rule.most)


def _judge_said(q: Question, said: Mapping[str, object]) -> None:
    """What depends on what was said: the lead may lead, assent was given, the survivor is fit."""
    if "lead" in said:
        _judge_lead(q, str(said["lead"]), str(said.get("about") or q.state.about))
    if "assent" in q.act.rules and said.get("assent") is not True:
        raise NoAssent()
    if "into" in said:
        _judge_merge(q, str(said["into"]))


def _judge_lead(q: Question, lead: str, about: str) -> None:
    unit = q.city.unit(lead)
    if not unit.may_lead:
        raise MayNotLead(unit=unit.name)
    if about and lead in q.city.subtree(about):
        raise LeadIsAccused(unit=unit.name, about=q.city.unit(about).name)


def _judge_merge(q: Question, into: str) -> None:
    """A survivor is open, of the same procedure, isn't merged, and has promised if this one has."""
    survivor = q.around.survivor
    spoken = number.said(into)
    if survivor is None or into == q.around.number:
        raise CannotMerge(number=spoken, why={"zh-Hans": "不能并入自己", "en": "it is this case itself"})
    if survivor.closed or survivor.into or survivor.procedure != q.state.procedure:
        raise CannotMerge(
            number=spoken,
            why={"zh-Hans": "它已办结、已并单或不是同一种事项", "en": "it is closed, merged, or of another kind"},
        )
    if ANSWER in q.state.clocks and ANSWER not in survivor.clocks:
        raise CannotMerge(
            number=spoken,
            why={
                "zh-Hans": "它还没有派出，而本件已有答复期限",
                "en": "it hasn't been dispatched, but this one has a due date",
            },
        )


class _Changes:
    """The changes of one act, gathered in the order in which they depend on each other."""

    def __init__(self, question: Question, word: str, said: Mapping[str, object]) -> None:
        self.q, self.word, self.said = question, word, said
        self.seq = question.state.seq + 1
        self.changes: dict[str, object] = {}

    def sets(self) -> dict[str, object]:
        self._spoken()
        self._stage()
        self._handlers()
        self._counts()
        self._puts()
        self._parts()
        self._versions()
        self._clocks()
        return self.changes

    def _map(self, name: str) -> dict[str, object]:
        found = self.changes.setdefault(name, {})
        assert isinstance(found, dict)
        return found

    def _spoken(self) -> None:
        for name in (*SPOKEN, "into", "parent"):
            if name in self.said:
                self.changes[name] = str(self.said[name])
        for name, value in self.said.items():
            declared = self.q.procedure.fields.get(name)
            if declared and declared.keep and name not in self.changes:
                self._map("facts")[name] = value
        if "spot" in self.said:
            self._map("facts")["spot"] = self.said["spot"]
        if self.q.opening:
            self._opened()
        if "about" in self.changes:
            self._gives_way(str(self.changes["about"]))
        if "lead" in self.changes and self.changes["lead"] != self.q.state.lead and self.q.state.owner:
            self.changes.setdefault("owner", "")

    def _opened(self) -> None:
        """A case has a lead from its first entry: the desk that opened it."""
        self.changes["procedure"] = self.q.procedure.name
        desk = self.q.actor.unit or self.q.city.desk or self.q.city.root.code
        self.changes["opener"] = desk
        self.changes.setdefault("lead", desk)
        wish = str(self.said.get("wish", "ordinary"))
        report = self.said.get("type") == "report"
        if self.q.around.parent is not None:
            self.changes["parent"], self.changes["part"] = self.q.around.parent_number, self.q.around.part
        sealed = "report" if report else wish if wish in ("confidential", "anonymous") else ""
        if sealed:
            self.changes["sealed"] = sealed

    def _gives_way(self, about: str) -> None:
        """A lead that turns out to be the accused gives way to the desk that acts (promise 13)."""
        lead = str(self.changes.get("lead", self.q.state.lead))
        if lead in self.q.city.subtree(about):
            desk = standing(self.word, self.q) or lead
            _judge_lead(self.q, desk, about)
            self.changes["lead"] = desk

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
        constants = {"@unit": self.q.actor.unit, "@by": self.word.partition("@")[0], "@actor": self.q.actor.key}
        for key, value in self.q.act.puts.items():
            value = constants.get(value, value)
            head, _, name = key.partition(".")
            if head == "fact":
                self._map("facts")[name] = value or None
            else:
                self.changes[key] = value
        if self.q.act.name == "escalate":
            self.changes["level"] = self.q.state.level + 1

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
            work.move(name)
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
        if self.q.act.name == "pass":
            work.passed(str(self.said.get("clock", "")), then=False)
            return
        due = [n for n, rule in self.q.procedure.clocks.items() if rule.then == self.q.act.name]
        rung = [
            n for n in due if (c := self.q.state.clocks.get(n)) and c.running and c.next and c.next <= stamp(self.q.at)
        ]
        if not rung and due:
            raise NothingToAnswer(act=self.q.act.label, clock=self.q.procedure.clocks[due[0]].label)
        for name in rung:
            work.passed(name, then=True)


def child_moved(parent: State, part: str, *, left: str, joined: str, handlers: Mapping[str, int]) -> dict[str, object]:
    """What a child's step sets on its parent: one moves from `left` to `joined` (open, closed or "").

    The child's handlers bring their organs along, not the persons: that set must stay small.
    """
    old = parent.children.get(part)
    counts = {"open": old.open if old else 0, "closed": old.closed if old else 0}
    if left:
        counts[left] -= 1
    if joined:
        counts[joined] += 1
    seq = parent.seq + 1
    new = {who: seq for who in handlers if who.startswith("organ:") and who not in parent.handlers}
    return {"children": {part: counts}} | ({"handlers": new} if new else {})
