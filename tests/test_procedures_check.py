"""`huying procedures check`: each rule has a broken copy of a real file that it must refuse, naming file,
line and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from huying.city import folder
from huying.city.calendar import Limit
from huying.city.facts import City, LimitRow
from huying.errors import BadProcedures, say
from huying.ledger import check as check_module
from huying.ledger import rules, vocabulary, walk
from huying.ledger.check import check
from huying.ledger.procedure_file import FOLDER, Source, read, together
from huying.ledger.vocabulary import Finding, Procedure
from huying.ledger.walk import Walk
from tests.broken_procedures import BROKEN
from tests.sentences import sentences

REAL = {path.name: path.read_text("utf-8") for path in sorted(FOLDER.glob("*.toml"))}
DEMO = Path(__file__).parent.parent / "cities" / "demo"
PROVED: dict[str, list[walk.Flaw]] = {}


@pytest.fixture(autouse=True)
def prove_each_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same text has the same proof: without this the four sound files would be walked a hundred times."""

    def prove(procedure: Procedure) -> list[walk.Flaw]:
        if procedure.digest not in PROVED:
            PROVED[procedure.digest] = list(walk.prove(procedure))
        return PROVED[procedure.digest]

    monkeypatch.setattr(check_module, "prove", prove)


def edited(text: str, section: str, old: str, new: str) -> str:
    """The file with `old` replaced by `new` in one section; `old` "" adds a line below its header."""
    if not section:
        assert old in text, old
        return text.replace(old, new, 1)
    start = text.index(f"[{section}]\n")
    end = text.find("\n[", start)
    end = len(text) if end < 0 else end
    block = text[start:end]
    if not old:
        changed = block.replace("]\n", f"]\n{new}\n", 1)
    else:
        assert old in block, f"{old!r} isn't in [{section}]"
        changed = block.replace(old, new, 1)
    return text[:start] + changed + text[end:]


def findings(files: dict[str, str], city: City | None = None) -> list[Finding]:
    """What reading and checking say of these files."""
    procedures, form = together(files)
    return form or check(procedures, city)


def line_of(text: str, section: str, marker: str) -> int:
    """The line of `marker` below the section's header."""
    lines = text.splitlines()
    start = lines.index(f"[{section}]") if section else 0
    return next(n for n in range(start, len(lines)) if lines[n].startswith(marker)) + 1


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_with_file_and_line(name: str) -> None:
    file, section, old, new, at, marker, sentence = BROKEN[name]
    broken = edited(REAL[f"{file}.toml"], section, old, new)
    found = [finding.words() for finding in findings({**REAL, f"{file}.toml": broken})]
    wanted = f"{file}.toml:{line_of(broken, at, marker)}: {sentence}"
    assert any(words == wanted or words.startswith(wanted) for words in found), "\n".join([wanted, *found])


# Two findings that no edit of one file's text can show, and the tests that do.
OTHERWISE = {
    "The file is not UTF-8.": "test_a_file_that_is_not_utf_8_has_that_one_mistake",
    "The clock “{clock}” runs on “{role}”, and nobody in {city} holds that role.": (
        "test_a_clock_on_a_role_that_nobody_holds_is_named"
    ),
}


def test_every_finding_is_shown_by_a_broken_file() -> None:
    files = {f"huying/ledger/{name}.py" for name in ("check", "walk", "procedure_file")}
    texts = {found.text for found in sentences() if found.file in files and found.text}
    shown = [row[6] for row in BROKEN.values()]
    unseen = {text for text in texts if not any(pattern(text).match(said) for said in shown)}
    assert unseen == OTHERWISE.keys()
    assert all(name in globals() for name in OTHERWISE.values())


def pattern(text: str) -> re.Pattern[str]:
    """What a sentence looks like in Chinese, whatever its places are filled with."""
    gap = "~~~"
    filled = say(text, **dict.fromkeys(re.findall(r"\{(\w+)\}", text), gap))
    return re.compile(re.escape(filled).replace(re.escape(gap), ".*"))


def test_every_kind_of_unknown_name_is_shown_by_a_broken_file() -> None:
    for kind in check_module.KINDS.values():
        assert any(f"里的{kind['zh-Hans']}“" in row[6] for row in BROKEN.values()), kind


def test_the_files_that_ship_are_sound() -> None:
    assert [finding.words() for finding in check(read(), folder.read(DEMO))] == []


def test_the_proof_is_small_enough_to_be_one() -> None:
    """Every reachable pair of stage and clocks is visited: thousands, not millions."""
    nodes = {name: len(Walk(procedure).came) for name, procedure in read().items()}
    assert 1_000 < nodes["request"] < 10_000
    assert all(count < 1_000 for name, count in nodes.items() if name != "request")


@pytest.mark.parametrize("name", sorted(set(REAL) - {"common.toml"}))
def test_promise_6_someone_is_always_answerable(name: str) -> None:
    walked = Walk(read()[name.removesuffix(".toml")])
    for node in list(walked.came)[1:]:
        assert (walk.RUNS in node.clocks) == (node.stage in walked.procedure.stages), node


def clocks_at(stage: str) -> Iterator[dict[str, str]]:
    walked = Walk(read()["request"])
    return (dict(zip(walked.names, node.clocks, strict=True)) for node in walked.came if node.stage == stage)


def test_the_answer_clock_pauses_when_the_answer_is_sent() -> None:
    """While the answer is being verified the promise stands still, and the call-back desk is on the clock."""
    for clocks in clocks_at("verifying"):
        assert clocks["answer"] in (walk.NONE, walk.PAUSED)
        assert clocks["verify"] == walk.RUNS


def test_an_approved_pause_is_a_running_review() -> None:
    for clocks in clocks_at("shelved"):
        assert (clocks["answer"], clocks["review"]) == (walk.PAUSED, walk.RUNS)


def test_an_objection_leaves_the_promise_running() -> None:
    for clocks in clocks_at("disputed"):
        assert (clocks["answer"], clocks["ruling"], clocks["accept"]) == (walk.RUNS, walk.RUNS, walk.STOPPED)


def test_a_safety_matter_is_acted_on_while_it_is_disputed() -> None:
    assert any(clocks["ruling"] == walk.RUNS for clocks in clocks_at("in_progress"))
    later = read()["request"].acts["dispute_later"]
    assert (later.to, later.when["urgency"]) == ("", ("safety",))


def test_a_mistake_in_the_common_file_is_named_once() -> None:
    broken = edited(REAL["common.toml"], "act.urge", '"supervisor"', '"superviser"')
    found = findings({**REAL, "common.toml": broken})
    assert [finding.file for finding in found] == ["common.toml"]
    assert found[0].line == line_of(broken, "act.urge", "by")


def test_reading_a_folder_refuses_mistakes_in_the_common_file(tmp_path: Path) -> None:
    for name, text in REAL.items():
        (tmp_path / name).write_text(text, "utf-8")
    common = edited(REAL["common.toml"], "act.urge", "quiet = true", "quite = true")
    (tmp_path / "common.toml").write_text(f"name = 1\n{common}", "utf-8")
    with pytest.raises(BadProcedures) as refused:
        read(tmp_path)
    lines = [finding.line for finding in refused.value.findings if isinstance(finding, Finding)]
    assert lines == [1, line_of(common, "act.urge", "quite") + 1]


def test_a_city_may_shadow_a_file(tmp_path: Path) -> None:
    shorter = edited(REAL["task.toml"], "clock.accept", '"1wd"', '"4h"')
    (tmp_path / "task.toml").write_text(shorter, "utf-8")
    shadowed = read(shadow=tmp_path)
    assert shadowed["task"].clocks["accept"].limit == "4h"
    assert shadowed["request"] == read()["request"]


def test_a_file_that_is_not_utf_8_has_that_one_mistake() -> None:
    source = Source("task.toml", REAL["task.toml"].encode("gb18030"))
    assert source.findings[0].words() == "task.toml:1: 文件不是 UTF-8 编码。"


def test_a_finding_speaks_english_too() -> None:
    broken = edited(REAL["turnout.toml"], "act.excuse", '"excused"', '"closed"')
    broken = edited(broken, "act.recall", '"excused"', '"closed"')
    found = findings({**REAL, "turnout.toml": broken})
    line = line_of(broken, "final", "excused")
    assert [finding.words("en") for finding in found] == [f"turnout.toml:{line}: Nothing leads to the stage “Excused”."]


def test_a_limit_for_a_clock_that_does_not_exist_is_named() -> None:
    city = folder.read(DEMO)
    slips = (("request", "anwser"), ("requets", "answer"))
    rows = tuple(LimitRow(name, clock, "", "", Limit(1, "d")) for name, clock in slips)
    found = [finding.words() for finding in check(read(), replace(city, limits=rows))]
    assert found == [
        "limits.csv:2: “clock”里的时限“anwser”没有声明；可用的有：accept answer calendar contact extension"
        " retry review ruling share shelving sign triage verify。",
        f"limits.csv:3: “procedure”里的规程“requets”没有声明；可用的有：{' '.join(sorted(read()))}。",
    ]


def test_a_clock_on_a_role_that_nobody_holds_is_named() -> None:
    city = folder.read(DEMO)
    people = {
        key: replace(person, posts=tuple(post for post in person.posts if post.role != "callback"))
        for key, person in city.people.items()
    }
    verify, again = (line_of(REAL["request.toml"], f"clock.{name}", "on") for name in ("verify", "retry"))
    assert [finding.words() for finding in check(read(), replace(city, people=people))] == [
        f"request.toml:{line}: 时限“{clock}”由“callback”承担，但云汀市没有人担任这个角色。"
        for line, clock in ((verify, "回访核实"), (again, "再次回访"))
    ]


def test_a_common_act_is_left_out_where_its_clock_is_missing() -> None:
    """The administration promises nothing, so it knows no extension; the others do."""
    acts = {name: value.acts for name, value in read().items()}
    assert not {"ask_extension", "extend", "recategorise", "reckon"} & set(acts["administration"])
    assert {"ask_extension", "extend", "recategorise", "reckon"} <= set(acts["turnout"])


def test_a_clock_field_offers_the_clocks_of_its_procedure() -> None:
    field = read()["turnout"].fields["clock"]
    assert (field.type, set(field.of)) == ("choice", set(read()["turnout"].clocks))


def test_the_named_rules_are_those_of_the_code() -> None:
    assert set(rules.GATES) | set(rules.SAYINGS) == vocabulary.RULES


def test_every_label_is_unlike_its_neighbours() -> None:
    """Two acts, stages or fields of one procedure that read the same can't be told apart on a page."""
    for value in read().values():
        assert not twice(value, "zh-Hans") and not twice(value, "en")


def twice(value: Procedure, language: str) -> list[str]:
    stages = [words[language] for words in (*value.stages.values(), *value.final.values())]
    acts = [act.label[language] for act in value.acts.values()]
    return [label for labels in (stages, acts) for label in labels if labels.count(label) > 1]


@pytest.mark.parametrize("page", ["docs/reference/procedures.md", "docs/zh/reference/procedures.md"])
def test_every_word_of_the_vocabulary_is_explained(page: str) -> None:
    text = (Path(__file__).parent.parent / page).read_text("utf-8")
    kinds = (vocabulary.Act, vocabulary.ClockRule, vocabulary.CountRule, vocabulary.Field)
    keys = {key.name.rstrip("_") for kind in kinds for key in fields(kind)} - {"name"}
    words = vocabulary.ROLES | vocabulary.RELATIONS | vocabulary.RULES | vocabulary.FIELD_TYPES
    clocks = {clock for value in read().values() for clock in value.clocks}
    missing = {word for word in keys | words | clocks | vocabulary.OUTCOMES if f"`{word}`" not in text}
    assert missing == set()
