"""The call-back: fixed questions read aloud, nothing chosen beforehand, one record of the try and of what it decides.

Whoever handled the case, or stands in the house that did, doesn't get this page: the doer is not the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from huying.city.calendar import Limit
from huying.desk import consequence, once, queues, told
from huying.desk.asked import whole
from huying.desk.form import Typed
from huying.desk.page import UNPROCESSABLE, show
from huying.desk.visitor import Visitor, signed_in
from huying.errors import HuyingError, Refused, TooEarly, UnknownCase, WrongWhen, say, sentence
from huying.ledger import documents, find, rulebook, timewords
from huying.ledger.fold import State, instant
from huying.ledger.models import Case, Entry
from huying.ledger.procedure import may
from huying.ledger.record import record
from huying.ledger.telling import tell
from huying.ledger.told import Telling
from huying.ledger.vocabulary import Procedure

TRIES = ("call", "reach")
QUESTIONS = ("contacted", "solved", "satisfied")
READ = {
    "contacted": "“Has {unit} telephoned you, or come to see you?”",
    "solved": "“Is what you told us about solved now?”",
    "satisfied": "“Are you satisfied with how they handled it, mostly satisfied, or not?” Explain nothing, ask once.",
}
CLOSING = ("confirm", "confirm_promise")
JUDGING = ("confirm", "confirm_promise", "redo", "redo_direct")


@dataclass(frozen=True)
class Question:
    """One question with its choices; `read` is what is said on the phone."""

    name: str
    label: str
    read: str
    choices: tuple[tuple[str, str], ...]
    value: str
    error: str


class Calling:
    """One case at the call-back desk. Raises the Refused that keeps this person from judging it."""

    def __init__(self, number: str, visitor: Visitor) -> None:
        self.visitor = visitor
        self.case: Case = find.one(number, visitor.actor)
        self.state: State = self.case.folded()
        self.procedure: Procedure = rulebook.procedure(self.case.procedure)
        if "call" not in self.procedure.acts:
            raise UnknownCase(number=number[:40])
        answers = may(
            self.procedure, self.state, visitor.actor, at=visitor.at, city=visitor.city, around=find.around(self.case)
        )
        self.open = {name for name, refusal in answers.items() if refusal is None}
        self.early = answers.get("call") if isinstance(answers.get("call"), TooEarly) else None
        if ("call" not in self.open and not self.early) or not self.open.intersection(CLOSING):
            raise _refusal(answers)

    @property
    def again(self) -> datetime | None:
        """Not before this time may the person be called again; None where that has come."""
        return instant(self.state.clocks["retry"].expected) if self.early else None

    @property
    def between(self) -> str:
        """How long the city lets pass between two tries."""
        listed = self.visitor.city.limit(
            self.procedure.name, "retry", category=self.state.category, urgency=self.state.urgency
        )
        limit = listed or Limit.parse(self.procedure.clocks["retry"].limit)
        return timewords.spell(limit, self.visitor.language)

    def questions(self, typed: Typed, errors: Mapping[str, str]) -> list[Question]:
        """The questions after the first one, with what was answered."""
        unit = self.visitor.wording.unit(self.state.lead)
        return [
            self._question(name, say(READ[name], self.visitor.language, unit=unit), typed, errors) for name in QUESTIONS
        ]

    def first(self, typed: Typed, errors: Mapping[str, str]) -> Question:
        """Whether anybody answered."""
        return self._question("reached", "", typed, errors)

    def _question(self, name: str, read: str, typed: Typed, errors: Mapping[str, str]) -> Question:
        declared, wording = self.procedure.fields[name], self.visitor.wording
        choices = tuple((code, wording.of(words)) for code, words in declared.of.items())
        return Question(name, wording.of(declared.label), read, choices, typed.text(name), errors.get(name, ""))

    def mistakes(self, typed: Typed) -> dict[str, str]:
        """What is still to be asked, by question."""
        reached = typed.text("reached")
        wanted = ["reached", *(QUESTIONS if reached == "yes" else ())]
        missing = [name for name in wanted if typed.text(name) not in self.procedure.fields[name].of]
        found = {name: self._fill_in(self.procedure.fields[name].label) for name in missing}
        if reached == "yes" and typed.text("solved") == "no" and not typed.text("text").strip():
            found["text"] = say("Write what isn't solved, in their words: the unit reads it.", self.visitor.language)
        return found

    def _fill_in(self, label: object) -> str:
        return say("Fill in: {field}.", self.visitor.language, field=label)

    def judgement(self, solved: str) -> str:
        """The act that follows from whether it is solved."""
        if solved == "no":
            return "redo_direct" if "redo_direct" in self.open else "redo"
        return "confirm_promise" if "confirm_promise" in self.open else "confirm"

    def said(self, act: str, typed: Typed) -> dict[str, object]:
        """What the act is told of the answers: only what it asks for; partly solved is never more than that."""
        words = typed.text("text").strip()
        whole = {**{name: typed.text(name) for name in QUESTIONS}, "text": words, "reason": words}
        if typed.text("solved") == "partly" and self.state.outcome == "fixed":
            whole["outcome"] = "partly_fixed"
        return {name: whole[name] for name in self.procedure.acts[act].fields if whole.get(name)}

    def record(self, typed: Typed) -> Entry:
        """The try, and where somebody answered what it decides: both, or neither."""
        reached, words = typed.text("reached"), typed.text("text").strip()
        seen, actor = whole(typed.text("turn")) or 0, self.visitor.actor
        if reached != "yes":
            return record(self.case, "call", actor, {"reached": reached, "text": words}, seen=seen)
        record(self.case, "reach", actor, {}, seen=seen)
        act = self.judgement(typed.text("solved"))
        return record(self.case, act, actor, self.said(act, typed), seen=seen)

    def consequences(self) -> dict[str, list[str]]:
        """What each answer leads to, in words, by the act."""
        acts = [name for name in JUDGING if name in self.open]
        return {
            name: consequence.of(self.procedure.acts[name], self.procedure, self.state, self.visitor.wording)
            for name in acts
        }


@require_safe
@signed_in
def waiting(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The queue of the call-back desk; a row opens its questions."""
    return queues.listed(request, visitor, "verify", base="/desk/callback/")


@require_http_methods(["GET", "POST"])
@signed_in
def callback(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponse:
    """The questions of one case, and their record."""
    calling = Calling(number, visitor)
    typed = Typed.of(request.POST, request.FILES)
    errors: dict[str, str] = {}
    trouble = ""
    if request.method == "POST":
        errors = calling.mistakes(typed)
        if not errors:
            try:
                return _recorded(request, calling, typed)
            except HuyingError as error:
                trouble = sentence(error, visitor.language)
                calling = Calling(number, visitor)
    known = _context(calling, typed, errors) | {"trouble": trouble, "way": told.way(request, calling.case.number)}
    return show(request, visitor, "desk/callback.html", known, status=UNPROCESSABLE if errors or trouble else 200)


def _recorded(request: HttpRequest, calling: Calling, typed: Typed) -> HttpResponse:
    """Written once; on to the next case of the queue."""
    visitor, case = calling.visitor, calling.case
    _, seq = once.once(visitor.actor.key, typed.text("token"), lambda: calling.record(typed))
    words = say("The call-back is recorded as #{seq}.", visitor.language, seq=seq)
    told.done(request, words, seq=seq, draft=f"callback/{case.number}")
    way = told.way(request, case.number)
    return HttpResponseRedirect(f"/desk/callback/{way.after}" if way and way.after else "/desk/callback/")


def _context(calling: Calling, typed: Typed, errors: Mapping[str, str]) -> dict[str, object]:
    visitor = calling.visitor
    telling: Telling = tell(calling.case, visitor.actor, language=visitor.language, at=visitor.at)
    tries = [entry for entry in telling.timeline if entry.act in TRIES]
    outcome = next((saying.words for saying in telling.standing if saying.name == "outcome"), "")
    return {
        "calling": calling, "telling": telling, "case": calling.case, "typed": typed.texts, "errors": errors,
        "first": calling.first(typed, errors), "questions": calling.questions(typed, errors), "tries": tries,
        "valid": calling.state.counts.get("valid", 0), "reply": documents.of(calling.case, "reply"), "outcome": outcome,
        "words": _words(telling), "token": typed.text("token") or once.token(),
        "results": calling.consequences(), "no": calling.judgement("no"), "yes": calling.judgement("yes"),
        "mistakes": [(f"q-{name}", text) for name, text in errors.items()],
    }  # fmt: skip


def _refusal(answers: Mapping[str, Refused | None]) -> Refused:
    """Why this person may not judge this case: what is about them before what is about the case."""
    found = [refusal for name in ("call", *CLOSING) if (refusal := answers.get(name)) is not None]
    return next((refusal for refusal in found if not isinstance(refusal, WrongWhen)), found[0])


def _words(telling: Telling) -> list[str]:
    """What the requester said at first, as far as this reader may read it."""
    first = telling.timeline[0].said if telling.timeline else ()
    return [saying.words for saying in first if saying.name == "text"]
