"""A new version of a procedure: put in force once, never over a case that would have no place in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from huying.errors import BadProcedures, WouldStrand, sentence
from huying.ledger import administration, audit
from huying.ledger.fold import State
from huying.ledger.models import Case, Entry, InForce, ProcedureVersion
from huying.ledger.procedure_file import FOLDER
from tests.cast import act, call, who
from tests.test_administration import ADMIN, lamp, trail

pytestmark = pytest.mark.django_db


def edition(place: Path, *changes: tuple[str, str], name: str = "request") -> Path:
    """A folder that shadows one procedure by a changed one."""
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    place.mkdir(exist_ok=True)
    (place / f"{name}.toml").write_text(text, "utf-8")
    return place


def load(shadow: Path | None = None) -> list[str]:
    """Load the procedures as the administrator."""
    return administration.load_procedures(who(ADMIN), shadow=shadow)


def state(case: Case) -> State:
    """The case as it now stands."""
    return Case.objects.get(pk=case.pk).folded()


def dues(case: Case) -> dict[str, tuple[str | None, ...]]:
    """Begun, due, first and next of each clock."""
    return {name: (c.began, c.due, c.first, c.next, c.limit) for name, c in state(case).clocks.items()}


def migrations(case: Case) -> list[tuple[str, Mapping[str, object]]]:
    """The `migrate` entries of a case: by whom, and what they set."""
    return [(entry.actor, entry.sets) for entry in Entry.objects.filter(case=case, act="migrate").order_by("seq")]


RENAMED = (
    ('name = "request"\n', 'name = "request"\nrenamed = { dispatched = "sent_out" }\n'),
    ('"dispatched"', '"sent_out"'),
    ("\ndispatched = {", "\nsent_out = {"),
)


# --- once, by an entry


def test_the_procedures_in_force_again_change_nothing() -> None:
    before = trail(), ProcedureVersion.objects.count()
    assert load() == []
    assert (trail(), ProcedureVersion.objects.count()) == before


def test_a_changed_procedure_rules_the_next_act_of_an_open_case_and_is_one_entry(tmp_path: Path) -> None:
    case = lamp()
    before = state(case).rule
    assert load(edition(tmp_path, ("签收", "接单"))) == ["request"]
    version = InForce.objects.get(pk="request").version
    assert trail()[-1] == ("load_procedures", ADMIN, {"number": version.pk})
    assert state(case).rule == before
    act(case, "accept", "lighting.1")
    assert state(case).rule == version.digest != before
    assert not migrations(case)
    assert list(audit.audit()) == []


def test_the_way_back_is_the_earlier_version_and_an_entry_again(tmp_path: Path) -> None:
    first = InForce.objects.get(pk="request").version_id
    load(edition(tmp_path, ("签收", "接单")))
    assert load() == ["request"]
    assert InForce.objects.get(pk="request").version_id == first
    assert trail()[-1] == ("load_procedures", ADMIN, {"number": first})


def test_a_new_limit_in_a_file_never_touches_the_date_of_an_open_case(tmp_path: Path) -> None:
    case = lamp()
    before = dues(case)
    load(edition(tmp_path, ('limit = "3wd"', 'limit = "1wd"')))
    assert dues(case) == before


def test_a_mistake_in_a_file_leaves_every_version_in_force(tmp_path: Path) -> None:
    before = trail(), dict(InForce.objects.values_list("pk", "version_id"))
    edition(tmp_path, ("吹哨", "响哨"), name="callout")
    for old, new in (('by = ["dispatcher"]', 'by = ["despatcher"]'), ("[act.dispatch]", "[act.dispatch")):
        with pytest.raises(BadProcedures) as caught:
            load(edition(tmp_path, (old, new)))
        assert all(str(finding).startswith("request.toml:") for finding in caught.value.findings)
        assert (trail(), dict(InForce.objects.values_list("pk", "version_id"))) == before


# --- nobody is stranded


def test_a_version_without_a_stage_in_which_a_case_stands_is_refused_and_names_the_case(tmp_path: Path) -> None:
    cases = [lamp() for _ in range(6)]
    call()
    before = trail(), dict(InForce.objects.values_list("pk", "version_id"))
    with pytest.raises(WouldStrand) as caught:
        load(edition(tmp_path, *RENAMED[1:]))
    spoken = sentence(caught.value)
    assert "诉求" in spoken and "6 件" in spoken and "已派单（dispatched）" in spoken
    assert all(case.number in spoken for case in cases[:5])
    assert cases[5].number not in spoken
    assert (trail(), dict(InForce.objects.values_list("pk", "version_id"))) == before
    act(cases[0], "accept", "lighting.1")


def test_where_no_case_stands_a_stage_may_go(tmp_path: Path) -> None:
    call()
    assert load(edition(tmp_path, *RENAMED[1:])) == ["request"]


def test_a_clock_that_runs_or_waits_is_not_taken_away(tmp_path: Path) -> None:
    case = lamp()
    renamed = ("[clock.contact]", "[clock.first_call]"), ('"contact"', '"first_call"')
    with pytest.raises(WouldStrand) as caught:
        load(edition(tmp_path, *renamed))
    assert "clock.contact" in sentence(caught.value)
    assert case.number in sentence(caught.value)


# --- what is renamed


def test_a_renamed_stage_is_written_into_each_case_by_an_entry_and_moves_no_due_time(tmp_path: Path) -> None:
    waiting, dispatched = call(), lamp()
    before = dues(dispatched)
    load(edition(tmp_path, *RENAMED))
    assert state(dispatched).stage == Case.objects.get(pk=dispatched.pk).stage == "sent_out"
    (written,) = migrations(dispatched)
    assert written[0] == "case"
    assert written[1]["stage"] == "sent_out"
    assert "clocks" not in written[1]
    assert dues(dispatched) == before
    assert not migrations(waiting)
    act(dispatched, "accept", "lighting.1")
    assert load(tmp_path) == []
    assert len(migrations(dispatched)) == 1
    assert list(audit.audit()) == []


def test_a_renamed_clock_goes_on_under_its_new_name_with_the_same_times(tmp_path: Path) -> None:
    case = lamp()
    before = dues(case)
    load(
        edition(
            tmp_path,
            ('name = "request"\n', 'name = "request"\nrenamed = { "clock.contact" = "first_call" }\n'),
            ("[clock.contact]", "[clock.first_call]"),
            ('"contact"', '"first_call"'),
        )
    )
    after = dues(case)
    assert after.pop("first_call") == before["contact"]
    assert after == {name: times for name, times in before.items() if name != "contact"}
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    assert state(case).clocks["first_call"].stopped
    assert list(audit.audit()) == []


def test_two_promises_never_become_one(tmp_path: Path) -> None:
    case = lamp()
    text = (FOLDER / "request.toml").read_text("utf-8")
    start = text.index("[clock.contact]")
    contact = text[start : text.index("[clock.", start + 1)]
    joined = edition(
        tmp_path,
        ('name = "request"\n', 'name = "request"\nrenamed = { "clock.contact" = "share" }\n'),
        (contact, ""),
        (', "contact"]', "]"),
        ('stops = ["contact"]\n', ""),
        ('"share", "contact", "extension"', '"share", "extension"'),
    )
    with pytest.raises(WouldStrand) as caught:
        load(joined)
    assert "首次联系（clock.contact）" in sentence(caught.value)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    assert load(joined) == ["request"]
    assert not migrations(case)


def test_a_renamed_part_is_written_into_parent_and_children_and_the_child_still_closes_into_it(tmp_path: Path) -> None:
    case = lamp()
    act(case, "support", "dispatch.1", children=[{"lead": "power", "due": "2026-06-18"}])
    child = Case.objects.get(parent=case)
    before = dues(child)
    load(
        edition(
            tmp_path,
            ('name = "request"\n', 'name = "request"\nrenamed = { "part.support" = "help" }\n'),
            ("\nsupport = {", "\nhelp = {"),
            ('"support:task"', '"help:task"'),
            ('waits = ["support"]', 'waits = ["help"]'),
        )
    )
    assert state(case).children.keys() == {"help"}
    assert (state(child).part, Case.objects.get(pk=child.pk).part) == ("help", "help")
    assert dues(child) == before
    act(child, "cancel", "supervision.1", reason="不再需要。")
    assert (state(case).children["help"].open, state(case).children["help"].closed) == (0, 1)
    assert list(audit.audit()) == []


def test_an_end_at_which_a_case_lies_is_not_taken_away_but_may_be_renamed(tmp_path: Path) -> None:
    case = call()
    act(case, "withdraw", "hotline.1", reason="来电人称路灯已亮。")
    taken = ("\nwithdrawn = {", "\ncalled_off = {"), ('to = "withdrawn"', 'to = "called_off"'), (
        '"withdrawn"]', '"called_off"]'
    )  # fmt: skip
    with pytest.raises(WouldStrand) as caught:
        load(edition(tmp_path, *taken))
    assert case.number in sentence(caught.value)
    renamed = ('name = "request"\n', 'name = "request"\nrenamed = { withdrawn = "called_off" }\n')
    load(edition(tmp_path, renamed, *taken))
    assert (state(case).stage, state(case).outcome) == ("called_off", "withdrawn")
    assert state(case).closed
    act(case, "restore", "supervision.1", reason="来电人请求继续。")
    assert list(audit.audit()) == []


def test_an_open_case_is_never_renamed_into_an_end(tmp_path: Path) -> None:
    case = lamp()
    ended = ('name = "request"\n', 'name = "request"\nrenamed = { dispatched = "withdrawn" }\n')
    with pytest.raises(WouldStrand) as caught:
        load(edition(tmp_path, ended, *RENAMED[1:]))
    assert case.number in sentence(caught.value)
