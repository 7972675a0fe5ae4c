"""A page of the portal: its template with the city, the language and the numbers to call in danger.

No page sets a cookie but the one for the language, loads anything from elsewhere or tells where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from huying.city import store
from huying.city.facts import LANGUAGES, City
from huying.ledger.now import now
from huying.pages.language import COOKIE, spoken

YEAR = 365 * 86400


def show(
    request: HttpRequest, template: str, context: Mapping[str, object], *, status: int = 200, personal: bool = False
) -> HttpResponse:
    """A page. A personal one is kept by no browser and no search engine, and names itself to nobody."""
    city, language = store.current(), spoken(request)
    whole = {
        "language": language,
        "now": now(),
        "calendar": city.calendar,
        "city_name": words(city.name, language),
        "emergency": emergency(city, language),
        "demo": settings.HUYING_MODE == "demo",
        "personal": personal,
        "other": _other(request, language),
        **context,
    }
    answer = render(request, f"portal/{template}.html", whole, status=status)
    answer["Content-Language"] = language
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    if personal:
        answer["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if request.GET.get("language") in LANGUAGES:
        answer.set_cookie(COOKIE, language, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)
    return answer


def words(named: Mapping[str, str], language: str) -> str:
    """Words by language in the page's language."""
    return named.get(language) or named.get("zh-Hans") or ""


def emergency(city: City, language: str) -> list[tuple[str, str]]:
    """The numbers to call in danger, each with what it is for."""
    return [(number, words(named, language)) for number, named in city.emergency.items()]


def _other(request: HttpRequest, language: str) -> str:
    """The address of this page in the other language."""
    query = request.GET.copy()
    query["language"] = "en" if language != "en" else "zh-Hans"
    return f"{request.path}?{query.urlencode()}"
