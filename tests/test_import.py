"""Import from any other system: idempotent, silent, honest about what can't be taken."""

from __future__ import annotations

import csv
import gzip
import os
import zipfile
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest
import xlsxwriter

from huying import runner
from huying.errors import BadMap, BadTable, MissingColumn, sentence
from huying.intake import importing, sheets
from huying.ledger import administration, audit
from huying.ledger.models import Case, Entry, Outbox
from huying.ledger.now import standing_at
from scripts import city_from_311
from tests.cast import MORNING, act

HEAD = "编号,登记,期限,办结,标题,内容,部门,分类,按时"
ROWS = (
    "A1,2026/6/1 9:05,2026-06-08 18:00,2026年6月5日,路灯不亮,柳园路路灯坏了,市照明管理所,路灯照明,是",
    "A2,2026-06-02 10:00:00,2026-06-04 18:00,2026-06-09 12:00,井盖松动,车压过去响,,,否",
    "A3,2026-06-12 08:00,2026-06-22 18:00,,垃圾没有清运,三天没来,市城市管理局,,",
    "A4,2026-06-14 21:30,,,噪音扰民,夜间施工,,,",
)
MAP = """
source = "board"
ref = "编号"
opened = "登记"
due = "期限"
closed = "办结"
formats = ["%Y/%m/%d %H:%M", "%Y年%m月%d日"]
on_time = { column = "按时", yes = ["是"], no = ["否"] }
[field.title]
column = "标题"
[field.text]
columns = ["标题", "内容"]
[field.lead]
column = "部门"
[field.category]
column = "分类"
"""
db = pytest.mark.django_db


@pytest.fixture
def map_(tmp_path: Path) -> Path:
    path = tmp_path / "map.toml"
    path.write_text(MAP, "utf-8")
    return path


def table(tmp_path: Path, *rows: str, encoding: str = "utf-8", head: str = HEAD) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(("\r\n".join((head, *rows)) + "\r\n").encode(encoding))
    return path


def of(ref: str) -> Case:
    return Case.objects.get(source_system="board", source_ref=ref)


@db
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_rows_become_cases_whatever_their_encoding_and_dates(tmp_path: Path, map_: Path, encoding: str) -> None:
    done = importing.run(table(tmp_path, *ROWS, encoding=encoding), map_)
    assert (done.rows, done.opened, done.rejected) == (4, 4, 0)
    assert (done.judged, done.agree) == (2, 2)
    closed, late, handled, new = (of(ref) for ref in ("A1", "A2", "A3", "A4"))
    assert (closed.stage, closed.outcome, closed.verified) == ("closed", "unverified", "source")
    assert (closed.lead, closed.category) == ("lighting", "streets.lamps")
    assert (closed.folded().on_time, late.folded().on_time) == (True, False)
    assert (handled.stage, handled.lead) == ("in_progress", "urban")
    assert handled.due == datetime(2026, 6, 22, 10, tzinfo=UTC)
    assert handled.folded().clocks["answer"].basis == "source"
    assert (new.stage, new.lead) == ("registered", "hotline")
    assert list(audit.audit()) == []


@db
def test_an_import_tells_nobody_and_rings_no_clock_older_than_itself(tmp_path: Path, map_: Path) -> None:
    old = "A9,2026-05-01 08:00,2026-05-08 18:00,,积水,路口积水,市城市管理局,,"
    importing.run(table(tmp_path, *ROWS, old), map_)
    assert not Outbox.objects.exists()
    assert runner.ring().passed == 0
    with standing_at(MORNING.replace(day=25)):
        runner.ring()
    passed = Entry.objects.filter(act="pass", case=of("A9"))
    assert [entry.said["clock"] for entry in passed][:1] == ["share"]
    assert {entry.said["clock"] for entry in Entry.objects.filter(act="pass", case=of("A3"))} >= {"answer"}


@db
def test_a_second_run_opens_nothing_and_one_that_was_cut_off_goes_on(tmp_path: Path, map_: Path) -> None:
    importing.run(table(tmp_path, *ROWS[:2]), map_)
    again = importing.run(table(tmp_path, *ROWS, ROWS[3]), map_)
    assert (again.opened, again.known) == (2, 3)
    assert Case.objects.filter(source_system="board").count() == 4


@db
def test_what_cant_be_taken_goes_to_a_file_that_can_be_mended_and_imported(tmp_path: Path, map_: Path) -> None:
    bad = (
        "B1,2019/2/30 8:00,,,日期不存在,内容,,,",
        "B2,2026-06-01,,,分类不认识,内容,,占卜,",
        ",2026-06-01,,,没有编号,内容,,,",
        "B4,2026-06-01,,,控制字符\x07,内容,,,",
        "B5,2026-06-01,,,社区不能主办,内容,柳园社区,,",
        "B6,2026-06-01,,,多了一列,内容,,,,多,出",
        "B7,3026-06-01,,,很远,内容,,,",
    )
    rejects = tmp_path / "rejects.csv"
    done = importing.run(table(tmp_path, ROWS[0], *bad), map_, rejects=rejects)
    assert (done.opened, done.rejected) == (1, 7)
    with rejects.open(encoding="utf-8-sig", newline="") as file:
        told = {row["编号"]: row for row in csv.DictReader(file)}
    assert [told["B1"]["line"], told["B7"]["line"]] == ["3", "9"]
    assert "2019/2/30" in told["B1"]["reason"]
    assert "占卜" in told["B2"]["reason"]
    assert "没有来源编号" in told[""]["reason"]
    mended = rejects.read_text("utf-8-sig").replace("2019/2/30 8:00", "2026/6/3 8:00")
    rejects.write_text(mended, "utf-8")
    assert importing.run(rejects, map_).opened == 2  # the one with the date, and the one that had a cell too many
    assert of("B1").folded().facts["source_opened"] == "2026-06-03T00:00:00Z"


@db
def test_a_dry_run_writes_nothing(tmp_path: Path, map_: Path) -> None:
    before = Entry.objects.count()
    done = importing.run(table(tmp_path, *ROWS, "B1,2019/2/30,,,x,y,,,"), map_, dry=True)
    assert (done.rows, done.rejected, done.opened) == (5, 1, 0)
    assert Entry.objects.count() == before


@db
def test_a_case_that_a_source_closed_can_be_reopened_and_keeps_its_age(tmp_path: Path, map_: Path) -> None:
    importing.run(table(tmp_path, ROWS[0]), map_)
    case = of("A1")
    act(case, "reopen", "supervision.1", reason="居民说又坏了")
    clock = case.folded().clocks["answer"]
    assert (clock.began, clock.basis) == ("2026-06-01T01:05:00Z", "source")
    assert case.stage == "dispatched"


@db
def test_excel_gives_the_same_cases(tmp_path: Path, map_: Path) -> None:
    path = tmp_path / "table.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("表")
        stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for place, column in enumerate(HEAD.split(",")):
            sheet.write(0, place, column)
        sheet.write_number(1, 0, 2549)
        sheet.write_datetime(1, 1, datetime(2026, 6, 1, 9, 5), stamp)
        sheet.write(1, 4, "路灯不亮")
        sheet.write_formula(1, 5, '="柳园"&"路"', value="柳园路")
        sheet.merge_range(1, 6, 1, 7, "市照明管理所")
    assert importing.run(path, map_).opened == 1
    assert of("2549").lead == "lighting"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"  \n", "没有表格"),
        ("film.csv", b"\x00\x01\x02\x03" * 50, "不是 CSV"),
        ("twice.csv", "编号,编号\n1,2\n".encode(), "列名重复"),
        ("wide.csv", (",".join(f"c{n}" for n in range(1000)) + "\n").encode(), "超过 300 列"),
        ("broken.xlsx", b"PK\x03\x04" + b"x" * 200, "已损坏"),
        ("broken.xls", b"\xd0\xcf\x11\xe0" + b"x" * 200, "已损坏"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadTable) as refused:
        sheets.read(path)
    assert said in sentence(refused.value)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in range(5):
            archive.writestr(f"xl/worksheets/sheet{part}.xml", b"0" * 100_000_000)
    with pytest.raises(BadTable) as refused:
        sheets.read(path)
    assert "过大" in sentence(refused.value)


@pytest.mark.parametrize("encoding", ["gb18030", "big5hkscs"])
def test_an_encoding_is_found_out_and_damage_is_seen(tmp_path: Path, encoding: str) -> None:
    lines = ["標題,內容"] + [f"路燈不亮{n},今天晚上回家的時候看見路燈都不亮，請派人修理" for n in range(40)]
    path = tmp_path / "old.csv"
    content = "\n".join(lines).encode(encoding)
    path.write_bytes(content + b"\n\xff\xff\xfe,x\n")
    found = sheets.read(path)
    rows = list(found)
    assert found.encoding in ("gb18030", "big5hkscs")
    assert [row.damaged for row in rows].count(True) == 1
    assert rows[0].cells["標題"] == "路燈不亮0"


@db
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("source", "sauce"), "sauce"),
        (('column = "部门"', 'colum = "部门"'), "colum"),
        (("[field.title]", "[field.titel]"), "titel"),
        (('source = "board"', 'source = "board"\nzone = "Mars/Olympus"'), "Mars/Olympus"),
        (('ref = "编号"', ""), "ref"),
        (('procedure = "request"', ""), ""),
    ],
)
def test_a_map_with_a_mistake_is_refused_with_its_key(
    tmp_path: Path, map_: Path, edit: tuple[str, str], said: str
) -> None:
    if edit[0] not in MAP:
        edit = ("source =", 'procedure = "turnout"\nsource =')
    map_.write_text(MAP.replace(*edit, 1), "utf-8")
    with pytest.raises(BadMap) as refused:
        importing.run(table(tmp_path, *ROWS), map_)
    assert said in sentence(refused.value)


@db
def test_a_column_that_the_map_reads_must_be_there(tmp_path: Path, map_: Path) -> None:
    with pytest.raises(MissingColumn) as refused:
        importing.run(table(tmp_path, head=HEAD.replace("期限", "截止")), map_)
    assert "期限" in sentence(refused.value)


@db
@pytest.mark.data
def test_messages_with_replies_come_in_closed_and_unverified() -> None:
    path = Path(os.environ["HUYING_DATA"]) / "teddy2020c" / "messages_with_replies.xlsx"
    done = importing.run(path, Path(importing.__file__).parent / "maps" / "messages.toml")
    assert done.rows == 2816
    assert done.opened >= 2790
    assert Case.objects.filter(source_system="messages", verified="source").count() == done.opened
    assert not any(
        "A000" in row for row in Case.objects.filter(source_system="messages").values_list("state", flat=True)
    )


@pytest.mark.data
def test_boston_agrees_with_our_clock(tmp_path: Path, empty: None) -> None:
    data = Path(os.environ["HUYING_DATA"]) / "boston311" / "boston311.csv.gz"
    city_from_311.write(city_from_311.exported(data), tmp_path / "boston", name="boston", zone="America/New_York")
    administration.begin(tmp_path / "boston")
    part = tmp_path / "boston.csv"
    with gzip.open(data, "rt", encoding="utf-8") as whole, part.open("w", encoding="utf-8") as some:
        some.writelines(islice(whole, 3001))
    done = importing.run(part, Path(importing.__file__).parent / "maps" / "boston311.toml")
    assert done.rejected == 0
    assert done.judged > 2000
    assert done.agree / done.judged >= 0.995
