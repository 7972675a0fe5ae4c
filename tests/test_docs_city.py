"""The pages on the city folder name every file, column and value, in both languages, and nothing else."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from huying.city import folder, ladder, letters, recurrence
from huying.city.calendar import UNITS
from huying.city.facts import ROLES, RUNGS
from huying.city.tables import COLUMNS, Finding
from huying.errors import BadCity
from tests.conftest import DEMO, ROOT

PAGES = {"en": ROOT / "docs", "zh-Hans": ROOT / "docs" / "zh"}
FILLED = {"en": {"needed": False, "may be empty": True}, "zh-Hans": {"必填": False, "可空": True}}
NEEDED_KEYS = {
    "city.toml": {"code", "name", "zone", "desk", "emergency"},
    "calendars/YEAR.json": {"year", "days", "days.date", "days.isOffDay"},
}
VALUES = {
    ("units.csv", "kind"): folder.KINDS, ("areas.csv", "kind"): folder.AREA_KINDS, ("posts.csv", "role"): ROLES,
    ("contacts.csv", "channel"): letters.CHANNELS, ("categories.csv", "evidence"): ("none", "photo", "document"),
    ("ladders.csv", "rung"): RUNGS, ("ladders.csv", "when"): ladder.WHEN,
    ("categories.csv", "point"): ("coarse", "omit"), ("units.csv", "may_lead"): ("yes", "no"),
}  # fmt: skip
languages = pytest.mark.parametrize("language", PAGES)


def page(language: str) -> str:
    return (PAGES[language] / "reference" / "city-folder.md").read_text("utf-8")


def tables(language: str) -> dict[str, dict[str, tuple[str, str]]]:
    """file -> column or key -> how it is filled, and its meaning."""
    found = {}
    for section in page(language).split("\n## ")[1:]:
        file = re.match(r"`([^`]+)`", section)
        if file:
            rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+) \|$", section, re.MULTILINE)
            found[file[1]] = {name: (filled, meaning) for name, filled, meaning in rows}
    return found


@languages
def test_every_file_of_a_city_has_its_section(language: str) -> None:
    there = {
        path.relative_to(DEMO).as_posix() for path in DEMO.rglob("*") if path.suffix in (".csv", ".toml", ".geojson")
    }
    assert tables(language).keys() == there | set(COLUMNS) | {"calendars/YEAR.json", "procedures/NAME.toml"}


@languages
@pytest.mark.parametrize("file", COLUMNS)
def test_every_column_is_told_and_whether_it_may_be_empty(language: str, file: str) -> None:
    told = {name: FILLED[language][filled] for name, (filled, _) in tables(language)[file].items()}
    assert told == {column.rstrip("?"): column.endswith("?") for column in COLUMNS[file].split()}


@languages
def test_every_key_of_the_city_itself_is_told(language: str) -> None:
    keys = {*folder.HEAD, *(f"{table}.{key}" for table, keys in folder.TABLES.items() for key in keys)}
    told = tables(language)["city.toml"]
    assert told.keys() == keys
    assert {key for key, (filled, _) in told.items() if not FILLED[language][filled]} == NEEDED_KEYS["city.toml"]


@pytest.mark.parametrize("key", sorted(folder.HEAD))
def test_a_key_is_needed_or_not_as_the_page_says(tmp_path: Path, key: str) -> None:
    city = Path(shutil.copytree(DEMO, tmp_path / "city"))
    text = (city / "city.toml").read_text("utf-8")
    table = re.compile(rf"^\[{key}\]\n(?:(?!\[).*\n?)*|^{key} = .*\n", re.MULTILINE)
    assert table.search(text)
    (city / "city.toml").write_text(table.sub("", text), "utf-8")
    if key not in NEEDED_KEYS["city.toml"]:
        folder.read(city)
        return
    with pytest.raises(BadCity):
        folder.read(city)


@languages
def test_every_key_of_a_notice_and_of_the_outlines_is_told(language: str) -> None:
    told = tables(language)["calendars/YEAR.json"]
    assert told.keys() == {"year", "papers", "days", "days.name", "days.date", "days.isOffDay", "none"}
    assert {k for k, (filled, _) in told.items() if not FILLED[language][filled]} == NEEDED_KEYS["calendars/YEAR.json"]
    assert tables(language)["areas.geojson"].keys() == {"code"}
    assert tables(language)["danger.toml"].keys() == {"words"}


@languages
def test_every_key_of_a_recurrence_is_told_with_its_values(language: str) -> None:
    told = tables(language)["recurrences.toml"]
    assert told.keys() == recurrence.KEYS
    assert [name for name, (filled, _) in told.items() if not FILLED[language][filled]] == ["label"]
    for key, values in (("rest", recurrence.RESTS), ("does", recurrence.DUTIES)):
        assert [value for value in values if f"`{value}`" not in told[key][1]] == []


@languages
def test_every_text_that_the_code_asks_for_is_told_with_its_places(language: str) -> None:
    city = folder.read(DEMO)
    named_by_categories = {category.refer_to for category in city.categories.values()}
    told = tables(language)["texts.toml"]
    assert told.keys() == city.texts.keys() - named_by_categories
    for key, (_, meaning) in told.items():
        assert set(re.findall(r"\{\w+\}", meaning)) == set(re.findall(r"\{\w+\}", city.texts[key]["en"])), key


@languages
@pytest.mark.parametrize(("file", "column"), VALUES)
def test_every_value_of_a_choice_is_told(language: str, file: str, column: str) -> None:
    meaning = tables(language)[file][column][1]
    assert [value for value in VALUES[file, column] if f"`{value}`" not in meaning] == []


@languages
def test_every_unit_of_a_limit_is_told(language: str) -> None:
    assert {re.sub(r"\d", "", limit) for limit in re.findall(r"`(\d+[a-z]+)`", page(language))} >= set(UNITS)


@languages
def test_the_how_to_shows_what_the_check_really_says(language: str, tmp_path: Path) -> None:
    city = Path(shutil.copytree(DEMO, tmp_path / "city"))
    text = (city / "limits.csv").read_text("utf-8")
    (city / "limits.csv").write_text(text.replace("request,answer,,,5wd", "request,answer,,,5"), "utf-8", newline="")
    with pytest.raises(BadCity) as caught:
        folder.read(city)
    (finding,) = caught.value.findings
    assert isinstance(finding, Finding)
    how_to = (PAGES[language] / "how-to" / "load-a-city.md").read_text("utf-8")
    assert f"\n       {finding.words(language)}\n" in how_to


def test_both_how_tos_show_the_same_commands() -> None:
    shown = [
        re.findall(
            r"^ +((?:huying|python) .*)$", (place / "how-to" / "load-a-city.md").read_text("utf-8"), re.MULTILINE
        )
        for place in PAGES.values()
    ]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 5
