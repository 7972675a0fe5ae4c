"""The city room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class CityConfig(AppConfig):
    """Django's handle for the room."""

    name = "huying.city"
    label = "city"
