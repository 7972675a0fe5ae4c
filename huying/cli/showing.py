"""`huying demo`: a fresh demo city in a folder of its own, its stories played, then its health page."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from huying import demo as stories
from huying.cli import places, terminal
from huying.cli.door import open_ledger
from huying.errors import HuyingError

HOME = Path("~/.local/share/huying-demo")
MARK = "made-by-huying-demo"
KEPT = frozenset({"HUYING_PORT"})
"""The one setting of the environment that a demo keeps; every other may belong to a real system."""


class NotOurs(HuyingError):
    message = "The folder {folder} holds something else; the demo would delete it."
    mend = "Choose an empty folder with --home."


class NoDemo(HuyingError):
    message = "The demo city isn't here."
    mend = "Run it in a checkout, where cities/demo lies beside the package."


def demo(home: Path | None, *, serve: bool) -> None:
    """Make the demo anew, play its stories, say what to try next, and serve the health page unless told not to."""
    folder = (home or HOME).expanduser().absolute()
    city = places.demo_city()
    if city is None:
        raise NoDemo()
    _fresh(folder)
    environment = _environment(folder)
    open_ledger()
    from huying.cli import town

    terminal.say("The demo city is being made in {folder}.", folder=folder)
    town.initialise(city)
    numbers = _tour()
    _next(environment, numbers)
    if serve:
        from huying.cli import service

        service.serve(None)


def _fresh(folder: Path) -> None:
    """An empty folder: an earlier demo is deleted, anything else is left alone. Raises NotOurs."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise NotOurs(folder=folder)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _environment(folder: Path) -> Mapping[str, str]:
    """Set the demo's settings and take away those of a real system, before any setting is read."""
    for name in [name for name in os.environ if name.startswith("HUYING_") and name not in KEPT]:
        del os.environ[name]
    wanted = {
        "HUYING_MODE": "demo",
        "HUYING_HOME": str(folder),
        "HUYING_NOW": stories.NOW,
        "HUYING_LANGUAGE": terminal.language(),
    }
    os.environ.update(wanted)
    return wanted


def _run(words: Sequence[str]) -> stories.Output:
    """One command as it is typed, and what it prints."""
    from huying.cli import main

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        code = main(words)
    return stories.Output(code, out.getvalue())


def _tour() -> Mapping[str, str]:
    """Play and print every story; the numbers of its cases by name."""
    numbers: dict[str, str] = {}
    for story in stories.STORIES:
        terminal.line()
        terminal.line(terminal.strong(terminal.words(story.message)))
        for played in stories.play(story, _run, numbers):
            terminal.line(f"  {played.at:%m-%d %H:%M}  $ {played.typed}")
            for text in played.output.text.splitlines():
                terminal.line(f"      {text}")
    return numbers


def _next(environment: Mapping[str, str], numbers: Mapping[str, str]) -> None:
    """What to type next, ready to be copied."""
    terminal.line()
    terminal.line(terminal.strong(terminal.words("Now you: copy these lines first, then try what follows.")))
    for name, value in environment.items():
        terminal.line(f"  export {name}={shlex.quote(value)}")
    for tried in stories.NEXT:
        typed = tried.line.format(**{name: number.replace(" ", "") for name, number in numbers.items()})
        terminal.line(f"  # {terminal.words(tried.message)}")
        terminal.line(f"  huying {typed}")
