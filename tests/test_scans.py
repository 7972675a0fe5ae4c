"""What every step asks of the database goes through an index: its cost must not grow with the city's years."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.ledger import find, guard
from huying.ledger.record import Intake, open_case
from tests.cast import MORNING, act, call, who

pytestmark = pytest.mark.django_db
SQLITE = connection.vendor == "sqlite"
STAGES = ("triage", "dispatch", "disputed", "review", "verify", "shelved")
INDEXES = {**dict.fromkeys(STAGES, "case_open_stage"), "escalated": "case_open_escalated", "unit": "case_open_lead"}
LAMP = {"title": "路灯不亮", "text": "坏了三天。"}


@pytest.fixture(autouse=True)
def tables_too_large_to_scan(db: None) -> None:
    """PostgreSQL reads a small table whole unless it is told not to; SQLite's plans don't look at the size."""
    if not SQLITE:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")


def plan(sql: str) -> list[str]:
    """The steps by which the database would answer."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if SQLITE else ''}{sql}")
        return [str(row[-1]) for row in cursor.fetchall()]


def scans(sql: str) -> list[str]:
    """The steps of the plan that read a whole table."""
    return [step for step in plan(sql) if re.search(r"(SCAN|Seq Scan on) ledger_(case|entry|document|listed)\b", step)]


def asked(queries: CaptureQueriesContext) -> list[str]:
    """The questions among what was sent: not the inserts, and not the transaction's own words."""
    return [query["sql"] for query in queries.captured_queries if query["sql"].startswith(("SELECT", "UPDATE"))]


def test_opening_a_case_that_comes_from_another_system_reads_no_table_whole() -> None:
    intake = Intake("request", LAMP, source_system="upstream", source_ref="2026-0615-1")
    with CaptureQueriesContext(connection) as queries:
        open_case(intake, who("hotline.1"))
    assert {sql: found for sql in asked(queries) if (found := scans(sql))} == {}


def test_an_act_reads_no_table_whole() -> None:
    case = call()
    with CaptureQueriesContext(connection) as queries:
        act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
        act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    assert {sql: found for sql in asked(queries) if (found := scans(sql))} == {}


def test_the_guard_reads_no_table_whole_before_a_row_is_written() -> None:
    """Its conditions run for every row of every case that is ever opened."""
    conditions = {one.name: re.sub(r"NEW\.(\w+)", "'1'", one.when) for one in guard.guards() if one.event == "INSERT"}
    assert {name: found for name, when in conditions.items() if (found := scans(f"SELECT {when}"))} == {}


@pytest.mark.parametrize("reader", ["supervision.1", "dispatch.1", "callback.1", "housing.1", "xihe-wenchang.1"])
@pytest.mark.parametrize("name", sorted(set(find.QUEUE_NAMES) - {"over_limit"}))
def test_a_queue_is_read_in_its_order_and_a_stage_by_itself(name: str, reader: str) -> None:
    """No page is sorted, and none walks through all that is open to find those of one stage."""
    for after in (None, (MORNING, 1)):
        with CaptureQueriesContext(connection) as queries:
            find.queue(name, who(reader), after=after)
        (sql,) = [sql for sql in asked(queries) if "ledger_case" in sql]
        steps = plan(sql)
        assert not any("Seq Scan" in step for step in steps), steps
        if SQLITE:  # what PostgreSQL chooses depends on how many cases there are
            assert any(INDEXES.get(name, "case_open_next") in step for step in steps), steps
            assert not any("TEMP B-TREE" in step for step in steps), steps
