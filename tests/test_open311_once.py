"""Retries that come at the same time are one case, on a database to which every one of them really commits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from huying.intake.models import Key, Retry
from huying.ledger import audit
from huying.ledger.models import Case
from tests.doors import fresh_hour, key, number, post

__all__ = ["fresh_hour"]


@pytest.fixture
def secret(committed: None) -> Iterator[str]:
    """The secret of a key that really is there, until the test is over."""
    yield key()[1]
    Key.objects.all().delete()
    Retry.objects.all().delete()


def requests() -> int:
    return Case.objects.filter(procedure="request").count()


@pytest.mark.parametrize("how", [{"once": "r1"}, {"source_ref": "r1"}, {"once": "r1", "source_ref": "r1"}])
def test_eight_retries_at_once_are_one_case(secret: str, how: dict[str, str]) -> None:
    ready = threading.Barrier(8)

    def send(_: int) -> str:
        ready.wait()
        try:
            return number(post(secret, **how))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        told = set(pool.map(send, range(8)))
    assert len(told) == 1 and requests() == 1
    assert list(audit.audit()) == []


def test_two_calls_under_one_idempotency_key_at_once_are_one_case_and_one_refusal(secret: str) -> None:
    ready = threading.Barrier(2)

    def send(ref: str) -> int:
        ready.wait()
        try:
            return int(post(secret, once="r1", source_ref=ref).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, ["x", "y"])) == [200, 409]
    assert requests() == 1
