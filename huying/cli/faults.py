"""Every failure as one sentence and an exit code; a traceback reaches nobody who didn't ask for it."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence

from typer.exceptions import Abort, Exit, TyperException

from huying.cli import terminal
from huying.errors import BadText, DatabaseAway, HuyingError, StorageFull, sentence

USAGE = 2
FULL = ("disk is full", "no space left", "could not extend file")
NO_TABLE = ("no such table", "no such column", "does not exist")
AWAY = (
    "unable to open", "could not connect", "connection", "server closed", "terminating", "shutting down",
    "starting up", "database is locked", "not accepting", "in recovery", "timeout expired",
)  # fmt: skip


class BadUsage(HuyingError):
    """The command was written wrongly: exit code 2."""


class NoLanguage(BadUsage):
    message = "There is no language “{value}”."
    mend = "Write --language zh-Hans or --language en."


class NoEquals(BadUsage):
    message = "{option}: “{value}” has no “=”."
    mend = "Write {option} name=value."


class Twice(BadUsage):
    message = "{option}: “{name}” is given twice."
    mend = "Give it once; several files take one --file each."


class Unreadable(HuyingError):
    message = "The file “{name}” can't be read: {why}."
    mend = "Check the path; a text is saved as UTF-8."


class NotSetUp(HuyingError):
    message = "The database hasn't been set up yet, or is of an older version."
    mend = "Run `huying init`."


class DatabaseRefuses(HuyingError):
    message = "The database refuses this step: {why}. Nothing of it was kept."
    mend = "Try again; if it lasts, give this sentence to the administrator."


class Unforeseen(HuyingError):
    message = "Something went wrong that nobody foresaw ({kind})."
    mend = "Run it again with --debug and give what it prints to whoever looks after the system."


class OfSystem(HuyingError):
    message = "The operating system refuses: {why}."
    mend = "Check the file, the folder and your rights to them."


class Miswritten(BadUsage):
    message = "{what}"
    mend = "See `{command} --help`."


def readable(words: Sequence[str]) -> None:
    """Refuse words that aren't UTF-8: they could neither be kept nor shown. Raises BadText."""
    for word in words:
        bad = next((letter for letter in word if 0xD800 <= ord(letter) <= 0xDFFF), None)
        if bad:
            raise BadText(field=word[:40], what=f"U+{ord(bad):04X}")


def tell(error: BaseException, *, debug: bool = False) -> int:
    """Say a failure on stderr and return the exit code of the command."""
    if debug and not isinstance(error, HuyingError | TyperException | SystemExit | Exit):
        traceback.print_exception(error)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(bool(error.code))
    if isinstance(error, Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | Abort):
        return 130
    if isinstance(error, BrokenPipeError):
        # The reader of the pipe has gone: what Python would flush at its end has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    named = name(error)
    sys.stdout.flush()
    sys.stderr.write(f"{sentence(named, terminal.language())}\n")
    return USAGE if isinstance(named, BadUsage) else 1


def name(error: BaseException) -> HuyingError:
    """The deliberate error that says what happened."""
    if isinstance(error, HuyingError):
        return error
    if isinstance(error, TyperException):
        return _miswritten(error)
    if "django.db.utils.Error" in _kinds(error) or "django.db.utils.InterfaceError" in _kinds(error):
        return _of_database(error)
    if isinstance(error, OSError):
        why = error.strerror or type(error).__name__
        return OfSystem(why=f"{error.filename}: {why}" if error.filename else why)
    return Unforeseen(kind=type(error).__name__)


def _kinds(error: BaseException) -> set[str]:
    """The classes of an error by full name, so that a command without a database needn't import one."""
    return {f"{kind.__module__}.{kind.__name__}" for kind in type(error).__mro__}


def _of_database(error: BaseException) -> HuyingError:
    words = str(error).lower()
    if any(sign in words for sign in NO_TABLE):
        return NotSetUp()
    if any(sign in words for sign in FULL):
        return StorageFull()
    if any(sign in words for sign in AWAY) or "django.db.utils.InterfaceError" in _kinds(error):
        return NotSetUp() if _no_file() else DatabaseAway()
    return DatabaseRefuses(why=str(error).splitlines()[0][:200] if str(error) else type(error).__name__)


def _no_file() -> bool:
    """Whether the database is a file that was never made."""
    from django.conf import settings

    told = settings.DATABASES["default"]
    return str(told["ENGINE"]).endswith("sqlite3") and not os.path.exists(str(told["NAME"]))  # noqa: PTH110


def _miswritten(error: TyperException) -> Miswritten:
    """What the parser found wrong, in the user's language; each of its kinds has one sentence."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "huying"
    said = error.format_message()
    found = {kind: match for kind, sign in SIGNS.items() if (match := re.search(sign, said))}
    kind = next(iter(found), type(error).__name__)
    message = PARSER.get(kind, PARSER["UsageError"])
    named = next((match[1] for match in found.values() if match.groups()), _named(error))
    return Miswritten(what=terminal.words(message, said=said, name=named), command=command)


def _named(error: TyperException) -> str:
    """The option or argument that an error is about, as it is typed."""
    param = getattr(error, "param", None)
    if param is None:
        return str(getattr(error, "option_name", ""))
    return str(param.opts[-1] if param.param_type_name == "option" else param.metavar or param.name)


SIGNS = {
    "NoSuchCommand": r"No such command '(.*?)'",
    "NoCommand": r"Missing command",
    "TooMany": r"unexpected extra argument\(s\) \((.*)\)",
}
PARSER = {
    "UsageError": "This isn't understood: {said}",
    "BadParameter": "{name} can't have this value.",
    "MissingParameter": "{name} is missing.",
    "NoSuchOption": "There is no option {name} here.",
    "BadOptionUsage": "{name} is used wrongly: some options need a value, others take none.",
    "NoSuchCommand": "There is no command “{name}”.",
    "NoCommand": "Which command? Its name is missing.",
    "TooMany": "Too many words: {name}.",
}
