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


def open_files() -> None:
    """Start Django where only files are looked at: no database is touched, so no secret is asked for."""
    if not any(os.environ.get(name) for name in ("HUYING_MODE", "HUYING_SECRET_KEY", "HUYING_SECRET_KEY_FILE")):
        os.environ["HUYING_MODE"] = "test"
    open_ledger()


def open_city() -> None:
    """Start Django for the city's own table alone: three times as fast, and all that counting a deadline needs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.settings")
    from django.apps import apps

    if not apps.ready:
        apps.populate(["huying.city"])
