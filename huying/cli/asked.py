"""What was typed for an act: fields, texts from files and from the pipe, files, children, times.

Only the form is looked at here; what a field may hold is checked where every way in is checked (`ledger/said.py`).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from huying.city.calendar import Calendar
from huying.cli.faults import NoEquals, Twice, Unreadable
from huying.errors import BadValue
from huying.ledger.said import Upload

MOST_BYTES = 32 * 1024 * 1024
"""More than any text or file may hold: what is larger isn't read to its end."""
EVIDENCE = "evidence"
_NAMED = re.compile(r"([a-z][a-z0-9_]*)=(.+)", re.DOTALL)


def fields(pairs: Sequence[str], *, option: str = "--field") -> dict[str, object]:
    """name=value pairs as typed; `name=@PATH` reads a text file, `name=-` the pipe, `name=@@…` begins with @."""
    read: dict[str, object] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise NoEquals(option=option, value=pair[:40])
        if name.strip() in read:
            raise Twice(option=option, name=name.strip()[:40])
        read[name.strip()] = _value(value)
    return read


def _value(value: str) -> str:
    if value == "-":
        return _decoded("-", _bounded("-", sys.stdin.buffer))
    if value.startswith("@@"):
        return value[1:]
    return _decoded(value[1:], content(value[1:])) if value.startswith("@") else value


def content(path: str) -> bytes:
    """The bytes of a file. Raises Unreadable, which names the file and what is wrong with it."""
    try:
        if Path(path).is_dir():
            raise Unreadable(name=path, why={"zh-Hans": "它是一个文件夹", "en": "it is a folder"})
        with Path(path).open("rb") as opened:
            return _bounded(path, opened)
    except FileNotFoundError as error:
        raise Unreadable(name=path, why={"zh-Hans": "找不到这个文件", "en": "there is no such file"}) from error
    except ValueError as error:
        raise Unreadable(name=path[:40], why={"zh-Hans": "文件名不能用", "en": "the name can't be used"}) from error
    except OSError as error:
        raise Unreadable(name=path[:200], why=error.strerror or type(error).__name__) from error


def _bounded(name: str, opened: BinaryIO) -> bytes:
    found = opened.read(MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise Unreadable(name=name, why={"zh-Hans": "超过 32 MB", "en": "it is larger than 32 MB"})
    return found


def _decoded(name: str, found: bytes) -> str:
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = {"zh-Hans": "它不是 UTF-8 文字", "en": "it is no UTF-8 text"}
        raise Unreadable(name=name, why=why) from error


def uploads(paths: Sequence[str]) -> dict[str, object]:
    """Files by field: `PATH` is evidence, `field=PATH` belongs to another field."""
    read: dict[str, tuple[Upload, ...]] = {}
    for typed in paths:
        named = _NAMED.fullmatch(typed)
        name, path = (named[1], named[2]) if named else (EVIDENCE, typed)
        read[name] = (*read.get(name, ()), Upload(Path(path).name, content(path)))
    return dict(read)


def children(items: Sequence[str]) -> dict[str, object]:
    """The parts that an act opens: `lead=…,due=…` each, commas inside written `\\,`; or a JSON table."""
    read = tuple(_child(item) for item in items)
    return {"children": read} if read else {}


def _child(item: str) -> Mapping[str, object]:
    if not item.lstrip().startswith("{"):
        pairs = re.split(r"(?<!\\),", item)
        return fields([pair.replace("\\,", ",").strip() for pair in pairs], option="--child")
    try:
        table = json.loads(item)
    except (ValueError, RecursionError) as error:
        raise BadValue(field="--child", value=item[:40], expected='{"lead": "…", "due": "5wd"}') from error
    assert isinstance(table, dict)
    return table


def whole(text: str | None, option: str) -> int | None:
    """A whole number that was typed for an option."""
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadValue(field=option, value=text[:40], expected={"zh-Hans": "整数", "en": "a whole number"})
    return int(text)


def moment(text: str | None, calendar: Calendar) -> datetime | None:
    """A local time that was typed, `2026-06-15 08:30`, as an aware instant."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadValue(field="--happened", value=text[:40], expected="2026-06-15 08:30") from error
    return read if read.tzinfo else read.replace(tzinfo=calendar.tz)
