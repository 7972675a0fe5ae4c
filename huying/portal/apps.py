"""The portal as a Django application: its table of personal links."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "huying.portal"
    label = "portal"
