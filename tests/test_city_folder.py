"""Each mistake that a city folder can hold is named with its file, its line and a sentence; all of them at once."""

# ruff: noqa: E501  the table of mistakes reads best with one on each line

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from huying.city import codec, folder
from huying.city.datum import from_wgs84
from huying.city.facts import Tiles
from huying.city.tables import COLUMNS, Finding
from huying.errors import BadCity, sentence

DEMO = Path(__file__).parent.parent / "cities" / "demo"


@dataclass(frozen=True)
class Mistake:
    """Exchange `old` for `new` in `file`: then `at`, or else the exchanged line, is found with these words."""

    file: str
    old: str
    new: str
    words: str
    at: str = ""
    found_in: str = ""


MISTAKES = {
    "unknown parent": Mistake("units.csv", "xihe-desk,xihe,", "xihe-desk,xixi,", "parent“xixi”在 units.csv 中找不到"),
    "circle of units": Mistake("units.csv", "xihe,yunting,district", "xihe,xihe-desk,district", "形成循环"),
    "circle of one": Mistake("units.csv", "parks,yunting,", "parks,parks,", "“parks”的上级又指回自己"),
    "two roots": Mistake("units.csv", "parks,yunting,", "parks,,", "只能有一个单位没有上级，现在有 2 个"),
    "circle of areas": Mistake("areas.csv", "xihe,yt,", "xihe,xihe,", "形成循环"),
    "circle of categories": Mistake("categories.csv", "housing,,yes", "housing,housing.rent,yes", "形成循环"),
    "code twice": Mistake("units.csv", "gas,yunting,utility,gas,gas", "water,yunting,utility,water,water", "“water”重复"),
    "bad code": Mistake("areas.csv", "beishan-chashan-2,", "雾岭,", "“雾岭”不能作代码"),
    "organ unknown": Mistake("units.csv", "division,housing,housing-prop", "division,house,housing-prop", "organ“house”"),
    "organ of an organ": Mistake("units.csv", "parks,yunting,department,parks", "parks,yunting,department,dispatch", "别的机关"),
    "serves unknown": Mistake("units.csv", "callback,yunting,desk,callback,yunting", "callback,yunting,desk,callback,yt", "serves“yt”"),
    "area unknown": Mistake("units.csv", "xihe-liuyuan,xihe-liuyuan,yes", "xihe-liuyuan,moon,yes", "area“moon”在 areas.csv"),
    "kind unknown": Mistake("units.csv", "parks,yunting,department", "parks,yunting,bureau", "kind“bureau”不在可选值之内"),
    "flag": Mistake("units.csv", ",,yes,市园林绿化中心", ",,是,市园林绿化中心", "may_lead“是”不在可选值之内：yes, no"),
    "community leads": Mistake("units.csv", "-1,no,桥东", "-1,yes,桥东", "社区和社会组织不能作主办单位"),
    "name missing in a language": Mistake("units.csv", "市园林绿化中心,Parks Centre", "市园林绿化中心,", "name.en 没有填写"),
    "unknown role": Mistake("posts.csv", "lighting.1,handler", "lighting.1,fixer", "role“fixer”不在可选值之内"),
    "post of nobody": Mistake("posts.csv", "lighting.1,handler", "lighting.9,handler", "person“lighting.9”在 people.csv"),
    "post nowhere": Mistake("posts.csv", "handler,lighting", "handler,candle", "unit“candle”在 units.csv"),
    "post twice": Mistake("posts.csv", "lighting.2,handler", "lighting.1,handler", "重复，第一次出现在第"),
    "person nowhere": Mistake("people.csv", "陈德胜,lighting", "陈德胜,candle", "unit“candle”"),
    "person twice": Mistake("people.csv", "lighting.2,", "lighting.1,", "“lighting.1”重复"),
    "bad date": Mistake("posts.csv", "lighting.1,handler,lighting,2020-01-01", "lighting.1,handler,lighting,2020-02-30", "不是有效日期"),
    "far date": Mistake("posts.csv", "lighting.1,handler,lighting,2020-01-01", "lighting.1,handler,lighting,0020-01-01", "不是有效日期"),
    "post ends first": Mistake("posts.csv", "lighting.1,handler,lighting,2020-01-01,", "lighting.1,handler,lighting,2020-01-02,2020-01-01", "截止日期早于开始日期"),
    "deputy unknown": Mistake("deputies.csv", "lighting.leader", "lighting.boss", "deputy“lighting.boss”"),
    "deputy of oneself": Mistake("deputies.csv", "mayor,vice.mayor", "mayor,mayor", "不能由本人代理本人"),
    "deputy without end": Mistake("deputies.csv", "2026-10-01,2026-10-08", "2026-10-01,", "until 没有填写"),
    "deputy ends first": Mistake("deputies.csv", "2026-10-01,2026-10-08", "2026-10-08,2026-10-01", "截止日期早于开始日期"),
    "route to nobody known": Mistake("routing.csv", "streets.lamps,,lighting", "streets.lamps,,candle", "unit“candle”"),
    "route of no category": Mistake("routing.csv", "streets.lamps,,", "streets.lamp,,", "category“streets.lamp”在 categories.csv"),
    "route of no area": Mistake("routing.csv", "civil.community,xihe-liuyuan,", "civil.community,xihe-x,", "area“xihe-x”"),
    "route to a community": Mistake("routing.csv", "streets.lamps,,lighting", "streets.lamps,,xihe-qiaotou-1", "桥东社区居民委员会不能作主办单位"),
    "route of what isn't handled": Mistake("routing.csv", "streets.lamps,,", "discipline,,", "不受理的类别"),
    "route twice": Mistake("routing.csv", "streets.lamps,,", "streets,,", "“streets”重复"),
    "category without a route": Mistake("routing.csv", "rural,,agriculture\n", "", "“rural.village”没有派单去向", at="rural.village,", found_in="categories.csv"),
    "evidence unknown": Mistake("categories.csv", "yes,,photo,coarse,道路", "yes,,selfie,coarse,道路", "evidence“selfie”"),
    "point unknown": Mistake("categories.csv", "none,coarse,路灯照明", "none,exact,路灯照明", "point“exact”"),
    "no way to turn": Mistake("categories.csv", "no,refer_party,none,omit,组织关系", "no,,none,omit,组织关系", "没有写明请群众找哪个渠道"),
    "referral without text": Mistake("categories.csv", "no,refer_party,none,omit,组织关系", "no,refer_moon,none,omit,组织关系", "refer_to“refer_moon”在 texts.toml"),
    "limit without unit": Mistake("limits.csv", "request,share,,,3wd", "request,share,,,3", "“3”不是有效的时限"),
    "limit of nothing": Mistake("limits.csv", "request,share,,,3wd", "request,share,,,0wd", "“0wd”不是有效的时限"),
    "limit of no category": Mistake("limits.csv", "request,answer,land,,", "request,answer,moon,,", "category“moon”"),
    "limit twice": Mistake("limits.csv", "request,answer,,urgent,3wd", "request,answer,,,3wd", "“request, answer”重复"),
    "limit of no clock": Mistake("limits.csv", "request,share,,,3wd", "request,,,,3wd", "clock 没有填写"),
    "desk unknown": Mistake("city.toml", 'desk = "hotline"', 'desk = "counter"', "desk“counter”在 units.csv 中找不到"),
    "quiet half": Mistake("city.toml", '["21:00", "08:00"]', '["21:00"]', "quiet 需要两个时间"),
    "sender": Mistake("city.toml", "12345@yunting.example", "12345", "不是邮箱地址"),
    "address": Mistake("contacts.csv", "mayor@yunting.example", "mayor at yunting", "不是邮箱地址"),
    "channel": Mistake("contacts.csv", "mayor,email", "mayor,pigeon", "pigeon"),
    "recurrence every second": Mistake("recurrences.toml", "FREQ=WEEKLY;BYDAY=MO", "FREQ=SECONDLY", "FREQ 可以是 DAILY, WEEKLY, MONTHLY, YEARLY，不能是 SECONDLY"),
    "recurrence a thousand times a day": Mistake("recurrences.toml", "FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;BYMINUTE=0,1,2", "规则里不能写“BYMINUTE=0,1,2”"),
    "recurrence without a step": Mistake("recurrences.toml", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;INTERVAL=0", "规则里不能写“INTERVAL=0”"),
    "recurrence that never comes": Mistake("recurrences.toml", "FREQ=MONTHLY;BYMONTHDAY=1", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "一次也不会到"),
    "recurrence of no rule": Mistake("recurrences.toml", "FREQ=WEEKLY;BYDAY=MO", "every Monday", "不是 RFC 5545 规则"),
    "recurrence on no weekday": Mistake("recurrences.toml", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYDAY=MONDAY", "不是 RFC 5545 规则"),
    "recurrence of nobody": Mistake("recurrences.toml", 'unit = "office"', 'unit = "offce"', "unit“offce”在 units.csv"),
    "recurrence without begin": Mistake("recurrences.toml", "begins = 2026-01-05\n", "", "缺少 begins", at="[weekly-report]"),
    "recurrence of unknown rest": Mistake("recurrences.toml", 'rest = "later"', 'rest = "never"', "rest“never”不在可选值之内"),
    "recurrence of unknown duty": Mistake("recurrences.toml", 'does = "audit_sample"', 'does = "tea"', "does“tea”不在可选值之内"),
    "recurrence without Chinese": Mistake("recurrences.toml", '{ zh-Hans = "诉求办理周报", en', "{ en", "label"),
    "recurrence with unknown key": Mistake("recurrences.toml", "sample = 10", "smaple = 10", "“smaple”"),
    "recurrence of a tenth of one": Mistake("recurrences.toml", "sample = 10", "sample = 0", "sample 应当是 1 到 100 的整数"),
    "look-back after nothing": Mistake("recurrences.toml", 'after = "30d"', 'after = "30"', "“30”不是有效的时限"),
    "look-back at no category": Mistake("recurrences.toml", '"housing.buildings", ', '"house", ', "category“house”在 categories.csv"),
    "rung without unit": Mistake("ladders.csv", ",3wd", ",3", "“3”不是有效的时限"),
    "rung of no ladder": Mistake("ladders.csv", "3wd,supervise", "3wd,shout", "rung“shout”不在可选值之内"),
    "rung at no time": Mistake("ladders.csv", "3wd,supervise,after", "3wd,supervise,often", "when“often”不在可选值之内"),
    "notice before it is due": Mistake("ladders.csv", "3wd,supervise,after", "3wd,supervise,before", "期限之前只能写 remind"),
    "cap of a word": Mistake("city.toml", "week = 10", "week = true", "week 应当是 1 到 1000 的整数"),
    "gap without unit": Mistake("city.toml", 'gap = "1wd"', 'gap = "1"', "“1”不是有效的时限"),
    "too few cells": Mistake("limits.csv", "request,share,,,3wd", "request,share,3wd", "这一行有 3 格，应为 5 格"),
    "open quote": Mistake("people.csv", "雷晨曦", '"雷晨曦', "表格从这里起无法读取：这一行的引号没有收尾"),
    "quote inside a cell": Mistake("people.csv", "雷晨曦", '"雷"晨曦', "引号用错了，格内的引号应写成两个"),
    "cell of ten megabytes": Mistake("people.csv", "雷晨曦", "雷" * 3_400_000, "这一格过长"),
    "cell of a page": Mistake("people.csv", "雷晨曦", "雷" * 501, "name 超过 500 个字"),
    "line break in a cell": Mistake("people.csv", "雷晨曦", '"雷\n晨曦"', "含有换行或其他控制字符", at='"雷'),
    "telephone of a person": Mistake("people.csv", "key,name,unit", "key,name,unit,phone", "请删去这些列：phone"),
    "column missing": Mistake("routing.csv", "category,area,unit", "category,unit", "缺少列：area"),
    "column twice": Mistake("routing.csv", "category,area,unit", "category,area,unit,unit", "列名重复：unit"),
    "null byte": Mistake("people.csv", "雷晨曦", "雷\0晨曦", "空字节"),
    "half written": Mistake("people.csv", "parks.second,林文静,parks\n", "parks.second,林文静,parks", "可能没有写完", at="parks.second"),
    "feature of no area": Mistake("areas.geojson", '"code": "xihe-qiaotou-1"', '"code": "xihe-qiaotou-7"', "图形“xihe-qiaotou-7”在 areas.csv 中找不到"),
    "feature twice": Mistake("areas.geojson", '"code": "xihe-qiaotou-1"', '"code": "xihe-qiaotou"', "图形“xihe-qiaotou”重复", at='"xihe-qiaotou"'),
    "no polygon": Mistake("areas.geojson", '"type": "Polygon"', '"type": "Point"', "不是由经纬度组成的闭合多边形"),
    "off the globe": Mistake("areas.geojson", "[[[119.", "[[[919.", "不是由经纬度组成的闭合多边形"),
    "GeoJSON cut off": Mistake("areas.geojson", "\n]}\n", "\n", "JSON 无法读取", at="THE END"),
    "GeoJSON without features": Mistake("areas.geojson", '"features"', '"things"', "没有 features 列表", at="FeatureCollection"),
    "lone surrogate": Mistake("areas.geojson", '"FeatureCollection"', '"\\ud800"', "JSON 无法读取"),
    "TOML typo": Mistake("city.toml", 'zone = "', 'zone = ', "TOML 无法读取"),
    "TOML key twice": Mistake("texts.toml", "[refer_secret]", "[refer_repeated]", "同一项写了两次"),
    "TOML cut off": Mistake("danger.toml", "]\n", "", "文件没有写完", at="heavy bleeding"),
    "text of a book": Mistake("texts.toml", "您提出的要求", "您" * 5_000, "“refer_unlawful”超过 5000 个字", at="[refer_unlawful]"),
    "null byte spelled out": Mistake("texts.toml", "您提出的要求", "您\\u0000", "控制字符"),
    "control character in JSON": Mistake("calendars/2026.json", "元旦", "元\\u0007旦", "控制字符"),
    "unknown key": Mistake("city.toml", "closes =", "closed_at =", "没有“closed_at”这一项"),
    "unknown zone": Mistake("city.toml", "Asia/Shanghai", "Asia/Yunting", "Asia/Yunting"),
    "no time of day": Mistake("city.toml", '"18:00"', '"6 pm"', "“6 pm”不是时间"),
    "half of the office hours": Mistake("city.toml", 'closes = "18:00"\n', "", "要同时写明 opens 和 closes", at="[office]"),
    "office hours backwards": Mistake("city.toml", '"18:00"', '"08:00"', "办公时间", at="[office]"),
    "one time for lunch": Mistake("city.toml", '["12:00", "13:30"]', '["12:00"]', "lunch 要写两个时间"),
    "unknown language": Mistake("city.toml", '["zh-Hans", "en"]', '["tlh"]', "languages 只能"),
    "bad city code": Mistake("city.toml", 'code = "yunting"', 'code = "云汀"', "不能作代码"),
    "city name in one language": Mistake("city.toml", ', en = "Yunting"', "", "“name”缺少 en 的文字"),
    "emergency number in one language": Mistake("city.toml", ', en = "Fire"', "", "“119”缺少 en 的文字"),
    "text in one language": Mistake("texts.toml", 'zh-Hans = "您反映的是党务', 'zh-Hant = "您反映的是党务', "“refer_party”缺少 zh-Hans", at="[refer_party]"),
    "text misses a place": Mistake("texts.toml", "编号 {number}", "编号如下", "各语言的占位符不一致", at="[receipt]"),
    "text with an open brace": Mistake("texts.toml", "编号 {number}", "编号 {number", "占位符写法有误", at="[receipt]"),
    "danger in one language": Mistake("danger.toml", ', en = "drowning"', "", "词语清单", at="words ="),
    "danger of one letter": Mistake("danger.toml", '"触电"', '"电"', "词语清单", at="words ="),
    "year cut off": Mistake("calendars/2026.json", "\n  ]\n}\n", "\n", "JSON 无法读取", at="THE END"),
    "year of another file": Mistake("calendars/2026.json", '"year": 2026', '"year": 2062', "文件名是 2026.json，内容却是 2062 年"),
    "year without days": Mistake("calendars/2026.json", '"days"', '"daze"', "要有 year 和 days", at="{"),
    "day that doesn't exist": Mistake("calendars/2026.json", "2026-02-15", "2026-02-30", "2026-02-30"),
    "day of another age": Mistake("calendars/2026.json", "2026-02-15", "1926-02-15", "1926-02-15"),
    "day neither on nor off": Mistake("calendars/2026.json", '"2026-02-14", "isOffDay": false', '"2026-02-14", "isOffDay": "no"', "2026-02-14"),
    "areas in no known system": Mistake("city.toml", 'data = "wgs84"', 'data = "bd09"', "data“bd09”"),
    "tiles in no known system": Mistake("city.toml", 'data = "wgs84"', 'system = "mars"', "system“mars”"),
    "tiles by plain http": Mistake("city.toml", 'data = "wgs84"', 'tiles = "http://t.example/{z}/{x}/{y}"', "也不是带 {z}、{x}、{y} 的 https 网址"),
    "tiles of two hosts": Mistake("city.toml", 'data = "wgs84"', 'tiles = "https://a.example; script-src *//{z}/{x}/{y}"', "也不是带"),
    "tiles outside their folder": Mistake("city.toml", 'data = "wgs84"', 'tiles = "../x.pmtiles"', "也不是带"),
    "credit in one language": Mistake("city.toml", 'data = "wgs84"', 'credit = { en = "OSM" }', "credit 要写齐"),
    "day twice": Mistake("calendars/2026.json", "2026-02-16", "2026-02-15", "“2026-02-15”重复", at="2026-02-15"),
}  # fmt: skip


@pytest.fixture
def city(tmp_path: Path) -> Path:
    """A copy of the demo city that may be broken."""
    return Path(shutil.copytree(DEMO, tmp_path / "city"))


def findings(city: Path, *, on: date | None = None) -> list[Finding]:
    """What is wrong with a folder."""
    with pytest.raises(BadCity) as caught:
        folder.read(city, on=on)
    return [finding for finding in caught.value.findings if isinstance(finding, Finding)]


def line_of(text: str, words: str) -> int:
    """The line of the first occurrence; of the end where the words are THE END."""
    return text[: len(text) if words == "THE END" else text.index(words)].count("\n") + 1


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_sentence(city: Path, name: str) -> None:
    mistake = MISTAKES[name]
    path = city / mistake.file
    before = path.read_text("utf-8")
    assert mistake.old in before
    after = before.replace(mistake.old, mistake.new, 1)
    path.write_text(after, "utf-8", newline="")
    place = mistake.found_in or mistake.file
    looked_at = (city / place).read_text("utf-8")
    line = line_of(looked_at, mistake.at) if mistake.at else line_of(before, mistake.old)
    found = [finding for finding in findings(city) if mistake.words in finding.words()]
    places = [(finding.file, finding.line) for finding in found]
    # Everyone in a circle is named; of any other mistake there is one.
    assert (place, line) in places if name.startswith("circle") else places == [(place, line)]
    assert found[0].words("en") != found[0].words("zh-Hans")


def remove(name: str) -> Callable[[Path], None]:
    """Leave out a file."""
    return lambda city: (city / name).unlink()


FILES = [*COLUMNS, "areas.geojson", "city.toml", "texts.toml", "danger.toml"]


@pytest.mark.parametrize("file", FILES)
def test_a_missing_empty_or_badly_encoded_file_is_told_once(city: Path, file: str) -> None:
    text = (city / file).read_text("utf-8")
    for raw, words, line in (
        (None, "文件不存在", 1),
        (b"", "文件是空的", 1),
        (b"x\n" + "照".encode("gb18030") + b"\n", "不是 UTF-8 编码", 2),
    ):
        (city / file).unlink() if raw is None else (city / file).write_bytes(raw)
        found = findings(city)
        assert [(f.file, f.line) for f in found if words in f.words()] == [(file, line)]
        assert all(f.file == file or "在 " + file not in f.words() for f in found), "a missing file is told once"
        (city / file).write_text(text, "utf-8", newline="")
    folder.read(city)


def test_a_table_that_excel_saved_reads_the_same(city: Path) -> None:
    before = folder.read(city)
    for file in COLUMNS:
        text = (city / file).read_text("utf-8")
        (city / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert folder.read(city) == before


@pytest.mark.parametrize("file", FILES)
def test_a_file_cut_off_inside_a_line_is_never_taken(city: Path, file: str) -> None:
    raw = (city / file).read_bytes()
    for end in range(len(raw) // 9, len(raw) - 1, max(len(raw) // 9, 1)):
        if raw[end - 1 : end] == b"\n":
            continue
        (city / file).write_bytes(raw[:end])
        if file.endswith(".toml") and raw[:end].decode("utf-8", "replace").splitlines()[-1].startswith("#"):
            continue
        assert findings(city)


def test_all_mistakes_are_named_at_once(city: Path) -> None:
    for mistake in ("unknown parent", "unknown role", "limit without unit", "category without a route", "day twice"):
        path, change = city / MISTAKES[mistake].file, MISTAKES[mistake]
        path.write_text(path.read_text("utf-8").replace(change.old, change.new, 1), "utf-8", newline="")
    (city / "danger.toml").unlink()
    found = findings(city)
    assert {f.file for f in found} == {
        "calendars/2026.json", "categories.csv", "danger.toml", "limits.csv", "posts.csv", "units.csv"
    }  # fmt: skip
    assert found == sorted(found, key=lambda finding: (finding.file, finding.line))


def test_only_those_in_a_circle_are_accused_of_it(city: Path) -> None:
    text = (city / "units.csv").read_text("utf-8")
    (city / "units.csv").write_text(
        text.replace("xihe,yunting,district", "xihe,xihe-desk,district"), "utf-8", newline=""
    )
    assert {f.params["code"] for f in findings(city) if "形成循环" in f.words()} == {"xihe", "xihe-desk"}


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("intake", "没有人担任 intake（受理员）"),
        ("dispatcher", "没有人担任 dispatcher（派单员）"),
        ("callback", "没有人担任 callback（回访员）"),
        ("supervisor", "没有人担任 supervisor（督办员）"),
        ("system", "没有人担任 system（系统管理员）"),
        ("security", "没有人担任 security（安全管理员）"),
        ("auditor", "没有人担任 auditor（审计员）"),
        ("duty", "没有人担任 duty（值班督办员）"),
    ],
)
def test_a_role_that_nobody_holds_is_named(city: Path, role: str, words: str) -> None:
    keep(city, lambda line: f",{role}," not in line)
    assert any(words in finding.words() for finding in findings(city) if finding.file == "posts.csv")


def keep(city: Path, wanted: Callable[[str], bool]) -> None:
    """Leave out posts."""
    lines = (city / "posts.csv").read_text("utf-8").splitlines(keepends=True)
    (city / "posts.csv").write_text("".join(line for line in lines if wanted(line)), "utf-8", newline="")


@pytest.mark.parametrize(
    ("unit", "roles", "words"),
    [
        ("lighting", "handler", "市照明管理所可以主办，却没有承办人"),
        ("lighting", "reviewer", "市照明管理所可以主办，却没有承办人以外的审核人"),
        ("lighting", "leader", "市照明管理所可以主办，却没有负责人"),
        ("supervision", "supervisor|duty", "市政府督查室可以主办，却没有任何人员"),
    ],
)
def test_a_unit_that_may_lead_has_people_for_it(city: Path, unit: str, roles: str, words: str) -> None:
    keep(city, lambda line: not any(f",{role},{unit}," in line for role in roles.split("|")))
    line = line_of((city / "units.csv").read_text("utf-8"), f"\n{unit},yunting") + 1
    assert [(f.file, f.line) for f in findings(city) if words in f.words()] == [("units.csv", line)]


def test_a_handler_alone_does_not_review(city: Path) -> None:
    keep(city, lambda line: ",lighting," not in line)
    with (city / "posts.csv").open("a", encoding="utf-8", newline="") as posts:
        for role in ("handler", "reviewer", "leader"):
            posts.write(f"lighting.1,{role},lighting,2020-01-01,\n")
    assert ["却没有承办人以外的审核人" in finding.words() for finding in findings(city)] == [True]


def test_posts_that_are_over_count_no_more(city: Path) -> None:
    text = (city / "posts.csv").read_text("utf-8")
    over = text.replace("callback,2020-01-01,", "callback,2020-01-01,2026-03-31")
    (city / "posts.csv").write_text(over, "utf-8", newline="")
    folder.read(city, on=date(2026, 3, 31))
    words = [finding.words() for finding in findings(city, on=date(2026, 4, 1))]
    assert any("没有人担任 callback" in sentence for sentence in words)


def test_promise_09_the_call_back_desk_is_no_organ_that_handles(city: Path) -> None:
    text = (city / "units.csv").read_text("utf-8")
    (city / "units.csv").write_text(
        text.replace("callback,yunting,desk,callback", "callback,yunting,desk,parks"), "utf-8"
    )
    assert ["不能自己核实自己" in finding.words() for finding in findings(city)] == [True]


def test_the_files_of_a_procedure_or_a_note_beside_the_tables_are_left_alone(city: Path) -> None:
    (city / "procedures").mkdir()
    (city / "README.txt").write_text("notes", "utf-8")
    text = (city / "routing.csv").read_text("utf-8").splitlines()
    (city / "routing.csv").write_text("\n".join(f"{line},remark" for line in text) + "\n", "utf-8", newline="")
    folder.read(city)


def test_a_folder_without_calendars_is_refused(city: Path) -> None:
    for year in (city / "calendars").glob("*.json"):
        year.unlink()
    assert ["没有任何年份的日历" in finding.words() for finding in findings(city)] == [True]
    shutil.rmtree(city / "calendars")
    assert [finding.words() for finding in findings(city)] == ["calendars:1: 没有这个文件夹。"]


def test_the_error_lists_every_finding_with_file_and_line(city: Path) -> None:
    (city / "danger.toml").unlink()
    (city / "ladders.csv").unlink()
    with pytest.raises(BadCity) as caught:
        folder.read(city)
    spoken = sentence(caught.value, "zh-Hans")
    assert "danger.toml:1: 文件不存在。" in spoken
    assert "ladders.csv:1: 文件不存在。" in spoken


@pytest.mark.parametrize("system", ["cgcs2000", "gcj02"])
def test_areas_of_another_system_are_read_into_wgs84(city: Path, system: str) -> None:
    plain = folder.read(city).areas["xihe"].geometry
    outlines = json.loads((city / "areas.geojson").read_text("utf-8"))
    for feature in outlines["features"]:
        for ring in feature["geometry"]["coordinates"]:
            ring[:] = [[*from_wgs84((at[0], at[1]), system), 12.5] for at in ring]
    (city / "areas.geojson").write_text(json.dumps(outlines), "utf-8")
    head = (city / "city.toml").read_text("utf-8")
    (city / "city.toml").write_text(head.replace('data = "wgs84"', f'data = "{system}"'), "utf-8")
    read = folder.read(city).areas["xihe"].geometry
    assert plain is not None and read == {"type": "Polygon", "coordinates": plain["coordinates"]}


def test_the_tiles_of_a_city_are_kept_with_it_and_name_their_one_host(city: Path) -> None:
    assert folder.read(city).tiles == Tiles()
    head = (city / "city.toml").read_text("utf-8")
    table = 'tiles = "https://t0.example:8443/{z}/{x}/{y}.png?k=1"\nsystem = "gcj02"\n'
    credit = 'credit = { zh-Hans = "示例图审字 1 号", en = "Example maps" }\n'
    (city / "city.toml").write_text(head.replace('data = "wgs84"\n', table + credit), "utf-8")
    tiles = codec.from_json(codec.to_json(folder.read(city))).tiles
    assert (tiles.host, tiles.system, tiles.credit["en"]) == ("https://t0.example:8443", "gcj02", "Example maps")


def test_evidence_is_none_and_the_point_omitted_where_nothing_is_written(city: Path) -> None:
    text = (city / "categories.csv").read_text("utf-8")
    (city / "categories.csv").write_text(text.replace("none,coarse,路灯照明", ",,路灯照明"), "utf-8", newline="")
    lamps = folder.read(city).category("streets.lamps")
    assert (lamps.evidence, lamps.point) == ("none", "omit")
