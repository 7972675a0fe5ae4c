"""The ledger room as a Django application: installs the guard after each migration."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """Django's handle for the room."""

    name = "huying.ledger"
    label = "ledger"

    def ready(self) -> None:
        from huying.ledger import guard

        post_migrate.connect(guard.after_migrate, sender=self)
        checks.register(guard.check_installed, checks.Tags.database)
