"""The reference is whole: every command, option and setting stands in both languages, as the code has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from huying.cli import manual
from huying.settings import SETTINGS
from scripts import commands

ROOT = Path(__file__).parent.parent
PAGES = sorted(commands.PAGES.items())
WORDS = re.compile(r"[一-鿿]")


@pytest.mark.parametrize(("page", "language"), PAGES)
def test_a_page_has_what_the_code_has(page: str, language: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert commands.written(text, language) == text, "run scripts/commands.py"


@pytest.mark.parametrize("page", [page for page, _ in PAGES if "commands" in page])
def test_every_command_and_option_is_documented(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    sections = {section.splitlines()[0].strip("` "): section for section in text.split("\n### ")[1:]}
    found = list(commands.every(commands.whole(), "huying"))
    assert len(found) > 25
    for path, command in found:
        section = next(text for head, text in sections.items() if re.fullmatch(rf"{path}( \[?[A-Z].*)?", head))
        for param in command.get_params(typer.Context(command)):
            assert param.name == "help" or f"`{manual.name(param)}`" in section, (path, param.name)


@pytest.mark.parametrize("page", [page for page, _ in PAGES if "settings" in page])
def test_every_setting_is_documented_with_its_default(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for name, (default, _) in SETTINGS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"`{default}`" in row if default else "| — |" in row


def test_every_setting_has_its_chinese() -> None:
    assert set(commands.CHINESE) == set(SETTINGS)
    assert all(WORDS.search(text) for text in commands.CHINESE.values())
