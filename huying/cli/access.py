"""Keys on the command line: issuing one, which is shown once, listing them, revoking one."""

from __future__ import annotations

from huying.city import store
from huying.cli import terminal
from huying.intake import keys
from huying.ledger import administration
from huying.ledger.actor import Actor
from huying.ledger.timewords import day_words


def _administrator(key: str | None) -> Actor:
    return administration.administrator(store.current(), key=key)


def add(owner: str, scope: str, per_hour: int, reason: str, key: str | None) -> None:
    """Issue a key and print its secret, alone on stdout, so that it can go where it is needed and nowhere else."""
    issued, secret = keys.issue(owner, scope, _administrator(key), per_hour=per_hour, reason=reason)
    terminal.aside(
        "Key {number} for {owner}: {scope}, {most} an hour. It is shown only now:",
        number=issued.pk, owner=issued.owner, scope=keys.SCOPES[scope], most=per_hour,
    )  # fmt: skip
    terminal.line(secret)


def everyone() -> None:
    """Print every key that was ever issued, newest first; never a secret."""
    language, calendar = terminal.language(), store.current().calendar
    told = ("Number", "Owner", "Scope", "An hour", "Issued", "Revoked")
    rows = [
        (
            str(each.pk), each.owner, keys.SCOPES[each.scope][language], str(each.per_hour),
            day_words(calendar.local(each.issued).date(), language),
            day_words(calendar.local(each.revoked).date(), language) if each.revoked else "",
        )
        for each in keys.everyone()
    ]  # fmt: skip
    terminal.table([terminal.words(msgid) for msgid in told], rows)


def revoke(number: int, reason: str, key: str | None) -> None:
    """Revoke a key; whoever still uses it is told that it isn't valid."""
    revoked = keys.revoke(number, reason, _administrator(key))
    terminal.say("Key {number} of {owner} is revoked.", number=revoked.pk, owner=revoked.owner)
