"""The commands in groups: `huying city …`, `huying procedures …`, `huying user …` and the others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from huying.cli.door import open_files, open_ledger
from huying.cli.manual import Command, Group, msg


def _group(text: str) -> typer.Typer:
    return typer.Typer(cls=Group, help=text, rich_markup_mode=None, add_completion=False)


city = _group(msg("The city's data: check a folder, load it, look up codes."))
procedures = _group(msg("The procedures: check, draw, put in force."))
bench = _group(msg("Invented cases in number, to measure and to rehearse with; never in production."))
key = _group(msg("Keys of other systems: issue one, list them, revoke one."))
person = _group(msg("What is kept about a person who called."))
user = _group(msg("The people of the city's data, and their accounts for the pages."))

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help=msg("a city folder"))]
Words = Annotated[list[str] | None, typer.Argument(metavar="WORDS", help=msg("only what holds these words"))]
Administrator = Annotated[
    str | None, typer.Option("--as", metavar="KEY", help=msg("which administrator; else the first of the city's data"))
]

Whose = Annotated[
    str, typer.Argument(metavar="WHO", help=msg("a telephone number or a case's number; - reads it from the pipe"))
]


@city.command("check", cls=Command, help=msg("Name each mistake of a city folder with file and line."))
def check_city(folder: Folder) -> None:
    open_files()
    from huying.cli import town

    town.check(folder)


@city.command("load", cls=Command, help=msg("Put a city folder in force; open cases keep their dates."))
def load_city(folder: Folder, key: Administrator = None) -> None:
    open_ledger()
    from huying.cli import town

    town.load(folder, key)


@city.command("units", cls=Command, help=msg("List the units with their codes."))
def units(words: Words = None) -> None:
    open_ledger()
    from huying.cli import town

    town.units(" ".join(words or []))


@city.command("areas", cls=Command, help=msg("List the areas with their codes."))
def areas(words: Words = None) -> None:
    open_ledger()
    from huying.cli import town

    town.areas(" ".join(words or []))


@city.command("categories", cls=Command, help=msg("List the categories with whose duty they are and their limit."))
def categories(words: Words = None) -> None:
    open_ledger()
    from huying.cli import town

    town.categories(" ".join(words or []))


@city.command("next", cls=Command, help=msg("List what recurs, with when it comes next."))
def coming(
    count: Annotated[
        int, typer.Option("--count", metavar="COUNT", min=1, max=50, help=msg("how many occurrences of each"))
    ] = 3,
) -> None:
    open_ledger()
    from huying.cli import town

    town.coming_next(count)


@procedures.command("check", cls=Command, help=msg("Name each mistake of the procedures with file and line."))
def check_procedures(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help=msg("procedures laid over those of the package; or a city folder")),
    ] = None,
) -> None:
    from huying.cli import checking

    checking.check_procedures(folder)


@procedures.command("draw", cls=Command, help=msg("Draw a procedure, or all, as Mermaid text."))
def draw(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=msg("the procedure; else all"))] = None,
    svg: Annotated[bool, typer.Option("--svg", help=msg("as an SVG picture"))] = False,
) -> None:
    from huying.cli import checking

    checking.draw(name, as_svg=svg)


@procedures.command("load", cls=Command, help=msg("Put changed procedures in force; an entry says so."))
def load_procedures(
    folder: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help=msg("procedures laid over those of the package"))
    ] = None,
    key: Administrator = None,
) -> None:
    open_ledger()
    from huying.cli import town

    town.load_procedures(folder, key)


@user.command("list", cls=Command, help=msg("List the people with their keys and posts."))
def users(words: Words = None) -> None:
    open_ledger()
    from huying.cli import town

    town.users(" ".join(words or []))


@user.command("show", cls=Command, help=msg("Show one person's posts, and for whom they stand in."))
def show_user(key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))]) -> None:
    open_ledger()
    from huying.cli import town

    town.user(key)


@user.command("add", cls=Command, help=msg("Open an account; stdout is the link on which they choose a password."))
def add_user(
    key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))], as_: Administrator = None
) -> None:
    open_ledger()
    from huying.cli import accounts

    accounts.add(key, as_)


@user.command("link", cls=Command, help=msg("Print a new link for a password: for three days, usable once."))
def link_user(key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))]) -> None:
    open_ledger()
    from huying.cli import accounts

    accounts.link(key)


@user.command("remove", cls=Command, help=msg("Close an account and end its sessions; what they did stays."))
def remove_user(
    key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))], as_: Administrator = None
) -> None:
    open_ledger()
    from huying.cli import accounts

    accounts.remove(key, as_)


@user.command("grant", cls=Command, help=msg("Grant a role, as the security administrator; an entry says so."))
def grant(
    key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))],
    role: Annotated[str, typer.Argument(metavar="ROLE", help=msg("the role, as posts.csv writes it"))],
    unit: Annotated[str, typer.Argument(metavar="UNIT", help=msg("the unit's code"))],
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help=msg("why; it stands in the ledger"))],
    as_: Administrator = None,
) -> None:
    open_ledger()
    from huying.cli import accounts

    accounts.grant(key, role, unit, reason, as_)


@user.command("unlock", cls=Command, help=msg("Let a person sign in again at once, after too many wrong passwords."))
def unlock_user(
    key: Annotated[str, typer.Argument(metavar="KEY", help=msg("the person's key"))], as_: Administrator = None
) -> None:
    open_ledger()
    from huying.cli import accounts

    accounts.unlock(key, as_)


@key.command("add", cls=Command, help=msg("Issue a key; the one line on stdout is the secret, shown only now."))
def add_key(
    owner: Annotated[str, typer.Argument(metavar="OWNER", help=msg("who will use it: an organisation or system"))],
    scope: Annotated[
        str, typer.Option(metavar="SCOPE", help=msg("read, write (sending calls) or sandbox (trying things out)"))
    ] = "write",
    per_hour: Annotated[
        int, typer.Option(metavar="COUNT", help=msg("calls, or questions, an hour; more calls are kept for a person"))
    ] = 600,
    reason: Annotated[str, typer.Option(metavar="TEXT", help=msg("what it is for"))] = "",
    as_: Administrator = None,
) -> None:
    open_ledger()
    from huying.cli import access

    access.add(owner, scope, per_hour, reason, as_)


@key.command("list", cls=Command, help=msg("List the keys: number, owner, scope and limit; never a secret."))
def keys() -> None:
    open_ledger()
    from huying.cli import access

    access.everyone()


@key.command("revoke", cls=Command, help=msg("Revoke a key: from now on it is a wrong one."))
def revoke_key(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=msg("the key's number"))],
    reason: Annotated[str, typer.Option(metavar="TEXT", help=msg("why"))],
    as_: Administrator = None,
) -> None:
    open_ledger()
    from huying.cli import access

    access.revoke(number, reason, as_)


@person.command("show", cls=Command, help=msg("Print all that is kept about a person, for them; it leaves entries."))
def show_person(
    who: Whose,
    key: Annotated[str, typer.Option("--as", metavar="KEY", help=msg("who acts: a key of `huying user list`"))],
    reason: Annotated[str, typer.Option(metavar="TEXT", help=msg("why you need to know"))],
    json: Annotated[bool, typer.Option("--json", help=msg("as JSON, for other programs"))] = False,
) -> None:
    open_ledger()
    from huying.cli import keeping

    keeping.show(who, key, reason, as_json=json)


@bench.command("fill", cls=Command, help=msg("Make invented cases by realistic lives; the audit holds them for true."))
def fill(
    count: Annotated[
        int, typer.Argument(metavar="COUNT", min=1, help=msg("how many cases there shall be of this seed"))
    ],
    seed: Annotated[int, typer.Option(metavar="NUMBER", min=1, help=msg("another seed makes other cases"))] = 1,
) -> None:
    open_ledger()
    from huying.cli import filling

    filling.fill(count, seed)
