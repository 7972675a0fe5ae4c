"""What stands in an address or beside a form, read carefully: anybody can write anything there."""

from __future__ import annotations

from django.http import HttpRequest

LONGEST_NUMBER = 15
BESIDE = ("token", "turn", "seq", "sitting", "key", "name", "address", "next", "then")
"""Fields that no act declares; those that one does are judged where every way in is."""


def whole(text: str) -> int | None:
    """A whole number that a database can hold; None for anything else."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None


def unusable(request: HttpRequest) -> bool:
    """Whether path, query or the fields beside a form hold what no database takes: a NUL."""
    said = [request.path, *request.GET, *request.GET.values()]
    said += [str(request.POST[name]) for name in BESIDE if name in request.POST] if request.method == "POST" else []
    return any("\0" in text for text in said)
