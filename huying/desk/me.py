"""A person's own page: posts, sessions, second factor, language."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from huying.desk import sittings, totp
from huying.desk.asked import whole
from huying.desk.page import show
from huying.desk.visitor import SURE, Visitor, signed_in
from huying.errors import say
from huying.ledger.vocabulary import people


@require_safe
@signed_in
def me(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Who I am here."""
    wording = visitor.wording
    posts = [f"{wording.of(people(post.role))} · {wording.unit(post.unit)}" for post in visitor.actor.posts]
    known = {"posts": posts, "sittings": sittings.of(visitor.user), "enrolled": totp.enrolled(visitor.user)}
    return show(request, visitor, "desk/me.html", known)


@require_POST
@signed_in
def end(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """End one of my sessions, this one included."""
    pk = whole(str(request.POST.get("sitting", "")))
    if pk is not None:
        sittings.end(visitor.user, pk)
    return HttpResponseRedirect("/desk/me")


@require_http_methods(["GET", "POST"])
@signed_in
def second(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show a code, for this session; the first time the key is set up. A key that was confirmed isn't shown again."""
    asked = str(request.POST.get("next") or request.GET.get("next") or "/desk/me")
    back = asked if asked.startswith("/desk/") and url_has_allowed_host_and_scheme(asked, None) else "/desk/me"
    if request.method == "POST" and totp.fits(visitor.user, str(request.POST.get("code", ""))):
        request.session[SURE] = True
        return HttpResponseRedirect(back)
    known: dict[str, object] = {"next": back}
    if request.method == "POST":
        known["trouble"] = say(
            "That isn't the code of now. Type the one that your authenticator shows.", visitor.language
        )
    if not totp.enrolled(visitor.user):
        made = totp.enrol(visitor.user)
        city = visitor.wording.of(visitor.city.name)
        known |= {"secret": totp.spelled(made), "picture": totp.picture(made, visitor.actor.key, city)}
    return show(request, visitor, "desk/second.html", known, status=403 if "trouble" in known else 200)
