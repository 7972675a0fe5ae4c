"""The quiet duties that a recurrence runs: small work of the system itself, safe to repeat, in short transactions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from django.db.models import Max, Min

from huying.ledger.audit import audit
from huying.ledger.models import Case

log = logging.getLogger(__name__)
SAMPLE = 200


@dataclass(frozen=True)
class Ran:
    """What one run did: how many things, and whether the administrators must look."""

    number: int
    alarm: bool = False


def audit_sample(day: date) -> Ran:
    """Fold some cases anew, other ones each day, all where there are few; how many differences, told in the log."""
    drawn = list(Case.objects.values_list("pk", flat=True)[: SAMPLE + 1])
    if len(drawn) > SAMPLE:
        keys = Case.objects.aggregate(first=Min("pk"), last=Max("pk"))
        between = range(keys["first"], keys["last"] + 1)
        drawn = Random(day.toordinal()).sample(between, SAMPLE)
    numbers = frozenset(Case.objects.filter(pk__in=drawn).values_list("number", flat=True))
    found = list(audit(numbers=numbers))
    for difference in found:
        log.error("%s", difference.words("en"))
    return Ran(len(found), alarm=bool(found))


FUNCTIONS: Mapping[str, Callable[[date], Ran]] = {"audit_sample": audit_sample}
"""By the name that `does` of a recurrence says; the names with their labels stand in `city/recurrence.py`."""
