"""How the city's map is drawn: on blank ground, on tiles of a file, or on those of a service. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from huying.city.datum import SYSTEMS, WGS84
from huying.city.facts import LANGUAGES, Tiles
from huying.city.tables import Reading

FILE = "city.toml"
KEYS = frozenset({"data", "tiles", "system", "credit"})
ARCHIVE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.pmtiles")
_PLACES = ("{z}", "{x}", "{y}")


def system_of(reading: Reading, head: Mapping[str, Any], key: str) -> str:
    """The system in which the areas (`data`) or the tiles (`system`) are written; a mistake where it is none."""
    said = str(_table(head).get(key, WGS84))
    if said in SYSTEMS:
        return said
    message = "{column} “{value}” is none of: {known}."
    reading.found(FILE, reading.line_of(FILE, key), message, column=key, value=said[:40], known=", ".join(SYSTEMS))
    return WGS84


def tiles(reading: Reading, head: Mapping[str, Any]) -> Tiles:
    """The tiles under the map; nothing where none are named, which is a map too."""
    table = _table(head)
    address = str(table.get("tiles", ""))
    if address and not (ARCHIVE.fullmatch(address) or is_service(address)):
        reading.found(
            FILE, reading.line_of(FILE, "tiles"),
            "tiles “{value}” is neither NAME.pmtiles nor an https address with {{z}}, {{x}} and {{y}}.",
            value=address[:80],
        )  # fmt: skip
        address = ""
    return Tiles(address, system_of(reading, head, "system"), _credit(reading, table))


def is_service(address: str) -> bool:
    """Whether an address is that of a tile service: one host, by https, with a place for each coordinate."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = bool(re.fullmatch(r"[A-Za-z0-9.-]{1,253}", parts.hostname or "")) and "@" not in parts.netloc
    return plain and parts.scheme == "https" and port != 0 and all(place in address for place in _PLACES)


def _credit(reading: Reading, table: Mapping[str, Any]) -> dict[str, str]:
    credit = table.get("credit", {})
    words = credit if isinstance(credit, dict) else {"": credit}
    if credit and (set(words) != set(LANGUAGES) or not all(isinstance(word, str) for word in words.values())):
        reading.found(FILE, reading.line_of(FILE, "credit"), "credit needs words in each language: zh-Hans and en.")
        return {}
    return {language: str(word)[:200] for language, word in words.items()}


def _table(head: Mapping[str, Any]) -> Mapping[str, Any]:
    table = head.get("map", {})
    return table if isinstance(table, dict) else {}
