"""How a city writes and is written to: its desk, sender, quiet hours, digest, and the addresses of its people. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from huying.city.facts import Letters
from huying.city.tables import Reading

FILE = "city.toml"
KEYS = frozenset({"sender", "quiet", "digest"})
CHANNELS = ("email",)
ADDRESS = re.compile(r"[^@\s<>,;:\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def desk(reading: Reading, head: Mapping[str, Any]) -> str:
    """The unit that takes in what comes from outside; a mistake where there is none of that code."""
    code = str(head.get("desk", ""))
    if head and code not in reading.named["units.csv"] and "units.csv" not in reading.unread:
        message = "{column} “{value}” is not in {table}."
        reading.found(FILE, reading.line_of(FILE, "desk"), message, column="desk", value=code, table="units.csv")
    return code


def letters(reading: Reading, head: Mapping[str, Any]) -> Letters:
    """The city's sender and hours of writing; nothing where the table is left out."""
    table = head.get("letters", {})
    if not isinstance(table, dict):
        return Letters()
    sender = str(table.get("sender", ""))
    if sender and not ADDRESS.fullmatch(sender):
        reading.found(FILE, reading.line_of(FILE, "sender"), "“{value}” is no e-mail address.", value=sender)
    edges = table.get("quiet")
    quiet = [reading.clock("quiet", edge) for edge in edges] if isinstance(edges, list) else []
    if "quiet" in table and len(quiet) != 2:
        reading.found(FILE, reading.line_of(FILE, "quiet"), 'quiet needs two times, such as ["21:00", "08:00"].')
    begin, end = quiet if len(quiet) == 2 else (None, None)
    return Letters(sender, (begin, end) if begin and end else None, reading.clock("digest", table.get("digest")))


def contacts(reading: Reading) -> dict[str, dict[str, str]]:
    """person -> channel -> address; a mistake for whoever isn't there and for what is no address."""
    found: dict[str, dict[str, str]] = {}
    for row in reading.once("contacts.csv", "person", "channel"):
        fit = [reading.names(row, "person", "people.csv"), reading.one_of(row, "channel", CHANNELS)]
        if not ADDRESS.fullmatch(row["address"]):
            reading.wrong(row, "“{value}” is no e-mail address.", value=row["address"][:80])
        elif all(fit):
            found.setdefault(row["person"], {})[row["channel"]] = row["address"]
    return found
