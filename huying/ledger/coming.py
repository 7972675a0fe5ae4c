"""What recurs in the city, in words: what is done then, by which rule, and when it comes next. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from huying.city import store
from huying.city.facts import City, Recurrence
from huying.city.recurrence import DUTIES, Occurrence, occurrences
from huying.ledger import rulebook, timewords
from huying.ledger.models import Recurred
from huying.ledger.now import now
from huying.ledger.recurring import closings, falls_due, reached, wanted
from huying.ledger.wording import Wording

RESTS = {
    "later": "on a rest day, the next working day",
    "earlier": "on a rest day, the working day before",
    "skip": "left out on a rest day",
    "keep": "on rest days too",
}
WEEKDAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}


@dataclass(frozen=True)
class Coming:
    """One recurrence in words. `next` are its next occurrences; `lead` is the unit that the case is for, or ""."""

    code: str
    label: str
    does: str
    when: str
    lead: str
    next: tuple[str, ...]


def coming(wording: Wording, *, most: int = 3) -> list[Coming]:
    """Each recurrence of the city with its next occurrences that haven't been done, in the order of its file."""
    city = wording.city
    rows = Recurred.objects.in_bulk([one.code for one in city.recurrences])
    return [_told(one, wording, list(ahead(one, city, rows.get(one.code), most=most))) for one in city.recurrences]


def ahead(one: Recurrence, city: City, row: Recurred | None, *, most: int) -> Iterator[Occurrence]:
    """The next occurrences; of a look-back, those whose case is closed already."""
    since = row.since if row else store.loaded(city.version)
    if one.after is None:
        found = occurrences(one, city.calendar, after=row.day if row else None)
        yield from islice((occurrence for occurrence in found if occurrence.at > since), most)
        return
    yield from islice(_looked_back_at(one, city, since, row), most)


def _looked_back_at(one: Recurrence, city: City, since: datetime, row: Recurred | None) -> Iterator[Occurrence]:
    for case in closings(one, reached(one, since, row), now()):
        due = falls_due(one, case, city)
        if due > since and wanted(one, case, city):
            yield Occurrence(city.calendar.local(due).date(), due)


def _told(one: Recurrence, wording: Wording, next_: list[Occurrence]) -> Coming:
    lead = str(one.said.get("lead", one.unit))
    return Coming(
        code=one.code, label=wording.of(one.label), does=_does(one, wording), when=_when(one, wording),
        lead=wording.unit(lead) if lead else "", next=tuple(_on(occurrence, wording) for occurrence in next_),
    )  # fmt: skip


def _does(one: Recurrence, wording: Wording) -> str:
    if one.does:
        return wording.of(DUTIES[one.does])
    kind = wording.of(rulebook.procedure(one.of if one.after else one.opens).label)
    return wording.say("looks back at “{kind}”" if one.after else "opens “{kind}”", kind=kind)


def _when(one: Recurrence, wording: Wording) -> str:
    if one.after:
        length = timewords.spell(one.after, wording.language)
        sample = wording.say(", {n} of a hundred", n=one.sample) if one.sample < 100 else ""
        return wording.say("{length} after closing", length=length) + sample
    at = f"{one.at:%H:%M}" if one.at else ""
    rest = wording.say(RESTS[one.rest])
    return wording.say("{rule}, {at}; {rest}", rule=_rule(one.rule, wording), at=at, rest=rest)


def _rule(rule: str, wording: Wording) -> str:
    """A plain rule in words; any other as it is written."""
    parts = dict(part.split("=") for part in rule.split(";"))
    often, days, dates = parts.pop("FREQ"), parts.get("BYDAY", "").split(","), parts.get("BYMONTHDAY", "")
    if rule == "FREQ=DAILY":
        return wording.say("every day")
    if often == "WEEKLY" and parts.keys() == {"BYDAY"} and set(days) <= WEEKDAYS.keys():
        return wording.say("every {days}", days=wording.joined([wording.say(WEEKDAYS[day]) for day in days]))
    if often == "MONTHLY" and parts.keys() == {"BYMONTHDAY"} and dates.isdecimal():
        return wording.say("on day {day} of each month", day=dates)
    return rule


def _on(occurrence: Occurrence, wording: Wording) -> str:
    words = wording.end(occurrence.at)
    return words if occurrence.sure else wording.say("{when} (the holiday notice isn't out yet)", when=words)
