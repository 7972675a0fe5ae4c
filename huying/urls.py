"""Every address of the system on one screen."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from huying.desk import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health.health),
    path("health.json", health.health_json),
]
