"""One file of a city folder as text, or why it can't be read, and what a parser's complaint means. Pure.

Whatever lies under a name is met here once: nothing, a folder, a circle of links, a device, another encoding.
"""

from __future__ import annotations

import errno
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from huying.city.facts import Words

MOST_MEGABYTES = 50


class Unreadable(Exception):
    """Nothing of a file can be used: the line, and why as a msgid with parameters."""

    def __init__(self, line: int, message: str, **params: object) -> None:
        self.line, self.message, self.params = line, message, params
        super().__init__(message)


def text_of(path: Path) -> str:
    """A file's text without a byte order mark. Raises Unreadable: missing, empty, not UTF-8, null bytes …"""
    raw = _raw(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unreadable(line, "This is not UTF-8; save the file as “CSV UTF-8”.") from error
    if "\0" in text:
        raise Unreadable(text[: text.index("\0")].count("\n") + 1, "The file holds a null byte.")
    if not text.strip():
        raise Unreadable(1, "The file is empty.")
    return text


def _raw(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(1, "This is no ordinary file.")
        if status.st_size > MOST_MEGABYTES * 1_000_000:
            raise Unreadable(1, "The file is larger than {most} MB.", most=MOST_MEGABYTES)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise Unreadable(1, _refusal(error, "The file is missing.")) from error


def inside(folder: Path, pattern: str = "*") -> list[Path]:
    """What lies in a folder and fits, by name. Raises Unreadable where the folder can't be looked into."""
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            raise Unreadable(1, "This is a file, no folder.")
        return sorted(path for path in folder.iterdir() if path.match(pattern))
    except (OSError, ValueError) as error:
        raise Unreadable(1, _refusal(error, "There is no such folder.")) from error


def _refusal(error: OSError | ValueError, missing: str) -> str:
    """Why the system refused; a name that can't be one (too long, a null byte) is simply missing."""
    code = error.errno if isinstance(error, OSError) else None
    if code in (errno.EACCES, errno.EPERM):
        return "This account may not read it."
    if code == errno.ELOOP:
        return "The link leads in a circle."
    if code in (errno.EIO, errno.ESTALE):
        return "The disk can't be read here."
    return missing


def table_fault(error: Exception) -> Words:
    """What the CSV parser complained about."""
    complaint = str(error)
    if "field larger" in complaint:
        chinese = "这一格过长，可能是前面少了一个引号"
    elif "unexpected end" in complaint:
        chinese = "这一行的引号没有收尾"
    else:
        chinese = "引号用错了，格内的引号应写成两个"
    return {"zh-Hans": chinese, "en": complaint}


def markup_fault(error: Exception) -> Words:
    """What the TOML or JSON parser complained about, with the column where it gave one."""
    complaint = str(error)
    column = re.search(r"column (\d+)", complaint)
    where = f"第 {column[1]} 列附近" if column else "此处"
    if isinstance(error, RecursionError):
        chinese = "嵌套层数过多"
    elif complaint.startswith(("Cannot overwrite", "Cannot declare", "Cannot redefine", "Cannot mutate")):
        chinese = "同一项写了两次"
    elif "at end of document" in complaint:
        chinese = "文件没有写完"
    else:
        chinese = f"{where}写法不对，请检查引号、括号、逗号和等号"
    return {"zh-Hans": chinese, "en": complaint}


def controlled(text: str) -> bool:
    """Whether a text holds a control character other than a line break."""
    return any(unicodedata.category(letter) == "Cc" and letter != "\n" for letter in text)


def strings(value: object) -> Iterator[str]:
    """Every text in a parsed TOML or JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
