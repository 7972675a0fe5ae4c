"""What can lie under the name of a city folder or of one of its files, and how each is told."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from huying.city import folder, source
from huying.city.tables import COLUMNS
from huying.errors import BadCity, sentence
from tests.conftest import DEMO
from tests.test_city_folder import FILES, findings


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of the demo city that may be broken."""
    return Path(shutil.copytree(DEMO, tmp_path / "city"))


def told(city: Path) -> list[str]:
    """What is wrong, as a person reads it."""
    return [finding.words() for finding in findings(city)]


def test_a_folder_that_is_not_there_is_named_as_it_was_given(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere", tmp_path / ("长" * 300), Path("no\0folder"), DEMO / "units.csv" / "city"):
        assert told(path) == [f"{path}:1: 没有这个文件夹。"]


def test_a_file_is_no_city_folder() -> None:
    assert told(DEMO / "units.csv") == [f"{DEMO / 'units.csv'}:1: 这是一个文件，不是文件夹。"]


def test_links_that_lead_in_a_circle_are_named(tmp_path: Path, city: Path) -> None:
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    assert told(tmp_path / "one") == [f"{tmp_path / 'one'}:1: 这个链接绕回了自身，无法打开。"]
    (city / "ladders.csv").unlink()
    (city / "ladders.csv").symlink_to(city / "ladders.csv")
    shutil.rmtree(city / "calendars")
    (city / "calendars").symlink_to(city / "calendars")
    assert told(city) == [
        "calendars:1: 这个链接绕回了自身，无法打开。",
        "ladders.csv:1: 这个链接绕回了自身，无法打开。",
    ]


def test_a_link_to_the_folder_and_to_its_files_is_followed(tmp_path: Path, city: Path) -> None:
    (tmp_path / "current").symlink_to(city)
    (city / "texts.toml").rename(tmp_path / "texts.toml")
    (city / "texts.toml").symlink_to(tmp_path / "texts.toml")
    assert folder.read(tmp_path / "current") == folder.read(DEMO)


@pytest.mark.parametrize("file", FILES)
def test_what_is_no_ordinary_file_is_never_waited_for(city: Path, file: str) -> None:
    (city / file).unlink()
    os.mkfifo(city / file)
    assert f"{file}:1: 这不是普通文件，无法读取。" in told(city)
    (city / file).unlink()
    (city / file).mkdir()
    assert f"{file}:1: 这不是普通文件，无法读取。" in told(city)


def test_a_socket_among_the_years_is_named(city: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        with standing_in(city / "calendars"):
            bound.bind("2027.json")
        assert told(city) == ["calendars/2027.json:1: 这不是普通文件，无法读取。"]


@contextmanager
def standing_in(place: Path) -> Iterator[None]:
    """Work in `place` for a moment: the name of a socket must be short."""
    before = Path.cwd()
    os.chdir(place)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Not as root, who may read everything."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_what_this_account_may_not_read_is_named() -> None:
    with tempfile.TemporaryDirectory(prefix="huying-city-") as place:
        Path(place).chmod(0o755)
        city = Path(shutil.copytree(DEMO, Path(place) / "city"))
        (city / "people.csv").chmod(0)
        (city / "calendars").chmod(0)
        with somebody_else():
            found = told(city)
        assert found == ["calendars:1: 当前账号没有读取权限。", "people.csv:1: 当前账号没有读取权限。"]
        city.chmod(0)
        with somebody_else():
            assert told(city) == [f"{city}:1: 当前账号没有读取权限。"]
        for path in (city, city / "calendars", city / "people.csv"):
            path.chmod(0o755)


def test_a_file_beyond_all_measure_is_not_read(city: Path) -> None:
    with (city / "areas.geojson").open("r+b") as file:
        file.truncate(source.MOST_MEGABYTES * 1_000_000 + 1)
    assert told(city) == ["areas.geojson:1: 文件超过 50 MB。"]


def test_a_table_in_another_encoding_of_excel_is_told_what_to_do(city: Path) -> None:
    text = (city / "units.csv").read_text("utf-8")
    for encoding in ("gb18030", "utf-16", "utf-16-le"):
        (city / "units.csv").write_bytes(text.encode(encoding))
        (found,) = [words for words in told(city) if words.startswith("units.csv")]
        assert "另存为“CSV UTF-8" in found or "空字节" in found


def test_every_table_may_end_its_lines_as_windows_or_an_old_mac_does(city: Path) -> None:
    before = folder.read(city)
    for ending in ("\r\n", "\r"):
        for file in COLUMNS:
            text = (DEMO / file).read_text("utf-8")
            (city / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", ending).encode())
        assert folder.read(city) == before


@pytest.mark.parametrize("file", ["city.toml", "texts.toml", "danger.toml", "areas.geojson", "calendars/2026.json"])
def test_a_byte_order_mark_and_windows_lines_do_no_harm_in_any_file(city: Path, file: str) -> None:
    before = folder.read(city)
    (city / file).write_bytes(b"\xef\xbb\xbf" + (city / file).read_bytes().replace(b"\n", b"\r\n"))
    assert folder.read(city) == before


def test_a_folder_of_random_bytes_is_refused_and_never_crashes(city: Path) -> None:
    for file in [*FILES, "calendars/2026.json"]:
        raw = (city / file).read_bytes()
        for at in range(0, len(raw), max(len(raw) // 5, 1)):
            (city / file).write_bytes(raw[:at] + b'\xff"[{\r,\x0b' + raw[at + 3 :])
            with pytest.raises(BadCity) as caught:
                folder.read(city)
            assert f"{file}:" in sentence(caught.value, "zh-Hans")
        (city / file).write_bytes(raw)


def test_nesting_without_end_is_refused(city: Path) -> None:
    (city / "danger.toml").write_text("words = " + "[" * 5_000 + "]" * 5_000 + "\n", "utf-8")
    (city / "areas.geojson").write_text("[" * 100_000, "utf-8")
    assert [words.split(": ", 1)[1] for words in told(city)] == [
        "JSON 无法读取：嵌套层数过多。",
        "TOML 无法读取：嵌套层数过多。",
    ]


def test_a_number_too_long_to_read_is_refused(city: Path) -> None:
    with (city / "city.toml").open("a", encoding="utf-8") as file:
        file.write("\n[office2]\nopens = " + "9" * 5_000 + "\n")
    assert any(words.startswith("city.toml:") and "无法读取" in words for words in told(city))


def test_no_sentence_holds_a_parsers_english(city: Path) -> None:
    (city / "city.toml").write_text("code = \n", "utf-8")
    (city / "areas.geojson").write_text("{]\n", "utf-8")
    (city / "people.csv").write_text('key,name,unit\n"a"b,安,parks\n', "utf-8")
    for words in told(city):
        if "无法读取" in words:
            assert words.partition("无法读取")[2].isascii() is False
            assert not any(f" {word}" in words for word in ("Invalid", "Expecting", "expected"))
