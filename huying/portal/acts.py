"""What a requester does by their link: the way that the page offers, to the act that the procedure knows.

Where a phone was left, each act asks for its last four digits, and wrong ones may be tried five times an hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.http import HttpRequest

from huying.city import store
from huying.errors import BadFile, HuyingError, Refused, Stale, UnknownCase, say, sentence
from huying.intake.limits import Hourly, address
from huying.ledger import identity
from huying.ledger.actor import REQUESTER, Actor, person
from huying.ledger.models import Case, Entry
from huying.ledger.now import now
from huying.ledger.record import find, record
from huying.ledger.telling import tell
from huying.ledger.told import Telling
from huying.portal import links
from huying.portal.uploads import Sent

WAYS: Mapping[str, tuple[str, ...]] = {
    "solved": ("confirm", "confirm_promise"),
    "contest": ("redo", "redo_direct"),
    "add": ("add",),
    "chase": ("chase",),
    "withdraw": ("withdraw",),
    "reopen": ("reopen", "reopen_direct", "restore"),
    "seal": ("seal",),
}
NEEDED = {"contest": "reason", "reopen": "reason", "add": "text"}
MISSING = {
    "contest": "Say what isn't right, so that those who do it again know.",
    "reopen": "Say what is the matter now, so that those who take it up know.",
    "add": "Say what there is to add; a few words are enough.",
}
FIELDS = ("way", "seen", "contacted", "solved", "satisfied", "text", "reason")
LINKS_A_DAY, ASKS_AN_HOUR = 3, 10
AGAIN = timedelta(minutes=10)
"""A second chase within so little time is the same press of the button."""
asks = Hourly()


@dataclass
class Tried:
    """What came of an act. `values` are what was typed; `wrong` words by field, under `form` for the whole."""

    way: str
    values: dict[str, str]
    wrong: dict[str, str] = field(default_factory=dict)
    status: int = 400

    @property
    def done(self) -> bool:
        return not self.wrong


def open_ways(telling: Telling) -> frozenset[str]:
    """What the requester can do now."""
    allowed = {act.name for act in telling.acts if not act.why_not}
    return frozenset(way for way, names in WAYS.items() if allowed.intersection(names))


def bearer(request: HttpRequest) -> Actor:
    """Whoever holds a link: its requester; beside them whoever is signed in as staff in the same browser."""
    user, city = request.user, store.current()
    if not user.is_authenticated or user.get_username() not in city.people:
        return REQUESTER
    return replace(REQUESTER, beside=person(user.get_username(), city, city.calendar.local(now()).date()))


def do(case: Case, sent: Sent, actor: Actor, language: str) -> Tried:
    """Do what was asked for, once; what stands in the way is told beside its field, and nothing is lost."""
    tried = Tried(sent.word("way"), {name: sent.word(name) for name in FIELDS})
    if sent.broken or tried.way not in WAYS:
        tried.wrong["form"] = say("What you sent didn't arrive whole. Please send it again.", language)
        return tried
    _digits(case, sent, tried, language)
    name = NEEDED.get(tried.way, "")
    if name and not tried.values[name]:
        tried.wrong[name] = say(MISSING[tried.way], language)
    if sent.left_out:
        tried.wrong["photos"] = say(
            "Too large: {names}. A file may have 20 MB, all together 80 MB; everything else you wrote is kept here.",
            language,
            names="、".join(name[:60] for name in sent.left_out),
        )
    if not tried.wrong:
        _record(case, sent, tried, actor, language)
    return tried


def _digits(case: Case, sent: Sent, tried: Tried, language: str) -> None:
    if not identity.has_phone(case):
        return
    if links.tried_too_often(case):
        tried.wrong["digits"] = say(
            "Too many wrong digits. Try again in an hour, or call the hotline with your number.", language
        )
        tried.status = 429
    elif not links.fits(case, sent.word("digits")):
        tried.wrong["digits"] = say("These aren't the last four digits of the phone you left with us.", language)
        tried.status = 403


def _record(case: Case, sent: Sent, tried: Tried, actor: Actor, language: str) -> None:
    act = _act(case, tried.way)
    if not act:
        tried.wrong["form"] = say("This can't be done at this stage; the page shows how the case stands now.", language)
        tried.status = 409
        return
    if act == "chase" and _just_chased(case):
        return
    seen = tried.values["seen"]
    try:
        turn = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else -1
        record(case, act, actor, said(act, sent, tried, case), seen=turn)
    except Stale as error:
        tried.wrong["form"], tried.status = sentence(error, language), 409
    except HuyingError as error:
        beside = "photos" if isinstance(error, BadFile) else "form"
        tried.wrong[beside] = sentence(error, language)
        tried.status = 409 if isinstance(error, Refused) else 400


def _act(case: Case, way: str) -> str:
    """The act that a way means at this stage: one of them is open, or none."""
    allowed = {act.name for act in tell(case, REQUESTER).acts if not act.why_not}
    return next((name for name in WAYS[way] if name in allowed), "")


def said(act: str, sent: Sent, tried: Tried, case: Case) -> dict[str, object]:
    """What the ledger is told: the same questions as at the call-back."""
    values = {name: tried.values[name] for name in ("contacted", "solved", "satisfied") if tried.values[name]}
    if act == "confirm":
        solved = values.setdefault("solved", "yes")
        lowered = solved == "partly" and case.folded().outcome == "fixed"
        return {**values, **({"outcome": "partly_fixed"} if lowered else {}), "text": tried.values["text"]}
    if act == "confirm_promise":
        values.pop("solved", None)
        return {**values, "text": tried.values["text"]}
    if act in ("redo", "redo_direct"):
        return {**values, "solved": "no", "reason": tried.values["reason"]}
    if act == "add":
        return {"text": tried.values["text"], "evidence": sent.photos}
    if act == "chase":
        return {"text": tried.values["text"]}
    return {"reason": tried.values["reason"]} if act != "seal" else {}


def _just_chased(case: Case) -> bool:
    last = Entry.objects.filter(case=case, act="chase", actor="requester").order_by("-seq").first()
    return last is not None and last.at > now() - AGAIN


def ask_link(request: HttpRequest, number: str, phone: str) -> None:
    """Let another link be sent where number and phone belong together; whoever asks hears nothing of it."""
    if asks.note(address(request)) > ASKS_AN_HOUR:
        return
    try:
        case = find(number)
    except UnknownCase:
        return
    today = Entry.objects.filter(case=case, act="ask_link", at__gt=now() - timedelta(days=1)).count()
    if today < LINKS_A_DAY and identity.belongs(case, phone):
        record(case, "ask_link", REQUESTER, {}, seen=None)
