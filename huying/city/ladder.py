"""The urging ladder as a city writes it down: rungs before and after a due time, and how seldom they may come. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from huying.city.calendar import Limit
from huying.city.facts import RUNGS, Ladder, Urging
from huying.city.tables import Reading, Row
from huying.errors import BadLimit

FILE = "ladders.csv"
KEYS = frozenset({"gap", "week"})
WHEN = ("before", "after")
MOST_A_WEEK = 1000


def ladders(reading: Reading) -> tuple[Ladder, ...]:
    """The rungs, in the order of the file; every mistake noted."""
    rows = reading.once(FILE, "procedure", "urgency", "step", "when")
    return tuple(_rung(reading, row) for row in rows)


def _rung(reading: Reading, row: Row) -> Ladder:
    reading.one_of(row, "rung", RUNGS)
    reading.one_of(row, "when", WHEN)
    step, before = reading.limit(row, "step"), row["when"] == "before"
    if before and (row["rung"] != RUNGS[0] or step.unit == "wh"):
        reading.wrong(row, "Before a due time there is only “remind”, and no step in working hours.")
    return Ladder(row["procedure"], step, row["urgency"], row["rung"], before)


def urging(reading: Reading, head: Mapping[str, Any]) -> Urging:
    """How seldom the city urges: the table `urging` of city.toml."""
    table = head.get("urging", {})
    table = table if isinstance(table, dict) else {}
    week = table.get("week", 0)
    if type(week) is not int or not 0 <= week <= MOST_A_WEEK:
        line = reading.line_of("city.toml", "week")
        reading.found(
            "city.toml", line, "“{key}” must be a whole number from 1 to {most}.", key="week", most=MOST_A_WEEK
        )
        week = 0
    return Urging(_gap(reading, table), week)


def _gap(reading: Reading, table: Mapping[str, Any]) -> Limit | None:
    if "gap" not in table:
        return None
    try:
        return Limit.parse(str(table["gap"]))
    except BadLimit as error:
        reading.found("city.toml", reading.line_of("city.toml", "gap"), "{error}", error=error)
        return None
