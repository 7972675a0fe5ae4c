"""Letting one life happen: each act through the ledger's own `open_case` and `record`, on a clock that stands
where the life has come to. Clocks that pass on the way are passed, as the runner would.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from random import Random

from huying.bench import words
from huying.bench.lives import Life, Move
from huying.bench.places import Places
from huying.errors import HuyingError, Refused
from huying.ledger import rulebook
from huying.ledger.actor import CLOCK, REQUESTER, SYSTEM, Actor
from huying.ledger.models import Case
from huying.ledger.now import standing_at
from huying.ledger.record import Intake, open_case, record

SOURCE = "bench"
SPAN = timedelta(days=730)
DESKS = ("intake", "dispatcher", "callback", "supervisor")


class Play:
    """One life on its way: `at` is where its clock stands, `cases` are the keys of its cases in order.

    `refused` names the moves that the ledger refused, as happens when a clock was quicker; the life goes on.
    """

    def __init__(self, life: Life, ref: str, until: datetime, places: Places, chance: Random) -> None:
        self.life, self.ref, self.until, self.places, self.chance = life, ref, until, places, chance
        self.setting = places.setting(chance)
        self.about = places.others(self.setting.lead, 1, chance)[0]
        self.cases: list[int] = []
        self.refused: list[str] = []
        self.at = self._start()
        self.step = (until - self.at) / (len(life.moves) + 1) if life.age[1] else timedelta()

    def _start(self) -> datetime:
        if self.life.age[1]:
            return self.until - timedelta(hours=self.chance.uniform(*self.life.age))
        return self.until - SPAN * self.chance.uniform(0.02, 1)

    def run(self) -> None:
        """Play every move that lies before `until`, and every clock that passes by then."""
        self._open(self.ref)
        for move in self.life.moves:
            self.at = self._next(move)
            if self.at >= self.until:
                break
            self._pass_clocks(self.at)
            with standing_at(self.at):
                self._do(move)
        self._pass_clocks(self.until)

    def _next(self, move: Move) -> datetime:
        if self.step:
            return self.at + self.step
        at = self.at + timedelta(hours=self.chance.uniform(*move.hours))
        return at if move.by in ("requester", "intake", "case") else self._in_office(at)

    def _in_office(self, at: datetime) -> datetime:
        """People in offices act on weekdays from nine to five."""
        local = self.places.city.calendar.local(at)
        if local.hour >= 17:
            local += timedelta(days=1)
        while local.weekday() >= 5:
            local += timedelta(days=1)
        if not 9 <= local.hour < 17:
            local = local.replace(hour=9, minute=self.chance.randrange(60))
        return max(local, at)

    def _do(self, move: Move) -> None:
        if move.act == "open":
            self._open(f"{self.ref}+{move.case}")
            return
        if move.case >= len(self.cases):
            self.refused.append(f"{self.life.name}: {move.act} has no case {move.case}")
            return
        case = Case.objects.get(pk=self.cases[move.case])
        act = rulebook.procedure(case.procedure).acts[move.act]
        try:
            record(case, move.act, self._actor(move.by, case), self._said(case, move), seen=case.turn)
        except HuyingError as refusal:
            self.refused.append(f"{self.life.name}: {refusal}")
            return
        if act.opens or act.follow_up:
            new = Case.objects.filter(pk__gt=max(self.cases), state__contains=case.number)
            self.cases += new.order_by("pk").values_list("pk", flat=True)

    def _open(self, ref: str) -> None:
        with standing_at(self.at):
            said: dict[str, object] = {name: self._text(name) for name in ("title", "text", "place")}
            said["type"] = self.chance.choice(("help", "complaint", "complaint", "suggestion"))
            said["urgency"] = self.chance.choices(("normal", "urgent", "safety"), (88, 10, 2))[0]
            if self.life.said.get("wish") != "anonymous":
                said["requester"] = words.requester(self.chance)
            said |= {name: self._meant(value, None) for name, value in self.life.said.items()}
            desk = self.places.desk("intake", self.at.date(), self.chance)
            self.cases.append(open_case(Intake("request", said, source_system=SOURCE, source_ref=ref), desk).pk)

    def _text(self, name: str) -> str:
        return words.text(name, self.setting.topic, self.chance)

    def _said(self, case: Case, move: Move) -> dict[str, object]:
        """What the move says, and for everything else that the act needs, what the setting has."""
        said = {name: self._meant(value, case) for name, value in move.said.items()}
        procedure = rulebook.procedure(case.procedure)
        act = procedure.acts[move.act]
        # The type was said when the case was opened.
        for name in (name for name in act.needs + act.knows if name != "type"):
            if name not in said:
                is_text = procedure.fields[name].type == "text"
                said[name] = self._text(name) if is_text else getattr(self.setting, name)
        return said

    def _meant(self, value: str, case: Case | None) -> object:
        """What was said; a word that begins with `@` is what it stands for now."""
        word, _, days = value.partition("+")
        meanings: dict[str, Callable[[], object]] = {
            "@until": lambda: self._day(self.at, days),
            "@due": lambda: self._day(case.due if case and case.due else self.at, days),
            "@root": lambda: Case.objects.get(pk=self.cases[0]).number,
            "@about": lambda: self.about,
            "@other": lambda: self.places.others(self.setting.lead, 1, self.chance)[0],
            "@no_evidence": lambda: "" if self._evidence(case) == "none" else self._text("no_evidence"),
            "@sponsor": lambda: self.places.holder("leader", case.lead if case else ""),
            "@category": lambda: self.places.category_of(self.setting.lead, self.chance),
            "@support": lambda: [self._support(unit) for unit in self.places.others(self.setting.lead, 2, self.chance)],
        }
        return meanings[word]() if word in meanings else value

    def _evidence(self, case: Case | None) -> str:
        category = self.places.city.categories.get(case.category if case else "")
        return category.evidence if category else "none"

    def _day(self, at: datetime, days: str) -> str:
        return (at + timedelta(days=int(days))).date().isoformat()

    def _support(self, unit: str) -> dict[str, object]:
        return {"lead": unit, "due": "3wd", "title": self._text("title"), "text": self._text("text")}

    def _actor(self, word: str, case: Case) -> Actor:
        """Somebody who holds the post that the move names."""
        if word in ("requester", "case"):
            return REQUESTER if word == "requester" else SYSTEM
        today = self.at.date()
        if word in DESKS:
            return self.places.desk(word, today, self.chance)
        lead = case.parent.lead if word == "parent" and case.parent else case.lead
        return self.places.staff("reviewer" if word == "reviewer" else "handler", lead, today, self.chance)

    def _pass_clocks(self, until: datetime) -> None:
        """Ring what has passed by `until`, earliest first, a few seconds after it was due."""
        while due := Case.objects.filter(pk__in=self.cases, alarm__lte=until).order_by("alarm", "pk").first():
            assert due.alarm is not None
            with standing_at(due.alarm + timedelta(seconds=self.chance.randrange(1, 6))):
                self._ring(due)

    def _ring(self, case: Case) -> None:
        state = case.folded()
        late = {name: clock.next for name, clock in state.running.items() if clock.next}
        name = min(late, key=lambda clock: (late[clock], clock))
        then = rulebook.procedure(state.procedure).clocks[name].then
        if then:
            with suppress(Refused):
                record(case, then, CLOCK, {}, seen=None)
                return
        record(case, "pass", CLOCK, {"clock": name}, seen=None)
