"""Requests told outward: which were asked for, and each as GeoReport writes it. Read through `find` as PublicView."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from django.http import QueryDict

from huying.city.calendar import Calendar
from huying.errors import BadMoment, BadSpan, BadValue, UnknownCase, UnknownRequest
from huying.intake import trials
from huying.intake.answer import Node
from huying.intake.asked import Asked, one
from huying.intake.services import PROCEDURE
from huying.ledger import find, number, rulebook
from huying.ledger.find import PublicView, Wanted
from huying.ledger.now import now
from huying.ledger.said import FIRST_DAY, LAST_DAY
from huying.ledger.vocabulary import Procedure, Words

MOST_DAYS = 90
MOST_ROWS = 1000
MOST_PAGES = 1_000_000
_STATUS = ("open", "closed")
_VERIFIED: Mapping[str, Words] = {
    "requester": {"zh-Hans": "诉求人已确认", "en": "confirmed by the requester"},
    "callback": {"zh-Hans": "回访已核实", "en": "confirmed by a call-back"},
    "assent": {"zh-Hans": "诉求人同意当场答复", "en": "answered on the spot with the caller's assent"},
    "nobody": {"zh-Hans": "未经核实", "en": "not verified"},
    "source": {"zh-Hans": "来源平台办结，未经核实", "en": "closed by the source, not verified"},
}


def requests(asked: Asked) -> Node:
    """The public requests that fit the filters of the specification, newest first."""
    wanted = _wanted(asked.request.GET, asked.city.calendar)
    procedure = rulebook.procedure(PROCEDURE)
    return [_request(asked, view, procedure) for view in _views(asked, wanted)]


def request(asked: Asked, text: str) -> Node:
    """One public request, as a list of one; with `extensions=true` also its steps. Raises UnknownRequest."""
    view = view_of(asked, text)
    if view is None:
        raise UnknownRequest(number=text[:40])
    procedure = rulebook.procedure(PROCEDURE)
    told = _request(asked, view, procedure)
    if one(asked.request.GET.getlist("extensions"), "extensions").lower() == "true":
        told |= _extended(asked, view, procedure)
    return [told]


def view_of(asked: Asked, text: str) -> PublicView | None:
    """The public view of the request with that number, if there is one."""
    try:
        wanted = Wanted(numbers=[number.read(text)])
    except UnknownCase:
        return None
    return next(iter(_views(asked, wanted)), None)


def _views(asked: Asked, wanted: Wanted) -> list[PublicView]:
    return trials.published(wanted) if asked.sandbox else find.published(wanted)


# --- what was asked for


def _wanted(query: QueryDict, calendar: Calendar) -> Wanted:
    """The filters, checked. Raises BadValue, BadMoment, BadSpan or SentTwice."""
    size = _count(query, "page_size", MOST_ROWS)
    first = (_count(query, "page", MOST_PAGES, default=1) - 1) * size
    ids = _several(query, "service_request_id")
    if ids:
        numbers = [found for found in map(_number, ids[:MOST_ROWS]) if found]
        return Wanted(numbers=numbers, first=first, most=size)
    since, until = _span(query, calendar)
    categories, closed = _several(query, "service_code"), _closed(query)
    return Wanted(categories=categories, since=since, until=until, closed=closed, first=first, most=size)


def _several(query: QueryDict, name: str) -> tuple[str, ...]:
    """The values of a filter that may be sent repeatedly or with commas between."""
    return tuple(part.strip() for value in query.getlist(name) for part in value.split(",") if part.strip())


def _number(text: str) -> str:
    try:
        return number.read(text)
    except UnknownCase:
        return ""


def _count(query: QueryDict, name: str, most: int, default: int = MOST_ROWS) -> int:
    said = one(query.getlist(name), name).strip()
    if not said:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", said) or not 1 <= int(said) <= most:
        raise BadValue(field=name, value=said[:40], expected=f"1–{most}")
    return int(said)


def _closed(query: QueryDict) -> bool | None:
    said = set(_several(query, "status"))
    for value in said - set(_STATUS):
        raise BadValue(field="status", value=value[:40], expected=", ".join(_STATUS))
    return None if len(said) != 1 else said == {"closed"}


def _span(query: QueryDict, calendar: Calendar) -> tuple[datetime, datetime]:
    """From when to when: at most 90 days, and the last 90 where nothing else is said."""
    since = _moment(query, "start_date", calendar)
    until = _moment(query, "end_date", calendar)
    most = timedelta(days=MOST_DAYS)
    if since is None:
        until = until or now()
        return until - most, until
    until = until or since + most
    if not timedelta() <= until - since <= most:
        raise BadSpan(most=MOST_DAYS)
    return since, until


def _moment(query: QueryDict, name: str, calendar: Calendar) -> datetime | None:
    said = one(query.getlist(name), name).strip()
    return moment(said, name, calendar, last=name == "end_date") if said else None


def moment(said: str, name: str, calendar: Calendar, *, last: bool = False) -> datetime:
    """The instant that a W3C date or time means; without a zone it is the city's. Raises BadMoment.

    A day alone is its beginning, or with `last` its end.
    """
    # A plus sign that wasn't escaped comes as a space.
    text = re.sub(r"(T.*\d) (\d\d:?\d\d)$", r"\1+\2", said)
    try:
        found = _day(text, last=last) or datetime.fromisoformat(text)
        if not FIRST_DAY <= found.date() <= LAST_DAY:
            raise ValueError(said)
    except ValueError:
        raise BadMoment(field=name, value=said[:40]) from None
    return found if found.tzinfo else found.replace(tzinfo=calendar.tz)


def _day(text: str, *, last: bool) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    return datetime.combine(date.fromisoformat(text), time.max if last else time.min)


# --- how it is told


def _request(asked: Asked, view: PublicView, procedure: Procedure) -> dict[str, Node]:
    """A request with every element of the specification, in its order; what nobody may know is empty."""
    category = asked.city.categories.get(view.category)
    areas = [asked.city.areas[code] for code in asked.city.area_path(view.area)] if view.area else []
    lat, _, long = view.spot.partition(",")
    return {
        "service_request_id": view.number,
        "status": "closed" if view.closed else "open",
        "status_notes": _notes(asked, view, procedure),
        "service_name": asked.of(category.name) if category else view.category,
        "service_code": view.category,
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": asked.local(view.opened),
        "updated_datetime": asked.local(view.closed or view.updated),
        "expected_datetime": asked.local(view.due),
        "address": asked.joined(area.name for area in areas) or None,
        "address_id": view.area or None,
        "zipcode": None,
        "lat": float(lat) if lat else None,
        "long": float(long) if long else None,
        "media_url": None,
    }


def _notes(asked: Asked, view: PublicView, procedure: Procedure) -> str:
    """The stage in words; of a closed request also its outcome, and who confirmed it."""
    stage = procedure.stage(view.stage)
    outcome = procedure.fields["outcome"].of.get(view.outcome)
    if not view.closed or outcome is None:
        return asked.of(stage)
    verified = _VERIFIED.get(view.verified, _VERIFIED["nobody"])
    return asked.say("{stage}: {outcome} ({verified})", stage=stage, outcome=outcome, verified=verified)


def _extended(asked: Asked, view: PublicView, procedure: Procedure) -> dict[str, Node]:
    """What the extension adds: codes for machines, and each step that the request has come to."""
    steps = [] if asked.sandbox else find.public_steps(view.number)
    notes: list[Node] = [
        {"datetime": asked.local(step.at), "description": asked.of(procedure.stage(step.stage)), "type": step.stage}
        for step in steps
    ]
    codes: Node = {"stage": view.stage, "outcome": view.outcome or None, "verified": view.verified or None}
    return {"extended_attributes": codes, "notes": notes}
