"""Write the tables of words and errors in the docs from the procedures and the code, so that they can't drift.

A page says where a table stands: `<!-- table: NAME -->` … `<!-- end -->`. What stands between is written here,
everything around it by hand. A test fails where a page is behind.
"""

from __future__ import annotations

import ast
import gc
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

from huying.errors import say
from huying.ledger.procedure_file import FOLDER
from huying.ledger.vocabulary import OUTCOMES, PEOPLE, Words, people

ROOT = Path(__file__).parent.parent
PAGES = {
    "docs/words.md": "en",
    "docs/zh/words.md": "zh-Hans",
    "docs/reference/errors.md": "en",
    "docs/zh/reference/errors.md": "zh-Hans",
}
Table = Mapping[str, Mapping[str, object]]
HEADS = {
    "stage": {"en": "stage", "zh-Hans": "环节"},
    "final": {"en": "closed stage", "zh-Hans": "已办结的环节"},
    "part": {"en": "part", "zh-Hans": "子项"},
    "act": {"en": "act", "zh-Hans": "动作"},
    "clock": {"en": "clock", "zh-Hans": "时限"},
    "count": {"en": "count", "zh-Hans": "计数"},
    "field": {"en": "field", "zh-Hans": "字段"},
    "by": {"en": "by", "zh-Hans": "谁来做"},
    "on": {"en": "whose", "zh-Hans": "由谁承担"},
    "common": {"en": "Shared by all", "zh-Hans": "各规程共用"},
    "people": {"en": "word of `by`", "zh-Hans": "`by` 里的词"},
    "outcome": {"en": "outcome", "zh-Hans": "办理结果"},
    "error": {"en": "error", "zh-Hans": "错误"},
    "says": {"en": "what it says", "zh-Hans": "说什么"},
    "mend": {"en": "how to mend it", "zh-Hans": "怎么办"},
}


def files() -> dict[str, dict[str, object]]:
    """The procedure files as they stand, the common one last."""
    names = sorted((path.stem for path in FOLDER.glob("*.toml")), key=lambda name: (name == "common", name))
    return {name: tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8")) for name in names}


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    heads = list(heads)
    yield _row(*heads)
    yield _row(*["---"] * len(heads))
    yield from (_row(*row) for row in rows)


def procedures(language: str) -> Iterator[str]:
    """Every procedure: its stages, parts, acts, clocks, counts and fields, each with its words."""
    for name, tables in files().items():
        label = tables.get("label", HEADS["common"])
        assert isinstance(label, dict)
        yield f"### `{name}` {label['zh-Hans']} · {label['en']}" if name != "common" else f"### {label[language]}"
        yield ""
        for kind in ("stage", "final", "part", "act", "clock", "count", "field"):
            declared = tables.get(kind)
            if isinstance(declared, dict):
                yield from _declared(kind, declared, language)
                yield ""


def _declared(kind: str, declared: Table, language: str) -> Iterator[str]:
    more = {"act": "by", "clock": "on"}.get(kind)
    heads = [HEADS[kind][language], "中文", "English", *([HEADS[more][language]] if more else [])]
    rows = []
    for name, value in declared.items():
        label = value.get("label", value)
        assert isinstance(label, dict)
        who = value.get(more) if more else None
        asked = [who] if isinstance(who, str) else who if isinstance(who, list) else []
        told = [_joined((people(word)[language] for word in asked), language)] if more else []
        rows.append((f"`{name}`", label["zh-Hans"], label["en"], *told))
    return _table(heads, rows)


def _joined(words: Iterable[str], language: str) -> str:
    return ("、" if language == "zh-Hans" else ", ").join(words)


def who(language: str) -> Iterator[str]:
    """The words that say who may do an act."""
    yield from _labels("people", PEOPLE, language)


def outcomes(language: str) -> Iterator[str]:
    """The outcomes that a case can have, as the procedures call them."""
    found: dict[str, Words] = {}
    for tables in files().values():
        fields = tables.get("field", {})
        assert isinstance(fields, dict)
        found |= {**fields.get("outcome", {}).get("of", {}), **found}
    found |= {name: words for name, words in _PUT.items() if name not in found}
    yield from _labels("outcome", {name: found[name] for name in sorted(OUTCOMES)}, language)


# Outcomes that nobody chooses: an act puts them.
_PUT = {
    "promised": {"zh-Hans": "承诺时限", "en": "Promised with a date"},
    "referred_out": {"zh-Hans": "已引导", "en": "Referred out"},
    "merged": {"zh-Hans": "已并单", "en": "Merged"},
    "withdrawn": {"zh-Hans": "已撤回", "en": "Withdrawn"},
    "unverified": {"zh-Hans": "未核实", "en": "Unverified"},
}


def _labels(kind: str, labels: Mapping[str, Words], language: str) -> Iterator[str]:
    rows = [(f"`{name}`", words["zh-Hans"], words["en"]) for name, words in labels.items()]
    yield from _table([HEADS[kind][language], "中文", "English"], rows)


@dataclass(frozen=True)
class Error:
    """One error class of the code: where it stands, the class above it, and its two sentences."""

    name: str
    file: str
    above: str
    message: str
    mend: str


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file. No garbage is collected meanwhile: a finalizer whose error is told parses source
    itself, and Python 3.11's parser can't be entered twice."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(path.read_text("utf-8"))
    finally:
        if collecting:
            gc.enable()


@cache
def every_error() -> list[Error]:
    """Every deliberate error of the package, those of errors.py first, read without importing anything."""
    classes = [(path, node) for path in _code() for node in ast.walk(parsed(path)) if isinstance(node, ast.ClassDef)]
    classes.sort(key=lambda found: found[0].name != "errors.py")
    known = {"HuyingError"}
    while more := {node.name for _, node in classes if _above(node) in known} - known:
        known |= more
    return [_error(path, node) for path, node in classes if _above(node) in known]


def _above(node: ast.ClassDef) -> str:
    return ast.unparse(node.bases[0]).rpartition(".")[2] if node.bases else ""


def _error(path: Path, node: ast.ClassDef) -> Error:
    said = {
        target.id: ast.literal_eval(line.value)
        for line in node.body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name) and target.id in ("message", "mend")
    }
    return Error(node.name, path.name, _above(node), said.get("message", ""), said.get("mend", ""))


def errors(language: str) -> Iterator[str]:
    """Every error that can be raised: its name, what it says, and how to mend it."""
    said = [error for error in every_error() if error.message]
    rows = [(f"`{error.name}`", spoken(error.message, language), spoken(error.mend, language)) for error in said]
    yield from _table([HEADS["error"][language], HEADS["says"][language], HEADS["mend"][language]], rows)


def _code() -> list[Path]:
    """The files of the package but those that only hold it together."""
    files = sorted((ROOT / "huying").rglob("*.py"))
    return [path for path in files if path.name not in ("__init__.py", "apps.py") and "migrations" not in path.parts]


def modules() -> dict[str, str]:
    """Every module of the package below its room, with the first paragraph of its docstring."""
    found = {}
    for path in _code():
        text = ast.get_docstring(parsed(path)) or ""
        found[str(path.relative_to(ROOT / "huying"))] = " ".join(text.split("\n\n")[0].split())
    return found


def rooms(language: str) -> Iterator[str]:
    """Every module and what it is: its own first words. The Chinese page tells it by hand."""
    rows = [(f"`{name}`", text.removesuffix(" Pure.")) for name, text in modules().items()]
    yield from _table(["module", "what it is"], rows)


def spoken(msgid: str, language: str) -> str:
    """A sentence with its places left open."""
    places = {name: f"{{{name}}}" for _, name, _, _ in Formatter().parse(msgid) if name}
    return say(msgid, language, **places).replace("\n", " ") if msgid else ""


TABLES: dict[str, Callable[[str], Iterator[str]]] = {
    "procedures": procedures, "who": who, "outcomes": outcomes, "errors": errors,
    "rooms": rooms,
}  # fmt: skip
_MARK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """A page with its tables as they should be."""
    text = (ROOT / page).read_text("utf-8")
    language = PAGES[page]
    return _MARK.sub(lambda mark: mark[1] + "\n".join(TABLES[mark[2]](language)).rstrip() + "\n" + mark[3], text)


def main() -> int:
    """Write each page."""
    for page in PAGES:
        (ROOT / page).write_text(written(page), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
