"""The long run: deep property walks, then a million cases on both databases. Writes docs/measured.md.

`make soak` calls it. The cities grow side by side until they have the cases asked for or the minutes are up;
the table says how many there were.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from bench import table
from bench.city import ROOT, City
from bench.ratios import FEW, GOALS, between, cities, inside, measured
from bench.table import Result

MANY, STEP = 1_000_000, 50_000
MEASURED = ROOT / "docs" / "measured.md"
AUDITED = 5_000


@dataclass
class Grown:
    """One city with many cases: how many, how long it took to make them, and how large its database is."""

    city: City
    cases: int = 0
    seconds: float = 0.0
    bytes: int = 0

    def heard(self) -> None:
        """Take the answer to a fill."""
        filled = self.city.heard()
        self.cases += filled["made"]
        self.seconds += filled["seconds"]
        self.bytes = filled["bytes"]


def walks(times: int) -> bool:
    """The property walks, so many times as deep as in `make test`, on both databases."""
    words = [sys.executable, "scripts/test.py", "sqlite", "postgresql", "--", "tests/test_machine.py"]
    return subprocess.run(words, cwd=ROOT, env={**os.environ, "HUYING_SOAK": str(times)}, check=False).returncode == 0


def grow(places: Sequence[Grown], many: int, deadline: float) -> None:
    """Fill the cities at the same time, step by step, until they have `many` cases or the time is up."""
    while places[0].cases < many and time.monotonic() < deadline:
        wanted = min(places[0].cases + STEP, many)
        for place in places:
            place.city.tell(fill=wanted)
        for place in places:
            place.heard()
        print(", ".join(f"{place.city.name}: {place.cases:,} in {place.seconds:.0f} s" for place in places), flush=True)


def database(name: str, small: City, large: Grown, rounds: int) -> tuple[str, list[Result]]:
    """The part of docs/measured.md on one database, and its results."""
    results = between(large.city, small, few=FEW, many=large.cases, rounds=rounds)
    audit = AUDITED / measured(large.city, "auditing_many")  # before `inside`, whose plain rows are no true ledgers
    results += inside(name, large.city, rounds=rounds)
    lines = [
        f"## {'SQLite, one file' if name == 'sqlite' else 'PostgreSQL'}: {large.cases:,} cases",
        "",
        f"- made at {large.cases / large.seconds:,.0f} cases a second, beside the other database, on the same cores",
        f"- {large.bytes / large.cases / 1024:.1f} KiB of database for each case, indexes and search included",
        f"- the audit checks {audit:,.0f} cases a second",
        "",
        table.text(results),
        "",
    ]
    return "\n".join(lines), results


def head(spent: str, walked: str) -> str:
    """What was measured, when, at which commit, on what kind of machine, and how busy it was."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores, load = os.cpu_count(), os.getloadavg()[2]
    return (
        "# Measured\n\n"
        "Written by `make soak` (bench/soak.py); nobody edits it. The ratios are what counts: `ours` and `against`\n"
        "are the same work, or the same reading among many cases and among few, measured in turns in the same\n"
        "minutes, so that a slow or busy machine slows both.\n\n"
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {cores} cores with a load of {load:.0f}, "
        f"{memory:.0f} GiB of memory.\n"
        f"{spent} {walked}\n\n"
    )


def million(many: int, minutes: float, rounds: int, walked: str) -> int:
    """Grow both cities, measure, write the table."""
    began = time.monotonic()
    with ExitStack() as stack:
        pairs = {name: stack.enter_context(cities(name, "few", "many")) for name in GOALS}
        grown = {name: Grown(pair[1]) for name, pair in pairs.items()}
        for few, _ in pairs.values():
            few.ask(fill=FEW)
        grow(list(grown.values()), many, began + minutes * 60)
        parts = [database(name, pairs[name][0], grown[name], rounds) for name in GOALS]
    spent = f"{(time.monotonic() - began) / 60:.0f} minutes."
    if min(place.cases for place in grown.values()) < many:
        spent += f" {many:,} cases were asked for; after {minutes:.0f} minutes no more were made."
    MEASURED.write_text(head(spent, walked) + "\n".join(part for part, _ in parts), encoding="utf-8")
    print(MEASURED.read_text("utf-8"))
    return table.verdict([result for _, results in parts for result in results])


def main() -> int:
    """The walks, then the cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=MANY)
    parser.add_argument("--minutes", type=float, default=90, help="after so many no more cases are made")
    parser.add_argument("--walks", type=int, default=20, help="how many times as deep as in make test; 0 for none")
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    fine = walks(asked.walks) if asked.walks else True
    how = "every promise held" if fine else "failed"
    walked = f"Property walks {asked.walks} times as deep as in `make test`: {how}." if asked.walks else ""
    missed = million(asked.cases, asked.minutes, asked.rounds, walked)
    return missed or int(not fine)


if __name__ == "__main__":
    sys.exit(main())
