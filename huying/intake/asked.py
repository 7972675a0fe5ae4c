"""One request at a door: in which form and language the answer goes, for which jurisdiction, with which key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation.trans_real import parse_accept_lang_header

from huying.city import store
from huying.city.facts import City
from huying.errors import (
    NoKey,
    SentTwice,
    TooMany,
    TooManyWrongKeys,
    UnknownJurisdiction,
    WrongKey,
    WrongScope,
    say,
)
from huying.intake import keys, limits
from huying.intake.answer import JSON, XML
from huying.intake.models import Key

SANDBOX = "sandbox"
Words = Mapping[str, str]


@dataclass(frozen=True)
class Asked:
    """What every answer of a door depends on. `city` is the one version that the whole answer is made from."""

    request: HttpRequest
    form: str
    language: str
    sandbox: bool
    city: City = field(default_factory=store.current)

    def say(self, msgid: str, **params: object) -> str:
        """A sentence in the caller's language."""
        return say(msgid, self.language, **params)

    def of(self, words: Words) -> str:
        """Words by language in the caller's language."""
        return words.get(self.language) or words["zh-Hans"]

    def joined(self, words: Iterable[Words]) -> str:
        """Several words as one list in the caller's language."""
        return (", " if self.language == "en" else "，").join(self.of(each) for each in words)

    def local(self, moment: datetime | None) -> str | None:
        """An instant as W3C writes it, in the city's zone: 2026-06-15T09:00:00+08:00."""
        return self.city.calendar.local(moment).isoformat(timespec="seconds") if moment else None

    def absolute(self, path: str) -> str:
        """The whole address of a path of this server."""
        return self.request.build_absolute_uri(path)

    def within(self, jurisdiction: str) -> Asked:
        """The same, for the jurisdiction that was named; "" is the one of the address. Raises UnknownJurisdiction."""
        if jurisdiction in ("", SANDBOX if self.sandbox else self.city.code):
            return self
        if jurisdiction == SANDBOX:
            return replace(self, sandbox=True)
        raise UnknownJurisdiction(jurisdiction=jurisdiction[:60], known=SANDBOX if self.sandbox else self.city.code)


def form_of(request: HttpRequest, suffix: str | None) -> str:
    """The form of the answer: what the address ends in, else what the caller prefers, else XML."""
    if suffix:
        return suffix
    preferred = request.get_preferred_type(["text/xml", "application/xml", "application/json"])
    return JSON if preferred == "application/json" else XML


def language_of(request: HttpRequest) -> str:
    """The caller's language: Chinese unless English is asked for before it."""
    for tag, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:500]):
        if tag.split("-")[0] in ("zh", "en"):
            return "en" if tag.startswith("en") else "zh-Hans"
    return "zh-Hans"


def one(values: Iterable[str], name: str) -> str:
    """The one value that was sent; nothing and an empty one are the same. Raises SentTwice."""
    said = [value for value in values if value.strip()]
    if len(said) > 1:
        raise SentTwice(field=name, times=len(said))
    return said[0] if said else ""


def questioner(asked: Asked) -> None:
    """Let a question through: a valid key or none, within the limit. Raises WrongKey, TooMany and their like."""
    secret = one(asked.request.GET.getlist("api_key"), "api_key")
    key = _known(asked, secret) if secret else None
    name = f"key:{key.pk}" if key else limits.address(asked.request)
    most = key.per_hour if key else settings.HUYING_QUESTIONS
    if limits.questions.note(name) > most:
        raise TooMany(most=most, minutes=-(-limits.seconds_left() // 60))


def caller(asked: Asked, secret: str) -> Key:
    """The key of somebody who sends a call. Raises NoKey, WrongKey, TooManyWrongKeys or WrongScope."""
    if not secret:
        raise NoKey()
    key = _known(asked, secret)
    if key.scope not in (("write", "sandbox") if asked.sandbox else ("write",)):
        raise WrongScope(key=key.pk, scope=keys.SCOPES[key.scope])
    return key


def _known(asked: Asked, secret: str) -> Key:
    key = keys.known(secret)
    if key is None:
        if limits.wrong_keys.note(limits.address(asked.request)) > limits.WRONG_KEYS:
            raise TooManyWrongKeys(minutes=-(-limits.seconds_left() // 60))
        raise WrongKey()
    return key
