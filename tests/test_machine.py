"""Random acts by random people over random time, and every promise looked at after every step.

First Hypothesis draws days in a small city; then acts that none of those days has seen are steered towards,
so that a run ends with every act done or names those that never were. `HUYING_SOAK=20` walks twenty times as
many days, longer ones, and draws anew each time; without it the same days are walked on every machine, in the
time that `make test` has.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from pytest_django.plugin import DjangoDbBlocker

from huying.city.facts import ADMINISTRATORS
from huying.ledger import rulebook, urging
from huying.ledger.vocabulary import Act
from tests import plans, steering
from tests.walks import Tally, Walk

SOAK = int(os.environ.get("HUYING_SOAK", "0"))
EXAMPLES = 80 * (SOAK or 1)
STEPS = 18 if SOAK else 6
SEEDS = 20
"""How many walks try to reach an act that none of the examples has done."""
seeds = st.integers(0, 2**32 - 1)
Goal = tuple[str, str]


@pytest.fixture
def alone(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database without a transaction around the test: each walk has one of its own, which is rolled back."""
    with django_db_blocker.unblock():
        yield
        connection.close()


def machine(goals: Sequence[Goal], done: Tally, folder: Path) -> type[RuleBasedStateMachine]:
    """Days in a small city: each begins at one of the goals and goes astray from there; none leaves a trace."""

    class Days(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.together = transaction.atomic()
            self.together.__enter__()
            self.walk = Walk(Random(0), folder)

        @initialize(seed=seeds, goal=st.sampled_from(goals))
        def begin(self, seed: int, goal: Goal) -> None:
            self.walk.rng = Random(seed)
            steering.reach(self.walk, *goal)

        @rule(seed=seeds)
        def astray(self, seed: int) -> None:
            self.walk.rng = Random(seed)
            for _ in range(4):
                steering.stray(self.walk)

        @rule(seed=seeds)
        def time_passes(self, seed: int) -> None:
            self.walk.rng = Random(seed)
            steering.drift(self.walk)

        def teardown(self) -> None:
            done.update(self.walk.tally)
            transaction.set_rollback(True)
            self.together.__exit__(None, None, None)

    return Days


def wanted(kinds: Sequence[str]) -> list[Goal]:
    """Every act that can come about in one of the kinds of case."""
    procedures = rulebook.everything()
    return [(kind, act.name) for kind in kinds for act in procedures[kind].acts.values() if possible(kind, act)]


def possible(kind: str, act: Act) -> bool:
    """Whether an act that all kinds share has anything to do in this one."""
    procedures = rulebook.everything()
    merged = any("into" in other.fields for other in procedures[kind].acts.values())
    if act.name in ("joined", "repointed", "answered"):
        return merged
    if act.name in (urging.REMIND, urging.HELD):
        return False  # a walk meets them by chance; test_urging.py climbs every rung
    if act.name == "child":
        return bool(procedures[kind].parts)
    if kind == "administration" and act.name == "hand_over":
        return False  # it is in nobody's hands
    if kind == "administration":
        return act.name == "pass" or bool(set(act.by) & {*ADMINISTRATORS, "case"})
    return "parent" not in act.needs or bool(plans.entrances(procedures, kind))


@pytest.mark.parametrize(
    "kinds", [["request", "administration"], ["callout", "turnout", "task"], ["directive"]], ids="-".join
)
def test_no_walk_breaks_a_promise_and_every_act_is_done(kinds: list[str], tmp_path: Path, alone: None) -> None:
    done: Tally = Counter()
    goals = wanted(kinds)
    run_state_machine_as_test(machine(goals, done, tmp_path), settings=DAYS)
    for goal in goals:
        sweep(goal, done, tmp_path)
    report(done)
    assert not [goal for goal in goals if not done[goal]], "acts that no walk has done"


DAYS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    derandomize=not SOAK,
    database=None,
    phases=[Phase.generate, Phase.shrink] if SOAK else [Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def sweep(goal: Goal, done: Tally, folder: Path) -> None:
    """Walks that are steered towards an act until it was done, and then go astray for a while."""
    for seed in range(SEEDS):
        if done[goal]:
            return
        with transaction.atomic():
            walk = Walk(Random(seed), folder)
            steering.reach(walk, *goal)
            for _ in range(4):
                steering.stray(walk)
            done.update(walk.tally)
            transaction.set_rollback(True)


def report(done: Tally) -> None:
    """How often each act succeeded."""
    for kind in sorted({kind for kind, _ in done}):
        acts = ", ".join(f"{act} {count}" for (of, act), count in sorted(done.items()) if of == kind)
        print(f"{kind}: {acts}")
