"""What one page tells the next: that an act was done, and the way back to the row that one came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest

from huying.desk.page import TOLD

WAY = "way"
MOST = 100


def done(request: HttpRequest, words: str, *, seq: int = 0, draft: str = "") -> None:
    """Let the next page say once that something was done; `draft` names the draft that is done with."""
    request.session[TOLD] = {"words": words, "seq": seq, "draft": draft}


def came(request: HttpRequest, label: str, numbers: Sequence[str]) -> None:
    """Remember the list that a person looks at: its address, its name, the cases in their order."""
    request.session[WAY] = [request.get_full_path(), label, list(numbers[:MOST])]


@dataclass(frozen=True)
class Way:
    """The way back to a list, and to the cases before and after this one in it."""

    address: str
    label: str
    before: str = ""
    after: str = ""


def way(request: HttpRequest, number: str) -> Way | None:
    """The way from a case; None where the person came from no list."""
    kept = request.session.get(WAY)
    if not kept:
        return None
    address, label, numbers = kept
    if number not in numbers:
        return Way(address, label)
    place = numbers.index(number)
    return Way(
        f"{address}#c{number}", label,
        before=numbers[place - 1] if place else "",
        after=numbers[place + 1] if place + 1 < len(numbers) else "",
    )  # fmt: skip
