"""What people are told when the system says no: real acts on real cases, and the whole Chinese sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.errors import HuyingError, sentence
from huying.ledger import rulebook
from huying.ledger.models import Case
from huying.ledger.now import standing_at
from huying.ledger.record import record
from huying.ledger.said import Upload
from tests.cast import MORNING, act, after, call, who

pytestmark = pytest.mark.django_db

LAMP = {"category": "streets.lamps.dark", "area": "xihe-liuyuan"}


def told(case: Case, name: str, key: str, language: str = "zh-Hans", /, **said: object) -> tuple[str, str]:
    """The error that an act is refused with, and its sentence."""
    with pytest.raises(HuyingError) as refused:
        act(case, name, key, **said)
    return refused.value.code, sentence(refused.value, language)


def dispatched(lead: str = "lighting", **said: object) -> Case:
    """A case that is with its lead; a broken lamp unless something else was called about."""
    case = call(*(["hotline.1", "request"] if said else []), **said)
    act(case, "triage", "hotline.1", **LAMP)
    if case.sealed:
        act(case, "copy", "hotline.1", handling_copy="路灯不亮，请检修。")
    act(case, "dispatch", "dispatch.1", lead=lead, basis="职责清单")
    return case


def begun(lead: str = "lighting") -> Case:
    """A case on which the lead is at work."""
    case = dispatched(lead)
    act(case, "accept", f"{lead}.1")
    act(case, "contact", f"{lead}.1", reached="yes")
    return case


def verifying(lead: str = "lighting") -> Case:
    """A case whose answer has been sent."""
    case = begun(lead)
    act(case, "submit", f"{lead}.1", reply="已修好。", outcome="fixed")
    act(case, "sign", f"{lead}.reviewer")
    return case


# --- who, where and when


def test_who_may_not_is_told_who_may() -> None:
    case = verifying()
    assert told(case, "confirm", "lighting.1") == (
        "NotAllowed",
        "陈德胜不能做“核实办结”，这一步由诉求人、回访员来做。请转请本件的上述人员办理。",
    )


def test_the_same_refusal_in_english() -> None:
    assert told(verifying(), "confirm", "lighting.1", "en")[1] == (
        "陈德胜 may not do “Confirm and close” here; it is for: requester, call-back agent. "
        "Ask somebody who holds one of these posts for this case."
    )


def test_an_act_at_the_wrong_stage_names_the_right_ones() -> None:
    assert told(dispatched(), "submit", "lighting.1", reply="已修好。", outcome="fixed") == (
        "WrongStage",
        "本件处于“已派单”环节，不能“报办理结果”；可以做这一步的环节：办理中。请重新查看本件，那里列有现在可做的动作。",
    )


def test_a_safety_matter_is_done_before_it_is_disputed() -> None:
    case = dispatched(title="灯杆要倒", text="灯杆歪了，随时会倒。", type="help", urgency="safety")
    assert told(case, "dispute", "lighting.1", basis="不属职责") == (
        "ActFirst",
        "不能先“提出异议”：涉及安全的事项先处置、后异议。请先签收并处置，再用“先办后议”提出。",
    )


def test_of_two_who_decide_at_once_the_second_is_told_who_was_first() -> None:
    case = call()
    seen = case.turn
    act(case, "triage", "hotline.1", **LAMP)
    with pytest.raises(HuyingError) as stale:
        record(case, "refer_out", who("hotline.2"), {"ground": "beyond", "reply": "请找物业。"}, seen=seen)
    assert (stale.value.code, sentence(stale.value)) == (
        "Stale",
        "您查看本件之后，任书瑶已做了“分类”（2026年6月15日 周一 09:00）。请看过变动后再决定；您填写的内容已经保留。",
    )


def test_too_late_to_ask_is_said_with_the_day() -> None:
    case = begun()
    with standing_at(after("5wd")):
        assert told(case, "ask_extension", "lighting.1", reason="缺配件", until="2026-07-10") == (
            "TooLate",
            "“申请延期”须在期限之前提出，期限 2026年6月23日 周二 18:00 已过。仍按原期限计算，请尽快答复。",
        )


# --- the doer is not the judge


def test_a_doer_with_a_second_role_may_not_judge() -> None:
    case = dispatched("parks")
    act(case, "accept", "parks.second")
    act(case, "transfer", "dispatch.1", lead="lighting", reason="灯具归照明所")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已修好。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")
    assert told(case, "confirm", "parks.second") == (
        "DoerIsJudge",
        "“核实办结”须由没有办理过本件的人来做，而林文静办理过本件。请转交回访员、督办员或其他审核人。",
    )


def test_whoever_asked_does_not_answer() -> None:
    case = begun()
    act(case, "submit", "lighting.leader", reply="已修好。", outcome="fixed")
    assert told(case, "sign", "lighting.leader") == (
        "OwnQuestion",
        "“审核签发”要答复的请求，正是江丽华一方提出的。须由另一方决定，请转交。",
    )


def test_a_question_that_nobody_asked_has_no_answer() -> None:
    assert told(begun(), "extend", "supervision.1", until="2026-07-10") == (
        "NothingToAnswer",
        "现在没有待办的“延期审批”，不能“同意延期”。这一步无须再办，请重新查看本件。",
    )


def test_only_a_consultation_is_answered_on_the_spot() -> None:
    assert told(call(), "answer_now", "hotline.1", reply="请拨打物业电话。", assent=True) == (
        "NoAssent",
        "只有咨询类、并且诉求人同意的，才能当场答复办结。请征得诉求人同意并记录，或者派单办理。",
    )


def test_an_objection_is_made_once() -> None:
    case = dispatched()
    act(case, "dispute", "lighting.1", basis="不属职责")
    act(case, "uphold", "dispatch.1", reason="职责清单第三项")
    act(case, "transfer", "dispatch.1", lead="lighting", reason="原单位办理")
    assert told(case, "dispute", "lighting.2", basis="仍不属职责") == (
        "RulingStands",
        "不能“提出异议”：已裁定本件由市照明管理所办理，裁定为最终决定。请继续办理；如有新情况，请以备注告知派单中心。",
    )


def test_what_may_be_done_once_is_not_done_twice() -> None:
    case = begun()
    act(case, "ask_extension", "lighting.1", reason="缺配件", until="2026-07-10")
    act(case, "extend", "supervision.1", until="2026-07-10")
    act(case, "ask_extension", "lighting.1", reason="还缺配件", until="2026-07-20")
    assert told(case, "extend", "supervision.1", until="2026-07-20") == (
        "TooOften",
        "“同意延期”最多可做 1 次，次数已经用完。请按已有的决定继续办理，或报督办员。",
    )


def test_an_act_for_another_fact_says_which() -> None:
    assert told(begun(), "dispute_later", "lighting.1", basis="不属职责") == (
        "WrongWhen",
        "“先办后议”要求紧急程度是：涉及安全；现在是：未填。请选用相符的动作，或先更正这一项。",
    )


# --- parents, children, duplicates


def test_a_parent_waits_for_its_children_and_a_child_for_its_parent() -> None:
    case = begun()
    act(case, "support", "lighting.1", children=[{"lead": "power", "due": "3wd", "text": "协助断电。"}])
    assert told(case, "submit", "lighting.1", reply="已修好。", outcome="fixed") == (
        "OpenChildren",
        "还有 1 个子项没有办结（协办），暂不能“报办理结果”。请先办结或收回子项。",
    )
    child = Case.objects.get(parent=case)
    act(child, "cancel", "lighting.1", reason="不再需要")
    act(case, "withdraw", "requester")
    number = f"{case.number[:4]} {case.number[4:8]} {case.number[8:]}"
    assert told(child, "reopen", "lighting.1", reason="又需要了") == (
        "ParentClosed",
        f"本件的上级事项（{number}）已经办结。请先重开上级事项。",
    )


def test_a_case_that_cannot_take_another_in_says_why() -> None:
    case, other = call(), call()
    act(other, "withdraw", "requester")
    number = f"{other.number[:4]} {other.number[4:8]} {other.number[8:]}"
    assert told(case, "merge", "hotline.1", into=other.number) == (
        "CannotMerge",
        f"事项 {number} 不能接收本件：它已办结、已并单或不是同一种事项。请选择同类、未办结、自己也没有被并走的事项。",
    )


# --- the unit that is complained about, and sealed words


def test_a_report_waits_for_its_handling_copy_and_never_goes_to_the_accused() -> None:
    case = call("hotline.1", "request", title="举报", text="执法队收钱。", type="report", about="urban")
    act(case, "triage", "hotline.1", **LAMP)
    assert told(case, "dispatch", "dispatch.1", lead="supervision", basis="职责清单") == (
        "NoCopy",
        "本件原文保密，须先制作办理稿，才能“派单”。请先制作办理稿，不写能看出诉求人身份的内容。",
    )
    act(case, "copy", "hotline.1", handling_copy="反映执法不规范。")
    assert told(case, "dispatch", "dispatch.1", lead="urban-noise", basis="职责清单") == (
        "LeadIsAccused",
        "本件反映的是市城市管理局，噪声与渣土执法大队属于该单位，不能主办。请选择市城市管理局以外的单位。",
    )


def test_a_community_cannot_be_made_answerable() -> None:
    case = call()
    act(case, "triage", "hotline.1", **LAMP)
    assert told(case, "dispatch", "dispatch.1", lead="xihe-liuyuan-1", basis="就近") == (
        "MayNotLead",
        "柳荫社区居民委员会不能作主办单位。请选择负有职责的单位；社区和社会组织不作主办。",
    )


# --- what was said

SAID: dict[str, tuple[str, dict[str, object], str, str]] = {
    "a field is missing": (
        "triage", {"category": "streets.lamps.dark"},
        "MissingField", "“分类”必须填写辖区。请补填后重新提交。",
    ),
    "a field that isn't asked": (
        "copy", {"colour": "red"},
        "UnknownField", "“制作办理稿”没有“colour”这个字段。可填的字段：办理稿（handling_copy）。",
    ),
    "a category that isn't there": (
        "triage", {"category": "streets.lampz", "area": "xihe"},
        "UnknownCategory", "没有“streets.lampz”这个分类。可用 `huying city categories` 查询。",
    ),
    "an area that isn't there": (
        "triage", {"category": "streets.lamps", "area": "atlantis"},
        "UnknownArea", "没有“atlantis”这个辖区。可用 `huying city areas` 查询。",
    ),
    "a choice that isn't one": (
        "refer_out", {"ground": "dunno", "reply": "请找物业。"},
        "BadValue", "引导事由：“dunno”不能用。应当填：紧急情况，转 110、119、120、122；应走法定途径或已进入信访；"
        "正在办理或已办结且无新情况；涉及国家秘密、商业秘密或个人隐私；不属于政府职责；违反法律法规或公序良俗。",
    ),
    "a mark of state secrecy": (
        "note", {"text": "附件：机密★一年"},
        "SecrecyMark", "说明带有国家秘密标志，内容一概没有保存。"
        "请不要再次提交；请联系云汀市国家保密局（电话 0000-12345678），改用经批准的涉密系统。",
    ),
    "a null byte": (
        "note", {"text": "路灯\x00不亮"},
        "BadText", "说明：文字中有不能保存的字符（U+0000）。请按纯文本重新粘贴。",
    ),
    "a text without end": (
        "note", {"text": "长" * 20_001},
        "TooLong", "说明：共 20001 字，超过了 20000 字。请精简，或作为附件提交。",
    ),
    "a file of another kind": (
        "note", {"text": "见附件", "evidence": Upload("tool.exe", b"MZ\x90\x00")},
        "BadFile", "不能接收文件“tool.exe”：按内容看不是照片、PDF、Word、Excel、录音或视频。"
        "请提交照片、PDF、Word、Excel、录音或视频，每个不超过 20 MB。",
    ),
    "a number that was misheard": (
        "merge", {"into": "1234 5678 9012"},
        "UnknownCase", "没有编号为“1234 5678 9012”的事项，或者您无权查看。请核对编号：共十二位数字，最后一位是校验位。",
    ),
}  # fmt: skip


@pytest.mark.parametrize("slip", SAID)
def test_a_slip_is_named_with_its_mend(slip: str) -> None:
    name, said, code, words = SAID[slip]
    assert told(call(), name, "hotline.1", **said) == (code, words)


def test_a_unit_that_is_not_there() -> None:
    case = call()
    act(case, "triage", "hotline.1", **LAMP)
    assert told(case, "dispatch", "dispatch.1", lead="lightning", basis="职责清单") == (
        "UnknownUnit",
        "没有“lightning”这个单位。可用 `huying city units` 查询。",
    )


def test_a_day_that_does_not_exist_and_one_that_is_no_later() -> None:
    case = begun()
    assert told(case, "ask_extension", "lighting.1", reason="缺配件", until="2026-02-30") == (
        "BadDate",
        "日期：“2026-02-30”不是有效日期。请写 1990-01-01 至 2100-12-31 之间实际存在的日期，如 2026-06-15。",
    )
    act(case, "ask_extension", "lighting.1", reason="缺配件", until="2026-07-10")
    assert told(case, "extend", "supervision.1", until="2026-06-20") == (
        "BadValue",
        "日期：“2026-06-20”不能用。应当填：晚于现在期限（2026年6月23日 周二 18:00）的日期。",
    )


def test_a_limit_without_its_unit() -> None:
    case = begun()
    part = {"lead": "power", "due": "3wd", "every": "5", "text": "协助断电。"}
    assert told(case, "support", "lighting.1", children=[part]) == (
        "BadLimit",
        "“5”不是有效的时限。"
        "请写数字加单位，如 5wd（5 个工作日）、24h（24 小时）、4wh（4 个工作时）、15d（15 天）、30min（30 分）。",
    )


def test_a_shelving_longer_than_it_may_be() -> None:
    case = begun()
    act(case, "ask_shelving", "lighting.1", obstacle="funds", condition="经费到位")
    until = (MORNING + timedelta(days=200)).date()
    assert told(case, "shelve", "supervision.1", until=until, sponsor="lighting.leader", reason="等经费") == (
        "BadValue",
        "日期：“2027-01-01”不能用。应当填：不超过 90 天。",
    )


def test_a_word_for_an_act_that_does_not_exist() -> None:
    case = call()
    code, words = told(case, "dispach", "dispatch.1")
    assert code == "UnknownAct"
    assert words.startswith("“诉求”没有“dispach”这个动作。可用的动作：")
    assert "、派单（dispatch）、" in words


def test_a_kind_of_case_that_does_not_exist() -> None:
    with pytest.raises(HuyingError) as unknown:
        rulebook.procedure("requets")
    known = "、".join(f"{kind.label['zh-Hans']}（{name}）" for name, kind in sorted(rulebook.everything().items()))
    assert sentence(unknown.value) == f"没有“requets”这个规程。可用的规程：{known}。"
