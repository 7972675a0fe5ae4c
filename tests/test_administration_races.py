"""Two administrators at the same time, really committing."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

from django.db import connection

from huying.city.models import CityVersion
from huying.ledger.now import standing_at
from tests.cast import MORNING
from tests.test_administration import ADMIN, edited, load, trail


def test_of_two_who_load_at_once_one_makes_the_version(committed: None, tmp_path: Path) -> None:
    city = edited(tmp_path, ("texts.toml", "请您理解", "请予理解"))
    told: list[bool] = []
    before = CityVersion.objects.count()

    def one(key: str) -> None:
        with standing_at(MORNING):
            told.append(load(city, key))
        connection.close()

    threads = [Thread(target=one, args=(key,)) for key in (ADMIN, ADMIN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [False, True]
    assert CityVersion.objects.count() == before + 1
    assert [act_ for act_, _, _ in trail()].count("load_city") == 2
