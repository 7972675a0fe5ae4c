"""The outlines of a city's areas: GeoJSON polygons, each with the code of its area, read into WGS-84. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from huying.city.datum import WGS84, to_wgs84
from huying.city.tables import Reading

FILE = "areas.geojson"


def shapes(reading: Reading, system: str = WGS84) -> dict[str, Mapping[str, object]]:
    """The polygons by area code, from `system`; a mistake for each feature that isn't one, or has no known area."""
    collection = reading.json(FILE)
    features = collection.get("features") if isinstance(collection, dict) else None
    if not isinstance(features, list):
        if FILE not in reading.unread:
            reading.found(FILE, 1, "The GeoJSON has no list of features.")
        return {}
    outlines: dict[str, Mapping[str, object]] = {}
    for feature in features:
        code, geometry = _code(feature), _polygon(feature)
        if code not in reading.named["areas.csv"]:
            if "areas.csv" not in reading.unread:
                reading.found(FILE, _line(reading, code), "The feature “{code}” is not in areas.csv.", code=code)
        elif code in outlines:
            reading.found(FILE, _line(reading, code), "The feature “{code}” stands twice.", code=code)
        elif geometry is None:
            reading.found(
                FILE, _line(reading, code), "“{code}” is no closed polygon of longitudes and latitudes.", code=code
            )
        else:
            outlines[code] = geometry if system == WGS84 else converted(geometry, system)
    return outlines


def converted(geometry: Mapping[str, object], system: str) -> Mapping[str, object]:
    """A polygon of another system in WGS-84, to 0.1 mm; heights are left out."""
    return {"type": geometry["type"], "coordinates": _converted(geometry["coordinates"], system)}


def _converted(value: object, system: str) -> object:
    assert isinstance(value, list)
    if not isinstance(value[0], list):
        return [round(degrees, 9) for degrees in to_wgs84((value[0], value[1]), system)]
    return [_converted(inner, system) for inner in value]


def _line(reading: Reading, code: str) -> int:
    return reading.line_with(FILE, rf'"code":\s*"{re.escape(code)}"') if code else 1


def _code(feature: object) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return str(properties.get("code", "")) if isinstance(properties, dict) else ""


def _polygon(feature: object) -> Mapping[str, object] | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        return None
    parts = {"Polygon": [geometry.get("coordinates")], "MultiPolygon": geometry.get("coordinates")}
    polygons = parts.get(str(geometry.get("type")))
    if not isinstance(polygons, list) or not polygons:
        return None
    fine = all(isinstance(rings, list) and rings and all(_ring(ring) for ring in rings) for rings in polygons)
    return geometry if fine else None


def _ring(ring: object) -> bool:
    return isinstance(ring, list) and len(ring) >= 4 and ring[0] == ring[-1] and all(_position(at) for at in ring)


def _position(at: object) -> bool:
    if not isinstance(at, list) or len(at) < 2 or not all(type(number) in (int, float) for number in at):
        return False
    return bool(-180 <= at[0] <= 180 and -90 <= at[1] <= 90)
