"""Every address of the system on one screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from huying.desk import health
from huying.intake import open311

FORM = r"(?:\.(?P<form>xml|json))?$"
V2 = r"^open311/(?P<place>v2|sandbox/v2)/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health),
    path("health.json", health.health_json),
    re_path(rf"^open311/(?:(?P<place>v2|sandbox/v2)/)?discovery{FORM}", open311.discovery),
    re_path(rf"{V2}services{FORM}", open311.services),
    re_path(rf"{V2}services/(?P<code>[^/]+?){FORM}", open311.definition),
    re_path(rf"{V2}requests{FORM}", open311.requests),
    re_path(rf"{V2}requests/(?P<number>[^/]+?){FORM}", open311.request),
    re_path(rf"{V2}tokens/(?P<token>[^/]+?){FORM}", open311.token),
    re_path(rf"{V2}openapi\.json$", open311.openapi),
    re_path(r"^open311(?:/|$)", open311.nowhere),
]
