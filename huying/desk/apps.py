"""The desk as a Django application."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Django's handle for the room."""

    name = "huying.desk"
    label = "desk"
