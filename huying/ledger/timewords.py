"""Days, instants and lengths of time in the user's words: `2月26日 周四`, `2 个工作日零 7 小时`. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from huying.city.calendar import Calendar, Limit, Words
from huying.city.facts import LANGUAGES
from huying.errors import say

_HOUR = 60
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_LENGTHS = {
    "wd": ("{n} working day", "{n} working days"),
    "d": ("{n} day", "{n} days"),
    "wh": ("{n} working hour", "{n} working hours"),
    "h": ("{n} hour", "{n} hours"),
    "min": ("{n} min", "{n} min"),
}


def day_words(day: date, language: str, *, known: int | None = None) -> str:
    """A day with its weekday, `2026年2月26日 周四`; the year is left out where it is `known`."""
    msgid = "{weekday} {day} {month}" if day.year == known else "{weekday} {day} {month} {year}"
    weekday, month = say(_WEEKDAYS[day.weekday()], language), _MONTHS[day.month - 1]
    return say(msgid, language, weekday=weekday, day=day.day, month=month, m=day.month, year=day.year)


def moment(at: datetime, calendar: Calendar, language: str = "zh-Hans") -> str:
    """An instant in local words, `2026年3月9日 周一 18:00`; the midnight that ends a day is its 24:00."""
    day, end = ending(at, calendar)
    return f"{day_words(day, language)} {end}"


def in_words(at: datetime, calendar: Calendar) -> Words:
    """An instant in local words by language: for sentences whose reader isn't known yet."""
    return {language: moment(at, calendar, language) for language in LANGUAGES}


def ending(at: datetime, calendar: Calendar) -> tuple[date, str]:
    """The local day and time of an instant that ends something: midnight is 24:00 of the day before."""
    local = calendar.local(at)
    # In UTC: Python calls times of two zones unequal where a clock change makes one of them ambiguous.
    midnight = datetime.combine(local.date(), time(), calendar.tz).astimezone(UTC)
    return (local.date() - timedelta(days=1), "24:00") if at == midnight else (local.date(), f"{local:%H:%M}")


def office_hours(calendar: Calendar, language: str) -> str:
    """The office hours as `09:00–12:00、13:30–18:00`; without any, the whole day."""
    edges = [f"{edge:%H:%M}" for edge in (calendar.opens or time(), *(calendar.lunch or ()))]
    edges.append(f"{calendar.closes:%H:%M}" if calendar.closes else "24:00")
    parts = [f"{opens}–{closes}" for opens, closes in zip(edges[::2], edges[1::2], strict=True)]
    return say("{before}, {after}", language, before=parts[0], after=parts[1]) if parts[1:] else parts[0]


def spell(limit: Limit, language: str = "zh-Hans") -> str:
    """A limit in words: `5 个工作日`, `5 working days`."""
    return length(limit.count, limit.unit, language)


def length(count: int, unit: str, language: str) -> str:
    """A number of one of a limit's units in words."""
    return say(_LENGTHS[unit][count != 1], language, n=count)


def joined(parts: list[tuple[int, str]], language: str) -> str:
    """Two lengths of falling size in words, `2 个工作日零 7 小时`; what is nothing is left out."""
    words = [length(count, unit, language) for count, unit in parts if count]
    if len(words) == 2:
        return say("{large} {small}", language, large=words[0], small=words[1])
    return "".join(words)


def hours(minutes: int, language: str, *, unit: str = "wh") -> str:
    """Minutes as hours and minutes; `unit` says whose hours."""
    return joined([(minutes // _HOUR, unit), (minutes % _HOUR, "min")], language)


def span(minutes: int, language: str, *, most: int = 2) -> str:
    """Plain time in its largest units, at most so many of them: `1 天零 3 小时`, `36 分`."""
    days, rest = divmod(minutes, 24 * _HOUR)
    parts = [(days, "d"), (rest // _HOUR, "h")] if days else [(rest // _HOUR, "h"), (rest % _HOUR, "min")]
    return joined([part for part in parts if part[0]][:most], language)
