"""`huying bench fill`: invented cases, told about on stderr while they are made."""

from __future__ import annotations

import time

from huying import bench
from huying.cli import terminal

QUIET_SECONDS = 5


def fill(count: int, seed: int) -> None:
    """Make cases until there are `count` of this seed, and print how many are new and how fast they came."""
    began = told = time.monotonic()

    def progress(made: int) -> None:
        nonlocal told
        if time.monotonic() - told > QUIET_SECONDS:
            told = time.monotonic()
            terminal.aside("{made} of {count} case(s) …", made=made, count=count)

    new = bench.fill(count, seed=seed, progress=progress)
    rate = round(new / max(time.monotonic() - began, 0.001))
    terminal.say("{count} invented case(s) made, {rate} a second.", count=new, rate=rate)
