"""What the command line prints: UTF-8 always, in the chosen language, plain in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from io import TextIOWrapper

from huying import errors

_language: ContextVar[str] = ContextVar("language", default="zh-Hans")
WIDE = 1000
"""Columns of a table in a pipe: wide enough that nothing is ever cut or wrapped there."""


def prepare() -> None:
    """Let the three streams speak UTF-8 whatever the locale says; what can't be encoded is escaped."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(
                encoding="utf-8", errors="surrogateescape" if stream is sys.stdin else "backslashreplace"
            )


def speak(language: str) -> None:
    """Print in this language from now on."""
    _language.set(language)


def language() -> str:
    """The language in which this command speaks."""
    return _language.get()


def words(msgid: str, **params: object) -> str:
    """A sentence in the command's language."""
    return errors.say(msgid, language(), **params)


def say(msgid: str, **params: object) -> None:
    """Print a sentence."""
    line(words(msgid, **params))


def line(text: str = "") -> None:
    """Print a line that is in the reader's language already."""
    sys.stdout.write(f"{text}\n")


def aside(msgid: str, **params: object) -> None:
    """Print a sentence on stderr, where it is in nobody's pipe."""
    sys.stderr.write(f"{words(msgid, **params)}\n")
    sys.stderr.flush()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print aligned columns; Chinese letters take two places. In a pipe nothing is wrapped, coloured or padded."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    piped = not sys.stdout.isatty()
    wide, terminal = (WIDE, False) if piped else (None, None)
    console = Console(file=sys.stdout, width=wide, force_terminal=terminal, highlight=False)
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name in head:
        drawn.add_column(Text(name))
    for row in rows:
        drawn.add_row(*(Text(cell) for cell in row))
    with console.capture() as captured:
        console.print(drawn)
    for text in captured.get().splitlines():
        line(text.rstrip())


def strong(text: str) -> str:
    """A heading: bold on a terminal, plain in a pipe."""
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text
