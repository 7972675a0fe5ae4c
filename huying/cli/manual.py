"""The help page of each command, in the user's language; its texts stand beside the options in `grammar.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.cells import cell_len
from typer._click.core import Context
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from huying.cli import terminal

Translate = Callable[[str], str]


def msg(msgid: str) -> str:
    """Mark an English help text whose translation is in the catalogue; it is translated when it is shown."""
    return msgid


class Command(TyperCommand):
    """A command whose help page is ours."""

    def get_help(self, ctx: Context) -> str:
        return page(self, ctx, terminal.words)


class Group(TyperGroup):
    """A group of commands whose help page is ours."""

    def get_help(self, ctx: Context) -> str:
        return page(self, ctx, terminal.words)


def page(command: TyperCommand | TyperGroup, ctx: Context, translate: Translate) -> str:
    """Usage, what it does, arguments, options, commands."""
    params = command.get_params(ctx)
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    options = [param for param in params if isinstance(param, TyperOption)]
    lines = [terminal.words("Usage: {line}", line=f"{ctx.command_path} {_usage(command, arguments)}"), ""]
    lines += [told(command, translate), ""]
    lines += _section(terminal.words("Arguments"), [(argument(one), meaning(one, translate)) for one in arguments])
    lines += _section(terminal.words("Options"), [(name(one), meaning(one, translate)) for one in options])
    if isinstance(command, TyperGroup):
        below = [(called, translate(command.commands[called].help or "")) for called in command.commands]
        lines += _section(terminal.words("Commands"), below)
    return "\n".join(lines).rstrip()


def told(command: TyperCommand | TyperGroup, translate: Translate) -> str:
    """What a command does, in one sentence."""
    return translate(command.help or "")


def _usage(command: TyperCommand | TyperGroup, arguments: list[TyperArgument]) -> str:
    words = [argument(one) for one in arguments]
    return " ".join([*words, "[…]", *(["COMMAND"] if isinstance(command, TyperGroup) else [])])


def argument(param: TyperArgument) -> str:
    """An argument as it stands in the usage: `[CASE…]` where it may be left out and repeated."""
    named = f"{param.metavar or (param.name or '').upper()}{'…' if param.nargs == -1 else ''}"
    return named if param.required else f"[{named}]"


def name(param: object) -> str:
    """How an argument or option is typed."""
    if isinstance(param, TyperArgument):
        return argument(param)
    assert isinstance(param, TyperOption)
    return f"{', '.join(param.opts)}{'' if param.is_flag else f' {param.metavar}'}"


def meaning(param: object, translate: Translate) -> str:
    """What an argument or option means; whether an option is needed, and may be repeated."""
    assert isinstance(param, TyperArgument | TyperOption)
    if param.name == "help":
        return terminal.words("Show this page.")
    option = isinstance(param, TyperOption)
    notes = [terminal.words("needed")] if option and param.required else []
    notes += [terminal.words("may be repeated")] if option and param.multiple else []
    text = translate(param.help or "")
    return f"{text} [{terminal.words(', ').join(notes)}]" if notes else text


def _section(heading: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    wide = max(cell_len(typed) for typed, _ in rows)
    yield heading
    for typed, text in rows:
        yield f"  {typed}{' ' * (wide - cell_len(typed))}  {text}".rstrip()
    yield ""
