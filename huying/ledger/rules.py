"""The named rules of procedures: each a second "if" that a TOML file can only name. Pure.

`GATES` hold before anything is said, so that `may` knows them; `SAYINGS` look at what was said. What a rule
is for stands in docs/reference/procedures.md, its reasons in docs/decisions/0020-procedures.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from huying.city.calendar import Limit
from huying.city.facts import ADMINISTRATORS
from huying.errors import (
    ActFirst,
    AlreadyTaken,
    BadValue,
    Contradicts,
    DoerIsJudge,
    DueAfterParent,
    GrantsSelf,
    Held,
    MissingField,
    NoAssent,
    NoCopy,
    NoEvidence,
    NotAllowed,
    NothingToExtend,
    NotInHouse,
    NotInOffice,
    NotOutside,
    NotReached,
    NotYours,
    OnlyStreets,
    OthersMerged,
    OutcomeRaised,
    RulingStands,
    StillOpen,
    TooLate,
    TwoAdministrators,
    Unanswered,
    WasReached,
)
from huying.ledger import clock as counting
from huying.ledger import number
from huying.ledger.actor import Around, fits, may_unseal, same_house, serves, works_at
from huying.ledger.fold import instant, stamp
from huying.ledger.question import Question, called, doer, organs
from huying.ledger.timewords import in_words
from huying.ledger.vocabulary import ANSWER, Words, count_of, listed, people

Said = Mapping[str, object]
APPROVERS = ("supervisor", "opener", "dispatcher")
UNSEALERS = ("intake", "callback", "handler@lead")
# From the best to the worst: whoever confirms may go down this ladder, never up.
BEST_FIRST = ("fixed", "partly_fixed", "explained", "nothing_done")
EVIDENCE: Mapping[str, Words] = {
    "photo": {"zh-Hans": "照片", "en": "a photo"},
    "document": {"zh-Hans": "文件材料", "en": "a document"},
}


def _copied(q: Question) -> None:
    """Sealed words go to no unit before a clerk has made the handling copy."""
    if q.state.sealed and "handling_copy" not in q.state.facts:
        raise NoCopy(act=q.act.label)


def _before_due(q: Question) -> None:
    """An extension is asked for while the promise runs, and before its due time (Jinan hotline ordinance, art. 24)."""
    answer = q.state.clocks.get(ANSWER)
    if answer is None or not answer.running:
        raise NothingToExtend(act=q.act.label)
    if answer.due is not None and stamp(q.at) > answer.due:
        raise TooLate(act=q.act.label, due=in_words(instant(answer.due), q.city.calendar))


def _assent(q: Question) -> None:
    """The one exception to "the doer is not the judge": a consultation, with the caller's assent (promise 9)."""
    if q.state.facts.get("type") != "consult":
        raise NoAssent()


def _unsealing(q: Question) -> None:
    """Who called, and their own words, are for few (promise 13)."""
    if not may_unseal(q.actor, q.state, q.city):
        raise NotAllowed(actor=called(q.actor.key, q.city), act=q.act.label, by=listed(map(people, UNSEALERS)))


def _lead_name(q: Question) -> object:
    return q.city.unit(q.state.lead).name if q.state.lead in q.city.units else q.state.lead


def _unruled(q: Question) -> None:
    """A ruling is final: the unit to which it gave the case doesn't object again, whatever came between."""
    if q.state.facts.get("ruled") == q.state.lead:
        raise RulingStands(act=q.act.label, unit=_lead_name(q))


def _untaken(q: Question) -> None:
    """Whoever has taken the case on objects no more, not even when it is sent back to be done again."""
    if q.state.facts.get("taken") == q.state.lead:
        raise AlreadyTaken(act=q.act.label, unit=_lead_name(q))


def _act_first(q: Question) -> None:
    """Safety matters are acted on first and disputed later (先办后议)."""
    if q.state.facts.get("urgency") == "safety":
        raise ActFirst(act=q.act.label)


def _outside(q: Question) -> None:
    """Recorded by somebody outside the unit that handles the case."""
    mine = organs(q.actor, q.city)
    for who in (q.actor.key, *(f"organ:{organ}" for organ in sorted(mine))):
        if who in q.state.handlers:
            raise DoerIsJudge(act=q.act.label, who=doer(who, q.city))
    if q.dispatched and q.city.organ(q.state.lead) in mine:
        raise NotOutside(act=q.act.label, unit=_lead_name(q))


def _desk(q: Question) -> None:
    """By the requester, or a desk that has the case: that it lies in a desk's area alone doesn't do.

    A street's desk would else refer out, answer or withdraw what is about to be dispatched to its own street.
    """
    posts = (post for post in q.actor.posts if post.role in q.act.by)
    if "requester" not in q.actor.relations and not any(serves(post, q.state, q.city) for post in posts):
        raise NotYours(act=q.act.label, unit=_lead_name(q))


def _alone(q: Question) -> None:
    """A survivor isn't closed without an answer for those who were merged into it."""
    if q.around.duplicates:
        raise OthersMerged(act=q.act.label)


def _street(q: Question) -> None:
    """Call-outs are for subdistricts and towns (Beijing subdistrict ordinance, arts. 5 and 11)."""
    unit = q.city.units.get(q.actor.unit)
    if unit is None or unit.kind != "subdistrict":
        raise OnlyStreets(unit=unit.name if unit else called(q.actor.key, q.city))


def _said_assent(q: Question, said: Said) -> None:
    if said.get("assent") is not True:
        raise NoAssent()


def _reached(q: Question, said: Said) -> None:
    """A try that reached nobody is no contact; the contact clock runs on."""
    if said.get("reached", "yes") != "yes":
        raise NotReached(act=q.act.label)


def _missed(q: Question, said: Said) -> None:
    """A try that reached somebody is a call-back, and counted as one."""
    if said.get("reached") == "yes":
        raise WasReached(act=q.act.label)


def _evidence(q: Question, said: Said) -> None:
    """Evidence where the category asks for it, or a reason why there is none; nowhere else (no forced photo)."""
    category = q.city.categories.get(q.state.category)
    if category is None or category.evidence == "none" or said.get("evidence") or said.get("no_evidence"):
        return
    raise NoEvidence(act=q.act.label, category=category.name, kind=EVIDENCE[category.evidence])


def _not_returned(q: Question, said: Said) -> None:
    """A unit that was ruled to handle the case doesn't hand it back as "not ours"."""
    if said.get("outcome") == "not_ours":
        _unruled(q)


def _agrees(q: Question, said: Said) -> None:
    """Whoever confirms may lower what the unit claimed, never raise it; "fixed" needs a yes that was said."""
    claimed = q.state.outcome
    chosen = str(said.get("outcome") or claimed)
    if chosen != claimed and not _lower(chosen, claimed):
        raise OutcomeRaised(act=q.act.label, claimed=_outcome(q, claimed), chosen=_outcome(q, chosen))
    for name, needed in (
        ("solved", {"fixed": ("yes",), "partly_fixed": ("yes", "partly")}),
        ("done", {"fixed": (True,)}),
    ):
        fits = needed.get(chosen)
        if fits is None or name not in q.act.fields or said.get(name) in fits:
            continue
        if name not in said:
            raise MissingField(act=q.act.label, field=q.procedure.fields[name].label)
        raise Contradicts(
            outcome=_outcome(q, chosen), field=q.procedure.fields[name].label, value=_value(q, name, said)
        )


def _separate(q: Question, said: Said) -> None:
    """Nobody grants themselves anything, and no person is two of the three administrators."""
    key, role = str(said.get("person", "")), str(said.get("role", ""))
    if key == q.actor.key:
        raise GrantsSelf(who=called(key, q.city))
    posts = q.city.people[key].posts if key in q.city.people else ()
    held = {post.role for post in posts} & ADMINISTRATORS
    if role in ADMINISTRATORS and held - {role}:
        raise TwoAdministrators(who=called(key, q.city), held=listed(map(people, sorted(held))), role=people(role))


def _in_office(q: Question, said: Said) -> None:
    """A directive is a leader's: whoever is named held a leader's post on that day, which isn't ahead."""
    day = date.fromisoformat(str(said["noted"]))
    if day > q.city.calendar.local(q.at).date():
        raise BadValue(field=q.procedure.fields["noted"].label, value=day, expected=_PAST_DAY)
    if not any(post.role == "leader" for post in q.city.posts(str(said["leader"]), on=day)):
        raise NotInOffice(person=called(str(said["leader"]), q.city), day=day)


def _each_answered(q: Question, said: Said) -> None:
    """Each demand of the text has its answer, line by line."""
    _answered_all(q, said.get(count_of("answers"), 0))


def _all_answered(q: Question) -> None:
    """Nothing is crossed off while a demand has no answer (一抓到底)."""
    _answered_all(q, q.state.facts.get("answers") or 0)


def _answered_all(q: Question, answers: object) -> None:
    demands = q.state.facts.get("demands") or 0
    if answers != demands:
        raise Unanswered(act=q.act.label, demands=demands, answers=answers)


def _within_parent(q: Question, said: Said) -> None:
    """A part isn't due after its whole, unless somebody hands it down who could also grant the whole an extension."""
    parent = q.around.parent
    answer = parent.clocks.get(ANSWER) if parent is not None else None
    if parent is None or answer is None or not answer.running or instant(answer.expected) <= q.at:
        return
    due = _end(q, str(said["due"]))
    if due <= instant(answer.expected) or any(fits(word, q.actor, parent, q.city, Around()) for word in APPROVERS):
        return
    calendar = q.city.calendar
    raise DueAfterParent(due=in_words(due, calendar), parent=in_words(instant(answer.expected), calendar))


def _end(q: Question, due: str) -> datetime:
    """When a due time that was said would come, at the earliest."""
    try:
        return counting.end_of(date.fromisoformat(due), q.city.calendar)
    except ValueError:
        return counting.earliest(q.at, Limit.parse(due), q.city.calendar)


_PAST_DAY = {"zh-Hans": "今天或更早的日期", "en": "today or an earlier day"}


def _lower(chosen: str, claimed: str) -> bool:
    """Whether an outcome is a step down; what is neither good nor bad (not true, not ours) stands on "explained"."""
    ladder = {name: place for place, name in enumerate(BEST_FIRST)}
    return chosen in ladder and ladder[chosen] > ladder.get(claimed, ladder["explained"])


def _outcome(q: Question, outcome: str) -> object:
    declared = q.procedure.fields.get("outcome")
    return declared.of.get(outcome, outcome) if declared else outcome


def _value(q: Question, name: str, said: Said) -> object:
    value = said[name]
    if isinstance(value, bool):
        return {"zh-Hans": "是" if value else "否", "en": "yes" if value else "no"}
    return q.procedure.fields[name].of.get(str(value), value)


def _post(q: Question, said: Said) -> None:
    """A post is handed over by who holds it, or their leader, to somebody else of the same house."""
    giver, taker, unit = (str(said[name]) for name in ("giver", "owner", "at"))
    on = q.city.calendar.local(q.at).date()
    held = {(post.role, post.unit) for post in q.city.people[giver].posts if post.valid(on)}
    if (str(said["role"]), unit) not in held:
        raise NotInHouse(person=called(giver, q.city), unit=q.city.unit(unit).name)
    if taker == giver or not any(same_house(post.unit, unit, q.city) for post in q.city.posts(taker, on=on)):
        raise NotInHouse(person=called(taker, q.city), unit=q.city.unit(unit).name)
    leads = works_at(q.actor, unit, q.city, frozenset({"leader"}))
    if q.actor.key != giver and not leads:
        raise NotAllowed(actor=called(q.actor.key, q.city), act=q.act.label, by=called(giver, q.city))


def _erasable(q: Question) -> None:
    """Nobody is forgotten to whom an answer is due, or whom a court or an inquiry may ask about (PIPL, art. 47)."""
    told = number.said(q.around.number) if q.around.number else ""
    held = str(q.state.facts.get("held", ""))
    if not q.state.closed:
        raise StillOpen(number=told)
    if held:
        raise Held(number=told, ground=q.procedure.fields["held"].of.get(held, held))


GATES: Mapping[str, Callable[[Question], None]] = {
    "copied": _copied, "before_due": _before_due, "assent": _assent, "unsealing": _unsealing, "unruled": _unruled,
    "untaken": _untaken, "act_first": _act_first, "outside": _outside, "desk": _desk, "alone": _alone,
    "street": _street, "all_answered": _all_answered, "erasable": _erasable,
}  # fmt: skip
SAYINGS: Mapping[str, Callable[[Question, Said], None]] = {
    "assent": _said_assent, "reached": _reached, "missed": _missed, "evidence": _evidence,
    "not_returned": _not_returned, "agrees": _agrees, "separate": _separate, "post": _post,
    "in_office": _in_office, "each_answered": _each_answered, "within_parent": _within_parent,
}  # fmt: skip
