"""The loop: each passed clock leaves exactly one entry, in due order, and nothing stops it (promise 8)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from huying import runner
from huying.ledger import audit
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from tests.cast import MORNING, act, after, call

pytestmark = pytest.mark.django_db


def dispatched(at: datetime = MORNING) -> Case:
    with standing_at(at):
        case = call()
        act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
        act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    return case


def acts(case: Case) -> list[str]:
    return list(Entry.objects.filter(case=case).order_by("seq").values_list("act", flat=True))


def test_before_anything_is_due_nothing_is_written() -> None:
    dispatched()
    assert runner.ring().passed == 0


def test_a_passed_intake_clock_is_an_entry_that_tells_the_desk() -> None:
    case = call()
    with standing_at(after("4h")):
        assert runner.ring().passed == 1
        assert runner.ring().passed == 0
    last = Entry.objects.filter(case=case).latest("seq")
    assert (last.act, last.actor, last.said) == ("pass", "clock", {"clock": "triage"})


def test_a_unit_that_never_signs_is_deemed_to_have_accepted() -> None:
    case = dispatched()
    with standing_at(after("1wd")):
        runner.ring()
    case.refresh_from_db()
    assert case.stage == "accepted"
    assert "accept" in acts(case)
    assert "organ:lighting" in case.folded().handlers


def test_a_long_downtime_is_caught_up_in_due_order() -> None:
    first, second = dispatched(), dispatched(MORNING + timedelta(hours=1))
    with standing_at(after("5wd") + timedelta(days=1)):
        done = runner.ring()
        assert not done.failed
        assert runner.ring().passed == 0
    passed = [e for e in Entry.objects.order_by("pk") if e.actor == "clock" and e.case_id in (first.pk, second.pk)]
    clocks = [str(entry.said.get("clock", entry.act)) for entry in passed if entry.case_id == first.pk]
    assert clocks.index("contact") < clocks.index("accept") < clocks.index("share") < clocks.index("answer")
    assert [entry.case_id for entry in passed][:2] == [first.pk, second.pk]
    assert list(audit.audit()) == []


def test_a_case_that_fails_stops_no_other() -> None:
    broken, whole = call(), call()
    Case.objects.filter(pk=broken.pk).update(state=broken.state.replace('"triage"', '"tirage"', 1))
    with standing_at(after("4h")):
        done = runner.ring()
    assert list(done.failed) == [broken.pk]
    assert acts(whole)[-1] == "pass"
