"""Pictures of which a caller gave only the address: fetched later by the loop, and put to the case.

Any number of loops may run: each row is leased for a while before the network is asked, and no transaction is
open meanwhile. What can't be fetched leaves an entry that says why, so that a person knows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings

from huying.errors import BadInput, HuyingError, NotFetched, sentence
from huying.intake.fetch import Fetcher
from huying.intake.models import Picture
from huying.ledger import attachments, documents
from huying.ledger.actor import REQUESTER, SYSTEM, Actor
from huying.ledger.now import now
from huying.ledger.record import record
from huying.ledger.said import Upload
from huying.ledger.writing import writing

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=15)
AGAIN = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
BUDGET_SECONDS = 10.0
# The system acts, and what it puts there is the requester's: of a sealed case it is sealed as well.
FETCHING = Actor(SYSTEM.key, relations=SYSTEM.relations | REQUESTER.relations)


def fetch_waiting(fetcher: Fetcher | None = None, *, seconds: float = BUDGET_SECONDS) -> int:
    """Fetch what is due, for about so many seconds; how many pictures were done with."""
    done, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and (picture := _leased()):
        try:
            done += _fetched(picture, fetcher or Fetcher())
        except HuyingError as error:  # one case's trouble stops no other's picture; the lease runs out
            log.warning("case %s: its picture waits: %s", picture.number, error)
    return done


def _leased() -> Picture | None:
    """The next picture that is due, and nobody else's for a quarter of an hour."""
    for picture in Picture.objects.filter(due__lte=now()).order_by("due")[:10]:
        with writing():
            mine = Picture.objects.filter(pk=picture.pk, due=picture.due)
            leased = mine.update(due=now() + LEASE, tries=picture.tries + 1)
        if leased:
            picture.tries += 1
            return picture
    return None


def _fetched(picture: Picture, fetcher: Fetcher) -> bool:
    """Fetch one caller's pictures; whether they are done with, for good or ill."""
    uploads: list[Upload] = []
    failures: list[HuyingError] = []
    for url in documents.body(picture.document).splitlines():
        try:
            upload = fetcher.fetch(url)
            attachments.check(upload)  # before the entry, so that a file which is no picture is told like one not found
            uploads.append(upload)
        except (NotFetched, BadInput) as failure:
            failures.append(failure)
    later = any(isinstance(failure, NotFetched) and failure.again for failure in failures)
    if later and picture.tries <= len(AGAIN):
        with writing():
            Picture.objects.filter(pk=picture.pk).update(due=now() + AGAIN[picture.tries - 1])
        return False
    _put(picture, uploads, failures)
    return True


def _put(picture: Picture, uploads: Sequence[Upload], failures: Sequence[HuyingError]) -> None:
    """Write the entry and forget the row, together."""
    said: dict[str, object] = {"evidence": tuple(uploads)} if uploads else {}
    if failures:
        said["reason"] = "\n".join(sentence(failure, settings.HUYING_LANGUAGE) for failure in failures)
    with writing():
        if said:
            record(picture.number, "attach", FETCHING, said, seen=None)
        picture.delete()
