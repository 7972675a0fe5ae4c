"""The language that a page speaks: what was asked for, else what was chosen, else what the browser prefers."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from huying.city.facts import LANGUAGES

COOKIE = "huying_language"


def spoken(request: HttpRequest) -> str:
    """zh-Hans or en: of ?language=, of the cookie, of the browser's header; else the system's own."""
    for asked in (request.GET.get("language", ""), request.COOKIES.get(COOKIE, "")):
        if asked in LANGUAGES:
            return asked
    preferred = request.headers.get("Accept-Language", "").lower()
    if preferred.startswith("en"):
        return "en"
    return "zh-Hans" if preferred.startswith("zh") else str(settings.HUYING_LANGUAGE)
