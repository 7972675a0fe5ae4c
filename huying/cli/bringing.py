"""Bringing in cases from another system: progress while it runs, and the tally in the last lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from huying.cli import terminal
from huying.intake import importing
from huying.intake.importing import Tally

MAPS = Path(importing.__file__).parent / "maps"
QUIET_SECONDS = 2.0


def bring(file: Path, map_: str, *, dry: bool, rejects: Path | None) -> int:
    """Import a table; the exit code: 0 where every row was taken or known, 1 where some were rejected."""
    shipped = MAPS / f"{map_}.toml"
    path = shipped if shipped.exists() else Path(map_)
    done = importing.run(
        file, path, rejects=rejects, dry=dry, language=terminal.language(), progress=_progress(time.monotonic())
    )
    _tell(done, dry=dry)
    if done.rejected and rejects:
        terminal.say("The rejected rows, each with its reason: {path}", path=rejects)
    return 1 if done.rejected else 0


def _progress(began: float) -> Callable[[Tally, float], None]:
    """A line on stderr every two seconds: rows, rate, time that remains."""
    last = began

    def tell(tally: Tally, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < QUIET_SECONDS:
            return
        last, spent = now, now - began
        rate = round(tally.rows / spent)
        if not share:
            terminal.aside("{rows} rows, {rate} a second", rows=tally.rows, rate=rate)
            return
        left = round(spent * (1 - share) / share)
        message = "{rows} rows, {rate} a second, {share} % read, about {left} s left"
        terminal.aside(message, rows=tally.rows, rate=rate, share=round(100 * share), left=left)

    return tell


def _tell(done: Tally, *, dry: bool) -> None:
    if dry:
        message = "Tried without writing: {rows} rows, {fine} could be taken, {rejected} rejected."
        terminal.say(message, rows=done.rows, fine=done.rows - done.rejected, rejected=done.rejected)
        return
    terminal.say("rows {rows}", rows=done.rows)
    terminal.say("opened {count}", count=done.opened)
    terminal.say("known already {count}", count=done.known)
    terminal.say("rejected {count}", count=done.rejected)
    if done.judged:
        share = f"{100 * done.agree / done.judged:.2f}"
        terminal.say("on-time agreement {share} % of {count}", share=share, count=done.judged)
