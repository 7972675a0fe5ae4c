"""`huying …`: the one command line. Words in, sentences out; what a case may do is decided in the ledger.

Every way of failing ends in one sentence on stderr and exit code 1, or 2 where the command was written wrongly.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from huying.cli import faults, terminal

LANGUAGES = ("zh-Hans", "en")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 refused or failed, 2 written wrongly."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    terminal.prepare()
    try:
        words = _spoken([word for word in typed if word != "--debug"])
        faults.readable(words)
        from huying.cli import grammar  # only now: its help texts follow the language

        code = grammar.run(words)
        sys.stdout.flush()
        return code
    except BaseException as error:  # the one place where every failure becomes words
        return faults.tell(error, debug="--debug" in typed)


def _spoken(words: list[str]) -> list[str]:
    """Set the language that HUYING_LANGUAGE or --language, wherever it stands, asks for; the other words."""
    wanted, rest = os.environ.get("HUYING_LANGUAGE", ""), list(words)
    terminal.speak(wanted if wanted in LANGUAGES else LANGUAGES[0])
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name != "--language":
            continue
        taken = 1 if "=" in word else 2
        wanted = value if "=" in word else " ".join(words[place + 1 : place + 2])
        del rest[place : place + taken]
        if wanted not in LANGUAGES:
            raise faults.NoLanguage(value=wanted)
        terminal.speak(wanted)
        break
    return rest
