"""A city folder from a 311 export: an invented one always, Boston's real one where HUYING_DATA is set."""

from __future__ import annotations

import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from huying.city import folder
from huying.city.calendar import Limit

SCRIPT = Path(__file__).parent.parent / "scripts" / "city_from_311.py"
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


def make(export: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script as a person would."""
    command = [sys.executable, str(SCRIPT), str(export), "--home", str(home), "--name", "harbor-town", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


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
    assert "2 departments, 3 queues, 3 types, 2 neighbourhoods" in done.stdout
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


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: export(path, columns=COLUMNS[:-1]), "lacks the columns neighborhood"),
        (lambda path: path.write_text(",".join(COLUMNS) + "\n", "utf-8"), "no usable row"),
        (lambda path: path.write_bytes(b"\x1f\x8b\x08"), "lacks the columns"),
    ],
)
def test_an_unusable_export_is_refused_and_leaves_nothing(tmp_path: Path, spoil: object, words: str) -> None:
    assert callable(spoil)
    spoil(tmp_path / "export.csv")
    done = make(tmp_path / "export.csv", tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "cities").exists()


def test_a_name_that_is_no_code_is_refused(tmp_path: Path) -> None:
    done = make(export(tmp_path / "export.csv"), tmp_path, "--name", "../elsewhere")
    assert done.returncode == 2
    assert "small letters" in done.stderr


def test_boston_becomes_a_city(tmp_path: Path) -> None:
    data = os.environ.get("HUYING_DATA", "")
    if not data:
        pytest.skip("HUYING_DATA is not set")
    done = make(Path(data) / "boston311" / "boston311.csv.gz", tmp_path)
    assert done.returncode == 0, done.stderr
    city = folder.read(tmp_path / "cities" / "harbor-town")
    with gzip.open(Path(data) / "boston311" / "boston311.csv.gz", "rt", encoding="utf-8", newline="") as file:
        departments = {row["department"] for row in csv.DictReader(file) if row["department"]}
    assert sum(unit.kind == "department" for unit in city.units.values()) == len(departments)
    assert len(city.categories) > 150
    assert all(
        city.route(code, "") for code in city.categories if not any(c.parent == code for c in city.categories.values())
    )
