"""Calls through the door of a real server, and imports, beside their plain rows: `python -m bench.doors`.

The server, its callers and the process that inserts plainly are three processes on two databases, measured in
turns. Exits with 1 where a goal is missed.
"""

from __future__ import annotations

import argparse
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench import table
from bench.callers import CALLS, IMPORTED, Sent, callers
from bench.city import ROOT, City
from bench.ratios import GOALS, cities, measured
from bench.table import Comparison, Result

CONNECTIONS = 16
DOOR_GOAL, IMPORT_GOAL = 0.25, 0.5
SLOWEST_MS = {"sqlite": 60.0, "postgresql": 0.0}
SECONDS = 60.0
BROKEN = (OSError, http.client.HTTPException)


def door(database: str) -> list[Comparison]:
    """What is compared at the door."""
    label = f"of a call at {CONNECTIONS} connections / 1 ms"
    return [
        Comparison(f"{CALLS} calls at {CONNECTIONS} connections / their rows plainly", "", "", goal=DOOR_GOAL),
        Comparison(f"half are answered within: {label}", "", "", growth=True),
        Comparison(f"99 of 100 are answered within: {label}", "", "", growth=True, goal=SLOWEST_MS[database]),
    ]


def imports() -> Comparison:
    """What is compared of imports."""
    name = f"import of {IMPORTED:,} rows / their rows in bulk"
    return Comparison(name, "importing_rows", "bulk_rows", goal=IMPORT_GOAL)


@contextmanager
def server(place: City) -> Iterator[int]:
    """`huying serve` on a city's database, and the loop beside it where it has none of its own; the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    commands = [["serve", "--port", str(port)]]
    if place.environment["HUYING_DATABASE_URL"].startswith("postgres"):
        commands.append(["runner"])
    quiet = subprocess.DEVNULL
    running = [
        subprocess.Popen([sys.executable, "-m", "huying.cli", *words], cwd=ROOT, env=place.environment, stderr=quiet)
        for words in commands
    ]
    try:
        _wait(port)
        yield port
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _wait(port: int) -> None:
    """Until it answers. SystemExit where it doesn't."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        try:
            line.request("GET", "/health.json")
            if line.getresponse().status == 200:
                return
        except BROKEN:
            time.sleep(0.1)
        finally:
            line.close()
    raise SystemExit("the server doesn't start")


def calls(database: str, served: City, plain: City, *, rounds: int) -> list[Result]:
    """Rounds of calls and of their plain rows, in turns; the first of each isn't counted."""
    sent: list[Sent] = []
    with server(served) as port, callers(port, str(served.ask(measure="door_key"))) as others:

        def called() -> float:
            sent.append(others.send(CALLS, CONNECTIONS))
            return sent[-1].seconds

        speed, half, most = door(database)
        result = table.compared(speed, called, partial(measured, plain, "plain_calls"), rounds=rounds)
    heard, unit = sent[1:], [0.001] * rounds
    slowest = Result(most, [one.under(0.99) for one in heard], unit)
    return [result, Result(half, [one.under(0.5) for one in heard], unit), slowest]


def run(database: str, *, rounds: int) -> list[Result]:
    """Lay two cities and measure everything."""
    with cities(database, "served", "plain", siblings=10) as (served, plain):
        rows = plain.ask(measure="rows_of_a_call")
        print(f"a call leaves {sum(rows.values())} rows: {rows}", flush=True)
        results = calls(database, served, plain, rounds=rounds)
        rows = plain.ask(measure="rows_of_an_import")
        print(f"an import of {IMPORTED:,} rows leaves {sum(rows.values()):,} rows: {rows}", flush=True)
        one = imports()
        this, that = (partial(measured, plain, name) for name in (one.this, one.that))
        return [*results, table.compared(one, this, that, rounds=max(1, rounds // 2))]


def main() -> int:
    """Print the table."""
    usual = "postgresql" if os.environ.get("HUYING_DATABASE_URL", "").startswith("postgres") else "sqlite"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=list(GOALS), default=usual)
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    results = run(asked.database, rounds=asked.rounds)
    rate = CALLS / min(results[0].this), CALLS / min(results[0].that)
    print(f"at best {rate[0]:,.0f} calls a second, {rate[1]:,.0f} plainly")
    print(f"\n{asked.database}, {os.cpu_count()} cores\n\n{table.text(results)}\n", flush=True)
    return table.verdict(results)


if __name__ == "__main__":
    sys.exit(main())
