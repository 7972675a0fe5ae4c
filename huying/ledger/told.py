"""What a case in words consists of: plain values that every door lays out its own way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_RELATIVES = 100


@dataclass(frozen=True)
class Saying:
    """One said field or kept fact, with its label and its value in words."""

    name: str
    label: str
    words: str


@dataclass(frozen=True)
class Happened:
    """One entry in words. `happened` is what the person said of when it was, only where they said it."""

    seq: int
    act: str
    label: str
    who: str
    unit: str
    at: datetime
    when: str
    happened: str
    said: tuple[Saying, ...]
    quiet: bool


@dataclass(frozen=True)
class Deadline:
    """One clock in words: whose it is, when it ends, how it stands, why it ends then. `state` is running,
    paused, stopped or awaiting; `first` is the original end, kept for ever."""

    name: str
    label: str
    on: str
    state: str
    due: str
    first: str
    stands: str
    missed: int
    why: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """One field that an act asks for; `choices` are code and words."""

    name: str
    label: str
    type: str
    needed: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Open:
    """One act: open to this actor where `why_not` is empty, else why it isn't; `by` says who may at all."""

    name: str
    label: str
    by: str
    why_not: str
    asks: tuple[Asked, ...]


@dataclass(frozen=True)
class Relative:
    """Another case beside this one; `part` is its place as a child."""

    number: str
    title: str
    procedure: str
    part: str
    stage: str
    lead: str
    closed: bool


@dataclass(frozen=True)
class Family:
    """The cases around this one; the lists hold at most MOST_RELATIVES, the counts are whole."""

    parent: Relative | None
    into: Relative | None
    source: str
    children: tuple[Relative, ...]
    children_open: int
    children_closed: int
    duplicates: tuple[Relative, ...]
    duplicates_in_all: int


@dataclass(frozen=True)
class Telling:
    """A case in words for one reader. `turn` is what the reader's next act hands back as `seen`."""

    number: str
    turn: int
    procedure: str
    title: str
    stage: str
    closed: str
    opened: str
    came_from: str
    standing: tuple[Saying, ...]
    facts: tuple[Saying, ...]
    counts: tuple[Saying, ...]
    clocks: tuple[Deadline, ...]
    family: Family
    timeline: tuple[Happened, ...]
    acts: tuple[Open, ...]
