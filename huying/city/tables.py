"""The raw files of a city folder: tables, TOML and JSON, each mistake noted with its file and line. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from huying.city.calendar import Limit
from huying.city.facts import LANGUAGES, Words
from huying.city.source import Unreadable, controlled, markup_fault, strings, table_fault, text_of
from huying.errors import BadLimit, say

# Each table's columns; "?" marks those that may be empty. The first column is the row's key.
COLUMNS = {
    "units.csv": "code parent? kind organ? serves? area? may_lead name.zh-Hans name.en",
    "areas.csv": "code parent? kind name.zh-Hans name.en",
    "people.csv": "key name unit",
    "posts.csv": "person role unit since? until?",
    "deputies.csv": "person deputy since until",
    "categories.csv": "code parent? handled refer_to? evidence? point? name.zh-Hans name.en",
    "routing.csv": "category area? unit",
    "limits.csv": "procedure clock category? urgency? limit",
    "ladders.csv": "procedure? urgency? step rung? when?",
    "contacts.csv": "person channel address",
}
# Of people and posts nothing else is kept, and nothing else may lie in the folder.
CLOSED = frozenset({"people.csv", "posts.csv"})
LONGEST_CELL = 500
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Finding:
    """One mistake: file, line, and what is wrong as a msgid with parameters."""

    file: str
    line: int
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def words(self, language: str = "zh-Hans") -> str:
        """`file:line: what is wrong` in `language`."""
        return f"{self.file}:{self.line}: {say(self.message, language, **self.params)}"

    def __str__(self) -> str:
        return self.words()


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    @property
    def name(self) -> Words:
        """The row's name by language."""
        return {language: self.cells[f"name.{language}"] for language in LANGUAGES}


class Reading:
    """A folder being read: its tables and the mistakes found so far.

    `unread` holds the files of which nothing could be used, so that one missing file isn't told once more
    for every row that names something in it; `named` the codes of each table, those of broken rows included.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.findings: list[Finding] = []
        self.unread: set[str] = set()
        self.named: dict[str, dict[str, int]] = {}
        self._lines: dict[str, list[str]] = {}
        self.rows = {file: self._table(file) for file in COLUMNS}

    def found(self, file: str, line: int, message: str, **params: object) -> None:
        """Note a mistake."""
        self.findings.append(Finding(file, line, message, params))

    def wrong(self, row: Row, message: str, **params: object) -> None:
        """Note a mistake in a row."""
        self.found(row.file, row.line, message, **params)

    def text(self, file: str) -> str:
        """A file's text; "" and a mistake where nothing of it can be used."""
        try:
            return text_of(self.folder / file)
        except Unreadable as fault:
            return self.spoiled(file, fault)

    def spoiled(self, file: str, fault: Unreadable) -> str:
        """Note that nothing of a file can be used."""
        self.unread.add(file)
        self.found(file, fault.line, fault.message, **fault.params)
        return ""

    def _table(self, file: str) -> list[Row]:
        self.named[file] = {}
        text = self.text(file)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        rows: list[Row] = []
        begun = 1
        try:
            header = [cell.strip() for cell in next(reader, [])]
            if not text or not self._columns(file, header):
                self.unread.add(file)
                return []
            begun = reader.line_num + 1
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    self._row(Row(file, begun, {}), header, cells, rows)
                begun = reader.line_num + 1
        except csv.Error as error:
            self.found(file, begun, "The table can't be read here: {why}.", why=table_fault(error))
        if not text.endswith(("\n", "\r")):
            self.found(file, len(text.splitlines()), "The file ends in the middle of a line; it may be half written.")
        return rows

    def _columns(self, file: str, header: list[str]) -> bool:
        """Whether a table has its columns, each once; others are left alone where no person is described."""
        wanted = [column.rstrip("?") for column in COLUMNS[file].split()]
        missing = [column for column in wanted if column not in header]
        twice = [column for column in wanted if header.count(column) > 1]
        if missing:
            self.found(file, 1, "Columns are missing: {columns}.", columns=", ".join(missing))
        if twice:
            self.found(file, 1, "Columns stand twice: {columns}.", columns=", ".join(twice))
        more = [column for column in header if column not in wanted]
        if more and file in CLOSED:
            message = "Of people nothing else is kept; take these columns out: {columns}."
            self.found(file, 1, message, columns=", ".join(more))
        return not missing and not twice

    def _row(self, place: Row, header: list[str], cells: list[str], rows: list[Row]) -> None:
        row = Row(place.file, place.line, {name: cell.strip() for name, cell in zip(header, cells, strict=False)})
        key = COLUMNS[row.file].split()[0]
        self.named[row.file].setdefault(row.cells.get(key, ""), row.line)
        if len(cells) != len(header):
            self.wrong(row, "There are {found} cells instead of {wanted}.", found=len(cells), wanted=len(header))
        elif self._filled(row):
            rows.append(row)

    def _filled(self, row: Row) -> bool:
        before = len(self.findings)
        for column in COLUMNS[row.file].split():
            name = column.rstrip("?")
            if name == column and not row[name]:
                self.wrong(row, "{column} is empty.", column=column)
            elif "\n" in row[name] or controlled(row[name]):
                self.wrong(row, "{column} holds a line break or another control character.", column=name)
            elif len(row[name]) > LONGEST_CELL:
                self.wrong(row, "{column} is longer than {most} characters.", column=name, most=LONGEST_CELL)
        return len(self.findings) == before

    def toml(self, file: str) -> dict[str, Any]:
        """A TOML file as a table; empty with a mistake where it can't be read."""
        text = self.text(file)
        try:
            table = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            where = re.search(r"line (\d+)", str(error))
            line = int(where[1]) if where else len(text.splitlines())
            self.spoiled(file, Unreadable(line, "The TOML can't be read: {why}.", why=markup_fault(error)))
            return {}
        return table if self._clean(file, table) else {}

    def json(self, file: str) -> object:
        """A JSON file's value; None with a mistake where it can't be read."""
        text = self.text(file)
        try:
            value: object = json.loads(text, parse_constant=_refuse) if text else None
            json.dumps(value, ensure_ascii=False).encode()  # refuses lone surrogates, which JSON can spell
        except (ValueError, RecursionError) as error:
            line = getattr(error, "lineno", 1)
            self.spoiled(file, Unreadable(line, "The JSON can't be read: {why}.", why=markup_fault(error)))
            return None
        return value if self._clean(file, value) else None

    def _clean(self, file: str, value: object) -> bool:
        """Whether a parsed file spells no control character, which not every database can keep."""
        if not any(map(controlled, strings(value))):
            return True
        line = self.line_with(file, r"\\u00[01]|\\U000000[01]|\\[bfrt]|\t")
        self.spoiled(file, Unreadable(line, "A text of this file holds a control character."))
        return False

    def line_of(self, file: str, key: str) -> int:
        """The line on which a key or table of a TOML file stands."""
        return self.line_with(file, rf'^\s*\[?\s*"?{re.escape(key)}"?\s*\]?\s*(=|$|#)')

    def line_in(self, file: str, table: str, key: str = "") -> int:
        """The line on which a key stands in a table of a TOML file, or its head where the key isn't there."""
        head = self.line_with(file, rf'^\s*\[\s*"?{re.escape(table)}"?\s*[\].]')
        for number, line in enumerate(self._lines[file][head:], head + 1):
            if key and re.match(rf'\s*(\[\S*\.)?"?{re.escape(key)}"?\s*[.=\]]', line):
                return number
            if re.match(r"\s*\[", line) and not re.match(rf'\s*\[\s*"?{re.escape(table)}"?\.', line):
                break
        return head

    def line_with(self, file: str, pattern: str) -> int:
        """The first line of a file that a pattern is found in, 1 where there is none."""
        if file not in self._lines:
            path = self.folder / file
            self._lines[file] = path.read_text("utf-8", "replace").splitlines() if path.is_file() else []
        return next((number for number, line in enumerate(self._lines[file], 1) if re.search(pattern, line)), 1)

    def coded(self, file: str) -> dict[str, Row]:
        """The rows of a table by their code; a code that stands twice is a mistake."""
        rows: dict[str, Row] = {}
        key = COLUMNS[file].split()[0]
        for row in self.rows[file]:
            code = row[key]
            if code in rows:
                self.wrong(row, "“{code}” stands twice, first on line {first}.", code=code, first=rows[code].line)
            elif not CODE.fullmatch(code):
                self.wrong(
                    row,
                    "“{code}” is not a code: letters, digits, dot, dash and underscore, at most 64.",
                    code=code[:80],
                )
            else:
                rows[code] = row
        return rows

    def once(self, file: str, *columns: str) -> list[Row]:
        """The rows of a table in which these cells together may stand only once."""
        first: dict[tuple[str, ...], int] = {}
        for row in self.rows[file]:
            key = tuple(row[column] for column in columns)
            if first.setdefault(key, row.line) != row.line:
                spoken = ", ".join(filter(None, key))
                self.wrong(row, "“{code}” stands twice, first on line {first}.", code=spoken, first=first[key])
        return self.rows[file]

    def names(self, row: Row, column: str, table: str) -> bool:
        """Whether a cell names a row of another table, or nothing; a mistake where it doesn't."""
        if not row[column] or row[column] in self.named[table]:
            return True
        if table not in self.unread:
            self.wrong(row, "{column} “{value}” is not in {table}.", column=column, value=row[column], table=table)
        return False

    def one_of(self, row: Row, column: str, known: Collection[str]) -> bool:
        """Whether a cell is one of a few words, or empty where it may be; a mistake where it isn't."""
        if row[column] in known or not row[column]:
            return True
        words = ", ".join(known)
        self.wrong(row, "{column} “{value}” is none of: {known}.", column=column, value=row[column], known=words)
        return False

    def flag(self, row: Row, column: str) -> bool:
        """A yes or no."""
        return self.one_of(row, column, ("yes", "no")) and row[column] == "yes"

    def clock(self, key: str, value: object) -> time | None:
        """A time of day of city.toml, or nothing."""
        if value is None:
            return None
        try:
            return time.fromisoformat(str(value)).replace(tzinfo=None)
        except ValueError:
            line = self.line_of("city.toml", key)
            self.found("city.toml", line, "“{value}” is no time of day, such as 09:00.", value=value)
            return None

    def day(self, row: Row, column: str) -> date | None:
        """A date of this age, or nothing."""
        try:
            day = date.fromisoformat(row[column]) if row[column] else None
        except ValueError:
            day = date.min
        if day is not None and not 1900 <= day.year <= 2200:
            self.wrong(row, "{column} “{value}” is no date, such as 2026-06-15.", column=column, value=row[column])
            return None
        return day

    def limit(self, row: Row, column: str) -> Limit:
        """A limit with its unit."""
        try:
            return Limit.parse(row[column])
        except BadLimit as error:
            self.wrong(row, "{error}", error=error)
            return Limit(1, "wd")


def _refuse(constant: str) -> object:
    raise ValueError(constant)
