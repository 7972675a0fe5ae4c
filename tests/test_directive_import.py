"""An office's register of directives in Excel: a title above the header, merged cells, formulas."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from huying.intake import importing, sheets
from huying.ledger.models import Case
from huying.ledger.telling import titles

pytestmark = pytest.mark.django_db
HEAD = (
    "编号", "登记日期", "来件标题", "来件单位", "来件文号", "批示领导", "批示日期", "批示内容", "紧急程度",
    "主办单位", "办理时限", "办理结果", "销号日期",
)  # fmt: skip
OPEN = ("2", "2026-05-06", "关于照明", "市照明所", "3号", "", "2026-05-05", "请查明原因\n限期修复", "加急")
ROWS: tuple[tuple[str, ...], ...] = (
    (
        "1",
        "2026-03-02",
        "关于防汛",
        "水务局",
        "1号",
        "",
        "2026-03-01",
        "请抓紧",
        "特急",
        "",
        "",
        "已办",
        "2026-04-03",
    ),
    (*OPEN, "市城市管理局", "2026-07-31", "", ""),
    ("3", "2026-06-01", "关于停车", "市住建局", "5号", "谢月娥", "2026-06-01", "机密★10年", "平件", "", "", "", ""),
    ("4", "2026-06-01", "关于停车", "市住建局", "6号", "无此人", "2026-06-01", "请办", "平件", "", "", "", ""),
)


def register(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, len(HEAD) - 1, "二〇二六年批示件台账")
        for row, cells in enumerate((HEAD, *ROWS), 1):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)
        sheet.write_formula(3, 0, "=A3+1", None, "2")
        sheet.merge_range(2, 5, 3, 5, "雷晨曦")
    return path


def test_merged_cells_say_the_same_in_each_line_and_formulas_what_they_gave(tmp_path: Path) -> None:
    rows = list(sheets.read(register(tmp_path / "台账.xlsx")))
    assert [row.cells["批示领导"] for row in rows] == ["雷晨曦", "雷晨曦", "谢月娥", "无此人"]
    assert [(row.line, row.cells["编号"]) for row in rows] == [(3, "1"), (4, "2"), (5, "3"), (6, "4")]


def test_a_register_in_excel_comes_in_and_what_is_marked_or_unknown_stays_out(tmp_path: Path) -> None:
    map_ = Path(importing.__file__).parent / "maps" / "directives.toml"
    done = importing.run(register(tmp_path / "台账.xlsx"), map_)
    assert (done.opened, dict(done.reasons)) == (2, {"SecrecyMark": 1, "UnknownPerson": 1})
    closed, handled = Case.objects.filter(procedure="directive").order_by("source_ref")
    assert (closed.stage, closed.opener, closed.folded().facts["leader"]) == ("filed", "office", "mayor")
    assert (handled.stage, handled.lead, handled.folded().facts["demands"]) == ("in_progress", "urban", 2)
    assert titles([handled])[handled.pk] == "关于照明"
