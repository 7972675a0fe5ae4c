"""Who looks at a page: an account, and through it a person of the city's data with today's posts.

Every address of the desk is a view behind `signed_in`: whoever isn't signed in, or has no post left, sees none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from huying.city import store
from huying.city.facts import ADMINISTRATORS, City
from huying.desk import sittings
from huying.desk.asked import unusable
from huying.desk.page import render, turned_away
from huying.errors import HuyingError, NotAllowed, UnknownCase
from huying.ledger.actor import Actor, person
from huying.ledger.now import now
from huying.ledger.vocabulary import PEOPLE, listed, people
from huying.ledger.wording import Wording
from huying.pages.language import spoken

SURE = "sure"
"""Under this name a session notes that the second factor was shown in it."""
P = ParamSpec("P")


@dataclass(frozen=True)
class Visitor:
    """One person at one request: the actor that they are today, the city in force, their language, the time."""

    user: User
    actor: Actor
    city: City
    language: str
    at: datetime
    sure: bool

    @property
    def roles(self) -> frozenset[str]:
        """The roles that the person holds today, deputised ones included."""
        return frozenset(post.role for post in self.actor.posts)

    def needs(self, roles: Collection[str], label: object) -> None:
        """Raise NotAllowed for what `label` says, unless the person holds one of these roles."""
        if not self.roles.intersection(roles):
            by = listed(people(role) for role in PEOPLE if role in roles)
            raise NotAllowed(actor=self.name, act=label, by=by)

    @property
    def name(self) -> str:
        """What the person is called."""
        return self.city.people[self.actor.key].name

    @property
    def wording(self) -> Wording:
        """The city's words in the person's language."""
        return Wording(self.city, self.language)


def signed_in(
    view: Callable[Concatenate[HttpRequest, Visitor, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view for people who are signed in; a deliberate error becomes a page that says it."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        visitor = visitor_of(request)
        if visitor is None:
            return to_entrance(request)
        if must_enrol(visitor) and not request.path.startswith("/desk/me"):
            return HttpResponseRedirect("/desk/me/second")
        try:
            if unusable(request):
                raise UnknownCase(number="")
            answer: HttpResponseBase = view(request, visitor, *args, **kwargs)
        except HuyingError as error:
            answer = turned_away(request, visitor, error)
        answer.setdefault("Cache-Control", "no-store")
        return answer

    update_wrapper(guarded, view)
    guarded.__dict__["guarded"] = True
    return guarded


def visitor_of(request: HttpRequest) -> Visitor | None:
    """The person behind a request; None where nobody is signed in, or the person has left the city's data."""
    user = request.user
    if not isinstance(user, User) or not user.is_active or not sittings.goes_on(request):
        return None
    city, at = store.current(), now()
    if user.username not in city.people:
        logout(request)
        return None
    actor = person(user.username, city, city.calendar.local(at).date())
    return Visitor(user, actor, city, spoken(request), at, bool(request.session.get(SURE)))


def must_enrol(visitor: Visitor) -> bool:
    """Administrators work with a second factor only; the invented people of the demo have none."""
    return settings.HUYING_MODE != "demo" and bool(ADMINISTRATORS & visitor.roles) and not visitor.sure


def to_entrance(request: HttpRequest) -> HttpResponse:
    """To the entrance, and from there back; what was typed is kept in the browser and stands there again."""
    back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/desk/")
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = f"/desk/login?{urlencode({'next': _own(request, back), 'ended': 1})}"
        return answer
    if request.method == "GET":
        return HttpResponseRedirect(f"/desk/login?{urlencode({'next': back})}")
    return render(request, "desk/ended.html", {"back": _own(request, back)}, status=401)


def _own(request: HttpRequest, address: str) -> str:
    """The path of an address of our own."""
    start = request.build_absolute_uri("/")
    return f"/{address.removeprefix(start)}" if address.startswith(start) else "/desk/"
