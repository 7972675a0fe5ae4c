"""`fill`: so many invented cases, a mix of lives over two years, never in a real city."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from django.conf import settings
from django.db import connection

from huying.bench.bulk import Batch, reserve, write
from huying.bench.lives import LIVES, OPEN, Life
from huying.bench.moulds import Mould, numbers
from huying.bench.places import Places
from huying.bench.play import SOURCE, Play
from huying.city import store
from huying.errors import RealCity
from huying.ledger.models import Case, Outbox
from huying.ledger.now import now
from huying.ledger.writing import writing

# A batch holds SQLite's one write lock for well under 200 ms.
BATCH = 250
MOST_COPIES, MOST_OPEN_COPIES = 200, 20
OWED = timedelta(hours=12)


def fill(n: int, *, seed: int = 1, progress: Callable[[int], None] = lambda made: None) -> int:
    """Make cases until `n` were made from this seed; how many are new.

    The same seed again makes only what is missing, another seed other cases. Every case is a true ledger:
    `audit` is silent on it. `progress` hears how many there are. Raises RealCity in production mode.
    """
    if settings.HUYING_MODE == "production":
        raise RealCity()
    until, begun, places = now(), _made(seed), Places(store.current())
    made = begun
    queue = _queue(seed, fresh=not made)
    while made < n:
        life = next(queue)
        made += _family(life, _Round(seed, made, n, until, places))
        progress(made)
    if connection.vendor == "postgresql" and made > begun:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return made - begun


def _made(seed: int) -> int:
    """How many cases were made from the seed: each call carries its place."""
    calls = Case.objects.filter(source_system=SOURCE, source_ref__startswith=f"{seed}/")
    last = calls.order_by("-source_ref").values_list("source_ref", flat=True).first()
    return int(last.partition("/")[2].partition("+")[0]) + 1 if last else 0


def _queue(seed: int, *, fresh: bool) -> Iterator[Life]:
    """Every life once, so that few cases have all stages; then lives by weight, for ever."""
    if fresh:
        yield from LIVES
    chance = Random(f"{seed} lives")
    shares = [life.weight / _most(life) for life in LIVES]
    while True:
        yield from chance.choices(LIVES, shares)


def _most(life: Life) -> int:
    return MOST_OPEN_COPIES if life in OPEN else MOST_COPIES


@dataclass(frozen=True)
class _Round:
    """Where the filling stands: `made` of `n` from this seed."""

    seed: int
    made: int
    n: int
    until: datetime
    places: Places

    def ref(self, further: int = 0) -> str:
        """The source reference of a call: its place among those of the seed."""
        return f"{self.seed}/{self.made + further:09d}"


def _family(life: Life, stands: _Round) -> int:
    """Play one family and copy it: the more cases there are, the more copies; how many cases that gave."""
    chance = Random(stands.ref())
    play = Play(life, stands.ref(), stands.until, stands.places, chance)
    with writing():
        play.run()
        Outbox.objects.filter(entry__case__in=play.cases, at__lt=stands.until - OWED).delete()
    size = len(play.cases)
    copies = min(stands.made // 20, _most(life) - 1, (stands.n - stands.made) // size - 1)
    if copies > 0:
        refs = map(stands.ref, range(size, size * (copies + 1)))
        _copies(Mould(play.cases, play.setting.topic), copies, refs, chance)
    return size * max(copies + 1, 1)


def _copies(mould: Mould, count: int, refs: Iterator[str], chance: Random) -> None:
    size = len(mould.cases)
    step = max(BATCH // size, 1)
    for start in range(0, count, step):
        these = min(step, count - start)
        ids = reserve(these * size, these * mould.entries, these * len(mould.documents))
        fresh, batch = iter(numbers(these * size)), Batch()
        for _ in range(these):
            mould.copy(refs, fresh, ids, batch, chance)
        write(batch)
