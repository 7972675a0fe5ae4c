"""Reading a procedure: one TOML file becomes one `Procedure`, or findings with file and line.

A key that isn't in these tables makes the file unfit to load (the vocabulary is closed, without expressions).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

from huying.city.calendar import Limit
from huying.city.source import markup_fault
from huying.errors import BadLimit, BadProcedures
from huying.ledger.vocabulary import (
    FIELD_TYPES,
    LANGUAGES,
    OPEN,
    Act,
    ClockRule,
    CountRule,
    Field,
    Finding,
    Procedure,
    Words,
)

FOLDER = Path(__file__).parent.parent / "procedures"
_TOP = frozenset(["name", "label", "stage", "final", "part", "field", "act", "clock", "count", "renamed"])
_SHARED = frozenset(["field", "act", "clock", "count"])
_ACT_KEYS = {("from" if f.name == "from_" else f.name): f for f in fields(Act) if f.name != "name"}
_TABLES = {
    "field": frozenset(f.name for f in fields(Field)) - {"name"},
    "act": frozenset(_ACT_KEYS),
    "clock": frozenset(f.name for f in fields(ClockRule)) - {"name"},
    "count": frozenset(f.name for f in fields(CountRule)) - {"name"},
}


class Source:
    """One TOML file being read: its tables, and the line on which each key stands."""

    def __init__(self, name: str, text: str | bytes) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.text = text if isinstance(text, str) else text.decode("utf-8", "replace")
        self.tables: dict[str, object] = {}
        try:
            if "\ufffd" in self.text:
                self.findings.append(Finding(name, 1, "The file is not UTF-8."))
            self.tables = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"line (\d+)", str(error))
            line = int(where[1]) if where else self.text.count("\n") + 1
            self.findings.append(Finding(name, line, "The TOML can't be read: {why}.", {"why": markup_fault(error)}))

    def line(self, keys: tuple[str, ...]) -> int:
        """The line of `[a.b]` or of `key =` below it; of the table where the key isn't found."""
        header = re.compile(r"^\s*\[" + re.escape(".".join(keys[:2])) + r"\]")
        key = re.compile(r"^\s*(?:of\.)?\"?" + re.escape(keys[-1]) + r"\"?\s*=") if keys else None
        top = re.compile(r"^\s*\[" + re.escape(keys[0]) + r"\]") if keys else None
        inline = re.compile(r"^" + re.escape(keys[0]) + r"\s*=") if len(keys) > 1 else None
        inside, fallback = len(keys) == 1, 1
        for number, line in enumerate(self.text.splitlines(), 1):
            if header.match(line) or (len(keys) == 2 and top and top.match(line)):
                inside, fallback = True, number
                if len(keys) == 2 and header.match(line):
                    return number
            elif line.lstrip().startswith("["):
                inside = False
            elif inside and key and key.match(line):
                return number
            elif fallback == 1 and inline and inline.match(line):
                fallback = number
        return fallback

    def found(self, keys: tuple[str, ...], message: str, **params: object) -> None:
        """Note a mistake at `keys`."""
        self.findings.append(Finding(self.name, self.line(keys), message, params))

    def table(self, name: str) -> dict[str, object]:
        """The table of that name, empty where there is none or it isn't one."""
        value = self.tables.get(name, {})
        if isinstance(value, dict):
            return value
        self.found((name,), "“{key}” must be a table.", key=name)
        return {}

    def words(self, keys: tuple[str, ...], value: object) -> Words:
        """A text by language; a missing language is a mistake."""
        if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
            self.found(keys, "“{key}” must be words by language.", key=".".join(keys))
            return {}
        for language in LANGUAGES:
            if language not in value:
                self.found(keys, "“{key}” has no words in {missing}.", key=".".join(keys), missing=language)
        return value


def parse(source: Source, common: Source | None = None) -> tuple[Procedure, list[Finding]]:
    """One procedure file as a value, with every mistake of form found in it.

    What is wrong in the common acts is noted in `common`; a file that is no TOML has that one mistake.
    """
    stem = source.name.removesuffix(".toml")
    _unknown(source, (), source.tables, _TOP)
    name = source.tables.get("name", stem)
    tables = {kind: _merge(kind, source, common) for kind in ("field", "act", "clock", "count")}
    clocks = {key: _clock(src, key, table) for key, (src, table) in tables["clock"].items()}
    procedure = Procedure(
        name=str(name),
        label=source.words(("label",), source.tables.get("label")),
        stages=_labels(source, "stage"),
        final=_labels(source, "final"),
        part_labels=_labels(source, "part"),
        acts={key: _act(src, key, table) for key, (src, table) in tables["act"].items()},
        clocks=clocks,
        counts={key: _count(src, key, table) for key, (src, table) in tables["count"].items()},
        fields={key: _field(src, key, table, clocks) for key, (src, table) in tables["field"].items()},
        renamed={str(k): str(v) for k, v in source.table("renamed").items()},
        text=source.text,
        common=common.text if common else "",
    )
    if name != stem:
        source.found(("name",), "The name “{name}” differs from the file's.", name=name)
    findings = source.findings if source.tables else source.findings[:1]
    return _without_unused(procedure, set(source.table("act"))), findings


def _unknown(source: Source, keys: tuple[str, ...], table: Mapping[str, object], known: frozenset[str]) -> None:
    for key in table:
        if key not in known:
            keys_known = " ".join(sorted(known))
            source.found((*keys, key), "Unknown key “{key}”; known: {known}.", key=key, known=keys_known)


def _merge(kind: str, source: Source, common: Source | None) -> dict[str, tuple[Source, dict[str, object]]]:
    """The tables of one kind with the common ones laid under; the file's own shadow them by name."""
    merged: dict[str, tuple[Source, dict[str, object]]] = {}
    for origin in (common, source):
        for name, table in (origin.table(kind) if origin else {}).items():
            if isinstance(table, dict) and origin:
                merged[name] = (origin, table)
                _unknown(origin, (kind, name), table, _TABLES[kind])
            elif origin:
                origin.found((kind, name), "“{key}” must be a table.", key=f"{kind}.{name}")
    return merged


def _without_unused(procedure: Procedure, own: set[str]) -> Procedure:
    """Leave out a common act that uses a clock this procedure doesn't have (a meeting has no `answer`).

    The file's `own` acts stay: there a clock that doesn't exist is a slip, which `check` names.
    """
    asked = {"extension"} if "answer" not in procedure.clocks else set()

    def fits(act: Act) -> bool:
        known = all(clock in procedure.clocks for clock in (*act.moves, *act.reckons))
        return known and not asked & {*act.starts, *act.answers}

    kept = {name: act for name, act in procedure.acts.items() if name in own or fits(act)}
    clocks = {name: clock for name, clock in procedure.clocks.items() if name not in asked}
    return replace(procedure, acts=kept, clocks=clocks)


def _labels(source: Source, kind: str) -> dict[str, Words]:
    """The stages or parts that a file declares, each with its words; every procedure has stages."""
    table = source.table(kind)
    if not table and kind != "part":
        source.found((kind,), "There is no table [{kind}].", kind=kind)
    return {name: source.words((kind, name), value) for name, value in table.items()}


def _text(source: Source, keys: tuple[str, ...], value: object) -> str:
    if not isinstance(value, str):
        source.found(keys, "“{key}” must be a text.", key=keys[-1])
        return ""
    return value


def _list(source: Source, keys: tuple[str, ...], value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        source.found(keys, "“{key}” must be a list of words.", key=keys[-1])
        return ()
    return tuple(value)


def _flag(source: Source, keys: tuple[str, ...], value: object) -> bool:
    if not isinstance(value, bool):
        source.found(keys, "“{key}” must be true or false.", key=keys[-1])
    return value is True


def _number(source: Source, keys: tuple[str, ...], value: object) -> int:
    if type(value) is not int or value < 0:
        source.found(keys, "“{key}” must be a whole number.", key=keys[-1])
        return 0
    return value


def _limit(source: Source, keys: tuple[str, ...], value: object) -> str:
    text = _text(source, keys, value)
    if not text.startswith("@") and text:
        try:
            Limit.parse(text)
        except BadLimit as error:
            source.found(keys, "{error}", error=error)
    return text


def _act(source: Source, name: str, table: dict[str, object]) -> Act:
    at = ("act", name)
    values: dict[str, object] = {"name": name, "label": source.words((*at, "label"), table.get("label"))}
    values["by"] = _list(source, (*at, "by"), table.get("by", []))
    for key, value in table.items():
        declared = _ACT_KEYS.get(key)
        if declared is None or key in ("label", "by"):
            continue
        keys = (*at, key)
        if key == "when":
            values[key] = {str(k): _list(source, keys, v) for k, v in _pairs(source, keys, value)}
        elif key == "puts":
            values[key] = {str(k): _text(source, keys, v) for k, v in _pairs(source, keys, value)}
        elif declared.type == "bool":
            values[key] = _flag(source, keys, value)
        elif declared.type == "str":
            values[key] = _limit(source, keys, value) if key in ("grants", "most") else _text(source, keys, value)
        else:
            values[declared.name] = _list(source, keys, value)
    values["begins"] = name == OPEN or values.get("begins") is True
    return Act(**values)  # type: ignore[arg-type]


def _pairs(source: Source, keys: tuple[str, ...], value: object) -> Iterator[tuple[object, object]]:
    if not isinstance(value, dict):
        source.found(keys, "“{key}” must be a table.", key=keys[-1])
        return
    yield from value.items()


def _clock(source: Source, name: str, table: dict[str, object]) -> ClockRule:
    at = ("clock", name)
    return ClockRule(
        name=name,
        label=source.words((*at, "label"), table.get("label")),
        limit=_limit(source, (*at, "limit"), table.get("limit")),
        on=_text(source, (*at, "on"), table.get("on")),
        every=_flag(source, (*at, "every"), table.get("every", False)),
        then=_text(source, (*at, "then"), table.get("then", "")),
        most=_limit(source, (*at, "most"), table.get("most", "")),
    )


def _count(source: Source, name: str, table: dict[str, object]) -> CountRule:
    at = ("count", name)
    return CountRule(
        name=name,
        label=source.words((*at, "label"), table.get("label")),
        most=_number(source, (*at, "most"), table.get("most", 0)),
        escalate=_number(source, (*at, "escalate"), table.get("escalate", 0)),
        per=_text(source, (*at, "per"), table.get("per", "")),
    )


def _field(source: Source, name: str, table: dict[str, object], clocks: Mapping[str, ClockRule]) -> Field:
    at = ("field", name)
    kind = _text(source, (*at, "type"), table.get("type"))
    if kind not in FIELD_TYPES:
        known = " ".join(sorted(FIELD_TYPES))
        source.found((*at, "type"), "Unknown type “{type}”; known: {known}.", type=kind, known=known)
    of = {str(k): source.words((*at, "of", str(k)), v) for k, v in _pairs(source, (*at, "of"), table.get("of", {}))}
    listed = _flag(source, (*at, "listed"), table.get("listed", False))
    if kind == "clock":
        # One of this procedure's clocks: a choice like any other, only that nobody has to list them twice.
        kind, of = "choice", {clock.name: clock.label for clock in clocks.values()}
    return Field(
        name=name,
        type=kind,
        label=source.words((*at, "label"), table.get("label")),
        of=of,
        keep=listed or _flag(source, (*at, "keep"), table.get("keep", False)),
        once=_flag(source, (*at, "once"), table.get("once", False)),
        listed=listed,
        sealed=_flag(source, (*at, "sealed"), table.get("sealed", False)),
    )


def read(folder: Path = FOLDER, *, shadow: Path | None = None) -> dict[str, Procedure]:
    """Every procedure of `folder`; a city's own `shadow` folder replaces files by name.

    Raises BadProcedures with all findings of form; `check.py` looks at what they mean.
    """
    procedures, findings = together(texts(folder) | (texts(shadow) if shadow else {}))
    if findings:
        raise BadProcedures(findings)
    return procedures


def texts(folder: Path = FOLDER) -> dict[str, str | bytes]:
    """The files of a folder of procedures, by name, as they lie there."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}


def together(files: Mapping[str, str | bytes]) -> tuple[dict[str, Procedure], list[Finding]]:
    """Procedures by name from texts by file name, common.toml among them, with every mistake of form."""
    common = Source("common.toml", files.get("common.toml", ""))
    _unknown(common, (), common.tables, _SHARED)
    findings: list[Finding] = []
    procedures = {}
    for name in sorted(set(files) - {"common.toml"}):
        procedure, found = parse(Source(name, files[name]), common)
        procedures[procedure.name] = procedure
        findings += found
    # Each file reads the common acts again, so each of their mistakes is found as often.
    shared = {str(found): found for found in common.findings}
    return procedures, [*findings, *shared.values()]


def revive(name: str, text: str, common: str) -> Procedure:
    """The procedure whose file and common acts were kept in the database when it was put in force."""
    return parse(Source(f"{name}.toml", text), Source("common.toml", common))[0]
