"""Clocks through real cases: the list of bugs that other projects shipped, each a test of its own name.

Those that are pure arithmetic, or of the loading of a city, stand in the files named in ELSEWHERE.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huying import runner
from huying.city import store
from huying.ledger import administration, audit, find
from huying.ledger.fold import Clock
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from huying.ledger.timewords import moment
from huying.notify.outbox import fan_out
from tests import editions
from tests.cast import MORNING, act, after, call, who

pytestmark = pytest.mark.django_db
HERE = Path(__file__).parent
LAMP = {"category": "streets.lamps.dark", "area": "xihe-liuyuan"}
ELSEWHERE = {
    "calendar edited after start": ("test_administration", "test_a_calendar_edited_after_the_start_does_not_touch"),
    "policy changed while paused": ("test_administration", "test_new_limits_touch_neither_a_paused_nor_a_closed_case"),
    "custom calendar at creation": ("test_clock", "test_a_calendar_with_its_own_hours_holds_from_the_first_instant"),
    "no notice outside hours": ("test_letters", "test_letters_to_requesters_wait_for_the_end_of_the_quiet_hours"),
    "minutes sign when unresolved": ("test_clock", "test_nothing_left_is_never_less_than_nothing"),
    "lunch break": ("test_clock", "test_working_hours_leave_lunch_out"),
    "clock change": ("test_clock", "test_days_end_at_local_closing_time_across_a_clock_change"),
}


@pytest.mark.parametrize("bug", ELSEWHERE)
def test_a_bug_that_is_tested_elsewhere_is_tested_there(bug: str) -> None:
    file, name = ELSEWHERE[bug]
    assert f"def {name}" in (HERE / f"{file}.py").read_text("utf-8")


def dispatched(at: datetime = MORNING, **said: object) -> Case:
    """A lamp at the lighting office, taken down, sorted and dispatched at once."""
    with standing_at(at):
        case = call(**{"title": "路灯不亮", **said})
        act(case, "triage", "hotline.1", **LAMP)
        act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    return case


def begun(at: datetime = MORNING) -> Case:
    case = dispatched(at)
    with standing_at(at):
        act(case, "accept", "lighting.1")
        act(case, "contact", "lighting.1")
    return case


def answered(at: datetime = MORNING, outcome: str = "fixed") -> Case:
    case = begun(at)
    with standing_at(at):
        act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome=outcome)
        act(case, "sign", "lighting.reviewer")
    return case


def clock(case: Case, name: str = "answer") -> Clock:
    case.refresh_from_db()
    return case.folded().clocks[name]


def words(stamp: str | None) -> str:
    """A due time as it is said, without the demo's year."""
    assert stamp is not None
    return moment(datetime.fromisoformat(stamp), store.current().calendar).removeprefix("2026年")


def local(text: str) -> datetime:
    """A local time of the demo city as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=store.current().calendar.tz).astimezone(UTC)


def passed(case: Case) -> list[object]:
    """The clocks whose passing is an entry, in order."""
    return [e.said["clock"] for e in Entry.objects.filter(case=case, act="pass").order_by("seq")]


# --- promise 7: nothing resets the answer clock


def test_promise_7_no_transfer_split_dispute_or_new_category_resets_the_answer_clock() -> None:
    case = dispatched()
    before = clock(case)
    with standing_at(MORNING + timedelta(days=1)):
        act(case, "dispute", "lighting.1", basis="不属职责")
        act(case, "reassign", "dispatch.1", lead="urban", reason="异议成立")
        act(case, "transfer", "dispatch.1", lead="lighting", reason="仍由照明所")
        act(case, "accept", "lighting.1")
        act(case, "support", "lighting.1", children=[{"lead": "power", "due": "2wd"}])
        act(case, "recategorise", "dispatch.1", category="housing.buildings.crack")
    assert clock(case) == before


def test_promise_7_a_redo_and_a_reopening_keep_the_age_and_the_first_due_time() -> None:
    case = answered()
    before = clock(case)
    with standing_at(MORNING + timedelta(days=2)):
        act(case, "redo", "callback.1", reason="又坏了")
    assert (clock(case).began, clock(case).first) == (before.began, before.first)
    with standing_at(MORNING + timedelta(days=3)):
        act(case, "withdraw", "requester")
        act(case, "restore", "requester", reason="还是要修")
    assert (clock(case).began, clock(case).first) == (before.began, before.first)
    assert clock(case).running


def test_a_longer_limit_of_a_new_category_is_taken_over_by_an_approver_only_from_the_same_start() -> None:
    case = dispatched()
    act(case, "recategorise", "dispatch.1", category="housing.buildings.crack")
    assert words(clock(case).due) == "6月23日 周二 18:00"
    act(case, "reckon", "supervision.1", reason="房屋质量须鉴定")
    assert (words(clock(case).due), words(clock(case).first)) == ("6月30日 周二 18:00", "6月23日 周二 18:00")
    act(case, "recategorise", "dispatch.1", category="streets.lamps.dark")
    assert words(clock(case).due) == "6月23日 周二 18:00"


def test_what_was_paused_is_added_when_a_new_category_counts_from_the_same_start() -> None:
    """Elsewhere a policy that changed in mid-case forgot the time that the case had stood still (GLPI 15605)."""
    case = begun()
    act(case, "ask_shelving", "lighting.1", obstacle="funds", condition="经费到位")
    act(case, "shelve", "supervision.1", until="2026-07-15", sponsor="lighting.leader", reason="等经费")
    with standing_at(MORNING + timedelta(days=7)):
        act(case, "resume", "lighting.1")
        act(case, "recategorise", "dispatch.1", category="streets.rubbish.exposed")
    # Three working days from Monday 15 June end on Thursday 18 June, and seven days were paused.
    assert words(clock(case).due) == "6月25日 周四 18:00"


# --- what is overdue, and for how long


def test_a_merged_and_a_closed_case_leave_the_overdue_list() -> None:
    """Elsewhere they stayed on it (Zammad 904)."""
    late, merged, closed, survivor = dispatched(), dispatched(), answered(), dispatched()
    with standing_at(after("5wd")):
        act(closed, "confirm", "callback.1", solved="yes")
        act(merged, "merge", "dispatch.1", into=survivor.number)
        overdue = {case.pk for case in find.queue("overdue", who("supervision.1"))}
    assert {late.pk, survivor.pk} <= overdue
    assert not overdue & {merged.pk, closed.pk}
    for case in (merged, closed):
        case.refresh_from_db()
        assert (case.due, case.next_due, case.alarm) == (None, None, None)


@pytest.mark.parametrize("way", ["by letter", "by telephone", "by the desk itself", "with its survivor"])
def test_an_answer_counts_whichever_way_it_goes(way: str) -> None:
    """Elsewhere only an answer by mail stopped the clock (Zammad 1322)."""
    requester = {"email": "wang@example.org"} if way == "by letter" else {"phone": "13800000001"}
    case = dispatched(requester=requester) if way != "by the desk itself" else returned_to_the_desk()
    if way == "by the desk itself":
        act(case, "explain", "hotline.1", reply="灯已修好。")
    elif way == "with its survivor":
        survivor = begun()
        act(case, "merge", "dispatch.1", into=survivor.number)
        act(survivor, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(survivor, "sign", "lighting.reviewer")
        fan_out()
    else:
        act(case, "accept", "lighting.1")
        act(case, "contact", "lighting.1")
        act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(case, "sign", "lighting.reviewer")
    assert clock(case).paused == "2026-06-15T01:00:00Z"


def returned_to_the_desk() -> Case:
    case = dispatched()
    act(case, "withdraw", "requester")
    act(case, "restore", "hotline.1", reason="诉求人改变主意")
    return case


def test_of_several_due_times_the_nearest_comes_first() -> None:
    """Elsewhere another one won (Zammad 5177)."""
    case = dispatched()
    nearest = min((c.expected, name) for name, c in case.folded().running.items())
    assert nearest[1] == "contact"
    assert case.next_due == datetime.fromisoformat(nearest[0])
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1")
    assert words(case.folded().next_due) == "6月18日 周四 18:00"
    first, second = dispatched(), begun()
    queue = [c.pk for c in find.queue("all", who("supervision.1"))]
    assert queue.index(first.pk) < queue.index(second.pk)


def test_a_due_time_without_a_limit_of_the_city_goes_overdue_too() -> None:
    """Elsewhere a due date that a person had set never did (osTicket 767)."""
    with standing_at(MORNING):
        task = call("supervision.1", "task", lead="urban", due="2026-06-17", title="清理堆物")
        act(task, "accept", "urban.1")
    with standing_at(local("2026-06-17 18:01")):
        runner.ring()
        assert passed(task) == ["answer"]
        assert task.pk in {case.pk for case in find.queue("overdue", who("supervision.1"))}


# --- reminders


def test_a_reminder_is_armed_again_after_a_return_and_a_reopening() -> None:
    """Elsewhere nobody was reminded a second time (ruoyi-vue-pro 1018)."""
    case = begun()
    with standing_at(after("5wd")):
        runner.ring()
        assert passed(case).count("answer") == 1
        act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(case, "return", "lighting.reviewer", reason="没有修好")
        act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(case, "sign", "lighting.reviewer")
        act(case, "redo", "callback.1", reason="没有修好")
    with standing_at(after("1wd", after("5wd"))):
        runner.ring()
    assert passed(case).count("answer") == 2
    with standing_at(after("30wd")):
        runner.ring()
        act(case, "contact", "lighting.1")
        act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(case, "sign", "lighting.reviewer")
        act(case, "confirm", "callback.1", solved="yes")
        act(case, "reopen", "callback.1", reason="又坏了")
        before = len(passed(case))
    with standing_at(after("40wd")):
        runner.ring()
    assert set(passed(case)[before:]) == {"share", "answer"}


def test_a_closed_case_is_silent() -> None:
    """Elsewhere the reminders went on after the end (uflo 52)."""
    closed, withdrawn = answered(), dispatched()
    act(closed, "confirm", "callback.1", solved="yes")
    act(withdrawn, "withdraw", "requester")
    theirs = Entry.objects.filter(case__in=[closed, withdrawn])
    before = theirs.count()
    with standing_at(MORNING + timedelta(days=400)):
        runner.ring()
    assert theirs.count() == before


def test_each_rung_of_the_ladder_is_one_entry_and_then_there_is_quiet() -> None:
    case = begun()
    with standing_at(MORNING + timedelta(days=120)):
        runner.ring()
    written = [e.act for e in Entry.objects.filter(case=case).order_by("seq") if e.said.get("clock") == "answer"]
    climbed = zip(written, ["pass", "urge", "supervise", "bulletin", "escalate"], strict=True)
    assert all(act in (rung, "hold_back") for act, rung in climbed)
    assert clock(case).missed == 1
    assert clock(case).next is None


# --- the calendar


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-06-20 10:00", "6月26日 周五 18:00"),
        ("2026-09-30 17:59", "10月13日 周二 18:00"),
        ("2026-02-14 09:00", "2月28日 周六 18:00"),
        ("2026-02-12 23:30", "2月26日 周四 18:00"),
    ],
    ids=["on a weekend", "on the eve of a holiday", "on a make-up Saturday", "late in the evening"],
)
def test_a_promise_is_counted_on_working_days(at: str, due: str) -> None:
    assert words(clock(dispatched(local(at))).due) == due


def test_promise_6_beyond_the_last_notice_a_case_awaits_the_calendar_and_is_watched(tmp_path: Path) -> None:
    """Elsewhere the list of holidays simply ended (FixMyStreet Zurich, 2025-12-31)."""
    case = begun(local("2026-12-29 09:00"))
    answer = clock(case)
    assert (answer.due, answer.awaiting) == (None, 2027)
    assert words(answer.earliest) == "2027年1月3日 周日 18:00"
    assert clock(case, "calendar").running
    assert case.due is None and case.next_due is not None
    with standing_at(local("2026-12-31 09:00")):
        administration.load_city(editions.with_next_year(tmp_path / "city"), who("admin.system"))
    assert (clock(case).awaiting, words(clock(case).due)) == (None, "2027年1月6日 周三 18:00")
    assert clock(case).first == clock(case).due
    assert clock(case, "calendar").stopped
    assert list(audit.audit()) == []


def test_a_case_that_still_awaits_the_notice_rings_the_administrator_and_does_not_stop() -> None:
    case = begun(local("2026-12-29 09:00"))
    with standing_at(local("2027-01-20 09:00")):
        runner.ring()
        assert "calendar" in passed(case)
        act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
        act(case, "sign", "lighting.reviewer")
    assert clock(case).paused
