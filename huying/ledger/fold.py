"""Where a case stands: the fold of its entries. Pure: no procedure, calendar, clock or database.

`sets` holds the values *after* an act, so folding is merging: a scalar is replaced, a map is replaced
name by name and `None` deletes a name. An unknown key or a gap is `Broken`: a fold that skips what it
doesn't know would hide errors (promises 3 and 5).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from huying.errors import Broken

Scalar = str | int | bool | None
Sets = Mapping[str, object]


def stamp(moment: datetime) -> str:
    """An aware datetime as the ledger writes it: UTC, whole seconds, `2026-06-15T01:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(text: str) -> datetime:
    """The aware UTC datetime that `stamp` wrote."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Clock:
    """One running, paused or stopped deadline. Times are stamps, `left` is in the limit's own grain.

    `due` is None while the holiday notice of the year `awaiting` is missing; `earliest` is then the
    earliest date it can be. `first` is the original due time, kept for ever; `next` is when the runner
    looks again; `held` is how many seconds the clock stood paused in all; `by` and `organ` say who
    started it; `basis` is `limit`, `said` or `source` (an upstream platform's earlier date).
    """

    began: str
    limit: str
    due: str | None = None
    first: str | None = None
    basis: str = "limit"
    by: str = ""
    organ: str = ""
    next: str | None = None
    missed: int = 0
    paused: str | None = None
    stopped: str | None = None
    left: int | None = None
    held: int = 0
    awaiting: int | None = None
    earliest: str | None = None

    @property
    def running(self) -> bool:
        """Neither paused nor stopped; a passed clock still runs."""
        return self.paused is None and self.stopped is None

    @property
    def expected(self) -> str:
        """The due time, or the earliest possible one while the calendar is awaited."""
        return self.due or self.earliest or self.began

    def to_json(self) -> dict[str, object]:
        """Only what differs from the default, so that entries stay short."""
        pairs = ((name, getattr(self, name), default) for name, default in _CLOCK_DEFAULTS)
        return {name: value for name, value, default in pairs if value != default}


_CLOCK_DEFAULTS = tuple((f.name, f.default) for f in fields(Clock))


@dataclass(frozen=True)
class Part:
    """How many children a case has in one part: numbers, never a list of ids."""

    open: int = 0
    closed: int = 0


@dataclass(frozen=True)
class State:
    """Where one case stands after its last entry. `turn` is the last entry that was not quiet."""

    procedure: str = ""
    seq: int = 0
    turn: int = 0
    stage: str = ""
    closed: str = ""
    lead: str = ""
    owner: str = ""
    opener: str = ""
    about: str = ""
    sealed: str = ""
    category: str = ""
    area: str = ""
    level: int = 0
    parent: str = ""
    part: str = ""
    into: str = ""
    source: str = ""
    outcome: str = ""
    verified: str = ""
    city: int = 0
    rule: str = ""
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    children: Mapping[str, Part] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    handlers: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def open_children(self) -> int:
        """How many children are open, in all parts."""
        return sum(part.open for part in self.children.values())

    @property
    def running(self) -> dict[str, Clock]:
        """The clocks that run now, by name."""
        return {name: clock for name, clock in self.clocks.items() if clock.running}

    @property
    def due(self) -> str | None:
        """The promise: the due time of the answer clock, while the case is open."""
        answer = self.clocks.get("answer")
        return answer.due if answer and not self.closed else None

    @property
    def awaiting(self) -> int | None:
        """The first calendar year whose holiday notice a clock of the open case awaits, or None."""
        years = (clock.awaiting for clock in self.clocks.values() if clock.awaiting and not clock.stopped)
        return None if self.closed else min(years, default=None)

    @property
    def answered(self) -> str | None:
        """When the answer was sent: the promise then paused, or was ended by a source or for good."""
        answer = self.clocks.get("answer")
        return (answer.paused or answer.stopped) if answer else None

    @property
    def on_time(self) -> bool | None:
        """Whether the answer was sent by its due time; None where none was sent, or no date was promised."""
        answer = self.clocks.get("answer")
        if answer is None or answer.due is None or self.answered is None:
            return None
        return self.answered <= answer.due

    @property
    def follows(self) -> str:
        """The number of the case that this one follows up; "" where it follows none, or came from another system."""
        return "" if ":" in self.source else self.source

    @property
    def forgotten(self) -> bool:
        """Whether what was said of people is erased."""
        return bool(self.facts.get("forgotten"))

    @property
    def urgency(self) -> str:
        """How urgent the case was said to be, "" where nobody said."""
        return str(self.facts.get("urgency", ""))

    @property
    def alarm(self) -> str | None:
        """When the runner must look next: the earliest `next` of the running clocks."""
        return min((c.next for c in self.running.values() if c.next), default=None)

    @property
    def next_due(self) -> str | None:
        """The nearest due time of any running clock: what queues sort by."""
        return min((c.expected for c in self.running.values()), default=None)

    def to_json(self) -> str:
        """One line of JSON with sorted keys: the column kept beside the list columns."""
        plain: dict[str, object] = {name: getattr(self, name) for name in _SCALARS}
        plain |= {name: dict(getattr(self, name)) for name in ("counts", "handlers", "facts")}
        plain["clocks"] = {name: clock.to_json() for name, clock in self.clocks.items()}
        plain["children"] = {name: {"open": p.open, "closed": p.closed} for name, p in self.children.items()}
        return json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> State:
        """The State that `to_json` wrote."""
        plain = json.loads(text)
        plain["clocks"] = {name: Clock(**value) for name, value in plain["clocks"].items()}
        plain["children"] = {name: Part(**value) for name, value in plain["children"].items()}
        return cls(**plain)


_MAPS = ("clocks", "children", "counts", "handlers", "facts")
_SCALARS = tuple(f.name for f in fields(State) if f.name not in _MAPS)
_SETTABLE = frozenset(_SCALARS) - {"seq"}


class Entered(Protocol):
    """What the fold reads of an entry."""

    @property
    def seq(self) -> int: ...
    @property
    def sets(self) -> Sets: ...


def fold(entries: Iterable[Entered], *, case: str = "") -> State:
    """The State after all `entries`, in the order of their seq; raises Broken on a gap or unknown key."""
    values: dict[str, Any] = {}
    seq = 0
    for entry in entries:
        _merge(values, seq, entry.seq, entry.sets, case)
        seq = entry.seq
    return State(seq=seq, **values)


def apply(state: State, seq: int, sets: Sets, *, case: str = "") -> State:
    """The State after one more entry. Raises Broken when `seq` leaves a gap or a key is unknown."""
    values: dict[str, Any] = {name: dict(getattr(state, name)) for name in _MAPS if name in sets}
    _merge(values, state.seq, seq, sets, case)
    return replace(state, seq=seq, **values)


def _merge(values: dict[str, Any], before: int, seq: int, sets: Sets, case: str) -> None:
    """Merge one entry's `sets` into what stood before it: a scalar is replaced, a map name by name."""
    if seq != before + 1:
        raise Broken(case=case, seq=seq, why=_told("应为第 {} 条", "expected entry {}", before + 1))
    for key, value in sets.items():
        if key in _SETTABLE:
            values[key] = _scalar(value, key, case, seq)
        elif key in _MAPS:
            _merge_map(values.setdefault(key, {}), value, key, case, seq)
        else:
            raise Broken(case=case, seq=seq, why=_told("没有“{}”这一项", "unknown key “{}”", key))


def _scalar(value: object, key: str, case: str, seq: int) -> Scalar:
    expected = int if key in ("turn", "level", "city") else str
    if type(value) is not expected:
        raise Broken(case=case, seq=seq, why=_told("{} 的值是 {}", "{} is {}", key, repr(value)))
    return value


def _merge_map(merged: dict[str, object], new: object, key: str, case: str, seq: int) -> None:
    if not isinstance(new, Mapping):
        raise Broken(case=case, seq=seq, why=_told("{} 不是一个表", "{} is not a map", key))
    make = _MAKERS[key]
    for name, value in new.items():
        if value is None:
            merged.pop(name, None)
            continue
        try:
            merged[name] = make(value)
        except (TypeError, ValueError) as error:
            raise Broken(
                case=case, seq=seq, why=_told("{}.{} 的值不能用（{}）", "{}.{}: {}", key, name, error)
            ) from None


def _told(chinese: str, english: str, *values: object) -> Mapping[str, str]:
    return {"zh-Hans": chinese.format(*values), "en": english.format(*values)}


def _integer(value: object) -> int:
    if type(value) is not int:
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _fact(value: object) -> Scalar:
    if not isinstance(value, (str, int, bool)):
        raise TypeError(f"{value!r} is not a plain fact")
    return value


_MAKERS: dict[str, Callable[[Any], object]] = {
    "clocks": lambda value: Clock(**value),
    "children": lambda value: Part(**value),
    "counts": _integer,
    "handlers": _integer,
    "facts": _fact,
}
