"""A list as an Excel file: for a purpose that is told, no more rows than the city allows, with an entry of who took it.

What it holds is what its page shows, so no sealed words and nobody's identity. Every cell is text, so that a
formula in somebody's words does nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import IO

import xlsxwriter
from django.conf import settings
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from huying.desk import rail
from huying.desk.filters import LAMP_WORDS, Filters
from huying.desk.page import UNPROCESSABLE, show
from huying.desk.queues import Batch, NoQueue, batches, cells, columns_of, lit, not_for, queued, registered
from huying.desk.rows import Line, lines
from huying.desk.visitor import Visitor, signed_in
from huying.errors import BadInput, HuyingError, sentence
from huying.ledger import administration, rulebook, timewords
from huying.ledger.actor import SYSTEM
from huying.ledger.vocabulary import ROLES
from huying.ledger.writing import reading, writing
from huying.metrics import lamps

BATCH = 200
"""So many rows are read at once: the memory of an export doesn't grow with its length."""
EXPORTERS = ROLES - {"volunteer"}
"""Who may take a list along: everybody who works for the city, each the lists that they see."""
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = (
    "Case",
    "Title",
    "Kind",
    "Lamp",
    "Reason",
    "Stage",
    "Lead",
    "Area",
    "Category",
    "Next due",
    "Due on",
    "Last act",
)


class TooManyRows(BadInput):
    message = "The list has more than {most} rows, which is the most that one export may have."
    mend = "Add a filter, such as a month or a unit, and export the parts."


@dataclass(frozen=True)
class Listing:
    """What is exported: the list in words, its filters, the listed facts that are columns of it."""

    visitor: Visitor
    filters: Filters
    label: str
    batch: Batch
    columns: list[tuple[str, str]] = field(default_factory=list)

    @property
    def told(self) -> str:
        """The list with its filters, as one line; what was searched for may be somebody's name, and stays out."""
        asked = {name: value for name, value in self.filters.asked.items() if name != "q"}
        chips = replace(self.filters, asked=asked).chips()
        words = [self.label, *(f"{chip.label}：{chip.words}" for chip in chips if not chip.bad)]
        if self.filters.lamp:
            words.append(self.visitor.wording.say(LAMP_WORDS[self.filters.lamp]))
        if "q" in self.filters.asked:
            words.append(self.visitor.wording.say("by words"))
        return "；".join(words)

    def rows(self) -> Iterator[Line]:
        """The rows, in the order of the page."""
        for cases in batches(self.batch, BATCH):
            yield from lines(lit(cases, self.filters.lamp, self.visitor), self.visitor, facts=bool(self.columns))


@require_http_methods(["GET", "POST"])
@signed_in
def queue(request: HttpRequest, visitor: Visitor, name: str) -> HttpResponseBase:
    """A queue as a file. Raises NoQueue."""
    if name not in rail.QUEUES:
        raise NoQueue(name=name[:40])
    address = f"/desk/queue/{name}"
    filters = Filters.of(address, request.GET, visitor)
    label = rail.label(name, visitor.language)
    return _asked(request, Listing(visitor, filters, label, queued(name, visitor, filters)))


@require_http_methods(["GET", "POST"])
@signed_in
def register(request: HttpRequest, visitor: Visitor, kind: str) -> HttpResponseBase:
    """A register as a file. Raises UnknownProcedure, and NotAllowed for the register of the administration."""
    procedure = rulebook.procedure(kind)
    not_for(visitor, procedure)
    filters = Filters.of(f"/desk/register/{kind}", {**request.GET.dict(), "kind": kind}, visitor)
    batch, columns = registered(visitor, filters), columns_of(procedure, visitor)
    return _asked(request, Listing(visitor, filters, visitor.wording.of(procedure.label), batch, columns))


def _asked(request: HttpRequest, listing: Listing) -> HttpResponseBase:
    """The form that asks for the purpose; then the file."""
    visitor, trouble, purpose = listing.visitor, "", request.POST.get("purpose", "")
    visitor.needs(EXPORTERS, rulebook.procedure(administration.NAME).acts["export"].label)
    if request.method == "POST":
        try:
            return _sent(listing, purpose)
        except HuyingError as error:
            trouble = sentence(error, visitor.language)
    known: dict[str, object] = {
        "told": listing.told, "most": settings.HUYING_EXPORT_ROWS, "purpose": purpose, "trouble": trouble,
        "back": listing.filters.address(listing.filters.asked),
    }  # fmt: skip
    return show(request, visitor, "desk/export.html", known, status=UNPROCESSABLE if trouble else 200)


def _sent(listing: Listing, purpose: str) -> FileResponse:
    """The file, after the entry that says who took it for what. Raises what stands in the way; then nothing is sent."""
    visitor = listing.visitor
    made = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it once it is sent
    try:
        with reading():  # cases move while the file is written: it is one look at all of them
            count = _written(made, listing, purpose)
        with writing():
            said = {"person": visitor.actor.key, "number": count, "reason": purpose, "exported": listing.told}
            administration.note(SYSTEM, "export", said)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    day = visitor.city.calendar.local(visitor.at).date()
    return FileResponse(made, as_attachment=True, filename=f"{listing.label}-{day}.xlsx", content_type=MEDIA)


def _written(file: IO[bytes], listing: Listing, purpose: str) -> int:
    """Write the workbook; how many rows it has. Raises TooManyRows."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        visitor = listing.visitor
        when = timewords.in_words(visitor.at, visitor.city.calendar)
        mark = visitor.wording.say(
            "Exported by {name} ({key}) on {when}. Purpose: {purpose}",
            name=visitor.name, key=visitor.actor.key, when=when, purpose=" ".join(purpose.split())[:200],
        )  # fmt: skip
        sheet = book.add_worksheet(visitor.wording.say("List"))
        sheet.set_header("&L" + mark.replace("&", "&&")[:250])
        bold = book.add_format({"bold": True})
        heads = [visitor.wording.say(head) for head in HEAD] + [words for _, words in listing.columns]
        sheet.set_column(0, len(heads) - 1, 18)
        for place, line in enumerate((mark, f"{listing.told}。{lamps.rule(visitor.language)}")):
            sheet.write_string(place, 0, line)
        for column, head in enumerate(heads):
            sheet.write_string(2, column, head, bold)
        return _rows(sheet, listing)


def _rows(sheet: xlsxwriter.worksheet.Worksheet, listing: Listing) -> int:
    count = 0
    for count, row in enumerate(listing.rows(), 1):
        if count > settings.HUYING_EXPORT_ROWS:
            raise TooManyRows(most=settings.HUYING_EXPORT_ROWS)
        for column, text in enumerate(_texts(row, listing)):
            sheet.write_string(count + 2, column, text)
    return count


def _texts(row: Line, listing: Listing) -> Sequence[str]:
    """One row, each cell as the page says it."""
    visitor = listing.visitor
    facts = [value for _, value in cells(row, listing.columns)]
    return [
        row.spoken, row.title, row.kind, visitor.wording.say(LAMP_WORDS[row.lamp.colour]), row.lamp.why,
        row.stage, row.lead, row.area, row.category,
        row.clock, _moment(row.due, visitor), row.last, *facts,
    ]  # fmt: skip


def _moment(at: datetime | None, visitor: Visitor) -> str:
    return visitor.city.calendar.local(at).strftime("%Y-%m-%d %H:%M") if at else ""
