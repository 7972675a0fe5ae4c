"""Where one can go from here: the bar on top, the rail of queues beside it, and how many wait in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from huying.city.facts import ADMINISTRATORS
from huying.errors import say
from huying.ledger import rulebook
from huying.ledger.vocabulary import people

if TYPE_CHECKING:
    from huying.desk.visitor import Visitor

QUEUES = {
    "alarms": "Alarms",
    "triage": "To triage",
    "dispatch": "To dispatch",
    "disputed": "Objections to rule on",
    "review": "To review",
    "verify": "To call back",
    "shelved": "Shelved, to review",
    "escalated": "Escalated",
    "over_limit": "Over an interface's limit",
    "unit": "My unit's",
    "soon": "Due within a day",
    "week": "Due this week",
    "overdue": "Overdue",
    "all": "Everything I answer for",
}
MINE = {
    "intake": ("triage", "over_limit"),
    "dispatcher": ("dispatch", "disputed"),
    "callback": ("verify",),
    "handler": ("unit",),
    "reviewer": ("review", "unit"),
    "duty": ("alarms",),
    "supervisor": ("overdue", "shelved", "escalated", "alarms"),
    "leader": ("overdue", "week", "escalated", "unit"),
}
"""The queues of which each role is asked first; everybody may look into the others."""


@dataclass(frozen=True)
class Place:
    """One place to go: its address, what it is called, whether one is there; `name` is a queue's."""

    address: str
    label: str
    here: bool
    name: str = ""


def bar(visitor: Visitor, path: str) -> list[Place]:
    """The places on top of every page, those that this person has a use for."""
    language = visitor.language
    return [Place(to, say(PLACES[to], language), path.startswith(to)) for to in PLACES if _useful(to, visitor.roles)]


PLACES = {
    "/desk/queue/": "Queues",
    "/desk/register/": "Registers",
    "/desk/call": "Take a call",
    "/desk/callback/": "Call-backs",
    "/desk/leader": "For my decision",
    "/desk/recurring": "What recurs",
    "/desk/rights": "Rights",
    "/desk/looks": "Looks at identities",
}
FOR = {
    "/desk/call": {"intake"},
    "/desk/callback/": {"callback"},
    "/desk/leader": {"leader"},
    "/desk/recurring": {"supervisor", "leader", *ADMINISTRATORS},
    "/desk/rights": ADMINISTRATORS,
    "/desk/looks": {"auditor"},
}


def _useful(address: str, roles: frozenset[str]) -> bool:
    return bool(roles & FOR[address]) if address in FOR else bool(roles - ADMINISTRATORS - {"volunteer"})


def label(name: str, language: str) -> str:
    """What a queue is called."""
    return say(QUEUES[name], language)


def queues(visitor: Visitor, here: str) -> tuple[list[Place], list[Place]]:
    """The person's own queues, and the others."""
    own = [name for role in MINE if role in visitor.roles for name in MINE[role]]
    mine = list(dict.fromkeys(own))
    others = [name for name in QUEUES if name not in mine]
    return [_place(name, visitor, here) for name in mine], [_place(name, visitor, here) for name in others]


def _place(name: str, visitor: Visitor, here: str) -> Place:
    return Place(f"/desk/queue/{name}", label(name, visitor.language), name == here, name)


def first(visitor: Visitor) -> str:
    """Where a person begins the day."""
    mine, _ = queues(visitor, "")
    if "leader" in visitor.roles:
        return "/desk/leader"
    return mine[0].address if mine else "/desk/queue/all" if visitor.roles - ADMINISTRATORS else "/desk/rights"


def registers(visitor: Visitor, here: str) -> list[Place]:
    """A register for each kind of case, that of the administration for administrators only."""
    hidden = () if ADMINISTRATORS & visitor.roles else ("administration",)
    kinds = {name: visitor.wording.of(kind.label) for name, kind in rulebook.everything().items() if name not in hidden}
    return [Place(f"/desk/register/{name}", label, name == here, name) for name, label in kinds.items()]


def stands_at(visitor: Visitor) -> str:
    """Roles and unit of a person, as the bar says them: 派单员 · 市诉求派单中心."""
    wording = visitor.wording
    roles = dict.fromkeys(post.role for post in visitor.actor.posts)
    return " · ".join([wording.joined([wording.of(people(role)) for role in roles]), wording.unit(visitor.actor.unit)])
