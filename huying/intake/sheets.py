"""Tables from any other system: CSV in any encoding, or an Excel file, as rows of text with their line numbers.

A file is read in a stream; what can't be a table is refused with a sentence before anything is opened.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from charset_normalizer import from_bytes
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from huying.errors import BadTable

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

SAMPLE = 1_000_000
MOST_COLUMNS = 300
MOST_TITLES = 5
LONGEST_CELL = 1_000_000
MOST_UNPACKED = 400_000_000
# How names of encodings are read: what calls itself gb2312 is written in gb18030, and big5 in big5-hkscs.
WIDER = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
}
CHINESE = ("gb18030", "big5hkscs")
DAMAGE = "\ufffd"


@dataclass(frozen=True)
class Row:
    """One line of a table: its number in the file (1 is the header), its cells by column; `damaged` where a
    byte sequence belongs to no character of the encoding."""

    line: int
    cells: dict[str, str]
    damaged: bool = False


@dataclass
class Table:
    """A table that is being read. `encoding` is what its bytes were read in; "" for Excel."""

    columns: tuple[str, ...]
    encoding: str
    size: int
    _rows: Iterator[Row] = field(repr=False)
    read_bytes: Callable[[], int] = lambda: 0
    """How many of the `size` bytes have been read so far."""
    close: Callable[[], None] = lambda: None
    """Close the file: for whoever doesn't read it to the end."""

    def __iter__(self) -> Iterator[Row]:
        return self._rows


def read(path: Path, *, encoding: str = "", sheet: str = "") -> Table:
    """The table in a file: .xlsx, .xls or .ods by content, anything else as CSV. Raises BadTable, which says why."""
    try:
        with _bytes(path) as file:
            head = file.read(SAMPLE)
    except (OSError, EOFError, zlib.error) as error:
        raise BadTable(name=path.name, why=_ABSENT) from error
    if not head.strip():
        raise BadTable(name=path.name, why=_EMPTY)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(path, sheet)
    if b"\x00" in head and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadTable(name=path.name, why=_BINARY)
    return _csv(path, _encoding(path, head, encoding))


def _bytes(path: Path, raw: IO[bytes] | None = None) -> IO[bytes]:
    """A file's content; one that is packed with gzip is unpacked on the way."""
    raw = raw or path.open("rb")
    packed = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw


def _encoding(path: Path, head: bytes, asked: str) -> str:
    """The encoding asked for, or that of the byte order mark, or UTF-8 where it fits, or the likeliest."""
    if asked:
        try:
            return WIDER.get(codecs.lookup(asked).name, codecs.lookup(asked).name)
        except LookupError as error:
            raise BadTable(
                name=path.name, why={"zh-Hans": f"没有叫“{asked}”的编码", "en": f"there is no encoding {asked}"}
            ) from error
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _fits(head, "utf-8"):
        return "utf-8"
    likely = _likely(head) or _likely(
        b"\n".join(line for line in head.split(b"\n") if any(_fits(line, e) for e in CHINESE))
    )
    return WIDER.get(likely, likely) or CHINESE[0]


def _likely(text: bytes) -> str:
    """The encoding that the characters' own frequencies speak for, or "" where none does, as in a damaged file."""
    best = from_bytes(text, cp_isolation=[*CHINESE, "big5", "cp1252", "shift_jis", "euc_kr"]).best()
    return codecs.lookup(best.encoding).name if best else ""


def _fits(head: bytes, encoding: str) -> bool:
    """Whether a sample is text in an encoding; its end may cut a character in two."""
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _csv(path: Path, encoding: str) -> Table:
    csv.field_size_limit(LONGEST_CELL)
    raw = path.open("rb")
    file = io.TextIOWrapper(_bytes(path, raw), encoding=encoding, errors="replace", newline="")
    sample = file.readline(LONGEST_CELL)
    delimiter = max(",;\t|", key=sample.count)
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter)
    try:
        columns = _header(path, next(reader))
    except (csv.Error, StopIteration, BadTable) as error:
        file.close()
        why = {"zh-Hans": "第一行读不出来", "en": "its first line can't be read"}
        raise error if isinstance(error, BadTable) else BadTable(name=path.name, why=why) from error
    rows = _lines(reader, columns, path, file)
    return Table(columns, encoding, path.stat().st_size, rows, lambda: _told(raw), file.close)


def _told(raw: IO[bytes]) -> int:
    return 0 if raw.closed else raw.tell()


def _lines(reader: CsvReader, columns: Sequence[str], path: Path, file: io.TextIOWrapper) -> Iterator[Row]:
    """The lines after the header. A line that is no CSV ends the reading with a word that names it."""
    number = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            why = {
                "zh-Hans": f"第 {number + 1} 行之后读不出来（{error}）",
                "en": f"it can't be read after line {number}: {error}",
            }
            raise BadTable(name=path.name, why=why) from error
        number = reader.line_num
        if any(cell.strip() for cell in cells):
            yield _row(number, columns, cells)
    file.close()


def _row(line: int, columns: Sequence[str], cells: Sequence[object]) -> Row:
    texts = [_text(cell) for cell in cells]
    table = dict(zip(columns, texts, strict=False))
    return Row(line, table, damaged=len(texts) > len(columns) or any(DAMAGE in text for text in texts))


def _text(cell: object) -> str:
    """A cell as text: whole numbers without their `.0`, dates and times as ISO."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime, date, time)):
        return cell.isoformat(*((" ",) if isinstance(cell, datetime) else ()))
    return str(cell if not isinstance(cell, timedelta) else cell.total_seconds())


def _header(path: Path, cells: Sequence[object]) -> tuple[str, ...]:
    columns = tuple(_text(cell) for cell in cells)
    if len(columns) > MOST_COLUMNS:
        raise BadTable(
            name=path.name, why={"zh-Hans": f"超过 {MOST_COLUMNS} 列", "en": f"more than {MOST_COLUMNS} columns"}
        )
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if not any(columns) or twice:
        why = {"zh-Hans": f"列名重复：{'、'.join(twice)}", "en": f"columns stand twice: {', '.join(twice)}"}
        raise BadTable(name=path.name, why=why if twice else _EMPTY)
    return columns


def _excel(path: Path, sheet: str) -> Table:
    """The first sheet with cells, or the one asked for. Formulas give the value that was saved with them."""
    _not_a_bomb(path)
    try:
        book = CalamineWorkbook.from_path(path)
        names = book.sheet_names
        if sheet and sheet not in names:
            why = {
                "zh-Hans": f"没有工作表“{sheet}”，有：{'、'.join(names)}",
                "en": f"no sheet {sheet}; it has: {', '.join(names)}",
            }
            raise BadTable(name=path.name, why=why)
        rows = book.get_sheet_by_name(sheet or names[0])
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise BadTable(name=path.name, why=_DAMAGED) from error
    lines = _unmerged(rows)
    titles, head = _titles(lines)
    columns = _header(path, head)
    return Table(columns, "", path.stat().st_size, _cells(lines, columns, titles + 2))


def _titles(lines: Iterator[Sequence[object]]) -> tuple[int, Sequence[object]]:
    """How many lines above the header hold only a title, and the header itself."""
    head: Sequence[object] = next(lines, [])
    for above in range(MOST_TITLES):
        named = {_text(cell) for cell in head} - {""}
        if len(head) < 2 or len(named) > 1:
            return above, head
        head = next(lines, [])
    return MOST_TITLES, head


def _unmerged(sheet: CalamineSheet) -> Iterator[Sequence[object]]:
    """The lines of a sheet; what cells merged downwards say stands in each line, in the first column of theirs."""
    top, left = sheet.start or (0, 0)
    spans = [(row - top, end - top, column - left) for (row, column), (end, _) in sheet.merged_cell_ranges or []]
    said: dict[tuple[int, int], object] = {}
    for number, cells in enumerate(sheet.iter_rows()):
        whole: list[object] = list(cells)
        for row, end, column in spans:
            if row <= number <= end and column < len(whole):
                whole[column] = said.setdefault((row, column), whole[column])
        yield whole


def _cells(lines: Iterator[Sequence[object]], columns: Sequence[str], first: int) -> Iterator[Row]:
    for number, cells in enumerate(lines, first):
        if any(_text(cell) for cell in cells):
            yield _row(number, columns, cells)


def _not_a_bomb(path: Path) -> None:
    """Refuse an archive that would unpack to more than is ever needed."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, OSError) as error:
        raise BadTable(name=path.name, why=_DAMAGED) from error
    if unpacked > MOST_UNPACKED:
        raise BadTable(name=path.name, why={"zh-Hans": "展开后过大", "en": "too large when unpacked"})


_ABSENT = {"zh-Hans": "文件不存在或打不开", "en": "it isn't there, or can't be opened"}
_EMPTY = {"zh-Hans": "里面没有表格", "en": "there is no table in it"}
_BINARY = {"zh-Hans": "不是 CSV 或 Excel 文件", "en": "it is neither CSV nor Excel"}
_DAMAGED = {"zh-Hans": "文件已损坏，打不开", "en": "it is damaged and can't be opened"}
