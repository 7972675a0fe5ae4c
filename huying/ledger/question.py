"""One act on one case by one actor at one time: what every gate, named rule and change reads. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from huying.city.facts import City
from huying.ledger.actor import Actor, Around
from huying.ledger.fold import State
from huying.ledger.vocabulary import ANSWER, Act, Procedure, people


@dataclass(frozen=True)
class Question:
    """May this actor do this act on this case now, and what does it set?"""

    procedure: Procedure
    state: State
    act: Act
    actor: Actor
    at: datetime
    city: City
    around: Around = field(default_factory=Around)

    @property
    def opening(self) -> bool:
        return not self.state.stage

    @property
    def leaving(self) -> bool:
        """From a final stage to an open one."""
        return bool(self.state.closed) and self.act.to in self.procedure.stages

    @property
    def closing(self) -> bool:
        """From an open stage into a final one."""
        return not self.state.closed and self.act.to in self.procedure.final

    @property
    def dispatched(self) -> bool:
        """Whether a promise was ever made: before that, the desk that opened the case leads it."""
        return ANSWER in self.state.clocks

    @property
    def about(self) -> str:
        """The unit that the case is about, as it stands or as the case from which it comes hands it down."""
        inherited = self.around.above.about if self.opening and self.around.above is not None else ""
        return inherited or self.state.about


def organs(actor: Actor, city: City) -> frozenset[str]:
    """The bodies at which the actor's independence is judged: those of all units they stand at."""
    return frozenset(city.organ(unit) for unit in actor.units())


def standing(word: str, q: Question) -> str:
    """The unit at which the actor stands when `word` of `by` lets them act; "" for those who stand at none."""
    role, _, relation = word.partition("@")
    above = q.around.parent.lead if q.around.parent is not None else q.state.opener
    related = {"lead": q.state.lead, "opener": q.state.opener, "parent_lead": above}
    if (relation or role) in related:
        return related[relation or role]
    posts = [post.unit for post in q.actor.posts if post.role == role]
    return q.actor.unit if q.actor.unit in posts or not posts else posts[0]


def called(key: str, city: City) -> object:
    """Somebody's name as a message says it; the requester, the clock and the system have none."""
    return city.people[key].name if key in city.people else people(key)


def doer(who: str, city: City) -> object:
    """A handler as a message says it: a person, or a body as `organ:CODE`."""
    kind, _, unit = who.partition(":")
    if kind == "organ":
        return city.units[unit].name if unit in city.units else unit
    return called(who, city)


def count_key(procedure: Procedure, count: str, state: State) -> str:
    """The name under which a count is kept: apart per lead where the procedure says so."""
    return f"{count}:{state.lead}" if procedure.counts[count].per == "lead" else count
