"""Doing things at once: threads that start on one signal, and processes beside the test's own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.cast import MORNING

ROOT = Path(__file__).parent.parent
MOST_SECONDS = 60.0


def at_once(steps: Sequence[Callable[[], object]]) -> list[object]:
    """Run each step in a thread of its own, all from one signal: what each gave, or the exception it raised.

    Fails after a minute. The ledger's standing clock holds in the threads too.
    """
    results: list[object] = [None] * len(steps)
    ready = threading.Barrier(len(steps))
    threads = [
        threading.Thread(target=copy_context().run, args=(_one, number, step, ready, results), daemon=True)
        for number, step in enumerate(steps)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    return results


def _one(number: int, step: Callable[[], object], ready: threading.Barrier, results: list[object]) -> None:
    try:
        connection.ensure_connection()
        ready.wait(MOST_SECONDS)
        results[number] = step()
    except Exception as error:  # the test judges it
        results[number] = error
    finally:
        connection.close()


def environment() -> dict[str, str]:
    """The environment of a process beside this one: the same database, home and standing clock."""
    names = connection.settings_dict
    if connection.vendor == "postgresql":
        url = f"postgres://{names['USER']}@/{names['NAME']}?host={quote(str(names['HOST']), safe='')}"
    else:
        url = f"sqlite:///{names['NAME']}"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "huying.settings",
        "HUYING_MODE": "test",
        "HUYING_HOME": str(settings.HUYING_HOME),
        "HUYING_DATABASE_URL": url,
        "HUYING_NOW": MORNING.isoformat(),
        "PYTHONPATH": str(ROOT),
    }


def beside(*words: str) -> subprocess.Popen[str]:
    """A process of `tests.opener` that writes to the same database."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.opener", *words],
        cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
