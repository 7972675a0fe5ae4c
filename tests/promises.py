"""The promises, looked at from outside: each check recomputes from the entries alone, with its own arithmetic.

What is read of the code: the tables, and what the procedures declare. `broken` names everything that does
not hold for one case; the names begin with the number of the promise.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from huying.city.facts import City
from huying.ledger.models import Case, Entry, Listed
from huying.ledger.vocabulary import OUTCOMES, Act, Procedure

Table = dict[str, Any]
MAPS = ("clocks", "children", "counts", "handlers", "facts")
DOCUMENT = re.compile(r"[0-9a-f]{32}:[0-9a-f]{64}(\n[0-9a-f]{32}:[0-9a-f]{64})*")
CODE = re.compile(r"[\w.,:+\-]{0,200}", re.ASCII)


@dataclass(frozen=True)
class Line:
    """One entry with what its case was before and after it, by this file's own fold."""

    entry: Entry
    act: Act
    said: Table
    before: Table
    after: Table

    @property
    def closes(self) -> bool:
        return not self.before.get("closed") and bool(self.after.get("closed"))


@dataclass(frozen=True)
class Life:
    """One case, its entries, and what the city and the procedure say."""

    case: Case
    lines: tuple[Line, ...]
    procedure: Procedure
    city: City

    @property
    def now(self) -> Table:
        return self.lines[-1].after if self.lines else {}


def life(case: Case, procedure: Procedure, city: City) -> Life:
    """A case as its entries tell it."""
    lines: list[Line] = []
    state: Table = {}
    for entry in Entry.objects.filter(case=case).order_by("seq"):
        after = merged(state, json.loads(entry.sets_json))
        lines.append(Line(entry, procedure.acts[entry.act], json.loads(entry.said_json), state, after))
        state = after
    return Life(case, tuple(lines), procedure, city)


def merged(state: Table, sets: Mapping[str, Any]) -> Table:
    """Scalars are replaced; maps are merged name by name, and null deletes."""
    after = dict(state)
    for key, value in sets.items():
        if key in MAPS:
            both = {**state.get(key, {}), **value}
            after[key] = {name: inner for name, inner in both.items() if inner is not None}
        else:
            after[key] = value
    return after


def broken(life: Life) -> Iterator[str]:
    """Every promise that this case breaks, in words."""
    for check in CHECKS:
        for what in check(life):
            yield f"{life.case.number} ({life.case.procedure}, {life.case.stage}): {what}"


def chained(life: Life) -> Iterator[str]:
    """2: entries are numbered without a gap, and each one's hash holds the one before."""
    prev = "0" * 64
    for number, line in enumerate(life.lines, 1):
        entry = line.entry
        told = {
            "case": life.case.number,
            "seq": number,
            "act": entry.act,
            "actor": entry.actor,
            "at": _stamp(entry.at),
            "happened_at": _stamp(entry.happened_at) if entry.happened_at else None,
            "said": entry.said_json,
            "sets": entry.sets_json,
            "v": 1,
            "prev": prev,
        }
        canonical = json.dumps(told, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        if entry.seq != number or entry.hash != hashlib.sha256(canonical.encode()).hexdigest():
            yield f"2: entry {number} breaks the chain"
        prev = entry.hash
    if life.case.head != prev:
        yield "2: the case's head is not its last entry"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def folded(life: Life) -> Iterator[str]:
    """3: the State is what the entries add up to, and the columns are the State."""
    kept, now = json.loads(life.case.state), {**life.now, "seq": len(life.lines)}
    for name in kept.keys() | now.keys():
        if kept.get(name) != now.get(name, type(kept.get(name))()):
            yield f"3: State.{name} is {kept.get(name)!r}, the entries say {now.get(name)!r}"
    for name, value in _columns(now).items():
        if getattr(life.case, name) != value:
            yield f"3: the column {name} is {getattr(life.case, name)!r}, the entries say {value!r}"
    fields = life.procedure.fields
    facts = {n: str(v)[:200] for n, v in now.get("facts", {}).items() if n in fields and fields[n].listed}
    if dict(Listed.objects.filter(case=life.case).values_list("name", "value")) != facts:
        yield f"3: the register doesn't hold {facts}"


def _columns(now: Table) -> Table:
    plain = (
        "seq", "turn", "stage", "lead", "owner", "opener", "about", "sealed", "category", "area", "level",
        "part", "outcome", "verified",
    )  # fmt: skip
    columns = {name: now.get(name, 0 if name == "level" else "") for name in plain}
    going = _running(now).values()
    promise = now.get("clocks", {}).get("answer", {}).get("due") if not now.get("closed") else None
    columns["closed"] = _instant(now.get("closed") or None)
    columns["due"] = _instant(promise)
    columns["alarm"] = _instant(min((c["next"] for c in going if c.get("next")), default=None))
    columns["next_due"] = _instant(min((_expected(c) for c in going), default=None))
    return columns


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _expected(clock: Table) -> str:
    return str(clock.get("due") or clock.get("earliest") or clock["began"])


def _running(now: Table) -> Table:
    return {n: c for n, c in now.get("clocks", {}).items() if not c.get("paused") and not c.get("stopped")}


def turned(life: Life) -> Iterator[str]:
    """4: `turn` is the last entry that decided something; quiet ones leave it, and stage, lead and promise."""
    turn = 0
    for line in life.lines:
        if line.entry.seq == 1 or not line.act.quiet:
            turn = line.entry.seq
        elif any(line.before.get(name) != line.after.get(name) for name in ("stage", "lead", "closed")):
            yield f"4: the quiet entry {line.entry.seq} ({line.act.name}) moved the case"
        if line.after.get("turn") != turn:
            yield f"4: after entry {line.entry.seq} the turn is {line.after.get('turn')}, not {turn}"


def plain(life: Life) -> Iterator[str]:
    """5 and 12: entries hold ids, codes, dates, booleans and whole numbers, never words of anybody."""
    for line in life.lines:
        for name, value in line.said.items():
            words = isinstance(value, str) and not DOCUMENT.fullmatch(value) and not CODE.fullmatch(value)
            if words or not isinstance(value, (str, int, bool)):
                yield f"5: entry {line.entry.seq} says {name} = {value!r}"
        if line.after.get("rule") in (None, "") or not line.after.get("city"):
            yield f"5: entry {line.entry.seq} doesn't say by which rules and city it was decided"


def answerable(life: Life) -> Iterator[str]:
    """6: an open case has one lead and a running clock; a closed one has no running clock."""
    now = life.now
    if now.get("closed"):
        if _running(now):
            yield f"6: it is closed and {sorted(_running(now))} run"
        return
    if now.get("lead") not in life.city.units:
        yield f"6: nobody leads it ({now.get('lead')!r})"
    if not _running(now):
        yield "6: no clock runs"
    if now.get("about") and now["lead"] in life.city.subtree(now["about"]):
        yield f"13: {now['lead']} leads a case about {now['about']}"


def promised(life: Life) -> Iterator[str]:
    """7: the promise begins once, its first due time stays, and only what may move it has moved it."""
    for line in life.lines:
        old, new = (state.get("clocks", {}).get("answer") for state in (line.before, line.after))
        where = f"7: entry {line.entry.seq} ({line.act.name})"
        if old is None:
            by_source = "import" in line.act.by and new and new["began"] <= _stamp(line.entry.at)
            here = new and "answer" in line.act.starts and new["began"] == _stamp(line.entry.at)
            if new and not here and not by_source:
                yield f"{where} began the promise"
        elif new is None:
            yield f"{where} dropped the promise"
        else:
            yield from (f"{where}: {what}" for what in _moved(line, old, new))


def _moved(line: Line, old: Table, new: Table) -> Iterator[str]:
    if old["began"] != new["began"]:
        yield "another beginning"
    if old.get("first") and old["first"] != new.get("first"):
        yield "another first due time"
    if (old.get("due"), old.get("earliest")) == (new.get("due"), new.get("earliest")):
        return
    act = line.act
    may = "answer" in (*act.moves, *act.resumes, *act.reckons) or act.name in ("joined", "fix_date")
    if not may:
        yield f"due moved from {_expected(old)} to {_expected(new)}"
    if old.get("stopped") and not old.get("paused") and not act.grants and old.get("due") != new.get("due"):
        yield "time was won by standing still"
    later = _expected(new) > _expected(old)
    if later and "answer" in act.reckons and not act.later:
        yield "a later date without an approver"
    if later and act.name == "joined":
        yield "a duplicate made the promise later"


def passed(life: Life) -> Iterator[str]:
    """8: each slot that passed has one entry, and none was noted before its time."""
    slots: Counter[tuple[str, str, str]] = Counter()
    for line in life.lines:
        if line.act.name == "pass":
            name = str(line.said["clock"])
            clock = line.before["clocks"][name]
            slots[name, clock["began"], clock["next"]] += 1
            if clock["next"] > _stamp(line.entry.at):
                yield f"8: entry {line.entry.seq} passed {name} before its time"
    yield from (f"8: {slot} has {count} entries" for slot, count in slots.items() if count > 1)


def judged(life: Life) -> Iterator[str]:
    """9: whoever closes is no person and no organ that handled the case; whoever asked doesn't answer."""
    persons: set[str] = set()
    organs: set[str] = set()
    asked: dict[str, str] = {}
    for line in life.lines:
        actor = line.entry.actor
        mine = _organs(actor, life.city)
        if line.closes and "assent" not in line.act.rules and (actor in persons or mine & organs):
            yield f"9: entry {line.entry.seq} ({line.act.name}) was decided by {actor}, who handled the case"
        for name in line.act.answers:
            apart = line.act.apart == "organ" and mine & _organs(asked[name], life.city)
            if actor == asked[name] or (apart and len(mine) == 1 == len(_organs(asked[name], life.city))):
                yield f"9: entry {line.entry.seq} ({line.act.name}): {actor} answers {asked[name]}"
        asked |= dict.fromkeys(line.act.starts, actor)
        if line.act.handles:
            persons |= {actor} - {"clock", "requester"}
            organs |= _handling(line, mine, life.city)
    kept = life.now.get("handlers", {})
    if missing := {*persons, *(f"organ:{organ}" for organ in organs)} - kept.keys():
        yield f"9: {sorted(missing)} handled the case and are not among its handlers"
    yield from _outcome(life)


def _organs(actor: str, city: City) -> frozenset[str]:
    person = city.people.get(actor)
    if person is None:
        return frozenset()
    return frozenset(city.organ(unit) for unit in (person.unit, *(post.unit for post in person.posts)))


def _handling(line: Line, mine: frozenset[str], city: City) -> frozenset[str]:
    """The organ that surely handled: the lead's where the lead's own people or the clock act, else the actor's."""
    lead = city.organ(str(line.before.get("lead") or line.after["lead"]))
    leading = any(word in ("lead", "owner", "clock") or word.endswith("@lead") for word in line.act.by)
    if leading:
        return frozenset({lead}) if line.entry.actor == "clock" or lead in mine else frozenset()
    return mine if len(mine) == 1 else frozenset()


def _outcome(life: Life) -> Iterator[str]:
    """A closing carries a typed outcome, and silence is nobody's confirmation."""
    now = life.now
    if now.get("closed") and now.get("outcome") not in OUTCOMES:
        yield f"9: closed with the outcome {now.get('outcome')!r}"
    closings = [line for line in life.lines if line.closes]
    if now.get("closed") and closings[-1].entry.actor == "clock" and now.get("verified") != "nobody":
        yield f"9: the clock closed it, and it counts as verified by {now.get('verified')!r}"


def gathered(life: Life) -> Iterator[str]:
    """10: a case counts its children as they are, and none is open under a closed case."""
    found: dict[str, dict[str, int]] = {}
    for part, closed in Case.objects.filter(parent=life.case).values_list("part", "closed"):
        found.setdefault(part, {"open": 0, "closed": 0})["closed" if closed else "open"] += 1
    counted = {part: n for part, n in life.now.get("children", {}).items() if n["open"] or n["closed"]}
    if counted != found:
        yield f"10: it counts {counted}, its children are {found}"
    ended = Case.objects.filter(parent=life.case).exclude(closed=None).values_list("state", flat=True)
    organs = {who for state in ended for who in json.loads(state)["handlers"] if who.startswith("organ:")}
    if missing := organs - life.now.get("handlers", {}).keys():
        yield f"9: its closed children were handled by {sorted(missing)}, which it doesn't know"
    if life.now.get("closed") and any(n["open"] for n in found.values()):
        yield "10: it is closed over open children"
    yield from _told(life)


def _told(life: Life) -> Iterator[str]:
    """Each time a child closed or opened again stands on a parent, as one quiet entry."""
    if not life.case.parent_id:
        return
    flips = sum(
        bool(line.before.get("closed")) != bool(line.after.get("closed"))
        for line in life.lines[1:]
        if line.before.get("parent")
    )
    # Leaving one parent and joining another are one entry each.
    moves = sum(1 + bool(line.before.get("parent")) for line in life.lines[1:] if line.act.name == "move")
    said = f'"child":"{life.case.number}"'
    told = Entry.objects.filter(act="child", said_json__contains=said).count()
    if told != flips + moves:
        yield f"10: it closed, opened or moved {flips + moves} times, its parents were told {told} times"


CHECKS: tuple[Callable[[Life], Iterator[str]], ...] = (
    chained, folded, turned, plain, answerable, promised, passed, judged, gathered,
)  # fmt: skip
