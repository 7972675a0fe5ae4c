"""The filters of a list, as they stand in its address: read, refused in words where they name nothing, written back.

Every address of a list can be kept, sent and opened again: it says all that the page shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from huying.desk import names
from huying.errors import say
from huying.ledger import months, rulebook
from huying.ledger.lists import Sieve
from huying.ledger.vocabulary import Field, Procedure

if TYPE_CHECKING:
    from huying.desk.visitor import Visitor

LAMPS = ("red", "yellow", "green", "grey")
LABELS = {
    "kind": "Kind",
    "stage": "Stage",
    "unit": "Lead unit",
    "area": "Area",
    "category": "Category",
    "sealed": "Sealed",
    "q": "Words",
    "lamp": "Lamp",
    "closed": "Closed",
    "month": "Month or year of registration",
}
YES_NO = {"yes": "yes", "no": "no"}
LAMP_WORDS = {"red": "Red", "yellow": "Yellow", "green": "Green", "grey": "Grey"}


@dataclass(frozen=True)
class Chip:
    """One filter that is in force: what it says, and the address without it."""

    label: str
    words: str
    without: str
    bad: bool = False


@dataclass(frozen=True)
class Filters:
    """The filters of one address: as asked, and which of them name something."""

    visitor: Visitor
    path: str
    asked: Mapping[str, str]
    procedures: Mapping[str, Procedure]

    @classmethod
    def of(cls, path: str, query: Mapping[str, str], visitor: Visitor) -> Filters:
        """Those of a request; other parameters and empty ones don't count."""
        known = rulebook.everything()
        kept = {name: query[name][:100] for name in query if _named(name) and query[name].strip()}
        return cls(visitor, path, kept, known)

    @property
    def kind(self) -> str:
        """The kind of case that is asked for."""
        kind = self.asked.get("kind", "")
        return kind if kind in self.procedures else ""

    @property
    def lamp(self) -> str:
        """The lamp that is asked for."""
        lamp = self.asked.get("lamp", "")
        return lamp if lamp in LAMPS else ""

    @property
    def sieve(self) -> Sieve:
        """What the ledger is asked; a filter that names nothing sifts nothing, and says so."""
        city = self.visitor.city
        units = city.subtree(self._code("unit")) if self._code("unit") else ()
        areas = city.area_subtree(self._code("area")) if self._code("area") else ()
        category = self._code("category")
        categories = [code for code in city.categories if category in city.category_path(code)] if category else ()
        closed = {"yes": True, "no": False}.get(self.asked.get("closed", ""))
        listed = {name.removeprefix("fact."): self._value(name) for name in self.asked if name.startswith("fact.")}
        return Sieve(
            procedure=self.kind, stage=self._stage(), units=units, areas=areas, categories=categories,
            sealed=self.asked.get("sealed") == "yes", closed=closed, words=self.asked.get("q", ""), listed=listed,
            opened=months.span(self.asked.get("month", ""), city),
        )  # fmt: skip

    def _code(self, kind: str) -> str:
        """The code of a unit, area or category that is asked for by code or name; "" where it is none."""
        asked = self.asked.get(kind, "")
        city = self.visitor.city
        code = names.read(city, kind, asked, self.visitor.language) if asked else ""
        known = {"unit": city.units, "area": city.areas, "category": city.categories}[kind]
        return code if code in known else ""

    def _value(self, name: str) -> str:
        """A fact's value as it is kept: a person may be asked for by name."""
        asked, fact = self.asked[name], name.removeprefix("fact.")
        kinds = {kind.fields[fact].type for kind in self._kinds() if fact in kind.fields}
        return names.read(self.visitor.city, "person", asked, self.visitor.language) if "person" in kinds else asked

    def _stage(self) -> str:
        stage = self.asked.get("stage", "")
        return stage if any(stage in {**kind.stages, **kind.final} for kind in self._kinds()) else ""

    def _kinds(self) -> list[Procedure]:
        return [self.procedures[self.kind]] if self.kind else list(self.procedures.values())

    def without(self, name: str) -> str:
        """The address with one filter less."""
        return self.address({key: value for key, value in self.asked.items() if key != name})

    def with_(self, **more: str) -> str:
        """The address with other values; an empty one goes."""
        whole = {**self.asked, **more}
        return self.address({name: value for name, value in whole.items() if value})

    def address(self, query: Mapping[str, str]) -> str:
        """The list's address with these filters."""
        return f"{self.path}?{urlencode(query)}" if query else self.path

    def chips(self) -> list[Chip]:
        """Every filter that was asked for; one that names nothing says so instead of hiding."""
        return [self._chip(name, value) for name, value in self.asked.items() if name != "lamp" or not self.lamp]

    def _chip(self, name: str, value: str) -> Chip:
        label = self._label(name)
        words = self._words(name, value)
        if words:
            return Chip(label, words, self.without(name))
        nothing = say("“{value}” names nothing and is left out", self.visitor.language, value=value)
        return Chip(label, nothing, self.without(name), bad=True)

    def _label(self, name: str) -> str:
        fact = name.removeprefix("fact.")
        declared = next((kind.fields[fact] for kind in self._kinds() if fact in kind.fields), None)
        if name in LABELS:
            return say(LABELS[name], self.visitor.language)
        return self.visitor.wording.of(declared.label) if declared else fact

    def _words(self, name: str, value: str) -> str:
        """A filter's value in words, "" where it names nothing."""
        wording, code = self.visitor.wording, ""
        if name == "kind":
            return wording.of(self.procedures[self.kind].label) if self.kind else ""
        if name == "stage":
            stage = self._stage()
            return (
                wording.of(next(k.stage(stage) for k in self._kinds() if stage in {**k.stages, **k.final}))
                if stage
                else ""
            )
        if name in ("unit", "area", "category"):
            code = self._code(name)
            return names.said(self.visitor.city, name, code, self.visitor.language) if code else ""
        if name in ("sealed", "closed"):
            return say(YES_NO[value], self.visitor.language) if value in YES_NO else ""
        if name == "month":
            return value if months.span(value, self.visitor.city) else ""
        if name == "q":
            return value
        return self._fact(name.removeprefix("fact."), self._value(name))

    def _fact(self, name: str, value: str) -> str:
        for kind in self._kinds():
            declared = kind.fields.get(name)
            if declared and declared.listed:
                known = value in (self.visitor.city.people if declared.type == "person" else declared.of)
                return self.visitor.wording.value(declared, value) if known or not _closed(declared) else ""
        return ""

    # --- what the form of the filters offers

    def stages(self) -> list[tuple[str, str]]:
        """The stages that can be asked for."""
        wording = self.visitor.wording
        return list({name: wording.of(words) for kind in self._kinds() for name, words in kind.stages.items()}.items())

    def kinds(self) -> list[tuple[str, str]]:
        """The kinds of case that can be asked for."""
        wording = self.visitor.wording
        return [(name, wording.of(kind.label)) for name, kind in self.procedures.items() if name != "administration"]

    def facts(self) -> list[tuple[str, str, list[tuple[str, str]], str]]:
        """What the listed facts of one kind of case can be asked for: name, label, its choices, what is asked.

        Without choices it is a person, to be chosen by name.
        """
        if not self.kind:
            return []
        wording = self.visitor.wording
        asked = [one for one in self.procedures[self.kind].fields.values() if one.listed and _closed(one)]
        return [
            (
                f"fact.{one.name}", wording.of(one.label), [(code, wording.of(of)) for code, of in one.of.items()],
                self.asked.get(f"fact.{one.name}", ""),
            )
            for one in asked
        ]  # fmt: skip

    def lists(self) -> Iterator[tuple[str, list[str]]]:
        """The names that the fields of the filters offer."""
        for kind in ("unit", "area", "category", "person"):
            yield kind, list(names.offered(self.visitor.city, kind, self.visitor.language))

    def shown(self, kind: str) -> str:
        """What the field of a filter holds."""
        return self._words(kind, self.asked[kind]) or self.asked[kind] if self.asked.get(kind) else ""

    @property
    def unit(self) -> str:
        """What the field of the lead unit holds."""
        return self.shown("unit")

    @property
    def area(self) -> str:
        """What the field of the area holds."""
        return self.shown("area")

    @property
    def category(self) -> str:
        """What the field of the category holds."""
        return self.shown("category")


def _closed(declared: Field) -> bool:
    """Whether a field has values that can be listed."""
    return declared.type in ("choice", "person")


def _named(name: str) -> bool:
    return name in LABELS or (name.startswith("fact.") and name.removeprefix("fact.").isidentifier())
