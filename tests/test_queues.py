"""The queues of open cases: whose turn it is, what is late, what is due soon; page after page."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.errors import BadValue
from huying.ledger import find
from huying.ledger.models import Case
from huying.ledger.now import standing_at
from tests.cast import MORNING, act, call, who

pytestmark = pytest.mark.django_db


def numbers(name: str, key: str = "dispatch.1") -> list[str]:
    return [case.number for case in find.queue(name, who(key))]


def test_each_queue_holds_what_waits_there() -> None:
    new, sorted_ = call(), call()
    act(sorted_, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    assert numbers("triage") == [new.number]
    assert numbers("dispatch") == [sorted_.number]
    assert set(numbers("all")) == {new.number, sorted_.number}


def test_soon_is_within_a_day_and_overdue_is_no_longer_soon() -> None:
    case = call()
    assert numbers("soon") == [case.number] and numbers("overdue") == []
    with standing_at(MORNING + timedelta(hours=5)):
        assert numbers("soon") == [] and numbers("overdue") == [case.number]
    for act_, key, said in (
        ("triage", "hotline.1", {"category": "streets.lamps", "area": "xihe-liuyuan"}),
        ("dispatch", "dispatch.1", {"lead": "lighting", "basis": "照明"}),
        ("accept", "lighting.1", {}),
        ("contact", "lighting.1", {}),
    ):
        act(case, act_, key, **said)
    assert numbers("soon") == numbers("overdue") == [] and numbers("unit", "lighting.1") == [case.number]


def test_a_queue_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(BadValue, match="overdue"):
        find.queue("overdeu", who("dispatch.1"))


def test_pages_follow_each_other_without_a_gap_or_a_double() -> None:
    made = {call().number for _ in range(7)}
    seen: list[Case] = []
    after = None
    while page := find.queue("all", who("dispatch.1"), after=after, most=3):
        seen += page
        assert page[-1].next_due is not None
        after = page[-1].next_due, page[-1].pk
    assert len(seen) == 7 and {case.number for case in seen} == made
