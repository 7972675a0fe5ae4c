"""Queues, registers and the search: lists of cases with their filters in the address, in keyset pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from huying.city.facts import ADMINISTRATORS
from huying.desk import rail, told
from huying.desk.asked import whole
from huying.desk.filters import LAMP_WORDS, Filters
from huying.desk.models import View
from huying.desk.page import show
from huying.desk.rows import Line, colours, lines
from huying.desk.visitor import Visitor, signed_in
from huying.errors import BadInput, UnknownCase, say
from huying.ledger import find, lists, months, number, rulebook
from huying.ledger.find import Place
from huying.ledger.models import Case
from huying.ledger.vocabulary import Procedure
from huying.metrics import lamps

ROWS = 30
BATCH, LOOKED_AT = 500, 5_000
"""A lamp is no column: rows are looked at in batches until a page of one colour is full. Where that many were looked
at and it isn't, the page says so."""
FRESH_SECONDS = 30
MOST_VIEWS = 30


class NoQueue(BadInput):
    message = "There is no queue “{name}”."
    mend = "Choose one from the list beside."


@require_safe
@signed_in
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Where this person begins the day."""
    return HttpResponseRedirect(rail.first(visitor))


@require_safe
@signed_in
def queue(request: HttpRequest, visitor: Visitor, name: str = "all") -> HttpResponse:
    """One page of a queue, next due first."""
    return listed(request, visitor, name)


def listed(request: HttpRequest, visitor: Visitor, name: str, *, base: str = "/desk/case/") -> HttpResponse:
    """The page itself; `base` is where a row leads, before its number."""
    filters = Filters.of(request.path, request.GET, visitor)
    after = _after(request.GET.get("after", ""))
    if name not in rail.QUEUES:
        raise NoQueue(name=name[:40])
    cases, cut = _page(queued(name, visitor, filters, after=after), filters.lamp, visitor)
    shown, more = cases[:ROWS], len(cases) > ROWS
    rows = lines(shown, visitor)
    label = rail.label(name, visitor.language)
    told.came(request, label, [row.number for row in rows])
    mine, others = rail.queues(visitor, name)
    empty = not rows and bool(filters.asked)
    known = {
        "label": label, "name": name, "rows": rows, "filters": filters, "mine": mine, "others": others, "cut": cut,
        "next": _next(filters, shown[-1]) if more and shown else "", "paged": bool(after), "looked_at": LOOKED_AT,
        "views": View.objects.filter(user=visitor.user).order_by("name"), "lamps": _lamps(filters, visitor),
        "rule": lamps.rule(visitor.language),
        "export": replace(filters, path=f"/desk/export/queue/{name}").address(filters.asked),
        "drop": _drop(name, visitor, filters) if empty else None, "all_lamps": filters.with_(lamp=""), "base": base,
    }  # fmt: skip
    return show(request, visitor, "desk/queue.html", known)


Batch = Callable[[Case | None, int], list[Case]]
"""So many cases of a list, those behind a case of it, or from where the list begins."""


def queued(name: str, visitor: Visitor, filters: Filters, *, after: Place | None = None) -> Batch:
    """The cases of a queue, in its order."""

    def batch(last: Case | None, most: int) -> list[Case]:
        place = after if last is None else (last.next_due, last.pk)
        return lists.queue(name, visitor.actor, visitor.city, filters.sieve, visitor.at, after=place, most=most)

    return batch


def registered(visitor: Visitor, filters: Filters, *, before: int | None = None) -> Batch:
    """The cases of a register, the newest first."""

    def batch(last: Case | None, most: int) -> list[Case]:
        place = before if last is None else last.pk
        return lists.register(visitor.actor, visitor.city, filters.sieve, before=place, most=most)

    return batch


def batches(batch: Batch, size: int) -> Iterator[list[Case]]:
    """A whole list in batches."""
    last: Case | None = None
    while cases := batch(last, size):
        yield cases
        if len(cases) < size:
            return
        last = cases[-1]


def lit(cases: list[Case], lamp: str, visitor: Visitor) -> list[Case]:
    """The cases that have a lamp of this colour; all of them where none is asked for."""
    return [case for case, colour in colours(cases, visitor) if colour == lamp] if lamp else cases


def _page(batch: Batch, lamp: str, visitor: Visitor) -> tuple[list[Case], bool]:
    """A page of cases and one more, those of a lamp where one is asked for; whether the looking was cut short."""
    if not lamp:
        return batch(None, ROWS + 1), False
    fitting: list[Case] = []
    for number_, cases in enumerate(batches(batch, BATCH), 1):
        fitting += lit(cases, lamp, visitor)
        if len(fitting) > ROWS:
            return fitting[: ROWS + 1], False
        if number_ * BATCH >= LOOKED_AT:
            return fitting, len(cases) == BATCH
    return fitting, False


def _after(text: str) -> Place | None:
    """The place behind which the page begins: the next due time, if it has one, and the id of a row; or nothing."""
    time, apart, pk = text.partition("~")
    key = whole(pk)
    if not apart or key is None:
        return None
    try:
        at = datetime.fromisoformat(time) if time else None
    except ValueError:
        return None
    return (at, key) if at is None or at.tzinfo else None


def _next(filters: Filters, last: Case) -> str:
    due = last.next_due.isoformat() if last.next_due else ""
    return filters.address({**filters.asked, "after": f"{due}~{last.pk}"})


def _lamps(filters: Filters, visitor: Visitor) -> list[tuple[str, str, str, bool]]:
    """The lamps as filters: colour, word, address, whether it is chosen."""
    return [
        (colour, say(LAMP_WORDS[colour], visitor.language), filters.with_(lamp=colour), filters.lamp == colour)
        for colour in LAMP_WORDS
    ]


def _drop(name: str, visitor: Visitor, filters: Filters) -> tuple[str, str, int] | None:
    """The one filter whose loss brings most: its words, the address, how many that gives."""
    best: tuple[str, str, int] | None = None
    for chip_name in filters.asked:
        others = {key: value for key, value in filters.asked.items() if key != chip_name}
        sieve = Filters(visitor, filters.path, others, filters.procedures).sieve
        rows = sieve.of(find.waiting(name, visitor.actor, at=visitor.at, city=visitor.city))
        count = rows[: lists.COUNTED + 1].count()
        if count and (best is None or count > best[2]):
            best = filters._label(chip_name), filters.address(others), count
    return best


@require_safe
@signed_in
def counts(request: HttpRequest, visitor: Visitor) -> JsonResponse:
    """How many wait in each queue: asked for after the page is there, kept for half a minute."""
    key = f"counts:{visitor.actor.key}:{visitor.city.version}"
    known = cache.get(key)
    if known is None:
        found = lists.counts(visitor.actor, visitor.city, visitor.at)
        known = {name: f"{lists.COUNTED}+" if n > lists.COUNTED else str(n) for name, n in found.items()}
        cache.set(key, known, FRESH_SECONDS)
    return JsonResponse(known)


@require_safe
@signed_in
def register(request: HttpRequest, visitor: Visitor, kind: str = "request") -> HttpResponse:
    """One page of the register of a kind of case, with a column for each listed field, the newest first."""
    procedure = rulebook.procedure(kind)
    not_for(visitor, procedure)
    query = {**request.GET.dict(), "kind": kind}
    filters = Filters.of(request.path, query, visitor)
    before = request.GET.get("before", "")
    cases, cut = _page(registered(visitor, filters, before=whole(before)), filters.lamp, visitor)
    rows = lines(cases[:ROWS], visitor, facts=True)
    label = visitor.wording.of(procedure.label)
    told.came(request, label, [row.number for row in rows])
    columns = columns_of(procedure, visitor)
    known = {
        "label": label, "kind": kind, "filters": filters, "registers": rail.registers(visitor, kind),
        "columns": [words for _, words in columns], "rows": [(row, cells(row, columns)) for row in rows],
        "next": filters.address({**_plain(filters), "before": str(cases[ROWS - 1].pk)}) if len(cases) > ROWS else "",
        "may_open": kind != "administration", "parted": bool(procedure.parts),
        "kind_word": say("Kind", visitor.language), "cut": cut, "looked_at": LOOKED_AT,
        "lamps": _lamps(filters, visitor),
        "rule": lamps.rule(visitor.language), "all_lamps": filters.with_(lamp=""),
        "export": replace(filters, path=f"/desk/export/register/{kind}").address(_plain(filters)),
        "months": _months(visitor, filters), "years": _years(visitor, filters),
    }  # fmt: skip
    return show(request, visitor, "desk/register.html", known)


def not_for(visitor: Visitor, procedure: Procedure) -> None:
    """Refuse the register of the administration to whoever is no administrator. Raises NotAllowed."""
    if procedure.name == "administration":
        visitor.needs(ADMINISTRATORS, procedure.label)


def _months(visitor: Visitor, filters: Filters) -> list[tuple[months.Month, str]]:
    """The monthly roll-up of the year that is asked for, each month with its address; counted only when asked for."""
    asked = filters.asked.get("month", "")[:4]
    if not months.span(asked, visitor.city):
        return []
    kept = replace(filters.sieve, opened=None)
    found = months.months(visitor.actor, visitor.city, kept, int(asked))
    return [(month, filters.with_(month=month.name, kind="")) for month in found]


def _years(visitor: Visitor, filters: Filters) -> list[tuple[str, str, str]]:
    """This year and the two before it: the address of its roll-up, and of its file of what is closed."""
    year = visitor.city.calendar.local(visitor.at).year
    return [
        (
            str(one),
            filters.with_(month=str(one), closed="", kind=""),
            filters.with_(month=str(one), closed="yes", kind=""),
        )
        for one in (year, year - 1, year - 2)
    ]


def _plain(filters: Filters) -> dict[str, str]:
    return {name: value for name, value in filters.asked.items() if name != "kind"}


def columns_of(procedure: Procedure, visitor: Visitor) -> list[tuple[str, str]]:
    """The listed facts that are columns of a register: name and label."""
    return [(name, visitor.wording.of(field.label)) for name, field in procedure.fields.items() if field.listed]


def cells(row: Line, columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The row's listed facts in the order of the columns, each with its column's label."""
    return [(label, row.facts.get(name, "")) for name, label in columns]


@require_safe
@signed_in
def search(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Find by number, which goes straight to the case, or by words."""
    query = request.GET.get("q", "").strip()
    try:
        return HttpResponseRedirect(f"/desk/case/{find.one(number.read(query), visitor.actor).number}")
    except UnknownCase:
        pass
    rows = lines(find.found(query, visitor.actor, most=ROWS), visitor) if query else []
    label = say("Search: {query}", visitor.language, query=query)
    told.came(request, label, [row.number for row in rows])
    return show(request, visitor, "desk/found.html", {"label": label, "query": query, "rows": rows})


@require_POST
@signed_in
def keep_view(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Keep a list under a name of one's own, or let it go."""
    name, address = request.POST.get("name", "").strip()[:40], request.POST.get("address", "")
    own = View.objects.filter(user=visitor.user)
    if "forget" in request.POST:
        own.filter(name=name).delete()
    elif name and address.startswith("/desk/queue/") and len(address) <= 500 and own.count() < MOST_VIEWS:
        View.objects.update_or_create(user=visitor.user, name=name, defaults={"address": address})
    return HttpResponseRedirect(address if address.startswith("/desk/queue/") else "/desk/")
