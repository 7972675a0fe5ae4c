"""The intake room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Django's handle for the room."""

    name = "huying.intake"
    label = "intake"
