"""Random acts by random people over random time, and every promise looked at after every step.

A run goes in rounds: each steers towards the acts that no walk has done yet, so that it ends with every act
done or names those that never were. `HUYING_SOAK=20` walks twenty times as many days and draws anew each
time; without it the same days are walked on every machine, in the time that `make test` has.
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

from huying.ledger import rulebook
from huying.ledger.vocabulary import Act
from tests import plans, steering
from tests.walks import Tally, Walk

SOAK = int(os.environ.get("HUYING_SOAK", "0"))
ROUNDS = 8
STEPS = 6
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
    if act.name == "child":
        return bool(procedures[kind].parts)
    if kind == "administration":
        return act.name == "pass" or bool(set(act.by) & {"admin", "case"})
    return "parent" not in act.needs or bool(plans.entrances(procedures, kind))


@pytest.mark.parametrize("kinds", [["request", "administration"], ["callout", "turnout", "task"]], ids="-".join)
def test_no_walk_breaks_a_promise_and_every_act_is_done(kinds: list[str], tmp_path: Path, alone: None) -> None:
    done: Tally = Counter()
    goals = wanted(kinds)
    for _ in range(ROUNDS):
        left = [goal for goal in goals if not done[goal]]
        if not left:
            break
        run_state_machine_as_test(machine(left, done, tmp_path), settings=days(len(left)))
    report(done)
    assert not [goal for goal in goals if not done[goal]], "acts that no walk has done"


def days(goals: int) -> settings:
    """How much is walked in a round that has so many goals."""
    return settings(
        max_examples=(12 + goals // 2) * (SOAK or 1),
        stateful_step_count=STEPS * (3 if SOAK else 1),
        deadline=None,
        derandomize=not SOAK,
        database=None,
        phases=[Phase.generate, Phase.shrink] if SOAK else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def report(done: Tally) -> None:
    """How often each act succeeded."""
    for kind in sorted({kind for kind, _ in done}):
        acts = ", ".join(f"{act} {count}" for (of, act), count in sorted(done.items()) if of == kind)
        print(f"{kind}: {acts}")
