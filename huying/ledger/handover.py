"""What goes with a post: its open cases, listed for whoever takes it over; no post is taken away before that.

Handing over is a case of procedure `handover`. In whose hands each case is changes when it is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from django.db.models import QuerySet

from huying.city.facts import City, Post
from huying.ledger import number
from huying.ledger.actor import Actor, house, same_house
from huying.ledger.chain import LEADER
from huying.ledger.models import Case, Listed
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case
from huying.ledger.telling import titles
from huying.ledger.vocabulary import Finding, people

NAME = "handover"
LISTED = 300
"""So many cases stand in the list one by one, next due first; the others are counted."""
NAMED = 5
LASTS = timedelta(days=90)
"""So long an accepted handover lets the post be taken away."""


def with_post(person: str, role: str, unit: str, city: City) -> QuerySet[Case]:
    """The open cases that go with a post: those in the person's hands at the unit; of a leader, all below it."""
    rows = Case.objects.filter(closed=None).exclude(procedure__in=("administration", NAME))
    if role == LEADER:
        return rows.filter(lead__in=city.subtree(unit))
    return rows.filter(owner=person, lead__in=house(unit, city))


def offer(giver: str, role: str, unit: str, taker: str, actor: Actor, city: City) -> Case:
    """Offer a post with the list of its open cases. Raises Refused and BadInput as any opening does."""
    rows = with_post(giver, role, unit, city)
    shown, count = list(rows.order_by("next_due", "pk")[:LISTED]), rows.count()
    said = {"giver": giver, "owner": taker, "role": role, "at": unit, "number": count, "text": _list(shown, count)}
    return open_case(Intake(NAME, said), actor)


def _list(shown: list[Case], count: int) -> str:
    """A line for each case: its number and title; of a sealed one, the number alone."""
    named = titles(shown)
    lines = [f"{number.said(case.number)} {'' if case.sealed else named.get(case.pk, '')}".strip() for case in shown]
    return "\n".join([*lines, *([f"… + {count - len(shown)}"] if count > len(shown) else [])]) or "—"


def waiting(person: str) -> list[Case]:
    """The handovers that a person is asked to accept, the oldest first."""
    rows = Case.objects.filter(procedure=NAME, closed=None, owner=person)
    return list(rows.order_by("pk"))


def missing(before: City, after: City, on: date) -> Iterator[Finding]:
    """A finding for each post that new city data take away while open cases go with it that nobody took over."""
    for key, person in before.people.items():
        kept = [post for post in after.people[key].posts if post.valid(on)] if key in after.people else []
        for post in person.posts:
            if post.unit not in after.units:
                continue  # a unit that open cases need isn't taken away at all
            if post.valid(on) and not any((one.role, one.unit) == (post.role, post.unit) for one in kept):
                yield from _left(key, post, kept, before)


def _left(key: str, post: Post, kept: list[Post], city: City) -> Iterator[Finding]:
    """Nothing where the person goes on working in that house, or the leader's post was accepted by another."""
    if post.role == LEADER and _accepted(key, post):
        return
    if post.role != LEADER and any(same_house(one.unit, post.unit, city) for one in kept):
        return
    rows = with_post(key, post.role, post.unit, city)
    numbers = [number.said(text) for text in rows.order_by("pk").values_list("number", flat=True)[:NAMED]]
    if numbers:
        message = (
            "{person} ({key}) leaves the post {role} at {unit}, but {count} open case(s) go with it; first: {cases}. "
            "Let the post be handed over and accepted first."
        )
        named = {"person": city.people[key].name, "key": key, "role": people(post.role)}
        unit = city.units[post.unit].name
        params = {**named, "unit": unit, "count": rows.count(), "cases": "、".join(numbers)}
        yield Finding("posts.csv", 1, message, params)


def _accepted(key: str, post: Post) -> bool:
    """Whether somebody accepted this post from this person of late."""
    given = Listed.objects.filter(name="giver", value=key).values("case")
    rows = Case.objects.filter(pk__in=given, procedure=NAME, stage="accepted", closed__gte=now() - LASTS)
    facts = [case.folded().facts for case in rows]
    return any((one.get("role"), one.get("at")) == (post.role, post.unit) for one in facts)
