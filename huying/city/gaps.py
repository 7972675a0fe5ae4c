"""What makes a city unable to work although each file reads well: nobody holds a role, a category has no unit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from huying.city.facts import ADMINISTRATORS, City, Post, Unit
from huying.city.tables import Reading

NEEDED = {
    "intake": {"zh-Hans": "受理员", "en": "intake agent"},
    "dispatcher": {"zh-Hans": "派单员", "en": "dispatcher"},
    "callback": {"zh-Hans": "回访员", "en": "call-back agent"},
    "supervisor": {"zh-Hans": "督办员", "en": "supervisor"},
    "duty": {"zh-Hans": "值班督办员", "en": "duty supervisor"},
    "system": {"zh-Hans": "系统管理员", "en": "system administrator"},
    "security": {"zh-Hans": "安全管理员", "en": "security administrator"},
    "auditor": {"zh-Hans": "审计员", "en": "auditor"},
}
LEADING = ("district", "subdistrict", "department", "utility", "division")

Posts = list[tuple[str, Post]]


class Gap(NamedTuple):
    """One gap: the file and line that it hangs on, and what is wrong as a msgid with parameters."""

    file: str
    line: int
    message: str
    params: Mapping[str, object]


def look(city: City, reading: Reading, *, on: date | None = None) -> None:
    """Note every gap of a city. What hangs on a table of which nothing could be read isn't judged."""
    for gap in _organs(city, reading):
        reading.found(gap.file, gap.line, gap.message, **gap.params)
    if not reading.unread & {"units.csv", "people.csv", "posts.csv"}:
        posts = [(key, post) for key in city.people for post in city.people[key].posts if on is None or post.valid(on)]
        for gap in (
            *_roles(posts),
            *_apart(city, reading),
            *_staffed(city, reading, posts),
            *_independent(city, reading, posts),
        ):
            reading.found(gap.file, gap.line, gap.message, **gap.params)
    if not reading.unread & {"units.csv", "areas.csv", "categories.csv", "routing.csv"}:
        for gap in (*_routes(city, reading), *_unrouted(city, reading)):
            reading.found(gap.file, gap.line, gap.message, **gap.params)
    for gap in (*_referrals(city, reading), *_years(city, reading)):
        reading.found(gap.file, gap.line, gap.message, **gap.params)


def _line(reading: Reading, file: str, code: str) -> int:
    return reading.named[file].get(code, 1)


def _organs(city: City, reading: Reading) -> Iterator[Gap]:
    """An organ is its own: independence is judged there and not one step further."""
    for unit in city.units.values():
        organ = city.units.get(unit.organ)
        if organ and organ.organ != organ.code:
            message = "The organ of “{code}” is “{organ}”, which has another organ itself."
            yield Gap(
                "units.csv", _line(reading, "units.csv", unit.code), message, {"code": unit.code, "organ": organ.code}
            )


def _roles(posts: Posts) -> Iterator[Gap]:
    held = {post.role for _, post in posts}
    for role, name in NEEDED.items():
        if role not in held:
            yield Gap("posts.csv", 1, "Nobody holds the role {role} ({name}).", {"role": role, "name": name})


def _apart(city: City, reading: Reading) -> Iterator[Gap]:
    """Whoever loads the city's data doesn't grant, and neither reviews it: not at another time, nor for a colleague."""
    message = "{person} is {roles}, also counting deputies; the three administrators are three people."
    for key, person in city.people.items():
        stood_for = [deputy.person for deputy in city.deputies if deputy.deputy == key and deputy.person in city.people]
        held = {post.role for whose in (key, *stood_for) for post in city.people[whose].posts} & ADMINISTRATORS
        if len(held) > 1:
            roles = [NEEDED[role] for role in NEEDED if role in held]
            told = {"zh-Hans": "、".join(r["zh-Hans"] for r in roles), "en": " and ".join(r["en"] for r in roles)}
            params = {"person": person.name, "roles": told}
            yield Gap("posts.csv", _post_line(reading, key, held), message, params)


def _post_line(reading: Reading, key: str, held: frozenset[str] | set[str]) -> int:
    """The line of the person's second post of an administrator, or of the only one."""
    lines = [row.line for row in reading.rows["posts.csv"] if row["person"] == key and row["role"] in held]
    return lines[-1] if lines else 1


def _staffed(city: City, reading: Reading, posts: Posts) -> Iterator[Gap]:
    """A unit that may lead needs somebody who handles, somebody else who signs, and a leader; a desk, anybody."""
    for unit in city.units.values():
        if unit.may_lead:
            for message in _lacks(unit, _house(city, unit, posts)):
                yield Gap("units.csv", _line(reading, "units.csv", unit.code), message, {"unit": unit.name})


def _house(city: City, unit: Unit, posts: Posts) -> Mapping[str, set[str]]:
    """Who holds which role in the unit's own body: its divisions, and what it is a division of."""
    house = city.subtree(unit.code) | set(city.above(unit.code))
    staff: dict[str, set[str]] = {}
    for key, post in posts:
        if post.unit in house and city.organ(post.unit) == unit.organ:
            staff.setdefault(post.role, set()).add(key)
    return staff


def _lacks(unit: Unit, staff: Mapping[str, set[str]]) -> Iterator[str]:
    if unit.kind not in LEADING:
        if not staff:
            yield "{unit} may lead, but nobody works there."
        return
    handlers, reviewers = staff.get("handler", set()), staff.get("reviewer", set())
    if not handlers:
        yield "{unit} may lead, but nobody handles there."
    if not reviewers or len(handlers | reviewers) < 2:
        yield "{unit} may lead, but nobody apart from the handler reviews there."
    if not staff.get("leader"):
        yield "{unit} may lead, but it has no leader."


def _independent(city: City, reading: Reading, posts: Posts) -> Iterator[Gap]:
    """Who calls back belongs to no body that handles: the doer is not the judge."""
    doing = {city.organ(post.unit) for _, post in posts if post.role == "handler"}
    for code in sorted({post.unit for _, post in posts if post.role == "callback"}):
        if city.organ(code) in doing and code in city.units:
            message = "{unit} calls back, but its organ also handles cases."
            yield Gap("units.csv", _line(reading, "units.csv", code), message, {"unit": city.units[code].name})


def _routes(city: City, reading: Reading) -> Iterator[Gap]:
    for row in reading.rows["routing.csv"]:
        unit, category = city.units.get(row["unit"]), city.categories.get(row["category"])
        if unit and not unit.may_lead:
            yield Gap(row.file, row.line, "{unit} can't lead.", {"unit": unit.name})
        if category and not category.handled:
            yield Gap(row.file, row.line, "“{code}” isn't handled, so it has no route.", {"code": category.code})


def _unrouted(city: City, reading: Reading) -> Iterator[Gap]:
    """The highest categories below which nothing is routed."""
    handled = [code for code, category in city.categories.items() if category.handled]
    inner = {city.categories[code].parent for code in handled}
    lost = {code for code in handled if code not in inner and not _routed(city, code)}
    safe = {above for code in handled if code not in inner | lost for above in city.category_path(code)}
    for code in dict.fromkeys(next(c for c in reversed(city.category_path(code)) if c not in safe) for code in lost):
        line = _line(reading, "categories.csv", code)
        yield Gap("categories.csv", line, "“{code}” is routed to no unit.", {"code": code})


def _routed(city: City, category: str) -> bool:
    """Whether a category has a unit wherever it happens."""
    if city.route(category, ""):
        return True
    around = {area.parent for area in city.areas.values()}
    smallest = [code for code in city.areas if code not in around]
    return bool(smallest) and all(city.route(category, area) for area in smallest)


def _referrals(city: City, reading: Reading) -> Iterator[Gap]:
    for code, category in city.categories.items():
        line = _line(reading, "categories.csv", code)
        if not category.handled and not category.refer_to:
            yield Gap("categories.csv", line, "“{code}” isn't handled, but no text says where to turn.", {"code": code})
        elif category.refer_to and category.refer_to not in city.texts and "texts.toml" not in reading.unread:
            message = "refer_to “{key}” is not in texts.toml."
            yield Gap("categories.csv", line, message, {"key": category.refer_to})


def _years(city: City, reading: Reading) -> Iterator[Gap]:
    if not city.calendar.years and not any(finding.file.startswith("calendars") for finding in reading.findings):
        yield Gap("calendars", 1, "There is no calendar year.", {})
