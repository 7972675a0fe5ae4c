"""Running the command line in tests: in this process, or as the real program in a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from huying.cli import main

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "cities" / "demo"
NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")


@dataclass(frozen=True)
class Ran:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def numbers(self) -> list[str]:
        """The case numbers that it printed."""
        return NUMBER.findall(self.out)


class Pipe(io.TextIOWrapper):
    """A stream without a terminal behind it, as a pipe is."""


def run(*words: str, given: bytes = b"", language: str = "zh-Hans") -> Ran:
    """One command in this process, with the test's own database."""
    out, err, piped = Pipe(io.BytesIO()), Pipe(io.BytesIO()), Pipe(io.BytesIO(given))
    before, sys.stdin = sys.stdin, piped
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([f"--language={language}", *words])
    finally:
        sys.stdin = before
    return Ran(code, text(out), text(err))


def text(stream: Pipe) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def done(*words: str) -> Ran:
    """A command that must succeed."""
    ran = run(*words)
    assert ran.code == 0, ran.err
    return ran


def refused(*words: str, given: bytes = b"") -> str:
    """The sentence of a command that must fail with exit code 1 and print nothing else."""
    ran = run(*words, given=given)
    assert (ran.code, ran.out) == (1, ""), ran
    assert ran.err.count("\n") == 1 and "Traceback" not in ran.err
    return ran.err.strip()


def program(*words: str | bytes, home: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The real program in a process of its own; `environment` is all that it knows of HUYING_*."""
    return subprocess.run(
        [sys.executable, "-m", "huying.cli", *words],
        cwd=home,
        env=alone({"HUYING_HOME": str(home), "HUYING_MODE": "test", **environment}),
        capture_output=True,
        timeout=120,
        check=False,
    )


def alone(wanted: Mapping[str, str]) -> dict[str, str]:
    """The environment without any setting of this test run, but with those wanted; an empty one is left out."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HUYING_", "DJANGO_"))}
    return {name: value for name, value in {**kept, **wanted}.items() if value}


def lines(output: bytes) -> Sequence[str]:
    """The lines of what a program printed."""
    return output.decode("utf-8").splitlines()
