"""Who called, sealed: each look gives a reason and leaves an entry; phones are found by a keyed hash only.

The unit a case is about, and its subtree, never see identity or original (promise 13). Confidential and
anonymous callers are reached through the hotline's desk or their own page, not by the handling unit.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from django.conf import settings

from huying.city.facts import City
from huying.errors import BadValue, NotAllowed
from huying.ledger import said as reading
from huying.ledger.actor import Actor, accused, covers, same_house
from huying.ledger.fold import State
from huying.ledger.models import Case, Document, Identity


@dataclass(frozen=True)
class Requester:
    """Who called, as they gave it; every part is optional and an anonymous caller gives none."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""


def phone_key(phone: str) -> str:
    """The keyed hash by which a phone is found: HMAC-SHA256 over its digits with the city's secret."""
    digits = re.sub(r"\D", "", phone).removeprefix("0086").removeprefix("86")
    if not digits:
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), f"phone:{digits}".encode(), hashlib.sha256).hexdigest()


def checked(requester: Requester) -> Requester:
    """The requester with every part checked as text. Raises BadValue for a phone that is none."""
    parts = {name: reading.text(getattr(requester, name), _LABELS[name]) for name in _LABELS}
    if parts["phone"] and not re.fullmatch(r"\+?[\d\s()\-]{5,24}", parts["phone"]):
        raise BadValue(field=_LABELS["phone"], value=parts["phone"][:40], expected=_PHONE)
    for name, most in (("name", 100), ("email", 254), ("address", 300)):
        if len(parts[name]) > most:
            raise BadValue(field=_LABELS[name], value=parts[name][:20] + "…", expected=f"≤ {most}")
    return Requester(**parts)


def keep(case: Case, requester: Requester) -> None:
    """Keep a new case's requester, in the opening's transaction."""
    if requester != Requester():
        Identity.objects.create(case=case, phone_key=phone_key(requester.phone), **vars(requester))


def correct(case: Case, requester: Requester) -> None:
    """Put the right requester in a wrong one's place; the act `correct_identity` records that it was done."""
    found, _ = Identity.objects.get_or_create(case=case)
    for name, value in vars(requester).items():
        setattr(found, name, value)
    found.phone_key = phone_key(requester.phone)
    found.corrected += 1
    found.save()


def refuse_look(actor: Actor, state: State, city: City) -> None:
    """Raise NotAllowed unless the actor may see who called and the sealed original.

    Ordinary: the lead's handlers and the hotline's desks. Confidential, anonymous, reports of wrongdoing:
    intake and call-back desks only.
    """
    if not accused(actor, state, city):
        for post in actor.posts:
            desk = post.role in ("intake", "callback") and covers(post, state, city)
            handler = post.role == "handler" and same_house(post.unit, state.lead, city)
            if desk or (handler and not state.sealed):
                return
    act = {"zh-Hans": "查看身份", "en": "look at the identity"}
    who = city.people[actor.key].name if actor.key in city.people else actor.key
    raise NotAllowed(actor=who, act=act, by="intake、callback、handler@lead")


def shown(case: Case) -> tuple[Requester, tuple[Document, ...]]:
    """The identity and the sealed originals, for the caller who has just recorded the look."""
    found = Identity.objects.filter(case=case, erased=None).first()
    who = Requester(found.name, found.phone, found.email, found.address) if found else Requester()
    return who, tuple(Document.objects.filter(case=case, sealed=True, erased=None).order_by("id"))


def cases_of(phone: str) -> list[Case]:
    """Earlier cases of a number, newest first: for number, date and stage only."""
    key = phone_key(phone)
    return list(Case.objects.filter(identity__phone_key=key).order_by("-id")[:50]) if key else []


_LABELS = {
    "name": {"zh-Hans": "姓名", "en": "Name"},
    "phone": {"zh-Hans": "电话", "en": "Phone"},
    "email": {"zh-Hans": "邮箱", "en": "E-mail"},
    "address": {"zh-Hans": "地址", "en": "Address"},
}
_PHONE = {"zh-Hans": "电话号码，如 13800000000", "en": "a phone number such as 13800000000"}
