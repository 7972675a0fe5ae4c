"""Handing over a post: what goes with it, to whom, and the posts that wait to be accepted."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from huying.city.facts import ADMINISTRATORS
from huying.desk import once, told
from huying.desk.page import UNPROCESSABLE, show
from huying.desk.rows import lines
from huying.desk.visitor import Visitor, signed_in
from huying.errors import HuyingError, sentence
from huying.ledger import handover as posts
from huying.ledger.actor import same_house
from huying.ledger.chain import LEADER
from huying.ledger.vocabulary import people

APART = "|"
KEPT = ADMINISTRATORS | {"volunteer"}
"""Posts that nobody hands over: the security administrator grants the one, an organisation names the other."""


@dataclass(frozen=True)
class Held:
    """One post that can be handed over: its value in the form, in words, how many open cases go with it."""

    value: str
    words: str
    count: int


@require_http_methods(["GET", "POST"])
@signed_in
def handover(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The posts of the house that this person may hand over, and those offered to them."""
    held, trouble = _held(visitor), ""
    post, taker = request.POST.get("post", ""), request.POST.get("taker", "")
    if request.method == "POST":
        try:
            return _offered(request, visitor, post, taker)
        except HuyingError as error:
            trouble = sentence(error, visitor.language)
    waiting = lines(posts.waiting(visitor.actor.key), visitor)
    known: dict[str, object] = {
        "held": held, "takers": _takers(visitor), "waiting": waiting, "trouble": trouble, "post": post, "taker": taker,
        "token": request.POST.get("token") or once.token(),
    }  # fmt: skip
    return show(request, visitor, "desk/handover.html", known, status=UNPROCESSABLE if trouble else 200)


def _offered(request: HttpRequest, visitor: Visitor, post: str, taker: str) -> HttpResponse:
    """Offer the post once, and go to the case in which it is accepted."""
    giver, role, unit = (*post.split(APART), "", "", "")[:3]
    token = request.POST.get("token", "")
    actor, city = visitor.actor, visitor.city
    number, _ = once.once(actor.key, token, lambda: posts.offer(giver, role, unit, taker, actor, city).entries.get())
    told.done(request, visitor.wording.say("The handover is offered; it counts when it is accepted."))
    return HttpResponseRedirect(f"/desk/case/{number}")


def _held(visitor: Visitor) -> list[Held]:
    """The person's own posts; of a leader, those of everybody in the house."""
    city, wording = visitor.city, visitor.wording
    today = city.calendar.local(visitor.at).date()
    led = [post.unit for post in visitor.actor.posts if post.role == LEADER]
    found = []
    for key, person in city.people.items():
        for post in person.posts:
            mine = key == visitor.actor.key or any(same_house(post.unit, unit, city) for unit in led)
            if mine and post.valid(today) and post.role not in KEPT:
                count = posts.with_post(key, post.role, post.unit, city).count()
                words = " · ".join([person.name, wording.of(people(post.role)), wording.unit(post.unit)])
                found.append(Held(APART.join((key, post.role, post.unit)), words, count))
    return found


def _takers(visitor: Visitor) -> list[tuple[str, str]]:
    """Everybody who works in a house where this person holds a post, by key and name."""
    city, wording = visitor.city, visitor.wording
    today = city.calendar.local(visitor.at).date()
    mine = {post.unit for post in visitor.actor.posts}
    return [
        (key, f"{person.name} {wording.unit(person.unit)}")
        for key, person in city.people.items()
        if any(same_house(post.unit, unit, city) for post in city.posts(key, on=today) for unit in mine)
    ]
