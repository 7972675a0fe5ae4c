"""What the server loads: the pages, and on SQLite the loop beside them, since one process does both there."""

from __future__ import annotations

import os
import threading

from django.core.wsgi import get_wsgi_application

from huying.cli.front import AT_ONCE, THREADS, Front


def loaded() -> Front:
    """The application with its settings; starts the loop where nobody else would run it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.settings")
    pages = get_wsgi_application()
    from django.db import connection

    from huying import runner  # only now: its rooms have tables, which need the settings

    embedded = connection.vendor == "sqlite"
    if embedded:
        threading.Thread(target=runner.run, args=(threading.Event(),), name="loop", daemon=True).start()
    return Front(pages, at_once=AT_ONCE if embedded else THREADS)


application = loaded()
