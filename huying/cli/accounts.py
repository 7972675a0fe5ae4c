"""Accounts on the command line: opening one, a new link for a password, closing one."""

from __future__ import annotations

from huying.city import store
from huying.cli import terminal
from huying.desk import accounts
from huying.ledger import administration
from huying.ledger.actor import Actor
from huying.ledger.writing import writing


def _administrator(key: str | None) -> Actor:
    return administration.administrator(store.current(), "security", key=key)


def add(key: str, administrator: str | None) -> None:
    """Open an account and print its link, alone on stdout."""
    _told(key, accounts.add(key, _administrator(administrator)))


def link(key: str) -> None:
    """Print a new link."""
    _told(key, accounts.link(key))


def _told(key: str, address: str) -> None:
    name = store.current().people[key].name
    terminal.aside("{name} chooses a password here; the link counts once, for three days:", name=name)
    terminal.line(address)


def grant(key: str, role: str, unit: str, reason: str, administrator: str | None) -> None:
    """Grant a role: an entry, without which a folder that names a new administrator can't be loaded."""
    said = {"person": key, "role": role, "unit": unit, "reason": reason}
    with writing():
        administration.note(_administrator(administrator), "grant", said)
    terminal.say("Granted: {key}, {role}, {unit}. It counts once posts.csv says so.", key=key, role=role, unit=unit)


def unlock(key: str, administrator: str | None) -> None:
    """Unlock an account."""
    accounts.unlock(key, _administrator(administrator))
    terminal.say("The account {key} is unlocked.", key=key)


def remove(key: str, administrator: str | None) -> None:
    """Close an account."""
    accounts.remove(key, _administrator(administrator))
    terminal.say("The account {key} is closed.", key=key)
