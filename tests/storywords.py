"""The words of a story: what a civil servant calls people, units, fields and dates, as the codes they stand for."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from huying.city.facts import City
from huying.ledger import rulebook
from huying.ledger.models import Case
from huying.ledger.said import Upload
from huying.ledger.vocabulary import Field, Procedure, Words

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
UNITS = {"个工作日": "wd", "个工作时": "wh", "小时": "h", "分钟": "min", "天": "d"}
T = TypeVar("T")
PARTS = {"姓名": "name", "电话": "phone", "邮箱": "email", "联系地址": "address"}


@dataclass(frozen=True)
class Dictionary:
    """Looks words up in one city; `cases` are the story's by name."""

    city: City
    cases: Mapping[str, Case] = field(default_factory=dict)

    def person(self, words: str) -> str:
        """The key of a person, by name or key."""
        if words in self.city.people:
            return words
        return _one(words, [key for key, person in self.city.people.items() if person.name == words])

    def said(self, procedure: Procedure, act: str, said: object) -> dict[str, object]:
        """What is said for an act: fields by label or code, values by name or code."""
        assert isinstance(said, Mapping)
        fields = [procedure.fields[name] for name in procedure.acts[act].fields]
        read: dict[str, object] = {}
        for words, value in said.items():
            found = [asked for asked in fields if words in (asked.name, asked.label["zh-Hans"])]
            if not found and words in procedure.fields:
                found = [procedure.fields[words]]
            asked = _one(words, found)
            read[asked.name] = self._value(asked, value, procedure.acts[act].child)
        return read

    def _value(self, asked: Field, value: object, child: str) -> object:
        match asked.type:
            case "unit":
                return self._code(self.city.units, value)
            case "category":
                return self._code(self.city.categories, value)
            case "area":
                return self._code(self.city.areas, value)
            case "person":
                return self.person(str(value))
            case "case":
                return self.cases[str(value)].number
            case "file":
                return [Upload(str(value), PIXEL)]
            case "requester":
                assert isinstance(value, Mapping)
                return {PARTS.get(name, name): part for name, part in value.items()}
            case "children":
                assert isinstance(value, list)
                kind = rulebook.procedure(child)
                return [self.said(kind, "open", item) for item in value]
            case "date" | "due" | "limit":
                return time_code(str(value))
        return value

    def _code(self, known: Mapping[str, object], value: object) -> str:
        if value in known:
            return str(value)
        named = {code: getattr(thing, "name", None) for code, thing in known.items()}
        return _one(str(value), [code for code, words in named.items() if _says(words, str(value))])


def _says(words: Words | None, text: str) -> bool:
    return bool(words) and words is not None and words["zh-Hans"] == text


def time_code(words: str) -> str:
    """`6月30日` of the demo's year as a date, `5个工作日` as a limit; anything else stays."""
    day = re.fullmatch(r"(?:(\d{4})年)?(\d+)月(\d+)日", words)
    if day:
        return f"{day[1] or 2026}-{int(day[2]):02}-{int(day[3]):02}"
    limit = re.fullmatch(r"(\d+) ?(\D+)", words)
    return f"{limit[1]}{UNITS[limit[2]]}" if limit and limit[2] in UNITS else words


def _one(words: str, found: Iterable[T]) -> T:
    there = list(found)
    assert len(there) == 1, f"“{words}”找到 {len(there)} 个：{there}"
    return there[0]
