"""Units, areas, categories and people by their names: what a form offers, and what was typed read back as a code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from huying.city.facts import City
from huying.ledger.vocabulary import people
from huying.ledger.wording import Wording

KINDS = ("unit", "area", "category", "person")


_held: dict[tuple[int, str, str, str, bool], Mapping[str, str]] = {}
MOST_HELD = 64


def offered(city: City, kind: str, language: str, *, leads: bool = False) -> Mapping[str, str]:
    """Name -> code of everything of a kind, each name once: where two share one, the code stands behind it.

    `leads` leaves only units that may lead.
    """
    key = (city.version, city.digest, kind, language, leads)
    if key not in _held:
        if len(_held) >= MOST_HELD:
            _held.clear()
        _held[key] = _named(city, kind, Wording(city, language), leads=leads)
    return _held[key]


def _named(city: City, kind: str, wording: Wording, *, leads: bool) -> Mapping[str, str]:
    pairs = list(_pairs(city, kind, wording, leads=leads))
    often = Counter(name for name, _ in pairs)
    return {name if often[name] == 1 else _with_code(name, code, wording): code for name, code in pairs}


def _pairs(city: City, kind: str, wording: Wording, *, leads: bool) -> Iterable[tuple[str, str]]:
    if kind == "unit":
        return [(wording.of(unit.name), code) for code, unit in city.units.items() if unit.may_lead or not leads]
    if kind == "area":
        return [(wording.area(code), code) for code in city.areas]
    if kind == "category":
        above = {category.parent for category in city.categories.values()}
        found = [(wording.category(code), code) for code, known in city.categories.items() if known.handled]
        return sorted(found, key=lambda pair: pair[1] in above)
    return [(f"{who.name} {wording.unit(who.unit)}", key) for key, who in city.people.items()]


def _with_code(name: str, code: str, wording: Wording) -> str:
    return wording.say("{name} ({unit})", name=name, unit=code)


def read(city: City, kind: str, typed: str, language: str) -> str:
    """The code that was meant by a name, or the text as it was typed; what it may be is checked elsewhere."""
    text = " ".join(typed.split())
    known = {"unit": city.units, "area": city.areas, "category": city.categories, "person": city.people}[kind]
    if text in known:
        return text
    names = offered(city, kind, language)
    return names.get(text) or _only(names, text) or text


def _only(names: Mapping[str, str], text: str) -> str:
    """The one name that ends with what was typed, or holds it."""
    for fits in (str.endswith, str.__contains__):
        found = {code for name, code in names.items() if fits(name, text)} if text else set()
        if len(found) == 1:
            return found.pop()
    return ""


def said(city: City, kind: str, code: str, language: str) -> str:
    """What a form shows for a code: the name that it offers for it."""
    return next((name for name, known in offered(city, kind, language).items() if known == code), code)


def roles(posts: Iterable[str], wording: Wording) -> str:
    """Several roles in words."""
    return wording.joined([wording.of(people(role)) for role in posts])
