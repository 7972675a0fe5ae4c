"""A process that writes beside the test's own: it opens cases and prints each number once it has the receipt.

    python -m tests.opener COUNT [photo]

With `photo` each case has an attachment of its own, never seen before. COUNT 0 goes on until it is killed.
"""

from __future__ import annotations

import io
import itertools
import sys

import django


def main(count: int, *, photo: bool) -> None:
    """Open cases, one after the other."""
    from huying.ledger.record import Intake, open_case
    from tests.cast import who

    for number in itertools.count() if count == 0 else range(count):
        said: dict[str, object] = {"title": f"第 {number} 件", "text": "路灯坏了。", "type": "help"}
        if photo:
            said["evidence"] = (_photo(number),)
        case = open_case(Intake("request", said), who("hotline.1"))
        print(case.number, flush=True)


def _photo(number: int) -> object:
    from PIL import Image

    from huying.ledger.said import Upload

    out = io.BytesIO()
    Image.effect_noise((64, 64), 50 + number % 50).save(out, "PNG")
    return Upload(f"{number}.png", out.getvalue())


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), photo="photo" in sys.argv)
