"""The sandbox: a call is opened for real, looked at, and undone, so that everything is checked and nothing is kept.

What the public would see of it is kept for a day, for whoever tries things out to read it back.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.utils import timezone

from huying.intake.models import Key, Trial
from huying.ledger import find
from huying.ledger.actor import REQUESTER
from huying.ledger.find import PublicView, Wanted
from huying.ledger.models import Case
from huying.ledger.record import Intake, open_case
from huying.ledger.writing import writing

KEPT = timedelta(days=1)
_TIMES = ("opened", "due", "closed", "updated")


class Undone(Exception):
    """Carries what would have been opened out of the transaction that it undoes."""

    def __init__(self, number: str, view: PublicView | None) -> None:
        super().__init__(number)
        self.number, self.view = number, view


def opened(intake: Intake, key: Key, mark: str) -> str:
    """Open a call and undo it; its number, the same one for a retry by `mark`. Raises what `open_case` raises."""
    known = Trial.objects.filter(mark=mark, at__gt=timezone.now() - KEPT).first() if mark else None
    if known is not None:
        return known.number
    try:
        open_case(Intake(intake.procedure, intake.said), REQUESTER, beside=_undo)
    except Undone as trial:
        view = _written(trial.view) if trial.view else ""
        with writing():
            Trial.objects.create(number=trial.number, key=key, mark=mark, at=timezone.now(), view=view)
        return trial.number
    raise AssertionError


def _undo(case: Case) -> None:
    raise Undone(case.number, find.public(case))


def _written(view: PublicView) -> str:
    return json.dumps({name: str(value) if name in _TIMES and value else value for name, value in vars(view).items()})


def _read(text: str) -> PublicView:
    told = json.loads(text)
    times = {name: datetime.fromisoformat(told[name]) if told[name] else None for name in _TIMES}
    return PublicView(**{**told, **times})


def published(wanted: Wanted) -> list[PublicView]:
    """The same answer as `find.published`, from the trials of the last day."""
    rows = Trial.objects.filter(at__gt=timezone.now() - KEPT).exclude(view="").order_by("-at", "number")
    if wanted.numbers is not None:
        rows = rows.filter(number__in=wanted.numbers)
    views = [view for view in map(_read, rows.values_list("view", flat=True)) if _fits(view, wanted)]
    return views[wanted.first : wanted.first + wanted.most]


def _fits(view: PublicView, wanted: Wanted) -> bool:
    """Whether a trial is among those asked for; none of them is ever closed."""
    early = wanted.since is not None and view.opened < wanted.since
    late = wanted.until is not None and view.opened > wanted.until
    return not (early or late or wanted.closed) and (not wanted.categories or view.category in wanted.categories)


def sweep() -> int:
    """Forget the trials of yesterday; how many rows."""
    old = Trial.objects.filter(at__lt=timezone.now() - KEPT)
    if not old.exists():
        return 0
    with writing():
        return old.delete()[0]
