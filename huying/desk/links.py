"""The chain of responsibility of a case in words: who answers at each level, and with whom a raised case is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from huying.desk.visitor import Visitor
from huying.ledger.actor import same_house
from huying.ledger.chain import Link, attention, chain, deputy
from huying.ledger.fold import State
from huying.ledger.wording import Wording


@dataclass(frozen=True)
class Step:
    """One level in words; `acting` stands in for `who` today; `here` where the attention is with them.

    `gone`: the person in charge holds no post there any more.
    """

    unit: str
    who: str
    acting: str
    here: bool
    gone: bool = False


def links(state: State, visitor: Visitor) -> list[Step]:
    """Who answers for a case, from the person in charge upwards."""
    city, wording = visitor.city, visitor.wording
    today = city.calendar.local(visitor.at).date()
    raised = attention(state, city, today)
    found = [_step(link, wording, here=link == raised) for link in chain(state, city, today)]
    if state.owner in city.people:
        owner = Link(state.lead, state.owner, deputy(state.owner, city, today))
        posts = city.people[state.owner].posts
        valid = [post for post in posts if post.valid(today)]
        there = any(post.role == "volunteer" or same_house(post.unit, state.lead, city) for post in valid)
        found.insert(0, replace(_step(owner, wording, here=False), gone=not there))
    return found


def _step(link: Link, wording: Wording, *, here: bool) -> Step:
    acting = wording.who(link.acting)[0] if link.acting else ""
    return Step(wording.unit(link.unit), wording.who(link.person)[0], acting, here)
