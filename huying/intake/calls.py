"""A call that comes as a GeoReport form: read against the declared fields, opened once, answered with its number.

A retry under the same Idempotency-Key or source reference is the same case. A call over its key's limit is
kept like any other, and asks for a person's look.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError

from huying.errors import (
    BadValue,
    HuyingError,
    NoPlace,
    NotSent,
    OtherCall,
    SentTwice,
    TooLong,
    UnknownArea,
    UnknownField,
)
from huying.intake import limits, listing, services, trials
from huying.intake.answer import Node
from huying.intake.asked import Asked, one
from huying.intake.body import Form
from huying.intake.faults import Several
from huying.intake.models import Key, Picture, Retry
from huying.ledger import documents, number, rulebook
from huying.ledger.actor import REQUESTER
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.record import Intake, open_case
from huying.ledger.said import Upload, text
from huying.ledger.vocabulary import Act, Field, named
from huying.ledger.writing import insert

MOST_DESCRIPTION = 4000
MOST_FILES = 10
MOST_ADDRESS = 2000
MOST_REFERENCE = 200
_ATTRIBUTE = re.compile(r"attribute\[([^\]]*)\](?:\[\d*\])?")
_DESCRIPTION = {"zh-Hans": "description（问题描述）", "en": "description"}
_URL = {"zh-Hans": "http 或 https 网址", "en": "an http or https address"}
_REFERENCE = {"zh-Hans": "1 至 200 个字符的一行文字", "en": "a line of 1 to 200 characters"}
_HEADER = {"zh-Hans": "1 至 200 个可见字符", "en": "1 to 200 visible characters"}
_FILES = {"zh-Hans": "至多 10 个文件", "en": "at most 10 files"}
_DEGREES = {"zh-Hans": "WGS-84 经纬度，如 38.5512", "en": "degrees in WGS-84, such as 38.5512"}


@dataclass
class Reading:
    """A form on its way to a call: what the ledger will be told, and what is wrong so far."""

    asked: Asked
    form: Form
    said: dict[str, object] = field(default_factory=dict)
    wrong: list[HuyingError] = field(default_factory=list)
    outside: bool = False

    def value(self, name: str) -> str:
        """The one value of a parameter, or nothing; sent twice it is wrong."""
        try:
            return one(self.form.fields.get(name, ()), name)
        except SentTwice as error:
            self.wrong.append(error)
            return ""


@dataclass(frozen=True)
class Source:
    """Where a call comes from: what makes a retry the same case, as the ledger keeps it."""

    system: str
    ref: str
    mark: str
    token: str


def received(asked: Asked, form: Form, key: Key) -> Node:
    """Open the call that the form holds and answer with its number. Raises Several with all that is wrong."""
    reading = read(asked, form)
    source = _source(reading, key)
    if reading.wrong:
        raise Several(reading.wrong)
    fingerprint = _fingerprint({**reading.said, "source_ref": reading.value("source_ref")})
    if asked.sandbox:
        opened = trials.opened(Intake(services.PROCEDURE, reading.said), key, source.mark)
        return _answer(reading, opened, over=False)
    known = _retried(source, fingerprint)
    if known:
        return _answer(reading, known, over=False)
    over = limits.over(key)
    return _answer(reading, _opened(reading, source, key, fingerprint, over=over), over=over)


# --- what was said


def read(asked: Asked, form: Form) -> Reading:
    """The form against the parameters of GeoReport and the declared fields; every mistake is noted, none raised."""
    reading = Reading(asked, form)
    for part in (_category, _place, _words, _caller, _files, _attributes):
        try:
            part(reading)
        except HuyingError as error:
            reading.wrong.append(error)
    return reading


def _category(reading: Reading) -> None:
    code = reading.value("service_code")
    if not code:
        raise NotSent(field="service_code")
    reading.said["category"] = services.service(reading.asked, code).code


def _place(reading: Reading) -> None:
    """A point, an address, or an area of the city; a point outside the city is kept for a person to look at."""
    lat, long = reading.value("lat"), reading.value("long")
    address, area = reading.value("address_string"), reading.value("address_id")
    if not (lat or long or address or area):
        raise NoPlace()
    if address:
        reading.said["place"] = address
    if area:
        reading.said["area"] = _area(reading.asked, area)
    if lat or long:
        degrees = _degrees("lat", lat, 90), _degrees("long", long, 180)
        reading.said["point"] = {"lat": lat.strip(), "long": long.strip()}
        found = reading.asked.city.area_at(*degrees)
        reading.outside = not found
        if found and not area:
            reading.said["area"] = found


def _area(asked: Asked, code: str) -> str:
    if code not in asked.city.areas:
        raise UnknownArea(area=code[:60])
    return code


def _degrees(name: str, said: str, most: int) -> float:
    if not said:
        raise NotSent(field=name)
    if not re.fullmatch(r"\s*[+-]?\d{1,3}(\.\d{1,30})?\s*", said, re.ASCII) or abs(float(said)) > most:
        raise BadValue(field=name, value=said[:40], expected=_DEGREES)
    return float(said)


def _words(reading: Reading) -> None:
    description = reading.value("description")
    if len(description) > MOST_DESCRIPTION:
        raise TooLong(field=_DESCRIPTION, length=len(description), most=MOST_DESCRIPTION)
    if description:
        reading.said["text"] = description
    urls = [url for name in ("media_url", "media_url[]") for url in reading.form.fields.get(name, ()) if url.strip()]
    for url in urls[MOST_FILES:]:
        raise BadValue(field="media_url", value=url[:40], expected=_FILES)
    if urls:
        reading.said["media_url"] = "\n".join(_url(url.strip()) for url in urls)


def _url(said: str) -> str:
    try:
        parts = urlsplit(said)
        fine = parts.scheme in ("http", "https") and parts.hostname and len(said) <= MOST_ADDRESS
    except ValueError:
        fine = False
    if not fine or re.search(r"[\s\x00-\x1f]", said):
        raise BadValue(field="media_url", value=said[:40], expected=_URL)
    return said


def _caller(reading: Reading) -> None:
    """Who called. What identifies a device or an account of somebody else's system isn't kept."""
    first, last = reading.value("first_name").strip(), reading.value("last_name").strip()
    chinese = bool(re.search(r"[\u3400-\u9fff]", first + last))
    name = f"{last}{first}" if chinese else f"{first} {last}".strip()
    parts = {"name": name, "phone": reading.value("phone"), "email": reading.value("email")}
    known = {part: said.strip() for part, said in parts.items() if said.strip()}
    if known:
        reading.said["requester"] = known


def _files(reading: Reading) -> None:
    files = reading.form.files
    if len(files) > MOST_FILES:
        raise BadValue(field="media", value=len(files), expected=_FILES)
    if files:
        reading.said["evidence"] = files


def _attributes(reading: Reading) -> None:
    known = {field.name: field for field in services.attributes()}
    act = rulebook.procedure(services.PROCEDURE).act("open")
    reading.said |= attributes_of(reading, known, act)


def attributes_of(reading: Reading, known: Mapping[str, Field], act: Act) -> dict[str, object]:
    """What was sent as `attribute[code]=value`, for the fields of an act. Raises UnknownField and their like."""
    said: dict[str, object] = {}
    for code, values in _sent(reading.form):
        if code not in known:
            labels = {name: field.label for name, field in known.items()}
            raise UnknownField(act=act.label, field=code[:40], fields=named(labels) if labels else "—")
        value = one(values, f"attribute[{code}]").strip()
        if value and known[code].type == "date":
            calendar = reading.asked.city.calendar
            value = calendar.local(listing.moment(value, f"attribute[{code}]", calendar)).date().isoformat()
        if value:
            said[code] = value
    return said


def _sent(form: Form) -> Iterator[tuple[str, tuple[str, ...]]]:
    sent: dict[str, tuple[str, ...]] = {}
    for name, values in form.fields.items():
        found = _ATTRIBUTE.fullmatch(name)
        if found:
            sent[found[1]] = sent.get(found[1], ()) + values
    yield from sent.items()


# --- once


def _source(reading: Reading, key: Key) -> Source:
    """What makes a retry the same case: the caller's own number, or its Idempotency-Key; else nothing does."""
    ref = ""
    try:
        ref = text(reading.value("source_ref"), "source_ref")
    except HuyingError as error:
        reading.wrong.append(error)
    if len(ref) > MOST_REFERENCE or "\n" in ref or "\r" in ref:
        reading.wrong.append(BadValue(field="source_ref", value=ref[:40], expected=_REFERENCE))
    once = reading.asked.request.headers.get("Idempotency-Key", "").strip()
    if once and not re.fullmatch(r"[\x21-\x7e ]{1,200}", once):
        reading.wrong.append(BadValue(field="Idempotency-Key", value=once[:40], expected=_HEADER))
    mark, token = (mark_of(once, key), token_of(once)) if once else ("", "")
    plain, retried = systems(key)
    return Source(plain, ref, mark, token) if ref or not once else Source(retried, mark, mark, token)


def systems(key: Key) -> tuple[str, str]:
    """The source systems of a key's calls: those with its own numbers or none, those with an Idempotency-Key."""
    return f"open311:{key.pk}", f"open311:{key.pk}:retry"


def mark_of(once: str, key: Key) -> str:
    """What is kept of a key's Idempotency-Key."""
    return hashlib.sha256(f"{key.pk}\0{once}".encode()).hexdigest()


def token_of(once: str) -> str:
    """What is kept of an Idempotency-Key for whoever asks with it and without a key."""
    return hashlib.sha256(once.encode(errors="replace")).hexdigest()


def _fingerprint(said: Mapping[str, object]) -> str:
    """A keyed hash of what was said, which tells a retry from another call and nothing else."""
    whole = json.dumps(said, sort_keys=True, default=_hashed)
    return hmac.new(settings.SECRET_KEY.encode(), f"call:{whole}".encode(), hashlib.sha256).hexdigest()


def _hashed(value: object) -> str:
    assert isinstance(value, Upload)
    return hashlib.sha256(value.content).hexdigest()


def _retried(source: Source, fingerprint: str) -> str:
    """The number of the call that came before under this Idempotency-Key. Raises OtherCall for another one."""
    rows = Retry.objects.raw("SELECT * FROM intake_retry WHERE mark = %s", [source.mark]) if source.mark else ()
    known = next(iter(rows), None)
    if known is not None and known.fingerprint != fingerprint:
        raise OtherCall()
    return known.number if known else ""


def _opened(reading: Reading, source: Source, key: Key, fingerprint: str, *, over: bool) -> str:
    """Open the call, once, and return its number."""
    said = {**reading.said, "over_limit": "yes"} if over else reading.said

    def beside(case: Case) -> None:
        limits.count(key)
        if source.mark:
            insert([Retry(mark=source.mark, token=source.token, fingerprint=fingerprint, number=case.number)])
        if "media_url" in said:
            _fetch_later(case)

    intake = Intake(services.PROCEDURE, said, source_system=source.system, source_ref=source.ref)
    try:
        return open_case(intake, REQUESTER, beside=beside).number
    except IntegrityError:
        # Another call under the same Idempotency-Key was being opened at the same time.
        known = _retried(source, fingerprint)
        if not known:
            raise
        return known


def _fetch_later(case: Case) -> None:
    given = documents.keys(case, "media_url")
    insert([Picture(document=key, number=case.number, due=now()) for key in given])


# --- what the caller hears


def _answer(reading: Reading, opened: str, *, over: bool) -> Node:
    between = " " if reading.asked.language == "en" else ""
    notice = between.join(_notices(reading, opened, over=over))
    return [{"service_request_id": opened, "service_notice": notice, "account_id": None}]


def _notices(reading: Reading, opened: str, *, over: bool) -> Iterator[str]:
    """What to do in danger comes first; then the number, and what a person will look at."""
    asked = reading.asked
    if asked.city.dangerous(f"{reading.said.get('text', '')} {reading.said.get('title', '')}"):
        calls = [{lang: f"{phone} {words[lang]}" for lang in words} for phone, words in asked.city.emergency.items()]
        yield asked.say("If anybody is in danger, call now: {numbers}.", numbers=asked.joined(calls))
    told = number.said(opened)
    if asked.sandbox:
        msgid = "This is the sandbox: the call was checked and not kept; {number} can be read for a day."
    else:
        msgid = "Your call has the number {number}; with it you can follow it at any time."
    yield asked.say(msgid, number=told)
    if reading.outside:
        yield asked.say("The point lies outside the city's areas; somebody will look where it belongs.")
    if over:
        yield asked.say("The key's limit for this hour is used up: the call is kept, and somebody looks at it first.")
