"""Which area a point on the ground lies in: the smallest one whose outline holds it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Outline:
    """One polygon of an area: its outer ring, its holes, and the box around it (west, south, east, north)."""

    rings: tuple[Ring, ...]
    box: tuple[float, float, float, float]

    def holds(self, long: float, lat: float) -> bool:
        """Whether the point lies inside the outer ring and in no hole."""
        west, south, east, north = self.box
        if not (west <= long <= east and south <= lat <= north):
            return False
        return _inside(self.rings[0], long, lat) and not any(_inside(hole, long, lat) for hole in self.rings[1:])


def outlines(geometry: Mapping[str, object]) -> tuple[Outline, ...]:
    """The polygons of a GeoJSON Polygon or MultiPolygon that `shapes` has let through."""
    coordinates = geometry["coordinates"]
    assert isinstance(coordinates, Sequence)
    return tuple(_outline(rings) for rings in (coordinates if geometry["type"] == "MultiPolygon" else [coordinates]))


def _outline(rings: Sequence[Sequence[Sequence[float]]]) -> Outline:
    read: tuple[Ring, ...] = tuple(tuple((float(at[0]), float(at[1])) for at in ring) for ring in rings)
    longs, lats = zip(*read[0], strict=True)
    return Outline(read, (min(longs), min(lats), max(longs), max(lats)))


def _inside(ring: Ring, long: float, lat: float) -> bool:
    """Whether a ray to the east crosses the ring an odd number of times."""
    return sum(_crossings(ring, long, lat)) % 2 == 1


def _crossings(ring: Ring, long: float, lat: float) -> Iterator[bool]:
    for (x, y), (next_x, next_y) in pairwise(ring):
        if (y > lat) != (next_y > lat):
            yield long < x + (lat - y) / (next_y - y) * (next_x - x)
