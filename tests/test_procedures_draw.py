"""`huying procedures draw`: every way of a procedure stands in its pictures, and the pictures can be read."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

from huying.errors import say
from huying.ledger.draw import ANY, BEGIN, WIDE, Picture, mermaid, svg, ways
from huying.ledger.procedure_file import read
from huying.ledger.vocabulary import ABOVE, LANGUAGES, PEOPLE, RELATIONS, ROLES, Procedure, people
from scripts.pictures import FOLDERS, pictures

PROCEDURES = read()
SVG = "{http://www.w3.org/2000/svg}"
every_picture = pytest.mark.parametrize(
    ("procedure", "language"),
    [(procedure, language) for procedure in PROCEDURES.values() for language in LANGUAGES],
    ids=lambda value: value if isinstance(value, str) else value.name,
)


def drawn(procedure: Procedure, language: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg(procedure, language))


def texts(procedure: Procedure, language: str) -> list[str]:
    return [node.text or "" for node in drawn(procedure, language).iter(f"{SVG}text")]


def test_a_way_is_an_act_that_leads_from_stage_to_stage() -> None:
    found = {(way.source, way.act.name, way.target) for way in ways(PROCEDURES["turnout"])}
    assert (BEGIN, "open", "called") in found
    assert ("submitted", "confirm", "closed") in found
    assert (ANY, "recall", "excused") in found
    assert not {act for _, act, _ in found} & {"rate_call", "note", "ask_extension"}


@every_picture
def test_every_stage_and_every_way_stands_in_the_picture(procedure: Procedure, language: str) -> None:
    said = texts(procedure, language)
    for words in (*procedure.stages.values(), *procedure.final.values()):
        assert words[language] in said
    picture = Picture(procedure, language)
    wanted = sorted(picture.words(way.act) for way in ways(procedure))
    assert wanted == sorted(words for words in said if words in wanted)


@every_picture
def test_the_picture_says_what_it_shows_to_those_who_cannot_see_it(procedure: Procedure, language: str) -> None:
    root = drawn(procedure, language)
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and description is not None and description.text is not None
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
    assert title.text == procedure.label[language]
    assert description.text.count("→") == len(ways(procedure))


@every_picture
def test_boxes_stand_apart_and_inside(procedure: Procedure, language: str) -> None:
    picture = Picture(procedure, language)
    boxes = list(picture.boxes.values())
    for upper, lower in pairwise(boxes):
        assert upper.top + upper.height < lower.top
    assert boxes[-1].top + boxes[-1].height < picture.height
    for side in ("right", "left"):
        for target in picture.lanes[side]:
            assert 0 < picture.lane_x(side, target) < picture.width


@every_picture
def test_lanes_that_share_a_height_stand_apart(procedure: Procedure, language: str) -> None:
    """Two ways to different stages are never drawn over each other, nor over the words beside a box."""
    for side, x, top, bottom in uprights(Picture(procedure, language)):
        for other, x2, top2, bottom2 in uprights(Picture(procedure, language)):
            same = (side, x, top, bottom) == (other, x2, top2, bottom2)
            assert same or x != x2 or bottom < top2 or bottom2 < top
    picture = Picture(procedure, language)
    assert all(
        x > picture.x + WIDE + picture.right_words if side == "right" else x < picture.x - picture.left_words
        for side, x, _, _ in uprights(picture)
    )


def uprights(picture: Picture) -> list[tuple[str, float, float, float]]:
    """Each lane: its side, where it runs, from where to where."""
    found = []
    for side, lanes in picture.lanes.items():
        for target in lanes:
            heights = [picture.boxes[target].row(0)]
            for box in picture.boxes.values():
                heights += [picture.leaves(box, w, side) for w in picture.side(box, side) if w.target == target]
            found.append((side, picture.lane_x(side, target), min(heights), max(heights)))
    return found


@every_picture
def test_mermaid_has_every_way(procedure: Procedure, language: str) -> None:
    lines = mermaid(procedure, language).splitlines()
    assert lines[3] == "stateDiagram-v2"
    edges = [line for line in lines if "-->" in line and not line.endswith("--> [*]")]
    assert len(edges) == len(ways(procedure))
    for edge in edges:
        assert re.fullmatch(r"    (\[\*\]|\w+) --> \w+: [^:;#\"]+", edge), edge
    assert sum(line.endswith("--> [*]") for line in lines) == len(procedure.final)


def test_mermaid_of_the_administration() -> None:
    assert mermaid(PROCEDURES["administration"]) == (
        "---\ntitle: 系统管理\n---\nstateDiagram-v2\n    direction TB\n"
        '    state "常设" as standing\n'
        f'    state "{say("Any open stage")}" as any_open\n'
        '    state "已停用" as retired\n'
        "    [*] --> standing: 设立 (系统管理员)\n"
        "    any_open --> retired: 停用 (安全管理员)\n"
        "    retired --> [*]\n"
    )


def test_signs_that_mean_something_to_xml_or_mermaid_are_kept_harmless() -> None:
    task = PROCEDURES["task"]
    odd = replace(task, label={"zh-Hans": '<任务> & "其他"：甲;乙', "en": 'A <task>: "x" & y; z #1'})
    for language in LANGUAGES:
        assert texts(odd, language)[0] == odd.label[language]
        title = mermaid(odd, language).splitlines()[1].removeprefix("title: ")
        assert not set(':;#"') & set(title)


def test_the_same_procedure_is_drawn_the_same() -> None:
    request = PROCEDURES["request"]
    assert svg(request) == svg(read()["request"])
    assert "Any open stage" not in svg(request) and "任一未办结环节" in svg(request)


def test_every_word_of_by_has_a_name() -> None:
    assert set(PEOPLE) == ROLES | RELATIONS | {ABOVE}
    assert people("reviewer@lead") == {"zh-Hans": "主办单位审核人", "en": "lead unit's reviewer"}
    for procedure in PROCEDURES.values():
        for act in procedure.acts.values():
            assert all(people(word)["zh-Hans"] not in ("", word) for word in act.by)


@pytest.mark.parametrize(("path", "content"), list(pictures()), ids=lambda value: getattr(value, "name", ""))
def test_the_pictures_in_the_docs_are_up_to_date(path: Path, content: str) -> None:
    assert path.read_text("utf-8") == content, "run python -m scripts.pictures"


def test_no_picture_is_left_of_a_procedure_that_is_gone() -> None:
    drawn = {path for path, _ in pictures()}
    assert {path for folder in FOLDERS.values() for path in folder.iterdir()} == drawn
