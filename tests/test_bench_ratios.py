"""The table of ratios: what it judges, and that every measure of it runs, here on a handful of cases."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from bench import doors, table
from bench.ratios import one_city, two_cities
from bench.table import Comparison, Result

ROOT = Path(__file__).parent.parent
SPEED = Comparison("open_case", "opening", "plain", goal=0.3)
GROWTH = Comparison("queue", "queue", "queue", growth=True, goal=1.5)


def test_a_speed_is_what_is_left_of_the_plain_speed() -> None:
    assert Result(SPEED, this=[4, 5, 10], that=[2, 2, 2]).median == pytest.approx(0.4)
    assert not Result(SPEED, this=[4, 5, 10], that=[2, 2, 2]).missed
    assert Result(SPEED, this=[8, 8, 8], that=[2, 2, 2]).missed


def test_a_growth_is_how_much_longer_it_takes_among_many() -> None:
    assert Result(GROWTH, this=[3, 3, 9], that=[2, 2, 2]).median == pytest.approx(1.5)
    assert not Result(GROWTH, this=[3, 3, 9], that=[2, 2, 2]).missed
    assert Result(GROWTH, this=[3.2, 3.2, 3.2], that=[2, 2, 2]).missed


def test_what_has_no_goal_is_shown_and_not_judged() -> None:
    free = Comparison("fold", "fold", "loop")
    assert not Result(free, this=[100], that=[1]).missed
    assert "| fold | 100000.0 ms | 1000.0 ms | 0.01 | 0.01–0.01 | — | ok |" in table.text([Result(free, [100], [1])])


def test_a_missed_goal_is_named_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert table.verdict([Result(SPEED, [4], [2])]) == 0
    assert table.verdict([Result(SPEED, [4], [2]), Result(GROWTH, [9], [2])]) == 1
    assert capsys.readouterr().out == "missed: queue: 4.50\n"


def test_both_are_measured_in_turns_and_the_first_round_is_not_counted() -> None:
    order: list[str] = []
    seconds = iter(range(100))

    def measure(name: str) -> float:
        order.append(name)
        return float(next(seconds))

    result = table.compared(SPEED, lambda: measure("ours"), lambda: measure("plain"), rounds=2)
    assert order == ["ours", "plain", "ours", "plain", "plain", "ours"]
    assert (result.this, result.that) == ([2, 5], [3, 4])


def test_every_measure_runs(tmp_path: Path) -> None:
    """The whole program on this database, with so few cases that the ratios mean nothing."""
    words = ["--database", connection.vendor, "--few", "12", "--many", "24", "--siblings", "20", "--rounds", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.ratios", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    comparisons = [*one_city(connection.vendor), *two_cities(12, 24)]
    assert [row for one in comparisons if f"| {one.name} |" not in (row := done.stdout)] == [], done.stderr
    missed = done.stdout.count("\nmissed: ")
    assert done.returncode == (1 if missed else 0), done.stderr


def test_the_doors_are_measured_too() -> None:
    """A real server, its callers and the plain rows, for one round: every measure runs and the table has its rows."""
    words = ["-m", "bench.doors", "--database", connection.vendor, "--rounds", "1"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [one.name for one in (*doors.door(connection.vendor), doors.imports())]
    assert [row for name in names if (row := f"| {name} |") not in done.stdout] == [], done.stderr
    assert re.search(r"a call leaves \d+ rows", done.stdout)
    assert done.returncode == (1 if "\nmissed: " in done.stdout else 0), done.stderr
