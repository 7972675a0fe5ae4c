"""A case on a page: facts, identity under its seal, files, what happened, clocks, family, and the acts of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from huying.desk import consequence, once, preview, told
from huying.desk.asked import whole
from huying.desk.clocks import Shown, clocks
from huying.desk.form import Form, Typed, Widget
from huying.desk.held import Desk
from huying.desk.links import Step, links
from huying.desk.page import render, show
from huying.desk.thread import Thread, thread
from huying.desk.visitor import Visitor, signed_in
from huying.errors import HuyingError
from huying.ledger import files, find, rulebook, urging
from huying.ledger.actor import accused
from huying.ledger.fold import State
from huying.ledger.models import Case, Document
from huying.ledger.telling import tell
from huying.ledger.told import Happened, Open, Telling
from huying.ledger.vocabulary import ANSWER, REQUESTER, Act, Procedure
from huying.metrics.lamps import Lamp, lamp
from huying.notify.words import Message

MACHINES = frozenset({"clock", "case"})
TEXTS = ("handling_copy", "text")
WORDS = ("text", "tried", "verbatim", "demands")
"""The fields in which a case says what it is about."""
KEYS = 9
FILLED = frozenset({"type", "urgency", "wish"})
"""Kept facts that a form begins with; other facts are said anew each time."""
SILENT = urging.STEPS | {"letter", "undelivered"}
"""What moves nothing: reminders, and letters."""


def place(number: str, act: str) -> str:
    """The name under which the draft of an act's form is kept, in the browser and here."""
    return f"case/{number}/{act}"


@dataclass
class Asking:
    """The form that stands open on the page, with what was typed and what came of it so far."""

    act: str
    typed: Typed = field(default_factory=Typed)
    errors: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""
    since: int = 0
    letter: Message | None = None
    token: str = field(default_factory=once.token)


@dataclass(frozen=True)
class Choice:
    """One act that is open now: its number key, whether its form stands open."""

    name: str
    label: str
    key: int
    open: bool


class CasePage:
    """Everything that the template of a case reads, for one visitor."""

    def __init__(self, case: Case, visitor: Visitor, asking: Asking | None = None) -> None:
        self.case, self.visitor = case, visitor
        self.telling: Telling = tell(case, visitor.actor, language=visitor.language, at=visitor.at)
        self.state: State = case.folded()
        self.procedure: Procedure = rulebook.procedure(case.procedure)
        self.accused = accused(visitor.actor, self.state, visitor.city)
        self.asking = asking or self._first()

    # --- the head

    @property
    def title(self) -> str:
        """The title, or the kind of case where there is none to read."""
        return self.telling.title or f"{self.telling.procedure} {self.telling.number}"

    @cached_property
    def lamp(self) -> Lamp:
        """How the case stands."""
        return lamp(self.state, self.procedure, self.active, self.visitor.at, self.visitor.wording)

    @property
    def active(self) -> datetime:
        """When a person last did something on it."""
        done = [entry.at for entry in self.telling.timeline if entry.act not in SILENT]
        return done[-1] if done else self.case.opened

    @property
    def flags(self) -> list[tuple[str, str]]:
        """Short words that stand beside the number: sealed, raised; with the kind of tag."""
        return [(saying.words, "dark" if saying.name == "sealed" else "urgent")
                for saying in self.telling.standing if saying.name in ("sealed", "level")]  # fmt: skip

    # --- facts

    @property
    def words(self) -> list[str]:
        """What the case is about, in the words that the reader may see: the handling copy, else the first entry's."""
        first = self.telling.timeline[0].said if self.telling.timeline else ()
        copied = [fact.words for fact in self.telling.facts if fact.name == "handling_copy"]
        return copied or [saying.words for saying in first if saying.name in WORDS]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Every other fact, each once."""
        first = self.telling.timeline[0].said if self.telling.timeline else ()
        said = [one for one in first if one.name not in ("title", "requester", *WORDS)]
        found = {one.name: (one.label, one.words) for one in (*said, *self.telling.facts, *self.telling.standing)}
        for name in ("handling_copy", "sealed", "level", "spot", "rung", "urged", "noticed", "accounted"):
            found.pop(name, None)
        return list(found.values())

    @cached_property
    def files(self) -> list[Document]:
        """The files that this reader may open; the unit that the case is about sees none."""
        return [] if self.accused else files.of(self.case)

    @property
    def looks(self) -> list[Happened]:
        """Who has looked at the identity so far."""
        return [entry for entry in self.telling.timeline if entry.act == "look"]

    @cached_property
    def look(self) -> Open | None:
        """The act of looking, where somebody can have called at all."""
        if REQUESTER not in self.procedure.fields:
            return None
        return next((act for act in self.telling.acts if act.name == "look"), None)

    @property
    def promise(self) -> str:
        """What the answer's due time is called: whoever called waits for it, or the desk that opened the case does."""
        if REQUESTER in self.procedure.fields or ANSWER not in self.procedure.clocks:
            return self.visitor.wording.say("Requester's date")
        return self.visitor.wording.of(self.procedure.clocks[ANSWER].label)

    # --- what happened

    @property
    def timeline(self) -> list[Happened]:
        """The newest entry first."""
        return list(reversed(self.telling.timeline))

    @property
    def fresh(self) -> list[Happened]:
        """What was written since the form was opened."""
        since = self.asking.since if self.asking else 0
        return [entry for entry in self.timeline if since and entry.seq > since]

    # --- clocks

    @cached_property
    def clocks(self) -> list[Shown]:
        """The clocks with their bars, the next due first."""
        return clocks(self.telling.clocks, self.state, self.visitor)

    @property
    def urging(self) -> frozenset[str]:
        """The acts that stand in the timeline under a bell."""
        return urging.STEPS

    @cached_property
    def thread(self) -> Thread:
        """The supervision thread."""
        return thread(self.telling, self.state, self.procedure, self.visitor)

    @cached_property
    def chain(self) -> list[Step]:
        """Who answers for it at each level; nothing where it is closed, or the reader's own unit is accused."""
        return [] if self.state.closed or self.accused else links(self.state, self.visitor)

    # --- acts

    @cached_property
    def open_acts(self) -> list[Act]:
        """The acts of now, the most due first: those that answer or end a clock by its end, then the others."""
        names = [act.name for act in self.telling.acts if not act.why_not and act.name != "look"]
        found = [self.procedure.acts[name] for name in names]
        return sorted(found, key=self._due)

    def _due(self, act: Act) -> tuple[int, str]:
        ends = [self.state.running[name].expected for name in (*act.answers, *act.stops) if name in self.state.running]
        moving = 0 if ends and act.to else 1 if ends else 2 if act.to else 3
        return (4 if act.quiet else moving, min(ends, default=""))

    def _first(self) -> Asking | None:
        """The most due act stands open from the start, where one moves the case on."""
        found = next((act for act in self.open_acts if self._due(act)[0] == 0), None)
        return Asking(found.name) if found else None

    @property
    def choices(self) -> list[Choice]:
        """Every act of now as a button."""
        here = self.asking.act if self.asking else ""
        wording = self.visitor.wording
        acts = list(enumerate(self.open_acts, 1))
        return [Choice(act.name, wording.of(act.label), n if n <= KEYS else 0, act.name == here) for n, act in acts]

    @property
    def refused(self) -> list[Open]:
        """Every act that isn't open to this person now, with why not."""
        return [act for act in self.telling.acts if act.why_not and act.name != "look"]

    @cached_property
    def form(self) -> Form | None:
        """The form that stands open: only that of an act that is open to this person."""
        names = {act.name: act for act in self.open_acts}
        if self.asking is None or self.asking.act not in names:
            return None
        return Form(self.procedure, names[self.asking.act], self.visitor.city, self.visitor.language)

    @property
    def key(self) -> int:
        """The number key of the open form's act."""
        return next((choice.key for choice in self.choices if choice.open), 0)

    @property
    def widgets(self) -> list[Widget]:
        """The open form's fields; what the case knows already stands in them."""
        if self.form is None or self.asking is None:
            return []
        typed = self.asking.typed if self.asking.typed.texts else self._begun(self.form.act)
        return self.form.widgets(typed, self.asking.errors)

    def _begun(self, act: Act) -> Typed:
        """A form that nobody sent yet: what the case knows, and the files that wait from the last time."""
        asks = any(self.procedure.fields[name].type == "file" for name in act.fields)
        desk = Desk(self.visitor.actor.key, place(self.case.number, act.name))
        return Typed(self._known(act), held=desk.names() if asks else {})

    def _known(self, act: Act) -> dict[str, str]:
        """One fact is typed once: what the case knows of the fields that an act asks for."""
        whole = {"category": self.state.category, "area": self.state.area, "about": self.state.about}
        whole |= {name: str(value) for name, value in self.state.facts.items() if name in FILLED}
        return {name: whole[name] for name in act.fields if whole.get(name)}

    @property
    def mistakes(self) -> list[tuple[str, str]]:
        """What is wrong, each with the id of its field."""
        return [(f"f-{name}", words) for name, words in self.asking.errors.items()] if self.asking else []

    @property
    def left_over(self) -> list[tuple[str, str]]:
        """What was typed for an act that isn't open any more: shown, so that it can be taken along."""
        if self.form or self.asking is None or not self.asking.since:
            return []
        fields = self.procedure.acts[self.asking.act].fields if self.asking.act in self.procedure.acts else ()
        texts = [
            (self.visitor.wording.of(self.procedure.fields[name].label), self.asking.typed.text(name))
            for name in fields
        ]
        return [(label, text) for label, text in texts if text]

    @property
    def consequences(self) -> list[str]:
        """What the open form's act will do."""
        return consequence.of(self.form.act, self.procedure, self.state, self.visitor.wording) if self.form else []

    @property
    def can_preview(self) -> bool:
        """Whether whoever called is told of the act."""
        return self.form is not None and preview.told(self.form.act.tells)

    @property
    def letter(self) -> Message | None:
        """What whoever called will get: as asked for, and at once where the act has nothing to fill in."""
        if self.asking is None or self.form is None or self.asking.letter:
            return self.asking.letter if self.asking else None
        if not self.can_preview or self.form.act.needs or self.asking.errors or self.asking.since:
            return None
        try:
            return preview.letter(
                self.case, self.form.act.name, self.visitor.actor, {}, self.state.turn, self.visitor.language
            )
        except HuyingError:
            return None

    @property
    def suggestion(self) -> str:
        """Whose duty it is by the city's routing table; nothing where the act asks for no unit."""
        if self.form is None or "lead" not in self.form.act.fields or not self.state.category:
            return ""
        unit = self.visitor.city.route(self.state.category, self.state.area)
        return self.visitor.wording.unit(unit) if unit else ""


@require_safe
@signed_in
def case(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponse:
    """A case; `?act=` opens the form of one act."""
    found = find.one(number, visitor.actor)
    asked = request.GET.get("act", "")
    return shown(request, CasePage(found, visitor, Asking(asked) if asked else None))


def shown(request: HttpRequest, page: CasePage, *, status: int = 200) -> HttpResponse:
    """The page of a case."""
    known = {"page": page, "case": page.case, "telling": page.telling, "way": told.way(request, page.case.number)}
    return show(request, page.visitor, "desk/case.html", known, status=status)


@require_safe
@signed_in
def since(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponse:
    """What was written on a case since an entry: the note above an open form."""
    found = find.one(number, visitor.actor)
    seen = whole(request.GET.get("seq", ""))
    fresh: Sequence[Happened] = ()
    if seen is not None and found.seq > seen:
        told_ = tell(found, visitor.actor, language=visitor.language, at=visitor.at)
        fresh = [entry for entry in told_.timeline if entry.seq > seen]
    return render(request, "desk/_since.html", {"fresh": fresh})
