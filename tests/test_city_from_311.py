"""A city folder from a 311 export: an invented one always, Boston's real one where HUYING_DATA is set."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from huying.city import folder
from huying.city.calendar import Limit
from huying.errors import BadCity, sentence
from huying.ledger import administration, audit
from huying.ledger.actor import person
from huying.ledger.now import now
from tests.cast import act, call, who

SCRIPT = Path(__file__).parent.parent / "scripts" / "city_from_311.py"
EXPORT = Path(os.environ.get("HUYING_DATA", "")) / "boston311" / "boston311.csv.gz"
COLUMNS = ["id", "open_dt", "target_dt", "subject", "reason", "type", "queue", "department", "neighborhood"]
LAMPS = ["Works", "Lamps", "Outage"]
ROWS = [
    ["1", "2025-03-01T08:00", "2025-03-02T08:00", *LAMPS, "Lamps_North", "PW", "Harbor"],
    ["2", "2025-03-01T08:00", "2025-03-11T08:00", *LAMPS, "Lamps_South", "PW", "Hill"],
    ["3", "2025-03-01T08:00", "2025-03-03T08:00", *LAMPS, "Lamps_South", "PW", "Hill"],
    ["4", "2025-04-01T08:00", "2025-05-01T08:00", "Works", "Roads", "Pothole", "Roads", "PW", "Harbor"],
    ["5", "2026-01-01 08:00:00", "", "Parks & Trees", "Trees", "Tree  Down", "", "PARK", ""],
    ["6", "not a date", "", *LAMPS, "Lamps_North", "PW", "Harbor"],
    ["7", "2026-01-01 08:00:00", "", "", "", "", "", "", ""],
]


def make(export: Path, home: Path, *words: str, language: str = "en") -> subprocess.CompletedProcess[str]:
    """Run the script as a person would."""
    command = [sys.executable, str(SCRIPT), str(export), "--home", str(home), "--name", "harbor-town", *words]
    environment = {**os.environ, "HUYING_LANGUAGE": language}
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8", env=environment)


def export(path: Path, *, columns: list[str] = COLUMNS) -> Path:
    """Write the invented export."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(ROWS)
    return path


def test_an_export_becomes_a_city_that_reads_well(tmp_path: Path) -> None:
    done = make(export(tmp_path / "export.csv"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("2 departments, 3 queues, 3 types, 2 neighbourhoods; 5 rows used, 2 left out.\n")
    city = folder.read(tmp_path / "cities" / "harbor-town")
    assert city.units["pw"].name["en"] == "PW (Works)"
    assert city.subtree("pw") == {"pw", "pw.lamps-north", "pw.lamps-south", "pw.roads"}
    assert {city.organ(unit) for unit in city.subtree("pw")} == {"pw"}
    assert city.route("works.lamps.outage", "harbor") == "pw"
    assert city.route("parks-trees.trees.tree-down", "") == "park"
    assert city.category_path("works.lamps.outage") == ("works.lamps.outage", "works.lamps", "works")
    assert set(city.areas) == {"harbor-town", "harbor", "hill"}


def test_limits_are_the_median_time_that_the_export_allowed(tmp_path: Path) -> None:
    make(export(tmp_path / "export.csv"), tmp_path)
    city = folder.read(tmp_path / "cities" / "harbor-town")
    for category, limit in (("works.lamps.outage", "48h"), ("works.roads.pothole", "30d"), ("parks-trees", "5wd")):
        assert city.limit("request", "answer", category=category, urgency="normal") == Limit.parse(limit)
    assert city.limit("request", "answer", category="works.roads.pothole", urgency="safety") == Limit(2, "h")


def test_the_calendar_has_weekends_only_and_says_which_years_it_knows(tmp_path: Path) -> None:
    make(export(tmp_path / "export.csv"), tmp_path, "--zone", "America/Chicago")
    calendar = folder.read(tmp_path / "cities" / "harbor-town").calendar
    assert calendar.years == {2025, 2026, 2027, 2028}
    assert calendar.days == {}
    assert calendar.zone == "America/Chicago"


def test_a_second_run_gives_the_same_folder(tmp_path: Path) -> None:
    make(export(tmp_path / "export.csv"), tmp_path)
    before = folder.read(tmp_path / "cities" / "harbor-town")
    packed = tmp_path / "export.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "export.csv").read_bytes()))
    assert make(packed, tmp_path).returncode == 0
    assert folder.read(tmp_path / "cities" / "harbor-town") == before
    assert [path.name for path in (tmp_path / "cities").iterdir()] == ["harbor-town"]


def cut(path: Path, share: float = 0.5) -> None:
    """The export gzipped, and its end lost."""
    export(path)
    packed = gzip.compress(path.read_bytes() * 50)
    path.write_bytes(packed[: int(len(packed) * share)])


def damaged(path: Path) -> None:
    """The export gzipped, and a few bytes in its middle changed."""
    export(path)
    packed = bytearray(gzip.compress(path.read_bytes()))
    packed[60:70] = bytes(10)
    path.write_bytes(packed)


def edit(path: Path, change: Callable[[str], str]) -> None:
    """The export with its text changed."""
    path.write_text(change(export(path).read_text("utf-8")), "utf-8", newline="")


def encoded(path: Path, encoding: str) -> None:
    """The export with a Chinese type, in another encoding."""
    text = export(path).read_text("utf-8").replace("Pothole", "路面坑洞")
    path.write_bytes(text.encode(encoding))


UNUSABLE: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no file": (lambda path: None, "没有这个文件。", "there is no such file."),
    "a folder": (lambda path: path.mkdir(), "没有这个文件。", "there is no such file."),
    "empty": (lambda path: path.write_bytes(b""), "文件是空的。", "the file is empty."),
    "empty, gzipped": (lambda path: path.write_bytes(gzip.compress(b"")), "文件是空的。", "the file is empty."),
    "a column missing": (
        lambda path: export(path, columns=COLUMNS[:-1]), "缺少列：neighborhood。", "columns are missing: neighborhood.",
    ),
    "no row": (lambda path: path.write_text(",".join(COLUMNS) + "\n", "utf-8"), "没有一行可用", "no row can be used"),
    "GB 18030": (lambda path: encoded(path, "gb18030"), "不是 UTF-8 编码，请另存为 UTF-8。", "it isn't UTF-8"),
    "UTF-16": (lambda path: encoded(path, "utf-16"), "第 1 行之后不是 UTF-8 编码", "it isn't UTF-8 after row 1"),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\xff\xd8"), "不是 UTF-8 编码", "it isn't UTF-8"),
    "gzip cut short": (cut, "之后中断，请重新下载。", "fetch it again."),
    "gzip cut to its head": (lambda path: cut(path, 0.02), "压缩文件在第 1 行之后中断", "ends early, after row 1"),
    "gzip damaged": (damaged, "损坏，请重新下载。", "the gzip file is damaged"),
    "the last row cut": (
        lambda path: edit(path, lambda text: text[:-9]), "第 8 行少了几格", "row 8 is cut short",
    ),
    "an open quote": (
        lambda path: edit(path, lambda text: text + '"8,' + "x" * 200_000),
        "第 8 行之后表格无法读取", "the table can't be read after row 8",
    ),
    "years apart": (
        lambda path: edit(path, lambda text: text.replace("2026-", "1970-").replace("2025-", "2099-")),
        "时间跨度超过 60 年", "more than 60 years",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_export_is_refused_in_a_sentence_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    spoil, chinese, english = UNUSABLE[name]
    spoil(tmp_path / "export.csv")
    for language, words in (("zh-Hans", chinese), ("en", english)):
        done = make(tmp_path / "export.csv", tmp_path, language=language)
        assert done.returncode == 2
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "cities").exists()


def test_a_folder_made_before_stays_when_the_next_export_is_unusable(tmp_path: Path) -> None:
    make(export(tmp_path / "export.csv"), tmp_path)
    before = folder.read(tmp_path / "cities" / "harbor-town")
    cut(tmp_path / "export.csv")
    assert make(tmp_path / "export.csv", tmp_path).returncode == 2
    assert folder.read(tmp_path / "cities" / "harbor-town") == before
    assert [path.name for path in (tmp_path / "cities").iterdir()] == ["harbor-town"]


def test_a_name_that_is_no_code_is_refused(tmp_path: Path) -> None:
    done = make(export(tmp_path / "export.csv"), tmp_path, "--name", "../elsewhere")
    assert done.returncode == 2
    assert "small letters" in done.stderr


def test_names_that_break_a_table_are_made_plain(tmp_path: Path) -> None:
    text = export(tmp_path / "export.csv").read_text("utf-8")
    strange = text.replace("Lamps,Outage", '"La""mps\n,\0x",Outage').replace("Harbor", "ü" * 300)
    (tmp_path / "export.csv").write_text(strange, "utf-8", newline="")
    done = make(tmp_path / "export.csv", tmp_path)
    assert done.returncode == 0, done.stderr
    city = folder.read(tmp_path / "cities" / "harbor-town")
    assert 'La"mps , x' in {category.name["en"] for category in city.categories.values()}


# --- the real one


@pytest.fixture(scope="module")
def boston(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of Boston, made from its real export in less than half a minute."""
    home = tmp_path_factory.mktemp("home")
    began = time.monotonic()
    done = make(EXPORT, home)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 30
    return home / "cities" / "harbor-town"


@pytest.mark.data
def test_boston_becomes_a_city_that_passes_the_check(boston: Path) -> None:
    city = administration.read_city(boston)
    with gzip.open(EXPORT, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    departments = {row["department"] for row in rows if row["department"]}
    assert sum(unit.kind == "department" for unit in city.units.values()) == len(departments)
    assert {" ".join(row["type"].split()) for row in rows} <= {
        category.name["en"] for category in city.categories.values()
    }
    assert {row["neighborhood"].strip() for row in rows} - {""} <= {area.name["en"] for area in city.areas.values()}
    assert len(city.categories) > 150


@pytest.mark.data
@pytest.mark.django_db
def test_a_case_is_handled_in_boston_from_the_call_to_the_confirmed_answer(empty: None, boston: Path) -> None:
    city = administration.begin(boston)
    category = next(code for code, c in city.categories.items() if c.name["en"] == "Street Light Outages")
    area = next(code for code, a in city.areas.items() if a.name["en"] == "Roxbury")
    lead = city.route(category, area)
    assert lead == "pwdx"
    case = call("intake1")
    act(case, "triage", "intake1", category=category, area=area)
    act(case, "dispatch", "dispatch1", lead=lead, basis="Department of the export")
    answer = case.folded().clocks["answer"]
    assert answer.limit == str(city.limit("request", "answer", category=category, urgency=""))
    assert answer.due
    act(case, "accept", "pwdx.1")
    act(case, "contact", "pwdx.1", reached="yes")
    act(case, "submit", "pwdx.1", reply="Replaced the fuse.", outcome="fixed")
    act(case, "sign", "pwdx.reviewer")
    act(case, "confirm", "callback1", contacted="yes", solved="yes", satisfied="yes")
    assert (case.stage, case.outcome, case.verified) == ("closed", "fixed", "callback")
    assert list(audit.audit()) == []


@pytest.mark.data
@pytest.mark.django_db
def test_boston_is_no_new_edition_of_the_city_at_work(boston: Path) -> None:
    with pytest.raises(BadCity) as caught:
        administration.load_city(boston, who("admin.system"))
    assert "不能混用" in sentence(caught.value)


@pytest.mark.data
@pytest.mark.django_db
def test_boston_loaded_twice_is_one_version(empty: None, boston: Path) -> None:
    city = administration.begin(boston)
    admin = person("informatics1", city, city.calendar.local(now()).date())
    assert administration.load_city(boston, admin) == (city, False)
