"""Exactly what whoever called will get, before the act is done: it is done, put into words, and undone."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from huying.errors import say
from huying.ledger.actor import Actor
from huying.ledger.models import Case
from huying.ledger.record import record
from huying.ledger.writing import writing
from huying.notify.recipients import REQUESTER
from huying.notify.words import Message, to_requester

MASKED = "MASKED"


def letter(case: Case, act: str, actor: Actor, said: Mapping[str, object], seen: int, language: str) -> Message:
    """The letter in words, the personal link masked. Raises what `record` raises; nothing is written."""
    with writing():
        entry = record(case, act, actor, said, seen=seen)
        message = to_requester(entry, MASKED)
        transaction.set_rollback(True)
    lines = [_masked(line, language) for line in message.body.split("\n")]
    return Message(message.subject, "\n".join(lines))


def _masked(line: str, language: str) -> str:
    start = line.find("http")
    if MASKED not in line or start < 0:
        return line
    end = line.index(MASKED) + len(MASKED)
    return f"{line[:start]}[{say('personal link', language)}]{line[end:]}"


def told(tells: tuple[str, ...]) -> bool:
    """Whether an act tells whoever called."""
    return REQUESTER in tells
