"""What a procedure's words mean: may this person do this act now, and what does it set. Pure.

`decide` is the only place where a rule about a case is applied; `record` writes what it returns. The named
rules stand in `rules.py`, what an act sets in `changes.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from huying.city.facts import City
from huying.errors import (
    Accused,
    BadValue,
    CannotMerge,
    DoerIsJudge,
    Forgotten,
    LeadIsAccused,
    MayNotLead,
    MissingField,
    NotAllowed,
    NothingToAnswer,
    NotInHouse,
    OpenChildren,
    OwnQuestion,
    ParentClosed,
    Refused,
    SaidOnce,
    TooEarly,
    TooOften,
    WrongStage,
    WrongWhen,
)
from huying.ledger import number
from huying.ledger.actor import Actor, Around, accused, fits, person, same_house
from huying.ledger.changes import Changes
from huying.ledger.fold import State, instant, stamp
from huying.ledger.question import Question, called, count_key, doer, organs
from huying.ledger.rules import GATES, SAYINGS
from huying.ledger.timewords import in_words
from huying.ledger.vocabulary import ANSWER, Field, Procedure, Words, listed, people

_UNSAID = {"zh-Hans": "未填", "en": "not said"}
_NOT_THE_CITY = {"zh-Hans": "一个具体单位，不能是全市", "en": "one unit, not the whole city"}


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
    return Changes(question, word, said).sets()


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
    _beside(question)
    _remembered(question)
    _when(question)
    _after(question)
    for rule in question.act.rules:
        if rule in GATES:
            GATES[rule](question)
    _judges(question)
    _answers(question)
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
    """Nobody acts in a case that is about their own unit; a report of wrongdoing doesn't even tell them so."""
    mine = not q.opening and accused(q.actor, q.state, q.city)
    if mine and q.state.sealed != "report":
        raise Accused(actor=called(q.actor.key, q.city), about=q.city.unit(q.state.about).name)
    for word in q.act.by:
        if not mine and fits(word, q.actor, q.state, q.city, q.around):
            return word
    by = listed(people(word) for word in q.act.by)
    raise NotAllowed(actor=called(q.actor.key, q.city), act=q.act.label, by=by)


def _remembered(q: Question) -> None:
    """Without its words nobody can go on with a case; only the system's own steps go on."""
    if q.state.forgotten and not q.act.quiet and "case" not in q.actor.relations:
        raise Forgotten(act=q.act.label)


def _when(q: Question) -> None:
    for name, values in q.act.when.items():
        kept = q.state.outcome if name == "outcome" else str(q.state.facts.get(name, ""))
        if kept not in values:
            field = q.procedure.fields[name]
            wanted = listed(_choice(field, value) for value in values)
            raise WrongWhen(act=q.act.label, field=field.label, values=wanted, value=_choice(field, kept))


def _after(q: Question) -> None:
    """Nobody is called late or absent before their time has passed."""
    for name in q.act.after:
        clock = q.state.clocks.get(name)
        if clock is not None and stamp(q.at) <= clock.expected:
            raise TooEarly(act=q.act.label, due=in_words(instant(clock.expected), q.city.calendar))


def _choice(field: Field, value: str) -> Words:
    return field.of.get(value) or ({"zh-Hans": value, "en": value} if value else _UNSAID)


def _answers(q: Question) -> None:
    """A question must be open, and whoever asked it doesn't answer it."""
    for name in q.act.answers:
        clock = q.state.clocks.get(name)
        if clock is None or not clock.running:
            raise NothingToAnswer(act=q.act.label, clock=q.procedure.clocks[name].label)
        same_person = clock.by == q.actor.key
        same_organ = q.act.apart == "organ" and clock.organ and clock.organ in organs(q.actor, q.city)
        if same_person or same_organ:
            raise OwnQuestion(act=q.act.label, who=called(clock.by, q.city))


def _judges(q: Question) -> None:
    """Whoever closes is no person and no organ that handled the case; there is no key to weaken it."""
    if q.closing and "assent" not in q.act.rules:
        _no_doer(q, q.actor)


def _beside(q: Question) -> None:
    """Nobody who handled the case, or whom it is about, speaks for its requester by their link (promises 9, 13)."""
    beside = q.actor.beside
    if beside is None:
        return
    if accused(beside, q.state, q.city):
        raise Accused(actor=called(beside.key, q.city), about=q.city.unit(q.state.about).name)
    _no_doer(q, beside)


def _no_doer(q: Question, actor: Actor) -> None:
    for who in (actor.key, *(f"organ:{organ}" for organ in sorted(organs(actor, q.city)))):
        if who in q.state.handlers:
            raise DoerIsJudge(act=q.act.label, who=doer(who, q.city))


def _children(q: Question) -> None:
    """A final act waits for every child; another for the parts it names."""
    parts = q.state.children if q.closing else q.act.waits
    _no_open(q, [part for part in parts if part in q.state.children and q.state.children[part].open])
    if q.leaving and q.around.parent is not None and q.around.parent.closed:
        raise ParentClosed(number=number.said(q.state.parent))


def _no_open(q: Question, parts: list[str]) -> None:
    if parts:
        count = sum(q.state.children[part].open for part in parts)
        raise OpenChildren(act=q.act.label, count=count, parts=listed(q.procedure.part(part) for part in parts))


def _often(q: Question) -> None:
    if not q.act.counts:
        return
    rule = q.procedure.counts[q.act.counts]
    done = q.state.counts.get(count_key(q.procedure, q.act.counts, q.state), 0)
    if rule.most and done >= rule.most:
        raise TooOften(act=q.act.label, most=rule.most)


def _judge_said(q: Question, said: Mapping[str, object]) -> None:
    """What depends on what was said: what must be known, the named rules, the lead, the owner, the survivor."""
    _known(q, said)
    for rule in q.act.rules:
        if rule in SAYINGS:
            SAYINGS[rule](q, said)
    _judge_about(q, said)
    if "lead" in said:
        _judge_lead(q, str(said["lead"]), q.about or str(said.get("about", "")))
    lead = str(said.get("lead") or q.state.lead)
    if "owner" in said and lead:
        _judge_owner(q, str(said["owner"]), lead)
    if "into" in said:
        _judge_merge(q, str(said["into"]))


def _known(q: Question, said: Mapping[str, object]) -> None:
    """What must be known is said now or stands already; what is said once stays."""
    for name in q.act.knows:
        if name not in said and not (getattr(q.state, name, "") or q.state.facts.get(name)):
            raise MissingField(act=q.act.label, field=q.procedure.fields[name].label)
    for name in said:
        if name in q.procedure.fields and q.procedure.fields[name].once and name in q.state.facts:
            raise SaidOnce(field=q.procedure.fields[name].label)


def _judge_about(q: Question, said: Mapping[str, object]) -> None:
    """A case comes to be about a unit only while that unit neither leads it nor a part of it."""
    about = str(said.get("about", ""))
    if not about or about == q.about:
        return
    if about == q.city.root.code:
        raise BadValue(field=q.procedure.fields["about"].label, value=q.city.root.name, expected=_NOT_THE_CITY)
    _no_open(q, [part for part, count in q.state.children.items() if count.open])
    if q.dispatched and "lead" not in said and q.state.lead in q.city.subtree(about):
        raise LeadIsAccused(unit=q.city.unit(q.state.lead).name, about=q.city.unit(about).name)


def _judge_lead(q: Question, lead: str, about: str) -> None:
    unit = q.city.unit(lead)
    if not unit.may_lead:
        raise MayNotLead(unit=unit.name)
    if about and lead in q.city.subtree(about):
        raise LeadIsAccused(unit=unit.name, about=q.city.unit(about).name)


def _judge_owner(q: Question, owner: str, lead: str) -> None:
    """The person in whose hands the case is works for the lead."""
    posts = person(owner, q.city, q.city.calendar.local(q.at).date()).posts
    if not any(post.role == "volunteer" or same_house(post.unit, lead, q.city) for post in posts):
        raise NotInHouse(person=called(owner, q.city), unit=q.city.unit(lead).name)


def _judge_merge(q: Question, into: str) -> None:
    """A survivor is open, of the same procedure, isn't merged, has promised if this one has, and seals as much."""
    survivor = q.around.survivor
    if survivor is None or into == q.around.number:
        raise CannotMerge(number=number.said(into), why=_ITSELF)
    unsealed = q.state.sealed == "report" and survivor.sealed != "report"
    for wrong, why in (
        (survivor.closed or survivor.into or survivor.procedure != q.state.procedure, _UNFIT),
        (q.dispatched and ANSWER not in survivor.clocks, _UNDISPATCHED),
        (unsealed or (q.state.about and survivor.about != q.state.about), _LESS_SEALED),
    ):
        if wrong:
            raise CannotMerge(number=number.said(into), why=why)


_ITSELF = {"zh-Hans": "不能并入自己", "en": "it is this case itself"}
_UNFIT = {"zh-Hans": "它已办结、已并单或不是同一种事项", "en": "it is closed, merged, or of another kind"}
_UNDISPATCHED = {
    "zh-Hans": "它还没有派出，而本件已有答复期限",
    "en": "it hasn't been dispatched, but this one has a due date",
}
_LESS_SEALED = {
    "zh-Hans": "它没有写明同一个被反映单位，或不是举报件",
    "en": "it isn't about the same unit, or isn't a report of wrongdoing",
}


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
