"""The commands that stay: the pages with their loop, the loop alone; and the audit, which may take its time."""

from __future__ import annotations

import logging
import signal
import socket
import threading
import time
from collections.abc import Sequence

from django.conf import settings
from granian import Granian
from granian.constants import Interfaces

from huying import runner
from huying.cli import terminal
from huying.errors import HuyingError
from huying.ledger.audit import audit as differences
from huying.ledger.record import find

QUIET_SECONDS = 2.0


class PortTaken(HuyingError):
    message = "Nothing can listen on {host}:{port}: {why}."
    mend = "Stop what listens there, or choose another with --port or HUYING_PORT."


class Differs(HuyingError):
    message = "{cases} case(s) and {entries} entries checked: {count} difference(s)."
    mend = "Keep the database as it is and call the auditor."


def serve(port: int | None) -> None:
    """Serve the pages until stopped; on SQLite the same process runs the loop. Raises PortTaken."""
    host, chosen = settings.HUYING_HOST, port or settings.HUYING_PORT
    _free(host, chosen)
    spelled = f"[{host}]" if ":" in host else host
    terminal.aside(
        "Serving http://{host}:{port}/ for everybody, /desk/ for staff, /health for operators; stop with Ctrl+C.",
        host=spelled,
        port=chosen,
    )
    server = Granian(
        "huying.cli.wsgi:application",
        address=host,
        port=chosen,
        interface=Interfaces.RSGI,
        respawn_failed_workers=True,
        log_enabled=False,
        workers_kill_timeout=10,
    )
    server.serve()


def _free(host: str, port: int) -> None:
    """Refuse a port on which nothing can listen, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except (OSError, OverflowError) as error:
            raise PortTaken(host=host, port=port, why=getattr(error, "strerror", None) or error) from error


def run(*, once: bool) -> None:
    """Write an entry for every passed clock: one round, or round after round until stopped."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    if once:
        done = runner.turn()
        terminal.say("{clocks} passed clock(s) noted, {letters} letter(s) sent.", clocks=done.passed, letters=done.sent)
        if done.failed:
            raise Failed(count=len(done.failed))
        return
    stop = threading.Event()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wanted, lambda *_: stop.set())
    terminal.aside("The loop runs; stop with Ctrl+C.")
    runner.run(stop)


class Failed(HuyingError):
    message = "In {count} case(s) the clock can't be passed."
    mend = "The log names them; the other cases were done."


def audit(cases: Sequence[str]) -> None:
    """Check the ledger and print every difference, then one line of counts. Raises Differs."""
    numbers = frozenset(find(case).number for case in cases) if cases else None
    counted, found = Progress(), 0
    for difference in differences(numbers=numbers, progress=counted.note):
        found += 1
        terminal.line(difference.words(terminal.language()))
    if found:
        raise Differs(cases=counted.cases, entries=counted.entries, count=found)
    message = "{cases} case(s) and {entries} entries checked: no difference."
    terminal.say(message, cases=counted.cases, entries=counted.entries)


class Progress:
    """What has been checked so far, told on stderr where it takes longer than two seconds."""

    def __init__(self) -> None:
        self.cases = self.entries = 0
        self.told = time.monotonic()

    def note(self, cases: int, entries: int) -> None:
        """So many more were checked."""
        self.cases, self.entries = self.cases + cases, self.entries + entries
        if time.monotonic() - self.told > QUIET_SECONDS:
            self.told = time.monotonic()
            terminal.aside("{cases} case(s) and {entries} entries so far …", cases=self.cases, entries=self.entries)
