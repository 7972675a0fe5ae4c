"""The form by which a resident opens a case. Sent twice it is one case; above the measure of an hour it is kept too."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase

from huying.city import store
from huying.errors import HuyingError
from huying.intake.limits import Hourly, address
from huying.ledger import number
from huying.ledger.actor import REQUESTER
from huying.ledger.find import PUBLIC
from huying.ledger.models import Case
from huying.ledger.record import Intake, open_case
from huying.ledger.said import Upload
from huying.pages.language import spoken
from huying.portal import form, links, nearby, public, uploads
from huying.portal.models import Link
from huying.portal.page import show, words

SOURCE = "portal"
MOST_AN_HOUR = 20
calls = Hourly()
"""Calls by address: above MOST_AN_HOUR they are kept, and a person looks at them first."""


def report(request: HttpRequest) -> HttpResponseBase:
    """The empty form, or the call that it opens."""
    if request.method in ("GET", "HEAD"):
        reading = form.read(uploads.Sent(request.GET), store.current(), spoken(request))
        reading.wrong.clear()
        reading.once = links.new_once()
        return _page(request, reading)
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "POST"])
    reading = form.read(uploads.read(request), store.current(), spoken(request))
    if reading.sent.word("look"):
        reading.wrong = {name: why for name, why in reading.wrong.items() if name == form.WHOLE}
        return _page(request, reading, looked=True)
    return _sent(request, reading)


def near(request: HttpRequest) -> HttpResponseBase:
    """What others reported here already, as a piece of the page; posted, so that no log keeps where somebody is."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    reading = form.read(uploads.read(request), store.current(), spoken(request))
    return show(request, "near", _near(reading))


def _sent(request: HttpRequest, reading: form.Reading) -> HttpResponse:
    """Open the call, unless it was opened before or something is wrong."""
    if reading.wrong:
        return _page(request, reading, status=400)
    word, sent = links.word_of(reading.once), fingerprint(reading.said)
    known = links.made(word)
    if known is None:
        try:
            _opened(request, reading, word, sent)
        except HuyingError as error:
            reading.blame(error)
            return _page(request, reading, status=400)
    elif known.sent != sent:
        return _page(request, reading, status=409, before=known, word=word)
    return HttpResponseRedirect(f"/receipt/{word}", status=303)


def _opened(request: HttpRequest, reading: form.Reading, word: str, sent: str) -> None:
    over = calls.note(address(request)) > MOST_AN_HOUR
    said = {**reading.said, "over_limit": "yes"} if over else reading.said

    def beside(case: Case) -> None:
        links.make(case, word, sent, outside=reading.outside)

    ref = hashlib.sha256(reading.once.encode()).hexdigest()
    try:
        open_case(Intake(PUBLIC, said, source_system=SOURCE, source_ref=ref), REQUESTER, beside=beside)
    except IntegrityError:
        # The same form was being opened at the same time: that one counts.
        if links.made(word) is None:
            raise


def fingerprint(said: Mapping[str, object]) -> str:
    """A keyed hash of what was said, which tells a retry from another call and nothing else."""
    whole = json.dumps(said, sort_keys=True, default=_hashed)
    return hmac.new(settings.SECRET_KEY.encode(), f"report:{whole}".encode(), hashlib.sha256).hexdigest()


def _hashed(value: object) -> str:
    assert isinstance(value, Upload)
    return hashlib.sha256(value.content).hexdigest()


def _page(
    request: HttpRequest,
    reading: form.Reading,
    *,
    status: int = 200,
    looked: bool = False,
    before: Link | None = None,
    word: str = "",
) -> HttpResponse:
    city, language = reading.city, reading.language
    context = {
        "values": reading.values,
        "wrong": reading.wrong,
        "once": reading.once,
        "danger": city.dangerous(reading.values["text"]),
        "danger_words": form.danger_words(city),
        "categories": form.categories(city, language),
        "areas": form.areas(city, language),
        "most": uploads.MOST_PHOTOS,
        "lost_photos": bool(reading.wrong) and bool(reading.sent.photos),
        "privacy": words(city.texts.get("portal_privacy", {}), language),
        "looked": looked,
        "before": number.said(before.case.number) if before else "",
        "before_link": f"/my/{word}" if before else "",
        **(_near(reading) if looked else {}),
    }
    return show(request, "report", context, status=status, personal=request.method == "POST")


def _near(reading: form.Reading) -> dict[str, object]:
    said, values = reading.said, reading.values
    point = (float(values["lat"]), float(values["long"])) if "point" in said else None
    found = nearby.near(
        reading.city, point=point, area=str(said.get("area", "")), category=str(said.get("category", ""))
    )
    return {"near": public.told(found, reading.city, reading.language), "looked": True}
