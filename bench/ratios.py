"""One table of ratios, measured side by side in one run: `python -m bench.ratios --database postgresql`.

Exits with 1 where a goal is missed. Times are of this machine and this minute; only the ratios say something.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bench import table
from bench.city import City, city
from bench.queues import QUEUES, UNJUDGED
from bench.table import Comparison, Result

FEW, MANY, SIBLINGS = 10_000, 100_000, 2_000
GOALS = {"sqlite": 0.30, "postgresql": 0.25}
GROWTH = 1.5


def one_city(database: str) -> list[Comparison]:
    """What is compared within one city, against the least that it could cost."""
    goal = GOALS[database]
    return [
        Comparison("open_case / its rows plainly", "opening", "plain_opening", goal=goal),
        Comparison("record / its rows plainly", "acting", "plain_acting"),
        Comparison("fold / a bare loop over the rows", "folding", "bare_loop"),
        Comparison("audit / hashing alone", "auditing", "hashing"),
        Comparison("200 children of one case / 200 rows by key", "children", "rows_of_children"),
        Comparison("closing a child of many / of 10", "closing many", "closing few", growth=True, goal=GROWTH),
        Comparison(
            "closing a task of a directive with many / with 10",
            "closing tasks many",
            "closing tasks few",
            growth=True,
            goal=GROWTH,
        ),
    ]


def two_cities(few: int, many: int) -> list[Comparison]:
    """What is compared between a city with many cases and one with few."""
    queues = {f"queue {name}": 0 if name in UNJUDGED else GROWTH for name in QUEUES}
    judged = {**queues, "showing": GROWTH, "searching": 0, "searching_rare": 0}
    label = f"{many:,} / {few:,} cases"
    return [Comparison(f"{name}: {label}", name, name, growth=True, goal=goal) for name, goal in judged.items()]


@contextmanager
def cities(database: str, *names: str, siblings: int = SIBLINGS) -> Iterator[list[City]]:
    """So many empty cities on one kind of database; HUYING_DATABASE_URL names the server, else one is started."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="huying-bench-")))
        urls = stack.enter_context(_urls(database, names))
        yield [
            stack.enter_context(city(name, url, home / name, siblings=siblings))
            for name, url in zip(names, urls, strict=True)
        ]


@contextmanager
def _urls(database: str, names: tuple[str, ...]) -> Iterator[list[str]]:
    if database == "sqlite":
        yield [""] * len(names)
        return
    with _server() as url, psycopg.connect(url, autocommit=True) as server:
        for name in names:
            server.execute(f"CREATE DATABASE bench_{name}")
        try:
            yield [urlsplit(url)._replace(path=f"/bench_{name}").geturl() for name in names]
        finally:
            for name in names:
                server.execute(f"DROP DATABASE bench_{name} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[str]:
    """The server that HUYING_DATABASE_URL names, or one of our own."""
    url = os.environ.get("HUYING_DATABASE_URL", "")
    if url.startswith("postgres"):
        yield url
        return
    from tests.postgres import cluster  # a SQLite run needs no such wheel

    with cluster() as running:
        yield running.url()


def measured(city: City, name: str) -> float:
    """One round of a measure in a city."""
    answer = city.ask(measure=name)
    assert isinstance(answer, float)
    return answer


def _in_turns(one: Comparison, this: City, that: City, rounds: int) -> Result:
    return table.compared(one, partial(measured, this, one.this), partial(measured, that, one.that), rounds=rounds)


def between(large: City, small: City, *, few: int, many: int, rounds: int) -> list[Result]:
    """Reading among many cases and among few."""
    return [_in_turns(one, large, small, rounds) for one in two_cities(few, many)]


def inside(database: str, place: City, *, rounds: int) -> list[Result]:
    """What a step costs beside its plain rows."""
    return [_in_turns(one, place, place, rounds) for one in one_city(database)]


def run(database: str, few: int, many: int, *, rounds: int, siblings: int = SIBLINGS) -> list[Result]:
    """Fill two cities, then measure everything."""
    with cities(database, "few", "many", siblings=siblings) as (small, large):
        for place, count in ((small, few), (large, many)):
            filled = place.ask(fill=count)
            rate = filled["made"] / filled["seconds"]
            print(f"{filled['made']:,} cases in {filled['seconds']:.0f} s, {rate:,.0f} a second", flush=True)
        read = between(large, small, few=few, many=many, rounds=rounds)
        return inside(database, large, rounds=rounds) + read


def main() -> int:
    """Print the table."""
    usual = "postgresql" if os.environ.get("HUYING_DATABASE_URL", "").startswith("postgres") else "sqlite"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=list(GOALS), default=usual)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--siblings", type=int, default=SIBLINGS, help="children of the largest parent")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    results = run(asked.database, asked.few, asked.many, rounds=asked.rounds, siblings=asked.siblings)
    print(f"\n{asked.database}, {os.cpu_count()} cores\n\n{table.text(results)}\n", flush=True)
    return table.verdict(results)


if __name__ == "__main__":
    sys.exit(main())
