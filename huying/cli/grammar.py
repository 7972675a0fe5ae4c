"""Every command with its arguments and options: the words that may be typed. What they do stands elsewhere.

Only the chosen command's own module is loaded, so that `huying due` needs neither database nor secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from huying.cli import asked, groups
from huying.cli.door import open_ledger
from huying.cli.manual import Command, Group, msg

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(groups.city, name="city")
app.add_typer(groups.procedures, name="procedures")
app.add_typer(groups.key, name="key")
app.add_typer(groups.user, name="user")
app.add_typer(groups.person, name="person")
app.add_typer(groups.bench, name="bench")

Key = Annotated[str, typer.Option("--as", metavar="KEY", help=msg("who acts: a key of `huying user list`"))]
CaseNumber = Annotated[str, typer.Argument(metavar="CASE", help=msg("the case's number, with or without spaces"))]
Fields = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        metavar="NAME=VALUE",
        help=msg("one field; NAME=@PATH reads a text file, NAME=- the pipe, NAME=@@… a text that begins with @"),
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Option("--file", metavar="[FIELD=]PATH", help=msg("a photo or file; without FIELD it is evidence")),
]
Happened = Annotated[
    str | None,
    typer.Option("--happened", metavar="TIME", help=msg("when it happened, if earlier: 2026-06-15 08:30; only shown")),
]

Name = Annotated[str, typer.Option(metavar="NAME", help=msg("who called: the name"))]
Phone = Annotated[str, typer.Option(metavar="NUMBER", help=msg("who called: the phone number"))]
Email = Annotated[str, typer.Option(metavar="EMAIL", help=msg("who called: the e-mail address"))]
Address = Annotated[str, typer.Option(metavar="ADDRESS", help=msg("who called: the postal address"))]


def run(words: Sequence[str]) -> int:
    """Parse and do one command; its exit code."""
    command = typer.main.get_command(app)
    done = command.main(list(words) or ["--help"], prog_name="huying", standalone_mode=False)
    return done if isinstance(done, int) else 0


def caller(name: str, phone: str, email: str, address: str) -> dict[str, str]:
    """Who called, as far as it was typed."""
    given = {"name": name, "phone": phone, "email": email, "address": address}
    return {part: value for part, value in given.items() if value}


@app.callback(help=msg("Huying 呼应: every call gets one owner, one deadline, a confirmed answer and a ledger."))
def root(
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help=msg("zh-Hans or en; else HUYING_LANGUAGE"))] = "",
    debug: Annotated[bool, typer.Option("--debug", help=msg("show Python's traceback of an unforeseen error"))] = False,
) -> None:
    """The options that every command has."""


@app.command("init", cls=Command, help=msg("Make the database ready: tables, city, procedures. Safe to repeat."))
def init(
    city: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=msg("the city folder; in demo mode the demo city"))
    ] = None,
) -> None:
    open_ledger()
    from huying.cli import town

    town.initialise(city)


@app.command("open", cls=Command, help=msg("Register a case and print its number."))
def open_(
    procedure: Annotated[str, typer.Argument(metavar="PROCEDURE", help=msg("the kind of case, such as request"))],
    key: Key,
    field: Fields = None,
    file: Files = None,
    name: Name = "",
    phone: Phone = "",
    email: Email = "",
    address: Address = "",
    source: Annotated[
        str, typer.Option(metavar="SYSTEM:REF", help=msg("where it came from; the same reference is the same case"))
    ] = "",
    happened: Happened = None,
) -> None:
    open_ledger()
    from huying.cli import cases

    typed = cases.Typed(field or [], file or [], [], caller(name, phone, email, address), happened)
    cases.open_(procedure, key, typed, source)


@app.command("act", cls=Command, help=msg("Do one act on a case and print where it stands then."))
def act(
    case: CaseNumber,
    act_: Annotated[str, typer.Argument(metavar="ACT", help=msg("the act's code, as `huying show` lists it"))],
    key: Key,
    field: Fields = None,
    file: Files = None,
    child: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELDS", help=msg("a part to open: lead=…,due=… ; a comma in a value is \\,")),
    ] = None,
    seen: Annotated[
        str | None, typer.Option(metavar="TURN", help=msg("the turn you read; refused if somebody decided since"))
    ] = None,
    name: Name = "",
    phone: Phone = "",
    email: Email = "",
    address: Address = "",
    happened: Happened = None,
) -> None:
    open_ledger()
    from huying.cli import cases

    typed = cases.Typed(field or [], file or [], child or [], caller(name, phone, email, address), happened)
    cases.act(case, act_, key, typed, asked.whole(seen, "--seen"))


@app.command("show", cls=Command, help=msg("Tell a case: what happened, its clocks and why, what you may do."))
def show(
    case: CaseNumber,
    key: Key,
    json: Annotated[bool, typer.Option("--json", help=msg("as JSON, for other programs"))] = False,
) -> None:
    open_ledger()
    from huying.cli import cases

    cases.show(case, key, as_json=json)


@app.command("list", cls=Command, help=msg("List a queue of open cases, next due first."))
def list_(
    key: Key,
    queue: Annotated[
        str,
        typer.Argument(
            metavar="QUEUE",
            help=msg("triage, dispatch, disputed, review, verify, shelved, escalated, unit, overdue, soon or all"),
        ),
    ] = "all",
    after: Annotated[
        str | None, typer.Option(metavar="CASE", help=msg("the page after the one that ended with this case"))
    ] = None,
) -> None:
    open_ledger()
    from huying.cli import cases

    cases.list_(queue, key, after)


@app.command("find", cls=Command, help=msg("Find cases by words of their title, text and handling copy."))
def find(
    words: Annotated[list[str], typer.Argument(metavar="WORDS", help=msg("every one of them must stand there"))],
    key: Key,
) -> None:
    open_ledger()
    from huying.cli import cases

    cases.found(" ".join(words), key)


@app.command("look", cls=Command, help=msg("Look at who called and at the sealed words; it leaves an entry."))
def look(
    case: CaseNumber,
    key: Key,
    reason: Annotated[str, typer.Option(metavar="TEXT", help=msg("why you need to know"))],
) -> None:
    open_ledger()
    from huying.cli import cases

    cases.look(case, key, reason)


@app.command("forget", cls=Command, help=msg("Erase a person: name, phone, words and files, wherever they are kept."))
def forget(
    who: groups.Whose,
    ground: Annotated[
        str, typer.Option(metavar="GROUND", help=msg("asked, expired, consent (withdrawn) or unlawful"))
    ] = "asked",
    key: groups.Administrator = None,
) -> None:
    open_ledger()
    from huying.cli import keeping

    keeping.erase(who, ground, key)


@app.command("scrub", cls=Command, help=msg("Overwrite the room that erased rows took in the database's files."))
def scrub() -> None:
    open_ledger()
    from huying.cli import keeping

    keeping.scrubbed()


@app.command("audit", cls=Command, help=msg("Check the ledger against itself; name every difference."))
def audit(
    cases: Annotated[
        list[str] | None, typer.Argument(metavar="CASE", help=msg("only these cases; else the whole ledger"))
    ] = None,
) -> None:
    open_ledger()
    from huying.cli import service

    service.audit(cases or [])


@app.command(
    "import", cls=Command, help=msg("Bring in cases from another system's table; run it again and nothing doubles.")
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=msg("CSV in any encoding, or Excel"))],
    map_: Annotated[
        str,
        typer.Option(
            "--map", metavar="MAP", help=msg("a map file, or the name of one that ships: boston311, messages")
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help=msg("read and judge everything, write nothing"))] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help=msg("where rows that can't be taken go, with the reason"))
    ] = None,
) -> int:
    open_ledger()
    from huying.cli import bringing

    return bringing.bring(file, map_, dry=dry_run, rejects=rejects)


@app.command("due", cls=Command, help=msg("Count a deadline aloud: `huying due 2026-02-12 5wd`."))
def due(
    day: Annotated[str, typer.Argument(metavar="DATE", help=msg("the day on which it begins"))],
    limit: Annotated[
        str,
        typer.Argument(metavar="LIMIT", help=msg("5wd working days, 24h hours, 4wh working hours, 15d days, 30min")),
    ],
    at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help=msg("the time at which it begins; else opening time"))
    ] = None,
    calendar: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help=msg("a city folder; else the city in force, else the demo city")),
    ] = None,
) -> None:
    from huying.cli import counting

    counting.due(day, limit, at, calendar)


@app.command("serve", cls=Command, help=msg("Serve the pages; on SQLite the loop runs with them."))
def serve(
    port: Annotated[str | None, typer.Option(metavar="PORT", help=msg("the port; else HUYING_PORT"))] = None,
) -> None:
    open_ledger()
    from huying.cli import service

    service.serve(asked.whole(port, "--port"))


@app.command("runner", cls=Command, help=msg("Write an entry for every clock that has passed, again and again."))
def runner(
    once: Annotated[bool, typer.Option("--once", help=msg("one round only"))] = False,
) -> None:
    open_ledger()
    from huying.cli import service

    service.run(once=once)


@app.command("demo", cls=Command, help=msg("Make the demo city anew, play a few stories, serve its health page."))
def demo(
    home: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help=msg("where; else ~/.local/share/huying-demo, made anew"))
    ] = None,
    no_serve: Annotated[bool, typer.Option("--no-serve", help=msg("print the tour only"))] = False,
) -> None:
    from huying.cli import showing

    showing.demo(home, serve=not no_serve)
