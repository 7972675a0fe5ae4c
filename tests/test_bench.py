"""Invented cases are true cases: what `fill` makes stands up to everything that a real ledger is held to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from huying.bench import fill
from huying.bench.lives import LIVES
from huying.city import store
from huying.errors import RealCity
from huying.ledger import audit, documents, find, guard, rulebook
from huying.ledger.fold import fold
from huying.ledger.models import Case, Document, Entry, Identity
from huying.ledger.now import now, standing_at
from tests.cast import MORNING, act, who
from tests.commands import done, run
from tests.conftest import lay, wipe

MADE = 200


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One filled city for all of this module."""
    with django_db_blocker.unblock():
        with standing_at(MORNING):
            fill(MADE, seed=7)
        yield
        with guard.lifted():
            wipe()
        lay()
        connection.close()


def test_the_audit_is_silent_on_every_case() -> None:
    assert [difference.words() for difference in audit.audit()] == []
    assert Case.objects.exclude(procedure="administration").count() >= MADE


def test_every_stage_of_a_request_is_there_and_children_too() -> None:
    request = rulebook.procedure("request")
    found = Counter(Case.objects.filter(procedure="request").values_list("stage", flat=True))
    assert set(found) == {*request.stages, *request.final}
    assert Case.objects.filter(parent__procedure="request", procedure="task").exists()
    assert Case.objects.filter(into__isnull=False, stage="merged").exists()
    assert set(Case.objects.values_list("outcome", flat=True)) >= {"fixed", "explained", "not_true", "promised"}


def test_every_move_of_every_life_was_made() -> None:
    acts = set(Entry.objects.values_list("act", flat=True))
    assert {move.act for life in LIVES for move in life.moves} - acts == set()
    assert "pass" in acts and "lapse" in acts, "clocks pass in invented lives too"


def test_promise_6_someone_is_always_answerable() -> None:
    city = store.current()
    for case in Case.objects.filter(closed=None).exclude(procedure="administration"):
        state = case.folded()
        assert state.lead in city.units
        assert state.running, f"{case.number} stands at {case.stage} and no clock runs"


def test_promise_8_no_deadline_passed_without_an_entry() -> None:
    assert find.ringing(now()) == []


def test_copies_tell_of_one_time_and_share_nothing_else() -> None:
    """A life that was copied keeps its times; number, words, salt, keys and hashes are each case's own."""
    same = Counter(Case.objects.filter(procedure="request").values_list("opened", "lead"))
    (opened, lead), count = same.most_common(1)[0]
    assert count > 1
    cases = list(Case.objects.filter(opened=opened, lead=lead))
    assert len({case.number for case in cases}) == len({case.head for case in cases}) == count
    kept = Document.objects.filter(case__in=cases, field="text")
    assert len(set(kept.values_list("salt", flat=True))) == len(set(kept.values_list("body", flat=True))) == count


def test_texts_are_chinese_and_found_by_their_words() -> None:
    for text in Document.objects.filter(field="text", sealed=False):
        assert 30 <= len(text.body) <= 300
    one = Document.objects.filter(field="title", sealed=False).latest("pk")
    assert one.case in find.found(one.body, who("mayor"))


def test_callers_are_sealed_and_found_by_their_number() -> None:
    callers = Document.objects.filter(field="requester")
    assert callers.count() == Identity.objects.count() > 0
    assert all(caller.sealed and documents.intact(caller) for caller in callers)


def test_the_ledger_goes_on_from_an_invented_life() -> None:
    """A copy is no dead end: the next act by a real person is decided, written and audits."""
    for case in Case.objects.filter(stage="registered").order_by("-pk")[:3]:
        act(case, "triage", "dispatch.1", category="streets.lamps", area="xihe-liuyuan")
        assert case.folded() == fold(Entry.objects.filter(case=case).order_by("seq"))
        assert list(audit.audit(numbers=frozenset({case.number}))) == []


def test_lives_are_spread_over_units_areas_categories_and_two_years() -> None:
    cases = Case.objects.filter(procedure="request")
    for column, least in (("lead", 12), ("area", 12), ("category", 20)):
        assert cases.values(column).distinct().count() >= least
    first, last = cases.earliest("opened").opened, cases.latest("opened").opened
    assert last - first > timedelta(days=600)
    assert last <= now()


def test_the_same_seed_adds_nothing_and_another_seed_other_cases() -> None:
    before = set(Case.objects.values_list("number", flat=True))
    assert fill(MADE, seed=7) == 0
    assert fill(5, seed=8) >= 5
    after = list(Case.objects.values_list("number", flat=True))
    assert len(after) == len(set(after)) >= len(before) + 5
    heard: list[int] = []
    assert fill(MADE + 10, seed=7, progress=heard.append) >= 10
    assert heard[-1] >= MADE + 10


def test_the_command_line_fills() -> None:
    before = Case.objects.count()
    assert re.fullmatch(r"新造虚构事项 \d+ 件，每秒 \d+ 件。\n", done("bench", "fill", "3", "--seed", "9").out)
    assert Case.objects.count() >= before + 3
    assert run("bench", "fill", "0").code == 2


def test_a_real_city_is_never_filled() -> None:
    before = Case.objects.count()
    with override_settings(HUYING_MODE="production"), pytest.raises(RealCity):
        fill(1)
    assert Case.objects.count() == before
