"""The proof about one procedure: every reachable pair of stage and clocks is visited, and none is a trap.

What is abstracted: how often, when exactly and by whom; what isn't: stages, clocks, questions, children
that may be open, and whether there is an outcome. That is few enough to visit all of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from huying.ledger.vocabulary import OPEN, Act, Procedure, Words, listed, people

ANSWER = "answer"
# Started and stopped by the code for cases that await a holiday notice: no act needs to.
WATCH = "calendar"
MACHINES = frozenset({"clock", "case"})
NONE, RUNS, PAUSED, STOPPED = "none", "runs", "paused", "stopped"


@dataclass(frozen=True)
class Flaw:
    """One mistake: the keys under which it stands in the file; what is wrong, as a msgid with parameters."""

    at: tuple[str, ...]
    message: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Node:
    """A stage with the state of each clock, the parts that may have open children, and whether there is
    an outcome."""

    stage: str
    clocks: tuple[str, ...]
    parts: frozenset[str] = frozenset()
    outcome: bool = False


def prove(procedure: Procedure) -> Iterator[Flaw]:
    """Every flaw of a procedure whose words are all known (`check` looks at those first)."""
    yield from _clock_use(procedure)
    yield from _answer_kept(procedure)
    yield from _judging(procedure)
    yield from Walk(procedure).flaws()


def persons(act: Act) -> tuple[str, ...]:
    """The words of `by` that stand for people."""
    return tuple(word for word in act.by if word not in MACHINES)


def enters_final(act: Act, procedure: Procedure) -> bool:
    """Whether the act closes an open case."""
    open_too = not act.from_ or "any" in act.from_ or any(stage in procedure.stages for stage in act.from_)
    return act.to in procedure.final and open_too


def _clock_use(procedure: Procedure) -> Iterator[Flaw]:
    acts = procedure.acts.values()
    for clock in procedure.clocks.values():
        at, name = ("clock", clock.name), {"clock": clock.label}
        if clock.name == WATCH:
            continue
        if not any(clock.name in act.starts for act in acts):
            yield Flaw(at, "Nothing starts the clock “{clock}”.", name)
        stopped = any(clock.name in (*act.stops, *act.answers) for act in acts)
        again = clock.every and any(clock.name in act.starts for act in acts if not act.begins)
        if clock.name != ANSWER and not stopped and not again:
            yield Flaw(at, "Nothing stops the clock “{clock}” before the case is closed.", name)


def _answer_kept(procedure: Procedure) -> Iterator[Flaw]:
    """No act but a closing stops the promise, and nothing starts a clock in a case that stays closed."""
    for act in procedure.acts.values():
        name = {"act": act.label}
        for key, clocks in (("stops", act.stops), ("answers", act.answers)):
            if ANSWER in clocks and act.to not in procedure.final:
                message = "“{act}” stops the answer clock; only a closing may."
                yield Flaw(("act", act.name, key), message, name)
        closed = "any" in act.from_ or any(stage in procedure.final for stage in act.from_)
        begun = act.starts or act.resumes
        if begun and (act.to in procedure.final or (closed and not act.to)):
            key = "starts" if act.starts else "resumes"
            yield Flaw(("act", act.name, key), "“{act}” starts a clock in a case that is closed.", name)


def _judging(procedure: Procedure) -> Iterator[Flaw]:
    """Whoever closes is no doer; the one named exception is the consultation answered with assent."""
    handling = {word for act in procedure.acts.values() if act.handles for word in persons(act)}
    leading = {word for word in handling if _leads(word)}
    for act in procedure.acts.values():
        by = persons(act)
        if not by or not enters_final(act, procedure) or "assent" in act.rules:
            continue
        doers = set(by) & handling
        if doers == set(by) or (leading and any(_leads(word) for word in by)):
            who = listed(people(word) for word in by if word in handling or (leading and _leads(word)))
            message = "“{act}” closes the case by those who handle it ({by})."
            yield Flaw(("act", act.name, "by"), message, {"act": act.label, "by": who})


def _leads(word: str) -> bool:
    return word in ("lead", "owner") or word.endswith("@lead")


class Walk:
    """The reachable nodes of one procedure, with the act by which each was first reached."""

    def __init__(self, procedure: Procedure) -> None:
        self.procedure = procedure
        self.names = tuple(name for name in procedure.clocks if name != WATCH)
        self.index = {name: place for place, name in enumerate(self.names)}
        self.acts = [act for act in procedure.acts.values() if _walks(act)]
        self.effects = {act.name: self._effects(act) for act in self.acts}
        self.at_stage = {stage: self._acts_at(stage) for stage in ("", *procedure.stages, *procedure.final)}
        self.came: dict[Node, tuple[Node, Act] | None] = {}
        self.ways: dict[Node, list[tuple[Act, Node]]] = {}
        self._visit()

    def _visit(self) -> None:
        empty = Node("", (NONE,) * len(self.names))
        self.came[empty], self.ways[empty] = None, []
        # From `open` first, so that a way is told as a case usually goes and not as one is imported.
        for begun in sorted(self.at_stage[""], key=lambda act: act.name != OPEN):
            waiting = deque(self._reach(empty, begun))
            while waiting:
                node = waiting.popleft()
                self.ways[node] = []
                for act in self.at_stage[node.stage]:
                    if self._open_to(node, act):
                        waiting += self._reach(node, act)

    def _reach(self, node: Node, act: Act) -> list[Node]:
        """Note the ways of one act from a node; the nodes that were never reached before."""
        ways = [(act, reached) for reached in self._after(node, act)]
        self.ways[node] += ways
        new = [reached for _, reached in ways if reached not in self.came]
        self.came.update(dict.fromkeys(new, (node, act)))
        return list(dict.fromkeys(new))

    def _acts_at(self, stage: str) -> list[Act]:
        if not stage:
            return [act for act in self.acts if act.begins]
        still = stage in self.procedure.stages
        return [
            act
            for act in self.acts
            if not act.begins and ("any" in act.from_ or (stage in act.from_ if act.from_ else still))
        ]

    def _open_to(self, node: Node, act: Act) -> bool:
        """Whether the act can be done at the node, so far as clocks and the outcome decide it."""
        if "outcome" in act.when and not node.outcome and "" not in act.when["outcome"]:
            return False
        if not all(self._runs(node, name) for name in act.answers):
            return False
        rings = (clock.name for clock in self.procedure.clocks.values() if clock.then == act.name)
        return bool(persons(act)) or any(self._runs(node, name) for name in rings)

    def _runs(self, node: Node, clock: str) -> bool:
        return node.clocks[self.index[clock]] == RUNS

    def _open(self, node: Node) -> bool:
        return node.stage in self.procedure.stages

    def _after(self, node: Node, act: Act) -> Iterator[Node]:
        """The nodes after the act: two for each clock that starts only if a date was said."""
        stage = act.to or node.stage
        closing = stage in self.procedure.final
        opened = {act.part} if act.opens else set()
        parts = frozenset() if closing else node.parts - set(act.waits) | opened
        outcome = _outcome(node.outcome, act)
        for clocks in self._clocks_after(node.clocks, act):
            ended = tuple(STOPPED if state != NONE else NONE for state in clocks) if closing else clocks
            yield Node(stage, ended, parts, outcome)

    def _effects(self, act: Act) -> tuple[tuple[int, Mapping[str, tuple[str, ...]]], ...]:
        """For each clock that the act touches: its place, and what each state becomes."""
        touched = {*act.stops, *act.answers, *act.pauses, *act.resumes, *act.starts}
        states = (NONE, RUNS, PAUSED, STOPPED)
        return tuple(
            (self.index[name], {state: self._clock_after(name, state, act) for state in states})
            for name in sorted(touched)
        )

    def _clocks_after(self, clocks: tuple[str, ...], act: Act) -> Iterator[tuple[str, ...]]:
        effects = self.effects[act.name]
        for choice in product(*(becomes[clocks[place]] for place, becomes in effects)):
            changed = list(clocks)
            for (place, _), state in zip(effects, choice, strict=True):
                changed[place] = state
            yield tuple(changed)

    def _clock_after(self, name: str, state: str, act: Act) -> tuple[str, ...]:
        """The same order as `procedure.decide`: stop, pause, resume, start."""
        if name in (*act.stops, *act.answers) and state != NONE:
            state = STOPPED
        if name in act.pauses and state == RUNS:
            state = PAUSED
        if name in act.resumes and state != NONE:
            state = RUNS
        if name not in act.starts or (name == ANSWER and state != NONE):
            return (state,)
        return (RUNS,) if state == RUNS or self._sure(name, act) else (RUNS, state)

    def _sure(self, name: str, act: Act) -> bool:
        """Whether starting the clock surely has a limit: declared, or said by this act or before it."""
        limit = self.procedure.clocks[name].limit
        asked = limit.removeprefix("@")
        if asked == limit or asked in act.needs:
            return True
        return self.procedure.fields[asked].keep and any(asked in other.needs for other in self.procedure.acts.values())

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong with the nodes and the steps between them, each once, by its shortest way."""
        seen: set[tuple[tuple[str, ...], str]] = set()
        for flaw in self._all():
            if (flaw.at, flaw.message) not in seen:
                seen.add((flaw.at, flaw.message))
                yield flaw

    def _all(self) -> Iterator[Flaw]:
        yield from self._unreached()
        for node in self.came:
            if self._open(node):
                yield from self._somebody(node)
        yield from self._inescapable()
        for node, ways in self.ways.items():
            for act, reached in ways:
                yield from self._step(node, act, reached)

    def _unreached(self) -> Iterator[Flaw]:
        reached = {node.stage for node in self.came}
        for kind, stages in (("stage", self.procedure.stages), ("final", self.procedure.final)):
            for stage, label in stages.items():
                if stage not in reached:
                    yield Flaw((kind, stage), "Nothing leads to the stage “{stage}”.", {"stage": label})
        done = {act.name for ways in self.ways.values() for act, _ in ways}
        for act in self.acts:
            if act.name not in done and act.name != "pass":
                yield Flaw(("act", act.name), "“{act}” can never be done.", {"act": act.label})

    def _somebody(self, node: Node) -> Iterator[Flaw]:
        """Promise 6: a clock runs, and somebody whose clock it is can move the case."""
        at = ("stage", node.stage)
        running = [name for name in self.names if self._runs(node, name)]
        if not running:
            message = "At “{stage}” no clock may be running; it comes about by: {path}."
            yield Flaw(at, message, self._told(node))
        elif not any(self._moves(node, act, name) for act, _ in self.ways[node] for name in running):
            yield Flaw(
                at,
                "At “{stage}” only {clocks} may be running, and nobody whose clock that is can move the case;"
                " it comes about by: {path}.",
                {
                    **self._told(node),
                    "clocks": listed([self.procedure.clocks[name].label for name in running]),
                },
            )

    def _moves(self, node: Node, act: Act, clock: str) -> bool:
        if act.to in ("", node.stage) and not act.answers:
            return False
        rule = self.procedure.clocks[clock]
        return rule.then == act.name or any(_covers(rule.on, word) for word in persons(act))

    def _inescapable(self) -> Iterator[Flaw]:
        """People alone, without the runner, can bring each open case to an end."""
        back: dict[Node, list[Node]] = {}
        for node, ways in self.ways.items():
            for act, reached in ways:
                if persons(act) and not self._limited(act):
                    back.setdefault(reached, []).append(node)
        ended = {node for node in self.came if node.stage in self.procedure.final}
        waiting = deque(ended)
        while waiting:
            for node in back.get(waiting.popleft(), ()):
                if node not in ended:
                    ended.add(node)
                    waiting.append(node)
        for node in self.came:
            if self._open(node) and node not in ended:
                message = "From “{stage}” people can't bring the case to an end; it comes about by: {path}."
                yield Flaw(("stage", node.stage), message, self._told(node))

    def _limited(self, act: Act) -> bool:
        return bool(act.counts and self.procedure.counts[act.counts].most)

    def _step(self, node: Node, act: Act, reached: Node) -> Iterator[Flaw]:
        """A closing has an outcome and no open children; a reopening lets the promise run on."""
        at = ("act", act.name)
        if self._open(node) and reached.stage in self.procedure.final:
            if not reached.outcome:
                message = "“{act}” closes the case without an outcome, after: {path}."
                yield Flaw(at, message, {**self._told(node), "act": act.label})
            if node.parts and not persons(act):
                message = "“{act}” would close over open children ({parts}): no act before it waits for them."
                parts = listed(self.procedure.part(part) for part in sorted(node.parts))
                yield Flaw(at, message, {"parts": parts, "act": act.label})
        elif node.stage in self.procedure.final and self._open(reached) and ANSWER in self.index:
            place = self.index[ANSWER]
            if node.clocks[place] != NONE and reached.clocks[place] != RUNS:
                message = "“{act}” leaves “{stage}” without resuming the answer clock."
                yield Flaw(at, message, {**self._told(node), "act": act.label})

    def _told(self, node: Node) -> dict[str, object]:
        """A node in words: its stage, and the acts that lead there."""
        acts: list[Words] = []
        step = self.came[node]
        while step is not None:
            acts.append(step[1].label)
            step = self.came[step[0]]
        return {"stage": self.procedure.stage(node.stage), "path": listed(acts[::-1], " → ")}


def _walks(act: Act) -> bool:
    """Whether the act changes what the walk looks at; the system's own quiet entries don't."""
    clocks = (*act.starts, *act.stops, *act.pauses, *act.resumes, *act.answers)
    changes = act.to or clocks or act.opens or act.waits or "outcome" in (*act.fields, *act.puts)
    return bool(changes) and set(act.by) != {"case"}


def _outcome(before: bool, act: Act) -> bool:
    if "outcome" in act.puts:
        return bool(act.puts["outcome"])
    return before or "outcome" in act.needs


def _covers(on: str, word: str) -> bool:
    """Whether the people of a clock's `on` are among those of a word of `by`, or work for the same unit."""
    return word == on or word.partition("@")[2] == on or on.partition("@")[0] == word
