"""How the post stands: since when a letter should have gone and hasn't, and how many came to nothing. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q

from huying.ledger.now import now
from huying.notify.models import FAILED, SENDING, WAITING, Letter
from huying.notify.post import wait
from huying.notify.recipients import REQUESTER

LOOKED_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Backlog:
    """`since` is when the oldest letter that no channel has accepted should have gone; None where none is late.

    `staff` and `callers` count the letters that failed for good in the last seven days.
    """

    configured: bool = False
    since: datetime | None = None
    staff: int = 0
    callers: int = 0


def backlog() -> Backlog:
    """Look once. Raises the database's own error where it is away."""
    at = now()
    groups = Letter.objects.filter(state__in=[WAITING, SENDING]).values("state", "tries").annotate(due=Min("due"))
    firsts = [_first(str(group["state"]), int(group["tries"]), group["due"]) for group in groups]
    callers = Count("pk", filter=Q(to=REQUESTER))
    failed = Letter.objects.filter(state=FAILED, at__gt=at - LOOKED_BACK).aggregate(all=Count("pk"), callers=callers)
    return Backlog(
        configured=bool(settings.HUYING_SMTP_URL),
        since=min((first for first in firsts if first <= at), default=None),
        staff=failed["all"] - failed["callers"],
        callers=failed["callers"],
    )


def _first(state: str, tries: int, due: datetime) -> datetime:
    """When a letter should have gone at first: each refusal has moved its due time on."""
    refused = tries - (state == SENDING)
    return due - sum((wait(each) for each in range(1, refused + 1)), timedelta())
