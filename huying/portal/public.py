"""What anybody may know: the list of cases, one case, and home. From `find.published` and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from huying.city import store
from huying.city.facts import City
from huying.errors import UnknownCase, say
from huying.ledger import number, rulebook
from huying.ledger.find import PUBLIC, PublicView, Wanted, public_steps, published
from huying.ledger.now import now
from huying.ledger.vocabulary import Procedure
from huying.ledger.wording import Wording
from huying.pages import when
from huying.pages.language import spoken
from huying.portal import form
from huying.portal.page import show

PAGE = 20
ON_HOME = 5


@dataclass(frozen=True)
class Told:
    """A public case in words; `late` says that its promise has passed."""

    number: str
    said: str
    category: str
    area: str
    stage: str
    opened: datetime
    due: datetime | None
    closed: datetime | None
    outcome: str
    late: bool
    promise: str


def told(views: Iterable[PublicView], city: City, language: str) -> list[Told]:
    """Public views in the reader's words."""
    wording, procedure = Wording(city, language), rulebook.procedure(PUBLIC)
    return [_told(view, wording, procedure) for view in views]


def _told(view: PublicView, wording: Wording, procedure: Procedure) -> Told:
    city, language = wording.city, wording.language
    outcome = procedure.fields["outcome"].of.get(view.outcome)
    known = city.categories.get(view.category)
    return Told(
        number=view.number,
        said=number.said(view.number),
        category=wording.of(known.name) if known else wording.say("Not sorted yet"),
        area=wording.area(view.area) if view.area else wording.say("Place not public"),
        stage=wording.of(procedure.stage(view.stage)),
        opened=view.opened,
        due=view.due,
        closed=view.closed,
        outcome=wording.of(outcome) if outcome else "",
        late=view.closed is None and view.due is not None and view.due < now(),
        promise=_promise(view, city, language),
    )


def _promise(view: PublicView, city: City, language: str) -> str:
    if view.due is None:
        return ""
    return say("answer by {due}", language, due=when.ends(view.due, now(), city.calendar, language))


def home(request: HttpRequest) -> HttpResponse:
    """The front page: one sentence, one button, look-up, what is being worked on."""
    city, language = store.current(), spoken(request)
    views = published(Wanted(closed=False, unsealed=True, most=ON_HOME))
    context = {
        "cases": told(views, city, language),
        "elsewhere": list(form.elsewhere(city, language)),
    }
    return show(request, "home", context)


def cases(request: HttpRequest) -> HttpResponse:
    """The list, newest first, by category, area and whether it is open; a number leads to its case."""
    asked = request.GET.get("number", "").strip()
    if asked:
        return _to(request, asked)
    city, language = store.current(), spoken(request)
    chosen = {name: request.GET.get(name, "") for name in ("category", "area", "state")}
    page = _page(request.GET.get("page", ""))
    views = published(_wanted(city, chosen, page))
    context = {
        "cases": told(views[:PAGE], city, language),
        "chosen": chosen,
        "categories": form.categories(city, language),
        "areas": form.areas(city, language),
        "newer": _link(chosen, page - 1) if page else "",
        "older": _link(chosen, page + 1) if len(views) > PAGE else "",
    }
    return show(request, "cases", context)


def _page(said: str) -> int:
    return min(int(said), 500) if said.isascii() and said.isdecimal() and len(said) < 6 else 0


def _wanted(city: City, chosen: Mapping[str, str], page: int) -> Wanted:
    """The filter; what the city doesn't know isn't filtered by."""
    kinds = [code for code in city.categories if chosen["category"] and chosen["category"] in city.category_path(code)]
    inside = city.area_subtree(chosen["area"]) if chosen["area"] in city.areas else ()
    closed = {"open": False, "closed": True}.get(chosen["state"])
    return Wanted(categories=kinds, areas=inside, closed=closed, unsealed=True, first=page * PAGE, most=PAGE + 1)


def _link(chosen: Mapping[str, str], page: int) -> str:
    return f"/cases?{urlencode({**{name: value for name, value in chosen.items() if value}, 'page': page})}"


def _to(request: HttpRequest, asked: str) -> HttpResponse:
    try:
        return HttpResponseRedirect(f"/cases/{number.read(asked)}")
    except UnknownCase:
        return show(request, "nowhere", {"asked": asked[:40]}, status=404)


def case(request: HttpRequest, asked: str) -> HttpResponse:
    """One case as anybody may know it: its stages and dates, no words of anybody."""
    city, language = store.current(), spoken(request)
    try:
        found = published(Wanted(numbers=[number.read(asked)]))
        steps = public_steps(asked) if found else []
    except UnknownCase:
        found, steps = [], []
    if not found:
        return show(request, "nowhere", {"asked": asked[:40]}, status=404)
    procedure, wording = rulebook.procedure(PUBLIC), Wording(city, language)
    context = {
        "case": told(found, city, language)[0],
        "steps": [(step.at, wording.of(procedure.stage(step.stage))) for step in reversed(steps)],
    }
    return show(request, "case", context)


def handled(request: HttpRequest) -> HttpResponse:
    """What the city handles, and where everything else goes."""
    city, language = store.current(), spoken(request)
    context = {
        "categories": form.categories(city, language),
        "elsewhere": list(form.elsewhere(city, language)),
    }
    return show(request, "help", context)
