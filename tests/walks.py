"""Random lives in a small city: who acts, on which case, what they do and say, and how time passes.

Everything is drawn from one `Random`, so a seed is a walk. After each step every case that it touched is
looked at from outside (`promises.py`); what was refused must have left nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from django.db import connection

from huying import runner
from huying.city import store
from huying.errors import BadInput, Refused, Stale, UnknownCase
from huying.ledger import administration, audit, find, rulebook
from huying.ledger.actor import SYSTEM, Actor, importer
from huying.ledger.fold import State
from huying.ledger.models import Case, Outbox
from huying.ledger.now import standing_at
from huying.ledger.procedure import may
from huying.ledger.record import Intake, open_case, record
from huying.ledger.vocabulary import OPEN, Act, Procedure
from tests import promises
from tests.cast import MORNING, who
from tests.saying import Speaker

PEOPLE = (
    "hotline.1", "hotline.2", "dispatch.1", "dispatch.2", "callback.1", "callback.2", "supervision.1",
    "supervision.2", "office.clerk", "office.leader", "mayor",
    "admin.system", "admin.security", "admin.audit",
    "lighting.1", "lighting.2", "lighting.reviewer", "lighting.leader",
    "urban.1", "urban.2", "urban.reviewer", "urban.leader",
    "housing.1", "housing.property", "housing.reviewer", "housing.leader",
    "parks.1", "parks.second", "parks.reviewer",
    "xihe.desk1", "xihe.handler", "xihe.reviewer", "xihe.leader",
    "xihe-liuyuan.1", "xihe-liuyuan.2", "xihe-liuyuan.reviewer", "xihe-liuyuan.leader", "library.1",
)  # fmt: skip
CAST = (*PEOPLE, "requester", "clock", "import")
ADMIN = "admin.system"
TABLES = ("ledger_case", "ledger_entry", "ledger_document", "ledger_identity", "ledger_listed", "ledger_outbox")
Tally = Counter[tuple[str, str]]
Row = tuple[str, int, str]
Said = Mapping[str, object]
Wishes = Mapping[str, tuple[str, ...]]
NONE: Wishes = {}
SOURCE = "test"
PICTURED = ("pk", "head", "seq", "state", "parent", "into")


class Unkept(AssertionError):
    """A promise that did not hold, with the walk that broke it."""


@dataclass
class Walk:
    """One walk: where its time stands, its cases, and what was done so far."""

    rng: Random
    folder: Path
    at: datetime = MORNING
    tally: Tally = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    hashes: dict[int, str] = field(default_factory=dict)
    pictures: dict[int, Row] = field(default_factory=dict)
    counts: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self.pictures, self.counts = self._picture()

    # What there is

    def procedures(self) -> dict[str, Procedure]:
        """The procedures in force."""
        return rulebook.everything()

    def cases(self, procedure: str = "") -> list[Case]:
        """The cases of the walk, of one kind or all."""
        rows = Case.objects.order_by("pk")
        return list(rows.filter(procedure=procedure) if procedure else rows)

    def actor(self, key: str) -> Actor:
        """Somebody of the cast at the time at which the walk stands."""
        with standing_at(self.at):
            if key == "import":
                return importer(SOURCE, "hotline")
            return SYSTEM if key == SYSTEM.key else who(key)

    def open_acts(self, case: Case, key: str) -> list[str]:
        """The acts that `may` says are open to a person now."""
        procedure = rulebook.procedure(case.procedure)
        beside = find.around(case)
        answers = may(procedure, case.folded(), self.actor(key), at=self.at, city=store.current(), around=beside)
        return [name for name, refusal in answers.items() if refusal is None]

    def able(self, case: Case, act: Act) -> list[str]:
        """Who of the cast may do one act now, by `may`; the clock rings by itself."""
        alone = replace(rulebook.procedure(case.procedure), acts={act.name: act})
        state, city, beside = case.folded(), store.current(), find.around(case)
        return [
            key
            for key in CAST
            if key != "clock"
            and may(alone, state, self.actor(key), at=self.at, city=city, around=beside)[act.name] is None
        ]

    def says(self, act: Act, case: Case | None = None, *, careful: bool = False, wishes: Wishes = NONE) -> Said:
        """What is said for an act."""
        procedures, city = self.procedures(), store.current()
        others = tuple(c.number for c in self.cases() if case is None or c.pk != case.pk)
        clocks = tuple(case.folded().running) if case else ()
        today = city.calendar.local(self.at).date()
        house = tuple(key for key in PEOPLE if case and city.organ(city.people[key].unit) == city.organ(case.lead))
        people = house if careful and house else PEOPLE
        speaker = Speaker(self.rng, today, people, others, clocks, procedures, wishes, careful)
        kind = case.procedure if case else next(p.name for p in procedures.values() if p.acts.get(act.name) is act)
        return speaker.said(procedures[kind], act)

    # Steps

    def open(self, name: str, by: str = OPEN, *, careful: bool = False, wishes: Wishes = NONE) -> Case | None:
        """Begin a case of a kind by somebody who may, or by anybody; None where that is refused."""
        procedure = self.procedures()[name]
        act = procedure.act(by)
        able = [key for key in CAST if self._may_begin(procedure, act, key)]
        key = self.rng.choice(able if able and (careful or self.rng.random() < 0.8) else CAST)
        source = f"r{self.rng.randint(1, 9)}" if not careful and self.rng.random() < 0.3 else ""
        said = self.says(act, careful=careful, wishes=wishes)
        intake = Intake(name, said, act=by, source_system=SOURCE if source else "", source_ref=source)
        known = Case.objects.filter(source_system=SOURCE, source_ref=source).first() if source else None
        if known is not None:
            self._came_before(intake, key, known)
            return None
        opened: list[Case] = []
        self._do(f"{key} does {by} of a {name} {said}", lambda: opened.append(open_case(intake, self.actor(key))))
        return opened[0] if opened else None

    def _may_begin(self, procedure: Procedure, act: Act, key: str) -> bool:
        alone = replace(procedure, acts={act.name: act})
        return may(alone, State(), self.actor(key), at=self.at, city=store.current())[act.name] is None

    def _came_before(self, intake: Intake, key: str, known: Case) -> None:
        """11: the same source reference is the same case, and nothing is written."""
        with standing_at(self.at):
            again = self._or_none(lambda: open_case(intake, self.actor(key)))
        self._unchanged("11: a retry")
        if again is not None and again.pk != known.pk:
            self.fail(f"11: {intake.source_ref} became another case")

    def _or_none(self, step: Callable[[], Case]) -> Case | None:
        try:
            return step()
        except (Refused, BadInput):
            return None

    def act(self, case: Case, act: Act, key: str, said: Said, *, seen: int | None = None) -> bool:
        """Let somebody try an act; what `may` refuses is never recorded, and nothing stale."""
        case.refresh_from_db()
        allowed = act.name in self.open_acts(case, key)
        turn = None if key == "clock" else case.turn if seen is None else seen
        stale = turn != case.turn and not act.quiet and key != "clock"
        line = f"{key} does {act.name} on {case.number} ({case.procedure}, {case.stage}) {dict(said)}"
        done = self._do(line, lambda: record(case, act.name, self.actor(key), said, seen=turn), stale=stale)
        if done and not allowed:
            self.fail(f"{act.name} was recorded although `may` says it isn't open to {key}")
        return done

    def ring(self) -> None:
        """Let the loop pass every clock that has passed; nothing is left for a second round."""
        before, _ = self._picture()
        with standing_at(self.at):
            done = runner.ring()
            if done.failed:
                self.fail(f"8: the loop failed: {done.failed}")
            again = runner.ring()
        if again.passed:
            self.fail("8: a second round at the same moment passed clocks again")
        late = Case.objects.filter(alarm__lte=self.at)
        if late.exists():
            self.fail(f"8: still to ring: {list(late.values_list('number', 'alarm'))}")
        self.log.append(f"{self.at:%m-%d %H:%M} the clock rang {done.passed} times")
        self._look(before)

    def wait(self, by: timedelta) -> None:
        """Let time pass; the clocks ring at its end."""
        self.at += by
        self.ring()

    def wait_for(self, case: Case, clocks: frozenset[str]) -> None:
        """Let time pass until one of a case's clocks must ring."""
        going = case.folded().running
        due = [datetime.fromisoformat(c.next) for name in clocks if (c := going.get(name)) and c.next]
        self.at = max(self.at, min(due, default=self.at + timedelta(days=1)))
        self.ring()

    def load_city(self, folder: Path) -> None:
        """A new version of the city's data is put in force."""
        self._do(f"loads {folder.name}", lambda: administration.load_city(folder, self.actor(ADMIN)))

    def load_procedures(self, folder: Path) -> None:
        """A new version of a procedure is put in force."""
        self._do(f"loads {folder.name}", lambda: administration.load_procedures(self.actor(ADMIN), shadow=folder))

    # What is looked at after each step

    def _do(self, line: str, step: Callable[[], object], *, stale: bool = False) -> bool:
        before = self.pictures
        with standing_at(self.at):
            try:
                step()
            except (Refused, BadInput) as refusal:
                self._refused(line, refusal, stale=stale)
                return False
        self.log.append(f"{self.at:%m-%d %H:%M} {line}")
        if stale:
            self.fail("4: an act on a stale turn was recorded")
        self._look(before)
        return True

    def _refused(self, line: str, refusal: Exception, *, stale: bool) -> None:
        self.refused[type(refusal).__name__] += 1
        self.log.append(f"{self.at:%m-%d %H:%M} {line} -> {type(refusal).__name__}")
        self._unchanged(f"{type(refusal).__name__} left something behind")
        if stale and not isinstance(refusal, (Stale, UnknownCase)):
            self.fail(f"4: a stale act was refused as {type(refusal).__name__}")

    def _unchanged(self, what: str) -> None:
        pictures, counts = self._picture()
        if (pictures, counts) != (self.pictures, self.counts):
            self.fail(f"{what}: {self.counts} -> {counts}")

    def _picture(self) -> tuple[dict[int, Row], tuple[int, ...]]:
        """Every case as a row, and how many rows each table has."""
        rows = {
            pk: (head, seq, f"{state} {parent} {into}")
            for pk, head, seq, state, parent, into in Case.objects.order_by("pk").values_list(*PICTURED)
        }
        union = " UNION ALL ".join(f"SELECT {n}, count(*) FROM {table}" for n, table in enumerate(TABLES))
        with connection.cursor() as cursor:
            cursor.execute(union)
            counts = tuple(count for _, count in sorted(cursor.fetchall()))
        return rows, counts

    def _look(self, before: Mapping[int, Row]) -> None:
        """Check every promise on each case that the step touched, and on those around it."""
        self.pictures, self.counts = self._picture()
        touched = {pk for pk, row in self.pictures.items() if before.get(pk) != row}
        for pk in before.keys() - self.pictures.keys():
            self.fail(f"2: the case {pk} is gone")
        cases = list(Case.objects.filter(pk__in=touched))
        around = {pk for case in cases for pk in (case.parent_id, case.into_id) if pk} - touched
        cases += Case.objects.filter(pk__in=around)
        for case in cases:
            self._look_at(case, new=before[case.pk][1] if case.pk in before else 0)
        self._quiet_audit(cases)

    def _look_at(self, case: Case, *, new: int) -> None:
        life = promises.life(case, rulebook.procedure(case.procedure), store.current())
        for what in promises.broken(life):
            self.fail(what)
        for line in life.lines:
            if self.hashes.setdefault(line.entry.pk, line.entry.hash) != line.entry.hash:
                self.fail(f"2: entry {line.entry.seq} of {case.number} changed")
            if line.entry.seq > new:
                self.tally[case.procedure, line.entry.act] += 1
                self._owed(line)

    def _owed(self, line: promises.Line) -> None:
        """8: whoever must be told of an entry is owed a letter."""
        owed = Outbox.objects.filter(entry=line.entry).values_list("tells", flat=True).first() or ""
        if set(owed.split()) - {"duplicates"} != set(line.act.tells):
            self.fail(f"8: {line.entry.act} tells {line.act.tells}, owed is {owed!r}")

    def _quiet_audit(self, cases: list[Case]) -> None:
        for difference in audit.audit(numbers=frozenset(case.number for case in cases)):
            self.fail(f"3: the audit says {difference.words('en')}")

    def fail(self, what: str) -> None:
        """Say what doesn't hold, and the walk that led there."""
        raise Unkept("\n".join([*self.log[-60:], f"==> {what}"]))
