"""What a letter says. To whoever called: what happened, the answer, the promise, a link. To staff: one digest.

A letter to a requester is put into words when it is sent, so that it says how things stand then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from huying.city import store
from huying.errors import say
from huying.ledger import documents, number, rulebook, timewords
from huying.ledger.fold import State, instant
from huying.ledger.models import Case, Entry
from huying.ledger.telling import titles
from huying.ledger.vocabulary import ANSWER
from huying.ledger.wording import Wording

# What an act means to whoever called; any other act is told as “{act}: now at {stage}”.
SENTENCES = {
    "open": "We have received your call. Its number is {number}.",
    "dispatch": "Your call {number} is now handled by {unit}.",
    "transfer": "Your call {number} is now handled by {unit}. Your date has not moved.",
    "reassign": "Your call {number} is now handled by {unit}. Your date has not moved.",
    "sign": "{unit} has answered your call {number}. Is it solved? You decide; silence is no satisfaction.",
    "explain": "We have answered your call {number}. Is it solved? You decide; silence is no satisfaction.",
    "answer_now": "We answered your question {number} on the spot, with your agreement.",
    "answered": "The matter that your call {number} was joined to has been answered.",
    "correct": "A mistake in the answer to your call {number} has been corrected.",
    "merge": "Others have reported the same as your call {number}; it is handled together with theirs.",
    "refer_out": "Your call {number} belongs to another channel. Here is how.",
    "extend": "Your call {number} needs longer. The first date stays on record.",
    "shelve": "Your call {number} can't be settled now. We look at it again at the date given.",
    "resume": "Your call {number} is being worked on again.",
    "redo": "Your call {number} goes back to {unit}: it isn't solved yet.",
    "reopen": "Your call {number} has been reopened.",
    "withdraw": "Your call {number} has been withdrawn.",
    "confirm": "Your call {number} is closed: the answer was confirmed.",
    "confirm_promise": "Your call {number} is closed with a dated promise, which is now followed as a task.",
    "lapse": "Your call {number} is closed unconfirmed: we couldn't reach you. That does not count as solved.",
    "progress": "There is progress on your call {number}.",
    "ask_link": "You asked for another personal link to your call {number}; here it is.",
    "fix_date": "The holiday notice is out: the date of your call {number} is now fixed.",
}
MOST_LINES = 50
REPLIED = frozenset({"sign", "explain", "answer_now", "refer_out", "correct"})
TOLD = ("reason", "until", "due", "condition", "text")


@dataclass(frozen=True)
class Message:
    """A letter in words."""

    subject: str
    body: str


def to_requester(entry: Entry, token: str, *, language: str = "") -> Message:
    """The letter to whoever called about one entry; `token` makes their personal link."""
    language = language or settings.HUYING_LANGUAGE
    case = entry.case
    state, procedure, city = case.folded(), rulebook.procedure(case.procedure), store.current()
    wording = Wording(city, language)
    spoken = {"number": number.said(case.number), "unit": wording.unit(state.lead)}
    act, stage = wording.of(procedure.act(entry.act).label), wording.of(procedure.stage(state.stage))
    general = "Your call {number}: {act}. It is now at: {stage}."
    lines = [say(SENTENCES.get(entry.act, general), language, **spoken, act=act, stage=stage)]
    lines += _reply(entry, case)
    lines += _said(entry, wording)
    lines += _promise(state, wording)
    link = f"{settings.HUYING_PUBLIC_URL}/my/{token}"
    lines.append(say("Your call, with everything that happened: {link}", language, link=link))
    lines.append(say("The link is yours alone: whoever has it sees your call.", language))
    lines.append(wording.of(city.name))
    subject = say("{city}: your call {number}", language, city=wording.of(city.name), number=spoken["number"])
    return Message(subject, "\n\n".join(lines))


def _reply(entry: Entry, case: Case) -> list[str]:
    """The answer itself; a duplicate's is its survivor's."""
    if entry.act == "answered" and case.into is not None:
        return [documents.of(case.into, "reply")]
    reply = documents.of(case, "reply") if entry.act in REPLIED else ""
    return [reply] if reply else []


def _said(entry: Entry, wording: Wording) -> Iterable[str]:
    """What the act says to the requester: reason, date, condition."""
    procedure = rulebook.procedure(entry.case.procedure)
    kept = {row.key: row for row in documents.readable(entry.case)}
    read = Wording(wording.city, wording.language, kept)
    for name in TOLD:
        if name in entry.said and name in procedure.fields:
            declared = procedure.fields[name]
            value = read.value(declared, entry.said[name])
            yield say("{label}: {value}", wording.language, label=wording.of(declared.label), value=value)


def _promise(state: State, wording: Wording) -> list[str]:
    """The promise with its date, and the first date where it was moved."""
    clock = state.clocks.get(ANSWER)
    if clock is None or not clock.running or state.closed:
        return []
    calendar, language = wording.city.calendar, wording.language
    if clock.due is None:
        earliest = timewords.moment(instant(clock.expected), calendar, language)
        return [
            say(
                "You will be answered at the earliest by {due}; the holiday notice isn't out yet.",
                language,
                due=earliest,
            )
        ]
    due = timewords.moment(instant(clock.due), calendar, language)
    lines = [say("You will be answered by {due}.", language, due=due)]
    if clock.first and clock.first != clock.due:
        first = timewords.moment(instant(clock.first), calendar, language)
        lines.append(say("Originally: {due}; that date stays in the records.", language, due=first))
    return lines


def to_staff(entries: Sequence[Entry], *, language: str = "") -> Message:
    """One digest: a line per case with what happened last, its stage and next due time, next due first."""
    language = language or settings.HUYING_LANGUAGE
    city = store.current()
    last = {entry.case_id: entry for entry in entries}
    shown = sorted(last.values(), key=lambda entry: (entry.case.next_due is None, entry.case.next_due, entry.pk))
    wording, named = Wording(city, language), titles({entry.case for entry in shown[:MOST_LINES]})
    lines = [_line(entry, named.get(entry.case_id, ""), wording) for entry in shown[:MOST_LINES]]
    if len(shown) > MOST_LINES:
        lines.append(say("… and {count} more", language, count=len(shown) - MOST_LINES))
    subject = say("{count} case(s) need your eye", language, count=len(shown))
    where = say("Open them here: {link}", language, link=f"{settings.HUYING_PUBLIC_URL}/desk/")
    return Message(subject, "\n".join([*lines, "", where, wording.of(city.name)]))


def at_once(entry: Entry, *, language: str = "") -> Message:
    """An urgent letter: one thing, what to do about it, and where. An alarm names the call, and none of its words."""
    language = language or settings.HUYING_LANGUAGE
    city, case = store.current(), entry.case
    wording, state = Wording(city, language), case.folded()
    procedure = rulebook.procedure(case.procedure)
    act = wording.of(procedure.acts[entry.act].label) if entry.act in procedure.acts else entry.act
    known = {"kind": wording.of(procedure.label), "number": number.said(case.number), "act": act}
    lines = [_line(entry, titles({case}).get(case.pk, ""), wording)]
    if case.procedure in rulebook.alarms():
        lines += _alarmed(state, wording)
    where = say("Open it here: {link}", language, link=f"{settings.HUYING_PUBLIC_URL}/desk/case/{case.number}")
    subject = say("At once: {kind} {number}: {act}", language, **known)
    return Message(subject, "\n".join([*lines, "", where, wording.of(city.name)]))


def _alarmed(state: State, wording: Wording) -> Iterable[str]:
    """What an alarm asks of whoever is rung."""
    language, cited = wording.language, state.source
    link = f"{settings.HUYING_PUBLIC_URL}/desk/case/{cited}"
    yield say("A published word of danger to life stands in call {number}: {link}", language,
              number=number.said(cited), link=link)  # fmt: skip
    yield say("Read it now. Press “I have it” on the alarm; until somebody does, the next are rung.", language)
    calls = [f"{phone} {wording.of(words)}" for phone, words in wording.city.emergency.items()]
    yield say("The emergency numbers: {numbers}.", language, numbers=wording.joined(calls))
    yield say("Who called can be looked up by the desk that took the call.", language)


def _line(entry: Entry, title: str, wording: Wording) -> str:
    case = entry.case
    procedure = rulebook.procedure(case.procedure)
    due = timewords.moment(case.next_due, wording.city.calendar, wording.language) if case.next_due else "—"
    act = wording.of(procedure.acts[entry.act].label) if entry.act in procedure.acts else entry.act
    return say(
        "· {number} {title}: {act}; now {stage}, next due {due}",
        wording.language,
        number=number.said(case.number), title=title, act=act, stage=wording.of(procedure.stage(case.stage)), due=due,
    )  # fmt: skip
