"""Compile the translations: every `*.po` of a language becomes its one `django.mo`, which ships with the package.

A room has a file of its own, so that two people who write sentences don't meet in one file. Run it after a
change of a `.po` file; a test fails where the compiled catalogue is behind.
"""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

# The same sentences give the same bytes, whenever they are compiled.
ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)
LOCALE = Path(__file__).parent.parent / "huying" / "locale"


def compiled(folder: Path) -> bytes:
    """The `.mo` of one language's LC_MESSAGES folder. SystemExit where two files differ on one text."""
    whole = Catalog(locale="zh_Hans", creation_date=ALWAYS)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale="zh_Hans"):
                known = whole.get(message.id) if message.id else None
                if known is not None and known.string != message.string:
                    raise SystemExit(f"{path.name}: {message.id!r} has another translation in an earlier file")
                if message.id and message.string:
                    whole.add(message.id, message.string)
    out = io.BytesIO()
    write_mo(out, whole)
    return out.getvalue()


def main() -> int:
    """Write each language's catalogue."""
    for folder in sorted(LOCALE.glob("*/LC_MESSAGES")):
        (folder / "django.mo").write_bytes(compiled(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
