"""The health page: whether the system does its work now, in words for people and as JSON for other programs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from html import escape
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from huying.errors import say
from huying.ledger.pulse import Pulse, feel
from huying.ledger.timewords import span
from huying.notify.backlog import Backlog, backlog
from huying.pages.language import spoken

LATE = timedelta(minutes=10)
"""The loop goes round every few seconds; a clock that waits longer than this shows that it stands."""
LEAST_FREE = 1024**3
AWAY = 503


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it is well, what it is called, what was found."""

    name: str
    well: bool
    label: str
    found: str


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The page for people; 503 while the database is away."""
    (pulse, post), language = looked(), spoken(request)
    answer = HttpResponse(page(list(checks(pulse, post, language)), language), status=status(pulse))
    answer["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return private(answer)


@require_safe
def health_json(request: HttpRequest) -> HttpResponse:
    """The same for other programs."""
    pulse, post = looked()
    found = list(checks(pulse, post, spoken(request)))
    plain = {
        "status": "away" if not pulse.reachable else "well" if all(check.well for check in found) else "attention",
        "at": pulse.at.isoformat(),
        "checks": [asdict(check) for check in found],
        "mail": {**asdict(post), "since": post.since.isoformat() if post.since else None},
    }
    return private(JsonResponse(plain, status=status(pulse), json_dumps_params={"ensure_ascii": False}))


def looked() -> tuple[Pulse, Backlog]:
    """How the ledger and the post stand; never raises because of the database."""
    pulse = feel()
    try:
        return pulse, backlog() if pulse.ready else Backlog()
    except Error:
        if not connection.in_atomic_block:
            connection.close()
        return Pulse(pulse.at), Backlog()


def private(answer: HttpResponse) -> HttpResponse:
    """An answer that nobody keeps."""
    answer["Cache-Control"] = "no-store"
    return answer


def status(pulse: Pulse) -> int:
    """200, or 503 while the database is away."""
    return 200 if pulse.reachable else AWAY


def checks(pulse: Pulse, post: Backlog, language: str) -> Iterator[Check]:
    """Everything that was looked at; only database and disk, where the database is away."""
    there = say("reachable" if pulse.reachable else "away: nothing can be taken in until it is back", language)
    yield Check("database", pulse.reachable, say("Database", language), there)
    yield _disk(language)
    if pulse.reachable:
        yield from _data(pulse, language)
        yield from _loop(pulse, language)
        yield from _post(pulse, post, language)


def _data(pulse: Pulse, language: str) -> Iterator[Check]:
    """City, guard and calendar."""
    city = "version {version} is in force" if pulse.ready else "none: run `huying init`"
    yield Check("city", pulse.ready, say("City data", language), say(city, language, version=pulse.city))
    guard = "in place" if pulse.guarded or not pulse.ready else "missing: run `huying init`, then `huying audit`"
    yield Check("guard", pulse.guarded or not pulse.ready, say("Guard of the ledger", language), say(guard, language))
    unknown = "the holiday notice for {year} is missing; it is needed within 30 days"
    notice = unknown if pulse.unknown_year else "known for the next 30 days"
    if pulse.ready:
        found = say(notice, language, year=pulse.unknown_year)
        yield Check("calendar", not pulse.unknown_year, say("Calendar", language), found)


def _loop(pulse: Pulse, language: str) -> Iterator[Check]:
    """Whether passed clocks get their entries, and whoever must be told a letter."""
    late = _late(pulse.alarm, pulse.at, language)
    clocks = "a clock has waited for {late}: start `huying runner`" if late else "every passed clock has its entry"
    yield Check("clocks", not late, say("Clocks", language), say(clocks, language, late=late))
    late = _late(pulse.owed, pulse.at, language)
    waits = "somebody has waited for a letter for {late}: start `huying runner`"
    letters = waits if late else "everyone who must be told has a letter"
    yield Check("letters", not late, say("Letters", language), say(letters, language, late=late))


def _post(pulse: Pulse, post: Backlog, language: str) -> Iterator[Check]:
    """Whether letters leave the house. Without a mail server they wait; in a demo nobody is there to miss them."""
    late = _late(post.since, pulse.at, language)
    server = (
        "one is set: letters go out through it" if post.configured else "none is set (HUYING_SMTP_URL): e-mail waits"
    )
    missed = bool(late) and not post.configured and settings.HUYING_MODE != "demo"
    yield Check("mail", not missed, say("Mail server", language), say(server, language))
    oldest = "the oldest should have gone {late} ago: look at the mail server" if late else "none is late"
    found = say(oldest, language, late=late)
    yield Check("waiting", not late or not post.configured, say("Waiting e-mail", language), found)
    failed = "in 7 days {staff} to staff: mend contacts.csv; {callers} to callers: their cases are with the desk again"
    lost = failed if post.staff or post.callers else "none in 7 days"
    found = say(lost, language, staff=post.staff, callers=post.callers)
    yield Check("failed", not post.staff, say("E-mail that failed", language), found)


def _late(since: datetime | None, at: datetime, language: str) -> str:
    """How long something has waited, where that is longer than the loop's rounds explain."""
    return span(int((at - since).total_seconds() // 60), language) if since and at - since > LATE else ""


def _disk(language: str) -> Check:
    """The space left where attachments, and on SQLite the database, are kept."""
    place = Path(settings.HUYING_HOME)
    place = next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
    free = shutil.disk_usage(place).free
    left = say("{size} GB free", language, size=f"{free / 1024**3:.1f}")
    return Check("disk", free >= LEAST_FREE, say("Disk", language), left)


def page(found: list[Check], language: str) -> str:
    """The page itself: a table that can be read without colours."""
    well = all(check.well for check in found)
    head = say("Huying works." if well else "Huying needs attention.", language)
    rows = "".join(
        f"<tr><td>{'✓' if check.well else '✗'}</td><th scope='row'>{escape(check.label)}</th>"
        f"<td>{escape(check.found)}</td></tr>"
        for check in found
    )
    other, name = ("zh-Hans", "中文") if language == "en" else ("en", "English")
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(head)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(head)}</h1><table>{rows}</table>"
        f'<p><a href="?language={other}" lang="{other}">{name}</a></p></main></body></html>'
    )


STYLE = (
    "body{font:16px/1.6 sans-serif;margin:2rem;color:#1b1b1b;background:#fff}"
    "td,th{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #ccc;vertical-align:top}"
)
