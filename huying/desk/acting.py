"""Doing an act from a page, and opening a case: read, judged, done once, or told what is in the way."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from huying.desk import once, preview, told
from huying.desk.asked import whole
from huying.desk.case import Asking, CasePage, place, shown
from huying.desk.form import Form, Reading, Typed
from huying.desk.held import Desk
from huying.desk.page import UNPROCESSABLE, show
from huying.desk.visitor import Visitor, signed_in
from huying.errors import HuyingError, SecrecyMark, Stale, say, sentence
from huying.ledger import find, number, rulebook
from huying.ledger.actor import sees
from huying.ledger.fold import State
from huying.ledger.models import Case, Entry
from huying.ledger.procedure import may
from huying.ledger.record import Intake, open_case, record
from huying.ledger.vocabulary import OPEN

CONFLICT = 409


@require_http_methods(["GET", "POST"])
@signed_in
def act(request: HttpRequest, visitor: Visitor, number: str, name: str) -> HttpResponse:
    """Do an act on a case, or look at the letter that it would send; whoever comes by the address gets the form."""
    case = find.one(number, visitor.actor)
    if request.method == "GET":
        return HttpResponseRedirect(f"/desk/case/{case.number}?{urlencode({'act': name})}#acts")
    procedure = rulebook.procedure(case.procedure)
    form = Form(procedure, procedure.act(name), visitor.city, visitor.language)
    desk, new = Desk(visitor.actor.key, place(number, name)), Typed.of(request.POST, request.FILES)
    typed = desk.with_files(new, request.POST.getlist("drop"))
    asking = Asking(name, typed, token=typed.text("token") or once.token())
    reading = form.read(typed)
    seen = whole(typed.text("turn")) or 0
    if seen == case.turn and reading.errors:
        asking.errors, asking.typed = reading.errors, desk.keep(typed, new, marked=reading.marked)
        return shown(request, CasePage(case, visitor, asking), status=UNPROCESSABLE)
    try:
        if "preview" in request.POST:
            asking.typed = desk.keep(typed, new)
            asking.letter = preview.letter(case, name, visitor.actor, reading.said, seen, visitor.language)
            return shown(request, CasePage(case, visitor, asking))
        answer = _done(request, visitor, case, form, reading, seen, asking.token)
    except HuyingError as error:
        asking.typed = desk.keep(typed, new, marked=isinstance(error, SecrecyMark))
        return _not_done(request, visitor, case, asking, error)
    desk.let_go()
    return answer


def _done(
    request: HttpRequest, visitor: Visitor, case: Case, form: Form, reading: Reading, seen: int, token: str
) -> HttpResponse:
    """Do it once, and go where it can be seen: to the new entry, or back to the list where the case has gone."""
    name = form.act.name
    _, seq = once.once(visitor.actor.key, token, lambda: record(case, name, visitor.actor, reading.said, seen=seen))
    label = visitor.wording.of(form.act.label)
    words = say("“{act}” is recorded as #{seq}.", visitor.language, act=label, seq=seq)
    told.done(request, words, seq=seq, draft=place(case.number, name))
    case.refresh_from_db()
    way = told.way(request, case.number)
    if not sees(visitor.actor, case.folded(), visitor.city, find.around(case).parent):
        return HttpResponseRedirect(way.address if way else "/desk/")
    if "next" in request.POST and way and way.after:
        return HttpResponseRedirect(f"/desk/case/{way.after}")
    return HttpResponseRedirect(f"/desk/case/{case.number}#e{seq}")


def _not_done(request: HttpRequest, visitor: Visitor, case: Case, asking: Asking, error: HuyingError) -> HttpResponse:
    """The same page with what is in the way; what was typed stands where it stood."""
    case.refresh_from_db()
    asking.trouble = sentence(error, visitor.language)
    stale = isinstance(error, Stale)
    read = whole(asking.typed.text("seq")) or 0
    asking.since = read if stale or case.seq > read else 0
    return shown(request, CasePage(case, visitor, asking), status=CONFLICT if stale else UNPROCESSABLE)


@require_http_methods(["GET", "POST"])
@signed_in
def opening(request: HttpRequest, visitor: Visitor, kind: str) -> HttpResponse:
    """Open a case of any kind that this person may open."""
    procedure = rulebook.procedure(kind)
    declared = procedure.act(OPEN)
    refusal = may(procedure, State(), visitor.actor, at=visitor.at, city=visitor.city)[OPEN]
    if refusal is not None:
        raise refusal
    form = Form(procedure, declared, visitor.city, visitor.language)
    desk, new = Desk(visitor.actor.key, f"open/{kind}"), Typed.of(request.POST, request.FILES)
    typed = desk.with_files(new, request.POST.getlist("drop"))
    token = typed.text("token") or once.token()
    errors, trouble, marked = {}, "", False
    if request.method == "POST":
        reading = form.read(typed)
        errors, marked = dict(reading.errors), reading.marked
        if not errors:
            try:
                answer = opened(request, visitor, kind, reading, token)
                desk.let_go()
                return answer
            except HuyingError as error:
                trouble, marked = sentence(error, visitor.language), isinstance(error, SecrecyMark)
        typed = desk.keep(typed, new, marked=marked)
    known = {
        "procedure": visitor.wording.of(procedure.label), "kind": kind, "label": visitor.wording.of(declared.label),
        "widgets": form.widgets(typed, errors), "lists": form.lists(), "token": token, "trouble": trouble,
        "mistakes": [(f"f-{name}", words) for name, words in errors.items()],
    }  # fmt: skip
    return show(request, visitor, "desk/open.html", known, status=UNPROCESSABLE if errors or trouble else 200)


def opened(request: HttpRequest, visitor: Visitor, kind: str, reading: Reading, token: str) -> HttpResponse:
    """Open the case once, whatever the button did, and go to it."""

    def do() -> Entry:
        return find.entries(open_case(Intake(kind, reading.said), visitor.actor)).get(seq=1)

    opened_number, _ = once.once(visitor.actor.key, token, do)
    words = say("Registered: {number}.", visitor.language, number=number.said(opened_number))
    told.done(request, words, seq=1, draft=f"open/{kind}")
    return HttpResponseRedirect(f"/desk/case/{opened_number}")
