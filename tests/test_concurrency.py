"""Many at once: threads on one case and on one family, processes on one database, and kill -9."""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from huying.errors import HuyingError
from huying.ledger import attachments, audit, documents, guard, rulebook
from huying.ledger.models import Case, Document, Entry
from huying.ledger.record import Intake, open_case, record
from tests.cast import act, call, who
from tests.conftest import lay, wipe
from tests.together import at_once, beside
from tests.walks import Walk

TASK = {"lead": "parks", "due": "10wd"}


@pytest.fixture(scope="module", autouse=True)
def committed_together(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database to which all tests here really commit; laid anew after the last."""
    with django_db_blocker.unblock():
        yield
        with guard.lifted():
            wipe()
        lay()
        connection.close()


@pytest.fixture(autouse=True)
def silent_audit(committed_together: None) -> Iterator[None]:
    """Whatever happened at once, the ledger agrees with itself afterwards."""
    yield
    assert [difference.words("en") for difference in audit.audit()] == []


def dispatched(lead: str = "lighting") -> Case:
    """A request that was dispatched."""
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead=lead, basis="城市照明管理规定")
    return case


def supported(children: int) -> tuple[Case, list[Case]]:
    """A request in progress with supporting tasks that await confirmation."""
    case = dispatched()
    act(case, "support", "dispatch.1", children=[TASK] * children)
    tasks = list(Case.objects.filter(parent=case).order_by("pk"))
    for task in tasks:
        act(task, "accept", "parks.1")
        act(task, "submit", "parks.1", reply="已修剪遮挡路灯的树枝。", outcome="fixed")
    return case, tasks


def step(case: Case, name: str, key: str, **said: object) -> Callable[[], Entry]:
    """An act by somebody who has read the case as it stands now."""
    case.refresh_from_db()
    return partial(record, Case.objects.get(pk=case.pk), name, who(key), said, seen=case.turn)


def kinds(results: list[object]) -> Counter[str]:
    """How often each kind of thing came out."""
    return Counter(type(result).__name__ for result in results)


def test_of_eight_who_decide_at_once_one_is_written_and_seven_look_again() -> None:
    case = call()
    said = {"category": "streets.lamps", "area": "xihe-liuyuan"}
    results = at_once([step(case, "triage", f"hotline.{n % 3 + 1}", **said) for n in range(8)])
    assert kinds(results) == {"Entry": 1, "Stale": 7}
    case.refresh_from_db()
    assert (case.seq, case.stage) == (2, "triaged")


def test_quiet_acts_at_once_all_succeed() -> None:
    case = dispatched()
    before = case.seq
    results = at_once([step(case, "note", "hotline.1", text=f"来电 {n}") for n in range(8)])
    assert kinds(results) == {"Entry": 8}
    case.refresh_from_db()
    assert case.seq == before + 8


def test_a_note_makes_nobody_stale_who_read_the_case_before_it() -> None:
    case = dispatched()
    notes = [step(case, "note", "hotline.1", text=f"来电 {n}") for n in range(7)]
    results = at_once([*notes, step(case, "accept", "lighting.1")])
    assert kinds(results) == {"Entry": 8}
    case.refresh_from_db()
    assert case.stage == "accepted"


def test_eight_children_closed_at_once_are_eight_entries_on_their_parent() -> None:
    parent, tasks = supported(8)
    results = at_once([step(task, "confirm", "lighting.2") for task in tasks])
    assert kinds(results) == {"Entry": 8}
    parent.refresh_from_db()
    part = parent.folded().children["support"]
    assert (part.open, part.closed) == (0, 8)
    assert Entry.objects.filter(case=parent, act="child").count() == 8


@pytest.mark.parametrize("turn", range(3))
def test_a_merge_and_a_withdrawal_of_its_survivor_do_not_both_happen(turn: int) -> None:
    case, survivor = dispatched(), dispatched()
    merge = step(case, "merge", "hotline.1", into=survivor.number)
    results = at_once([merge, step(survivor, "withdraw", "callback.1")])
    case.refresh_from_db()
    survivor.refresh_from_db()
    assert kinds(results)["Entry"] == 1
    assert (case.stage, survivor.stage) in {("merged", "dispatched"), ("dispatched", "withdrawn")}


@pytest.mark.parametrize("turn", range(3))
def test_of_two_that_are_merged_into_each_other_one_survives(turn: int) -> None:
    one, two = dispatched(), dispatched()
    into = [step(one, "merge", "hotline.1", into=two.number), step(two, "merge", "hotline.2", into=one.number)]
    results = at_once(into)
    assert kinds(results) == {"Entry": 1, "CannotMerge": 1}
    assert Case.objects.filter(pk__in=[one.pk, two.pk], closed=None, into=None).count() == 1


def test_a_child_closed_and_reopened_at_once_leaves_its_parent_right() -> None:
    parent, (task, other) = supported(2)
    act(task, "confirm", "lighting.2")
    results = at_once(
        [
            step(task, "reopen", "lighting.2", reason="又坏了"),
            step(task, "reopen", "supervision.1", reason="又坏了"),
            step(other, "confirm", "lighting.2"),
            step(parent, "withdraw", "callback.1"),
        ]
    )
    parent.refresh_from_db()
    counted = parent.folded().children["support"]
    assert counted.open == Case.objects.filter(parent=parent, closed=None).count()
    assert not (parent.closed and counted.open), results


@pytest.mark.parametrize("turn", range(3))
def test_two_cases_moved_under_each_other_at_once_make_no_circle(turn: int) -> None:
    _, tasks = supported(2)
    for task in tasks:
        act(task, "send_back", "lighting.2", reason="还没修好")
        act(task, "task", "parks.1", children=[TASK])
    one, two = (Case.objects.get(parent=task) for task in tasks)
    for deep in (one, two):
        act(deep, "accept", "parks.1")
    moves = [
        step(one, "move", "supervision.1", parent=two.number, reason="改挂"),
        step(two, "move", "supervision.2", parent=one.number, reason="改挂"),
    ]
    results = at_once(moves)
    assert kinds(results) == {"Entry": 1, "CannotMerge": 1}, results


@pytest.mark.parametrize("turn", range(3))
def test_two_cases_moved_under_each_others_grandchildren_at_once_make_no_circle(turn: int) -> None:
    one, below_one = _line()
    two, below_two = _line()
    moves = [
        step(one, "move", "supervision.1", parent=below_two.number, reason="改挂"),
        step(two, "move", "supervision.2", parent=below_one.number, reason="改挂"),
    ]
    assert kinds(at_once(moves)) == {"Entry": 1, "CannotMerge": 1}


def _line() -> tuple[Case, Case]:
    """A task below a support, and the task below that: none of them is locked when the other line is moved."""
    _, (support,) = supported(1)
    act(support, "send_back", "lighting.2", reason="还没修好")
    line: list[Case] = []
    for above in (support, None):
        parent = above or line[0]
        act(parent, "task", "parks.1", children=[TASK])
        line.append(Case.objects.get(parent=parent))
        act(line[-1], "accept", "parks.1")
    return line[0], line[1]


def test_two_openings_with_one_source_reference_are_one_case() -> None:
    said = {"title": "路灯不亮", "text": "柳园路 12 号门前", "type": "help"}
    intake = Intake("request", said, source_system="province", source_ref="P-2026-0615-7")
    results = at_once([partial(open_case, intake, who("hotline.1")) for _ in range(8)])
    assert kinds(results) == {"Case": 8}
    assert len({result.pk for result in results if isinstance(result, Case)}) == 1
    assert Case.objects.filter(source_ref="P-2026-0615-7").count() == 1


def test_two_hundred_random_acts_at_once_over_one_family_hold_nobody_up(tmp_path: Path) -> None:
    family = _family()
    steps = [partial(_random_acts, seed, family, tmp_path) for seed in range(8)]
    results = at_once(steps)
    assert all(isinstance(result, Counter) for result in results), results
    together: Counter[str] = sum((r for r in results if isinstance(r, Counter)), Counter())
    assert sum(together.values()) == 200
    assert together["Entry"] > 20


def _family() -> list[int]:
    """Two requests with supports, a task below one of them, and a third request to merge with."""
    parent, tasks = supported(3)
    other, more = supported(2)
    act(tasks[0], "send_back", "lighting.2", reason="还没修好")
    act(tasks[0], "task", "parks.1", children=[TASK])
    return [case.pk for case in (parent, other, dispatched(), *tasks, *more, *Case.objects.filter(parent=tasks[0]))]


def _random_acts(seed: int, family: list[int], folder: Path) -> Counter[str]:
    """Twenty-five acts on random members of the family, by people who may; only deliberate refusals are let by."""
    rng, outcome = Random(seed), Counter[str]()
    walk = Walk(rng, folder)
    for _ in range(25):
        case = Case.objects.get(pk=rng.choice(family))
        acts = [a for a in rulebook.procedure(case.procedure).acts.values() if not a.begins]
        declared = rng.choice(acts)
        able = walk.able(case, declared) or ["hotline.1"]
        said = walk.says(declared, case, careful=True)
        try:
            record(case, declared.name, who(rng.choice(able)), said, seen=case.turn)
        except HuyingError as refusal:
            outcome[type(refusal).__name__] += 1
        else:
            outcome["Entry"] += 1
    return outcome


def test_two_processes_write_to_one_database_beside_a_third() -> None:
    others = [beside("25"), beside("25")]
    mine = [call().number for _ in range(25)]
    printed = [line.strip() for other in others for line in _output(other)]
    assert len(printed) == 50
    assert Case.objects.filter(number__in=[*printed, *mine]).count() == 75


def _output(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.splitlines()


KILLS = 3


@pytest.mark.parametrize("turn", range(KILLS))
def test_promise_01_what_was_received_outlives_a_kill(turn: int) -> None:
    process = beside("0", "photo")
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(Random(turn).uniform(0.05, 0.6))
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    # A number whose line wasn't ended was still being told: the caller had no receipt yet.
    told = [line.strip() for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]
    assert told
    kept = Document.objects.filter(case__number__in=told, field="evidence").exclude(blob="")
    assert Case.objects.filter(number__in=told).count() == len(told) == kept.count()
    assert all(documents.intact(file) for file in kept)


def test_killed_writers_leave_no_half_written_file_under_a_name() -> None:
    process = beside("0", "photo")
    assert process.stdout is not None and process.stdout.readline()
    process.kill()
    process.communicate(timeout=60)
    files = [path for path in (Path(settings.HUYING_HOME) / "files").glob("??/*") if len(path.name) == 64]
    assert files and all(attachments.intact(path.name) for path in files)
