"""Loaded versions of a city: numbered, never changed, the newest in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from django.db import DatabaseError, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from huying.city import codec, folder, store
from huying.city.facts import City
from huying.city.models import CityVersion
from huying.errors import NoCity

AT = datetime(2026, 6, 15, 1, tzinfo=UTC)
DEMO = folder.read(Path(__file__).parent.parent / "cities" / "demo")
OTHER = replace(DEMO, name={"zh-Hans": "云汀新市", "en": "New Yunting"})
pytestmark = pytest.mark.django_db


def test_before_the_first_load_there_is_no_city(empty: None) -> None:
    assert store.current_number() == 0
    with pytest.raises(NoCity):
        store.current()


def test_a_saved_city_is_in_force_with_its_number_and_digest() -> None:
    saved = store.save(DEMO, at=AT)
    assert saved.version > 0
    assert saved.digest == codec.digest(codec.to_json(DEMO))
    assert store.current() == store.version(saved.version) == saved
    assert store.current_number() == saved.version
    assert replace(saved, version=0, digest="") == DEMO


def test_the_same_content_again_is_the_same_version() -> None:
    first = store.save(DEMO, at=AT)
    assert store.save(DEMO, at=AT) == first
    assert store.save(codec.from_json(codec.to_json(DEMO)), at=AT) == first
    assert CityVersion.objects.count() == 1


def test_new_content_gets_a_new_number_and_the_old_version_stays_readable() -> None:
    first, second = store.save(DEMO, at=AT), store.save(OTHER, at=AT)
    assert second.version > first.version
    assert store.current().name["en"] == "New Yunting"
    assert store.version(first.version) == first


def test_going_back_to_earlier_content_puts_it_in_force_under_a_new_number() -> None:
    first, _, third = (store.save(city, at=AT) for city in (DEMO, OTHER, DEMO))
    assert third.version > first.version
    assert third.digest == first.digest
    assert store.current() == third


def test_a_load_that_is_undone_leaves_nothing_behind_in_memory() -> None:
    store.save(DEMO, at=AT)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        undone = store.save(OTHER, at=AT)
        assert store.current() == undone
        raise ZeroDivisionError
    assert store.current().name == DEMO.name
    again = store.save(replace(OTHER, name={"zh-Hans": "云汀老城", "en": "Old Yunting"}), at=AT)
    assert store.current() == again
    assert store.version(again.version).name["en"] == "Old Yunting"


def test_the_city_in_force_is_read_once_and_then_costs_one_small_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    store.save(DEMO, at=AT)
    held = store.current()
    with django_assert_num_queries(1):
        assert store.current() is held


def test_a_loaded_version_can_be_neither_changed_nor_deleted() -> None:
    saved = store.save(DEMO, at=AT)
    row = CityVersion.objects.filter(pk=saved.version)
    for change in (lambda: row.update(content="{}"), row.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert store.version(saved.version) == saved


def test_an_unknown_number_is_no_version() -> None:
    with pytest.raises(CityVersion.DoesNotExist):
        store.version(999_999)


def test_many_threads_may_look_into_one_city_at_once() -> None:
    saved = store.save(DEMO, at=AT)
    seen: list[frozenset[str]] = []

    def look(city: City) -> None:
        seen.append(city.subtree("xihe") | city.area_subtree("xihe"))

    threads = [Thread(target=look, args=(saved,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len(set(seen)) == 1
