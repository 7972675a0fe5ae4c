"""The list of sessions: where a person is signed in, and the end of any of them from any other."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from huying.desk.models import Sitting
from huying.intake.limits import address

MARK = "sitting"
MINUTE = timedelta(minutes=1)
LONGEST = timedelta(hours=12)
"""However busy: after so long everybody signs in anew."""


def begin(request: HttpRequest, user: User) -> None:
    """Note that a browser has been signed in; called after Django gave its session a new key."""
    at = timezone.now()
    browser = request.headers.get("User-Agent", "")[:200]
    mark = _mark(request)
    Sitting.objects.update_or_create(
        mark=mark, defaults={"user": user, "began": at, "touched": at, "browser": browser, "place": address(request)}
    )
    request.session[MARK] = [mark, at.isoformat(), at.isoformat()]


def goes_on(request: HttpRequest) -> bool:
    """Whether the session still counts: not ended from elsewhere, not older than a working day can be."""
    mark, began, seen = request.session.get(MARK, ("", "", ""))
    at = timezone.now()
    if not mark or at - datetime.fromisoformat(began) > LONGEST:
        return False
    if at - datetime.fromisoformat(seen) > MINUTE:
        request.session[MARK] = [mark, began, at.isoformat()]
        return bool(Sitting.objects.filter(mark=mark).update(touched=at))
    return Sitting.objects.filter(mark=mark).exists()


def of(user: User) -> list[Sitting]:
    """Where the person is signed in, the newest first."""
    since = timezone.now() - LONGEST
    return list(Sitting.objects.filter(user=user, began__gt=since).order_by("-touched"))


def end(user: User, pk: int) -> None:
    """End one session of this person: its next request finds the entrance."""
    Sitting.objects.filter(user=user, pk=pk).delete()


def end_own(request: HttpRequest) -> None:
    """End the session of this very browser."""
    Sitting.objects.filter(mark=request.session.get(MARK, ("",))[0]).delete()


def end_all(user: User) -> None:
    """End every session of a person: their account was closed, or their password changed."""
    Sitting.objects.filter(user=user).delete()


def _mark(request: HttpRequest) -> str:
    """A hash, so that the table lends nobody a session."""
    return hashlib.sha256(str(request.session.session_key).encode()).hexdigest()
