"""Settings of a server whose SQLite database may have only so many pages: the number in the file that TIGHT names."""

from __future__ import annotations

import os
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

import huying.settings

globals().update({name: value for name, value in vars(huying.settings).items() if name.isupper()})


def bound(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Bound each connection anew, so that room can be made."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA max_page_count = {int(Path(os.environ['TIGHT']).read_text())}")


connection_created.connect(bound)
