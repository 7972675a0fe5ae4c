"""A City as canonical JSON and back: what the store keeps and what the digest is taken over. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import date, time
from typing import Any

from huying.city.calendar import Calendar, Limit
from huying.city.facts import (
    BEFORE,
    Area,
    Category,
    City,
    Deputy,
    Ladder,
    Letters,
    LimitRow,
    Person,
    Post,
    Recurrence,
    Routing,
    Tiles,
    Unit,
    Urging,
)

_TABLES: dict[str, type] = {"units": Unit, "areas": Area, "categories": Category}


def to_json(city: City) -> str:
    """The city's content as canonical JSON: sorted keys, no spaces, version and digest left out."""
    plain: dict[str, Any] = {
        f.name: getattr(city, f.name) for f in fields(City) if f.name not in ("version", "digest", "calendar")
    }
    for table in _TABLES:
        plain[table] = {code: asdict(row) for code, row in plain[table].items()}
    plain["people"] = {key: _person(person) for key, person in city.people.items()}
    plain["deputies"] = [_dated(asdict(row)) for row in city.deputies]
    plain["routing"] = [asdict(row) for row in city.routing]
    plain["limits"] = [{**vars(row), "limit": str(row.limit)} for row in city.limits]
    plain["ladders"] = [{**vars(row), "step": str(row.step)} for row in city.ladders]
    plain["calendar"] = city.calendar.to_json()
    plain["letters"] = _letters(city.letters)
    plain["urging"] = {"gap": city.urging.gap and str(city.urging.gap), "week": city.urging.week}
    plain["recurrences"] = [_recurrence(row) for row in city.recurrences]
    plain["tiles"] = asdict(city.tiles)
    return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(content: str) -> str:
    """SHA-256 over the content, in hex."""
    return hashlib.sha256(content.encode()).hexdigest()


def from_json(content: str) -> City:
    """The City that `to_json` wrote."""
    plain: dict[str, Any] = json.loads(content)
    for table, kind in _TABLES.items():
        plain[table] = {code: kind(**row) for code, row in plain[table].items()}
    plain["people"] = {key: _read_person(row) for key, row in plain["people"].items()}
    plain["deputies"] = tuple(Deputy(**_undated(row)) for row in plain["deputies"])
    plain["routing"] = tuple(Routing(**row) for row in plain["routing"])
    plain["limits"] = tuple(LimitRow(**{**row, "limit": Limit.parse(row["limit"])}) for row in plain["limits"])
    plain["ladders"] = tuple(Ladder(**{**row, "step": Limit.parse(row["step"])}) for row in plain["ladders"])
    plain["calendar"] = Calendar.from_json(plain["calendar"])
    plain["letters"] = _read_letters(plain["letters"])
    plain["urging"] = _read_urging(plain.get("urging", {}))
    plain["recurrences"] = tuple(_read_recurrence(row) for row in plain.get("recurrences", ()))
    plain["tiles"] = Tiles(**plain.get("tiles", {}))  # a version from before there was a map has none
    for name in ("danger", "languages"):
        plain[name] = tuple(plain[name])
    return City(**plain)


def _person(person: Person) -> dict[str, Any]:
    posts = [_dated(asdict(post)) for post in person.posts]
    return {"key": person.key, "name": person.name, "unit": person.unit, "posts": posts}


def _read_person(row: Mapping[str, Any]) -> Person:
    posts = tuple(Post(**{**_undated(post), "role": BEFORE.get(post["role"], post["role"])}) for post in row["posts"])
    return Person(row["key"], row["name"], row["unit"], posts)


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def _undated(row: Mapping[str, Any]) -> dict[str, Any]:
    dates = ("since", "until")
    return {n: date.fromisoformat(v) if n in dates and v else v for n, v in row.items()}


def _letters(letters: Letters) -> dict[str, Any]:
    quiet = [edge.isoformat("minutes") for edge in letters.quiet] if letters.quiet else None
    digest = letters.digest.isoformat("minutes") if letters.digest else None
    return {"sender": letters.sender, "quiet": quiet, "digest": digest}


def _read_letters(row: Mapping[str, Any]) -> Letters:
    quiet = (time.fromisoformat(row["quiet"][0]), time.fromisoformat(row["quiet"][1])) if row["quiet"] else None
    return Letters(row["sender"], quiet, time.fromisoformat(row["digest"]) if row["digest"] else None)


def _recurrence(row: Recurrence) -> dict[str, Any]:
    plain = asdict(row)
    begins, at, after = row.begins, row.at, row.after
    dated = {"begins": begins and begins.isoformat(), "at": at and at.isoformat("minutes")}
    return {**plain, **dated, "after": after and str(after)}


def _read_recurrence(row: Mapping[str, Any]) -> Recurrence:
    begins, at, after = row["begins"], row["at"], row["after"]
    known: dict[str, Any] = {
        "begins": date.fromisoformat(begins) if begins else None,
        "at": time.fromisoformat(at) if at else None,
        "after": Limit.parse(after) if after else None,
        "outcome": tuple(row["outcome"]),
        "category": tuple(row["category"]),
    }
    return Recurrence(**{**row, **known})


def _read_urging(row: Mapping[str, Any]) -> Urging:
    return Urging(Limit.parse(row["gap"]) if row.get("gap") else None, row.get("week", 0))
