"""Pictures by address: kept as words at once, fetched later by the loop, put to the case as the requester's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from huying import runner
from huying.errors import NotFetched
from huying.intake import pictures
from huying.intake.fetch import Fetcher
from huying.intake.models import Picture
from huying.ledger import audit
from huying.ledger.models import Case, Document, Entry
from huying.ledger.now import standing_at
from huying.ledger.said import Upload
from tests.cast import MORNING
from tests.doors import fresh_hour, key, number, photo, post

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
HERE, GONE, LATER, EXE = (f"http://pictures.example/{name}" for name in ("a.jpg", "gone.jpg", "later.jpg", "exe.jpg"))


class Net(Fetcher):
    """What lies at which address; asking is noted."""

    contents: Mapping[str, bytes] = {HERE: photo(), EXE: b"MZ\x90\x00" + b"\x00" * 100}

    def fetch(self, url: str) -> Upload:
        """The content at an address of the tests."""
        if url not in self.contents:
            raise NotFetched(url=url, why="404", again=url == LATER)
        return Upload("a.jpg", self.contents[url])


def case_with(*urls: str, **said: Any) -> Case:
    return Case.objects.get(number=number(post(key()[1], media_url=list(urls), **said)))


def attached(case: Case) -> list[tuple[str, list[str]]]:
    """Each `attach` entry: its reason, and the kinds of files that came with it."""
    found = []
    for entry in Entry.objects.filter(case=case, act="attach").order_by("seq"):
        keys = [part.split(":")[0] for value in entry.said.values() for part in str(value).split("\n")]
        documents = Document.objects.filter(key__in=keys)
        reason = documents.filter(field="reason").first()
        found.append((reason.body if reason else "", [each.media for each in documents.filter(field="evidence")]))
    return found


def test_a_call_with_an_address_is_kept_before_anything_is_fetched() -> None:
    case = case_with(HERE)
    assert Document.objects.get(case=case, field="media_url").body == HERE
    assert (Picture.objects.get().number, attached(case)) == (case.number, [])


def test_a_picture_is_put_to_the_case_once() -> None:
    case = case_with(HERE)
    assert pictures.fetch_waiting(Net()) == 1
    assert attached(case) == [("", ["image/jpeg"])]
    assert pictures.fetch_waiting(Net()) == 0 and not Picture.objects.exists()
    assert list(audit.audit()) == []


def test_what_isnt_there_or_is_no_picture_is_told_to_a_person() -> None:
    case = case_with(HERE, GONE, EXE)
    assert pictures.fetch_waiting(Net()) == 1
    [(reason, kinds)] = attached(case)
    assert kinds == ["image/jpeg"] and "gone.jpg 取不到" in reason and "按内容看不是照片" in reason


def test_what_may_be_there_later_is_tried_again_and_given_up_in_the_end() -> None:
    case = case_with(LATER)
    tried, at = [], MORNING
    for wait in (*pictures.AGAIN, timedelta(days=1)):
        with standing_at(at):
            tried.append(pictures.fetch_waiting(Net()))
            assert pictures.fetch_waiting(Net()) == 0, "not before its time"
        at += wait
    assert tried == [0, 0, 0, 0, 1]
    assert "later.jpg 取不到" in attached(case)[0][0]


def test_a_sealed_cases_picture_is_sealed() -> None:
    case = case_with(HERE, **{"attribute[wish]": "confidential"})
    pictures.fetch_waiting(Net())
    assert [each.sealed for each in Document.objects.filter(case=case, field="evidence")] == [True]


def test_of_a_forgotten_case_nothing_is_fetched() -> None:
    case = case_with(HERE)
    document = Document.objects.get(case=case, field="media_url")
    Document.objects.filter(pk=document.pk).update(erased=MORNING, body="", salt="", blob="", name="")
    assert pictures.fetch_waiting(Net()) == 1
    assert attached(case) == [] and not Picture.objects.exists()


def test_a_loop_that_died_while_fetching_is_taken_over_after_its_lease() -> None:
    case = case_with(HERE)
    assert pictures._leased() is not None
    assert pictures.fetch_waiting(Net()) == 0
    with standing_at(MORNING + pictures.LEASE):
        assert pictures.fetch_waiting(Net()) == 1
    assert len(attached(case)) == 1


def test_an_address_inside_is_never_asked_and_the_loop_says_so() -> None:
    case = case_with("http://127.0.0.1:1/a.jpg")
    runner.turn()
    assert "它指向内部网络" in attached(case)[0][0]
