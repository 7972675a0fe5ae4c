"""Import from any other system: rows become cases in batches; what can't be taken goes to a file with its reason.

It sends nothing and rings no clock that was over before. A run that was cut off is started again: what is
known by its source reference is passed over. `desk` is the unit that takes in what comes from outside.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType

from huying.city import store
from huying.city.facts import City
from huying.errors import HuyingError, sentence
from huying.intake import mapping, sheets
from huying.intake.mapping import Incoming, Map, Reader
from huying.intake.sheets import Row, Table
from huying.ledger import rulebook
from huying.ledger.actor import importer
from huying.ledger.models import Case
from huying.ledger.record import open_cases

FIRST_BATCH, MOST_IN_BATCH = 50, 400
# Other writers of an embedded database wait no longer than this.
BATCH_SECONDS = 0.2


@dataclass
class Tally:
    """What an import did so far. `agree` of `judged` rows are on time by both the source's word and ours."""

    rows: int = 0
    opened: int = 0
    known: int = 0
    rejected: int = 0
    judged: int = 0
    agree: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class Rejects:
    """The rows that couldn't be taken, with their reason and line, in a CSV that can be mended and imported."""

    def __init__(self, path: Path | None, columns: tuple[str, ...], language: str) -> None:
        self.language, self.columns = language, columns
        self.file = path.open("w", encoding="utf-8-sig", newline="") if path else None
        self.writer = csv.writer(self.file) if self.file else None
        if self.writer:
            self.writer.writerow([*columns, "line", "reason"])

    def __enter__(self) -> Rejects:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.file:
            self.file.close()

    def add(self, row: Row, error: HuyingError) -> str:
        """Note one row; its reason in words."""
        reason = sentence(error, self.language)
        if self.writer:
            self.writer.writerow([*(row.cells.get(column, "") for column in self.columns), row.line, reason])
        return reason


def run(
    path: Path,
    map_path: Path,
    *,
    rejects: Path | None = None,
    dry: bool = False,
    language: str = "zh-Hans",
    progress: Callable[[Tally, float], None] | None = None,
) -> Tally:
    """Import a file with a map; what was done. `dry` reads and judges everything and writes nothing.

    `progress` is told the tally and the share of the file that was read (0 to 1) after each batch. Raises
    BadTable, BadMap and MissingColumn before anything is opened.
    """
    map_ = mapping.read(map_path, rulebook.everything())
    table = sheets.read(path, encoding=map_.encoding, sheet=map_.sheet)
    try:
        mapping.check_columns(map_, table.columns)
        return _run(table, map_, rejects, language, progress, dry=dry)
    finally:
        table.close()


def _run(
    table: Table,
    map_: Map,
    rejects: Path | None,
    language: str,
    progress: Callable[[Tally, float], None] | None,
    *,
    dry: bool,
) -> Tally:
    reader = Reader(map_, rulebook.procedure(map_.procedure), store.current())
    tally = Tally()
    with Rejects(rejects, table.columns, language) as refused:
        for batch in _batches(table):
            read = list(_read(batch, reader, tally, refused))
            if not dry:
                _open(read, map_, reader, tally, refused)
            if progress:
                progress(tally, min(table.read_bytes() / max(table.size, 1), 1.0))
    return tally


def _batches(table: Table) -> Iterator[list[Row]]:
    """Rows in batches that each take about BATCH_SECONDS to write."""
    rows, size = iter(table), FIRST_BATCH
    while batch := list(islice(rows, size)):
        began = time.monotonic()
        yield batch
        spent = max(time.monotonic() - began, 0.001)
        size = max(10, min(MOST_IN_BATCH, int(len(batch) * BATCH_SECONDS / spent)))


def _read(batch: list[Row], reader: Reader, tally: Tally, refused: Rejects) -> Iterator[Incoming]:
    for row in batch:
        tally.rows += 1
        try:
            yield reader.read(row)
        except HuyingError as error:
            _reject(row, error, tally, refused)


def _reject(row: Row, error: HuyingError, tally: Tally, refused: Rejects) -> None:
    tally.rejected += 1
    tally.reasons[type(error).__name__] += 1
    refused.add(row, error)


def _desk(map_: Map, city: City) -> str:
    """The desk for which cases are opened: that of the map, the city's, or the city itself."""
    return city.unit(map_.desk).code if map_.desk else city.desk or city.root.code


def _open(read: list[Incoming], map_: Map, reader: Reader, tally: Tally, refused: Rejects) -> None:
    actor = importer(map_.source, _desk(map_, reader.city))
    for incoming, result in zip(read, open_cases([one.intake for one in read], actor), strict=True):
        if isinstance(result, HuyingError):
            _reject(incoming.row, result, tally, refused)
        elif result is None:
            tally.known += 1
        else:
            tally.opened += 1
            _judge(incoming, result, tally)


def _judge(incoming: Incoming, case: Case, tally: Tally) -> None:
    """Compare the source's word on being in time with what our ledger says."""
    ours = case.folded().on_time
    if incoming.on_time is not None and ours is not None:
        tally.judged += 1
        tally.agree += incoming.on_time == ours
