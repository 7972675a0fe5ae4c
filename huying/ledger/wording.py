"""One thing of a case in words: who, which unit, when, and the value of one declared field. Pure.

Sealed words stay sealed here: what they say is read through a recorded look and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from huying.city.calendar import Limit
from huying.city.facts import City
from huying.errors import BadLimit, say
from huying.ledger import number, timewords
from huying.ledger.fold import instant
from huying.ledger.vocabulary import PEOPLE, Field, Words, people

_ENGLISH = "en"
DOCUMENTS = frozenset({"text", "file", "requester", "point"})
"""Types of fields whose value is a document: the entry holds only its key and digest."""


class Kept(Protocol):
    """What is read of a document: a text has a body, a file a name and a size in bytes."""

    @property
    def body(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sealed(self) -> bool: ...
    @property
    def erased(self) -> datetime | None: ...


@dataclass(frozen=True)
class Wording:
    """The words of one city in one language; `documents` are those of the case, by key.

    `older` finds an earlier version of the city, for people and units that have left it since.
    """

    city: City
    language: str
    documents: Mapping[str, Kept] = field(default_factory=dict)
    older: Callable[[], City | None] = lambda: None

    def say(self, msgid: str, **params: object) -> str:
        """A sentence in the reader's language."""
        return say(msgid, self.language, **params)

    def of(self, words: Words) -> str:
        """Words by language in the reader's language."""
        return words.get(self.language) or words.get("zh-Hans") or ""

    def joined(self, parts: list[str]) -> str:
        """Several words as one list."""
        return (", " if self.language == _ENGLISH else "、").join(parts)

    def unit(self, code: str) -> str:
        """What a unit is called; its code where no version of the city knows it."""
        found = self._known(code, "units")
        return self.of(found.units[code].name) if found else code

    def _known(self, code: str, table: str) -> City | None:
        if code in getattr(self.city, table):
            return self.city
        older = self.older() if code else None
        return older if older and code in getattr(older, table) else None

    def who(self, actor: str) -> tuple[str, str]:
        """The name and unit of whoever acted: a person, or the requester, the system, the clock."""
        if actor in PEOPLE:
            return self.of(people(actor)), ""
        found = self._known(actor, "people")
        return (found.people[actor].name, self.unit(found.people[actor].unit)) if found else (actor, "")

    def named(self, actor: str) -> str:
        """Name and unit in one: 任书瑶（12345热线受理中心）."""
        name, unit = self.who(actor)
        return self.say("{name} ({unit})", name=name, unit=unit) if unit else name

    def category(self, code: str) -> str:
        """A category with those above it, the widest first."""
        path = self.city.category_path(code) or (code,)
        known = self.city.categories
        return " › ".join(self.of(known[c].name) if c in known else c for c in reversed(path))

    def area(self, code: str) -> str:
        """A place with those around it, the city itself left out."""
        path = self.city.area_path(code) or (code,)
        names = [self.of(self.city.areas[c].name) if c in self.city.areas else c for c in path[:-1] or path]
        return ", ".join(names) if self.language == _ENGLISH else "".join(reversed(names))

    def when(self, at: datetime) -> str:
        """When something happened, in local time: 2026年6月15日 周一 09:00."""
        local = self.city.calendar.local(at)
        return f"{timewords.day_words(local.date(), self.language)} {local:%H:%M}"

    def end(self, at: datetime) -> str:
        """When something ends: the midnight that ends a day is its 24:00."""
        return timewords.moment(at, self.city.calendar, self.language)

    def value(self, declared: Field, value: object, *, hidden: bool = False) -> str:
        """What was said in one field; `hidden` seals its words for this reader."""
        if declared.type in DOCUMENTS or (declared.type == "list" and isinstance(value, str)):
            return self._documents(str(value), hidden=hidden)
        return _WORDS.get(declared.type, _plain)(self, declared, value)

    def _documents(self, references: str, *, hidden: bool) -> str:
        keys = [part.partition(":")[0] for part in references.split("\n")]
        return self.joined([self._document(self.documents.get(key), hidden=hidden) for key in keys])

    def _document(self, kept: Kept | None, *, hidden: bool) -> str:
        if kept is None:
            return f"[{self.say('missing: run the audit')}]"
        if kept.erased is not None:
            return f"[{self.say('erased by rule')}]"
        if hidden or kept.sealed:
            return f"[{self.say('sealed; look at it with a reason')}]"
        return self.say("{name}, {size} kB", name=kept.name, size=-(-kept.size // 1024)) if kept.name else kept.body


def _plain(wording: Wording, declared: Field, value: object) -> str:
    return str(value)


def _choice(wording: Wording, declared: Field, value: object) -> str:
    return wording.of(declared.of[str(value)]) if str(value) in declared.of else str(value)


def _date(wording: Wording, declared: Field, value: object) -> str:
    return timewords.day_words(date.fromisoformat(str(value)), wording.language)


def _limit(wording: Wording, declared: Field, value: object) -> str:
    try:
        return timewords.spell(Limit.parse(str(value)), wording.language)
    except BadLimit:
        return _date(wording, declared, value)


def _yes(wording: Wording, declared: Field, value: object) -> str:
    return wording.say("yes" if value is True else "no")


def _children(wording: Wording, declared: Field, value: object) -> str:
    return wording.say("{count} in all", count=value)


_WORDS: dict[str, Callable[[Wording, Field, object], str]] = {
    "choice": _choice,
    "date": _date,
    "moment": lambda wording, declared, value: wording.end(instant(str(value))),
    "limit": _limit,
    "due": _limit,
    "yes": _yes,
    "children": _children,
    "list": _children,
    "unit": lambda wording, declared, value: wording.unit(str(value)),
    "person": lambda wording, declared, value: wording.named(str(value)),
    "area": lambda wording, declared, value: wording.area(str(value)),
    "category": lambda wording, declared, value: wording.category(str(value)),
    "case": lambda wording, declared, value: number.said(str(value)),
}
