"""WGS-84, CGCS2000 and GCJ-02: both ways, against pyproj and another GCJ-02 library, inside China and outside."""

from __future__ import annotations

import math
import warnings

import prcoords
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.city.datum import CGCS2000, GCJ02, SYSTEMS, WGS84, Place, from_wgs84, shifted, to_wgs84

CENTIMETRE = 0.01
EARTH = pyproj.Geod(ellps="WGS84")
# A kilometre inside the rectangle's edge: at the edge itself two places have the same shifted one.
inside = st.tuples(st.floats(72.02, 137.82), st.floats(0.85, 55.81))
anywhere = st.tuples(st.floats(-180.0, 180.0), st.floats(-90.0, 90.0))
outside = anywhere.filter(lambda place: not shifted(place))


def apart(one: Place, other: Place) -> float:
    """Metres between two places."""
    metres: float = EARTH.inv(*one, *other)[2]
    return metres


@given(inside)
def test_to_gcj02_and_back_is_the_same_place_and_a_library_agrees_both_ways(place: Place) -> None:
    there = from_wgs84(place, GCJ02)
    theirs = prcoords.wgs_gcj((place[1], place[0]))
    assert apart(there, (theirs.lon, theirs.lat)) < CENTIMETRE / 10
    assert apart(to_wgs84(there, GCJ02), place) < CENTIMETRE / 10
    back = prcoords.gcj_wgs_bored((there[1], there[0]))
    assert apart(to_wgs84(there, GCJ02), (back.lon, back.lat)) < CENTIMETRE


@given(inside)
def test_from_gcj02_and_back_is_the_same_place(place: Place) -> None:
    assert apart(from_wgs84(to_wgs84(place, GCJ02), GCJ02), place) < CENTIMETRE / 10


@given(outside)
def test_outside_the_rectangle_around_china_nothing_moves(place: Place) -> None:
    for system in SYSTEMS:
        assert to_wgs84(place, system) == from_wgs84(place, system) == place
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert tuple(prcoords.wgs_gcj((place[1], place[0]))) == (place[1], place[0])


@given(inside)
def test_the_shift_is_some_hundred_metres_everywhere_in_china(place: Place) -> None:
    assert 5 < apart(place, from_wgs84(place, GCJ02)) < 1_500


TO_CGCS2000 = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:4490", always_xy=True)


@given(inside)
def test_cgcs2000_degrees_are_those_that_epsg_gives(place: Place) -> None:
    theirs = TO_CGCS2000.transform(*place)
    assert apart(from_wgs84(place, CGCS2000), theirs) < CENTIMETRE
    assert apart(to_wgs84(theirs, CGCS2000), place) < CENTIMETRE
    ellipsoid = pyproj.Geod(ellps="GRS80")
    assert math.isclose(ellipsoid.a, EARTH.a) and abs(ellipsoid.b - EARTH.b) < 0.0002


def test_a_place_by_which_libraries_show_the_way() -> None:
    # The pair that the documentation of coordtransform gives.
    assert apart(from_wgs84((116.404, 39.915), GCJ02), (116.41024449916938, 39.91640428150164)) < CENTIMETRE / 10


def test_an_unknown_system_is_an_error() -> None:
    with pytest.raises(KeyError):
        to_wgs84((116.0, 40.0), "bd09")
    assert to_wgs84((116.0, 40.0), WGS84) == (116.0, 40.0)
