"""What comes again: RFC 5545 rules as city data, and the days on which they fall in a city's working calendar. Pure.

A rule gives at most one occurrence a day. One that falls on a rest day moves as the rule says; two that come to lie
on the same day are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from dateutil.rrule import rrule, rrulestr

from huying.city.calendar import Calendar, Limit
from huying.city.facts import LANGUAGES, Recurrence, Words
from huying.city.tables import CODE, Reading
from huying.errors import BadLimit

FILE = "recurrences.toml"
DUTIES: Mapping[str, Words] = {
    "audit_sample": {"zh-Hans": "台账抽样核查", "en": "audit of a sample of cases"},
}
"""The quiet duties that a recurrence can run; `ledger/recurring.py` has their functions, a test holds the two equal."""
RESTS = ("later", "earlier", "skip", "keep")
OPENING = ("label", "unit", "opens", "said", "does")
BY_RULE = ("rule", "begins", "at", "rest", "catch_up")
BY_CLOSING = ("after", "of", "outcome", "category", "sample")
KEYS = frozenset({*OPENING, *BY_RULE, *BY_CLOSING})
# What each frequency may say: with these no rule gives more than one occurrence a day, or searches for ever.
_ALWAYS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"})
_DAYS = frozenset({"BYDAY", "BYMONTHDAY", "BYSETPOS"})
PARTS = {
    "DAILY": _ALWAYS,
    "WEEKLY": _ALWAYS | {"BYDAY"},
    "MONTHLY": _ALWAYS | _DAYS,
    "YEARLY": _ALWAYS | _DAYS | {"BYMONTH"},
}
_PART = re.compile(r"([A-Z]+)=([A-Z0-9,+-]+)")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6})?")
_DAY = timedelta(days=1)
_LONGEST_REST = 60
NINE = time(9)


@dataclass(frozen=True)
class Occurrence:
    """One time at which a recurrence comes: `day` as its rule says, which names it; `at` when it is done, UTC.

    `sure` is false where a year without a holiday notice was asked whether it works: the date may move yet.
    """

    day: date
    at: datetime
    sure: bool = True


def occurrences(one: Recurrence, calendar: Calendar, *, after: date | None = None) -> Iterator[Occurrence]:
    """The occurrences of a rule in order, those behind the day `after` only.

    Never raises UnknownYear: without a notice Monday to Friday count as worked.
    """
    last = _moved(after, one.rest, calendar)[0] if after else None
    for moment in _days(one).xafter(datetime.combine(after, time.max)) if after else _days(one):
        day, sure = _moved(moment.date(), one.rest, calendar)
        if day is not None and day != last:
            yield Occurrence(moment.date(), _instant(day, one, calendar), sure)
            last = day


def _days(one: Recurrence) -> rrule:
    assert one.begins is not None
    found = rrulestr(one.rule, dtstart=datetime.combine(one.begins, time()))
    assert isinstance(found, rrule)
    return found


def _instant(day: date, one: Recurrence, calendar: Calendar) -> datetime:
    return datetime.combine(day, one.at or NINE, calendar.tz).astimezone(UTC)


def _moved(day: date, rest: str, calendar: Calendar) -> tuple[date | None, bool]:
    """Where an occurrence comes to lie, None where it is left out; and whether every notice asked is out."""
    sure, moved = True, day
    for _ in range(_LONGEST_REST):
        sure = sure and moved.year in calendar.years
        if rest == "keep" or _works(moved, calendar):
            return moved, sure or rest == "keep"
        if rest == "skip":
            return None, sure
        moved += -_DAY if rest == "earlier" else _DAY
    return moved, False


def _works(day: date, calendar: Calendar) -> bool:
    return calendar.works(day) if day.year in calendar.years else day.weekday() < 5


def filled(said: Mapping[str, str | int | bool], day: date) -> dict[str, str | int | bool]:
    """A template's values for one occurrence: {year}, {month}, {day} and {week} stand for its date."""
    known = {"year": day.year, "month": day.month, "day": day.day, "week": day.isocalendar().week}
    return {name: _put(value, known) if isinstance(value, str) else value for name, value in said.items()}


def _put(text: str, known: Mapping[str, int]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


# --- reading


def recurrences(reading: Reading) -> tuple[Recurrence, ...]:
    """What recurrences.toml says, every mistake noted; nothing where there is no such file."""
    if not (reading.folder / FILE).exists():
        return ()
    table = reading.toml(FILE)
    return tuple(found for code, row in table.items() if (found := _Rule(reading, code, row).read()))


class _Rule:
    """One table of the file being read."""

    def __init__(self, reading: Reading, code: str, row: object) -> None:
        self.reading, self.code = reading, code
        self.row: Mapping[str, Any] = row if isinstance(row, dict) else {}

    def wrong(self, at_: str, message: str, **params: object) -> None:
        self.reading.found(FILE, self.reading.line_in(FILE, self.code, at_), message, **params)

    def read(self) -> Recurrence | None:
        """The rule, or None with mistakes noted."""
        before = len(self.reading.findings)
        self._keys()
        self._kind()
        found = Recurrence(
            code=self.code, label=self._label(), unit=self._unit(), opens=self._text("opens"), does=self._does(),
            said=self._said(), rule=self._by_rule(), begins=self._begins(), at=self._at(),
            rest=self._one_of("rest", RESTS), after=self._after(), of=self._text("of"), outcome=self._list("outcome"),
            category=self._categories(), sample=self._whole("sample", 100, 100),
            catch_up=self._whole("catch_up", 4, 100),
        )  # fmt: skip
        return found if len(self.reading.findings) == before and self._comes(found) else None

    def _keys(self) -> None:
        if not CODE.fullmatch(self.code) or len(self.code) > 40:
            message = "“{code}” is not a code: letters, digits, dot, dash and underscore, at most 64."
            self.wrong("", message, code=self.code[:80])
        for key in sorted(self.row.keys() - KEYS):
            self.wrong(key, "“{key}” is not a key of this file.", key=key)

    def _kind(self) -> None:
        """By a rule or after a closing; opens a case or runs a duty."""
        if ("rule" in self.row) == ("after" in self.row):
            self.wrong("", "“{code}” needs either “rule” or “after”.", code=self.code)
        if ("opens" in self.row) + ("does" in self.row) != ("after" not in self.row):
            self.wrong("", "“{code}” needs “opens” or “does”; with “after”, neither.", code=self.code)
        wanted = {"rule": ("begins",), "after": ("of", "unit"), "opens": ("unit",)}
        for key in (needed for given, names in wanted.items() if given in self.row for needed in names):
            if key not in self.row:
                self.wrong("", "“{code}” needs “{key}”.", code=self.code, key=key)

    def _text(self, key: str) -> str:
        value = self.row.get(key, "")
        if not isinstance(value, str):
            self.wrong(key, "“{key}” must be a text.", key=key)
            return ""
        return value

    def _label(self) -> Words:
        label = self.row.get("label")
        words = label if isinstance(label, dict) else {}
        for language in LANGUAGES:
            if not isinstance(words.get(language), str) or not words[language].strip():
                self.wrong("label", "“{key}” has no words in {which}.", key="label", which=language)
        return {language: str(words.get(language, "")) for language in LANGUAGES}

    def _unit(self) -> str:
        unit = self._text("unit")
        if unit and unit not in self.reading.named["units.csv"] and "units.csv" not in self.reading.unread:
            message = "{column} “{value}” is not in {table}."
            self.wrong("unit", message, column="unit", value=unit, table="units.csv")
        return unit

    def _does(self) -> str:
        return self._one_of("does", tuple(DUTIES), first="")

    def _one_of(self, key: str, known: tuple[str, ...], *, first: str | None = None) -> str:
        value = self.row.get(key, known[0] if first is None else first)
        if key in self.row and value not in known:
            message = "{column} “{value}” is none of: {known}."
            self.wrong(key, message, column=key, value=value, known=", ".join(known))
        return str(value)

    def _list(self, key: str) -> tuple[str, ...]:
        value = self.row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, "“{key}” must be a list of texts.", key=key)
            return ()
        return tuple(value)

    def _categories(self) -> tuple[str, ...]:
        found, table = self._list("category"), "categories.csv"
        for code in found:
            if code not in self.reading.named[table] and table not in self.reading.unread:
                message = "{column} “{value}” is not in {table}."
                self.wrong("category", message, column="category", value=code, table=table)
        return found

    def _whole(self, key: str, otherwise: int, most: int) -> int:
        value = self.row.get(key, otherwise)
        if type(value) is not int or not 1 <= value <= most:
            self.wrong(key, "“{key}” must be a whole number from 1 to {most}.", key=key, most=most)
            return otherwise
        return value

    def _begins(self) -> date | None:
        value = self.row.get("begins")
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime) or not 1990 <= value.year <= 2100:
            message = "{column} “{value}” is no date, such as 2026-06-15."
            self.wrong("begins", message, column="begins", value=value)
            return None
        return value

    def _at(self) -> time | None:
        value = self.row.get("at", NINE)
        if isinstance(value, time):
            return value.replace(second=0, microsecond=0)
        try:
            return time.fromisoformat(str(value)).replace(tzinfo=None, second=0, microsecond=0)
        except ValueError:
            self.wrong("at", "“{value}” is no time of day, such as 09:00.", value=value)
            return None

    def _after(self) -> Limit | None:
        if "after" not in self.row:
            return None
        try:
            return Limit.parse(self._text("after"))
        except BadLimit as error:
            self.wrong("after", "{error}", error=error)
            return None

    def _said(self) -> Mapping[str, str | int | bool]:
        """The template: plain values, dates as texts."""
        said = self.row.get("said", {})
        if not isinstance(said, dict):
            self.wrong("said", "“{key}” must be a table.", key="said")
            return {}
        plain: dict[str, str | int | bool] = {}
        for name, value in said.items():
            if isinstance(value, (str, int, bool)):
                plain[name] = value
            elif isinstance(value, date):
                plain[name] = value.isoformat()
            else:
                self.wrong(name, "“{key}” must be a text, a number, a date, true or false.", key=name)
        return plain

    def _by_rule(self) -> str:
        rule = self._text("rule").replace(" ", "")
        parts = {part[1]: part[2] for text in rule.split(";") if (part := _PART.fullmatch(text))}
        if not rule or ("rule" in self.row and not self._sound(rule, parts)):
            return ""
        try:
            rrulestr(rule, dtstart=datetime(2026, 1, 1))
        except (ValueError, TypeError, KeyError, IndexError, OverflowError):
            self.wrong("rule", _UNREADABLE, rule=rule[:80])
            return ""
        return rule

    def _sound(self, rule: str, parts: Mapping[str, str]) -> bool:
        """Whether a rule has only the parts that its frequency may have, with numbers in reach."""
        often = parts.get("FREQ", "")
        if len(parts) != len(rule.split(";")) or not often:
            self.wrong("rule", _UNREADABLE, rule=rule[:80])
            return False
        if often not in PARTS:
            self.wrong("rule", "A rule comes at most once a day: FREQ is {known}, not {value}.",
                       known=", ".join(PARTS), value=often)  # fmt: skip
            return False
        for name, value in parts.items():
            bounded = {"INTERVAL": _NUMBER, "COUNT": _NUMBER, "UNTIL": _UNTIL}.get(name)
            if name not in PARTS[often] or (bounded and not bounded.fullmatch(value)):
                message = "“{part}” can't stand in a rule with FREQ={often}; known: {known}."
                known = ", ".join(sorted(PARTS[often] - {"FREQ"}))
                self.wrong("rule", message, part=f"{name}={value}"[:40], often=often, known=known)
                return False
        return True

    def _comes(self, found: Recurrence) -> bool:
        """Whether a rule ever comes at all."""
        if found.rule and next(iter(_days(found)), None) is None:
            self.wrong("rule", "The rule “{rule}” never comes.", rule=found.rule)
            return False
        return True


_UNREADABLE = "“{rule}” is no RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=MO."
