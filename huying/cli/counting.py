"""`huying due`: a deadline counted aloud. It needs neither database nor secret where a calendar can be had without."""

from __future__ import annotations

import os
import re
from datetime import datetime, time
from pathlib import Path

from huying.city import folder
from huying.city.calendar import Calendar, Limit
from huying.cli import places, terminal
from huying.errors import BadValue, HuyingError, NoCity
from huying.ledger import clock, timewords
from huying.ledger.said import day


class NoCalendar(HuyingError):
    message = "There is no calendar to count on: no city is loaded here, and the demo city isn't here either."
    mend = "Give --calendar FOLDER, a city folder."


def due(on: str, length: str, at: str | None, path: Path | None) -> None:
    """Print the days as they are counted, then when the limit ends, then which calendar was used."""
    limit, first = Limit.parse(length), day(on, {"zh-Hans": "日期", "en": "date"})
    calendar, source = _calendar(path)
    start = datetime.combine(first, _time(at) or calendar.opens or time(), calendar.tz)
    found = clock.due(start, limit, calendar)
    for text in clock.explain(found, terminal.language()):
        terminal.line(text)
    last, end = timewords.ending(found.at, calendar)
    weekday = timewords.day_words(last, terminal.language())
    terminal.line(f"→ {last.isoformat()} {end}  {weekday}")
    terminal.say("Counted on the calendar of {source}.", source=source)


def _time(text: str | None) -> time | None:
    if text is None:
        return None
    if not re.fullmatch(r"([01]?[0-9]|2[0-3]):[0-5][0-9]", text):
        raise BadValue(field="--at", value=text[:40], expected="09:00")
    hour, _, minute = text.partition(":")
    return time(int(hour), int(minute))


def _calendar(path: Path | None) -> tuple[Calendar, str]:
    """The calendar of the folder that was named, or of the city in force, or of the demo city; and whose it is."""
    if path is None and _configured():
        try:
            return _in_force()
        except NoCity:
            pass
    chosen = path or places.demo_city()
    if chosen is None:
        raise NoCalendar()
    city = folder.read(chosen)
    return city.calendar, terminal.words("{name} ({unit})", name=city.name, unit=chosen)


def _configured() -> bool:
    """Whether a system can have been set up here: without its secret nothing of it starts."""
    keys = ("HUYING_SECRET_KEY", "HUYING_SECRET_KEY_FILE")
    return os.environ.get("HUYING_MODE") in ("demo", "test") or any(os.environ.get(key) for key in keys)


def _in_force() -> tuple[Calendar, str]:
    """The calendar in force. Raises NoCity where the database was never made ready."""
    from huying.cli.door import open_city

    open_city()
    from django.db import DatabaseError

    from huying.city import store
    from huying.cli.faults import NotSetUp, name

    try:
        city = store.current()
    except DatabaseError as error:
        if isinstance(name(error), NotSetUp):
            raise NoCity() from error
        raise
    return city.calendar, terminal.words("{city}, city data version {version}", city=city.name, version=city.version)
