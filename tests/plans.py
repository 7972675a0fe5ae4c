"""How to bring a case to where an act is open: the shortest row of acts, read from the procedure alone.

Counts, people and open children are not looked at: a plan that is refused on the way is made anew without
the act that failed. Nothing here asks the code under test.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from huying.ledger.fold import State
from huying.ledger.vocabulary import Act, Procedure

# The clocks that must run for a named rule.
RUNNING = {"before_due": "answer"}
FREE = "*"
"""The value of a fact that whoever walks may still choose."""
MACHINES = frozenset({"clock", "case"})
Way = tuple[Act, ...] | None


@dataclass(frozen=True)
class Node:
    """A stage, the clocks that run, and what is known of the facts that some act asks for in `when`."""

    stage: str
    running: frozenset[str]
    facts: tuple[tuple[str, str], ...]


def standing(procedure: Procedure, state: State) -> Node:
    """Where a case stands, as a plan sees it."""
    known = {**{name: str(value) for name, value in state.facts.items()}, "outcome": state.outcome}
    facts = tuple((name, known.get(name, "")) for name in _asked(procedure))
    return Node(state.stage, frozenset(state.running), facts)


def way(procedure: Procedure, start: Node, goal: str, without: frozenset[str] = frozenset()) -> Way:
    """The shortest row of acts that ends with `goal`, or None where there is none."""
    came: dict[Node, tuple[Node, Act] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for act in open_acts(procedure, node):
            if act.name in without:
                continue
            if act.name == goal:
                return (*_path(came, node), act)
            reached = _after(procedure, node, act)
            if reached not in came:
                came[reached] = (node, act)
                waiting.append(reached)
    return None


def _path(came: Mapping[Node, tuple[Node, Act] | None], node: Node) -> tuple[Act, ...]:
    acts: list[Act] = []
    step = came[node]
    while step is not None:
        acts.append(step[1])
        step = came[step[0]]
    return tuple(reversed(acts))


def open_acts(procedure: Procedure, node: Node) -> Iterator[Act]:
    """The acts that stage, clocks and facts leave open, whoever does them; the case's own entries aren't acts."""
    facts = dict(node.facts)
    for act in procedure.acts.values():
        asked = {*act.answers, *(RUNNING[rule] for rule in act.rules if rule in RUNNING)}
        fits = not act.begins and _at(procedure, act, node.stage) and asked <= node.running
        known = all(facts[name] == FREE or facts[name] in values for name, values in act.when.items())
        if fits and known and (set(act.by) - MACHINES or rings(procedure, act, node.running)):
            yield act


def rings(procedure: Procedure, act: Act, running: frozenset[str]) -> frozenset[str]:
    """The running clocks by which the runner does this act, or after which somebody may."""
    if act.after or "clock" not in act.by:
        return running & set(act.after)
    return frozenset(
        name
        for name in running & procedure.clocks.keys()
        if procedure.clocks[name].then == act.name or (act.name == "pass" and not procedure.clocks[name].then)
    )


def _at(procedure: Procedure, act: Act, stage: str) -> bool:
    if "any" in act.from_:
        return True
    return stage in act.from_ if act.from_ else stage in procedure.stages


def _after(procedure: Procedure, node: Node, act: Act) -> Node:
    stage = act.to or node.stage
    running = node.running - {*act.stops, *act.answers, *act.pauses} | {*act.resumes, *act.starts}
    if stage in procedure.final:
        running = frozenset()
    facts = dict(node.facts)
    facts |= {name: FREE for name in facts if name in act.fields}
    facts |= {name: act.puts[key] for name in facts for key in (name, f"fact.{name}") if key in act.puts}
    return Node(stage, frozenset(running), tuple(facts.items()))


def _asked(procedure: Procedure) -> tuple[str, ...]:
    return tuple(sorted({name for act in procedure.acts.values() for name in act.when}))


def wishes(acts: tuple[Act, ...]) -> dict[str, tuple[str, ...]]:
    """What must be said on the way: for each fact the values that every act of the plan can do with."""
    wanted: dict[str, tuple[str, ...]] = {}
    for act in acts:
        for name, values in act.when.items():
            wanted[name] = tuple(value for value in wanted.get(name, values) if value in values)
    return wanted


def first(procedure: Procedure) -> Node:
    """A new case as its opening may leave it: every fact that `open` asks for is still free."""
    act = procedure.act("open")
    facts = tuple((name, FREE if name in act.fields else "") for name in _asked(procedure))
    return Node(act.to, frozenset(act.starts), facts)


def entrances(procedures: Mapping[str, Procedure], child: str) -> list[tuple[str, str]]:
    """(procedure, act) by which cases of a kind come to be as children."""
    return [
        (procedure.name, act.name)
        for procedure in procedures.values()
        for act in procedure.acts.values()
        if act.child == child
    ]
