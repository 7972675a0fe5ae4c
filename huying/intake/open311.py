"""GeoReport v2, the door for other systems: each address of it, from the question to the answer.

What the specification asks stands in docs/reference/open311.md. Cases are read through `find` as PublicView
and written through `open_case`; a question can't change anything.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

from huying.errors import BadForm, HuyingError, NoSuchAddress, UnknownToken, WrongMethod, say
from huying.intake import body, calls, listing, updates
from huying.intake import services as catalogue
from huying.intake.answer import JSON, XML, Node, answer
from huying.intake.asked import Asked, caller, form_of, language_of, one, questioner
from huying.intake.description import described
from huying.intake.discovery import discovered
from huying.intake.faults import Several, told
from huying.intake.models import Key, Retry
from huying.ledger.writing import told as storage_told

log = logging.getLogger(__name__)
READ = ("GET", "HEAD", "OPTIONS")
Door = Callable[..., HttpResponse]
_UNFORESEEN = "Something went wrong that nobody foresaw. Nothing was kept; please tell the city."


def door(*methods: str) -> Callable[[Callable[..., HttpResponse]], Door]:
    """Make a view of a function that answers what was asked: its form, language, methods and mistakes."""

    def wrap(answering: Callable[..., HttpResponse]) -> Door:
        def view(request: HttpRequest, place: str = "", form: str | None = None, **parts: str) -> HttpResponse:
            wanted, language = form_of(request, form), language_of(request)
            response = _tried(request, methods, wanted, language, lambda asked: answering(asked, **parts), place)
            response["Content-Language"] = "en" if language == "en" else "zh-CN"
            response["Vary"] = "Accept, Accept-Language"
            if request.method in READ:
                response["Access-Control-Allow-Origin"] = "*"
            return response

        return view

    return wrap


def _tried(
    request: HttpRequest,
    methods: tuple[str, ...],
    form: str,
    language: str,
    answering: Callable[[Asked], HttpResponse],
    place: str,
) -> HttpResponse:
    """The answer, or what is wrong in its form; nothing that is sent gets a page of Python or of HTML."""
    try:
        if request.method == "OPTIONS":
            return _options(methods)
        if request.method not in methods:
            raise WrongMethod(method=str(request.method)[:20], allowed=", ".join((*methods, "OPTIONS")))
        with storage_told():
            return answering(Asked(request, form, language, place.startswith("sandbox")))
    except HuyingError as error:
        return told([error], form, language)
    except Several as several:
        return told(several.errors, form, language)
    except SuspiciousOperation as error:
        return told([BadForm(why=str(error)[:100])], form, language)
    except Exception:
        log.exception("%s %s", request.method, request.path)
        row: Node = {"code": 500, "description": say(_UNFORESEEN, language)}
        return answer("errors", [row], form, status=500)


def _options(methods: tuple[str, ...]) -> HttpResponse:
    """Which methods there are; a browser may read from anywhere, and send from nowhere."""
    response = HttpResponse(status=204)
    response["Allow"] = ", ".join((*methods, "OPTIONS"))
    response["Access-Control-Allow-Methods"] = ", ".join(READ)
    response["Access-Control-Allow-Headers"] = "Accept, Accept-Language"
    response["Access-Control-Max-Age"] = "86400"
    return response


def _questioned(asked: Asked) -> Asked:
    """A question that may be answered: within its limit, for a jurisdiction that is here."""
    questioner(asked)
    return asked.within(one(asked.request.GET.getlist("jurisdiction_id"), "jurisdiction_id"))


@door("GET", "HEAD")
def discovery(asked: Asked) -> HttpResponse:
    """What interfaces there are and where; its content types have no charset, as the specification has it."""
    questioner(asked)
    kind = "text/xml" if asked.form == XML else "application/json"
    return answer("discovery", discovered(asked), asked.form, kind=kind)


@door("GET", "HEAD")
def services(asked: Asked) -> HttpResponse:
    """GET services."""
    asked = _questioned(asked)
    return answer("services", catalogue.services(asked), asked.form)


@door("GET", "HEAD")
def definition(asked: Asked, code: str) -> HttpResponse:
    """GET services/CODE: what the service asks."""
    asked = _questioned(asked)
    return answer("service_definition", catalogue.definition(asked, code), asked.form)


@door("GET", "HEAD", "POST")
def requests(asked: Asked) -> HttpResponse:
    """GET requests, or POST one."""
    node = _received(asked) if asked.request.method == "POST" else listing.requests(_questioned(asked))
    return answer("service_requests", node, asked.form)


def _received(asked: Asked) -> Node:
    """Open the call that was sent: by whom, where and what, in this order."""
    asked, form, key = _sent(asked)
    return calls.received(asked, form, key)


def _sent(asked: Asked) -> tuple[Asked, body.Form, Key]:
    """The form that was sent, for which jurisdiction, and with whose key."""
    form = body.read(asked.request)

    def said(name: str) -> str:
        # These two, and nothing of the call itself, may stand in the address: addresses end up in logs.
        return one((*form.fields.get(name, ()), *asked.request.GET.getlist(name)), name)

    asked = asked.within(said("jurisdiction_id"))
    return asked, form, caller(asked, said("api_key"))


@door("GET", "HEAD")
def request(asked: Asked, number: str) -> HttpResponse:
    """GET requests/NUMBER."""
    asked = _questioned(asked)
    return answer("service_requests", listing.request(asked, number), asked.form)


@door("GET", "HEAD", "POST")
def changes(asked: Asked, number: str) -> HttpResponse:
    """GET the stages of a request, or POST what its requester does: an extension."""
    if asked.request.method == "POST":
        asked, form, key = _sent(asked)
        return answer("service_requests", updates.received(asked, number, form, key), asked.form)
    asked = _questioned(asked)
    return answer("request_updates", updates.told(asked, number), asked.form)


@door("GET", "HEAD")
def token(asked: Asked, token: str) -> HttpResponse:
    """GET tokens/TOKEN: the number of the call that was sent under this Idempotency-Key, or of itself."""
    asked = _questioned(asked)
    view = listing.view_of(asked, token)
    found = view.number if view else _by_key(token)
    if not found:
        raise UnknownToken(token=token[:60])
    return answer("service_requests", [{"service_request_id": found, "token": token}], asked.form)


def _by_key(token: str) -> str:
    """The number under an Idempotency-Key; nothing where two senders happen to have used the same one."""
    numbers = set(Retry.objects.filter(token=calls.token_of(token)).values_list("number", flat=True)[:2])
    return numbers.pop() if len(numbers) == 1 else ""


@door("GET", "HEAD")
def openapi(asked: Asked) -> HttpResponse:
    """The description of this door for machines."""
    return answer("", described(asked), JSON, kind="application/json")


@door("GET", "HEAD", "POST")
def nowhere(asked: Asked) -> HttpResponse:
    """Any other address below this door."""
    raise NoSuchAddress(address=asked.absolute("/open311/v2/openapi.json"))


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What can't be read before any address is found, such as a host name that isn't ours: in form at this door."""
    if request.path.startswith("/open311"):
        return told([BadForm(why=str(exception)[:100])], form_of(request, None), language_of(request))
    return bad_request(request, exception)
