"""The facts of one city as frozen values: units, areas, categories, people, routing, limits, texts. Pure.

A City is one loaded version; what the ledger decides is decided against it, and its number is in `sets`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from functools import cached_property
from urllib.parse import urlsplit

from huying.city.calendar import Calendar, Limit
from huying.city.ground import Outline, outlines
from huying.errors import UnknownArea, UnknownCategory, UnknownUnit

Words = Mapping[str, str]
LANGUAGES = ("zh-Hans", "en")
RUNGS = ("remind", "urge", "supervise", "bulletin", "escalate")
"""The rungs of the urging ladder: acts of every procedure, the mildest first."""
ROLES = (
    "intake", "dispatcher", "handler", "reviewer", "supervisor", "duty", "callback", "leader", "volunteer",
    "system", "security", "auditor",
)  # fmt: skip
ADMINISTRATORS = frozenset({"system", "security", "auditor"})
"""Three apart: who loads, who grants, who reads along. Nobody holds two of them."""
BEFORE = {"admin": "system"}
"""Roles as stored versions of a city call them that were loaded before there were three administrators."""


@dataclass(frozen=True)
class Unit:
    """A body or part of one. `organ` is the body at which independence is judged; `serves` the unit whose
    whole subtree a desk answers for; `area` where it is answerable; `may_lead` is false for communities."""

    code: str
    name: Words
    parent: str
    kind: str
    organ: str
    serves: str
    area: str
    may_lead: bool


@dataclass(frozen=True)
class Area:
    """A part of the city's ground; `geometry` is GeoJSON in WGS-84, or nothing."""

    code: str
    name: Words
    parent: str
    kind: str
    geometry: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Category:
    """A node of the category tree. `refer_to` names the standard text that points elsewhere; `evidence` is
    `none`, `photo` or `document`; `point` says whether the public map may show a coarse point or none."""

    code: str
    name: Words
    parent: str
    handled: bool
    refer_to: str
    evidence: str
    point: str


@dataclass(frozen=True)
class Post:
    """A role held at a unit, for a time; open-ended where `since` or `until` is None."""

    role: str
    unit: str
    since: date | None = None
    until: date | None = None

    def valid(self, on: date) -> bool:
        """Whether the post is held on that day."""
        return (self.since is None or self.since <= on) and (self.until is None or on <= self.until)


@dataclass(frozen=True)
class Person:
    """Somebody who works in the system: key, name, home unit and posts. No other attribute is kept."""

    key: str
    name: str
    unit: str
    posts: tuple[Post, ...] = ()


@dataclass(frozen=True)
class Deputy:
    """`deputy` stands in for `person` from `since` to `until`, both days included."""

    person: str
    deputy: str
    since: date
    until: date


@dataclass(frozen=True)
class Routing:
    """Which unit's duty a category is, in an area ("" is everywhere)."""

    category: str
    area: str
    unit: str


@dataclass(frozen=True)
class LimitRow:
    """The limit of one clock; "" in category or urgency means any."""

    procedure: str
    clock: str
    category: str
    urgency: str
    limit: Limit


@dataclass(frozen=True)
class Ladder:
    """One rung of the urging ladder: the act `rung`, so long after a due time, or `before` it.

    "" in procedure or urgency means any that has no ladder of its own; "" as `rung`, that the deadline passes again.
    """

    procedure: str
    step: Limit
    urgency: str = ""
    rung: str = ""
    before: bool = False


@dataclass(frozen=True)
class Urging:
    """How seldom a city urges: one notice on a case within `gap`, to a unit `week` written ones in seven days.

    None and 0 mean that there is no such limit.
    """

    gap: Limit | None = None
    week: int = 0


@dataclass(frozen=True)
class Recurrence:
    """What comes again: a case of `opens` for `unit` from the template `said`, or the quiet duty `does`.

    By `rule` (RFC 5545) from the day `begins` on, at `at` local time, moved off rest days as `rest` says; at most
    `catch_up` missed ones are made up for. Or, with `after`, a look-back by `unit` so long after each case of the
    procedure `of` was closed: `sample` of a hundred, of these outcomes and categories, of any where none is named.
    """

    code: str
    label: Words
    unit: str = ""
    opens: str = ""
    does: str = ""
    said: Mapping[str, str | int | bool] = field(default_factory=dict)
    rule: str = ""
    begins: date | None = None
    at: time | None = None
    rest: str = "later"
    after: Limit | None = None
    of: str = ""
    outcome: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    sample: int = 100
    catch_up: int = 4


@dataclass(frozen=True)
class Letters:
    """How the city writes: its sender, and in local time the quiet hours and when a person's digest of the day goes.

    `quiet` may pass midnight (21:00 to 08:00); None means that there are none.
    """

    sender: str = ""
    quiet: tuple[time, time] | None = None
    digest: time | None = None


@dataclass(frozen=True)
class Tiles:
    """What lies under the city's map: `address` is a tile service's (https, with {z}, {x}, {y}), the name of a
    PMTiles file, or "" for blank ground; `system` that in which the tiles are drawn; `credit` whom they are from."""

    address: str = ""
    system: str = "wgs84"
    credit: Words = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The service's origin, which a browser must be allowed to ask; "" where nobody outside is asked."""
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


@dataclass(frozen=True)
class City:
    """One version of one city's data. Codes are looked up with `unit`, `area`, `category`, which refuse unknown ones.

    `desk` is the unit that takes in what comes from outside; `contacts` the addresses of people who work
    here, by channel; `texts` the standard texts by key, `danger` the words of danger to life, `emergency` the
    numbers to call then, `procedures` the texts of the city's own ones by file name, `tiles` what lies under
    its map. `version` and `digest` are given by the store; 0 and "" mean: read, but never put in force.
    """

    code: str
    name: Words
    units: Mapping[str, Unit]
    areas: Mapping[str, Area]
    categories: Mapping[str, Category]
    people: Mapping[str, Person]
    deputies: tuple[Deputy, ...]
    routing: tuple[Routing, ...]
    limits: tuple[LimitRow, ...]
    ladders: tuple[Ladder, ...]
    calendar: Calendar
    texts: Mapping[str, Words] = field(default_factory=dict)
    danger: tuple[Words, ...] = ()
    emergency: Mapping[str, Words] = field(default_factory=dict)
    languages: tuple[str, ...] = LANGUAGES
    desk: str = ""
    letters: Letters = field(default_factory=Letters)
    contacts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    procedures: Mapping[str, str] = field(default_factory=dict)
    recurrences: tuple[Recurrence, ...] = ()
    urging: Urging = field(default_factory=Urging)
    tiles: Tiles = field(default_factory=Tiles)
    version: int = 0
    digest: str = ""

    def unit(self, code: str) -> Unit:
        """The unit of that code; raises UnknownUnit."""
        if code not in self.units:
            raise UnknownUnit(unit=code)
        return self.units[code]

    def area(self, code: str) -> Area:
        """The area of that code; raises UnknownArea."""
        if code not in self.areas:
            raise UnknownArea(area=code)
        return self.areas[code]

    def category(self, code: str) -> Category:
        """The category of that code; raises UnknownCategory."""
        if code not in self.categories:
            raise UnknownCategory(category=code)
        return self.categories[code]

    @cached_property
    def root(self) -> Unit:
        """The one unit above all others."""
        return next(unit for unit in self.units.values() if not unit.parent)

    @cached_property
    def _unit_parents(self) -> dict[str, str]:
        return {code: unit.parent for code, unit in self.units.items()}

    @cached_property
    def _area_parents(self) -> dict[str, str]:
        return {code: area.parent for code, area in self.areas.items()}

    @cached_property
    def _category_parents(self) -> dict[str, str]:
        return {code: category.parent for code, category in self.categories.items()}

    @cached_property
    def _below(self) -> dict[str, frozenset[str]]:
        return _closures(self._unit_parents)

    @cached_property
    def _areas_below(self) -> dict[str, frozenset[str]]:
        return _closures(self._area_parents)

    def subtree(self, unit: str) -> frozenset[str]:
        """The unit and all units below it."""
        return self._below.get(unit, frozenset({unit}))

    def area_subtree(self, area: str) -> frozenset[str]:
        """The area and all areas inside it."""
        return self._areas_below.get(area, frozenset({area}))

    def above(self, unit: str) -> tuple[str, ...]:
        """The units above a unit, its parent first."""
        return _path(unit, self._unit_parents)[1:]

    def category_path(self, category: str) -> tuple[str, ...]:
        """A category and those above it, the most specific first."""
        return _path(category, self._category_parents)

    def area_path(self, area: str) -> tuple[str, ...]:
        """An area and those around it, the smallest first."""
        return _path(area, self._area_parents)

    @cached_property
    def _ground(self) -> tuple[tuple[str, tuple[Outline, ...]], ...]:
        """The outlines of the areas that have one, the smallest areas first."""
        drawn = [(area.code, outlines(area.geometry)) for area in self.areas.values() if area.geometry]
        return tuple(sorted(drawn, key=lambda pair: -len(self.area_path(pair[0]))))

    def area_at(self, lat: float, long: float) -> str:
        """The code of the smallest area in which a WGS-84 point lies, or "" outside all of them."""
        for code, parts in self._ground:
            if any(part.holds(long, lat) for part in parts):
                return code
        return ""

    def organ(self, unit: str) -> str:
        """The body at which a unit's independence is judged; an unknown code is its own."""
        return self.units[unit].organ if unit in self.units else unit

    @cached_property
    def _limits(self) -> dict[tuple[str, str, str, str], Limit]:
        return {(row.procedure, row.clock, row.category, row.urgency): row.limit for row in self.limits}

    def limit(self, procedure: str, clock: str, *, category: str, urgency: str) -> Limit | None:
        """The most specific limit: a category before those above it before any, an urgency before any."""
        for node in (*(self.category_path(category) if category else ()), ""):
            for grade in dict.fromkeys((urgency, "")):
                found = self._limits.get((procedure, clock, node, grade))
                if found:
                    return found
        return None

    @cached_property
    def _routes(self) -> dict[tuple[str, str], str]:
        return {(row.category, row.area): row.unit for row in self.routing}

    def route(self, category: str, area: str) -> str | None:
        """The unit whose duty it is: the most specific category first, then the smallest area."""
        for node in self.category_path(category):
            for place in (*(self.area_path(area) if area else ()), ""):
                if (node, place) in self._routes:
                    return self._routes[node, place]
        return None

    def dangerous(self, text: str) -> bool:
        """Whether a published word of danger to life stands in a text, however wide or tall its letters are."""
        folded = _folded(text)
        return any(_folded(word) in folded for listed in self.danger for word in listed.values())

    def rungs(self, procedure: str, urgency: str = "") -> tuple[Ladder, ...]:
        """The urging ladder: that of the procedure and urgency, of the procedure, of the urgency, or of any case."""
        for key in ((procedure, urgency), (procedure, ""), ("", urgency), ("", "")):
            found = tuple(row for row in self.ladders if (row.procedure, row.urgency) == key)
            if found:
                return found
        return ()

    def posts(self, person: str, *, on: date) -> tuple[Post, ...]:
        """The posts a person holds on a day, with those of the persons they stand in for; not handed further."""
        own = [post for post in self.people[person].posts if post.valid(on)] if person in self.people else []
        for deputy in self.deputies:
            if deputy.deputy == person and deputy.since <= on <= deputy.until and deputy.person in self.people:
                own += [post for post in self.people[deputy.person].posts if post.valid(on)]
        return tuple(dict.fromkeys(own))

    @cached_property
    def _by_day(self) -> dict[date, tuple[tuple[str, Post], ...]]:
        return {}

    def posted(self, on: date) -> tuple[tuple[str, Post], ...]:
        """Every person with each post they hold on a day, deputised posts included; kept for the day asked last."""
        if on not in self._by_day:
            self._by_day.clear()
            self._by_day[on] = tuple((key, post) for key in self.people for post in self.posts(key, on=on))
        return self._by_day[on]

    def holders(self, role: str, unit: str, *, on: date) -> tuple[str, ...]:
        """Who holds a role at a unit on a day, deputies included."""
        return tuple(
            key for key in self.people
            if any(post.role == role and post.unit == unit for post in self.posts(key, on=on))
        )  # fmt: skip

    def numbered(self, version: int, digest: str) -> City:
        """The same city as a stored version."""
        return replace(self, version=version, digest=digest)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _path(code: str, parents: Mapping[str, str]) -> tuple[str, ...]:
    """A code and all codes above it; a circle, which `folder` refuses, ends here too."""
    path: list[str] = []
    while code and code not in path and code in parents:
        path.append(code)
        code = parents[code]
    return tuple(path)


def _closures(parents: Mapping[str, str]) -> dict[str, frozenset[str]]:
    below: dict[str, set[str]] = {code: {code} for code in parents}
    for code in parents:
        for above in _path(code, parents)[1:]:
            below[above].add(code)
    return {code: frozenset(codes) for code, codes in below.items()}
