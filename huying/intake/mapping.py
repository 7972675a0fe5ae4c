"""How one system's table becomes calls: a map says which column is which field, in what words, and when.

    source = "boston311"                # names the system; the actor is import:boston311
    desk = "office"                     # the unit that registered them; the city's desk where it is left out
    ref = "case_enquiry_id"             # columns: its reference, and its times
    opened = "open_dt"
    due = "target_dt"
    closed = "closed_dt"
    zone = "America/New_York"           # of times without one; the city's where it is left out
    formats = ["%Y/%m/%d %H:%M:%S"]     # tried after ISO
    on_time = { column = "ontime", yes = ["ONTIME"], no = ["OVERDUE"] }

    [field.category]                    # a declared field of the procedure's import acts
    column = "type"
    values = { "Street Light Outages" = "streets.lamps" }
    otherwise = "other"

A field reads `column`, or `columns` with `between` between them (a line break), or `is` a constant.
A unit, area or category may be written by its name. `docs/how-to/import.md` tells it with examples.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from huying.city.facts import City, Words
from huying.errors import BadDate, BadMap, BadRow, MissingColumn
from huying.intake.sheets import Row
from huying.ledger.record import Intake
from huying.ledger.said import FIRST_DAY, LAST_DAY
from huying.ledger.vocabulary import Procedure

TIMES = ("opened", "due", "closed")
TOP = frozenset(
    {"source", "procedure", "desk", "ref", *TIMES, "zone", "formats", "on_time", "encoding", "sheet", "field"}
)
FIELD = frozenset({"column", "columns", "between", "is", "values", "otherwise"})
BY_ACT = ("import", "import_handled", "import_closed")


@dataclass(frozen=True)
class Source:
    """Where one field comes from."""

    columns: tuple[str, ...] = ()
    between: str = "\n"
    constant: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str = ""

    def read(self, row: Row) -> str:
        """The field's words in a row, translated where the map says so."""
        found = self.between.join(filter(None, (row.cells.get(column, "") for column in self.columns)))
        return self.constant or self.values.get(found, found) or self.otherwise


@dataclass(frozen=True)
class Label:
    """The source's own word on whether a case was answered in time."""

    column: str
    yes: frozenset[str]
    no: frozenset[str]

    def read(self, row: Row) -> bool | None:
        """True, False, or None where it doesn't say."""
        said = row.cells.get(self.column, "")
        return True if said in self.yes else False if said in self.no else None


@dataclass(frozen=True)
class Map:
    """One map, read and checked."""

    source: str
    procedure: str
    ref: str
    opened: str
    due: str
    closed: str
    zone: str
    formats: tuple[str, ...]
    encoding: str
    sheet: str
    fields: Mapping[str, Source]
    on_time: Label | None
    desk: str = ""

    @property
    def columns(self) -> set[str]:
        """Every column that the map reads."""
        times = {self.ref, self.opened, self.due, self.closed, self.on_time.column if self.on_time else ""}
        return (times | {column for source in self.fields.values() for column in source.columns}) - {""}


def read(path: Path, procedures: Mapping[str, Procedure]) -> Map:
    """The map in a TOML file. Raises BadMap, which names the key and the mend."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadMap(name=path.name, why=str(error)) from error
    _known(path, table, TOP)
    procedure = procedures.get(str(table.get("procedure", "request")))
    if procedure is None or not all(act in procedure.acts for act in BY_ACT):
        raise BadMap(
            name=path.name, why={"zh-Hans": "procedure 不是能导入的规程", "en": "procedure is none that is imported"}
        )
    for key in ("source", "ref", "opened"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise BadMap(name=path.name, why={"zh-Hans": f"缺少 {key}", "en": f"{key} is missing"})
    fields = {name: _source(path, name, value, procedure) for name, value in _table(path, table, "field").items()}
    zone = _zone(path, str(table.get("zone", "")))
    return Map(
        source=table["source"], procedure=procedure.name, ref=table["ref"], opened=table["opened"],
        due=str(table.get("due", "")), closed=str(table.get("closed", "")), zone=zone,
        formats=tuple(map(str, table.get("formats", ()))), encoding=str(table.get("encoding", "")),
        sheet=str(table.get("sheet", "")), fields=fields, on_time=_label(path, table), desk=str(table.get("desk", "")),
    )  # fmt: skip


def _known(path: Path, table: Mapping[str, object], known: frozenset[str]) -> None:
    for key in table:
        if key not in known:
            listed = " ".join(sorted(known))
            why = {"zh-Hans": f"没有“{key}”这个键；可用的有：{listed}", "en": f"unknown key {key}; known: {listed}"}
            raise BadMap(name=path.name, why=why)


def _table(path: Path, table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise BadMap(name=path.name, why={"zh-Hans": f"{key} 应当是一个表", "en": f"{key} must be a table"})
    return value


def _source(path: Path, name: str, value: object, procedure: Procedure) -> Source:
    takes = {field for act in BY_ACT for field in procedure.act(act).fields} - {
        "source_opened",
        "source_due",
        "source_closed",
    }
    if name not in takes:
        listed = " ".join(sorted(takes))
        why = {"zh-Hans": f"没有字段“{name}”；可用的有：{listed}", "en": f"no field {name}; known: {listed}"}
        raise BadMap(name=path.name, why=why)
    spec = _table(path, {name: value}, name)
    _known(path, spec, FIELD)
    columns = spec.get("columns", [spec["column"]] if "column" in spec else [])
    values = _table(path, spec, "values")
    if not isinstance(columns, list) or bool(columns) == ("is" in spec):
        why = {
            "zh-Hans": f"字段 {name} 要写 column、columns 或 is 其中一个",
            "en": f"field {name} needs column, columns or is",
        }
        raise BadMap(name=path.name, why=why)
    words = {str(key): str(word) for key, word in values.items()}
    between = str(spec.get("between", "\n"))
    return Source(tuple(map(str, columns)), between, str(spec.get("is", "")), words, str(spec.get("otherwise", "")))


def _label(path: Path, table: Mapping[str, object]) -> Label | None:
    if "on_time" not in table:
        return None
    spec = _table(path, table, "on_time")
    _known(path, spec, frozenset({"column", "yes", "no"}))
    return Label(str(spec.get("column", "")), _words(spec.get("yes")), _words(spec.get("no")))


def _words(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _zone(path: Path, name: str) -> str:
    try:
        ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadMap(name=path.name, why={"zh-Hans": f"没有时区“{name}”", "en": f"no time zone {name}"}) from error
    return name


def check_columns(map_: Map, columns: Sequence[str]) -> None:
    """Raise MissingColumn where the table lacks a column that the map reads."""
    missing = sorted(map_.columns - set(columns))
    if missing:
        raise MissingColumn(missing="、".join(missing), columns="、".join(columns))


@dataclass(frozen=True)
class Incoming:
    """One row as a call: what is opened, and what the source says of its being in time."""

    row: Row
    intake: Intake
    on_time: bool | None


class Reader:
    """Reads rows with a map against one city."""

    def __init__(self, map_: Map, procedure: Procedure, city: City) -> None:
        self.map, self.procedure, self.city = map_, procedure, city
        self.zone = ZoneInfo(map_.zone) if map_.zone else city.calendar.tz
        self.codes = {
            "unit": _by_name([(code, unit.name, unit.parent) for code, unit in city.units.items()]),
            "area": _by_name([(code, area.name, area.parent) for code, area in city.areas.items()]),
            "category": _by_name([(code, row.name, row.parent) for code, row in city.categories.items()]),
            "person": _people(city),
        }

    def read(self, row: Row) -> Incoming:
        """The row as a call. Raises a BadInput that names the field and the value."""
        map_, said = self.map, self._said(row)
        ref = row.cells.get(map_.ref, "")
        if not ref or row.damaged:
            raise BadRow(why=_DAMAGED if ref else _NO_REF)
        times = {name: self._time(row, column) for name, column in self._times().items()}
        act = (
            "import_closed"
            if "source_closed" in times_said(times)
            else "import_handled"
            if "lead" in said
            else "import"
        )
        said |= times_said(times)
        taken = {name: value for name, value in said.items() if name in self.procedure.act(act).fields}
        return Incoming(
            row, Intake(map_.procedure, taken, act, map_.source, ref), map_.on_time.read(row) if map_.on_time else None
        )

    def _times(self) -> dict[str, str]:
        map_ = self.map
        return {"source_opened": map_.opened, "source_due": map_.due, "source_closed": map_.closed}

    def _said(self, row: Row) -> dict[str, object]:
        said: dict[str, object] = {}
        for name, source in self.map.fields.items():
            value = source.read(row)
            kind = self.procedure.fields[name].type
            said[name] = self.codes[kind].get(_squeezed(value), value) if kind in self.codes else value
        return {name: value for name, value in said.items() if value}

    def _time(self, row: Row, column: str) -> datetime | None:
        """An instant in the source's zone, written in ISO or in one of the map's forms."""
        said = row.cells.get(column, "") if column else ""
        if not said:
            return None
        for form in ("", *self.map.formats):
            try:
                found = datetime.strptime(said, form) if form else datetime.fromisoformat(said)
            except ValueError:
                continue
            if not FIRST_DAY <= found.date() <= LAST_DAY:
                break
            return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        raise BadDate(field=column, value=said[:40], first=FIRST_DAY, last=LAST_DAY)


def times_said(times: Mapping[str, datetime | None]) -> dict[str, object]:
    """The times that a row has."""
    return {name: at for name, at in times.items() if at is not None}


def _people(city: City) -> Mapping[str, str]:
    """Name -> key of everybody whose name nobody else has."""
    names = Counter(_squeezed(who.name) for who in city.people.values())
    return {_squeezed(who.name): key for key, who in city.people.items() if names[_squeezed(who.name)] == 1}


def _by_name(rows: Sequence[tuple[str, Words, str]]) -> dict[str, str]:
    """Codes by name in any language, from code, name and parent.

    Of a node and one right above it with the same name the lower is meant; a name that two others share
    names neither.
    """
    parents = {code: parent for code, _, parent in rows}
    found: dict[str, str] = {}
    shared: set[str] = set()
    for code, words, _ in rows:
        for word in map(_squeezed, set(words.values())):
            other = found.get(word, code)
            if other not in (code, parents[code]) and parents[other] != code:
                shared.add(word)
            if parents.get(other) != code:
                found[word] = code
    return {word: code for word, code in found.items() if word not in shared}


def _squeezed(word: str) -> str:
    """A name without doubled spaces: exports and city data differ in them."""
    return " ".join(word.split())


_NO_REF = {"zh-Hans": "这一行没有来源编号", "en": "the row has no reference"}
_DAMAGED = {
    "zh-Hans": "这一行有读不出来的字符，或者列数不对",
    "en": "the row has characters that can't be read, or too many cells",
}
