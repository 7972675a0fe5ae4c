"""Why a clock ends when it ends, from the entries alone: counted, said, resumed, moved or awaiting. Pure.

The last entry that gave a clock its due time explains it; the day count is the one of `clock.explain`, on
the calendar that was in force then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from huying.city.calendar import Calendar, Limit
from huying.errors import BadLimit, UnknownYear
from huying.ledger import clock as counting
from huying.ledger import timewords
from huying.ledger.clockwork import unit_of
from huying.ledger.fold import Clock, Sets, instant, stamp
from huying.ledger.wording import Wording


class Written(Protocol):
    """What is read of an entry."""

    @property
    def act(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def sets(self) -> Sets: ...


@dataclass(frozen=True)
class Change:
    """One entry's change of one clock: what it was and became; `city` is the version then in force."""

    act: str
    actor: str
    at: datetime
    before: Clock | None
    after: Clock
    city: int


def changes(entries: Iterable[Written]) -> dict[str, list[Change]]:
    """Every change of every clock, oldest first."""
    found: dict[str, list[Change]] = {}
    city = 0
    for entry in entries:
        number = entry.sets.get("city", city)
        city = number if isinstance(number, int) else city
        clocks = entry.sets.get("clocks")
        for name, plain in clocks.items() if isinstance(clocks, Mapping) else ():
            if plain is None:
                continue
            known = found.setdefault(name, [])
            before = known[-1].after if known else None
            known.append(Change(entry.act, entry.actor, entry.at, before, Clock(**plain), city))
    return found


@dataclass(frozen=True)
class Reasons:
    """Explains clocks in one language: `calendar` gives that of a city version, `label` an act's name."""

    wording: Wording
    calendar: Callable[[int], Calendar]
    label: Callable[[str], str]

    def why(self, steps: list[Change]) -> tuple[str, ...]:
        """Why the clock ends when it ends, a sentence a line; nothing where no entry set it."""
        giving = [step for step in steps if _gives(step)]
        if not giving:
            return ()
        step = giving[-1]
        old, new = step.before, step.after
        if new.awaiting:
            return self._awaiting(step)
        if old is None or old.began != new.began or old.awaiting:
            return self._begun(step)
        if old.paused:
            return self._resumed(step, old)
        if old.limit != new.limit:
            changed = self._by("The limit changed with “{act}” by {who} on {when}; counted from the same start:", step)
            return (changed, *self._counted(step))
        if new.basis == "said":
            moved = self._by("Moved with “{act}” by {who} on {when}; it was {old}.", step, old=self._end(old))
            return (moved, self.wording.say("The first due time stays in all statistics."))
        if step.act == "joined":
            return (self._by("An earlier promise was taken over on {when}, of a case that was merged in.", step),)
        return (self._cycle(step),)

    def _end(self, clock: Clock) -> str:
        return self.wording.end(instant(clock.expected))

    def _by(self, message: str, step: Change, **more: object) -> str:
        when, who = self.wording.when(step.at), self.wording.named(step.actor)
        return self.wording.say(message, act=self.label(step.act), who=who, when=when, **more)

    def _begun(self, step: Change) -> tuple[str, ...]:
        """A clock that was started: its date was said, or asked for upstream, or counted."""
        if step.after.basis == "said":
            return (self._by("This date was set with “{act}” by {who} on {when}.", step),)
        if step.after.basis == "source":
            asks = "The platform it came from asks for {due}, which is earlier than the city's own limit:"
            return (self.wording.say(asks, due=self._end(step.after)), *self._counted(step))
        return self._counted(step)

    def _counted(self, step: Change) -> tuple[str, ...]:
        """The count aloud, and what was added for the time the clock stood still."""
        new = step.after
        try:
            due = counting.due(instant(new.began), Limit.parse(new.limit), self.calendar(step.city))
        except (BadLimit, UnknownYear):
            return ()
        lines = counting.explain(due, self.wording.language)
        if not new.held:
            return lines
        stood = timewords.span(new.held // 60, self.wording.language)
        return (*lines, self.wording.say("Added for the time it stood still: {length}.", length=stood))

    def _resumed(self, step: Change, old: Clock) -> tuple[str, ...]:
        """What was left when it stood still, counted out again."""
        since, left = instant(old.paused or old.began), remainder(old, self.wording.language)
        stood = self.wording.say(
            "It stood still from {since} to {until} with {left} left; the rest was counted on.",
            since=self.wording.when(since), until=self.wording.when(step.at), left=left,
        )  # fmt: skip
        unit = unit_of(old.limit)
        if unit not in ("wd", "d") or not old.left:
            return (stood,)
        limit = Limit(old.left, unit, rolls=not old.limit.endswith("-exact"))
        try:
            again = counting.due(step.at, limit, self.calendar(step.city))
        except UnknownYear:
            return (stood,)
        # Where at least a day was granted the count doesn't give the due time: then it isn't said.
        return (
            (stood, *counting.explain(again, self.wording.language)) if stamp(again.at) == step.after.due else (stood,)
        )

    def _cycle(self, step: Change) -> str:
        every = timewords.spell(Limit.parse(step.after.limit), self.wording.language)
        began = self.wording.when(instant(step.after.began))
        return self.wording.say("Every {length}, on its own grid since {began}.", length=every, began=began)

    def _awaiting(self, step: Change) -> tuple[str, ...]:
        """The notice isn't out: the earliest possible end, and how it will be fixed."""
        said = self.wording.say(
            "The holiday notice for {year} isn't out yet; it ends on {earliest} at the earliest.",
            year=step.after.awaiting, earliest=self._end(step.after),
        )  # fmt: skip
        return (said, self.wording.say("When the notice is loaded, an entry fixes the date."))


def _gives(step: Change) -> bool:
    """Whether the change started the clock or gave it another end."""
    old, new = step.before, step.after
    if old is None or old.began != new.began:
        return True
    return not new.paused and not new.stopped and (old.due, old.earliest) != (new.due, new.earliest)


def remainder(clock: Clock, language: str) -> str:
    """What is left of a clock that stands still, in its own unit."""
    left, unit = clock.left or 0, unit_of(clock.limit)
    if unit in ("wd", "d"):
        return timewords.length(left, unit, language)
    words = timewords.hours(left, language) if unit == "wh" else timewords.span(left, language)
    return words or timewords.length(0, "min", language)


def stands(clock: Clock, at: datetime, wording: Wording) -> str:
    """How a clock stands: what is left or how late it is; since when it stands still; when it stopped."""
    if clock.running:
        return _stand(clock, at, wording)
    ended = instant(clock.paused or clock.stopped or clock.began)
    if ended > instant(clock.expected):
        late = _stand(clock, ended, wording)
        return wording.say(_LATE[bool(clock.stopped)], when=wording.when(ended), late=late)
    if clock.stopped:
        return wording.say("stopped on {when}, in time", when=wording.when(ended))
    left = remainder(clock, wording.language)
    return wording.say("stands still since {when}, {left} left", when=wording.when(ended), left=left)


_LATE = ("stands still since {when}, {late}", "stopped on {when}, {late}")


def _stand(clock: Clock, at: datetime, wording: Wording) -> str:
    unit = unit_of(clock.limit)
    return counting.stand(at, instant(clock.expected), wording.city.calendar, unit, wording.language)
