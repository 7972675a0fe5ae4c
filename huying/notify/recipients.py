"""Who must be told: the words of an act's `tells`, resolved to people of the city's data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from huying.city.facts import City
from huying.ledger.actor import covers, same_house
from huying.ledger.chain import attention
from huying.ledger.fold import State
from huying.ledger.vocabulary import ABOVE, ROLES

REQUESTER = "requester"
INSTEAD = {"duty": "supervisor"}
"""Who is told where nobody holds a role today: an alarm without anybody on duty rings the supervisors at once."""
AT_WORK = ("handler", "intake", "dispatcher", "supervisor", "callback")


def recipients(tells: Iterable[str], state: State, city: City, on: date, *, parent: State | None = None) -> set[str]:
    """Keys of the people to tell, and `requester` where that is asked for; deputies stand in for the absent.

    A unit is told through the person in charge of the case there, else through those who work there, else
    through its leader. The unit that a sealed case is about is never told (promise 13).
    """
    found: set[str] = set()
    for word in tells:
        found |= {REQUESTER} if word == REQUESTER else set(_people(word, state, city, on, parent))
    if state.about and state.sealed:
        hidden = city.subtree(state.about)
        found -= {key for key in found if key in city.people and city.people[key].unit in hidden}
    return found


def _people(word: str, state: State, city: City, on: date, parent: State | None) -> Iterator[str]:
    role, _, relation = word.partition("@")
    if relation:
        yield from _at(_unit(relation, state, parent), (role,), city, on)
    elif role in ROLES:
        yield from _holding(role, state, city, on) or _holding(INSTEAD.get(role, role), state, city, on)
    elif role == ABOVE:
        link = attention(state, city, on)
        yield from {link.present} if link else ()
    elif role == "owner" or (role == "lead" and state.owner in city.people):
        yield from {state.owner} & city.people.keys()
    else:
        unit = _unit(role, state, parent)
        yield from list(_at(unit, AT_WORK, city, on)) or _at(unit, ("leader",), city, on)


def _holding(role: str, state: State, city: City, on: date) -> list[str]:
    return [key for key, post in city.posted(on) if post.role == role and covers(post, state, city)]


def _unit(relation: str, state: State, parent: State | None) -> str:
    if relation == "parent_lead":
        return parent.lead if parent else ""
    return {"lead": state.lead, "opener": state.opener}.get(relation, "")


def _at(unit: str, roles: tuple[str, ...], city: City, on: date) -> Iterator[str]:
    for key, post in city.posted(on):
        if post.role in roles and same_house(post.unit, unit, city):
            yield key
