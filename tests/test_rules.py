"""The named rules of procedures, each where it holds and where it doesn't. Their stories: tests/stories/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from huying.city.facts import City
from huying.errors import (
    Accused,
    ActFirst,
    AlreadyTaken,
    BadValue,
    CannotMerge,
    Contradicts,
    LeadIsAccused,
    MissingField,
    NoEvidence,
    NotAllowed,
    NotInHouse,
    NotOutside,
    NotYours,
    OpenChildren,
    OutcomeRaised,
    Refused,
    RulingStands,
    SaidOnce,
    TooEarly,
)
from huying.ledger import rulebook
from huying.ledger.models import Case, Document
from huying.ledger.now import standing_at
from huying.ledger.procedure import decide
from huying.ledger.vocabulary import Procedure
from tests.cast import MORNING, act, call, who

pytestmark = pytest.mark.django_db
LAMP = {"category": "streets.lamps.dark", "area": "xihe-liuyuan"}
WALL = {"category": "streets.roads.flooding", "area": "xihe-liuyuan"}


def dispatched(lead: str = "lighting", /, **said: object) -> Case:
    case = call(**{"title": "路灯不亮", **said})
    act(case, "triage", "hotline.1", **LAMP)
    act(case, "dispatch", "dispatch.1", lead=lead, basis="城市照明管理规定")
    return case


def begun(**said: object) -> Case:
    case = dispatched(**said)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1")
    return case


def answered(outcome: str) -> Case:
    case = begun()
    act(case, "submit", "lighting.1", reply="已处理。", outcome=outcome)
    act(case, "sign", "lighting.reviewer")
    return case


# --- objections


@pytest.mark.parametrize("between", ["nothing", "a transfer there and back", "a redo"])
def test_a_ruling_is_final_whatever_comes_between(between: str) -> None:
    case = dispatched()
    act(case, "dispute", "lighting.1", basis="不属职责")
    act(case, "reassign", "dispatch.1", lead="urban", reason="异议成立")
    if between == "a transfer there and back":
        act(case, "transfer", "dispatch.1", lead="parks", reason="先清理树枝")
        act(case, "transfer", "dispatch.1", lead="urban", reason="再修")
    elif between == "a redo":
        act(case, "accept", "urban.1")
        act(case, "contact", "urban.1")
        act(case, "submit", "urban.1", reply="已修。", outcome="fixed")
        act(case, "sign", "urban.reviewer")
        act(case, "redo", "callback.1", reason="没修")
    with pytest.raises((RulingStands, AlreadyTaken)):
        act(case, "dispute", "urban.1", basis="还是不归我们")


def test_after_a_later_ruling_for_another_unit_a_unit_is_heard_again() -> None:
    case = dispatched()
    act(case, "dispute", "lighting.1", basis="不属职责")
    act(case, "reassign", "dispatch.1", lead="urban", reason="异议成立")
    act(case, "transfer", "dispatch.1", lead="parks", reason="树枝")
    act(case, "dispute", "parks.1", basis="不属职责")
    act(case, "reassign", "dispatch.1", lead="power", reason="异议成立")
    act(case, "transfer", "dispatch.1", lead="urban", reason="灯箱")
    act(case, "dispute", "urban.1", basis="灯箱归供电")
    assert case.stage == "disputed"


def test_a_unit_that_was_ruled_to_handle_does_not_hand_back_as_not_ours() -> None:
    case = dispatched()
    act(case, "dispute", "lighting.1", basis="不属职责")
    act(case, "uphold", "dispatch.1", reason="职责清单第三项")
    act(case, "contact", "lighting.1")
    with pytest.raises(RulingStands):
        act(case, "submit", "lighting.1", reply="不归我们。", outcome="not_ours")


def test_a_unit_that_was_never_ruled_may_answer_that_it_is_not_the_citys() -> None:
    case = begun()
    act(case, "submit", "lighting.1", reply="是物业的灯。", outcome="not_ours")
    assert case.outcome == "not_ours"


@pytest.mark.parametrize("urgency", ["normal", "urgent"])
def test_what_is_no_matter_of_safety_is_disputed_at_once_and_not_later(urgency: str) -> None:
    case = dispatched(urgency=urgency)
    act(case, "accept", "lighting.1")
    with pytest.raises(Refused):
        act(case, "dispute_later", "lighting.1", basis="不属职责")


def test_a_matter_of_safety_is_not_disputed_before_it_is_accepted() -> None:
    case = dispatched(urgency="safety")
    with pytest.raises(ActFirst):
        act(case, "dispute", "lighting.1", basis="不属职责")
    act(case, "recategorise", "dispatch.1", category="streets.lamps.dark", urgency="normal")
    act(case, "dispute", "lighting.1", basis="不属职责")


# --- the answer


@pytest.mark.parametrize(
    ("claimed", "said", "refusal"),
    [
        ("fixed", {}, MissingField),
        ("fixed", {"solved": "no"}, Contradicts),
        ("fixed", {"solved": "partly"}, Contradicts),
        ("fixed", {"solved": "yes"}, None),
        ("fixed", {"solved": "partly", "outcome": "partly_fixed"}, None),
        ("fixed", {"solved": "no", "outcome": "explained"}, None),
        ("fixed", {"solved": "no", "outcome": "not_true"}, OutcomeRaised),
        ("partly_fixed", {}, MissingField),
        ("partly_fixed", {"solved": "yes", "outcome": "fixed"}, OutcomeRaised),
        ("partly_fixed", {"solved": "yes"}, None),
        ("explained", {"solved": "yes", "outcome": "fixed"}, OutcomeRaised),
        ("explained", {"solved": "no"}, None),
        ("explained", {}, None),
        ("not_true", {"outcome": "fixed", "solved": "yes"}, OutcomeRaised),
        ("not_true", {"outcome": "explained"}, OutcomeRaised),
        ("not_true", {"solved": "no", "satisfied": "no"}, None),
    ],
)
@pytest.mark.parametrize("key", ["callback.1", "requester"])
def test_whoever_confirms_may_lower_an_outcome_but_not_raise_it(
    key: str, claimed: str, said: Mapping[str, object], refusal: type[Exception] | None
) -> None:
    case = answered(claimed)
    if refusal is None:
        act(case, "confirm", key, **said)
        assert (case.stage, case.outcome) == ("closed", said.get("outcome", claimed))
    else:
        with pytest.raises(refusal):
            act(case, "confirm", key, **said)


def test_nothing_that_was_said_to_be_unsolved_is_counted_as_solved() -> None:
    """Promise 9: only `fixed`, confirmed by somebody, counts; and it needs a yes."""
    for claimed in ("fixed", "partly_fixed", "explained"):
        for solved in ("no", "partly"):
            case = answered(claimed)
            lower = {"fixed": "partly_fixed" if solved == "partly" else "explained"}.get(claimed, "explained")
            said = {"outcome": lower} if lower != claimed else {}
            act(case, "confirm", "callback.1", solved=solved, **said)
            assert case.outcome != "fixed"


@pytest.mark.parametrize("said", [{"no_evidence": "夜间作业"}, {}])
def test_evidence_is_asked_for_where_the_category_says_so(said: Mapping[str, object], city: City) -> None:
    case = begun()
    act(case, "recategorise", "dispatch.1", **WALL)
    assert city.categories[case.category].evidence == "photo"
    if said:
        act(case, "submit", "lighting.1", reply="已疏通。", outcome="fixed", **said)
        assert case.stage == "submitted"
    else:
        with pytest.raises(NoEvidence):
            act(case, "submit", "lighting.1", reply="已疏通。", outcome="fixed")


# --- who


def test_before_anybody_handled_it_the_lead_itself_records_no_withdrawal() -> None:
    case = dispatched("xihe-liuyuan")
    assert case.folded().handlers == {}
    for wrong in ("withdraw", "merge"):
        said = {"into": dispatched().number} if wrong == "merge" else {"reason": "诉求人说不用了"}
        with pytest.raises(NotOutside):
            act(case, wrong, "xihe-liuyuan.1", **said)
    act(case, "withdraw", "callback.1", reason="诉求人来电撤回")
    assert case.stage == "withdrawn"


def test_an_owner_works_for_the_lead() -> None:
    case = begun()
    with pytest.raises(NotInHouse):
        act(case, "hand_over", "lighting.leader", owner="urban.1")
    act(case, "hand_over", "lighting.leader", owner="lighting.2")
    assert case.owner == "lighting.2"


@pytest.mark.parametrize("key", ["callback.1", "callback.2"])
def test_promise_13_whoever_belongs_to_the_accused_unit_judges_nothing(key: str) -> None:
    other = call(type="complaint", about="callback")
    act(other, "triage", "hotline.1", **LAMP)
    act(other, "dispatch", "dispatch.1", lead="office", basis="督查")
    act(other, "accept", "office.clerk")
    for wrong, said in (("withdraw", {"reason": "x"}), ("note", {"text": "x"}), ("unreachable", {"reason": "x"})):
        with pytest.raises(Accused):
            act(other, wrong, key, **said)


def test_promise_13_what_a_case_is_about_is_handed_down_and_not_said_otherwise_there() -> None:
    case = dispatched("office", type="complaint", about="urban")
    for lead in ("urban", "urban-noise"):
        with pytest.raises(LeadIsAccused):
            act(case, "support", "office.clerk", children=[{"lead": lead, "due": "3wd", "about": "lighting"}])
    act(case, "support", "office.clerk", children=[{"lead": "parks", "due": "3wd", "about": "lighting"}])
    child = Case.objects.get(parent=case)
    assert child.about == "urban"
    with pytest.raises(Accused):
        act(child, "note", "urban.1", text="x")
    with pytest.raises(OpenChildren):
        act(case, "recategorise", "dispatch.1", category="streets.lamps.dark", about="parks")


def test_promise_13_a_complaint_is_not_hidden_in_a_case_that_the_accused_leads() -> None:
    survivor = dispatched("urban")
    complaint = call(type="complaint", about="urban")
    act(complaint, "triage", "hotline.1", **LAMP)
    with pytest.raises(CannotMerge):
        act(complaint, "merge", "hotline.1", into=survivor.number)


def test_a_case_is_not_about_the_whole_city(city: City) -> None:
    with pytest.raises(BadValue):
        call(type="complaint", about=city.root.code)


# --- sealing


def texts(case: Case) -> dict[str, str]:
    """What anybody who may see the case can read in it."""
    return {row.field: row.body for row in Document.objects.filter(case=case, sealed=False)}


def test_what_becomes_known_to_be_a_report_is_sealed_with_all_that_was_said_before() -> None:
    case = call(title="王芳反映", text="我是王芳，看见他们收钱。", type="complaint")
    act(case, "note", "hotline.1", text="请尽快处理")
    act(case, "add", "hotline.1", text="王芳又来电补充")
    act(case, "triage", "hotline.1", type="report", **LAMP)
    assert case.sealed == "report"
    assert texts(case) == {"text": "请尽快处理"}


def test_nothing_unseals(city: City) -> None:
    case = call(title="请保密", wish="confidential")
    act(case, "triage", "hotline.1", wish="ordinary", type="complaint", **LAMP)
    assert case.sealed == "confidential"
    act(case, "add", "hotline.1", text="还有一件事，我住三楼")
    assert texts(case) == {}
    act(case, "copy", "hotline.1", handling_copy="反映楼道堆物")
    assert texts(case) == {"handling_copy": "反映楼道堆物"}


def test_the_words_of_a_sealed_requester_stay_with_the_case_when_a_promise_is_followed() -> None:
    case = call(title="王芳的请求", wish="confidential")
    act(case, "triage", "hotline.1", **LAMP)
    act(case, "copy", "hotline.1", handling_copy="请装路灯")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="规划")
    act(case, "accept", "lighting.1")
    act(case, "begin", "lighting.1")
    act(case, "promise", "lighting.1", reply="九月装好。", due="2026-09-30")
    act(case, "sign", "lighting.reviewer")
    act(case, "confirm_promise", "requester", text="我是王芳，等着")
    task = Case.objects.get(procedure="task")
    state = task.folded()
    assert (task.sealed, state.source, state.facts["due"], task.lead) == (
        "confidential", case.number, "2026-09-30", "lighting",
    )  # fmt: skip
    assert "王芳" not in "".join(texts(task).values())


# --- the rest


def test_nobody_is_absent_before_the_time_to_arrive_has_passed() -> None:
    whistle = call("xihe-liuyuan.1", "callout", kind="emergency", place="北门", area="xihe-liuyuan")
    act(whistle, "sign", "xihe-liuyuan.leader")
    act(whistle, "sound_emergency", "xihe-liuyuan.1", children=[{"lead": "water", "basis": "排水"}])
    turnout = Case.objects.get(parent=whistle)
    assert turnout.folded().facts["urgency"] == "safety"
    with standing_at(MORNING + timedelta(minutes=30)), pytest.raises(TooEarly):
        act(turnout, "no_show", "xihe-liuyuan.1", reason="没来")
    with standing_at(MORNING + timedelta(minutes=31)):
        act(turnout, "no_show", "xihe-liuyuan.1", reason="没来")
    assert (turnout.outcome, turnout.verified) == ("nothing_done", "parent_lead")


def test_what_may_be_said_once_is_not_said_again(city: City) -> None:
    """A directive's leader and its like: no shipped act asks twice, so one is made to."""
    procedure = asks_again(rulebook.procedure("callout"))
    state = call("xihe-liuyuan.1", "callout", kind="service", place="北门").folded()
    with pytest.raises(SaidOnce):
        decide(procedure, state, "sign", who("xihe-liuyuan.leader"), {"kind": "emergency"}, at=MORNING, city=city)


def asks_again(procedure: Procedure) -> Procedure:
    sign = replace(procedure.acts["sign"], takes=("kind",))
    return replace(procedure, acts={**procedure.acts, "sign": sign})


def test_a_desk_without_a_street_calls_nobody_out() -> None:
    with pytest.raises(Refused):
        call("hotline.1", "callout", kind="emergency", place="北门")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("refer_out", {"ground": "beyond", "reply": "请找物业。"}),
        ("explain", {"reply": "已知悉。"}),
        ("answer_now", {"reply": "已知悉。", "assent": True}),
        ("withdraw", {"reason": "诉求人说不用了"}),
    ],
)
def test_a_street_disposes_of_nothing_that_another_desk_has_in_its_area(wrong: str, said: Mapping[str, object]) -> None:
    case = call(type="consult", area="xihe-liuyuan")
    with pytest.raises(NotYours):
        act(case, wrong, "xihe-liuyuan.1", **said)
    own = call("xihe-liuyuan.1", type="consult", area="xihe-liuyuan")
    act(own, wrong, "xihe-liuyuan.1", **said)


def test_promise_13_the_desk_of_a_street_that_handles_a_confidential_case_does_not_see_who_called() -> None:
    case = call(title="楼下堆物", wish="confidential", requester={"name": "王芳", "phone": "13800000001"})
    act(case, "triage", "hotline.1", **LAMP)
    act(case, "copy", "hotline.1", handling_copy="反映楼下堆物")
    with pytest.raises(NotAllowed):
        act(case, "look", "xihe-liuyuan.1", reason="在我辖区")
    act(case, "dispatch", "dispatch.1", lead="xihe-liuyuan", basis="属地")
    with pytest.raises(NotAllowed):
        act(case, "look", "xihe-liuyuan.1", reason="是我主办")
    act(case, "look", "hotline.1", reason="代为联系")


def test_that_there_is_no_way_to_reach_the_caller_is_not_confirmed_by_the_unit_itself() -> None:
    case = dispatched("xihe-liuyuan")
    with pytest.raises(NotOutside):
        act(case, "unreachable", "xihe-liuyuan.1", reason="打不通")
    act(case, "unreachable", "hotline.1", reason="空号")
    assert case.folded().clocks["contact"].stopped
