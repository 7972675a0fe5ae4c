"""Plays a story: a case's life as a table that a civil servant can read, against the real ledger and loop.

The columns are told in tests/stories/README.md. Between two steps the clocks ring when they are due; after each
step every case of the story is audited.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from huying import runner
from huying.city import store
from huying.errors import BadInput, Refused, UnknownCase, sentence
from huying.ledger import administration, audit, find, rulebook
from huying.ledger.actor import SYSTEM, Actor, importer
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from huying.ledger.record import Intake, open_case, record
from huying.ledger.timewords import moment
from huying.ledger.vocabulary import Procedure
from huying.notify.outbox import fan_out
from tests import editions
from tests.cast import MORNING, who
from tests.storywords import Dictionary

FOLDER = Path(__file__).parent / "stories"
SPECIAL = {"诉求人": "requester", "到期自动": "clock", "系统": "case"}
MACHINES = ("clock", "case")
MAIN, STANDING = "本件", "系统管理"
Row = Mapping[str, object]
_WHEN = re.compile(r"(?:(?:(\d{4})年)?(\d+)月(\d+)日 周(.) )?(\d\d):(\d\d)")


def read(path: Path) -> dict[str, object]:
    """A story's file."""
    return tomllib.loads(path.read_text("utf-8"))


def stories() -> list[Path]:
    """Every story, by its file."""
    return sorted(FOLDER.glob("*.toml"))


@dataclass
class Story:
    """One story being played: its cases by name, where its time stands, and up to where each was told."""

    title: str
    folder: Path
    at: datetime = MORNING
    cases: dict[str, Case] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    step: int = 0

    def play(self, rows: list[Row]) -> None:
        """Every step in its order; AssertionError names the step that doesn't go as told."""
        for row in rows:
            self.step += 1
            self._advance(str(row.get("when", "")))
            with standing_at(self.at):
                self._play(row)
                self._audit()

    def fail(self, why: str) -> None:
        """Stop with the step's number and what differs."""
        pytest.fail(f"{self.title}，第 {self.step} 步：{why}", pytrace=False)

    # Time

    def _advance(self, when: str) -> None:
        """Go to the time of a step; on the way each clock rings when it is due, and what is owed is told."""
        target = self._moment(when) if when else self.at
        if target < self.at:
            self.fail(f"{when} 早于上一步")
        while (alarm := self._alarm()) is not None and alarm <= target:
            self.at = max(self.at, alarm)
            with standing_at(self.at):
                failed = runner.ring().failed
            if failed:
                self.fail(f"时限没有走动：{failed}")
        self.at = target
        with standing_at(self.at):
            fan_out()

    def _alarm(self) -> datetime | None:
        return Case.objects.exclude(alarm=None).order_by("alarm").values_list("alarm", flat=True).first()

    def _moment(self, when: str) -> datetime:
        found = _WHEN.fullmatch(when)
        if found is None:
            self.fail(f"看不懂时间“{when}”")
            raise AssertionError
        zone, local = store.current().calendar.tz, store.current().calendar.local(self.at)
        year, month, day, weekday, hour, minute = found.groups()
        on = date(int(year or local.year), int(month), int(day)) if month else local.date()
        if weekday and weekday != "一二三四五六日"[on.weekday()]:
            self.fail(f"{on} 不是周{weekday}")
        return datetime(on.year, on.month, on.day, int(hour), int(minute), tzinfo=zone).astimezone(UTC)

    # Steps

    def _play(self, row: Row) -> None:
        name = str(row.get("case", MAIN))
        if name == STANDING:
            self.cases.setdefault(name, Case.objects.get(procedure="administration", closed=None))
        if "load" in row:
            administration.load_city(editions.with_next_year(self.folder / "city"), who("admin.system"))
        elif "renames" in row:
            self._rename(str(row["renames"]))
        elif "attempt" in row:
            self._attempt(name, str(row["attempt"]))
        elif "hidden" in row:
            self._hidden(name, self._actor(str(row["who"])))
        else:
            self._act(name, row)
        if name in self.cases:
            self.cases[name].refresh_from_db()
            self._look(name, row)

    def _actor(self, words: str) -> Actor:
        if words == "数据导入":
            return importer("旧系统", store.current().desk)
        if words == "系统":
            return SYSTEM
        return who(SPECIAL.get(words) or Dictionary(store.current()).person(words))

    def _rename(self, stage: str) -> None:
        """A new version of the request's procedure calls one stage otherwise."""
        folder = editions.with_renamed_stage(rulebook.procedure("request"), stage, self.folder / "procedures")
        administration.load_procedures(who("admin.system"), shadow=folder)

    def _attempt(self, name: str, what: str) -> None:
        """Somebody tries to change or delete what was written, around the system."""
        case = self.cases[name]
        tries = {
            "改写条目": "UPDATE ledger_entry SET act = 'confirm' WHERE case_id = %s",
            "删除条目": "DELETE FROM ledger_entry WHERE case_id = %s",
            "删除事项": "DELETE FROM ledger_case WHERE id = %s",
            "改写材料": "UPDATE ledger_document SET body = 'x' WHERE case_id = %s",
        }
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(tries[what], [case.pk])

    def _hidden(self, name: str, actor: Actor) -> None:
        with pytest.raises(UnknownCase):
            find.one(self.cases[name].number, actor)

    def _act(self, name: str, row: Row) -> None:
        refused = str(row.get("refused", ""))
        try:
            self._do(name, row)
        except (Refused, BadInput) as error:
            said = sentence(error)
            if not refused or not said.startswith(refused):
                self.fail(f"应当{'被拒绝：' + refused if refused else '做成'}；实际：{said}")
            return
        if refused:
            self.fail(f"应当被拒绝：{refused}；却做成了")

    def _do(self, name: str, row: Row) -> None:
        words = str(row["who"])
        if SPECIAL.get(words) in MACHINES and "said" not in row:
            self._happened(name, str(row["act"]), SPECIAL[words])
            return
        actor = self._actor(words)
        if name not in self.cases:
            self._open(name, row, actor)
            return
        case = self.cases[name]
        case.refresh_from_db()
        procedure = rulebook.procedure(case.procedure)
        act = self._named(procedure, str(row["act"]))
        said = Dictionary(store.current(), self.cases).said(procedure, act, row.get("said", {}))
        before = set(Case.objects.values_list("pk", flat=True))
        record(case, act, actor, said, seen=None if actor.relations & {"clock", "case"} else case.turn)
        born = Case.objects.exclude(pk__in=before).order_by("pk")
        self.cases |= dict(zip(_names(row.get("opens", ())), born, strict=True))

    def _open(self, name: str, row: Row, actor: Actor) -> None:
        words = str(row.get("procedure", "诉求"))
        procedure = next(p for p in rulebook.everything().values() if words in (p.name, p.label["zh-Hans"]))
        act = self._named(procedure, str(row["act"]))
        said = Dictionary(store.current(), self.cases).said(procedure, act, row.get("said", {}))
        self.cases[name] = open_case(Intake(procedure.name, said, act=act), actor)

    def _named(self, procedure: Procedure, words: str) -> str:
        found = [act.name for act in procedure.acts.values() if words in (act.name, act.label["zh-Hans"])]
        if len(found) != 1:
            self.fail(f"“{procedure.label['zh-Hans']}”里没有“{words}”这个动作")
        return found[0]

    def _happened(self, name: str, words: str, actor: str) -> None:
        """What the loop or the system wrote by itself since the case was last told of."""
        case = self.cases[name]
        act = self._named(rulebook.procedure(case.procedure), words)
        since = self.told.get(name, 0)
        entry = Entry.objects.filter(case=case, act=act, actor=actor, seq__gt=since).order_by("seq").first()
        if entry is None:
            written = "、".join(f"{e.seq} {e.act}" for e in Entry.objects.filter(case=case, seq__gt=since))
            self.fail(f"“{words}”没有自动发生；此后的条目：{written or '无'}")
            return
        self.told[name] = entry.seq

    # What is looked at

    def _look(self, name: str, row: Row) -> None:
        acted = "act" in row and "refused" not in row
        if acted and SPECIAL.get(str(row.get("who", ""))) not in MACHINES:
            self.told[name] = self.cases[name].seq
        for key, value in self._stands(self.cases[name]).items():
            if key in row and row[key] != value:
                self.fail(f"{name}的 {key} 应当是 {row[key]!r}，实际是 {value!r}")
        clocks = row.get("clocks", {})
        assert isinstance(clocks, dict)
        for label, expected in clocks.items():
            found = self._clock(self.cases[name], label)
            if found != expected:
                self.fail(f"{name}的时限“{label}”应当是 {expected!r}，实际是 {found!r}")

    def _stands(self, case: Case) -> dict[str, object]:
        state, procedure, city = case.folded(), rulebook.procedure(case.procedure), store.current()
        outcome = procedure.fields["outcome"].of.get(state.outcome, {"zh-Hans": state.outcome})
        return {
            "stage": procedure.stage(state.stage)["zh-Hans"],
            "lead": city.units[state.lead].name["zh-Hans"],
            "due": self._clock(case, procedure.clocks["answer"].label["zh-Hans"]) if "answer" in state.clocks else "",
            "outcome": outcome["zh-Hans"],
            "verified": state.verified,
            "level": state.level,
            "sealed": state.sealed,
            "open_children": state.open_children,
        }

    def _clock(self, case: Case, label: str) -> str:
        """Where one clock stands: its due time in local words, 暂停, 停止, or 无; what is awaited is said."""
        procedure, state = rulebook.procedure(case.procedure), case.folded()
        name = next(clock.name for clock in procedure.clocks.values() if clock.label["zh-Hans"] == label)
        clock = state.clocks.get(name)
        if clock is None:
            return "无"
        if not clock.running:
            return "停止" if clock.stopped else "暂停"
        if clock.awaiting:
            return f"等待 {clock.awaiting} 年放假通知"
        spoken = moment(datetime.fromisoformat(clock.expected), store.current().calendar)
        return spoken.removeprefix(f"{store.current().calendar.local(self.at).year}年")

    def _audit(self) -> None:
        numbers = frozenset(case.number for case in self.cases.values())
        for difference in audit.audit(numbers=numbers):
            self.fail(f"核对台账：{difference.words()}")


def _names(value: object) -> Iterator[str]:
    assert isinstance(value, list | tuple)
    yield from (str(name) for name in value)
