"""A case in words: what every door tells of it, to whom, and in how few queries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.city import store
from huying.city.facts import City
from huying.errors import CannotMerge
from huying.ledger import guard
from huying.ledger.models import Case, Document, InForce, ProcedureVersion
from huying.ledger.now import now, standing_at
from huying.ledger.record import Intake, open_case, record
from huying.ledger.telling import tell
from huying.ledger.told import Deadline, Happened, Open, Telling
from tests.cast import MORNING, act, call, who

pytestmark = pytest.mark.django_db


def told(case: Case, key: str = "dispatch.1", language: str = "zh-Hans") -> Telling:
    case.refresh_from_db()
    return tell(case, who(key), language=language)


def entry(telling: Telling, act_: str) -> Happened:
    return [line for line in telling.timeline if line.act == act_][-1]


def clock(telling: Telling, name: str) -> Deadline:
    return next(deadline for deadline in telling.clocks if deadline.name == name)


def choice(telling: Telling, name: str) -> Open:
    return next(one for one in telling.acts if one.name == name)


def said(line: Happened) -> dict[str, str]:
    return {saying.label: saying.words for saying in line.said}


def standing(telling: Telling) -> dict[str, str]:
    return {saying.name: saying.words for saying in telling.standing}


def dispatched(**more: object) -> Case:
    case = call(**{"title": "路灯不亮", "text": "路灯坏了三天。", "type": "help", **more})
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    if case.sealed:
        act(case, "copy", "hotline.1", handling_copy="柳园路一处路灯不亮。")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    return case


def working(**more: object) -> Case:
    case = dispatched(**more)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    return case


# --- the timeline


def test_each_entry_says_who_from_which_unit_did_what_and_each_field_in_words() -> None:
    case = working()
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    telling = told(case)
    triage, submit = entry(telling, "triage"), entry(telling, "submit")
    assert (triage.who, triage.unit, triage.label) == ("任书瑶", "12345热线受理中心", "分类")
    assert triage.when == "2026年6月15日 周一 09:00"
    assert said(triage) == {"分类": "市容环境 › 路灯照明 › 路灯不亮", "辖区": "西河区柳园街道"}
    assert said(submit) == {"答复内容": "已更换灯泡。", "办理结果": "已解决"}
    assert [line.act for line in telling.timeline] == ["open", "triage", "dispatch", "accept", "contact", "submit"]


def test_the_same_case_in_english() -> None:
    telling = told(working(), language="en")
    assert said(entry(telling, "triage")) == {
        "Category": "Streets and cleanliness › Street lighting › Street lamp out",
        "Area": "Liuyuan, Xihe District",
    }
    assert (telling.stage, standing(telling)["lead"]) == ("In progress", "Street Lighting Office")
    assert clock(telling, "answer").stands.endswith("left")
    assert "12345 Hotline" in {line.unit for line in telling.timeline}


def test_the_words_of_a_confidential_caller_stay_sealed() -> None:
    case = dispatched(wish="confidential", text="他家在三号楼二单元", place="三号楼二单元")
    telling = told(case, "lighting.1")
    assert said(entry(telling, "open"))["说明"] == "[保密，查看须说明理由]"
    assert said(entry(telling, "copy"))["办理稿"] == "柳园路一处路灯不亮。"
    assert standing(telling)["sealed"] == "保密"
    assert telling.title == ""
    assert "三号楼" not in repr(telling)


def test_who_called_is_never_told_and_where_it_is_only_to_those_who_work_on_it() -> None:
    caller = {"name": "马秀兰", "phone": "13900001111"}
    case = working(place="柳园路 12 号 301 室", requester=caller)
    for key in ("lighting.1", "hotline.1", "dispatch.1"):
        telling = told(case, key)
        assert "马秀兰" not in repr(telling) and "13900001111" not in repr(telling)
        assert said(entry(telling, "open"))["诉求人"] == "[保密，查看须说明理由]"
        assert said(entry(telling, "open"))["具体地点"] == "柳园路 12 号 301 室"


def test_promise_13_the_unit_a_case_is_about_never_reads_the_callers_own_words() -> None:
    case = call(text="柳园街道的路灯一直没人管。", title="街道不作为", type="complaint", about="xihe-liuyuan")
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    act(case, "add", "requester", text="今天又去问了一次。")
    accused, other = told(case, "xihe-liuyuan.leader"), told(case, "dispatch.1")
    assert "没人管" not in repr(accused) and "又去问" not in repr(accused) and "不作为" not in repr(accused)
    assert "没人管" in repr(other) and "又去问" in repr(other)


def test_forgotten_words_and_missing_ones_are_told_apart() -> None:
    case = working()
    text = Document.objects.get(case=case, field="text")
    Document.objects.filter(pk=text.pk).update(body="", salt="", erased=now())
    assert said(entry(told(case), "open"))["说明"] == "[已依规删除]"
    with guard.lifted():
        Document.objects.filter(pk=text.pk).delete()
    assert said(entry(told(case), "open"))["说明"] == "[材料缺失，请核对台账]"


def test_what_somebody_says_of_when_it_was_is_shown_beside_the_servers_time() -> None:
    case = working()
    earlier = MORNING - timedelta(hours=3)
    record(case, "note", who("lighting.1"), {"text": "凌晨已到现场。"}, seen=None, happened_at=earlier)
    line = entry(told(case), "note")
    assert (line.when, line.happened) == ("2026年6月15日 周一 09:00", "2026年6月15日 周一 06:00")
    assert line.quiet and not entry(told(case), "accept").quiet


def test_the_requester_the_clock_and_the_system_have_their_words() -> None:
    case = dispatched()
    act(case, "chase", "requester", text="怎么还没来？")
    with standing_at(MORNING + timedelta(days=3)):
        act(case, "accept", "clock")
        telling = told(case)
    assert entry(telling, "chase").who == "诉求人"
    assert (entry(telling, "accept").who, entry(telling, "accept").unit) == ("到期自动", "")


def test_somebody_who_has_left_the_city_since_keeps_their_name() -> None:
    case = working()
    here = store.current()
    people = {key: person for key, person in here.people.items() if key != "lighting.1"}
    store.save(replace(here, people=people), at=now())
    line = entry(told(case), "accept")
    assert (line.who, line.unit) == (here.people["lighting.1"].name, "市照明管理所")


def test_an_act_that_no_procedure_knows_any_more_is_told_by_its_code() -> None:
    case = working()
    in_force = InForce.objects.get(pk="request")
    text = in_force.version.text.replace("[act.contact]", "[act.first_call]")
    in_force.version = ProcedureVersion.objects.create(
        name="request", digest="0" * 12, text=text, common=in_force.version.common, loaded_at=now()
    )
    in_force.save()
    line = entry(told(case), "contact")
    assert (line.label, said(line)) == ("contact", {"是否接通": "已接通"})


# --- clocks


def test_a_running_clock_says_whose_it_is_when_it_ends_what_is_left_and_why() -> None:
    answer = clock(told(working()), "answer")
    assert (answer.label, answer.on, answer.state) == ("答复", "主办单位", "running")
    assert (answer.due, answer.stands) == ("2026年6月23日 周二 18:00", "还有 5 个工作日零 9 小时")
    assert answer.why[0] == "2026年6月15日 周一：起算当天，不计"
    assert answer.why[4] == "6月19日 周五至6月21日 周日：端午节放假，不计"
    assert answer.why[6] == "6月23日 周二：第 5 个工作日，18:00 到期"


def test_a_granted_extension_says_who_moved_the_date_and_keeps_the_first() -> None:
    case = working()
    act(case, "ask_extension", "lighting.1", reason="缺灯杆", until="2026-06-30")
    act(case, "extend", "supervision.1", until="2026-06-30")
    answer = clock(told(case), "answer")
    assert (answer.due, answer.first) == ("2026年6月30日 周二 18:00", "2026年6月23日 周二 18:00")
    assert answer.why == (
        "2026年6月15日 周一 09:00，侯惠芳（市政府督查室）“同意延期”，改为现在的期限；原为 2026年6月23日 周二 18:00。",
        "最初的期限始终保留在统计里。",
    )


def test_a_clock_that_stands_still_and_one_that_was_resumed_say_what_was_left() -> None:
    case = working()
    act(case, "ask_shelving", "lighting.1", obstacle="funds", condition="资金到位")
    act(case, "shelve", "supervision.1", until="2026-07-15", sponsor="lighting.leader", reason="等待资金")
    still = clock(told(case), "answer")
    assert (still.state, still.stands) == ("paused", "2026年6月15日 周一 09:00 起暂停，还剩 5 个工作日")
    assert clock(told(case), "review").why == (
        "2026年6月15日 周一 09:00，侯惠芳（市政府督查室）“同意挂账”时定下这一期限。",
    )
    with standing_at(MORNING + timedelta(days=7)):
        act(case, "resume", "supervision.1")
        answer = clock(told(case), "answer")
    assert (answer.due, answer.first) == ("2026年6月29日 周一 18:00", "2026年6月23日 周二 18:00")
    assert answer.why[0] == (
        "2026年6月15日 周一 09:00 至 2026年6月22日 周一 09:00 暂停计时，当时还剩 5 个工作日；恢复后从剩余时间接着计算。"
    )
    assert answer.why[1] == "2026年6月22日 周一：起算当天，不计"


def test_a_resumed_clock_whose_last_day_was_granted_is_not_explained_by_a_wrong_count() -> None:
    case = working()
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    with standing_at(datetime(2026, 6, 23, 9, tzinfo=UTC)):
        act(case, "sign", "lighting.reviewer")
        act(case, "redo", "callback.1", reason="又坏了")
        answer = clock(told(case), "answer")
    assert answer.due == "2026年6月24日 周三 18:00"
    assert len(answer.why) == 1 and "暂停计时" in answer.why[0]


def test_a_new_category_says_that_the_count_is_from_the_same_start() -> None:
    case = working()
    with standing_at(MORNING + timedelta(days=1)):
        act(case, "recategorise", "dispatch.1", category="streets.rubbish.exposed")
        answer = clock(told(case), "answer")
    assert answer.due == "2026年6月18日 周四 18:00"
    assert answer.why[0].endswith("“更正分类”，时限随之改变，仍从原来的起点计算：")
    assert answer.why[1] == "2026年6月15日 周一：起算当天，不计"


def test_an_earlier_date_of_the_platform_it_came_from_is_explained_beside_our_own() -> None:
    answer = clock(told(working(source_due="2026-06-17")), "answer")
    assert answer.due == "2026年6月17日 周三 18:00"
    assert answer.why[0].startswith("来源平台要求 2026年6月17日 周三 18:00 前办理")
    assert "6月23日 周二：第 5 个工作日，18:00 到期" in answer.why


def test_a_clock_that_awaits_a_holiday_notice_says_the_earliest_date() -> None:
    with standing_at(datetime(2026, 12, 30, 1, tzinfo=UTC)):
        answer = clock(told(working()), "answer")
    assert answer.state == "awaiting"
    assert answer.why[0] == "2027 年的放假通知还没有发布，最早 2027年1月4日 周一 18:00 到期。"


def test_the_survivor_of_an_earlier_duplicate_says_where_its_date_comes_from() -> None:
    early = working()
    with standing_at(MORNING + timedelta(days=1)):
        late = working()
        act(early, "merge", "dispatch.1", into=late.number)
        survivor, merged = told(late), told(early)
    answer = clock(survivor, "answer")
    assert answer.due == "2026年6月23日 周二 18:00"
    assert answer.why == ("2026年6月16日 周二 09:00 并入的事项期限更早，以更早的为准。",)
    assert said(entry(survivor, "joined")) == {"事项": merged.number}
    assert merged.family.into is not None and merged.family.into.number == survivor.number
    assert [one.number for one in survivor.family.duplicates] == [merged.number]
    assert standing(merged)["outcome"] == "已并入其他事项"


def test_a_cycle_says_its_grid_and_a_said_date_who_said_it() -> None:
    parent = working()
    act(parent, "support", "lighting.1", children=[{"lead": "power", "due": "2026-06-22", "every": "2wd"}])
    task = parent.children.get()
    act(task, "accept", "power.1")
    act(task, "report", "power.1", text="已备料。")
    telling = told(task, "power.1")
    assert clock(telling, "answer").why == ("2026年6月15日 周一 09:00，陈德胜（市照明管理所）“交办”时定下这一期限。",)
    assert clock(telling, "report").why == ("从 2026年6月15日 周一 09:00 起，每 2 个工作日 一次。",)


def test_a_stopped_clock_says_whether_it_was_in_time_and_a_passed_one_how_late_it_is() -> None:
    case = dispatched()
    with standing_at(MORNING + timedelta(days=3)):
        act(case, "accept", "clock")
        telling = told(case)
    assert clock(telling, "triage").stands == "2026年6月15日 周一 09:00 停止，按时"
    assert clock(telling, "accept").stands == "2026年6月18日 周四 09:00 停止，已过 1 个工作日"
    assert clock(telling, "contact").stands == "已过 2 天"


# --- where it came from


def test_a_mark_against_sending_twice_is_no_case_and_nothing_to_read() -> None:
    sent = open_case(Intake("request", {"title": "路灯不亮", "text": "坏了", "type": "help"}, source_system="portal",
                            source_ref="0670" * 10), who("hotline.1"))  # fmt: skip
    other = open_case(Intake("request", {"title": "井盖响", "text": "松了", "type": "help"}, source_system="board",
                             source_ref="A-17"), who("hotline.1"))  # fmt: skip
    assert [(one.came_from, one.family.source) for one in map(told, (sent, other))] == [
        ("居民网页", ""),
        ("board A-17", ""),
    ]


# --- the family


def test_children_and_what_becomes_of_them_are_told_on_the_parent() -> None:
    parent = working()
    act(parent, "support", "lighting.1", children=[{"lead": "power", "due": "5wd", "title": "接电"}])
    task = parent.children.get()
    act(task, "cancel", "lighting.1", reason="不需要了")
    telling = told(parent)
    assert said(entry(telling, "support")) == {"分派清单": "共 1 项"}
    assert said(entry(telling, "child"))["环节"] == "已终止"
    assert entry(telling, "child").who == "系统"
    child = telling.family.children[0]
    assert (child.title, child.stage, child.lead, child.closed) == ("接电", "已终止", "云汀供电公司", True)
    assert (telling.family.children_open, telling.family.children_closed) == (0, 1)
    above = told(task, "power.1").family.parent
    assert above is not None and (above.number, above.title) == (telling.number, "")


def test_a_sealed_report_beside_a_case_is_not_even_named_to_the_unit_it_is_about() -> None:
    case = working()
    report = call(text="所里有人收钱。", type="report", about="lighting")
    with pytest.raises(CannotMerge):
        act(report, "merge", "dispatch.1", into=case.number)
    assert told(case, "lighting.1").family.duplicates == ()


# --- how it ended


def test_an_outcome_is_told_with_who_confirmed_it() -> None:
    case = working()
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")
    assert "verified" not in standing(told(case))
    act(case, "confirm", "callback.1", solved="yes", satisfied="yes")
    telling = told(case)
    assert (standing(telling)["outcome"], standing(telling)["verified"]) == ("已解决", "经回访员核实")
    assert telling.closed == "2026年6月15日 周一 09:00"
    assert clock(telling, "answer").why == ()


def test_silence_and_an_answer_on_the_spot_are_told_as_what_they_are() -> None:
    silent = working()
    act(silent, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    act(silent, "sign", "lighting.reviewer")
    with standing_at(MORNING + timedelta(days=30)):
        act(silent, "lapse", "clock")
    assert standing(told(silent))["verified"] == "无人核实（回访期满）"
    asked = call(text="公积金几点开门？", type="consult")
    act(asked, "answer_now", "hotline.1", reply="九点。", assent="yes")
    assert standing(told(asked))["verified"] == "来电人当场同意（另行统计，不算解决）"


def test_counts_say_for_whom_they_were_counted() -> None:
    case = dispatched()
    act(case, "dispute", "lighting.1", basis="不属照明")
    counted = {count.label: count.words for count in told(case).counts}
    assert counted == {"异议次数（市照明管理所）": "1"}


# --- acts


def test_open_acts_ask_for_their_fields_and_every_other_says_why_not() -> None:
    telling = told(dispatched(), "lighting.1")
    assert choice(telling, "accept").why_not == ""
    dispute = choice(telling, "dispute")
    assert [(field.name, field.label, field.needed) for field in dispute.asks] == [("basis", "职责依据", True)]
    assert choice(telling, "transfer").why_not == ("陈德胜不能做“改派”，这一步由派单员来做。请转请本件的上述人员办理。")
    assert "不能“审核签发”" in choice(telling, "sign").why_not
    assert choice(told(dispatched(), "lighting.1", "en"), "transfer").why_not.startswith("陈德胜 may not do “Transfer”")


def test_what_only_the_system_does_is_not_offered() -> None:
    offered = {one.name for one in told(working()).acts}
    assert not offered & {"pass", "child", "joined", "repointed", "fix_date", "lapse", "migrate", "open"}
    assert "accept" in offered


def test_the_turn_that_is_told_is_the_one_to_act_on() -> None:
    case = dispatched()
    telling = told(case, "lighting.1")
    record(case, "accept", who("lighting.1"), {}, seen=telling.turn)
    case.refresh_from_db()
    assert case.stage == "accepted"


# --- queries


def test_the_number_of_queries_does_not_grow_with_the_case(city: City) -> None:
    def counted(entries: int, children: int) -> int:
        case = working()
        act(case, "support", "lighting.1", children=[{"lead": "power", "due": "5wd"}] * children)
        for _ in range(entries):
            act(case, "note", "lighting.1", text="一条备注")
        for task in case.children.all():
            act(task, "cancel", "lighting.1", reason="不需要了")
        for _ in range(children):
            act(call(), "merge", "dispatch.1", into=case.number)
        case = Case.objects.get(pk=case.pk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tell(case, who("dispatch.1"))
        return len(queries)

    few, many = counted(2, 1), counted(40, 20)
    assert few == many <= 12
