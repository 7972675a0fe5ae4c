"""Who acts, and what they are to a case: the words of an act's `by`, resolved. Pure.

Acts belong to a unit and a role, never to one person; deputies count, because `City.posts` already
holds the posts a person stands in for. `covers` and `sees` are the one rule of rights that `find.visible`
repeats as a query (a property test holds the two equal).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from huying.city.facts import ADMINISTRATORS, BEFORE, City, Post
from huying.errors import UnknownPerson
from huying.ledger.fold import State
from huying.ledger.vocabulary import ROLES

DESKS = frozenset({"intake", "dispatcher", "supervisor", "duty", "callback", "leader"})
WORKERS = DESKS | {"handler"}
STAFF = WORKERS | {"reviewer"}


@dataclass(frozen=True)
class Actor:
    """A person with posts, the requester of one case, the runner's clock, or the system acting for a case.

    `beside` is who is signed in as staff where the requester's link was opened, if anybody is.
    """

    key: str
    unit: str = ""
    posts: tuple[Post, ...] = ()
    relations: frozenset[str] = field(default_factory=frozenset)
    beside: Actor | None = None

    def units(self) -> frozenset[str]:
        """Every unit at which the actor stands."""
        return frozenset({self.unit, *(post.unit for post in self.posts)} - {""})


@dataclass(frozen=True)
class Around:
    """What a decision reads beside the case itself.

    `number` is the case's own; `parent` its parent's State, `parent_number` and `part` its place there;
    `cited` the State of the case that a follow-up cites; `survivor` that of the case it shall be merged into;
    `duplicates` whether others are merged into it.
    """

    number: str = ""
    parent: State | None = None
    parent_number: str = ""
    part: str = ""
    survivor: State | None = None
    duplicates: bool = False
    cited: State | None = None

    @property
    def above(self) -> State | None:
        """The case from which this one comes: its parent, or the one that it cites."""
        return self.parent or self.cited


CLOCK = Actor("clock", relations=frozenset({"clock"}))
SYSTEM = Actor("case", relations=frozenset({"case"}))


def importer(source: str, desk: str) -> Actor:
    """The actor of an import from another system; the cases come to the desk that takes in what is from outside."""
    return Actor(f"import:{source}", unit=desk, relations=frozenset({"import"}))


REQUESTER = Actor("requester", relations=frozenset({"requester"}))


def person(key: str, city: City, on: date) -> Actor:
    """The actor that a person of the city is on a day, deputised posts included. Raises UnknownPerson."""
    if key not in city.people:
        raise UnknownPerson(person=key)
    return Actor(key, unit=city.people[key].unit, posts=city.posts(key, on=on))


def same_house(one: str, other: str, city: City) -> bool:
    """Whether two units are one body at work: the same organ, and one is above the other (or the same)."""
    if not one or not other or one not in city.units or other not in city.units:
        return False
    if one == other:
        return True
    return city.organ(one) == city.organ(other) and (one in city.above(other) or other in city.above(one))


def house(unit: str, city: City) -> frozenset[str]:
    """The units that are one body at work with this one."""
    return frozenset(code for code in city.units if same_house(unit, code, city))


def works_at(actor: Actor, unit: str, city: City, roles: frozenset[str] = WORKERS) -> bool:
    """Whether the actor holds one of `roles` at `unit` or a division of its own body."""
    return any(post.role in roles and same_house(post.unit, unit, city) for post in actor.posts)


def serves(post: Post, state: State, city: City) -> bool:
    """Whether a desk's post has this case itself: through its lead, or the desk that opened it."""
    served = city.subtree(city.unit(post.unit).serves)
    return state.lead in served or state.opener in served


def covers(post: Post, state: State, city: City) -> bool:
    """Whether a desk's post answers for this case: it has it, or it lies in its area."""
    unit = city.unit(post.unit)
    if serves(post, state, city):
        return True
    return bool(unit.area and state.area and state.area in city.area_subtree(unit.area))


def accused(actor: Actor, state: State, city: City) -> bool:
    """Whether the actor belongs to the unit that the case is about, or to one below it (promise 13)."""
    return bool(state.about) and bool(actor.units() & city.subtree(state.about))


def may_unseal(actor: Actor, state: State, city: City) -> bool:
    """Whether the actor may see who called and the sealed original (promise 13).

    Ordinary: the lead's handlers, and the intake and call-back desks that have the case. Confidential, anonymous,
    reports of wrongdoing: those desks only, and none of the body that handles it, though it may have a desk of its
    own. Never the unit that the case is about, nor one below it.
    """
    return not accused(actor, state, city) and any(_unseals(post, state, city) for post in actor.posts)


def _unseals(post: Post, state: State, city: City) -> bool:
    handles = "answer" in state.clocks and city.organ(post.unit) == city.organ(state.lead)
    if post.role in ("intake", "callback") and serves(post, state, city) and not (state.sealed and handles):
        return True
    return post.role == "handler" and not state.sealed and same_house(post.unit, state.lead, city)


def fits(word: str, actor: Actor, state: State, city: City, around: Around) -> bool:
    """Whether one word of `by` lets the actor act: a role, a relation, or a role at a relation."""
    if state.procedure == "administration" and not _administers(actor):
        return False
    role, _, relation = BEFORE.get(word, word).partition("@")
    if relation:
        return works_at(actor, _unit(relation, state, around), city, frozenset({role}))
    if role in ROLES:
        return any(post.role == role and (not state.stage or covers(post, state, city)) for post in actor.posts)
    if role in ("requester", "case", "clock", "parent", "import"):
        return role in actor.relations
    if role == "owner":
        return bool(state.owner) and actor.key == state.owner
    return works_at(actor, _unit(role, state, around), city)


def _administers(actor: Actor) -> bool:
    """Whether the administration case is this actor's at all: an administrator's, or the system's own."""
    return bool(actor.relations & {"clock", "case"}) or any(post.role in ADMINISTRATORS for post in actor.posts)


def _unit(relation: str, state: State, around: Around) -> str:
    if relation == "parent_lead":
        return around.parent.lead if around.parent else state.opener
    return {"lead": state.lead, "opener": state.opener}.get(relation, "")


def sees(actor: Actor, state: State, city: City, parent: State | None = None) -> bool:
    """Whether the case is the actor's to see at all. A report of wrongdoing is hidden from the accused.

    Whoever leads its open `parent` sees it too: they confirm it, or take it back.
    """
    if state.sealed == "report" and accused(actor, state, city):
        return False
    if state.owner and actor.key == state.owner:
        return True
    above = parent.lead if parent is not None and not parent.closed else ""
    return any(_post_sees(post, state, city, above) for post in actor.posts)


def _post_sees(post: Post, state: State, city: City, above: str) -> bool:
    if post.role in ADMINISTRATORS:
        return state.procedure == "administration"
    if state.procedure == "administration" or post.role == "volunteer":
        return False
    if any(same_house(post.unit, unit, city) for unit in (state.lead, state.opener, above)):
        return True
    if post.role not in DESKS:
        return False
    return covers(post, state, city) or above in city.subtree(city.unit(post.unit).serves)


def scopes(actor: Actor, city: City) -> Iterator[tuple[Post, frozenset[str], frozenset[str]]]:
    """What each post sees, as sets of units and of areas: the same rule as `sees`, for a query."""
    for post in actor.posts:
        if post.role in ADMINISTRATORS or post.role == "volunteer":
            continue
        units = house(post.unit, city)
        areas: frozenset[str] = frozenset()
        if post.role in DESKS:
            unit = city.unit(post.unit)
            units |= city.subtree(unit.serves)
            areas = city.area_subtree(unit.area) if unit.area else areas
        yield post, units, areas
