"""The real program in a process of its own: before anything is set up, in pipes, in any locale, without a database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import DEMO, NUMBER, alone, lines, program

SECRET = "0123456789abcdef0123456789abcdef"
NOW = "2026-06-15T09:00:00+08:00"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which `huying init` has run, with one case."""
    home = tmp_path_factory.mktemp("home")
    made = program("init", home=home, HUYING_NOW=NOW)
    assert lines(made.stdout) == ["已就绪：云汀市，城市数据第 1 版。"], made.stderr.decode()
    opened = program("open", "request", "--as", "hotline.1", "--field", "title=路灯不亮", home=home, HUYING_NOW=NOW)
    assert opened.returncode == 0
    return home


def test_a_deadline_is_counted_before_anything_is_set_up(tmp_path: Path) -> None:
    """In production mode, without secret or database, from any folder."""
    ran = program("due", "2026-02-12", "5wd", home=tmp_path, HUYING_MODE="")
    assert ran.returncode == 0 and "→ 2026-02-26 18:00" in ran.stdout.decode()
    assert lines(ran.stdout)[-1] == f"所用日历来自：云汀市（{DEMO}）。"
    assert list(tmp_path.iterdir()) == []


def test_counting_a_deadline_loads_no_database() -> None:
    code = (
        "import sys; from huying.cli import main; code = main(['due', '2026-02-12', '5wd']); "
        "heavy = {'django', 'granian', 'rich.table', 'PIL'} & set(sys.modules); sys.exit(str(heavy) if heavy else code)"
    )
    ran = subprocess.run([sys.executable, "-c", code], env=alone({}), capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr.decode()


def test_checking_a_city_and_procedures_needs_no_secret(tmp_path: Path) -> None:
    for words in (("city", "check", str(DEMO)), ("procedures", "check"), ("--help",)):
        ran = program(*words, home=tmp_path, HUYING_MODE="")
        assert (ran.returncode, ran.stderr) == (0, b""), ran.stderr.decode()


def test_whatever_needs_the_ledger_says_that_the_secret_is_missing(tmp_path: Path) -> None:
    ran = program("list", "--as", "hotline.1", home=tmp_path, HUYING_MODE="")
    assert ran.returncode == 2 and "HUYING_SECRET_KEY" in ran.stderr.decode() and b"Traceback" not in ran.stderr


def test_before_init_every_command_says_to_run_init(tmp_path: Path) -> None:
    for words in (("list", "--as", "hotline.1"), ("audit",), ("city", "units"), ("runner", "--once"), ("user", "list")):
        ran = program(*words, home=tmp_path)
        assert ran.returncode == 1 and ran.stdout == b""
        assert lines(ran.stderr) == ["数据库还没有建好，或者是旧版本。请运行 `huying init`。"], words


def test_init_may_be_repeated_and_never_takes_an_invented_city_for_a_real_one(tmp_path: Path, ready: Path) -> None:
    again = program("init", home=ready, HUYING_NOW=NOW)
    assert lines(again.stdout) == ["已就绪：云汀市，城市数据第 1 版。"]
    real = {"HUYING_MODE": "production", "HUYING_SECRET_KEY": SECRET}
    ran = program("init", home=tmp_path, **real)
    assert ran.returncode == 1 and "huying city load" in ran.stderr.decode()
    assert program("init", "--city", str(DEMO), home=tmp_path, **real).returncode == 0
    assert "核对 1 件" in program("audit", home=tmp_path, **real).stdout.decode()


def test_output_is_utf_8_and_plain_in_a_pipe_whatever_the_locale_says(ready: Path) -> None:
    for locale in ({"LC_ALL": "C"}, {"LANG": "POSIX", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}):
        ran = program("list", "--as", "hotline.1", home=ready, HUYING_NOW=NOW, FORCE_COLOR="1", **locale)
        assert ran.returncode == 0 and "路灯不亮" in ran.stdout.decode("utf-8") and b"\x1b" not in ran.stdout


def test_bytes_that_are_no_text_are_refused_and_not_kept(ready: Path) -> None:
    for words in (
        ("open", "request", "--as", "hotline.1", "--field", b"text=\xff\xfe"),
        ("open", b"\xff", "--as", "hotline.1"),
        ("open", "request", "--as", "hotline.1", "--source", b"x:\xed\xa0\x80"),
        ("find", b"\xff", "--as", "hotline.1"),
        ("show", b"\xff", "--as", b"\xfe"),
    ):
        ran = program(*words, home=ready, HUYING_NOW=NOW)
        assert ran.returncode == 1 and "U+DC" in ran.stderr.decode() and b"Traceback" not in ran.stderr


def test_a_reader_who_leaves_the_pipe_gets_no_traceback(ready: Path) -> None:
    command = f"{sys.executable} -m huying.cli city categories | head -n 1"
    env = alone({"HUYING_MODE": "test", "HUYING_HOME": str(ready), "HUYING_NOW": NOW})
    ran = subprocess.run(command, shell=True, env=env, capture_output=True, check=False, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert len(lines(ran.stdout)) == 1


def test_a_database_that_is_away_or_broken_is_one_sentence(tmp_path: Path, ready: Path) -> None:
    away = {"HUYING_DATABASE_URL": "postgres://huying@127.0.0.1:1/huying"}
    ran = program("list", "--as", "hotline.1", home=tmp_path, **away)
    assert lines(ran.stderr) == [
        "连接不上数据库，这一步没有保存任何内容。请过一分钟再试；如仍不行，请管理员启动数据库。"
    ]
    for damaged in (b"this is no database, but it is long enough to look like one" * 40, None):
        home = tmp_path / str(len(damaged or b""))
        home.mkdir()
        file = home / "huying.sqlite3"
        file.mkdir() if damaged is None else file.write_bytes(damaged)
        ran = program("list", "--as", "hotline.1", home=home)
        assert ran.returncode == 1 and len(lines(ran.stderr)) == 1 and b"Traceback" not in ran.stderr


def test_a_wrong_setting_is_one_sentence(tmp_path: Path) -> None:
    for wrong in (
        {"HUYING_DATABASE_URL": "mysql://x"},
        {"HUYING_PORT": "0"},
        {"HUYING_MODE": "maybe"},
        {"HUYING_NOW": "today"},
        {"HUYING_HOST": "0.0.0.0"},
    ):
        ran = program("audit", home=tmp_path, **wrong)
        assert ran.returncode == 2 and b"Traceback" not in ran.stderr and ran.stderr, wrong


def test_the_demo_plays_its_stories_and_says_what_to_try(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    ran = program("demo", "--no-serve", "--home", str(home), home=tmp_path, HUYING_DATABASE_URL="mysql://not/touched")
    told = ran.stdout.decode()
    assert ran.returncode == 0, ran.stderr.decode()
    for heading in ("一盏坏了的路灯", "来电人同意，当场答复", "一次没有成立的异议", "并成一件", "街道吹哨", "核对台账"):
        assert heading in told
    assert "没有不一致" in told and "陈德胜不能做“核实办结”" in told and "还有 2 个子项没有办结" in told
    _try_what_it_says(told, tmp_path)
    again = program("demo", "--no-serve", "--home", str(home), home=tmp_path, HUYING_LANGUAGE="en")
    assert again.returncode == 0 and "One broken streetlamp" in again.stdout.decode()
    assert NUMBER.sub("", told).count("\n") == NUMBER.sub("", again.stdout.decode()).count("\n")


def _try_what_it_says(told: str, folder: Path) -> None:
    """The commands of the demo's last section do what they promise; three of them, for the time that each takes."""
    tries = told.split("轮到您了")[1].splitlines()
    settings = dict(line.strip().removeprefix("export ").split("=", 1) for line in tries if "export" in line)
    commands = [line.split()[1:] for line in tries if line.strip().startswith("huying ")]
    assert len(commands) == 7
    for words in commands[1::2]:
        ran = program(*words, home=folder, **settings)
        assert ran.returncode == 0 and ran.stdout, ran.stderr.decode()


def test_the_demo_never_deletes_what_it_did_not_make(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("important", "utf-8")
    ran = program("demo", "--no-serve", "--home", str(tmp_path), home=tmp_path)
    assert ran.returncode == 1 and "--home" in ran.stderr.decode()
    assert (tmp_path / "letters.txt").read_text("utf-8") == "important"
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
