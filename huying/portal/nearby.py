"""What others reported near a place already: public facts only, and only of open cases."""

from __future__ import annotations

import math
from collections.abc import Iterator

from huying.city.facts import City
from huying.ledger.find import PublicView, Wanted, published

RADIUS = 300.0
"""Metres. A public point is coarsened to about 100 m already."""
MOST_LOOKED_AT, MOST_SHOWN = 200, 5
_METRES = 111_320.0


def near(city: City, *, point: tuple[float, float] | None, area: str, category: str) -> list[PublicView]:
    """The open public cases within 300 m of a point, or of the same category in the same area; newest first."""
    areas = {code for code in (area, *(_around(city, *point) if point else ())) if code}
    if not areas:
        return []
    inside = {inner for code in areas for inner in city.area_subtree(code)}
    found = published(Wanted(areas=inside, closed=False, unsealed=True, most=MOST_LOOKED_AT))
    kinds = _kin(city, category)
    fits = [view for view in found if (point and _close(view, *point)) or (view.category in kinds and not point)]
    return fits[:MOST_SHOWN]


def _kin(city: City, category: str) -> frozenset[str]:
    """A category and all below it."""
    return frozenset(code for code in city.categories if category and category in city.category_path(code))


def _around(city: City, lat: float, long: float) -> Iterator[str]:
    """The areas at a point and at eight points around it, since what is near may lie across a border."""
    step = RADIUS / _METRES
    for north in (-step, 0, step):
        for east in (-step, 0, step):
            yield city.area_at(lat + north, long + east / max(math.cos(math.radians(lat)), 0.01))


def _close(view: PublicView, lat: float, long: float) -> bool:
    if not view.spot:
        return False
    there = [float(part) for part in view.spot.split(",")]
    north = (there[0] - lat) * _METRES
    east = (there[1] - long) * _METRES * math.cos(math.radians(lat))
    return math.hypot(north, east) <= RADIUS
