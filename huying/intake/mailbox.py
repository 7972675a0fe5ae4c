"""A door for the city's mail server: SMTP on one address of this machine, handing each letter to `mail.receive`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection

from huying.errors import StorageError
from huying.intake.mail import Outcome, Taken, receive
from huying.notify.post import letters_of

log = logging.getLogger(__name__)
MOST_BYTES = 30 * 1024 * 1024


class _Door:
    """What aiosmtpd asks at each step. Letters are written in a thread, for the ledger's work isn't asynchronous."""

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """An address of ours has the token of a letter; any other is refused before a byte is sent."""
        if not await asyncio.to_thread(_ours, address):
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Kept, or a word why not; where it can't be kept now, the mail server is asked to try again."""
        try:
            outcomes = [await asyncio.to_thread(_take, envelope, address) for address in envelope.rcpt_tos]
        except StorageError as error:
            log.error("a letter waits at the mail server: %s", error)
            return "451 4.3.0 try again later"
        refused = next((outcome for outcome in outcomes if outcome.taken in (Taken.REFUSED, Taken.UNKNOWN)), None)
        return f"554 5.6.0 {_ascii(refused.why)}" if refused else "250 2.0.0 taken"


def _ours(address: str) -> bool:
    try:
        return bool(letters_of(address.partition("@")[0].partition("+")[2]))
    finally:
        connection.close()


def _take(envelope: Envelope, address: str) -> Outcome:
    content = envelope.content if isinstance(envelope.content, bytes) else b""
    try:
        return receive(content, sender=envelope.mail_from or "", recipient=address, language="en")
    finally:
        connection.close()


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()[:200]


@contextmanager
def listening(port: int) -> Iterator[None]:
    """The door, open on loopback while the block runs. Raises OSError where the port is taken."""
    controller = Controller(
        _Door(),
        hostname="127.0.0.1",
        port=port,
        data_size_limit=MOST_BYTES,
        server_hostname="huying",
        enable_SMTPUTF8=True,
    )
    controller.start()
    log.info("mail is taken on port %s, up to %s bytes a letter; mode %s", port, MOST_BYTES, settings.HUYING_MODE)
    try:
        yield
    finally:
        controller.stop()
