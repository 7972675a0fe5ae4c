"""A process with a city and a database of its own, which measures what it is asked for: `python -m bench.city`.

Two of them stand side by side, one with few and one with many cases, so that what is compared is measured in
turns. Questions come as JSON lines, `{"fill": 1000}` or `{"measure": "opening"}`; each gets one line back.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CLOCK = "2026-06-15T09:00:00+08:00"


class City:
    """The other end of the pipe: a running process."""

    def __init__(self, name: str, url: str, home: Path, siblings: int) -> None:
        self.name = name
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {
            **os.environ,
            "HUYING_MODE": "test",
            "HUYING_NOW": CLOCK,
            "HUYING_HOME": str(home),
            "HUYING_DATABASE_URL": url or f"sqlite:///{home}/huying.sqlite3",
            "DJANGO_SETTINGS_MODULE": "huying.settings",
        }
        words = [sys.executable, "-m", "bench.city", str(siblings)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, text=True)

    def ask(self, **question: object) -> Any:
        """The answer to one question. SystemExit where the process has ended."""
        self.tell(**question)
        return self.heard()

    def tell(self, **question: object) -> None:
        """Ask without waiting."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # `heard` says that it has ended
            print(json.dumps(question), file=self.process.stdin, flush=True)

    def heard(self) -> Any:
        """The answer to what was told."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the measuring process “{self.name}” ended with {self.process.wait()}")
        return json.loads(line)["answer"]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()


@contextmanager
def city(name: str, url: str, home: Path, *, siblings: int = 2000) -> Iterator[City]:
    """A running city, ended afterwards; `siblings` is how many children its largest parent has."""
    running = City(name, url, home, siblings)
    try:
        yield running
    finally:
        running.close()


def serve() -> None:
    """Lay an empty city, then answer questions until there are no more."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench import coming, reading, writing
    from huying.bench import fill
    from huying.ledger import administration

    reading.SIBLINGS["many"] = int(sys.argv[1])
    call_command("migrate", verbosity=0)
    administration.begin(ROOT / "cities" / "demo")
    measures = {**writing.MEASURES, **reading.MEASURES, **coming.MEASURES}
    for line in sys.stdin:
        question = json.loads(line)
        if "fill" in question:
            began = time.perf_counter()
            made = fill(question["fill"])
            answer: object = {"made": made, "seconds": time.perf_counter() - began, "bytes": size()}
        else:
            answer = measures[question["measure"]]()
        print(json.dumps({"answer": answer}), flush=True)


def size() -> int:
    """How many bytes the database has."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
        else:
            cursor.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    serve()
