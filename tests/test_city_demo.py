"""The demo city, word by word: what an invented city of middling size must hold to show every mechanism."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from huying.city import folder
from huying.city.calendar import UNITS, Limit
from huying.city.facts import LANGUAGES, ROLES
from huying.city.tables import COLUMNS
from huying.ledger import check, procedure_file
from huying.ledger.actor import STAFF
from tests.conftest import DEMO

DAY = date(2026, 6, 15)
CITY = folder.read(DEMO, on=DAY)
GROUNDS = ("emergency", "legal_channel", "repeated", "secret", "beyond", "unlawful")
CHINESE_NAME = re.compile(r"[一-鿿]{2,3}")


# --- units, people


def test_the_tree_of_units_is_that_of_a_city() -> None:
    kinds = Counter(unit.kind for unit in CITY.units.values())
    assert kinds["city"] == 1
    assert kinds["district"] == 3
    assert kinds["subdistrict"] == 9
    assert kinds["department"] + kinds["utility"] == 20
    assert kinds["community"] == 18
    assert kinds["organisation"] == 2
    assert CITY.root.code == "yunting"


@pytest.mark.parametrize(
    ("kind", "above"),
    [
        ("district", {"city"}), ("department", {"city"}), ("utility", {"city"}), ("subdistrict", {"district"}),
        ("community", {"subdistrict"}), ("division", {"department"}), ("desk", {"city", "district"}),
    ],
)  # fmt: skip
def test_each_kind_of_unit_stands_below_the_right_one(kind: str, above: set[str]) -> None:
    assert {CITY.unit(unit.parent).kind for unit in CITY.units.values() if unit.kind == kind} == above


def test_each_district_has_three_subdistricts_of_two_communities_and_a_desk() -> None:
    for district in (unit for unit in CITY.units.values() if unit.kind == "district"):
        below = Counter(CITY.unit(code).kind for code in CITY.subtree(district.code))
        assert below == {"district": 1, "desk": 1, "subdistrict": 3, "community": 6}, district.code


def test_no_community_may_lead() -> None:
    outside = {unit.code for unit in CITY.units.values() if not unit.may_lead}
    assert outside == {u.code for u in CITY.units.values() if u.kind in ("community", "organisation", "city")}


def test_every_role_is_held_by_somebody() -> None:
    held = Counter(post.role for person in CITY.people.values() for post in person.posts if post.valid(DAY))
    assert held.keys() == set(ROLES)
    assert sum(held.values()) == 207


def test_each_body_has_two_handlers_a_reviewer_and_a_leader() -> None:
    for unit in CITY.units.values():
        if unit.kind in ("department", "utility", "subdistrict"):
            assert len(CITY.holders("handler", unit.code, on=DAY)) >= 2, unit.code
            assert CITY.holders("reviewer", unit.code, on=DAY), unit.code
            assert CITY.holders("leader", unit.code, on=DAY), unit.code


def test_three_separate_administrators_hold_no_other_post() -> None:
    held = {role: CITY.holders(role, "informatics", on=DAY) for role in ("system", "security", "auditor")}
    assert held == {"system": ("admin.system",), "security": ("admin.security",), "auditor": ("admin.audit",)}
    for (key,) in held.values():
        assert not {post.role for post in CITY.posts(key, on=DAY)} & STAFF


def test_the_call_back_desk_is_no_organ_that_takes_calls_in_or_handles() -> None:
    assert CITY.organ("callback") == "callback"
    assert CITY.organ("dispatch") == CITY.organ("hotline") != CITY.organ("callback")


def test_divisions_belong_to_the_organ_of_their_department() -> None:
    for unit in CITY.units.values():
        expected = CITY.organ(unit.parent) if unit.kind == "division" else unit.organ
        assert unit.organ == expected, unit.code


def test_three_deputies_stand_in_one_of_them_on_the_day_of_the_demo() -> None:
    assert len(CITY.deputies) == 3
    (today,) = [deputy for deputy in CITY.deputies if deputy.since <= DAY <= deputy.until]
    assert "reviewer" in {post.role for post in CITY.posts(today.deputy, on=DAY)}
    assert CITY.holders("reviewer", "lighting", on=DAY) == ("lighting.reviewer", "lighting.leader")


def test_everybody_has_a_chinese_name_of_their_own() -> None:
    names = Counter(person.name for person in CITY.people.values())
    assert len(names) == len(CITY.people) == 158
    assert all(CHINESE_NAME.fullmatch(name) for name in names)


def test_nothing_but_key_name_and_unit_is_kept_of_a_person() -> None:
    with (DEMO / "people.csv").open(encoding="utf-8", newline="") as people:
        assert next(csv.reader(people)) == ["key", "name", "unit"]


def test_no_password_lies_in_the_folder() -> None:
    secret = re.compile("password|passwd|pwd|secret|token|密码|口令", re.IGNORECASE)
    columns = {(DEMO / file).read_text("utf-8").splitlines()[0] for file in COLUMNS}
    assert not any(secret.search(header) for header in columns)
    texts = {path.name: path.read_text("utf-8") for path in DEMO.rglob("*") if path.suffix in (".csv", ".toml")}
    assert [name for name, text in texts.items() if name != "texts.toml" and secret.search(text)] == []


# --- areas


def test_each_area_has_its_polygon_and_the_unit_that_answers_for_it() -> None:
    kinds = Counter(area.kind for area in CITY.areas.values())
    assert kinds == {"city": 1, "district": 3, "subdistrict": 9, "community": 18}
    assert all(area.geometry for area in CITY.areas.values())
    answering = {unit.area for unit in CITY.units.values() if unit.kind not in ("division", "desk")} - {""}
    assert answering == CITY.areas.keys()


def test_the_areas_of_one_level_tile_those_above() -> None:
    for area in CITY.areas.values():
        parts = [part for part in CITY.areas.values() if part.parent == area.code]
        if parts:
            assert sum(ground(part.code) for part in parts) == pytest.approx(ground(area.code), rel=0.002), area.code


def ground(area: str) -> float:
    """The size of an area's polygon in square degrees."""
    geometry = CITY.area(area).geometry
    assert geometry is not None
    (ring,) = json.loads(json.dumps(geometry))["coordinates"]
    return abs(sum(float(a[0] * b[1] - b[0] * a[1]) for a, b in pairwise(ring))) / 2


# --- categories, routing, limits


def test_twelve_handled_and_three_referred_classes_have_three_levels() -> None:
    classes = [category for category in CITY.categories.values() if not category.parent]
    assert Counter(category.handled for category in classes) == {True: 12, False: 3}
    depths = Counter(len(CITY.category_path(code)) for code in CITY.categories)
    assert depths == {1: 15, 2: 47, 3: 116}
    parents = {category.parent for category in CITY.categories.values()}
    assert all(len(CITY.category_path(code)) == 3 for code in CITY.categories if code not in parents)
    for code, category in CITY.categories.items():
        assert category.handled == CITY.category(CITY.category_path(code)[-1]).handled, code


def test_every_handled_category_has_a_unit_that_may_lead_everywhere() -> None:
    for code, category in CITY.categories.items():
        for area in ("", *CITY.areas):
            unit = CITY.route(code, area)
            assert unit is None if not category.handled else unit and CITY.unit(unit).may_lead, (code, area)


def test_the_default_lead_differs_by_area() -> None:
    led = {
        area: CITY.route("streets.rubbish.exposed", area) for area in ("", "xihe", "xihe-liuyuan-1", "donggang-matou")
    }
    assert led == {"": "urban", "xihe": "urban", "xihe-liuyuan-1": "xihe-liuyuan", "donggang-matou": "donggang-matou"}
    assert CITY.route("environment.air.dust", "xihe-qiaotou-2") == "ecology-xihe"
    assert CITY.route("environment.air.dust", "beishan") == "ecology"


def test_every_department_utility_and_subdistrict_leads_something() -> None:
    leads = {row.unit for row in CITY.routing}
    bodies = {u.code for u in CITY.units.values() if u.kind in ("department", "utility", "subdistrict", "division")}
    houses = {code for lead in leads for code in (lead, *CITY.above(lead))}
    assert bodies - houses == set()


def test_no_evidence_is_asked_for_unless_the_category_needs_it() -> None:
    asked = {code for code, category in CITY.categories.items() if category.evidence != "none"}
    assert asked == {"streets.roads", "streets.roads.surface", "streets.roads.cover", "streets.roads.flooding"}


def test_where_a_person_lives_works_or_is_ill_no_point_is_shown() -> None:
    omitted = {code.split(".")[0] for code, category in CITY.categories.items() if category.point == "omit"}
    assert omitted == {"labour", "health", "civil", "party", "discipline", "justice"}


def test_every_limit_has_its_unit_and_is_for_a_clock_that_exists() -> None:
    with (DEMO / "limits.csv").open(encoding="utf-8", newline="") as limits:
        assert all(re.fullmatch(rf"\d+({'|'.join(UNITS)})", row["limit"]) for row in csv.DictReader(limits))
    procedures = procedure_file.read()
    assert check.check(procedures, CITY) == []
    known = set(procedures["request"].fields["urgency"].of) | {""}
    assert {row.urgency for row in CITY.limits} <= known


def test_a_matter_of_safety_never_waits_longer_than_two_hours_for_its_answer() -> None:
    for code, category in CITY.categories.items():
        if category.handled:
            assert CITY.limit("request", "answer", category=code, urgency="safety") == Limit(2, "h"), code


def test_urgent_is_never_slower_than_normal() -> None:
    span = {"h": 1, "wd": 24, "d": 24}
    for code in CITY.categories:
        normal, urgent = (
            CITY.limit("request", "answer", category=code, urgency=grade) for grade in ("normal", "urgent")
        )
        assert normal and urgent
        assert urgent.count * span[urgent.unit] <= normal.count * span[normal.unit], code


# --- calendars, texts, words


def test_the_calendar_has_the_official_notices_of_2015_to_2026_and_no_more() -> None:
    assert CITY.calendar.years == frozenset(range(2015, 2027))
    for path in (DEMO / "calendars").glob("*.json"):
        notice = json.loads(path.read_text("utf-8"))
        assert set(notice) == {"year", "papers", "days"}
        assert notice["papers"], "the official notice is named"
    assert "MIT License" in (DEMO / "calendars" / "LICENSE").read_text("utf-8")


def test_the_official_days_of_2026_are_those_of_the_notice() -> None:
    days: dict[str, list[str]] = {"makeup": [], "holiday": []}
    for month, last in ((1, 31), (2, 28), (4, 30), (5, 31), (6, 30), (9, 30), (10, 31)):
        for number in range(1, last + 1):
            kind = CITY.calendar.kind(date(2026, month, number))
            if kind in days:
                days[kind].append(f"{month}-{number}")
    assert days["makeup"] == ["1-4", "2-14", "2-28", "5-9", "9-20", "10-10"]
    assert len(days["holiday"]) == 33


def test_each_ground_and_each_class_that_is_referred_out_has_its_text() -> None:
    assert tuple(procedure_file.read()["request"].fields["ground"].of) == GROUNDS
    assert {f"refer_{ground}" for ground in GROUNDS} <= CITY.texts.keys()
    assert {c.refer_to for c in CITY.categories.values() if not c.handled} <= CITY.texts.keys()


def test_the_words_of_danger_are_few_and_each_is_of_two_letters_or_more() -> None:
    assert len(CITY.danger) == 14
    assert list(CITY.emergency) == ["110", "119", "120", "122"]


def test_everything_is_named_in_both_languages_the_chinese_in_chinese() -> None:
    units, areas, categories = CITY.units.values(), CITY.areas.values(), CITY.categories.values()
    names = [*(u.name for u in units), *(a.name for a in areas), *(c.name for c in categories), CITY.name]
    for words in [*names, *CITY.texts.values(), *CITY.danger, *CITY.emergency.values()]:
        assert all(words[language] for language in LANGUAGES), words
        assert re.search("[一-鿿]", words["zh-Hans"]), words
        assert not re.search("[一-鿿]", words["en"]), words
