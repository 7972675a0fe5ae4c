"""The way into the ledger for a command: Django started once, and the person for whom it acts.

Whoever may run these commands with the database's credentials may act for anybody: accounts with passwords
belong to the pages.
"""

from __future__ import annotations

import os


def open_ledger() -> None:
    """Start Django with the settings of the environment; once is enough."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.settings")
    import django
    from django.apps import apps

    if not apps.ready:
        django.setup()
