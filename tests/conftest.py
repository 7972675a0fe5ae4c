"""What every test finds: a database with the demo city and the procedures in force, on a clock that stands.

`db` (through `pytest.mark.django_db`) rolls back; `committed` really commits, for threads, crashes and other
processes, and is the one place where the append-only guard is lifted to clean up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from django.conf import settings
from django.core import serializers
from django.db import connection, transaction
from django.test.utils import setup_databases, teardown_databases
from pytest_django.plugin import DjangoDbBlocker

from huying.city import store
from huying.city.facts import City
from huying.city.models import CityVersion
from huying.ledger import administration, guard
from huying.ledger.models import Case, Entry, InForce, Listed, Outbox, ProcedureVersion
from huying.ledger.now import standing_at
from tests.cast import MORNING

LAID = (CityVersion, ProcedureVersion, InForce, Case, Entry, Listed, Outbox)
ROOT = Path(__file__).parent.parent
DEMO = ROOT / "cities" / "demo"


def pytest_configure() -> None:
    """The folder in which SQLite's file and the attachments of the tests lie."""
    Path(settings.HUYING_HOME).mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the real data are skipped, saying so, where it isn't there."""
    if os.environ.get("HUYING_DATA"):
        return
    for item in items:
        if item.get_closest_marker("data"):
            item.add_marker(pytest.mark.skip(reason="HUYING_DATA is not set"))


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A test database as `huying init` leaves it, also where no test of the run is marked with `django_db`."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        lay()
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


_laid: list[str] = []


def lay() -> None:
    """What `huying init` does after migrating, on the demo's clock; from the second time on, the same rows again."""
    if _laid:
        with transaction.atomic():
            for row in serializers.deserialize("json", _laid[0]):
                row.save()
        return
    with standing_at(MORNING):
        administration.begin(DEMO)
    rows = chain.from_iterable(model._default_manager.all() for model in LAID)
    _laid.append(serializers.serialize("json", rows))


@pytest.fixture(autouse=True)
def standing_clock(request: pytest.FixtureRequest) -> Iterator[None]:
    """The ledger's clock stands at Monday 2026-06-15, 09:00 in Shanghai."""
    with standing_at(MORNING):
        yield


@pytest.fixture
def city(db: None) -> City:
    """The demo city in force."""
    return store.current()


@pytest.fixture
def empty(db: None) -> None:
    """A database into which nothing was ever loaded; rolled back with the test."""
    with guard.lifted():
        wipe()


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database to which the test really commits; laid anew afterwards."""
    with django_db_blocker.unblock():
        yield
        with guard.lifted():
            wipe()
        lay()
        connection.close()


KEPT = {"django_migrations", "django_content_type", "auth_permission"}


def wipe() -> None:
    """Delete every row of the system, whatever rooms it has; in one transaction, so that no order matters."""
    names = set(connection.introspection.table_names()) - KEPT
    tables = sorted(name for name in names if not name.startswith("ledger_search_"))  # FTS5 keeps those itself
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
