"""Case numbers: random, sayable on the phone, with a check digit; they leak no volume."""

from __future__ import annotations

import re
import secrets

from huying.errors import UnknownCase

# A totally anti-symmetric quasigroup of order 10 (H. Michael Damm, 2004): every single wrong digit and
# every exchange of two neighbours is caught.
_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def check_digit(digits: str) -> str:
    """The Damm check digit of a row of digits."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def new() -> str:
    """A new number: eleven random digits and the check digit. The caller handles the rare collision."""
    digits = f"{secrets.randbelow(9 * 10**10) + 10**10}"
    return digits + check_digit(digits)


def read(text: str) -> str:
    """A number as it was said or typed (`2847 1936 5052`, dashes, full-width digits), checked.

    Raises UnknownCase when it has another length or the check digit doesn't fit.
    """
    digits = "".join(str(int(c)) for c in re.sub(r"[\s\-—·]", "", text) if c.isdecimal())
    if len(digits) != 12 or check_digit(digits[:-1]) != digits[-1]:
        raise UnknownCase(number=text[:40])
    return digits


def said(number: str) -> str:
    """The number in three groups of four, as it is read aloud."""
    return f"{number[:4]} {number[4:8]} {number[8:]}"
