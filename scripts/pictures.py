"""Draw every procedure into the docs, in both languages: `NAME.svg` to look at, `NAME.mmd` as Mermaid text.

    python -m scripts.pictures

Run it after a change of a procedure; a test fails where a picture is behind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from huying.ledger.draw import mermaid, svg
from huying.ledger.procedure_file import read
from huying.ledger.vocabulary import LANGUAGES

DOCS = Path(__file__).parent.parent / "docs"
FOLDERS = {"en": DOCS / "procedures", "zh-Hans": DOCS / "zh" / "procedures"}
HEADS = {
    "en": "# The procedures\n\nDrawn from `huying/procedures/` by `python -m scripts.pictures`; don't edit."
    " What the words mean: [the vocabulary of procedures](../reference/procedures.md).\n",
    "zh-Hans": "# 规程图\n\n由 `python -m scripts.pictures` 按 `huying/procedures/` 画出，不要手改。"
    "各个词的含义见[规程的词汇](../reference/procedures.md)。\n",
}


def pictures() -> Iterator[tuple[Path, str]]:
    """Each file with its content."""
    procedures = read()
    for language in LANGUAGES:
        folder = FOLDERS[language]
        page = [HEADS[language]]
        for name, procedure in procedures.items():
            yield folder / f"{name}.mmd", mermaid(procedure, language)
            yield folder / f"{name}.svg", svg(procedure, language)
            page.append(f"## {procedure.label[language]}\n\n![{procedure.label[language]}]({name}.svg)\n")
        yield folder / "README.md", "\n".join(page)


def main() -> int:
    """Write every picture."""
    for path, content in pictures():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
