"""A register month by month: how many cases came and how many were closed, and the span that a month or year names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncMonth

from huying.city.facts import City
from huying.ledger.actor import Actor
from huying.ledger.find import visible
from huying.ledger.lists import Sieve
from huying.ledger.models import Case

_SPAN = re.compile(r"(19[9]\d|20\d\d)(?:-(0[1-9]|1[0-2]))?")
Span = tuple[datetime, datetime]


def span(text: str, city: City) -> Span | None:
    """From the first instant of a month (`2026-06`) or year (`2026`) to the first after it; else None."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2] or 0)
    after = (year, month + 1) if 0 < month < 12 else (year + 1, 1)
    zone = city.calendar.tz
    return datetime(year, month or 1, 1, tzinfo=zone), datetime(*after, 1, tzinfo=zone)


@dataclass(frozen=True)
class Month:
    """One month of a register: `name` as an address says it, how many cases came in it, and were closed in it."""

    name: str
    came: int
    closed: int


def months(actor: Actor, city: City, sieve: Sieve, year: int) -> list[Month]:
    """The months of a year in which something came or was closed, in two queries."""
    bounds = span(str(year), city)
    if bounds is None:
        return []
    rows = sieve.of(visible(actor, city))
    came, closed = (_by_month(rows, column, bounds, city) for column in ("opened", "closed"))
    return [Month(name, came.get(name, 0), closed.get(name, 0)) for name in sorted({*came, *closed})]


def _by_month(rows: QuerySet[Case], column: str, bounds: Span, city: City) -> dict[str, int]:
    within = rows.filter(**{f"{column}__gte": bounds[0], f"{column}__lt": bounds[1]}).order_by()
    month = TruncMonth(column, tzinfo=city.calendar.tz)
    return {f"{at:%Y-%m}": many for at, many in within.values_list(month).annotate(many=Count("pk"))}
