"""The three systems in which places in China are written, and the ways between them. Pure.

Everything in here is WGS-84; what comes in another system is converted where it comes in, and again only where
it is drawn on tiles of another system.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

WGS84, CGCS2000, GCJ02 = "wgs84", "cgcs2000", "gcj02"
SYSTEMS = (WGS84, CGCS2000, GCJ02)

Place = tuple[float, float]
"""Longitude and latitude in degrees, in GeoJSON's order."""

# The ellipsoid over which GCJ-02 spreads its shift: Krasovsky 1940. The rectangle is the one outside of which
# nothing is shifted, as the published forms of the formula have it.
_AXIS, _ECCENTRICITY = 6378245.0, 0.00669342162296594323
_WEST, _SOUTH, _EAST, _NORTH = 72.004, 0.8293, 137.8347, 55.8271
_ROUNDS, _STILL = 30, 1e-12


def to_wgs84(place: Place, system: str) -> Place:
    """A place of one of SYSTEMS in WGS-84. Exact to 1 mm for GCJ-02; outside its rectangle nothing changes.

    WGS-84 and CGCS2000 degrees are taken as the same, as EPSG does: their ellipsoids differ by 0.1 mm. The
    ground's own movement since CGCS2000's epoch (2000.0), up to some decimetres, isn't followed.
    Raises KeyError for an unknown system.
    """
    return _IN[system](place)


def from_wgs84(place: Place, system: str) -> Place:
    """A WGS-84 place in one of SYSTEMS; the same promise as `to_wgs84`, whose way back it is."""
    return _OUT[system](place)


def shifted(place: Place) -> bool:
    """Whether GCJ-02 shifts a place: it lies in the rectangle around China."""
    long, lat = place
    return _WEST <= long <= _EAST and _SOUTH <= lat <= _NORTH


def _same(place: Place) -> Place:
    return place


def _shift(place: Place) -> Place:
    """WGS-84 to GCJ-02."""
    if not shifted(place):
        return place
    east, north = _metres(place[0] - 105.0, place[1] - 35.0)
    per_long, per_lat = _degree(place[1])
    return place[0] + east / per_long, place[1] + north / per_lat


def _unshift(place: Place) -> Place:
    """GCJ-02 to WGS-84: the place whose shift leads here, found by going back what each guess is off."""
    if not shifted(place):
        return place
    long, lat = place
    for _ in range(_ROUNDS):
        there = _shift((long, lat))
        off = there[0] - place[0], there[1] - place[1]
        long, lat = long - off[0], lat - off[1]
        if abs(off[0]) < _STILL and abs(off[1]) < _STILL:
            break
    return long, lat


def _metres(x: float, y: float) -> Place:
    """The published shift in metres to the east and to the north, `x` and `y` degrees from 105° E 35° N."""
    ripple = _waves(x, (20.0, 6.0), (20.0, 2.0))
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += ripple + _waves(x, (20.0, 1.0), (40.0, 1 / 3), (150.0, 1 / 12), (300.0, 1 / 30))
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += ripple + _waves(y, (20.0, 1.0), (40.0, 1 / 3), (160.0, 1 / 12), (320.0, 1 / 30))
    return east, north


def _waves(degrees: float, *waves: tuple[float, float]) -> float:
    """Two thirds of the sum of sine waves, each with its height in metres and its half periods per degree."""
    return sum(height * math.sin(degrees * often * math.pi) for height, often in waves) * 2.0 / 3.0


def _degree(lat: float) -> Place:
    """The length in metres of a degree of longitude and of one of latitude, on the ellipsoid of the shift."""
    around = math.radians(lat)
    flat = 1.0 - _ECCENTRICITY * math.sin(around) ** 2
    per_long = math.radians(_AXIS * math.cos(around) / math.sqrt(flat))
    return per_long, math.radians(_AXIS * (1.0 - _ECCENTRICITY) / flat**1.5)


_IN: Mapping[str, Callable[[Place], Place]] = {WGS84: _same, CGCS2000: _same, GCJ02: _unshift}
_OUT: Mapping[str, Callable[[Place], Place]] = {WGS84: _same, CGCS2000: _same, GCJ02: _shift}
