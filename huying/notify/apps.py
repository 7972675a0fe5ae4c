"""The notify room as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    """Django's handle for the room."""

    name = "huying.notify"
    label = "notify"
