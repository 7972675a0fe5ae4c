"""The chain of responsibility 一级抓一级: one accountable person at each level, from units and posts. Pure.

Levels follow the tree of units from the lead upwards. Nobody is appointed twice: where a unit has several leaders,
the first in the city's data answers; where it has none, the next level does. Whoever is away is stood in for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from huying.city.facts import City
from huying.ledger.fold import State

LEADER = "leader"


@dataclass(frozen=True)
class Link:
    """One level: the unit, who answers there, and who stands in for them on that day, "" where nobody needs to."""

    unit: str
    person: str
    acting: str = ""

    @property
    def present(self) -> str:
        """Who can be spoken to."""
        return self.acting or self.person


def chain(state: State, city: City, on: date) -> tuple[Link, ...]:
    """The leaders who answer for a case, the lead's own first, at most one at each unit above it.

    The unit that a sealed case is about, and those below it, have no part in it (promise 13).
    """
    hidden = city.subtree(state.about) if state.about and state.sealed else frozenset()
    units = (state.lead, *city.above(state.lead))
    return tuple(link for unit in units if unit not in hidden for link in _link(unit, city, on))


def _link(unit: str, city: City, on: date) -> Iterator[Link]:
    """The one leader of a unit: the first of the city's data who holds the post themselves on that day."""
    for key, person in city.people.items():
        if any(post.role == LEADER and post.unit == unit and post.valid(on) for post in person.posts):
            yield Link(unit, key, deputy(key, city, on))
            return


def deputy(person: str, city: City, on: date) -> str:
    """Who stands in for somebody on a day; "" where they are at work."""
    away = (row.deputy for row in city.deputies if row.person == person and row.since <= on <= row.until)
    return next((key for key in away if key in city.people), "")


def attention(state: State, city: City, on: date) -> Link | None:
    """With whom a case that was raised is: at level 1 whoever is above the lead's own leader, and so on upwards.

    The lead stays: attention is no duty to handle. None where nothing was raised, or nobody is there.
    """
    links = chain(state, city, on)
    return links[min(state.level, len(links) - 1)] if state.level and links else None
