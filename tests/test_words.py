"""The words of the system: no sentence without its Chinese, no error without its place, no label in one language."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

from huying import errors
from huying.errors import LOCALE
from huying.ledger.procedure_file import FOLDER, read, together
from scripts import catalogue, words
from tests.sentences import Module, modules, plain, sentences

ROOT = Path(__file__).parent.parent
CHINESE = LOCALE / "zh_Hans" / "LC_MESSAGES"
# Dates: English says the month by name, Chinese by number; `day_words` hands both over.
OTHER_PLACES = {"{weekday} {day} {month}", "{weekday} {day} {month} {year}"}
WORDS = re.compile(r"[一-鿿]")


def translations() -> dict[str, dict[str, str]]:
    """msgid -> room -> Chinese text, of every `.po` file."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(CHINESE.glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_Hans"):
                if message.id:
                    assert not message.fuzzy, message.id
                    found[str(message.id)][path.stem] = str(message.string)
    return found


CHINESE_TEXTS = translations()


def said() -> set[str]:
    """Every text of the code that has words of its own; `{error}` only hands on what another says."""
    texts = {sentence.text for sentence in sentences() if sentence.text}
    return {text for text in texts if not re.fullmatch(r"\{\w+\}", text)}


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# --- sentences


def test_every_sentence_can_be_followed_to_its_words() -> None:
    assert [str(sentence) for sentence in sentences() if sentence.text is None] == []


def test_the_search_for_sentences_finds_each_way_of_saying_one() -> None:
    known = said()
    assert "“{act}” needs {field}." in known, "an error's message"
    assert "Fill it in and send again." in known, "an error's mend"
    assert "There is no such folder." in known, "handed to a finding"
    assert "{unit} may lead, but it has no leader." in known, "yielded by a generator"
    assert "day {n}" in known and "Thu" in known, "taken from a table"
    assert "less than a minute left" in known, "one side of a choice"
    assert "“{name}” isn't a code: small letters, digits and _ only." in known, "a constant"
    assert len(known) > 230


def test_every_sentence_has_its_chinese() -> None:
    missing = sorted(text for text in said() if not any(CHINESE_TEXTS.get(text, {}).values()))
    assert missing == []


def test_no_chinese_text_is_left_of_a_sentence_that_nobody_says() -> None:
    assert sorted(set(CHINESE_TEXTS) - said()) == []


def test_a_sentence_has_one_translation_in_one_room() -> None:
    assert {text: list(rooms) for text, rooms in CHINESE_TEXTS.items() if len(rooms) > 1} == {}


def test_a_translation_fills_in_what_its_sentence_does() -> None:
    pairs = [(msgid, text) for msgid, rooms in CHINESE_TEXTS.items() for text in rooms.values()]
    assert [msgid for msgid, text in pairs if places(msgid) != places(text) and msgid not in OTHER_PLACES] == []


def test_a_translation_is_chinese_and_ends_as_a_sentence_does() -> None:
    pairs = [(msgid, text) for msgid, rooms in CHINESE_TEXTS.items() for text in rooms.values()]
    assert [msgid for msgid, _ in pairs if msgid.endswith(".") and not CHINESE_TEXTS[msgid]] == []
    for msgid, text in pairs:
        assert text.endswith("。") == msgid.endswith("."), msgid
        spoken = re.sub(r"\{\w+\}|`[^`]*`|\[[^]]*\]", "", text)
        assert WORDS.search(spoken) or not re.search(r"[a-z]{3}", re.sub(r"\{\w+\}", "", msgid)), msgid
        assert not re.search(r"[一-鿿][,;?!]|[,;?!][一-鿿]", spoken), msgid


def test_the_compiled_catalogue_is_up_to_date() -> None:
    assert (CHINESE / "django.mo").read_bytes() == catalogue.compiled(CHINESE), "run scripts/catalogue.py"


def test_two_rooms_that_disagree_on_a_sentence_are_refused(tmp_path: Path) -> None:
    for room, text in (("one", "在。"), ("two", "到。")):
        (tmp_path / f"{room}.po").write_text(f'msgid "Here."\nmsgstr "{text}"\n', "utf-8")
    with pytest.raises(SystemExit, match="another translation"):
        catalogue.compiled(tmp_path)


def test_words_by_language_in_the_code_are_whole() -> None:
    """Words that stand in the code have both languages, fill in the same, and stand in the right one."""
    tables = [(module, table) for module in modules() for table in by_language(module)]
    assert len(tables) > 40
    for module, table in tables:
        where = f"{module.file}:{table.lineno}"
        words = {plain(key): plain(value) for key, value in zip(table.keys, table.values, strict=True)}
        assert set(words) == {"zh-Hans", "en"}, where
        if all(words.values()):
            assert WORDS.search(words["zh-Hans"]), where
            assert not WORDS.search(words["en"]), where


def by_language(module: Module) -> Iterator[ast.Dict]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Dict) and any(plain(key) in ("zh-Hans", "en") for key in node.keys):
            yield node


# --- errors


def tree() -> dict[str, str]:
    """class -> the class above it, as the docstring of errors.py draws them."""
    above: dict[str, str] = {}
    path: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        drawn = re.match(r"^( {4}|[ │]*[├└]── )((?:[A-Z][A-Za-z]+(?:  |$| ))+)", line)
        if drawn:
            depth = len(drawn[1])
            path = [step for step in path if step[0] < depth]
            names = re.findall(r"[A-Z][A-Za-z]+", re.split(r" {3,}", drawn[2] + line[drawn.end() :])[0])
            for name in names:
                above[name] = path[-1][1] if path else ""
            path.append((depth, names[0]))
    return above


def test_every_error_stands_in_the_tree_below_its_kind() -> None:
    """Those of errors.py are drawn there; a room above the ledger may have its own, below one of these."""
    drawn = tree()
    assert drawn.pop("HuyingError") == ""
    assert drawn == {error.name: error.above for error in words.every_error() if error.file == "errors.py"}


def test_every_error_that_is_raised_says_something() -> None:
    kinds = {error.above for error in words.every_error()}
    assert [error.name for error in words.every_error() if not error.message and error.name not in kinds] == []


def test_no_two_errors_share_a_name() -> None:
    """The name is the error's code for machines."""
    names = [error.name for error in words.every_error()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("page", "language"), [("docs", "en"), ("docs/zh", "zh-Hans")])
def test_every_error_is_in_the_reference_with_its_mend(page: str, language: str) -> None:
    text = (ROOT / page / "reference" / "errors.md").read_text("utf-8")
    for error in words.every_error():
        row = f"| `{error.name}` | {words.spoken(error.message, language)} | {words.spoken(error.mend, language)} |"
        assert not error.message or row in text, error.name


# --- labels

KINDS = {
    "the procedure": ("", "label"),
    "an open stage": ("[stage]", "registered"),
    "a closed stage": ("[final]", "closed"),
    "an act": ("[act.dispatch]", "label"),
    "a clock": ("[clock.answer]", "label"),
    "a count": ("[count.redo]", "label"),
    "a field": ("[field.ground]", "label"),
    "a choice": ("[field.ground]", "of.beyond"),
}


@pytest.mark.parametrize("language", ["zh-Hans", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_label_without_one_language_is_refused(kind: str, language: str) -> None:
    files = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.toml")}
    section, key = KINDS[kind]
    lines = files["request.toml"].splitlines()
    start = lines.index(section) if section else 0
    place = next(number for number in range(start, len(lines)) if lines[number].startswith(f"{key} ="))
    without = re.sub(rf'{language} = "[^"]*"', "", lines[place])
    lines[place] = without.replace("{ ,", "{").replace(",  }", "}")
    files["request.toml"] = "\n".join(lines)
    mistakes = [finding.words() for finding in together(files)[1]]
    assert len(mistakes) == 1 and mistakes[0].startswith(f"request.toml:{place + 1}: "), mistakes
    assert mistakes[0].endswith(f"缺少 {language} 的文字。")


def test_every_fact_that_an_act_asks_for_or_puts_has_a_label() -> None:
    for procedure in read().values():
        for act in procedure.acts.values():
            facts = {key.removeprefix("fact.") for key in act.puts if key.startswith("fact.")}
            assert facts | set(act.when) <= set(procedure.fields), (procedure.name, act.name)


# --- the pages


@pytest.mark.parametrize("page", words.PAGES)
def test_the_tables_of_a_page_are_up_to_date(page: str) -> None:
    assert (ROOT / page).read_text("utf-8") == words.written(page), "run scripts/words.py"


@pytest.mark.parametrize("page", ["docs/words.md", "docs/zh/words.md"])
def test_every_act_stage_and_clock_has_its_word(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for procedure in read().values():
        labels = {**procedure.stages, **procedure.final, **procedure.part_labels}
        labels |= {act.name: act.label for act in procedure.acts.values()}
        labels |= {clock.name: clock.label for clock in procedure.clocks.values()}
        for name, label in labels.items():
            assert f"| `{name}` | {label['zh-Hans']} | {label['en']} |" in text, (procedure.name, name)


@pytest.mark.parametrize("page", ["docs/words.md", "docs/zh/words.md"])
def test_every_room_has_its_word(page: str) -> None:
    """Each folder and each file of the package, told in the language of the page."""
    text = (ROOT / page).read_text("utf-8")
    folders = {path for path in (ROOT / "huying").iterdir() if path.is_dir() and any(path.glob("[!_]*"))}
    assert [path.name for path in folders if f"`huying/{path.name}`" not in text] == []
    missing = [name for name in words.modules() if f"| `{name}` |" not in text]
    assert missing == [], f"run scripts/words.py, and tell in {page} what they are"


def test_the_words_of_the_field_are_the_same_in_both_languages() -> None:
    """One English word for one Chinese term: the two pages hold the same pairs."""
    english = pairs("docs/words.md", "## The field")
    chinese = pairs("docs/zh/words.md", "## 本行的词")
    assert {(word, term) for term, word in chinese} == {(word, term.replace(", ", "、")) for word, term in english}
    assert len(english) > 30


def pairs(page: str, heading: str) -> set[tuple[str, str]]:
    rows = (ROOT / page).read_text("utf-8").partition(heading)[2].partition("\n## ")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows if row.startswith("| ")]
    return {(cell[0], cell[1]) for cell in cells[1:]}


def test_every_decision_is_in_the_index_and_what_it_names_is_there() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text("utf-8")
    pages = sorted(path.name for path in folder.glob("0*.md"))
    assert re.findall(r"\]\((0.*?\.md)\)", index) == pages
    named = re.findall(r"`([a-z_]+/[a-z_/.]*|[a-z_]+\.py)`", index)
    assert [path for path in named if not (ROOT / "huying" / path).exists()] == []
    for page in pages:
        text = (folder / page).read_text("utf-8")
        assert text.startswith(f"# {page[:4]} ")
        for part in ("Context.", "Decision.", "Consequences.", "What would change it."):
            assert f"**{part}**" in text, page
