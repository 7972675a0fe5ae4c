"""The facts of a city: trees, routes, limits, posts and deputies; its canonical JSON; its sentences."""

from __future__ import annotations

import ast
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.city import codec, folder
from huying.city.calendar import Limit
from huying.city.facts import LANGUAGES, City, Deputy, Ladder, Letters, LimitRow, Person, Post, Routing, Unit
from huying.errors import UnknownArea, UnknownCategory, UnknownUnit, say, sentence
from scripts.words import parsed

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "cities" / "demo"
DAY = date(2026, 6, 15)
CITY = folder.read(DEMO)


# --- lookups


def test_an_unknown_code_is_refused_by_name() -> None:
    with pytest.raises(UnknownUnit) as unit:
        CITY.unit("candle")
    with pytest.raises(UnknownArea):
        CITY.area("moon")
    with pytest.raises(UnknownCategory):
        CITY.category("opinions")
    assert "candle" in sentence(unit.value, "en")


def test_a_subtree_is_the_unit_and_all_below_it() -> None:
    assert CITY.subtree("housing") == {"housing", "housing-property", "housing-quality"}
    assert CITY.subtree("xihe-qiaotou") == {"xihe-qiaotou", "xihe-qiaotou-1", "xihe-qiaotou-2"}
    assert CITY.subtree("yunting") == CITY.units.keys()
    assert CITY.subtree("candle") == {"candle"}
    assert CITY.area_subtree("xihe") > CITY.area_subtree("xihe-liuyuan") > {"xihe-liuyuan-1"}


def test_paths_go_from_the_smallest_to_the_root() -> None:
    assert CITY.above("xihe-qiaotou-1") == ("xihe-qiaotou", "xihe", "yunting")
    assert CITY.above("yunting") == ()
    assert CITY.area_path("xihe-qiaotou-1") == ("xihe-qiaotou-1", "xihe-qiaotou", "xihe", "yt")
    assert CITY.category_path("streets.lamps.dark") == ("streets.lamps.dark", "streets.lamps", "streets")


@given(st.sampled_from(sorted(CITY.units)), st.sampled_from(sorted(CITY.units)))
def test_a_unit_is_below_exactly_those_above_it(one: str, other: str) -> None:
    assert (one in CITY.subtree(other)) == (one == other or other in CITY.above(one))


def test_a_division_is_judged_with_its_department() -> None:
    assert CITY.organ("traffic-donggang") == "traffic"
    assert CITY.organ("xihe-desk") == "xihe-desk"
    assert CITY.organ("nobody's") == "nobody's"


def test_the_most_specific_route_wins_category_before_area() -> None:
    assert CITY.route("streets.lamps.dark", "xihe-qiaotou-1") == "lighting"
    assert CITY.route("streets.rubbish.late", "xihe-qiaotou-2") == "xihe-qiaotou"
    assert CITY.route("streets.rubbish.late", "xihe") == "urban"
    assert CITY.route("streets.rubbish.late", "") == "urban"
    assert CITY.route("discipline.all.clue", "xihe") is None
    assert CITY.route("", "xihe") is None
    rows = (Routing("streets", "xihe-qiaotou", "urban"), Routing("streets.lamps", "", "lighting"))
    assert replace(CITY, routing=rows).route("streets.lamps.dark", "xihe-qiaotou-1") == "lighting"


def test_of_one_category_the_smallest_area_wins() -> None:
    rows = [
        Routing("streets", area, unit) for area, unit in (("", "urban"), ("xihe", "xihe"), ("xihe-qiaotou", "parks"))
    ]
    for order in (rows, rows[::-1]):
        city = replace(CITY, routing=tuple(order))
        routed = [city.route("streets.lamps", area) for area in ("xihe-qiaotou-1", "xihe-liuyuan-1", "donggang", "")]
        assert routed == ["parks", "xihe", "urban", "urban"]


def limited(*rows: tuple[str, str, str]) -> City:
    """The demo city with these answer limits: category, urgency, limit."""
    table = tuple(
        LimitRow("request", "answer", category, urgency, Limit.parse(limit)) for category, urgency, limit in rows
    )
    return replace(CITY, limits=table)


def test_the_most_specific_limit_wins_category_before_urgency() -> None:
    city = limited(("", "", "5wd"), ("", "safety", "2h"), ("streets", "", "4wd"), ("streets.lamps", "safety", "3h"))
    assert spoken(city, "streets.lamps.dark", "safety") == "3h"
    assert spoken(city, "streets.lamps.dark", "normal") == "4wd"
    assert spoken(city, "streets.rubbish", "safety") == "4wd"
    assert spoken(city, "market.food", "safety") == "2h"
    assert spoken(city, "market.food", "") == "5wd"
    assert spoken(city, "", "safety") == "2h"
    assert city.limit("request", "contact", category="", urgency="") is None
    assert city.limit("callout", "answer", category="streets", urgency="safety") is None


def spoken(city: City, category: str, urgency: str) -> str:
    """The answer limit as it is written."""
    return str(city.limit("request", "answer", category=category, urgency=urgency))


def test_a_procedure_without_a_ladder_of_its_own_uses_the_common_one() -> None:
    common = (Ladder("", Limit(1, "wd"), rung="urge"), Ladder("", Limit(3, "wd"), rung="supervise"))
    own, urgent = Ladder("callout", Limit(30, "min")), Ladder("", Limit(1, "h"), urgency="safety")
    city = replace(CITY, ladders=(*common, own, urgent))
    assert city.rungs("request") == common
    assert city.rungs("callout", "safety") == (own,)
    assert city.rungs("request", "safety") == (urgent,)


# --- posts and deputies


def staffed(*deputies: Deputy) -> City:
    """Three people, each with a post of their own, and who stands in for whom."""
    posts = {
        "ann": (Post("reviewer", "lighting", until=date(2026, 6, 20)),),
        "ben": (Post("handler", "lighting", since=date(2026, 6, 10)),),
        "cao": (Post("leader", "lighting"),),
    }
    people = {key: Person(key, key, "lighting", held) for key, held in posts.items()}
    return replace(CITY, people=people, deputies=deputies)


def test_a_post_is_held_from_its_first_to_its_last_day() -> None:
    city = staffed()
    assert [city.posts("ben", on=date(2026, 6, day)) != () for day in (9, 10, 11)] == [False, True, True]
    assert [city.posts("ann", on=date(2026, 6, day)) != () for day in (19, 20, 21)] == [True, True, False]
    assert city.posts("nobody", on=DAY) == ()


def test_a_deputy_holds_the_posts_while_it_lasts() -> None:
    city = staffed(Deputy("ann", "ben", date(2026, 6, 15), date(2026, 6, 16)))
    for day, roles in (
        (14, ["handler"]),
        (15, ["handler", "reviewer"]),
        (16, ["handler", "reviewer"]),
        (17, ["handler"]),
    ):
        assert [post.role for post in city.posts("ben", on=date(2026, 6, day))] == roles
    assert city.holders("reviewer", "lighting", on=DAY) == ("ann", "ben")
    assert city.holders("reviewer", "parks", on=DAY) == ()


def test_a_deputy_gets_no_post_that_its_holder_has_no_more() -> None:
    city = staffed(Deputy("ann", "cao", date(2026, 6, 1), date(2026, 6, 30)))
    assert [post.role for post in city.posts("cao", on=date(2026, 6, 21))] == ["leader"]


def test_a_deputy_does_not_hand_on_what_is_only_deputised() -> None:
    long = (date(2026, 6, 1), date(2026, 6, 30))
    city = staffed(Deputy("ann", "ben", *long), Deputy("ben", "cao", *long))
    assert [post.role for post in city.posts("cao", on=DAY)] == ["leader", "handler"]


def test_two_who_stand_in_for_each_other_hold_both_posts_once() -> None:
    long = (date(2026, 6, 1), date(2026, 6, 30))
    city = staffed(Deputy("ann", "ben", *long), Deputy("ben", "ann", *long))
    assert sorted(post.role for post in city.posts("ann", on=DAY)) == ["handler", "reviewer"]


# --- canonical JSON


def test_a_city_survives_its_json_unchanged() -> None:
    content = codec.to_json(CITY)
    again = codec.from_json(content)
    assert again == CITY
    assert codec.to_json(again) == content
    assert codec.digest(content) == codec.digest(codec.to_json(again))


def test_the_content_knows_neither_its_number_nor_its_digest() -> None:
    assert codec.to_json(CITY.numbered(7, "abc")) == codec.to_json(CITY)


words = st.fixed_dictionaries({language: st.text(max_size=20) for language in LANGUAGES})
days = st.none() | st.dates(date(1900, 1, 1), date(2200, 12, 31))
limits = st.builds(Limit, st.integers(1, 99), st.sampled_from(("min", "h", "wh", "wd", "d")))


few_words = st.lists(words, max_size=3)
posts = st.builds(Post, st.sampled_from(("handler", "leader")), st.just("parks"), days, days)
rows = st.builds(LimitRow, st.just("request"), st.just("answer"), st.text(max_size=9), st.just(""), limits)
rungs = st.builds(Ladder, st.text(max_size=9), limits, st.text(max_size=9), st.text(max_size=9), st.booleans())
new_unit = st.builds(Unit, st.just("new"), words, *[st.text(max_size=9)] * 5, st.booleans())


@given(words, few_words, st.lists(posts, max_size=3), st.lists(rows, max_size=3), st.lists(rungs, max_size=3), new_unit)
def test_any_city_survives_its_json_unchanged(
    name: dict[str, str],
    danger: list[dict[str, str]],
    held: list[Post],
    limits: list[LimitRow],
    steps: list[Ladder],
    unit: Unit,
) -> None:
    people = {"ann": Person("ann", "安", "parks", tuple(held))}
    city = replace(SMALL, name=name, people=people, units={"new": unit}, danger=tuple(danger))
    city = replace(city, limits=tuple(limits), ladders=tuple(steps))
    content = codec.to_json(city)
    assert codec.from_json(content) == city
    assert codec.to_json(codec.from_json(content)) == content


SMALL = replace(CITY, units={}, areas={}, categories={}, people={}, routing=(), texts={})


# --- words


def test_every_sentence_of_the_room_is_in_the_catalogue() -> None:
    said = sentences()
    filled = {name: "x" for text in said for _, name, _, _ in Formatter().parse(text) if name}
    assert len(said) > 40
    assert [text for text in said if say(text, "zh-Hans", **filled) == say(text, "en", **filled)] == []


def sentences() -> list[str]:
    """What the code of the room says to people: its texts that end like a sentence, docstrings left out."""
    found: list[str] = []
    for path in sorted((ROOT / "huying" / "city").glob("[!c]*.py")):
        tree = parsed(path)
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and id(n) not in docs]
        found += [t.value for t in texts if isinstance(t.value, str) and " " in t.value and t.value.endswith(".")]
    return found


def test_the_demo_says_who_takes_in_calls_and_how_letters_go_out() -> None:
    assert CITY.desk == "hotline"
    assert CITY.letters == Letters("12345@yunting.example", (time(21), time(8)), time(8, 30))
    assert CITY.contacts.keys() == CITY.people.keys()
