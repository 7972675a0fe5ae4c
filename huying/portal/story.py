"""A case as its requester reads it: what happened, in plain sentences, newest first.

A unit is named, nobody who works there. Words are shown where the act tells the requester, or where they are
the requester's own and not sealed; everything else stays with those who handle the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from huying.ledger import documents
from huying.ledger.models import Document, Entry
from huying.ledger.telling import Teller
from huying.ledger.told import Happened, Saying
from huying.ledger.vocabulary import REQUESTER
from huying.notify.words import REPLIED

SENTENCES = {
    "open": "We received your call",
    "seal": "Your identity was made confidential",
    "triage": "It was looked at and sorted",
    "copy": "A copy without your identity was made for those who handle it",
    "answer_now": "It was answered on the spot, with your agreement",
    "explain": "It was answered; now you decide",
    "refer_out": "It belongs to another channel; here is how",
    "merge": "Others reported the same; it is handled together with theirs, and your date stands",
    "unmerge": "It is handled by itself again",
    "dispatch": "It was given to {unit}; the time to answer runs from here",
    "transfer": "Now handled by {unit}. Your date has not moved",
    "accept": "{unit} has taken it on",
    "dispute": "{unit} says that it isn't its duty; this is being decided. Your date has not moved",
    "dispute_later": "{unit} is at work and asks whether it is its duty. Your date has not moved",
    "uphold": "It was decided: {unit} handles it",
    "uphold_later": "It was decided: {unit} handles it",
    "reassign": "It was decided: {unit} handles it. Your date has not moved",
    "contact": "{unit} got in touch with you",
    "begin": "{unit} has begun, before it reached you",
    "unreachable": "We couldn't reach you",
    "progress": "There is progress",
    "recategorise": "It was sorted anew",
    "extend": "It needs longer. The first date stays on record",
    "reckon": "Its date was counted anew for its kind; the first date stays on record",
    "shelve": "It can't be done now. We look at it again at the date given",
    "resume": "It is being worked on again",
    "submit": "{unit} has reported what it did; somebody else there looks at it before you are answered",
    "promise": "{unit} has promised a date; somebody else there looks at it before you are answered",
    "sign": "{unit} has answered; now you decide",
    "correct": "A mistake in the answer was corrected",
    "correct_direct": "A mistake in the answer was corrected",
    "answered": "The matter that yours was joined to has been answered",
    "call": "The call-back desk tried to call you",
    "reach": "The call-back desk spoke with you",
    "confirm": "The answer was confirmed; it is closed",
    "confirm_promise": "The promise was confirmed; it is followed until its date",
    "redo": "It isn't solved: it goes back to {unit}",
    "redo_direct": "It isn't solved: it goes to a unit",
    "lapse": "Nobody confirmed in time: closed as unverified. That does not count as solved",
    "chase": "You chased it; {unit} was told",
    "add": "You added something",
    "withdraw": "You withdrew it",
    "reopen": "It was reopened",
    "reopen_direct": "It was reopened",
    "restore": "It was taken up again",
    "recheck": "It was looked at once more after closing",
    "urge": "{unit} was reminded",
    "supervise": "{unit} was urged in writing",
    "bulletin": "{unit} was named in a bulletin, for it is late",
    "look_back": "It will be looked at once more",
    "escalate": "Attention went up a level",
    "pass": "A time limit passed; those in charge were told",
    "fix_date": "The holiday notice is out; your date is fixed",
    "letter": "We wrote to you",
    "undelivered": "Our letter to you came back; we will call",
    "ask_link": "Another personal link was asked for",
    "hand_over": "Another person at {unit} has taken it over",
    "archive": "It was archived",
}
ICONS = {
    "open": "check", "dispatch": "send", "transfer": "refresh", "reassign": "refresh", "contact": "phone",
    "sign": "message-2", "explain": "message-2", "confirm": "circle-check", "call": "phone-call",
    "reach": "phone-call", "pass": "clock",
    "letter": "mail", "seal": "lock", "shelve": "clock-pause", "merge": "git-branch", "urge": "bell",
    "supervise": "bell", "bulletin": "bell",
    "chase": "bell", "submit": "users",
}  # fmt: skip
WORDS = ("reason", "until", "due", "condition", "obstacle", "text", "outcome")


@dataclass(frozen=True)
class Step:
    """One thing that happened. `said` are words with their labels; `files` the keys and names of what came with it."""

    words: str
    at: datetime
    icon: str
    said: tuple[Saying, ...] = ()
    reply: str = ""
    files: tuple[tuple[str, str, bool], ...] = ()


def story(teller: Teller, timeline: tuple[Happened, ...]) -> list[Step]:
    """What happened, newest first."""
    return list(_steps(teller, timeline))[::-1]


def _steps(teller: Teller, timeline: tuple[Happened, ...]) -> Iterator[Step]:
    lead, reply = "", ""
    for entry, happened in zip(teller.entries, timeline, strict=True):
        lead = str(entry.sets.get("lead") or lead)
        reply = next((saying.words for saying in happened.said if saying.name == "reply"), reply)
        if entry.act in SENTENCES:
            yield _step(teller, entry, happened, teller.wording.unit(lead), reply)


def _step(teller: Teller, entry: Entry, happened: Happened, unit: str, reply: str) -> Step:
    open_to_them = shown(teller, entry)
    said = tuple(_named(teller, entry, saying) for saying in happened.said if open_to_them and _readable(saying))
    return Step(
        words=teller.wording.say(SENTENCES[entry.act], unit=unit),
        at=entry.at,
        icon=ICONS.get(entry.act, "chevron-right"),
        said=said,
        reply=_reply(teller, entry, reply),
        files=tuple(_files(teller, entry)) if open_to_them else (),
    )


def _readable(saying: Saying) -> bool:
    """Whether these are words for the page, and neither sealed nor erased."""
    return saying.name in WORDS and not saying.words.startswith("[")


def _named(teller: Teller, entry: Entry, saying: Saying) -> Saying:
    """The requester's own words are called theirs."""
    own = entry.actor == REQUESTER and saying.name in ("text", "reason")
    return replace(saying, label=teller.wording.say("You wrote")) if own else saying


def _reply(teller: Teller, entry: Entry, last: str) -> str:
    """The answer that an entry sent; a merged case's is its survivor's."""
    if entry.act == "answered":
        return documents.of(teller.case.into, "reply") if teller.case.into else ""
    return last if entry.act in REPLIED | {"correct_direct"} else ""


def shown(teller: Teller, entry: Entry) -> bool:
    """Whether the words of an entry are for the requester: their own, or those of an act that tells them."""
    declared = teller.procedure.acts.get(entry.act)
    return entry.actor == REQUESTER or (declared is not None and REQUESTER in declared.tells)


def _files(teller: Teller, entry: Entry) -> Iterator[tuple[str, str, bool]]:
    for document in files_of(teller, entry):
        yield document.key, document.name, document.media.startswith("image/")


def files_of(teller: Teller, entry: Entry) -> list[Document]:
    """The readable files that came with an entry."""
    keys = [part.partition(":")[0] for part in str(entry.said.get("evidence", "")).split("\n")]
    found = [teller.documents[key] for key in keys if key in teller.documents]
    return [document for document in found if document.blob and not document.sealed and document.erased is None]
