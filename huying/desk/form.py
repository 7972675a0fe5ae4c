"""The one form of every act: made of its declared fields, and read back from what was typed.

A field that leaves the procedure leaves the form; a new procedure needs no page of its own. Each field is judged
alone, so that everything that is wrong is said at once and nothing that is right is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from huying.city.facts import City
from huying.desk import names
from huying.errors import (
    HuyingError,
    MissingField,
    SecrecyMark,
    UnknownArea,
    UnknownCategory,
    UnknownPerson,
    UnknownUnit,
    say,
    sentence,
)
from huying.ledger import rulebook
from huying.ledger import said as saying
from huying.ledger.vocabulary import OPEN, Act, Field, Procedure
from huying.ledger.wording import Wording

UNKNOWN = (UnknownUnit, UnknownArea, UnknownCategory, UnknownPerson)
FEW = 7
"""So many choices are shown side by side; more fold into a list."""
ROWS = 3
MOST_BYTES = 21 * 1024 * 1024
PARTS = ("phone", "name", "email", "address")
_PART_LABELS = {"name": "Name of the person", "phone": "Telephone", "email": "E-mail", "address": "Postal address"}
HINTS = {
    "due": "A date, or a limit with its unit: 5wd working days, 24h hours, 15d days",
    "limit": "A limit with its unit: 5wd working days, 24h hours, 15d days",
    "point": "Latitude,longitude (WGS-84), such as 38.550000,119.800000",
    "case": "The number, with or without spaces",
    "unit": "Type a part of the name and choose",
    "area": "Type a part of the name and choose",
    "category": "Type a part of the name and choose",
    "person": "Type a part of the name and choose",
    "file": "Photos, PDF, Word, Excel, sound; at most 20 MB each",
}
MACHINES = frozenset({"over_limit", "media_url"})
"""What only an interface says: no form asks a person for it."""
SHORT = frozenset({"title", "place"})
"""Texts of one line."""


@dataclass(frozen=True)
class Widget:
    """One field as a page asks for it: `kind` names the template part, `error` is what was wrong with it."""

    name: str
    label: str
    kind: str
    needed: bool
    value: str = ""
    choices: Sequence[tuple[str, str]] = ()
    hint: str = ""
    error: str = ""
    options: str = ""
    parts: Sequence[Widget] = ()
    rows: Sequence[Sequence[Widget]] = ()
    held: Sequence[tuple[int, str]] = ()

    @property
    def id(self) -> str:
        """The element's id."""
        return f"f-{self.name}"

    @property
    def described(self) -> str:
        """The ids of hint and error, for screen readers."""
        return " ".join([f"{self.id}-h"] * bool(self.hint) + [f"{self.id}-e"] * bool(self.error))


@dataclass(frozen=True)
class Typed:
    """What was typed, as it came: texts and files by name; `held` are the id and name of files kept from before."""

    texts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[saying.Upload, ...]] = field(default_factory=dict)
    held: Mapping[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, post: QueryDict, files: MultiValueDict[str, UploadedFile[bytes]]) -> Typed:
        """Everything of a request; a file larger than any that is kept isn't read to its end."""
        texts = {name: str(post[name]).replace("\r\n", "\n") for name in post}
        read = {
            name: tuple(saying.Upload(one.name or "file", one.read(MOST_BYTES)) for one in files.getlist(name))
            for name in files
        }
        return cls(texts, read)

    def text(self, name: str) -> str:
        """What was typed in a field, "" where nothing was."""
        return self.texts.get(name, "")


@dataclass(frozen=True)
class Reading:
    """What was typed, read: ready for `record` where `errors` is empty; errors by the field's name, in words."""

    said: Mapping[str, object]
    errors: Mapping[str, str]

    @property
    def marked(self) -> bool:
        """Whether a mark of state secrecy was seen: then nothing that was typed or chosen is kept anywhere."""
        return any(isinstance(error, _Marked) for error in self.errors.values())


class _Marked(str):
    """The error of a field that carries a mark of state secrecy."""


@dataclass(frozen=True)
class Form:
    """The form of one act in one language."""

    procedure: Procedure
    act: Act
    city: City
    language: str

    @property
    def wording(self) -> Wording:
        """The city's words in the form's language."""
        return Wording(self.city, self.language)

    # --- reading

    def read(self, typed: Typed) -> Reading:
        """Every field, each judged alone."""
        said: dict[str, object] = {}
        errors: dict[str, str] = {}
        for name in self.act.fields:
            value, wrong = self._read(self.procedure.fields[name], typed, name)
            errors |= wrong
            if value not in (None, "", (), {}):
                said[name] = value
        return Reading(said, errors)

    def _read(self, declared: Field, typed: Typed, name: str) -> tuple[object, dict[str, str]]:
        if declared.type == "children":
            return self._children(typed, name)
        value = self._value(declared, typed, name)
        return value, self._judged(self.procedure, self.act, declared, value, name)

    def _judged(self, procedure: Procedure, act: Act, declared: Field, value: object, name: str) -> dict[str, str]:
        """What is wrong with one answer: nothing, or one sentence."""
        needed = (declared.name,) if declared.name in act.needs else ()
        alone = replace(act, needs=needed, knows=(), takes=() if needed else (declared.name,))
        try:
            saying.read(procedure, alone, {declared.name: value or None}, self.city)
        except MissingField:
            return {name: say("Fill in: {field}.", self.language, field=declared.label)}
        except UNKNOWN:
            message = "There is no “{name}” here: choose a name from the list."
            return {name: say(message, self.language, name=str(value)[:40])}
        except SecrecyMark as mark:
            return {name: _Marked(sentence(mark, self.language))}
        except HuyingError as error:
            return {name: sentence(error, self.language)}
        return {}

    def _value(self, declared: Field, typed: Typed, name: str) -> object:
        if declared.type == "file":
            return typed.files.get(name, ())
        if declared.type == "requester":
            parts = {part: typed.text(f"{name}.{part}").strip() for part in PARTS}
            return {part: text for part, text in parts.items() if text}
        text = typed.text(name)
        if declared.type in names.KINDS:
            return names.read(self.city, declared.type, text, self.language)
        return text if declared.type == "text" else text.strip()

    def _children(self, typed: Typed, name: str) -> tuple[object, dict[str, str]]:
        """The parts that were filled in, each a table of its own fields."""
        procedure = rulebook.procedure(self.act.child)
        opening = procedure.act(OPEN)
        items: list[Mapping[str, object]] = []
        errors: dict[str, str] = {}
        for row in range(self._row_count(typed, name)):
            fields = [(f"{name}-{row}-{part}", procedure.fields[part]) for part in opening.fields]
            item = {declared.name: self._value(declared, typed, place) for place, declared in fields}
            if not any(item.values()):
                continue
            items.append({part: value for part, value in item.items() if value})
            for place, declared in fields:
                errors |= self._judged(procedure, opening, declared, item[declared.name], place)
        if not items and name in self.act.needs:
            errors[name] = say("Fill in at least one.", self.language)
        return tuple(items), errors

    def _row_count(self, typed: Typed, name: str) -> int:
        parts = [key.removeprefix(f"{name}-").partition("-")[0] for key in typed.texts]
        rows = [int(part) for part in parts if part.isdecimal() and len(part) < 5]
        return min(max([*rows, ROWS - 1]) + 1, saying.MOST_CHILDREN)

    # --- showing

    def widgets(self, typed: Typed, errors: Mapping[str, str]) -> list[Widget]:
        """Every field with what was typed and what was wrong."""
        return list(self._widgets(self.procedure, self.act, typed, errors, ""))

    def _widgets(
        self, procedure: Procedure, act: Act, typed: Typed, errors: Mapping[str, str], prefix: str
    ) -> Iterator[Widget]:
        for name in act.fields:
            declared = procedure.fields[name]
            machines = declared.type in ("clock", "code") or name in MACHINES
            if machines or (prefix and declared.type in ("file", "children")):
                continue
            yield self._widget(declared, f"{prefix}{name}", name in act.needs, typed, errors)

    def _widget(self, declared: Field, name: str, needed: bool, typed: Typed, errors: Mapping[str, str]) -> Widget:
        hint = say(HINTS[declared.type], self.language) if declared.type in HINTS else ""
        made = Widget(
            name, self.wording.of(declared.label), _kind(declared), needed,
            value=typed.text(name), hint=hint, error=errors.get(name, ""),
        )  # fmt: skip
        if declared.type == "choice":
            return replace(made, choices=[(code, self.wording.of(words)) for code, words in declared.of.items()])
        if declared.type == "yes":
            return replace(made, choices=[("yes", say("yes", self.language)), ("no", say("no", self.language))])
        if declared.type in names.KINDS:
            return self._named(made, declared)
        if declared.type == "file":
            return replace(made, value="", held=typed.held.get(declared.name, ()))
        if declared.type == "requester":
            return replace(made, parts=[self._part(part, name, typed) for part in PARTS])
        if declared.type == "children":
            return self._rows(made, typed, errors)
        return made

    def _named(self, made: Widget, declared: Field) -> Widget:
        shown = names.said(self.city, declared.type, made.value, self.language) if made.value else ""
        return replace(made, value=shown, options="lead" if declared.name == "lead" else declared.type)

    def _part(self, part: str, name: str, typed: Typed) -> Widget:
        label = say(_PART_LABELS[part], self.language)
        return Widget(f"{name}.{part}", label, part, needed=False, value=typed.text(f"{name}.{part}"))

    def _rows(self, made: Widget, typed: Typed, errors: Mapping[str, str]) -> Widget:
        procedure = rulebook.procedure(self.act.child)
        opening = procedure.act(OPEN)
        places = [f"{made.name}-{row}-" for row in range(self._row_count(typed, made.name))]
        rows = [list(self._widgets(procedure, opening, typed, errors, place)) for place in places]
        return replace(made, rows=rows)

    def lists(self) -> list[tuple[str, list[str]]]:
        """The lists of names that the form's fields offer, each once."""
        declared = [self.procedure.fields[name] for name in self.act.fields]
        if self.act.opens:
            child = rulebook.procedure(self.act.child)
            declared += [child.fields[name] for name in child.act(OPEN).fields]
        wanted = dict.fromkeys(
            "lead" if one.name == "lead" else one.type for one in declared if one.type in names.KINDS
        )
        return [(kind, self._offered(kind)) for kind in wanted]

    def _offered(self, kind: str) -> list[str]:
        leads = kind == "lead"
        return list(names.offered(self.city, "unit" if leads else kind, self.language, leads=leads))


def _kind(declared: Field) -> str:
    """Which part of the template asks for a field."""
    if declared.type == "choice":
        return "radio" if len(declared.of) <= FEW else "select"
    if declared.type == "list":
        return "text"
    if declared.type == "text":
        return "line" if declared.name in SHORT else "text"
    if declared.type in names.KINDS:
        return "named"
    simple = {"yes": "radio", "moment": "datetime-local"}
    return simple.get(declared.type, declared.type)
