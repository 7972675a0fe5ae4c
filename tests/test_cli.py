"""The command line does the job: one story by commands, every command, and whatever can be typed wrongly."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from huying.city import store
from huying.cli import faults, service
from huying.ledger import guard
from huying.ledger.models import Case, Entry
from huying.ledger.now import standing_at
from tests.cast import MORNING, after
from tests.commands import DEMO, done, refused, run

pytestmark = pytest.mark.django_db


def lamp(*more: str) -> str:
    """The number of a request about a streetlamp, opened by command."""
    ran = done("open", "request", "--as", "hotline.1", "--field", "title=路灯不亮", "--field", "type=help", *more)
    return ran.numbers[0]


def act(case: str, act_: str, key: str, *more: str) -> str:
    return done("act", case, act_, "--as", key, *more).out


def dispatched() -> str:
    case = lamp("--field", "text=柳园路的路灯坏了。")
    act(case, "triage", "hotline.1", "--field", "category=streets.lamps.dark", "--field", "area=xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", "--field", "lead=lighting", "--field", "basis=照明管理规定")
    return case


# --- the job


def test_a_streetlamp_from_the_call_to_the_confirmed_answer_by_commands() -> None:
    case = dispatched()
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", "--field", "reached=yes")
    act(case, "submit", "lighting.1", "--field", "reply=已更换灯泡。", "--field", "outcome=fixed")
    act(case, "sign", "lighting.reviewer")
    assert "不能做“核实办结”" in refused("act", case, "confirm", "--as", "lighting.1")
    told = act(case, "confirm", "callback.1", "--field", "solved=yes", "--field", "satisfied=满意")
    assert told.splitlines() == [f"“核实办结”已完成，记为 {case} 的第 8 条。", "环节：已办结；主办单位：市照明管理所。"]
    assert done("audit").out == f"核对 2 件、{Entry.objects.count()} 条条目，没有不一致。\n"


def test_a_case_is_shown_with_its_story_its_clocks_and_what_may_be_done() -> None:
    shown = done("show", dispatched(), "--as", "lighting.1").out
    assert "郝雪梅（市诉求派单中心）  派单" in shown
    assert "  答复（主办单位）  2026年6月23日 周二 18:00  还有 5 个工作日零 9 小时" in shown
    assert "      6月19日 周五至6月21日 周日：端午节放假，不计" in shown
    may, not_ = shown.split("现在不能做，或者不由您做")
    assert "  签收  accept" in may and "--field basis=…  职责依据（必填）" in may
    assert "陈德胜不能做“改派”，这一步由派单员来做。" in not_


def test_the_same_in_english() -> None:
    ran = run("show", dispatched(), "--as", "lighting.1", language="en")
    assert "What happened" in ran.out and "Street Lighting Office" in ran.out and "Not now, or not you" in ran.out


def test_a_case_as_json_is_for_other_programs() -> None:
    told = json.loads(done("show", dispatched(), "--as", "lighting.1", "--json").out)
    assert (told["stage"], told["turn"]) == ("已派单", 3)
    assert told["timeline"][0]["at"] == "2026-06-15 01:00:00+00:00"
    assert {act["name"] for act in told["acts"] if not act["why_not"]} >= {"accept", "dispute"}


def test_queues_are_listed_page_after_page() -> None:
    first, second = lamp(), lamp()
    listed = done("list", "triage", "--as", "hotline.1").out
    assert first in listed and second in listed and "路灯不亮" in listed and "还有 4 小时" in listed
    assert "\x1b" not in listed and not any(line.endswith(" ") for line in listed.splitlines())
    following = done("list", "triage", "--as", "hotline.1", "--after", first).out
    assert second in following and first not in following
    assert run("list", "disputed", "--as", "hotline.1").err == "没有。\n"
    assert refused("list", "tirage", "--as", "hotline.1").startswith("队列：")


def test_a_full_page_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huying.cli.cases.PAGE", 1)
    first, _ = lamp(), lamp()
    ran = run("list", "--as", "hotline.1")
    assert ran.numbers == [first] and ran.err == f"下一页：加上 --after {first.replace(' ', '')}\n"


def test_cases_are_found_by_their_words() -> None:
    case = lamp("--field", "text=柳园路的路灯坏了。")
    assert done("find", "路灯", "柳园路", "--as", "dispatch.1").numbers == [case]
    assert done("find", "路灯", "漏水", "--as", "dispatch.1").numbers == []


def test_the_same_call_is_one_case() -> None:
    assert lamp("--source", "12345:A-77") == lamp("--source", "12345:A-77") != lamp("--source", "12345:A-78")


def test_a_look_shows_who_called_and_leaves_an_entry() -> None:
    case = lamp(
        "--name", "马秀兰", "--phone", "13900001111", "--field", "wish=confidential", "--field", "text=我家门口"
    )
    assert "马秀兰" not in done("show", case, "--as", "hotline.1").out
    looked = done("look", case, "--as", "callback.1", "--reason", "约时间")
    assert "姓名：马秀兰" in looked.out and "我家门口" in looked.out
    assert Entry.objects.filter(act="look", actor="callback.1").exists()
    assert "不能" in refused("look", case, "--as", "dispatch.1", "--reason", "好奇")


def test_who_called_can_be_corrected() -> None:
    case = lamp("--name", "马秀兰")
    assert "没有留下" not in done("look", case, "--as", "hotline.1", "--reason", "核对").out
    act(case, "correct_identity", "hotline.1", "--name", "马秀岚", "--field", "reason=听错了名字")
    assert "姓名：马秀岚" in done("look", case, "--as", "hotline.1", "--reason", "核对").out


def test_the_requester_may_chase_through_whoever_serves_them() -> None:
    case = dispatched()
    act(case, "chase", "requester", "--field", "text=还没来人")
    assert "诉求人  催单" in done("show", case, "--as", "lighting.1").out


def test_what_happened_earlier_is_only_shown() -> None:
    case = lamp()
    act(case, "note", "hotline.1", "--field", "text=接电话", "--happened", "2026-06-15 08:30")
    assert "自述发生时间：2026年6月15日 周一 08:30" in done("show", case, "--as", "hotline.1").out
    assert "--happened" in refused("act", case, "note", "--as", "hotline.1", "--field", "text=x", "--happened", "昨天")


def test_nobody_acts_on_what_somebody_else_decided_meanwhile() -> None:
    case = lamp()
    triage = ("triage", "--as", "hotline.1", "--field", "category=streets.lamps", "--field", "area=xihe")
    assert "您查看本件之后，任书瑶已做了“登记”" in refused("act", case, *triage, "--seen", "7")
    done("act", case, *triage, "--seen", "1")


def test_parts_are_opened_with_their_own_fields() -> None:
    case = dispatched()
    ran = done(
        "act", case, "support", "--as", "lighting.1",
        "--child", r"lead=power,due=5wd,title=接电\, 装表", "--child", '{"lead": "urban", "due": "2026-06-22"}',
    )  # fmt: skip
    first, second = ran.numbers[1:]
    assert "接电, 装表" in done("show", first, "--as", "power.1").out
    assert "2026年6月22日 周一 18:00" in done("show", second, "--as", "urban.1").out
    assert "子项合计：2 项在办，0 项办结" in done("show", case, "--as", "lighting.1").out


def test_a_photo_is_evidence_unless_another_field_is_named(tmp_path: Path) -> None:
    from PIL import Image

    photo = tmp_path / "路灯.png"
    Image.new("RGB", (8, 8)).save(photo)
    case = lamp("--file", str(photo))
    assert "佐证材料：路灯.png" in done("show", case, "--as", "hotline.1").out
    act(case, "note", "hotline.1", "--field", "text=补照片", "--file", f"evidence={photo}")
    assert "没有" in refused("act", case, "note", "--as", "hotline.1", "--field", "text=x", "--file", f"photo={photo}")


def test_texts_come_from_files_and_pipes_too(tmp_path: Path) -> None:
    written = tmp_path / "text.txt"
    written.write_bytes("\ufeff路灯坏了三天。\n".encode())
    assert "说明：路灯坏了三天。" in done("show", lamp("--field", f"text=@{written}"), "--as", "hotline.1").out
    ran = run("open", "request", "--as", "hotline.1", "--field", "text=-", given="从管道里来。".encode())
    assert "说明：从管道里来。" in done("show", ran.numbers[0], "--as", "hotline.1").out
    assert "说明：@某人" in done("show", lamp("--field", "text=@@某人"), "--as", "hotline.1").out


# --- audit and loop


def test_promise_3_an_audit_names_each_difference_and_fails() -> None:
    case = dispatched().replace(" ", "")
    assert done("audit", case).out == "核对 1 件、3 条条目，没有不一致。\n"
    with guard.lifted():
        Case.objects.filter(number=case).update(lead="water")
    ran = run("audit", case)
    assert ran.code == 1 and case in ran.out and ran.err.startswith("核对 1 件、3 条条目，发现 1 处不一致。")
    assert "没有" in refused("audit", "1234 5678 9012")


def test_a_long_audit_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "QUIET_SECONDS", -1.0)
    lamp()
    ran = run("audit")
    assert ran.err == f"已核对 2 件、{Entry.objects.count()} 条条目……\n" and "已核对" not in ran.out


def test_promise_8_the_loop_notes_every_passed_clock_once() -> None:
    case = lamp()
    with standing_at(after("4h")):
        assert done("runner", "--once").out == "记下 1 个到期的时限，发出 0 封通知。\n"
        assert done("runner", "--once").out == "记下 0 个到期的时限，发出 0 封通知。\n"
        assert "到期自动" in done("show", case, "--as", "hotline.1").out


# --- the city and its people


def test_codes_are_looked_up_by_their_names() -> None:
    assert "lighting  市照明管理所" in done("city", "units", "照明").out
    assert "xihe-liuyuan " in done("city", "areas", "柳园").out
    found = done("city", "categories", "路灯不亮").out
    assert "streets.lamps.dark" in found and "市照明管理所" in found and "5wd" in found
    assert "引导至其他渠道" in done("city", "categories").out
    assert "Street Lighting Office" in run("city", "units", "LIGHTING", language="en").out


def test_a_city_folder_is_put_in_force_once(tmp_path: Path) -> None:
    version = store.current_number()
    assert done("city", "load", str(DEMO)).out == f"云汀市：没有变化，仍用第 {version} 版。\n"
    changed = tmp_path / "changed"
    copy(DEMO, changed)
    head = changed / "city.toml"
    head.write_text(head.read_text("utf-8").replace("云汀市", "新云汀市"), "utf-8")
    loaded = done("city", "load", str(changed), "--as", "admin.system").out
    assert loaded == f"新云汀市：第 {store.current_number()} 版已启用。\n" and store.current_number() > version
    assert Entry.objects.filter(act="load_city", actor="admin.system").exists()


def copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


def test_every_mistake_of_a_city_folder_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    assert done("city", "check", str(DEMO)).out.startswith("云汀市：没有错误；单位")
    copy(DEMO, tmp_path / "broken")
    units = tmp_path / "broken" / "units.csv"
    units.write_text(units.read_text("utf-8") + "moon,nowhere,desk,moon,,,no,月亮,Moon\n", "utf-8")
    ran = run("city", "check", str(tmp_path / "broken"))
    assert ran.code == 1 and "units.csv:" in ran.out and "nowhere" in ran.out and ran.err == "共 1 处错误。\n"
    assert "units.csv:" in run("city", "load", str(tmp_path / "broken")).err
    assert "units.csv:" in run("city", "check", str(tmp_path / "broken"), language="en").out
    assert run("city", "check", str(tmp_path / "nothing")).code == 1


def test_people_are_listed_with_the_posts_they_hold_today() -> None:
    assert "hotline.1" in done("user", "list", "任书瑶").out
    told = done("user", "show", "lighting.leader").out
    assert told.splitlines()[0] == "江丽华  lighting.leader  市照明管理所"
    with standing_at(MORNING + timedelta(days=20)):
        assert "代理" in done("user", "show", "vice.mayor").out
    assert "代理" not in done("user", "show", "vice.mayor").out
    assert "没有" in refused("user", "show", "nobody")


# --- procedures


def test_procedures_are_checked_drawn_and_put_in_force(tmp_path: Path) -> None:
    assert done("procedures", "check").out.startswith("没有错误：")
    assert done("procedures", "draw", "request").out.startswith("---")
    assert done("procedures", "draw", "request", "--svg").out.startswith("<svg")
    assert "request" in refused("procedures", "draw", "requst")
    assert done("procedures", "load").out == "没有变化：各项规程都已启用。\n"
    task = (DEMO.parent.parent / "huying" / "procedures" / "task.toml").read_text("utf-8")
    (tmp_path / "task.toml").write_text(task.replace('"Task"', '"Piece of work"'), "utf-8")
    assert done("procedures", "load", str(tmp_path)).out == "已启用规程：task。\n"


def test_every_mistake_of_a_procedure_is_named_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "task.toml").write_text('name = "task"\nlable = "x"\n', "utf-8")
    ran = run("procedures", "check", str(tmp_path))
    assert ran.code == 1 and "task.toml:2: 没有“lable”这个键" in ran.out and "处错误。" in ran.err
    assert "lable" in run("procedures", "check", str(tmp_path), language="en").out
    assert run("procedures", "load", str(tmp_path)).code == 1
    assert run("procedures", "check", str(tmp_path / "nothing")).code == 1


# --- deadlines


@pytest.mark.parametrize(
    ("day", "limit", "ends"),
    [
        ("2026-02-12", "5wd", "2026-02-26"),
        ("2026-02-13", "2wd", "2026-02-24"),
        ("2026-04-30", "5wd", "2026-05-11"),
        ("2026-09-18", "5wd", "2026-09-24"),
        ("2026-09-30", "5wd", "2026-10-13"),
    ],
)
def test_a_deadline_is_counted_aloud(day: str, limit: str, ends: str) -> None:
    told = done("due", day, limit).out
    assert f"\n→ {ends} 18:00" in told
    assert "起算当天，不计" in told and "第 1 个工作日" in told and "所用日历来自：云汀市" in told


def test_a_deadline_from_a_time_of_day_and_on_another_calendar() -> None:
    assert "→ 2026-06-16 14:00" in done("due", "2026-06-15", "6wh", "--at", "15:30").out
    assert "→ 2026-06-16 15:30" in done("due", "2026-06-15", "24h", "--at", "15:30").out
    assert str(DEMO) in done("due", "2026-06-15", "1wd", "--calendar", str(DEMO)).out
    assert "not counted" in run("due", "2026-06-15", "1wd", language="en").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("2026-12-31", "1wd"), "没有 2027 年的放假通知"),
        (("2026-02-30", "1wd"), "2026-02-30"),
        (("9999-01-01", "1wd"), "9999-01-01"),
        (("2026-06-15", "5"), "“5”"),
        (("2026-06-15", "0wd"), "“0wd”"),
        (("2026-06-15", "99999999wd"), "99999999wd"),
        (("2026-06-15", "5wd", "--at", "25:00"), "25:00"),
        (("2026-06-15", "5wd", "--calendar", "/no/such/folder"), "folder"),
    ],
)
def test_a_deadline_that_cant_be_counted_says_why(words: tuple[str, ...], sentence: str) -> None:
    ran = run("due", *words)
    assert (ran.code, ran.out) == (1, "") and sentence in ran.err and "Traceback" not in ran.err


# --- bad input

TRIAGE = ("act", "{case}", "triage", "--as", "hotline.1")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("open", "requst", "--as", "hotline.1"), "没有“requst”"),
        (("open", "request", "--as", "nobody"), "nobody"),
        (("open", "request", "--as", "lighting.1"), "不能做“登记”"),
        (("open", "request", "--as", "hotline.1", "--field", "colour=red"), "colour"),
        (("open", "request", "--as", "hotline.1", "--field", "type=shout"), "shout"),
        (("open", "request", "--as", "hotline.1", "--field", "source_due=2026-02-30"), "2026-02-30"),
        (("open", "request", "--as", "hotline.1", "--field", "source_due=3026-01-01"), "3026-01-01"),
        (("open", "request", "--as", "hotline.1", "--phone", "请回电"), "请回电"),
        (("open", "request", "--as", "hotline.1", "--field", "text=机密★十年"), "涉密"),
        (("act", "000000000000", "accept", "--as", "hotline.1"), "000000000000"),
        (("act", "十二", "accept", "--as", "hotline.1"), "十二"),
        (("act", "{case}", "acept", "--as", "hotline.1"), "acept"),
        ((*TRIAGE, "--field", "category=no.such", "--field", "area=xihe"), "no.such"),
        ((*TRIAGE, "--field", "category=streets.lamps", "--field", "area=moon"), "moon"),
        ((*TRIAGE, "--field", "category=streets.lamps"), "辖区"),
        (("act", "{case}", "dispatch", "--as", "dispatch.1", "--field", "lead=moon", "--field", "basis=x"), "moon"),
        (("act", "{case}", "support", "--as", "dispatch.1", "--child", "lead=power,due=5"), "5"),
        (("act", "{case}", "support", "--as", "dispatch.1", "--child", '{"lead":'), "--child"),
        (("act", "{case}", "support", "--as", "dispatch.1", "--child", "{" * 5000), "--child"),
        ((*TRIAGE, "--seen", "x"), "--seen"),
        (("show", "{case}", "--as", "water.1"), "没有"),
        (("look", "{case}", "--as", "hotline.1", "--reason", ""), "理由"),
        (("serve", "--port", "no"), "--port"),
        (("open", "request", "--as", "hotline.1", "--file", "/no/such.png"), "/no/such.png"),
        (("open", "request", "--as", "hotline.1", "--file", "/"), "它是一个文件夹"),
        (("open", "request", "--as", "hotline.1", "--field", "text=@/no/such.txt"), "找不到这个文件"),
    ],
)
def test_whatever_is_wrong_is_one_clear_sentence(words: tuple[str, ...], sentence: str) -> None:
    case = dispatched() if "support" in words else lamp()
    if words[2:3] == ("dispatch",):
        act(case, "triage", "hotline.1", "--field", "category=streets.lamps", "--field", "area=xihe")
    before = Entry.objects.count()
    assert sentence in refused(*(word.replace("{case}", case) for word in words))
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a\x00b", "U+0000"),
        (b"\x1b[31mred", "U+001B"),
        (b"\xff\xfe\x00", "UTF-8"),
        ("字".encode() * (10 * 1024 * 1024 // 3), "20000"),
        (b"x" * (33 * 1024 * 1024), "32 MB"),
        (b"", ""),
    ],
)
def test_texts_that_cant_be_kept_are_refused_from_a_file_and_from_a_pipe(
    content: bytes, sentence: str, tmp_path: Path
) -> None:
    written = tmp_path / "text.txt"
    written.write_bytes(content)
    case = dispatched()
    command = ("act", case, "note", "--as", "lighting.1")
    for source, given in ((f"text=@{written}", b""), ("text=-", content)):
        assert sentence in refused(*command, "--field", source, given=given)


def test_a_text_is_not_taken_for_a_picture(tmp_path: Path) -> None:
    page = tmp_path / "photo.png"
    page.write_text("<html>", "utf-8")
    assert "photo.png" in refused("open", "request", "--as", "hotline.1", "--file", str(page))


# --- written wrongly


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        (("acct",), "没有“acct”这个命令", "no command “acct”"),
        (("city",), "还没有写命令的名称", "Which command?"),
        (("show",), "缺少 CASE", "CASE is missing"),
        (("show", "1"), "缺少 --as", "--as is missing"),
        (("show", "1", "--as"), "--as 用得不对", "--as is used wrongly"),
        (("show", "1", "2", "--as", "x"), "多写了：2", "Too many words: 2"),
        (("show", "1", "--az", "x"), "没有 --az 这个选项", "no option --az"),
        (("open", "request", "--as", "hotline.1", "--field", "text"), "没有“=”", "has no “=”"),
        (("open", "request", "--as", "hotline.1", "--field", "=x"), "没有“=”", "has no “=”"),
        (("open", "request", "--as", "hotline.1", "--field", "a=1", "--field", "a=2"), "写了两次", "given twice"),
    ],
)
def test_a_command_that_is_written_wrongly_ends_with_2(words: tuple[str, ...], chinese: str, english: str) -> None:
    for language, sentence in (("zh-Hans", chinese), ("en", english)):
        ran = run(*words, language=language)
        assert (ran.code, ran.out) == (2, "") and sentence in ran.err and ran.err.count("\n") == 1


def test_a_language_that_nobody_speaks_here_is_refused() -> None:
    ran = run("--language", "fr", "due", "2026-02-12", "5wd")
    assert ran.code == 0, "the first one counts"
    ran = run("due", language="fr")
    assert ran.code == 2 and "没有“fr”这种语言" in ran.err


def test_the_unforeseen_has_a_sentence_too() -> None:
    assert faults.name(ZeroDivisionError()).params == {"kind": "ZeroDivisionError"}
    assert isinstance(faults.name(PermissionError(13, "Permission denied", "/x")), faults.OfSystem)


def test_help_is_in_the_language_of_whoever_asks() -> None:
    assert "登记一个事项" in done("--help").out and "Register a case" in run("--help", language="en").out
    assert done().out == done("--help").out
    told = done("open", "--help").out
    assert told.startswith("用法：huying open PROCEDURE") and "谁来做" in told and "[必填]" in told
    assert "显示本页。" in told
