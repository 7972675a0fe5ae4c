"""Absent by design: Huying follows problems and promises, never people's opinions, and rates nobody.

Everything that has a name is searched: procedures, tables, values, city data, settings, addresses, files. And what is
kept of a person is a closed list, so that one attribute more fails here before it holds anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import get_resolver

from huying.city import facts, folder, tables
from huying.errors import LOCALE
from huying.ledger import actor, find, fold, said
from huying.ledger.check import check
from huying.ledger.procedure_file import FOLDER, read, together
from huying.settings import SETTINGS
from tests.sentences import modules, plain

ROOT = Path(__file__).parent.parent
DEMO = ROOT / "cities" / "demo"

# theme -> (Chinese texts, English words; several words of one term stand together). Each has an example below.
THEMES: Mapping[str, tuple[str, str]] = {
    "sentiment": (
        "情感|情绪|舆情|正面|负面|倾向性",
        "sentiment|emotion|mood|polarity|opinion|stance|attitude",
    ),
    "a profile of who writes": (
        "画像|文风|方言|口音|性格|信用分|标签化|重点人|缠访|闹访|职业投诉|历史诉求",
        "profile|profiling|persona|personality|dialect|accent|writing_style|complainer|repeat_caller|blacklist|"
        "watchlist|gender|age_group|birthday|occupation|income|nationality",
    ),
    "political attributes": (
        "政治面貌|党派|党员|立场|维稳|稳控|意识形态",
        "political|politics|partisan|party_member|ideology|loyalty|stability",
    ),
    "assembly and petition-travel": (
        "集会|聚集|游行|静坐|罢工|上访|进京|赴京|越级|集体访|非访",
        "assembly|protest|demonstration|march|strike|sit_in|petitioner|petition_travel",
    ),
    "religion and ethnicity": (
        "宗教|信教|教堂|清真|寺庙|民族|族群|籍贯",
        "religion|religious|church|mosque|temple|ethnic|ethnicity|minority|race",
    ),
    "ranking of persons": (
        "(?<!不)排名|排行|末位|积分|打分|先进个人|红黑榜|个人考核|个人绩效",
        "ranking|rank|leaderboard|score|points|badge|gamification|top_performer|productivity|per_person",
    ),
    "check-in and watching": (
        "打卡|签到|考勤|轨迹|人脸|指纹|定位|在线时长",
        "check_in|checkin|punch_in|attendance|tracking|track|face|biometric|gps|geofence|keystroke|screen_time",
    ),
}


def theme_of(text: str) -> str | None:
    """The theme that a name or label belongs to, or None."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text)
    flat = f"_{re.sub('[^a-z]+', '_', spaced.lower())}_"
    for theme, (chinese, english) in THEMES.items():
        if re.search(chinese, text) or re.search(f"_({english})s?_", flat):
            return theme
    return None


# --- everything that has a name


def declared() -> Iterator[tuple[str, str]]:
    """Names, labels and choices of every procedure."""
    for procedure in read().values():
        where = f"{procedure.name}.toml"
        labels = [*procedure.stages.items(), *procedure.final.items(), *procedure.part_labels.items()]
        labels += [(act.name, act.label) for act in procedure.acts.values()]
        labels += [(clock.name, clock.label) for clock in procedure.clocks.values()]
        labels += [(count.name, count.label) for count in procedure.counts.values()]
        for field in procedure.fields.values():
            labels += [(field.name, field.label), *field.of.items()]
        for name, label in labels:
            yield from ((where, text) for text in (name, *label.values()))


def stored() -> Iterator[tuple[str, str]]:
    """Tables and columns of the database, and the values that are kept or shown."""
    for model in apps.get_models():
        yield from ((model._meta.db_table, field.name) for field in model._meta.get_fields())
        yield model._meta.db_table, model._meta.db_table
    kept = [facts.City, facts.Unit, facts.Area, facts.Category, facts.Person, facts.Post, facts.Deputy, facts.Routing]
    kept += [fold.State, fold.Clock, fold.Part, find.PublicView, actor.Actor, said.Requester]
    for kind in kept:
        yield from ((kind.__name__, field.name) for field in fields(kind))


def cities() -> Iterator[tuple[str, str]]:
    """Columns of a city's files, and the categories, texts and danger words of the demo city."""
    yield from ((file, column) for file, columns in tables.COLUMNS.items() for column in columns.split())
    city = folder.read(DEMO)
    for category in city.categories.values():
        yield from (("categories.csv", text) for text in (category.code, *category.name.values()))
    for key, text in city.texts.items():
        yield from (("texts.toml", word) for word in (key, *text.values()))
    yield from (("danger.toml", text) for words in city.danger for text in words.values())


def shown() -> Iterator[tuple[str, str]]:
    """Settings, addresses, files of code and pages, and every sentence in both languages."""
    yield from (("settings.py", name) for name in SETTINGS)
    yield from (("urls.py", str(pattern.pattern)) for pattern in get_resolver().url_patterns)
    yield from (("huying", str(path.relative_to(ROOT / "huying").with_suffix(""))) for path in code())
    for path in (path for path in code() if path.suffix == ".html"):
        yield from ((path.name, line) for line in path.read_text("utf-8").splitlines())
    for path in LOCALE.rglob("*.po"):
        yield from ((path.name, line) for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))


def code() -> Iterator[Path]:
    return (path for path in (ROOT / "huying").rglob("*") if path.suffix in (".py", ".html", ".toml"))


@pytest.mark.parametrize("search", [declared, stored, cities, shown])
def test_what_is_absent_by_design_has_no_name_anywhere(search: object) -> None:
    assert callable(search)
    names = list(search())
    assert len(names) > 30
    assert [(where, text, theme_of(text)) for where, text in names if theme_of(text)] == []


EXAMPLES = {
    "sentiment_score": "sentiment",
    "情绪等级": "sentiment",
    "authorProfile": "a profile of who writes",
    "诉求人画像": "a profile of who writes",
    "政治面貌": "political attributes",
    "Political attribute": "political attributes",
    "集体访": "assembly and petition-travel",
    "Protests": "assembly and petition-travel",
    "民族宗教": "religion and ethnicity",
    "ethnic": "religion and ethnicity",
    "办理员积分排行": "ranking of persons",
    "handler_ranking": "ranking of persons",
    "到岗打卡": "check-in and watching",
    "Check-in": "check-in and watching",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_search_finds_what_it_looks_for(name: str) -> None:
    assert theme_of(name) == EXAMPLES[name]


def test_the_search_leaves_the_words_of_the_work_alone() -> None:
    words = [
        "Satisfied",
        "point",
        "praise",
        "签收",
        "报到",
        "到场",
        "复核权限",
        "milestone",
        "stage",
        "call_rating",
        "信访",
    ]
    assert [word for word in words if theme_of(word)] == []


def test_a_field_of_that_kind_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One field more in a real file, and the search above fails."""
    files = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}
    files["request.toml"] += '\n[field.tone]\nlabel = { zh-Hans = "情感倾向", en = "Sentiment" }\ntype = "number"\n'
    monkeypatch.setattr("tests.test_absent.read", lambda: together(files)[0])
    found = {text for where, text in declared() if theme_of(text)}
    assert found == {"情感倾向", "Sentiment"}


# --- what is kept of a person is a closed list


SIGNING_IN = ("axes_", "desk_second", "desk_sitting", "desk_view")
"""Who may sign in, where they are signed in, tries that failed, and a person's saved lists: nothing of their work."""
PERSON = re.compile("actor|person|people|staff|user|owner|handler|clerk|employee")


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def test_of_somebody_who_works_here_only_name_unit_and_posts_are_kept() -> None:
    assert names(facts.Person) == {"key", "name", "unit", "posts"}
    assert names(facts.Post) == {"role", "unit", "since", "until"}
    assert tables.COLUMNS["people.csv"].split() == ["key", "name", "unit"]
    assert tables.COLUMNS["posts.csv"].split() == ["person", "role", "unit", "since?", "until?"]


def test_of_somebody_who_calls_only_what_reaches_them_is_kept() -> None:
    assert names(said.Requester) == {"name", "phone", "email", "address"}
    identity = apps.get_model("ledger", "Identity")
    assert {field.name for field in identity._meta.get_fields()} == {"id", "case", "phone_key"}


def test_no_table_is_of_persons() -> None:
    """Nobody has a row of their own: a person is named where they acted, and on the case that is theirs.

    The owner of a key is whoever runs the other system.
    """
    ours = [model for model in apps.get_models() if model._meta.app_label not in ("auth", "contenttypes")]
    columns = {(model._meta.db_table, field.name) for model in ours for field in model._meta.get_fields()}
    naming = {(table, name) for table, name in columns if PERSON.search(name) or PERSON.search(table)}
    acting = {("ledger_entry", "actor"), ("ledger_case", "owner"), ("intake_key", "owner")}
    assert {(table, name) for table, name in naming if not table.startswith(SIGNING_IN)} == acting


def test_outsiders_see_nobody() -> None:
    shown_to_all = names(find.PublicView)
    assert not shown_to_all & {"actor", "owner", "handler", "requester", "name", "phone", "title", "text"}


# --- nobody is made to send a picture or a place, and nothing counts per person


def test_no_act_demands_a_picture_or_a_place() -> None:
    for procedure in read().values():
        for act in procedure.acts.values():
            demanded = {procedure.fields[name].type for name in act.needs}
            assert not demanded & {"file", "point"}, (procedure.name, act.name)


def test_a_category_asks_for_no_evidence_unless_the_city_says_so() -> None:
    asking = [category for category in folder.read(DEMO).categories.values() if category.evidence != "none"]
    assert all(category.code.startswith("streets.roads") for category in asking)


def test_a_count_per_person_is_refused() -> None:
    files = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}
    files["request.toml"] = files["request.toml"].replace('per = "lead"', 'per = "actor"', 1)
    procedures, _ = together(files)
    assert ["取值“actor”没有声明" in finding.words() for finding in check(procedures)] == [True]


def test_a_case_counts_acts_and_parts_but_no_persons() -> None:
    """Beside the promise that the doer is not the judge, which keeps who handled, State names one person: the owner."""
    assert {name for name in names(fold.State) if PERSON.search(name)} == {"owner", "handlers"}
    assert not [name for procedure in read().values() for name in procedure.counts if PERSON.search(name)]


GROUPING = re.compile(r"GROUP\s+BY[^;]*\b(actor|owner)\b", re.IGNORECASE)


def test_no_query_groups_by_person() -> None:
    """No `values("actor").annotate(...)` and no GROUP BY actor: figures are of cases, units and areas."""
    for module in modules():
        for node in ast.walk(module.tree):
            assert not GROUPING.search(plain(node)), module.file
            assert not groups_by_person(node), f"{module.file}:{getattr(node, 'lineno', 0)}"


def groups_by_person(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "annotate"):
        return False
    before = [call for call in ast.walk(node.func.value) if isinstance(call, ast.Call)]
    grouped = {plain(argument) for call in before for argument in call.args}
    return bool(grouped & {"actor", "owner", "said__person"})


def test_a_query_that_groups_by_person_would_be_found() -> None:
    query = 'Entry.objects.filter(act="submit").values("actor").annotate(done=Count("pk"))'
    assert any(groups_by_person(node) for node in ast.walk(ast.parse(query)))
    query = 'Case.objects.values("lead").annotate(open=Count("pk"))'
    assert not any(groups_by_person(node) for node in ast.walk(ast.parse(query)))
