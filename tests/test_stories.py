"""Whole lives of cases, told in tests/stories/*.toml as a civil servant would tell them, and played for real."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import storyteller
from tests.storyteller import Story

pytestmark = pytest.mark.django_db
DONE: set[tuple[str, str]] = set()
PLAYED: set[str] = set()


@pytest.mark.parametrize("path", storyteller.stories(), ids=lambda path: path.stem)
def test_a_story_goes_as_it_is_told(path: Path, tmp_path: Path) -> None:
    told = storyteller.read(path)
    rows = told["step"]
    assert isinstance(rows, list)
    story = Story(str(told["title"]), tmp_path)
    story.play(rows)
