"""What one act does to a case's clocks: start, stop, pause, resume, move, reckon, pass. Pure.

The table of events is in docs/explanation/clocks.md; the arithmetic of days and hours, in `clock.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from huying.city.calendar import Calendar, Limit, Words
from huying.city.facts import City
from huying.errors import BadLimit, BadValue, NothingToAnswer, UnknownYear
from huying.ledger import clock as counting
from huying.ledger import timewords, urging
from huying.ledger.actor import Actor
from huying.ledger.fold import Clock, State, instant, stamp
from huying.ledger.vocabulary import ANSWER, ClockRule, Procedure

CALENDAR = "calendar"


def unit_of(limit: str) -> str:
    """The unit in which a clock's remainder is kept; a date that was said is counted in minutes."""
    try:
        return Limit.parse(limit).unit
    except BadLimit:
        return "min"


@dataclass
class Clockwork:
    """The clocks of one case during one decision: `state` is the case with what was said already in it."""

    procedure: Procedure
    state: State
    actor: Actor
    organ: str
    at: datetime
    city: City
    said: Mapping[str, object]
    changed: dict[str, Clock] = field(default_factory=dict)

    def get(self, name: str) -> Clock | None:
        """The clock as it stands within this decision."""
        return self.changed.get(name) or self.state.clocks.get(name)

    def all(self) -> dict[str, Clock]:
        """Every clock as it stands within this decision."""
        return {**self.state.clocks, **self.changed}

    def start(self, name: str) -> None:
        """Begin a clock: `answer` only once; a running cycle goes to its next slot; any other begins anew."""
        rule, old = self.procedure.clocks[name], self.get(name)
        if name == ANSWER and old is not None:
            return
        if rule.every and old is not None and old.running and old.due:
            self._next_slot(name, rule, old)
            return
        limit = self.limit(rule)
        if limit is None:
            return
        fresh = Clock(began=stamp(self.at), limit=str(limit), by=self.actor.key, organ=self.organ)
        fresh = self._due(fresh, self.at, limit)
        if name == ANSWER:
            fresh = self._upstream(fresh)
        self.changed[name] = replace(fresh, first=fresh.due, next=fresh.expected)

    def _next_slot(self, name: str, rule: ClockRule, old: Clock) -> None:
        every = Limit.parse(old.limit)
        try:
            due = counting.next_slot(instant(old.expected), every, self.at, self.city.calendar)
        except UnknownYear as unknown:
            self.changed[name] = self._awaiting(old, self.at, every, unknown)
            return
        self.changed[name] = replace(old, due=stamp(due), next=stamp(due), missed=0)

    def limit(self, rule: ClockRule) -> Limit | date | None:
        """The limit that applies now: what was said, or the city's table, or the file's default."""
        if rule.limit.startswith("@"):
            return self._spoken(rule)
        urgency = self.state.urgency
        listed = self.city.limit(self.procedure.name, rule.name, category=self.state.category, urgency=urgency)
        return listed or Limit.parse(rule.limit)

    def _spoken(self, rule: ClockRule) -> Limit | date | None:
        name = rule.limit[1:]
        value = self.said.get(name, self.state.facts.get(name))
        if not value:
            return None
        try:
            limit: Limit | date = date.fromisoformat(str(value))
        except ValueError:
            limit = Limit.parse(str(value))
        self._not_too_long(rule, limit, name)
        return limit

    def _not_too_long(self, rule: ClockRule, limit: Limit | date, name: str) -> None:
        """A said date lies ahead, and no further than the clock's `most`."""
        if isinstance(limit, date) and self.end(limit) <= self.at:
            raise BadValue(field=self.procedure.fields[name].label, value=limit, expected=_AHEAD)
        if not rule.most:
            return
        most = counting.earliest(self.at, Limit.parse(rule.most), self.city.calendar)
        target = self.end(limit) if isinstance(limit, date) else counting.earliest(self.at, limit, self.city.calendar)
        if target > most + timedelta(days=1):
            raise BadValue(
                field=self.procedure.fields[name].label, value=limit, expected=_at_most(Limit.parse(rule.most))
            )

    def end(self, day: date) -> datetime:
        """The instant at which a day that was named ends: closing time, or 24:00 local."""
        return counting.end_of(day, self.city.calendar)

    def _due(self, clock: Clock, start: datetime, limit: Limit | date) -> Clock:
        if isinstance(limit, date):
            return replace(clock, due=stamp(self.end(limit)), basis="said")
        try:
            due = counting.due(start, limit, self.city.calendar).at
        except UnknownYear as unknown:
            return self._awaiting(clock, start, limit, unknown)
        return replace(clock, due=stamp(due), awaiting=None, earliest=None)

    def _awaiting(self, clock: Clock, start: datetime, limit: Limit, unknown: UnknownYear) -> Clock:
        """A case is never an error: the earliest possible date stands in until the notice is loaded."""
        earliest = stamp(counting.earliest(start, limit, self.city.calendar))
        year = int(str(unknown.params["year"]))
        return replace(clock, due=None, awaiting=year, earliest=earliest, next=earliest)

    def _upstream(self, clock: Clock) -> Clock:
        """An upstream platform's earlier due rules; both can be explained."""
        source = self.state.facts.get("source_due")
        if not source:
            return clock
        due = str(source)
        return replace(clock, due=due, basis="source", awaiting=None) if due < clock.expected else clock

    def as_source(self, *, closing: bool) -> None:
        """The promise as another system kept it: begun, due and ended when that says, with its due time as basis.

        Nothing that was over before the import rings: it is known, and nobody is told of it now.
        """
        opened, due, closed = (
            str(self.state.facts.get(f"source_{name}") or "") for name in ("opened", "due", "closed")
        )
        self._in_order(opened, closed)
        limit = self.limit(self.procedure.clocks[ANSWER])
        if (ANSWER not in self.changed and not closing) or not isinstance(limit, Limit):
            return
        if closing and not due:
            return  # nobody had promised a date there, so there is none to keep
        began = min(opened or stamp(self.at), stamp(self.at))
        clock = Clock(began=began, limit=str(limit), by=self.actor.key)
        clock = replace(clock, due=due, basis="source") if due else self._due(clock, instant(began), limit)
        rings = clock.expected if clock.expected > stamp(self.at) and not closing else None
        stopped = min(closed or stamp(self.at), stamp(self.at)) if closing else None
        self.changed[ANSWER] = replace(clock, first=clock.due, next=rings, stopped=stopped)

    def _in_order(self, opened: str, closed: str) -> None:
        """What another system says of the past lies there, today included, and nothing was closed unopened."""
        today = stamp(self.end(self.city.calendar.local(self.at).date()))
        for name, said, least in (("source_opened", opened, ""), ("source_closed", closed, opened)):
            if said and not least <= said <= today:
                raise BadValue(field=self.procedure.fields[name].label, value=said, expected=_PAST)

    def stop(self, name: str) -> None:
        """Stop a clock. One that was paused keeps what was left, in case the case is reopened."""
        old = self.get(name)
        if old is not None and not old.stopped:
            self.changed[name] = replace(old, stopped=stamp(self.at), next=None)

    def _left(self, clock: Clock) -> int:
        due = instant(clock.expected)
        return counting.left(self.at, due, unit_of(clock.limit), self.city.calendar)

    def pause(self, name: str) -> None:
        """Pause a running clock with what is left."""
        old = self.get(name)
        if old is not None and old.running:
            self.changed[name] = replace(old, paused=stamp(self.at), left=self._left(old), next=None)

    def resume(self, name: str, grants: str) -> None:
        """Let a halted clock run again; `began` and `first` stay, and no time is won by halting.

        Paused (answer sent, shelved): due is now plus what was left, at least `grants`. Stopped while it
        ran (merged, withdrawn): the due time is the one it had, for the requester never stopped waiting.
        """
        old = self.get(name)
        if old is None or old.running:
            return
        woken = replace(old, paused=None, stopped=None, left=None)
        try:
            due = self._resumed(old)
            if grants:
                due = max(due, counting.due(self.at, Limit.parse(grants), self.city.calendar).at)
        except UnknownYear as unknown:
            limit = Limit(max(old.left or 1, 1), unit_of(old.limit))
            self.changed[name] = self._awaiting(woken, self.at, limit, unknown)
            return
        if old.paused:
            woken = replace(woken, held=old.held + int((self.at - instant(old.paused)).total_seconds()))
        known = stamp(due)
        if old.awaiting and not old.paused:
            self.changed[name] = replace(woken, next=known)
            return
        self.changed[name] = replace(woken, due=known, next=known, awaiting=None, earliest=None)

    def _resumed(self, old: Clock) -> datetime:
        if not old.paused:
            return instant(old.expected)
        return counting.resume(self.at, old.left or 0, unit_of(old.limit), self.city.calendar)

    def answered(self, name: str) -> None:
        """The survivor's answer is this duplicate's too: its clock, stopped at the merge, counts as answered."""
        old = self.get(name)
        if old is not None and old.stopped and not old.paused:
            self.changed[name] = replace(old, paused=stamp(self.at), left=self._left(old))

    def earlier(self, name: str, due: str) -> None:
        """Take over an earlier due time: that of a duplicate that was merged in."""
        old = self.get(name)
        if old is not None and old.running and due < old.expected:
            self.changed[name] = replace(old, due=due, next=due, awaiting=None, earliest=None)

    def move(self, name: str, *, most: str) -> None:
        """Give a running clock the due time `until` that was granted; `first` stays.

        Raises BadValue for one that isn't later, or later than the old due time by more than `most`.
        """
        old = self.get(name)
        if old is None or not old.running:
            return
        until = date.fromisoformat(str(self.said["until"]))
        due = stamp(self.end(until))
        if due <= old.expected:
            expected = _later_than(instant(old.expected), self.city.calendar)
            raise BadValue(field=self.procedure.fields["until"].label, value=until, expected=expected)
        if most and due > stamp(counting.earliest(instant(old.expected), Limit.parse(most), self.city.calendar)):
            expected = _beyond(instant(old.expected), Limit.parse(most), self.city.calendar)
            raise BadValue(field=self.procedure.fields["until"].label, value=until, expected=expected)
        self.changed[name] = replace(
            old, due=due, next=due, basis="said", awaiting=None, earliest=None, first=old.first or due
        )

    def reckon(self, name: str, *, later: bool) -> None:
        """Count the due time again from the same start with the limit that now applies, pauses added.

        A later one is taken over only with an approver (`later`).
        """
        old = self.get(name)
        if old is None or old.stopped or old.basis == "source":
            return
        limit = self.limit(self.procedure.clocks[name])
        if not isinstance(limit, Limit) or str(limit) == old.limit:
            return
        counted = self._due(replace(old, limit=str(limit), basis="limit"), instant(old.began), limit)
        due = stamp(instant(counted.expected) + timedelta(seconds=old.held))
        if due >= old.expected and not later:
            return
        known = replace(counted, due=due if counted.due else None)
        self.changed[name] = known if old.paused else replace(known, next=max(due, stamp(self.at)))

    def passed(self, name: str, *, then: bool) -> None:
        """Note a passed clock: `missed` grows, `next` is the next slot of a cycle or the next rung.

        Raises NothingToAnswer when the clock isn't due (another runner was quicker): each slot has one entry.
        """
        rule, old = self._rung(name)
        following = None if then else self._following(rule, old, passed=True)
        self.changed[name] = replace(old, missed=old.missed + 1, next=following)

    def climbed(self, name: str) -> None:
        """Note a rung of the urging ladder. Raises NothingToAnswer when the clock isn't due."""
        rule, old = self._rung(name)
        self.changed[name] = replace(old, next=self._following(rule, old, passed=False))

    def _rung(self, name: str) -> tuple[ClockRule, Clock]:
        rule, old = self.procedure.clocks.get(name), self.get(name)
        if rule is None or old is None or not old.running or not old.next or instant(old.next) > self.at:
            act = self.procedure.acts["pass"].label
            raise NothingToAnswer(act=act, clock=rule.label if rule else name)
        return rule, old

    def _following(self, rule: ClockRule, old: Clock, *, passed: bool) -> str | None:
        if not rule.every:
            return urging.following(old, self._ladder(rule, old), passed=passed)
        slot = instant(old.next or old.expected)
        try:
            return stamp(counting.next_slot(slot, Limit.parse(old.limit), slot, self.city.calendar))
        except UnknownYear:
            return None

    def _ladder(self, rule: ClockRule, clock: Clock) -> list[tuple[str, str]]:
        return urging.steps(rule, clock, self.procedure, self.state.urgency, self.city)

    def fix_dates(self) -> None:
        """Give each clock that awaited a calendar year its date, counted from where it was counted.

        Raises NothingToAnswer where no date can be fixed: it is done already, or lies in a year still awaited.
        """
        for name, old in self.state.clocks.items():
            if old.awaiting and not old.stopped:
                start = instant(old.began) + timedelta(seconds=old.held)
                fixed = self._due(old, start, Limit.parse(old.limit))
                if fixed.due:
                    rings = None if old.paused else fixed.due
                    self.changed[name] = replace(fixed, first=old.first or fixed.due, next=rings)
        if not self.changed:
            act, clock = self.procedure.act("fix_date").label, self.procedure.clocks[CALENDAR].label
            raise NothingToAnswer(act=act, clock=clock)

    def settle(self, *, closing: bool) -> None:
        """At the end of a decision: a closing stops every clock; the calendar's watch follows the awaiting ones."""
        if closing:
            for name in self.all():
                self.stop(name)
            return
        self._remind()
        if CALENDAR not in self.procedure.clocks:
            return
        waiting = [c for n, c in self.all().items() if n != CALENDAR and c.awaiting and c.running]
        watch = self.get(CALENDAR)
        if waiting and (watch is None or not watch.running):
            due = min(clock.expected for clock in waiting)
            self.changed[CALENDAR] = Clock(stamp(self.at), "1d", due=due, first=due, next=due, by="case")
        elif not waiting and watch is not None and watch.running:
            self.stop(CALENDAR)

    def _remind(self) -> None:
        """Let the promise ring before it is due, where it has another due time and the city reminds of it."""
        old, known = self.changed.get(ANSWER), self.state.clocks.get(ANSWER)
        new = known is None or not known.running or (old is not None and known.due != old.due)
        if new and old is not None and old.running and old.due and old.next == old.due:
            ladder = self._ladder(self.procedure.clocks[ANSWER], old)
            self.changed[ANSWER] = replace(old, next=urging.first(old, ladder, self.at))


_PAST = {"zh-Hans": "一个已经过去的时间，办结不早于登记", "en": "a time that has passed; the end not before the start"}
_AHEAD = {"zh-Hans": "一个还没到的日期", "en": "a date that lies ahead"}


def _at_most(limit: Limit) -> Words:
    return {
        "zh-Hans": f"不超过 {timewords.spell(limit)}",
        "en": f"at most {timewords.spell(limit, 'en')}",
    }


def _later_than(due: datetime, calendar: Calendar) -> Words:
    spoken = timewords.in_words(due, calendar)
    return {
        "zh-Hans": f"晚于现在期限（{spoken['zh-Hans']}）的日期",
        "en": f"a date later than the present due time ({spoken['en']})",
    }


def _beyond(due: datetime, limit: Limit, calendar: Calendar) -> Words:
    spoken = timewords.in_words(due, calendar)
    return {
        "zh-Hans": f"不超过原期限（{spoken['zh-Hans']}）后 {timewords.spell(limit)}",
        "en": f"at most {timewords.spell(limit, 'en')} after the present due time ({spoken['en']})",
    }
