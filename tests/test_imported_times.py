"""What another system says of the past lies in the past: a promise never begins tomorrow."""

from __future__ import annotations

import pytest

from huying.errors import BadValue
from huying.ledger.actor import importer
from huying.ledger.models import Case
from huying.ledger.record import Intake, open_case

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("import", {"source_opened": "2026-06-16"}),
        ("import_handled", {"source_opened": "2026-06-16T00:00:01", "lead": "lighting"}),
        ("import_closed", {"source_opened": "2026-06-01", "source_closed": "2026-06-16"}),
        ("import_closed", {"source_opened": "2026-06-10", "source_closed": "2026-06-01"}),
    ],
)
def test_an_import_from_the_future_or_closed_before_it_was_opened_is_refused(act: str, said: dict[str, str]) -> None:
    before = Case.objects.count()
    with pytest.raises(BadValue):
        open_case(Intake("request", said, act=act), importer("test", "hotline"))
    assert Case.objects.count() == before


@pytest.mark.parametrize("opened", ["2026-06-15T09:00:00", "2026-06-15T18:00:00", "2026-06-15"])
def test_an_import_of_today_begins_now_at_the_latest(opened: str) -> None:
    said = {"source_opened": opened, "lead": "lighting"}
    case = open_case(Intake("request", said, act="import_handled"), importer("test", "hotline"))
    assert case.folded().clocks["answer"].began == "2026-06-15T01:00:00Z"
