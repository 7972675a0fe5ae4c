"""A button that is pressed twice acts once: the form's token is written in the act's own transaction."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from huying.desk.models import Press
from huying.ledger.models import Entry
from huying.ledger.writing import writing

REMEMBERED = timedelta(days=3)


def token() -> str:
    """A new token for a form."""
    return secrets.token_urlsafe(16)


def once(who: str, given: str, do: Callable[[], Entry]) -> tuple[str, int]:
    """Do it, unless this person's form with this token has done it; the case's number and the entry's, either way.

    Raises what `do` raises; then the token is as good as before.
    """
    with writing():
        name = f"{who}:{given[:100] or token()}"
        press, new = Press.objects.get_or_create(token=name, defaults={"at": timezone.now()})
        if new:
            entry = do()
            press.number, press.seq = entry.case.number, entry.seq
            press.save(update_fields=["number", "seq"])
            Press.objects.filter(at__lt=timezone.now() - REMEMBERED).delete()
        return press.number, press.seq
