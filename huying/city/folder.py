"""Reading a city folder: every file into one City, or every mistake in it with file and line.

A city is data, never code: nothing here knows a city's name. All mistakes are named at once, so that the
person who keeps the folder mends it in one go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any

from huying.city import basemap, gaps, letters
from huying.city.calendar import Calendar
from huying.city.facts import (
    LANGUAGES,
    ROLES,
    Area,
    Category,
    City,
    Deputy,
    LimitRow,
    Person,
    Post,
    Routing,
    Unit,
    Words,
)
from huying.city.ladder import KEYS as URGING
from huying.city.ladder import ladders, urging
from huying.city.recurrence import recurrences
from huying.city.shapes import shapes
from huying.city.source import Unreadable, inside
from huying.city.tables import CODE, Finding, Reading, Row
from huying.errors import BadCity, BadValue

KINDS = ("city", "district", "subdistrict", "department", "utility", "division", "desk", "community", "organisation")
AREA_KINDS = ("city", "district", "subdistrict", "community")
HEAD = frozenset(
    {"code", "name", "zone", "calendar", "languages", "desk", "office", "letters", "urging", "map", "emergency"}
)
OFFICE = frozenset({"opens", "closes", "lunch"})
TABLES = {"office": OFFICE, "letters": letters.KEYS, "urging": URGING, "map": basemap.KEYS}
LONGEST_TEXT = 5_000


def read(folder: Path, *, on: date | None = None) -> City:
    """The city that a folder describes, as version 0. Raises BadCity with every mistake found.

    With `on`, a post counts only where it is held on that day; without, every post counts.
    """
    try:
        inside(folder)
    except Unreadable as fault:
        raise BadCity([Finding(str(folder), fault.line, fault.message, fault.params)]) from fault
    reading = Reading(folder)
    city = _city(reading)
    gaps.look(city, reading, on=on)
    if reading.findings:
        raise BadCity(_sorted(reading.findings))
    return city


def _sorted(findings: list[Finding]) -> list[Finding]:
    """The findings by file and line, none twice."""
    once = {(finding.file, finding.line, finding.words("en")): finding for finding in findings}
    return [once[key] for key in sorted(once)]


def _city(reading: Reading) -> City:
    head = _head(reading)
    return City(
        code=str(head.get("code", "")),
        name=_words(reading, "city.toml", "name", head.get("name")),
        units=_units(reading),
        areas=_areas(reading, basemap.system_of(reading, head, "data")),
        categories=_categories(reading),
        people=_people(reading),
        deputies=_deputies(reading),
        routing=tuple(_routing(reading, row) for row in reading.once("routing.csv", "category", "area")),
        limits=tuple(
            _limit(reading, row) for row in reading.once("limits.csv", "procedure", "clock", "category", "urgency")
        ),
        ladders=ladders(reading),
        urging=urging(reading, head),
        calendar=_calendar(reading, head),
        texts=_texts(reading),
        danger=_danger(reading),
        emergency=_emergency(reading, head),
        languages=_languages(reading, head),
        desk=letters.desk(reading, head),
        letters=letters.letters(reading, head),
        contacts=letters.contacts(reading),
        procedures=_procedures(reading),
        recurrences=recurrences(reading),
        tiles=basemap.tiles(reading, head),
    )


def _head(reading: Reading) -> dict[str, Any]:
    """city.toml: its keys are known, and the city has a code."""
    file = "city.toml"
    head = reading.toml(file)
    tables = ((head, HEAD), *((_sub(head, name), keys) for name, keys in TABLES.items()))
    for table, known in tables:
        for key in sorted(table.keys() - known):
            reading.found(file, reading.line_of(file, key), "“{key}” is not a key of this file.", key=key)
    if head and not CODE.fullmatch(str(head.get("code", ""))):
        message = "“{code}” is not a code: letters, digits, dot, dash and underscore, at most 64."
        reading.found(file, reading.line_of(file, "code"), message, code=head.get("code", ""))
    return head


def _sub(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    return value if isinstance(value, dict) else {}


def _words(reading: Reading, file: str, key: str, value: object) -> Words:
    """Words in every language; a mistake for each that is missing, none where the file couldn't be read."""
    words = value if isinstance(value, dict) else {}
    for language in LANGUAGES if file not in reading.unread else ():
        spoken = words.get(language)
        if not isinstance(spoken, str) or not spoken.strip():
            line = reading.line_of(file, key)
            reading.found(file, line, "“{key}” has no words in {which}.", key=key, which=language)
        elif len(spoken) > LONGEST_TEXT:
            line = reading.line_of(file, key)
            reading.found(file, line, "“{key}” is longer than {most} characters.", key=key, most=LONGEST_TEXT)
    return {language: str(words.get(language, "")) for language in LANGUAGES}


def _tree(reading: Reading, file: str, rows: Mapping[str, Row]) -> None:
    """Parents exist and nothing is its own ancestor."""
    for code, row in rows.items():
        reading.names(row, "parent", file)
        seen, above = {code}, row["parent"]
        while above in rows and above not in seen:
            seen.add(above)
            above = rows[above]["parent"]
        if above == code:
            reading.wrong(row, "“{code}” is above itself: a circle.", code=code)


def _units(reading: Reading) -> dict[str, Unit]:
    rows = reading.coded("units.csv")
    _tree(reading, "units.csv", rows)
    roots = [row for row in rows.values() if not row["parent"]]
    if rows and len(roots) != 1:
        line = roots[1].line if roots else 1
        reading.found("units.csv", line, "Exactly one unit has no parent; there are {count}.", count=len(roots))
    return {code: _unit(reading, code, row) for code, row in rows.items()}


def _unit(reading: Reading, code: str, row: Row) -> Unit:
    for column, table in (("organ", "units.csv"), ("serves", "units.csv"), ("area", "areas.csv")):
        reading.names(row, column, table)
    reading.one_of(row, "kind", KINDS)
    may_lead = reading.flag(row, "may_lead")
    if may_lead and row["kind"] in ("community", "organisation"):
        reading.wrong(row, "A community or an organisation can't lead; may_lead must be no.")
    organ, serves = row["organ"] or code, row["serves"] or code
    return Unit(code, row.name, row["parent"], row["kind"], organ, serves, row["area"], may_lead)


def _areas(reading: Reading, system: str) -> dict[str, Area]:
    rows = reading.coded("areas.csv")
    _tree(reading, "areas.csv", rows)
    for row in rows.values():
        reading.one_of(row, "kind", AREA_KINDS)
    outlines = shapes(reading, system)
    return {c: Area(c, row.name, row["parent"], row["kind"], outlines.get(c)) for c, row in rows.items()}


def _categories(reading: Reading) -> dict[str, Category]:
    rows = reading.coded("categories.csv")
    _tree(reading, "categories.csv", rows)
    categories = {}
    for code, row in rows.items():
        reading.one_of(row, "evidence", ("none", "photo", "document"))
        reading.one_of(row, "point", ("coarse", "omit"))
        handled = reading.flag(row, "handled")
        evidence, point = row["evidence"] or "none", row["point"] or "omit"
        categories[code] = Category(code, row.name, row["parent"], handled, row["refer_to"], evidence, point)
    return categories


def _people(reading: Reading) -> dict[str, Person]:
    rows = reading.coded("people.csv")
    posts: dict[str, list[Post]] = {key: [] for key in rows}
    for row in rows.values():
        reading.names(row, "unit", "units.csv")
    for row in reading.once("posts.csv", "person", "role", "unit", "since"):
        reading.names(row, "person", "people.csv")
        reading.names(row, "unit", "units.csv")
        if reading.one_of(row, "role", ROLES):
            posts.setdefault(row["person"], []).append(_post(reading, row))
    return {key: Person(key, row["name"], row["unit"], tuple(posts[key])) for key, row in rows.items()}


def _post(reading: Reading, row: Row) -> Post:
    since, until = reading.day(row, "since"), reading.day(row, "until")
    if since and until and until < since:
        reading.wrong(row, "The last day comes before the first.")
    return Post(row["role"], row["unit"], since, until)


def _deputies(reading: Reading) -> tuple[Deputy, ...]:
    rows = reading.once("deputies.csv", "person", "deputy", "since")
    return tuple(deputy for row in rows if (deputy := _deputy(reading, row)))


def _deputy(reading: Reading, row: Row) -> Deputy | None:
    reading.names(row, "person", "people.csv")
    reading.names(row, "deputy", "people.csv")
    since, until = reading.day(row, "since"), reading.day(row, "until")
    if row["person"] == row["deputy"]:
        reading.wrong(row, "Nobody stands in for themselves.")
    if since and until and until < since:
        reading.wrong(row, "The last day comes before the first.")
    return Deputy(row["person"], row["deputy"], since, until) if since and until else None


def _routing(reading: Reading, row: Row) -> Routing:
    for column, table in (("category", "categories.csv"), ("area", "areas.csv"), ("unit", "units.csv")):
        reading.names(row, column, table)
    return Routing(row["category"], row["area"], row["unit"])


def _limit(reading: Reading, row: Row) -> LimitRow:
    reading.names(row, "category", "categories.csv")
    return LimitRow(row["procedure"], row["clock"], row["category"], row["urgency"], reading.limit(row, "limit"))


def _calendar(reading: Reading, head: Mapping[str, Any]) -> Calendar:
    """The calendar: zone, office hours and each notice are tried alone, so that a mistake has its line."""
    zone, office, spoken = str(head.get("zone", "")), _office(reading, head), str(head.get("calendar", ""))
    notices = [notice for path in _years(reading) if (notice := _notice(reading, path))]
    try:
        Calendar(zone)
    except BadValue as error:
        if head:
            reading.found("city.toml", reading.line_of("city.toml", "zone"), "{error}", error=error)
        zone = "UTC"
    try:
        return Calendar.from_notices(notices, zone=zone, edition=spoken, **office)
    except BadValue as error:
        reading.found("city.toml", reading.line_of("city.toml", "office"), "{error}", error=error)
        return Calendar(zone)


def _years(reading: Reading) -> list[Path]:
    """The files of the yearly notices; a mistake where their folder can't be looked into."""
    try:
        return inside(reading.folder / "calendars", "*.json")
    except Unreadable as fault:
        reading.spoiled("calendars", fault)
        return []


def _procedures(reading: Reading) -> dict[str, str]:
    """The city's own procedures as texts; what they mean is for the ledger to say."""
    own = reading.folder / "procedures"
    if not own.exists() and not own.is_symlink():
        return {}
    try:
        paths = inside(own, "*.toml")
    except Unreadable as fault:
        reading.spoiled("procedures", fault)
        return {}
    return {path.name: reading.text(f"procedures/{path.name}").replace("\r\n", "\n") for path in paths}


def _office(reading: Reading, head: Mapping[str, Any]) -> dict[str, Any]:
    office = _sub(head, "office")
    hours: dict[str, Any] = {key: reading.clock(key, office.get(key)) for key in ("opens", "closes")}
    if (hours["opens"] is None) != (hours["closes"] is None):
        line = reading.line_of("city.toml", "office")
        reading.found("city.toml", line, "Office hours need both opens and closes.")
    if "lunch" in office:
        lunch = office["lunch"] if isinstance(office["lunch"], list) else []
        times = [reading.clock("lunch", value) for value in lunch]
        if len(times) != 2:
            line = reading.line_of("city.toml", "lunch")
            reading.found("city.toml", line, 'lunch needs two times, such as ["12:00", "13:30"].')
        elif all(times):
            hours["lunch"] = (times[0], times[1])
    return hours


def _notice(reading: Reading, path: Path) -> dict[str, object] | None:
    """One year's notice, or None with a mistake for each line that is wrong."""
    file = f"calendars/{path.name}"
    before = len(reading.findings)
    notice = reading.json(file)
    if not isinstance(notice, dict) or not isinstance(notice.get("days"), list):
        if len(reading.findings) == before:
            reading.found(file, 1, "The notice needs “year” and “days”.")
        return None
    if str(notice.get("year")) != path.stem:
        line = reading.line_with(file, '"year"')
        reading.found(
            file, line, "The file is named {name}, but its year is {year}.", name=path.name, year=notice.get("year")
        )
        return None
    _days(reading, file, notice)
    return notice if len(reading.findings) == before else None


def _days(reading: Reading, file: str, notice: dict[str, Any]) -> None:
    seen: set[str] = set()
    for item in notice["days"]:
        day = str(item.get("date")) if isinstance(item, dict) else str(item)
        line = reading.line_with(file, re.escape(day))
        if day in seen:
            reading.found(file, line, "“{code}” stands twice, first on line {first}.", code=day, first=line)
        seen.add(day)
        try:
            Calendar.from_notices([{**notice, "days": [item]}], zone="UTC")
        except BadValue as error:
            reading.found(file, line, "{error}", error=error)


def _texts(reading: Reading) -> dict[str, Words]:
    file = "texts.toml"
    texts = {key: _words(reading, file, key, value) for key, value in reading.toml(file).items()}
    for key, words in texts.items():
        places = {language: _places(text) for language, text in words.items()}
        line = reading.line_of(file, key)
        if None in places.values():
            reading.found(file, line, "The places of “{key}” can't be read; write {{place}}.", key=key)
        elif len(set(places.values())) > 1:
            reading.found(file, line, "“{key}” doesn't have the same places in each language.", key=key)
    return texts


def _places(text: str) -> frozenset[str] | None:
    """The {places} of a text, or None where its braces don't match."""
    try:
        places = frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)
    except ValueError:
        return None
    return None if any(not name.isidentifier() for name in places) else places


def _danger(reading: Reading) -> tuple[Words, ...]:
    file = "danger.toml"
    table = reading.toml(file)
    words = table.get("words", [])
    if table and (not isinstance(words, list) or not words or not all(_is_words(word) for word in words)):
        line = reading.line_of(file, "words")
        reading.found(file, line, "“words” must be a list of words by language, each of two letters or more.")
        return ()
    return tuple({language: word[language] for language in LANGUAGES} for word in words)


def _is_words(word: object) -> bool:
    return isinstance(word, dict) and all(
        isinstance(word.get(language), str) and len(word[language].strip()) > 1 for language in LANGUAGES
    )


def _emergency(reading: Reading, head: Mapping[str, Any]) -> dict[str, Words]:
    numbers = _sub(head, "emergency")
    if head and not numbers:
        reading.found("city.toml", 1, "The emergency numbers are missing.")
    return {str(number): _words(reading, "city.toml", str(number), words) for number, words in numbers.items()}


def _languages(reading: Reading, head: Mapping[str, Any]) -> tuple[str, ...]:
    languages = head.get("languages", list(LANGUAGES))
    if not isinstance(languages, list) or not languages or not set(map(str, languages)) <= set(LANGUAGES):
        line = reading.line_of("city.toml", "languages")
        reading.found("city.toml", line, "languages must be some of: {known}.", known=", ".join(LANGUAGES))
        return LANGUAGES
    return tuple(map(str, languages))
