"""The promises of the design, one plainly named test each. The random walks try to break them; these tell them.

Promise 8 is told in test_runner.py, 12 and 14 where forgetting and figures are built.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction

from huying.city.facts import City
from huying.errors import DoerIsJudge, LeadIsAccused, NotAllowed, OpenChildren, Stale
from huying.ledger import administration, audit, documents, find, identity, rulebook
from huying.ledger.fold import fold
from huying.ledger.models import Case, Document, Entry
from huying.ledger.record import Intake, open_case, record
from tests.cast import act, call, who
from tests.editions import with_next_year, with_renamed_stage
from tests.together import beside

KIND = {"type": "help", "title": "路灯不亮", "text": "路灯坏了三天"}


def dispatched(lead: str = "lighting", **said: object) -> Case:
    """A request that was dispatched."""
    case = call(**{**KIND, **said})
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead=lead, basis="城市照明管理规定")
    return case


def answered(lead: str = "lighting", by: str = "lighting.1", signer: str = "lighting.reviewer") -> Case:
    """A request whose answer was sent."""
    case = dispatched(lead)
    act(case, "accept", by)
    act(case, "contact", by, reached="yes")
    act(case, "submit", by, reply="已更换灯泡并检修线路。", outcome="fixed")
    act(case, "sign", signer)
    return case


def test_promise_01_received_is_kept(committed: None) -> None:
    """A call that got a receipt is on disk, its photo included, although the process was killed at once."""
    process = beside("0", "photo")
    assert process.stdout is not None
    number = process.stdout.readline().strip()
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    photo = Document.objects.get(case__number=number, field="evidence")
    assert documents.intact(photo)
    assert list(audit.audit()) == []


@pytest.mark.django_db
def test_promise_02_nothing_changes_without_an_entry_and_an_entry_never_changes() -> None:
    case = dispatched()
    first, second, third = Entry.objects.filter(case=case).order_by("seq")
    assert (second.prev, third.prev, case.head) == (first.hash, second.hash, third.hash)
    for change in (lambda: Entry.objects.filter(pk=second.pk).update(act="note"), lambda: second.delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


@pytest.mark.django_db
@pytest.mark.parametrize("column", [{"lead": "urban"}, {"stage": "closed"}, {"due": None}, {"level": 3}])
def test_promise_03_columns_equal_the_fold_and_the_audit_names_each_difference(column: dict[str, object]) -> None:
    case = dispatched()
    assert case.folded() == fold(Entry.objects.filter(case=case).order_by("seq"))
    assert list(audit.audit()) == []
    Case.objects.filter(pk=case.pk).update(**column)
    assert [(difference.case, difference.code) for difference in audit.audit()] == [(case.number, "column")]


@pytest.mark.django_db
def test_promise_04_no_act_on_a_stale_state() -> None:
    case = call()
    page = case.turn
    act(case, "note", "hotline.2", text="来电人又来催")
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    with pytest.raises(Stale):
        record(case, "triage", who("hotline.2"), {"category": "streets.rubbish", "area": "xihe"}, seen=page)
    case.refresh_from_db()
    assert case.category == "streets.lamps"


@pytest.mark.django_db
def test_promise_04_a_note_makes_nobodys_page_stale() -> None:
    case = call()
    page = case.turn
    act(case, "note", "hotline.2", text="来电人又来催")
    record(case, "triage", who("hotline.1"), {"category": "streets.lamps", "area": "xihe-liuyuan"}, seen=page)


@pytest.mark.django_db
def test_promise_05_new_rules_never_re_judge_the_past(city: City, tmp_path: Path) -> None:
    """Neither a new version of the procedure nor of the city touches what was decided and promised."""
    case = dispatched()
    before = [(entry.sets_json, entry.hash) for entry in Entry.objects.filter(case=case).order_by("seq")]
    due, admin = case.due, who("admin.system")
    renamed = with_renamed_stage(rulebook.procedure("request"), "dispatched", tmp_path / "procedures")
    administration.load_procedures(admin, shadow=renamed)
    administration.load_city(with_next_year(tmp_path / "city"), admin)
    case.refresh_from_db()
    assert case.due == due
    after = [(entry.sets_json, entry.hash) for entry in Entry.objects.filter(case=case).order_by("seq")]
    assert after[: len(before)] == before
    assert list(audit.audit()) == []


@pytest.mark.django_db
def test_promise_06_someone_is_always_answerable() -> None:
    """At every stage of a request's life one unit leads and a clock runs, until it is closed."""
    case = call()
    led: list[tuple[str, str]] = []

    def look() -> None:
        state = case.folded()
        assert state.closed or state.running
        led.append((state.stage, state.lead))

    look()
    for name, key, said in LIFE:
        act(case, name, key, **said)
        look()
    assert led == [
        ("registered", "hotline"),
        ("triaged", "hotline"),
        ("dispatched", "lighting"),
        ("accepted", "lighting"),
        ("in_progress", "lighting"),
        ("submitted", "lighting"),
        ("verifying", "lighting"),
        ("closed", "lighting"),
    ]
    assert not case.folded().running


LIFE: list[tuple[str, str, dict[str, object]]] = [
    ("triage", "hotline.1", {"category": "streets.lamps", "area": "xihe-liuyuan"}),
    ("dispatch", "dispatch.1", {"lead": "lighting", "basis": "城市照明管理规定"}),
    ("accept", "lighting.1", {}),
    ("contact", "lighting.1", {"reached": "yes"}),
    ("submit", "lighting.1", {"reply": "已更换灯泡。", "outcome": "fixed"}),
    ("sign", "lighting.reviewer", {}),
    ("confirm", "callback.1", {"contacted": "yes", "solved": "yes", "satisfied": "yes"}),
]


@pytest.mark.django_db
def test_promise_07_the_clock_can_not_be_gamed() -> None:
    """Transfers, disputes and supports leave the promise where the first dispatch put it."""
    case = dispatched()
    promise = case.folded().clocks["answer"]
    act(case, "transfer", "dispatch.1", lead="urban", reason="灯杆归城管")
    act(case, "dispute", "urban.1", basis="不属职责")
    act(case, "reassign", "dispatch.1", lead="lighting", reason="职责清单第三项")
    act(case, "accept", "lighting.2")
    act(case, "support", "lighting.2", children=[{"lead": "parks", "due": "3wd"}])
    assert case.folded().clocks["answer"] == promise
    assert case.folded().clocks["share"].first != promise.first


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["lighting.1", "lighting.2", "lighting.leader", "lighting.reviewer"])
def test_promise_09_the_doer_is_not_the_judge(key: str) -> None:
    case = answered()
    with pytest.raises(NotAllowed):
        act(case, "confirm", key, contacted="yes", solved="yes")
    act(case, "confirm", "callback.1", contacted="yes", solved="yes")
    assert (case.outcome, case.verified) == ("fixed", "callback")


@pytest.mark.django_db
def test_promise_09_a_doer_with_a_second_post_at_the_call_back_desk_is_refused() -> None:
    case = answered("parks", "parks.second", "parks.reviewer")
    with pytest.raises(DoerIsJudge):
        act(case, "confirm", "parks.second", contacted="yes", solved="yes")


@pytest.mark.django_db
def test_promise_10_a_parent_does_not_close_over_open_children() -> None:
    case = dispatched()
    act(case, "support", "dispatch.1", children=[{"lead": "parks", "due": "10wd"}])
    with pytest.raises(OpenChildren):
        act(case, "withdraw", "callback.1")
    child = Case.objects.get(parent=case)
    act(child, "cancel", "dispatch.1", reason="不需要协办")
    told = Entry.objects.filter(case=case).order_by("-seq")[0]
    assert (told.act, told.said["child"]) == ("child", child.number)
    act(case, "withdraw", "callback.1")


@pytest.mark.django_db
def test_promise_11_the_same_call_is_one_case() -> None:
    intake = Intake("request", KIND, source_system="province", source_ref="P-7")
    assert open_case(intake, who("hotline.1")).pk == open_case(intake, who("hotline.2")).pk
    other = Intake("request", KIND, source_system="province", source_ref="P-8")
    assert open_case(other, who("hotline.1")).number != open_case(intake, who("hotline.1")).number


@pytest.mark.django_db
def test_promise_13_who_complained_stays_sealed() -> None:
    """The unit a report is about neither leads nor sees the case; whoever looks says why and leaves a record."""
    said = {"type": "report", "about": "urban", "requester": {"name": "王秀兰", "phone": "13800001234"}}
    case = call(**{**KIND, **said})
    act(case, "copy", "hotline.1", handling_copy="反映某单位执法不公")
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    with pytest.raises(LeadIsAccused):
        act(case, "dispatch", "dispatch.1", lead="urban-noise", basis="城管职责")
    for accused in ("urban.1", "urban.leader", "urban.noise"):
        assert not find.visible(who(accused)).filter(pk=case.pk).exists()
        with pytest.raises(NotAllowed):
            identity.look(case, who(accused), "想知道是谁")
    shown = identity.look(case, who("hotline.1"), "核对电话")
    assert shown.requester.name == "王秀兰"
    assert Entry.objects.filter(case=case).order_by("-seq")[0].act == "look"
