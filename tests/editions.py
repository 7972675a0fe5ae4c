"""Newer editions of what a city loads: its folder with the next year's notice, a procedure with a renamed stage."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from huying.ledger.vocabulary import Procedure

DEMO = Path(__file__).parent.parent / "cities" / "demo"
NEXT_YEAR = {
    "year": 2027,
    "papers": ["https://www.gov.cn/"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "春节", "date": "2027-02-06", "isOffDay": True},
        {"name": "春节", "date": "2027-02-20", "isOffDay": False},
    ],
}


def with_next_year(folder: Path) -> Path:
    """The demo city with an invented notice for 2027, in a folder of that name."""
    if not folder.exists():
        shutil.copytree(DEMO, folder)
        (folder / "calendars" / "2027.json").write_text(json.dumps(NEXT_YEAR, ensure_ascii=False), "utf-8")
    return folder


FLOOR = """
[field.floor]
label = { zh-Hans = "楼层", en = "Floor" }
type = "number"
listed = true
"""


def with_floor(procedure: Procedure, folder: Path) -> Path:
    """A folder that shadows the request by one that asks for a floor when a case is opened or imported."""
    folder.mkdir(parents=True, exist_ok=True)
    text = procedure.text.replace('takes = [\n    "title"', 'takes = [\n    "floor", "title"')
    (folder / f"{procedure.name}.toml").write_text(text + FLOOR, "utf-8")
    return folder


def with_renamed_stage(procedure: Procedure, stage: str, folder: Path) -> Path:
    """A folder that shadows one procedure by the same with one stage called otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    new = f"{stage}_anew"
    text = f'renamed = {{ {stage} = "{new}" }}\n' + re.sub(rf"\b{stage}\b", new, procedure.text)
    (folder / f"{procedure.name}.toml").write_text(text, "utf-8")
    return folder
