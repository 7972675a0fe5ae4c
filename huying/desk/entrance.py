"""Signing in and out: name and password, then the second factor where there is one; in the demo one button a role."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from huying.city import store
from huying.city.facts import ROLES, City
from huying.desk import accounts, rail, sittings, totp
from huying.desk.page import render
from huying.desk.visitor import SURE, Visitor, signed_in, visitor_of
from huying.errors import say, sentence
from huying.ledger import lists
from huying.ledger.now import now
from huying.ledger.vocabulary import people
from huying.pages.language import COOKIE, spoken

BACKEND = "django.contrib.auth.backends.ModelBackend"
HALF = "half"
"""Under this name a session keeps who has shown the password but not yet the code."""
TRIES = 5
LONGEST_NAME = 100


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """The entrance. Which of name and password was wrong, it doesn't say."""
    typed = str(request.POST.get("name", "")).replace("\0", "").strip()[:LONGEST_NAME]
    trouble = ""
    if request.method == "POST":
        user = authenticate(request, username=typed, password=str(request.POST.get("password", "")))
        if isinstance(user, User) and user.username in store.current().people:
            return _half_in(request, user)
        locked = getattr(request, "axes_locked_out", False)
        message = (
            "Too many wrong tries. Wait a quarter of an hour, then try again, or ask the administrator for a new link."
            if locked
            else "Name or password is wrong."
        )
        trouble = say(message, spoken(request))
    context = {"trouble": trouble, "typed": typed, "next": _back(request), "ended": "ended" in request.GET}
    context["roles"] = list(_roles(store.current(), spoken(request))) if settings.HUYING_MODE == "demo" else []
    return render(request, "desk/login.html", context, status=403 if trouble else 200)


def _back(request: HttpRequest) -> str:
    """Where to go afterwards: an address of our own, nothing else."""
    asked = str(request.POST.get("next") or request.GET.get("next") or "")
    own = url_has_allowed_host_and_scheme(asked, allowed_hosts=None) and asked.startswith("/desk/")
    return asked if own else ""


def _half_in(request: HttpRequest, user: User) -> HttpResponse:
    """In at once, or on to the code."""
    if not totp.enrolled(user):
        return _in(request, user, sure=False)
    request.session.cycle_key()
    request.session[HALF] = [user.pk, 0, _back(request)]
    return HttpResponseRedirect("/desk/code")


def _in(request: HttpRequest, user: User, *, sure: bool, back: str = "") -> HttpResponse:
    back = back or _back(request)
    login(request, user, backend=BACKEND)
    request.session[SURE] = sure
    sittings.begin(request, user)
    visitor = visitor_of(request)
    return HttpResponseRedirect(back or (rail.first(visitor) if visitor else "/desk/login"))


@require_http_methods(["GET", "POST"])
def second(request: HttpRequest) -> HttpResponse:
    """The code of the authenticator, after the password; five wrong ones and the password is asked again."""
    pk, tries, back = request.session.get(HALF, (0, 0, ""))
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or tries >= TRIES:
        request.session.flush()
        return HttpResponseRedirect("/desk/login")
    if request.method == "POST" and totp.fits(user, str(request.POST.get("code", ""))):
        return _in(request, user, sure=True, back=back)
    trouble = ""
    if request.method == "POST":
        request.session[HALF] = [pk, tries + 1, back]
        trouble = say("That isn't the code of now. Type the one that your authenticator shows.", spoken(request))
    return render(request, "desk/code.html", {"trouble": trouble}, status=403 if trouble else 200)


@require_POST
@signed_in
def leave(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Out; the browser forgets the drafts of this person."""
    sittings.end_own(request)
    logout(request)
    answer = HttpResponseRedirect("/desk/login")
    answer["Clear-Site-Data"] = '"storage"'
    return answer


@require_POST
def play(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo's invented people. Nowhere but in demo mode."""
    key = str(request.POST.get("key", ""))
    if settings.HUYING_MODE != "demo" or key not in store.current().people:
        raise Http404
    user, _ = User.objects.get_or_create(username=key)
    return _in(request, user, sure=True)


def _roles(city: City, language: str) -> Iterator[tuple[str, str, str]]:
    """For each role somebody who holds it and has something to do: key, role, name with unit."""
    today = city.calendar.local(now()).date()
    busy = lists.busy()
    whole = {code for code, unit in city.units.items() if unit.serves == city.root.code}
    posted = sorted(city.posted(today), key=lambda pair: (-busy.get(pair[1].unit, 0), pair[1].unit not in whole))
    for role in ROLES:
        key = next((key for key, post in posted if post.role == role), "")
        if key:
            unit = city.units[city.people[key].unit].name
            where = unit.get(language) or unit["zh-Hans"]
            yield key, people(role)[language], f"{city.people[key].name} · {where}"


@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, code: str, token: str) -> HttpResponse:
    """The page of a one-time link: choose a password, and be in."""
    user = accounts.invited(code, token)
    if user is None:
        return render(request, "desk/welcome.html", {"used": True}, status=410)
    trouble = ""
    if request.method == "POST":
        password = str(request.POST.get("password", ""))
        try:
            if password != request.POST.get("again"):
                trouble = say("The two passwords differ.", spoken(request))
            else:
                accounts.choose(user, password)
                return _half_in(request, user)
        except accounts.WeakPassword as weak:
            trouble = sentence(weak, spoken(request))
    person = store.current().people.get(user.username)
    return render(request, "desk/welcome.html", {"trouble": trouble, "key": user.username, "person": person})


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Choose the language of the pages; a browser keeps it."""
    answer = HttpResponseRedirect(_back(request) or "/desk/login")
    answer.set_cookie(COOKIE, "en" if request.POST.get("language") == "en" else "zh-Hans", 31536000, samesite="Lax")
    return answer


def lost(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came without its token: the session ended, or the page is another site's."""
    return render(request, "desk/ended.html", {"back": "/desk/"}, status=403)
