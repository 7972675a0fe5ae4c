"""A page of the desk: its template with the language, the time and, once somebody is signed in, bar and rail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render as rendered

from huying.city import store
from huying.desk import rail
from huying.errors import HuyingError, NotAllowed, UnknownCase, UnknownProcedure, sentence
from huying.ledger.now import now
from huying.pages.language import spoken

if TYPE_CHECKING:
    from huying.desk.visitor import Visitor

UNPROCESSABLE = 422
"""The answer to a form that can't be done as it was filled in."""
TOLD = "told"
"""Under this name a session keeps what the next page says once: that an act was done."""


def render(
    request: HttpRequest, template: str, context: Mapping[str, object] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page for anybody."""
    city = store.current()
    language = spoken(request)
    whole = {
        "language": language,
        "now": now(),
        "calendar": city.calendar,
        "city_name": city.name.get(language) or city.name["zh-Hans"],
        "demo": settings.HUYING_MODE == "demo",
        **(context or {}),
    }
    answer = rendered(request, template, whole, status=status)
    answer["Content-Language"] = language
    return answer


def show(
    request: HttpRequest, visitor: Visitor, template: str, context: Mapping[str, object], *, status: int = 200
) -> HttpResponse:
    """A page of somebody who is signed in."""
    own = {
        "visitor": visitor,
        "bar": rail.bar(visitor, request.path),
        "role_words": rail.stands_at(visitor),
        "toast": request.session.pop(TOLD, None),
        "second_language": "en" if visitor.language == "zh-Hans" else "zh-Hans",
    }
    return render(request, template, {**own, **context}, status=status)


def turned_away(request: HttpRequest, visitor: Visitor, error: HuyingError) -> HttpResponse:
    """What can't be done, and how to mend it. A case that isn't theirs to see looks like one that isn't there."""
    status = 404 if isinstance(error, UnknownCase | UnknownProcedure) else 403 if isinstance(error, NotAllowed) else 400
    words = {"words": sentence(error, visitor.language), "status": status}
    return show(request, visitor, "desk/refused.html", words, status=status)
