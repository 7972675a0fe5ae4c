"""What went wrong, in the form that GeoReport gives to errors: a code, and a sentence in the caller's language."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse

from huying.errors import (
    BadCall,
    BadInput,
    Busy,
    HuyingError,
    NoCity,
    NoKey,
    NoSuchAddress,
    NotHandled,
    OtherCall,
    Refused,
    StorageError,
    TooLarge,
    TooMany,
    TooManyWrongKeys,
    TooSlow,
    UnknownJurisdiction,
    UnknownRequest,
    UnknownService,
    UnknownToken,
    WrongKey,
    WrongKind,
    WrongMethod,
    WrongScope,
    sentence,
)
from huying.intake import limits
from huying.intake.answer import Node, answer

# The first class that fits decides. The specification names 400, 403 and 404; the others are what HTTP has
# for the case, and each means to a client of 2010 what 400 does.
STATUS: tuple[tuple[type[HuyingError], int], ...] = (
    (NoKey, 403), (WrongKey, 403), (WrongScope, 403),
    (UnknownJurisdiction, 404), (UnknownService, 404), (NotHandled, 404), (UnknownToken, 404),
    (UnknownRequest, 404), (NoSuchAddress, 404),
    (WrongMethod, 405), (TooSlow, 408), (OtherCall, 409), (TooLarge, 413), (WrongKind, 415),
    (TooMany, 429), (TooManyWrongKeys, 429), (Busy, 503),
    (BadCall, 400), (BadInput, 400), (Refused, 400),
    (StorageError, 503), (NoCity, 503),
)  # fmt: skip
RETRY_SECONDS = 30
_AGAIN = (429, 503)


class Several(Exception):
    """More than one thing is wrong: the caller hears of each at once."""

    def __init__(self, errors: Sequence[HuyingError]) -> None:
        super().__init__(*errors)
        self.errors = tuple(errors)


def status_of(error: HuyingError) -> int:
    """The HTTP status that an error is answered with."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def told(errors: Sequence[HuyingError], form: str, language: str) -> HttpResponse:
    """The response that tells the errors; the first one's status is that of the response."""
    status = status_of(errors[0])
    rows: list[Node] = [{"code": status_of(error), "description": sentence(error, language)} for error in errors]
    response = answer("errors", rows, form, status=status)
    if status in _AGAIN:
        response["Retry-After"] = str(limits.seconds_left() if status == 429 else RETRY_SECONDS)
    for error in errors:
        if isinstance(error, WrongMethod):
            response["Allow"] = str(error.params["allowed"])
    return response
