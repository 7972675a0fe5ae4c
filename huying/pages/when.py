"""Times as people at work say them: today at nine by its name, the year only where it isn't this one."""

from __future__ import annotations

from datetime import datetime

from huying.city.calendar import Calendar
from huying.errors import say
from huying.ledger.timewords import day_words, ending


def happened(at: datetime, now: datetime, calendar: Calendar, language: str) -> str:
    """When something happened, in local time; today and yesterday by their names."""
    local, today = calendar.local(at), calendar.local(now).date()
    days = (today - local.date()).days
    if days in _NEAR:
        return say(_NEAR[days], language, time=f"{local:%H:%M}")
    return f"{day_words(local.date(), language, known=today.year)} {local:%H:%M}"


_NEAR = {0: "today {time}", 1: "yesterday {time}"}


def ends(at: datetime, now: datetime, calendar: Calendar, language: str) -> str:
    """When something ends, always with its day; midnight is the 24:00 of the day before."""
    day, end = ending(at, calendar)
    return f"{day_words(day, language, known=calendar.local(now).year)} {end}"
