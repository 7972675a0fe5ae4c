"""A point on the ground belongs to the smallest area around it, or to none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from huying.city.facts import Area, City
from huying.city.ground import outlines

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]]}
WITH_HOLE = {
    "type": "Polygon",
    "coordinates": [[[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]], [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]],
}
TWO_PARTS = {
    "type": "MultiPolygon",
    "coordinates": [[[[6, 6], [7, 6], [7, 7], [6, 7], [6, 6]]], [[[8, 8], [9, 8], [9, 9], [8, 9], [8, 8]]]],
}
pytestmark = pytest.mark.django_db


@pytest.fixture
def land(city: City) -> City:
    name = {"zh-Hans": "地", "en": "land"}
    areas = [
        Area("all", name, "", "city", SQUARE), Area("ring", name, "all", "district", WITH_HOLE),
        Area("twins", name, "all", "district", TWO_PARTS), Area("blank", name, "all", "district"),
    ]  # fmt: skip
    return replace(city, areas={area.code: area for area in areas})


@pytest.mark.parametrize(
    ("lat", "long", "area"),
    [
        (3, 3, "ring"), (1.5, 1.5, "all"), (6.5, 6.5, "twins"), (8.5, 8.5, "twins"), (7.5, 7.5, "all"),
        (11, 5, ""), (-0.1, 5, ""), (5, 10.1, ""), (90, 180, ""),
    ],
)  # fmt: skip
def test_a_point_lies_in_the_smallest_area_that_holds_it(land: City, lat: float, long: float, area: str) -> None:
    assert land.area_at(lat, long) == area


def test_every_outlined_community_of_the_demo_city_is_found_by_a_point_in_it(city: City) -> None:
    around = {area.parent for area in city.areas.values()}
    smallest = [area for area in city.areas.values() if area.geometry and area.code not in around]
    assert len(smallest) > 5
    for area in smallest:
        assert area.geometry is not None
        ring = outlines(area.geometry)[0].rings[0][:-1]
        long, lat = (sum(at[axis] for at in ring) / len(ring) for axis in (0, 1))
        assert city.area_at(lat, long) == area.code
