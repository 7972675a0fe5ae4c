"""Every filter of GET requests: numbers, services, spans of time, status, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.ledger.now import standing_at
from tests.cast import MORNING, act, call
from tests.doors import V2, errors, fresh_hour, get, tree

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def days(db: None) -> dict[int, str]:
    """One request a day ago, one 40 and one 120 days ago, and one now that was withdrawn; by age in days."""
    numbers = {}
    for age, category in ((120, "streets.lamps"), (40, "streets.roads"), (1, "streets.lamps"), (0, "streets.roads")):
        with standing_at(MORNING - timedelta(days=age)):
            case = call("requester", text="路灯不亮", category=category)
            numbers[age] = case.number
    act(case, "withdraw", "requester")
    return numbers


def ages(days: dict[int, str], **query: Any) -> list[int]:
    """The ages of the requests that a question finds, in the order in which they come."""
    by_number = {number: age for age, number in days.items()}
    return [by_number[row["service_request_id"]] for row in get(f"{V2}/requests.json", **query).json()]


def test_without_a_filter_the_last_ninety_days_come_newest_first(days: dict[int, str]) -> None:
    assert ages(days) == [0, 1, 40]


def test_numbers_override_every_other_filter(days: dict[int, str]) -> None:
    both = f"{days[120]}, {days[1]}"
    assert ages(days, service_request_id=both, status="closed", start_date="2026-06-15") == [1, 120]
    assert ages(days, service_request_id=[days[120], days[0]]) == [0, 120]
    assert ages(days, service_request_id="3,5") == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"service_code": "streets.lamps"}, [1]),
        ({"service_code": "streets.lamps,streets.roads"}, [0, 1, 40]),
        ({"service_code": ["streets.lamps", "streets.roads"]}, [0, 1, 40]),
        ({"service_code": "no.such"}, []),
        ({"service_code": ""}, [0, 1, 40]),
        ({"status": "open"}, [1, 40]),
        ({"status": "closed"}, [0]),
        ({"status": "open,closed"}, [0, 1, 40]),
        ({"status": ["open", "closed"]}, [0, 1, 40]),
        ({"start_date": "2026-06-01T00:00:00Z"}, [0, 1]),
        ({"end_date": "2026-05-31T00:00:00Z"}, [40]),
        ({"start_date": "2026-02-10T00:00:00+08:00"}, [40, 120]),
        ({"start_date": "2026-02-10T00:00:00 08:00"}, [40, 120]),
        ({"start_date": "2026-02-01", "end_date": "2026-02-28"}, [120]),
        ({"start_date": "2026-06-14T09:00:00+08:00", "end_date": "2026-06-14T09:00:00+08:00"}, [1]),
        ({"start_date": "2026-06-14T01:00:01Z", "end_date": "2026-06-15T00:59:59Z"}, []),
        ({"start_date": "2026-06-14T09:00:00"}, [0, 1]),
        ({"start_date": "2026-06-14", "end_date": "2026-06-14", "status": "open"}, [1]),
        ({"page_size": "2"}, [0, 1]),
        ({"page_size": "2", "page": "2"}, [40]),
        ({"page_size": "2", "page": "3"}, []),
    ],
)
def test_a_filter_finds(days: dict[int, str], query: dict[str, Any], found: list[int]) -> None:
    assert ages(days, **query) == found


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"start_date": "2019/2/30"}, "2019/2/30"),
        ({"start_date": "2026-02-30T00:00:00Z"}, "2026-02-30"),
        ({"end_date": "昨天"}, "昨天"),
        ({"start_date": "0001-01-01T00:00:00+14:00"}, "0001-01-01"),
        ({"end_date": "9999-12-31T23:59:59-12:00"}, "9999-12-31"),
        ({"start_date": "2026-06-15T25:00:00Z"}, "25:00"),
        ({"start_date": "2026-01-01", "end_date": "2026-06-01"}, "90"),
        ({"start_date": "2026-06-15", "end_date": "2026-06-01"}, "90"),
        ({"start_date": ["2026-06-01", "2026-06-02"]}, "2"),
        ({"status": "resolved"}, "resolved"),
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page_size": "1001"}, "1000"),
        ({"page_size": "²"}, "page_size"),
        ({"page": "99999999999999999999"}, "page"),
    ],
)
@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_filter_that_cant_be_read_is_told(query: dict[str, Any], words: str, form: str) -> None:
    [(code, text)] = errors(get(f"{V2}/requests.{form}", **query))
    assert code == 400 and words in text


def test_ninety_days_are_allowed_and_a_second_more_is_not(days: dict[int, str]) -> None:
    span = {"start_date": "2026-03-17T09:00:00+08:00", "end_date": "2026-06-15T09:00:00+08:00"}
    assert ages(days, **span) == [0, 1, 40]
    assert errors(get(f"{V2}/requests.json", **{**span, "end_date": "2026-06-15T09:00:01+08:00"}))


def test_the_last_change_of_a_closed_request_is_its_closing(days: dict[int, str]) -> None:
    [row] = get(f"{V2}/requests/{days[0]}.json").json()
    assert (row["status"], row["status_notes"]) == ("closed", "已撤回")
    assert row["updated_datetime"] == "2026-06-15T09:00:00+08:00"


def test_a_look_at_an_identity_doesnt_show_as_a_change() -> None:
    with standing_at(MORNING - timedelta(days=1)):
        case = call()
    before = get(f"{V2}/requests/{case.number}.json").json()
    act(case, "look", "hotline.1", reason="核对电话")
    assert get(f"{V2}/requests/{case.number}.json").json() == before


def test_many_requests_take_as_many_queries_as_one() -> None:
    counted = []
    get(f"{V2}/requests.xml")  # what is read once and kept doesn't count
    for more in (1, 9):
        for _ in range(more):
            call("requester", text="路灯不亮", category="streets.lamps")
        with CaptureQueriesContext(connection) as queries:
            rows = len(tree(get(f"{V2}/requests.xml")))
        counted.append((rows, len(queries)))
    assert counted[0][0] == 1 and counted[1] == (10, counted[0][1])
