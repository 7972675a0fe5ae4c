"""Loading a city: once, versioned, by an administrator, told in the ledger, and never against a promise given."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from huying.city import folder, store
from huying.city.models import CityVersion
from huying.city.tables import COLUMNS
from huying.errors import BadCity, BadInput, NoCity, NotAllowed, WouldStrand, sentence
from huying.ledger import administration, audit, rulebook
from huying.ledger.actor import SYSTEM
from huying.ledger.fold import Clock
from huying.ledger.models import Case, Entry, InForce, Outbox
from huying.ledger.now import now, standing_at
from huying.ledger.procedure import may
from huying.ledger.procedure_file import FOLDER
from tests.cast import act, call, who
from tests.conftest import DEMO
from tests.editions import with_next_year

pytestmark = pytest.mark.django_db
ADMIN, SECURITY = "admin.system", "admin.security"
POST = "admin.system,system,informatics,2020-01-01,\n"
NEW_YEARS_EVE = datetime(2026, 12, 29, 2, tzinfo=UTC)


def edited(place: Path, *changes: tuple[str, str, str]) -> Path:
    """The demo city in a folder of its own, with texts of its files exchanged."""
    city = Path(shutil.copytree(DEMO, place / f"city-{len(list(place.iterdir()))}"))
    for file, old, new in changes:
        text = (city / file).read_text("utf-8")
        assert old in text
        (city / file).write_text(text.replace(old, new), "utf-8", newline="")
    return city


def load(city: Path, key: str = ADMIN) -> bool:
    """Load a folder as somebody of the cast; whether it was new."""
    return administration.load_city(city, who(key))[1]


def granted(key: str, role: str) -> None:
    """The security administrator grants a role of an administrator."""
    case = Case.objects.get(procedure="administration", closed=None)
    act(case, "grant", SECURITY, person=key, role=role, unit="informatics", reason="接任")


def trail() -> list[tuple[str, str, Mapping[str, object]]]:
    """The administration case: who did what."""
    entries = Entry.objects.filter(case__procedure="administration").order_by("pk")
    return [(entry.act, entry.actor, entry.said) for entry in entries]


def lamp(area: str = "xihe-liuyuan") -> Case:
    """A request about a lamp, dispatched."""
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area=area)
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    return case


def answered(case: Case) -> Case:
    """The same case, its answer signed and sent."""
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")
    return case


def clocks(case: Case) -> Mapping[str, Clock]:
    """The clocks of a case as they now stand."""
    return Case.objects.get(pk=case.pk).folded().clocks


# --- beginning


def test_the_first_administrator_begins_and_the_trail_starts_with_what_was_loaded() -> None:
    (opened, city, *procedures) = trail()
    assert opened == ("open", ADMIN, {})
    assert city == ("load_city", ADMIN, {"number": store.current_number()})
    assert {(act_, actor) for act_, actor, _ in procedures} == {("load_procedures", ADMIN)}
    numbers = sorted(InForce.objects.values_list("version_id", flat=True))
    assert sorted(int(str(said["number"])) for _, _, said in procedures) == numbers


def test_to_begin_twice_does_nothing() -> None:
    before = trail(), CityVersion.objects.count()
    assert administration.begin(DEMO) == store.current()
    assert (trail(), CityVersion.objects.count()) == before


def test_a_mistake_at_the_beginning_leaves_the_database_empty(empty: None, tmp_path: Path) -> None:
    with pytest.raises(BadCity):
        administration.begin(edited(tmp_path, ("limits.csv", "5wd", "5")))
    assert (CityVersion.objects.count(), InForce.objects.count(), Case.objects.count()) == (0, 0, 0)


def test_without_a_beginning_nothing_can_be_loaded(empty: None) -> None:
    with pytest.raises(NoCity):
        administration.load_city(DEMO, SYSTEM)


# --- once, versioned, an entry


def test_the_same_folder_again_is_no_new_version_and_no_entry() -> None:
    before = trail(), store.current()
    assert load(DEMO) is False
    assert (trail(), store.current()) == before


def test_a_changed_folder_is_a_new_version_and_one_entry(tmp_path: Path) -> None:
    before = store.current_number()
    assert load(edited(tmp_path, ("texts.toml", "请您理解", "请予理解"))) is True
    assert store.current_number() > before
    assert "请予理解" in store.current().texts["refer_secret"]["zh-Hans"]
    assert trail()[-1] == ("load_city", ADMIN, {"number": store.current_number()})
    assert "请您理解" in store.version(before).texts["refer_secret"]["zh-Hans"]
    assert list(audit.audit()) == []


def test_spaces_line_ends_and_columns_of_ones_own_make_no_new_version(tmp_path: Path) -> None:
    city = edited(tmp_path, ("routing.csv", "category,area,unit", "category,area,unit,remark"))
    lines = (city / "routing.csv").read_text("utf-8").splitlines()
    (city / "routing.csv").write_text("\r\n".join([lines[0], *(f"{line} ,?" for line in lines[1:])]) + "\r\n", "utf-8")
    assert load(city) is False


def test_going_back_to_the_earlier_folder_is_a_version_and_an_entry_again(tmp_path: Path) -> None:
    load(edited(tmp_path, ("texts.toml", "请您理解", "请予理解")))
    assert load(DEMO) is True
    assert [act_ for act_, _, _ in trail()][-2:] == ["load_city", "load_city"]
    assert "请您理解" in store.current().texts["refer_secret"]["zh-Hans"]


def test_where_the_standing_case_was_retired_the_next_load_opens_another(tmp_path: Path) -> None:
    retired = Case.objects.get(procedure="administration")
    act(retired, "retire", SECURITY, reason="机构改革，另立系统管理。")
    assert load(edited(tmp_path, ("texts.toml", "请您理解", "请予理解"))) is True
    opened = Case.objects.get(procedure="administration", closed=None)
    assert opened.pk != retired.pk
    assert [entry.act for entry in opened.entries.order_by("seq")] == ["open", "load_city"]


# --- procedures of its own


def own(place: Path, old: str, new: str, name: str = "callout") -> Path:
    """The demo city with a procedure of its own: the package's with a text exchanged."""
    city = edited(place)
    (city / "procedures").mkdir()
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    assert old in text
    (city / "procedures" / f"{name}.toml").write_text(text.replace(old, new), "utf-8")
    return city


def label(name: str) -> str:
    """What a procedure in force is called."""
    return rulebook.procedure(name).label["zh-Hans"]


def test_a_city_begins_with_procedures_of_its_own(empty: None, tmp_path: Path) -> None:
    administration.begin(own(tmp_path, "吹哨", "响哨"))
    assert (label("callout"), label("request")) == ("响哨", "诉求")


def test_procedures_of_its_own_come_and_go_with_the_folder_and_are_entries(tmp_path: Path) -> None:
    city = own(tmp_path, "吹哨", "响哨")
    assert load(city) is True
    assert label("callout") == "响哨"
    version = InForce.objects.get(pk="callout").version_id
    assert trail()[-2:] == [
        ("load_city", ADMIN, {"number": store.current_number()}),
        ("load_procedures", ADMIN, {"number": version}),
    ]
    assert load(city) is False
    assert administration.load_procedures(who(ADMIN)) == []
    assert label("callout") == "响哨"
    assert load(DEMO) is True
    assert label("callout") == "吹哨"


def test_common_acts_of_its_own_reach_every_procedure(tmp_path: Path) -> None:
    load(own(tmp_path, "备注", "附注", name="common"))
    assert {rulebook.procedure(name).acts["note"].label["zh-Hans"] for name in ("request", "task")} == {"附注"}


def test_a_limit_may_be_for_a_clock_of_the_citys_own_procedure(tmp_path: Path) -> None:
    city = own(tmp_path, "clock.arrive", "clock.on_site", name="turnout")
    limits = (city / "limits.csv").read_text("utf-8").replace("turnout,arrive", "turnout,on_site")
    (city / "limits.csv").write_text(limits, "utf-8", newline="")
    text = (city / "procedures" / "turnout.toml").read_text("utf-8").replace('"arrive"', '"on_site"')
    (city / "procedures" / "turnout.toml").write_text(text, "utf-8")
    load(city)
    assert "on_site" in rulebook.procedure("turnout").clocks


def test_a_mistake_in_a_procedure_of_its_own_leaves_city_and_procedures_in_force(tmp_path: Path) -> None:
    (found, *_) = refusal(own(tmp_path, 'by = ["dispatcher"]', 'by = ["despatcher"]', name="request"))
    assert found.startswith("procedures/request.toml:")
    city = own(tmp_path, "吹哨", "响哨")
    (city / "procedures" / "callout.toml").write_bytes("吹哨".encode("gb18030"))
    assert refusal(city)[0].startswith("procedures/callout.toml:1: 文件不是 UTF-8")


def test_a_city_whose_own_procedure_would_strand_a_case_is_not_loaded(tmp_path: Path) -> None:
    case = lamp()
    before = trail(), store.current_number()
    city = own(tmp_path, "dispatched", "sent_out", name="request")
    with pytest.raises(WouldStrand) as caught:
        load(city)
    assert case.number in sentence(caught.value)
    assert (trail(), store.current_number()) == before
    act(case, "accept", "lighting.1")


# --- what was promised stays


def test_promise_05_new_limits_never_touch_the_date_of_an_open_case(tmp_path: Path) -> None:
    old = lamp()
    before = clocks(old)
    load(edited(tmp_path, ("limits.csv", "request,answer,,,5wd", "request,answer,,,2wd")))
    assert clocks(old) == before
    act(old, "accept", "lighting.1")
    act(old, "contact", "lighting.1", reached="yes")
    assert clocks(old)["answer"] == before["answer"]
    new = lamp()
    assert (clocks(old)["answer"].limit, clocks(new)["answer"].limit) == ("5wd", "2wd")
    assert (before["answer"].due, clocks(new)["answer"].due) == ("2026-06-23T10:00:00Z", "2026-06-17T10:00:00Z")
    assert list(audit.audit()) == []


def test_new_limits_touch_neither_a_paused_nor_a_closed_case(tmp_path: Path) -> None:
    case = answered(lamp())
    before = clocks(case)
    load(edited(tmp_path, ("limits.csv", "request,answer,,,5wd", "request,answer,,,2wd")))
    assert clocks(case) == before
    act(case, "confirm", "callback.1", contacted="yes", solved="yes", satisfied="yes")
    assert clocks(case)["answer"].due == before["answer"].due


def test_a_calendar_edited_after_the_start_does_not_touch_a_running_case(tmp_path: Path) -> None:
    old = lamp()
    before = clocks(old)
    holiday = '{"name": "端午节", "date": "2026-06-18", "isOffDay": true},\n    {"name": "端午节", "date": "2026-06-19"'
    load(edited(tmp_path, ("calendars/2026.json", '{"name": "端午节", "date": "2026-06-19"', holiday)))
    assert store.current().calendar.works(date(2026, 6, 18)) is False
    act(old, "accept", "lighting.1")
    assert clocks(old)["answer"] == before["answer"]
    assert clocks(old)["share"] == before["share"]
    assert clocks(lamp())["answer"].due == "2026-06-24T10:00:00Z"


def test_a_year_that_was_added_fixes_the_date_of_a_case_that_awaited_it(tmp_path: Path) -> None:
    with standing_at(NEW_YEARS_EVE):
        case = lamp()
        answer = clocks(case)["answer"]
        assert (answer.due, answer.awaiting, answer.first) == (None, 2027, None)
        Outbox.objects.all().delete()
        load(with_next_year(tmp_path / "next"))
        entry = Entry.objects.filter(case=case).order_by("seq").last()
        assert entry is not None
        assert (entry.act, entry.actor) == ("fix_date", "case")
        fixed = clocks(case)["answer"]
        assert (fixed.due, fixed.first, fixed.awaiting) == ("2027-01-06T10:00:00Z", "2027-01-06T10:00:00Z", None)
        assert fixed.began == answer.began
        assert not clocks(case)["calendar"].running
        assert set(Outbox.objects.get(entry=entry).tells.split()) == {"requester", "lead"}
        assert load(tmp_path / "next") is False
        assert Entry.objects.filter(case=case, act="fix_date").count() == 1
    assert list(audit.audit()) == []


def test_dates_that_a_load_cut_short_left_open_are_fixed_by_the_next_one(tmp_path: Path) -> None:
    with standing_at(NEW_YEARS_EVE):
        cases = [lamp() for _ in range(3)]
        store.save(folder.read(with_next_year(tmp_path / "next")), at=now())
        assert {clocks(case)["answer"].awaiting for case in cases} == {2027}
        assert load(tmp_path / "next") is False
        assert {clocks(case)["answer"].awaiting for case in cases} == {None}
        assert administration.fix_dates() == 0


def test_a_date_in_a_further_year_without_a_notice_waits_on_and_no_load_writes_of_it(tmp_path: Path) -> None:
    long = ("limits.csv", "request,answer,,,5wd", "request,answer,,,400wd")
    with standing_at(NEW_YEARS_EVE):
        load(edited(tmp_path, long))
        case = lamp()
        for wording in ("请予理解", "请谅解"):
            city = edited(tmp_path, long, ("texts.toml", "请您理解", wording))
            shutil.copy(with_next_year(tmp_path / "next") / "calendars" / "2027.json", city / "calendars")
            load(city)
            assert (clocks(case)["answer"].awaiting, clocks(case)["share"].awaiting) == (2027, None)
            assert Entry.objects.filter(case=case, act="fix_date").count() == 1


def test_the_date_of_a_promise_already_answered_is_fixed_without_ringing(tmp_path: Path) -> None:
    with standing_at(NEW_YEARS_EVE):
        case = answered(lamp())
        before = clocks(case)["answer"]
        load(with_next_year(tmp_path / "next"))
        fixed = clocks(case)["answer"]
        assert (fixed.due, fixed.left, fixed.next) == ("2027-01-06T10:00:00Z", before.left, None)
    assert list(audit.audit()) == []


def test_a_closed_case_that_awaited_a_year_gets_no_letter(tmp_path: Path) -> None:
    with standing_at(NEW_YEARS_EVE):
        case = lamp()
        act(case, "withdraw", "hotline.1", reason="来电人称路灯已亮。")
        load(with_next_year(tmp_path / "next"))
        assert not Entry.objects.filter(case=case, act="fix_date").exists()


# --- by an administrator only


@pytest.mark.parametrize("key", ["hotline.1", "mayor", "lighting.leader", "supervision.1", "requester", "clock"])
def test_who_is_no_administrator_can_load_nothing(key: str, tmp_path: Path) -> None:
    before = trail(), store.current_number(), dict(InForce.objects.values_list("pk", "version_id"))
    for city in (DEMO, edited(tmp_path, ("texts.toml", "请您理解", "请予理解"))):
        with pytest.raises(NotAllowed):
            load(city, key)
    with pytest.raises(NotAllowed):
        administration.load_procedures(who(key))
    assert (trail(), store.current_number(), dict(InForce.objects.values_list("pk", "version_id"))) == before


def test_the_system_itself_loads_nothing_into_a_city_at_work(tmp_path: Path) -> None:
    with pytest.raises(NotAllowed) as refused:
        administration.load_city(edited(tmp_path, ("texts.toml", "请您理解", "请予理解")), SYSTEM)
    assert "管理员" in sentence(refused.value)


def test_an_administrator_whose_post_is_over_can_load_nothing_more(tmp_path: Path) -> None:
    both = ("posts.csv", POST, f"{POST}office.clerk,system,informatics,2020-01-01,2026-06-30\n")
    granted("office.clerk", "system")
    load(edited(tmp_path, both))
    with standing_at(datetime(2026, 6, 30, 15, 59, tzinfo=UTC)):
        assert load(edited(tmp_path, both), "office.clerk") is False
    with standing_at(datetime(2026, 7, 1, 1, tzinfo=UTC)), pytest.raises(NotAllowed):
        load(edited(tmp_path, both), "office.clerk")


def test_nobody_locks_themselves_out(tmp_path: Path) -> None:
    successor = "office.clerk,system,informatics,2020-01-01,\n"
    gone = edited(tmp_path, ("posts.csv", POST, successor))
    granted("office.clerk", "system")
    assert refusal(gone) == [f"posts.csv:1: {ADMIN} 在这份数据里不是系统管理员，载入后会失去管理权限，因此不能载入。"]
    load(edited(tmp_path, ("posts.csv", POST, POST + successor)))
    assert load(gone, "office.clerk") is True
    with pytest.raises(NotAllowed):
        load(DEMO, ADMIN)


# --- what can't follow


def refusal(city: Path, key: str = ADMIN) -> list[str]:
    """Why a folder isn't loaded; that nothing of it was kept."""
    before = trail(), store.current_number(), Entry.objects.count()
    with pytest.raises(BadCity) as caught:
        load(city, key)
    assert (trail(), store.current_number(), Entry.objects.count()) == before
    return [str(finding) for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("limits.csv", "request,share,,,3wd", "request,share,,,3", "limits.csv:34: “3”不是有效的时限"),
        ("limits.csv", "request,share", "request,shaer", "limits.csv:34: "),
        (
            "limits.csv",
            "answer,,urgent",
            "answer,,urgnet",
            "limits.csv:3: “urgency”里的取值“urgnet”没有声明；可用的有：normal safety urgent。",
        ),
        ("limits.csv", "\nrequest,share", "\n\n,,,,\nrequest,shaer", "limits.csv:36: "),
        ("ladders.csv", ",,1wd", "reqest,,1wd", "ladders.csv:2: "),
        ("ladders.csv", ",safety,1h", ",saefty,1h", "ladders.csv:7: “urgency”里的取值“saefty”没有声明"),
        ("recurrences.toml", 'opens = "task"', 'opens = "tusk"', "recurrences.toml:9: opens 写的规程“tusk”不存在"),
        (
            "recurrences.toml",
            'opens = "task"',
            'opens = "turnout"',
            "recurrences.toml:9: “报到”的“叫到”不能由系统自动做",
        ),
        ("recurrences.toml", 'of = "request"', 'of = "task"', "recurrences.toml:36: “任务”没有回头看"),
        ("recurrences.toml", 'due = "2wd"', 'due = "2"', "recurrences.toml:12: 完成时限：“2”不能用"),
        ("recurrences.toml", '"partly_fixed"]', '"fxed"]', "recurrences.toml:38: outcome“fxed”不在可选值之内"),
        (
            "recurrences.toml",
            'lead = "supervision"',
            'lead = "yunting"',
            "recurrences.toml:13: 云汀市人民政府不能作主办单位",
        ),
        (
            "posts.csv",
            "callback,callback,2020-01-01,",
            "callback,callback,2020-01-01,2026-06-14",
            "没有人担任 callback",
        ),
        ("units.csv", "xihe,yunting,district", "xihe,xihe-desk,district", "形成循环"),
    ],
)
def test_a_mistake_leaves_the_version_in_force(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    found = refusal(edited(tmp_path, (file, old, new)))
    assert any(words in sentence for sentence in found), found


@pytest.mark.parametrize("file", ["units.csv", "city.toml", "areas.geojson", "calendars/2026.json"])
def test_a_folder_half_written_leaves_the_version_in_force(tmp_path: Path, file: str) -> None:
    city = edited(tmp_path)
    raw = (city / file).read_bytes()
    (city / file).write_bytes(raw[: len(raw) // 2])
    assert any(sentence.startswith(f"{file}:") for sentence in refusal(city))
    (city / file).unlink()
    assert refusal(city)


def test_a_year_that_is_in_force_cannot_be_left_out(tmp_path: Path) -> None:
    city = edited(tmp_path)
    (city / "calendars" / "2026.json").unlink()
    assert refusal(city) == ["calendars:1: 缺少 2026 年的放假通知，而事项正按它计算时限。"]


def test_the_folder_of_another_city_is_refused(tmp_path: Path) -> None:
    (found,) = refusal(edited(tmp_path, ("city.toml", 'code = "yunting"', 'code = "yuncheng"')))
    assert found == "city.toml:1: 这是“yuncheng”的文件夹，而数据库里是“yunting”，不能混用。"


def test_a_unit_that_open_cases_need_cannot_be_left_out(tmp_path: Path) -> None:
    first, second = lamp(), lamp()
    city = without_lighting(edited(tmp_path))
    assert refusal(city) == [
        "units.csv:1: 缺少市照明管理所（lighting），但还有 2 件未办结事项由它主办或登记，"
        f"例如：{first.number}、{second.number}。请先保留该单位（may_lead 写 no），待事项移交或办结后再删除。"
    ]
    for case in (first, second):
        act(case, "withdraw", "hotline.1", reason="来电人称路灯已亮。")
    assert load(city) is True
    assert list(audit.audit()) == []


def without_lighting(city: Path) -> Path:
    """The folder without the lighting office and all that names it; the Urban Management Bureau has its duty."""
    for file in COLUMNS.keys() - {"categories.csv"}:
        lines = (city / file).read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not re.search(r"\blighting\b", line)]
        (city / file).write_text("".join(kept), "utf-8", newline="")
    with (city / "routing.csv").open("a", encoding="utf-8", newline="") as routing:
        routing.write("streets.lamps,,urban\n")
    return city


def test_the_unit_that_administers_cannot_be_left_out(tmp_path: Path) -> None:
    city = edited(tmp_path)
    for path in ("units.csv", "people.csv", "posts.csv"):
        text = (city / path).read_text("utf-8")
        (city / path).write_text(text.replace("informatics", "data-centre"), "utf-8", newline="")
    assert "缺少市数据管理中心（informatics），但还有 1 件" in "".join(refusal(city))


def test_a_unit_may_stay_without_leading_until_its_cases_are_done(tmp_path: Path) -> None:
    case = lamp()
    city = edited(
        tmp_path,
        ("units.csv", "lighting,lighting,,yes,市照明管理所", "lighting,lighting,,no,市照明管理所"),
        ("routing.csv", "streets.lamps,,lighting", "streets.lamps,,urban"),
    )
    assert load(city) is True
    act(case, "accept", "lighting.1")
    with pytest.raises(Exception, match="can't be made answerable"):
        lamp()


def test_every_version_that_was_ever_in_force_can_be_read_again(tmp_path: Path) -> None:
    for number in range(3):
        load(edited(tmp_path, ("texts.toml", "请您理解", f"请您理解{number}")))
    for number in CityVersion.objects.values_list("pk", flat=True):
        assert store.version(number).code == "yunting"


def test_what_an_administrator_may_do_is_open_and_asks_for_its_fields() -> None:
    case = Case.objects.get(procedure="administration")
    procedure = rulebook.procedure("administration")
    answers = may(procedure, case.folded(), who(ADMIN), at=now(), city=store.current())
    assert {name for name, refused in answers.items() if refused is None} >= {
        "load_city",
        "load_procedures",
        "issue_key",
    }
    with pytest.raises(BadInput):
        act(case, "load_city", ADMIN)
