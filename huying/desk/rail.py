"""Where one can go from here: the bar on top, the rail of queues beside it, and how many wait in each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huying.errors import say
from huying.ledger import rulebook
from huying.ledger.vocabulary import people

if TYPE_CHECKING:
    from huying.desk.visitor import Visitor

QUEUES = {
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
    "overdue": "Overdue",
    "all": "Everything I answer for",
}
MINE = {
    "intake": ("triage", "over_limit"),
    "dispatcher": ("dispatch", "disputed"),
    "callback": ("verify",),
    "handler": ("unit",),
    "reviewer": ("review", "unit"),
    "supervisor": ("overdue", "shelved", "escalated"),
    "leader": ("escalated", "unit"),
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
    return [
        Place(address, say(message, visitor.language), path.startswith(address)) for address, message in _bar(visitor)
    ]


def _bar(visitor: Visitor) -> Iterator[tuple[str, str]]:
    roles = visitor.roles
    if roles - {"admin", "volunteer"}:
        yield "/desk/queue/", "Queues"
        yield "/desk/register/", "Registers"
    if "intake" in roles:
        yield "/desk/call", "Take a call"
    if "callback" in roles:
        yield "/desk/callback/", "Call-back"
    if "leader" in roles:
        yield "/desk/leader", "For my decision"
    if "admin" in roles:
        yield "/desk/rights", "Rights"
        yield "/desk/looks", "Looks at identities"


def queues(visitor: Visitor, here: str) -> tuple[list[Place], list[Place]]:
    """The person's own queues, and the others."""
    own = [name for role in MINE if role in visitor.roles for name in MINE[role]]
    mine = list(dict.fromkeys(own))
    others = [name for name in QUEUES if name not in mine]
    return [_place(name, visitor, here) for name in mine], [_place(name, visitor, here) for name in others]


def _place(name: str, visitor: Visitor, here: str) -> Place:
    return Place(f"/desk/queue/{name}", say(QUEUES[name], visitor.language), name == here, name)


def first(visitor: Visitor) -> str:
    """Where a person begins the day."""
    mine, _ = queues(visitor, "")
    if "leader" in visitor.roles:
        return "/desk/leader"
    return mine[0].address if mine else "/desk/queue/all" if visitor.roles - {"admin"} else "/desk/rights"


def registers(visitor: Visitor, here: str) -> list[Place]:
    """A register for each kind of case, that of the administration for administrators only."""
    hidden = () if "admin" in visitor.roles else ("administration",)
    kinds = {name: visitor.wording.of(kind.label) for name, kind in rulebook.everything().items() if name not in hidden}
    return [Place(f"/desk/register/{name}", label, name == here, name) for name, label in kinds.items()]


def stands_at(visitor: Visitor) -> str:
    """Roles and unit of a person, as the bar says them: 派单员 · 市诉求派单中心."""
    wording = visitor.wording
    roles = dict.fromkeys(post.role for post in visitor.actor.posts)
    return " · ".join([wording.joined([wording.of(people(role)) for role in roles]), wording.unit(visitor.actor.unit)])
