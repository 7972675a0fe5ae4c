"""Taking a call by keyboard alone: who calls, what about, where; answered or referred at once, read back, the next.

The number is looked up by its keyed hash: earlier cases as number, date and stage only. Words of danger to life
show the emergency numbers at once; they label nobody and move nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huying.city.calendar import Limit
from huying.desk import names, once, told
from huying.desk.form import Form, Typed
from huying.desk.page import UNPROCESSABLE, render, show
from huying.desk.rows import lines
from huying.desk.visitor import Visitor, signed_in
from huying.errors import HuyingError, say, sentence
from huying.ledger import find, identity, lists, number, rulebook, timewords
from huying.ledger.fold import State
from huying.ledger.lists import Sieve
from huying.ledger.models import Case, Entry
from huying.ledger.procedure import may
from huying.ledger.record import Intake, open_case, record
from huying.ledger.telling import tell
from huying.ledger.vocabulary import OPEN

KIND = "request"
ASKED = ("requester", "type", "text", "place", "area", "category", "urgency", "wish", "about")
NEEDED = ("type", "text")
THEN = {"answer": ("answer_now", ("reply", "assent")), "refer": ("refer_out", ("ground", "reply"))}
LONGEST_TITLE = 30
SIMILAR = 5
EARLIER = 10


@require_http_methods(["GET", "POST"])
@signed_in
def call(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The page of a call."""
    form = _form(visitor)
    typed = Typed.of(request.POST, request.FILES)
    errors: dict[str, str] = {}
    trouble = ""
    if request.method == "POST":
        said, errors = _read(form, typed)
        if not errors:
            try:
                return _taken(request, visitor, said, typed)
            except HuyingError as error:
                trouble = sentence(error, visitor.language)
    known = _context(visitor, form, typed, errors) | {"trouble": trouble}
    return show(request, visitor, "desk/call.html", known, status=UNPROCESSABLE if errors or trouble else 200)


def _form(visitor: Visitor) -> Form:
    """The form of a new request. Raises the Refused that keeps this person from opening one."""
    procedure = rulebook.procedure(KIND)
    refusal = may(procedure, State(), visitor.actor, at=visitor.at, city=visitor.city)[OPEN]
    if refusal is not None:
        raise refusal
    return Form(procedure, procedure.act(OPEN), visitor.city, visitor.language)


def _read(form: Form, typed: Typed) -> tuple[dict[str, object], dict[str, str]]:
    """What was said of the call, and what is still to be asked."""
    reading = form.read(typed)
    errors = dict(reading.errors)
    for name in NEEDED:
        if not typed.text(name).strip() and name not in errors:
            errors[name] = say("Fill in: {field}.", form.language, field=form.procedure.fields[name].label)
    said = dict(reading.said)
    words = typed.text("text").strip()
    said.setdefault("title", words.splitlines()[0][:LONGEST_TITLE] if words else "")
    then = THEN.get(typed.text("then"))
    if then:
        errors |= _asked_then(form, typed, then[1])
    return said, errors


def _asked_then(form: Form, typed: Typed, wanted: tuple[str, ...]) -> dict[str, str]:
    fields = form.procedure.fields
    missing = [name for name in wanted if not typed.text(name).strip()]
    return {name: say("Fill in: {field}.", form.language, field=fields[name].label) for name in missing}


def _taken(request: HttpRequest, visitor: Visitor, said: Mapping[str, object], typed: Typed) -> HttpResponse:
    """Registered once, with whatever was done at once, and read back."""

    def do() -> Entry:
        case = open_case(Intake(KIND, said), visitor.actor)
        if said.get("category") and said.get("area"):
            record(case, "triage", visitor.actor, {name: said[name] for name in ("category", "area")}, seen=case.turn)
            case.refresh_from_db()
        act, fields = THEN.get(typed.text("then"), ("", ()))
        if act:
            record(case, act, visitor.actor, {name: typed.text(name) for name in fields}, seen=case.turn)
        return find.entries(case).get(seq=1)

    opened, _ = once.once(visitor.actor.key, typed.text("token"), do)
    told.done(request, say("Registered: {number}.", visitor.language, number=number.said(opened)), draft="call")
    rung = visitor.city.dangerous(" ".join(typed.texts.values()))
    return HttpResponseRedirect(f"/desk/call/{opened}{'?danger=1' if rung else ''}")


def _emergency(visitor: Visitor) -> list[tuple[str, str]]:
    """The numbers to call in danger, each with what it is for."""
    return [(code, visitor.wording.of(label)) for code, label in visitor.city.emergency.items()]


def _context(visitor: Visitor, form: Form, typed: Typed, errors: Mapping[str, str]) -> dict[str, object]:
    widgets = {widget.name: widget for widget in form.widgets(typed, errors)}
    asked = [replace(widgets[name], needed=name in NEEDED) for name in ASKED if name in widgets]
    ground = form.procedure.fields["ground"]
    wording = visitor.wording
    texts = visitor.city.texts
    grounds = [
        (code, wording.of(label), wording.of(texts.get(f"refer_{code}", {}))) for code, label in ground.of.items()
    ]
    return {
        "widgets": asked, "lists": form.lists(), "grounds": grounds,
        "typed": typed.texts, "errors": errors, "token": typed.text("token") or once.token(),
        "danger": "|".join(word for listed in visitor.city.danger for word in listed.values()),
        "emergency": _emergency(visitor),
        "mistakes": [(f"f-{name}", words) for name, words in errors.items()],
    }  # fmt: skip


@require_POST
@signed_in
def known(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Earlier cases of a number: number, date and stage, nothing that was said. The number travels in no address."""
    _form(visitor)
    cases = identity.cases_of(request.POST.get("requester.phone", ""), most=EARLIER)
    procedures = rulebook.everything()
    found = [
        {
            "number": case.number,
            "spoken": number.said(case.number),
            "opened": case.opened,
            "stage": visitor.wording.of(procedures[case.procedure].stage(case.stage)),
            "seen": case.pk in seen,
        }
        for seen in [_visible(cases, visitor)]
        for case in cases
    ]
    return render(request, "desk/_known.html", {"cases": found})


def _visible(cases: list[Case], visitor: Visitor) -> set[int]:
    rows = find.visible(visitor.actor, visitor.city).filter(pk__in=[case.pk for case in cases])
    return set(rows.values_list("pk", flat=True))


@require_POST
@signed_in
def similar(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Open cases that may be the same: of the same area and category, or with the words of the place."""
    form = _form(visitor)
    codes = {
        name: names.read(visitor.city, name, request.POST.get(name, ""), visitor.language)
        for name in ("area", "category")
    }
    place = request.POST.get("place", "").strip()
    sieve = Sieve(
        procedure=form.procedure.name, closed=False, words="" if codes["area"] and codes["category"] else place,
        areas=[codes["area"]] if codes["area"] in visitor.city.areas else (),
        categories=[codes["category"]] if codes["category"] in visitor.city.categories else (),
    )  # fmt: skip
    enough = bool(sieve.words or (sieve.areas and sieve.categories))
    cases = lists.register(visitor.actor, visitor.city, sieve, before=None, most=SIMILAR) if enough else []
    return render(request, "desk/_similar.html", {"rows": lines(cases, visitor)})


@require_safe
@signed_in
def taken(request: HttpRequest, visitor: Visitor, number: str) -> HttpResponse:
    """What is read back to the caller: the number in groups, and what was promised."""
    case = find.one(number, visitor.actor)
    telling = tell(case, visitor.actor, language=visitor.language, at=visitor.at)
    procedure = rulebook.procedure(case.procedure)
    limit = visitor.city.limit(KIND, "answer", category=case.category, urgency="")
    promise = limit or Limit.parse(procedure.clocks["answer"].limit)
    known = {
        "case": case, "telling": telling, "groups": telling.number.split(), "closed": bool(case.closed),
        "triage": next((clock for clock in telling.clocks if clock.name == "triage"), None),
        "limit": timewords.spell(promise, visitor.language),
        "danger": "danger" in request.GET, "emergency": _emergency(visitor),
    }  # fmt: skip
    return show(request, visitor, "desk/taken.html", known)
