"""One person in the whole ledger: the cases that they opened, found by their phone or by a case's number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from huying.errors import BadInput
from huying.ledger import rulebook
from huying.ledger.models import Case, Entry
from huying.ledger.number import read
from huying.ledger.record import find
from huying.ledger.requester import phone_key
from huying.ledger.said import Requester


class UnknownCaller(BadInput):
    message = "No case is kept under that telephone number."
    mend = "Check the number; whoever gave none is found by the number of their case only."


def cases_of(who: str) -> list[Case]:
    """The cases of a person, oldest first: of a telephone number all, of a case's number that one.

    Raises UnknownCase and UnknownCaller.
    """
    if not re.search(r"\d", who) or _is_number(who):
        return [find(who)]
    key = phone_key(Requester(phone=who))
    found = list(Case.objects.filter(identity__phone_key=key).order_by("pk")) if key else []
    if not found:
        raise UnknownCaller()
    return found


def _is_number(who: str) -> bool:
    """Whether it is a case's number by its check digit; a phone of twelve digits passes one time in ten, and is
    none where no case has it."""
    try:
        return Case.objects.filter(number=read(who)).exists()
    except BadInput:
        return False


def with_parts(cases: Iterable[Case]) -> list[Case]:
    """These cases, everything below them, and what was opened to follow them up: the words may stand there too."""
    found: dict[int, Case] = {}
    level = list(cases)
    while level:
        found.update({case.pk: case for case in level})
        below = [*Case.objects.filter(parent__in=[case.pk for case in level]), *_follow_ups(level)]
        level = [case for case in below if case.pk not in found]
    return [found[pk] for pk in sorted(found)]


def _follow_ups(cases: Sequence[Case]) -> list[Case]:
    """Cases that cite these, alarms among them. The citing case alone says so, so only the kinds that may are read."""
    opened: list[Case] = []
    for case in cases:
        acts = rulebook.procedure(case.procedure).acts.values()
        opening = {act.name: act.follow_up for act in acts if act.follow_up}
        done = set(Entry.objects.filter(case=case, act__in=opening).values_list("act", flat=True))
        kinds = {opening[name] for name in done} | {act.alarms for act in acts if act.alarms}
        cited = Case.objects.filter(procedure__in=kinds, pk__gt=case.pk, parent=None)
        opened += cited.filter(state__contains=f'"source":"{case.number}"')
    return opened
