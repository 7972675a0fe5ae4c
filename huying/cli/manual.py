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
    params = [param for param in command.get_params(ctx) if not getattr(param, "hidden", False)]
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    options = [param for param in params if isinstance(param, TyperOption)]
    lines = [terminal.words("Usage: {line}", line=f"{ctx.command_path} {_usage(command, arguments)}"), ""]
    lines += [translate(command.help or ""), ""]
    lines += _section(terminal.words("Arguments"), [(_argument(a), translate(a.help or "")) for a in arguments])
    lines += _section(terminal.words("Options"), [(_option(o), _told(o, translate)) for o in options])
    if isinstance(command, TyperGroup):
        commands = [(name, translate(command.commands[name].help or "")) for name in command.commands]
        lines += _section(terminal.words("Commands"), commands)
    return "\n".join(lines).rstrip()


def _usage(command: TyperCommand | TyperGroup, arguments: list[TyperArgument]) -> str:
    words = [name if argument.required else f"[{name}]" for argument in arguments for name in [_argument(argument)]]
    return " ".join([*words, "[…]", *(["COMMAND"] if isinstance(command, TyperGroup) else [])])


def _argument(argument: TyperArgument) -> str:
    return f"{argument.metavar or (argument.name or '').upper()}{'…' if argument.nargs == -1 else ''}"


def _option(option: TyperOption) -> str:
    taken = "" if option.is_flag else f" {option.metavar or 'TEXT'}"
    return f"{', '.join(option.opts)}{taken}"


def _told(option: TyperOption, translate: Translate) -> str:
    if option.name == "help":
        return terminal.words("Show this page.")
    notes = [terminal.words("needed")] if option.required else []
    notes += [terminal.words("may be repeated")] if option.multiple else []
    told = translate(option.help or "")
    return f"{told} [{terminal.words(', ').join(notes)}]" if notes else told


def _section(heading: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    if not rows:
        return
    wide = max(cell_len(name) for name, _ in rows)
    yield heading
    for name, told in rows:
        yield f"  {name}{' ' * (wide - cell_len(name))}  {told}".rstrip()
    yield ""
