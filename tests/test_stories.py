"""Whole lives of cases, told in tests/stories/*.toml as a civil servant would tell them, and played for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from huying.ledger.procedure_file import read as read_procedures
from huying.ledger.vocabulary import Act, Procedure
from tests import storyteller
from tests.storyteller import Row, Story

PROCEDURES = read_procedures()
LOADED = {"load": "load_city", "renames": "load_procedures"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", storyteller.stories(), ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(path: Path, tmp_path: Path) -> None:
    told = storyteller.read(path)
    Story(str(told["title"]), tmp_path).play(rows(path))


def rows(path: Path) -> list[Row]:
    """The steps of a story."""
    steps = storyteller.read(path)["step"]
    assert isinstance(steps, list)
    return steps


def done_in(path: Path) -> Iterator[tuple[str, str]]:
    """(procedure, act) of every step that a story lets happen; that it does, playing it shows."""
    kinds = {storyteller.STANDING: "administration"}
    for row in rows(path):
        yield from (("administration", act) for key, act in LOADED.items() if key in row)
        if "act" not in row or "refused" in row:
            continue
        name = str(row.get("case", storyteller.MAIN))
        if name not in kinds:
            words = str(row.get("procedure", "诉求"))
            kinds[name] = next(p.name for p in PROCEDURES.values() if words in (p.name, p.label["zh-Hans"]))
        act = named(PROCEDURES[kinds[name]], str(row["act"]))
        yield kinds[name], act.name
        born = row.get("opens", [])
        assert isinstance(born, list)
        for child in born:
            kinds[child] = act.child or act.follow_up or act.alarms
            yield kinds[child], "open"


def named(procedure: Procedure, words: str) -> Act:
    """The act that a step names by its label or code."""
    return next(act for act in procedure.acts.values() if words in (act.name, act.label["zh-Hans"]))


def test_every_act_stands_in_a_story() -> None:
    """Those of its own in each procedure; those that all share in at least one."""
    done = {pair for path in storyteller.stories() for pair in done_in(path)}
    own = {(p.name, act) for p in PROCEDURES.values() for act in p.acts if act not in shared(p)}
    assert sorted(own - done) == []
    everywhere = {act for p in PROCEDURES.values() for act in shared(p)}
    assert sorted(everywhere - {act for _, act in done}) == []


def shared(procedure: Procedure) -> set[str]:
    """The acts that a procedure has from the common file."""
    common = read_common()
    return {name for name in procedure.acts if name in common and f"[act.{name}]" not in procedure.text}


def read_common() -> set[str]:
    """The names of the common acts."""
    text = next(iter(PROCEDURES.values())).common
    return {line[len("[act.") : -1] for line in text.splitlines() if line.startswith("[act.")}


@pytest.mark.parametrize("path", storyteller.stories(), ids=lambda path: path.stem)
def test_a_story_is_told_in_chinese(path: Path) -> None:
    """Acts, people and fields by their names, so that whoever does the work can read it."""
    for row in rows(path):
        said = row.get("said", {})
        assert isinstance(said, dict)
        words = [str(row.get("who", "")), str(row.get("act", "")), *said]
        assert not [word for word in words if word and word.isascii()], row
