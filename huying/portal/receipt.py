"""The receipt: the number, the promise, the personal link, the fingerprint. It can be printed."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from huying.errors import say
from huying.ledger import find, number
from huying.ledger.actor import REQUESTER
from huying.ledger.fold import State
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.telling import Teller
from huying.pages.language import spoken
from huying.portal import links
from huying.portal.page import show
from huying.portal.promise import promise


def receipt(request: HttpRequest, word: str) -> HttpResponse:
    """What whoever sent a call has in hand. Only the link of a receipt has one; opening it changes nothing."""
    found = links.find(word)
    if found.case is None or found.receipt is None:
        return no_link(request, ended=found.ended)
    case, language = found.case, spoken(request)
    teller = Teller(case, REQUESTER, language, now())
    telling = teller.told()
    texts = " ".join(row.body for row in teller.documents.values() if row.field in ("text", "title"))
    context = {
        "number": number.said(case.number),
        "title": telling.title,
        "opened": case.opened,
        "link": f"{settings.HUYING_PUBLIC_URL}/my/{word}",
        "word": word,
        "promise": promise(teller.state, telling, teller.wording, now()),
        "fingerprint": blocks(teller.entries[0].hash),
        "outside": found.receipt.outside,
        "danger": teller.city.dangerous(texts),
        "sealed": sealed_words(teller.state, language),
        "steps": steps(case),
    }
    return show(request, "receipt", context, personal=True)


def no_link(request: HttpRequest, *, ended: bool) -> HttpResponse:
    """A word that opens nothing, or no longer; another link can be asked for."""
    return show(request, "gone", {"ended": ended}, status=410 if ended else 404, personal=True)


def blocks(hashed: str) -> list[str]:
    """A fingerprint in blocks of four, as it is compared by eye."""
    return [hashed[place : place + 4] for place in range(0, len(hashed), 4)]


def sealed_words(state: State, language: str) -> str:
    """What was asked for about the requester's identity."""
    return say(_SEALED[state.sealed], language) if state.sealed in _SEALED else ""


_SEALED = {
    "report": "Sealed, as every report of wrongdoing",
    "confidential": "Kept confidential for you",
    "anonymous": "Anonymous: we keep no name",
}


def steps(case: Case) -> int:
    """How far the case has come, of the five steps on the receipt."""
    reached = {entry.act for entry in find.entries(case).only("act")}
    order = ({"open"}, {"dispatch"}, {"contact"}, {"sign", "explain"}, {"confirm", "confirm_promise"})
    return max(place for place, acts in enumerate(order, 1) if acts & reached)
