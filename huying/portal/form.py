"""The report form, read: what the ledger will be told, and what is wrong with which field. Nothing is cleared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from huying.city.facts import City
from huying.errors import BadFile, HuyingError, SecrecyMark, say, sentence
from huying.ledger import attachments, rulebook, said
from huying.ledger.find import PUBLIC
from huying.portal import links
from huying.portal.page import words
from huying.portal.uploads import MOST_PHOTOS, Sent

FIELDS = ("text", "category", "area", "place", "lat", "long", "wrongdoing", "wish", "name", "phone", "email")
CONTACT = ("name", "phone", "email")
LONGEST_TITLE = 40
WHOLE = "form"
"""Under this name stands what is wrong with the form as a whole."""
_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,20})?")


@dataclass
class Reading:
    """A form on its way to a call. `values` are what was typed, as it was typed; `wrong` words by field."""

    sent: Sent
    city: City
    language: str
    once: str
    values: dict[str, str]
    said: dict[str, object] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    outside: bool = False

    def say(self, msgid: str, **params: object) -> str:
        """A sentence in the reader's language."""
        return say(msgid, self.language, **params)

    def refuse(self, name: str, error: HuyingError) -> None:
        """Note what is wrong with a field; the first thing stands."""
        self.wrong.setdefault(name, sentence(error, self.language))

    def blame(self, error: HuyingError) -> None:
        """Note what the ledger refused beside the field that it is about, else above the form."""
        in_photos = isinstance(error, BadFile) or (
            isinstance(error, SecrecyMark) and error.params.get("field") in (attachments.NAME, attachments.FILE)
        )
        self.refuse("photos" if in_photos else WHOLE, error)


def read(sent: Sent, city: City, language: str) -> Reading:
    """The form against the declared fields; every mistake is noted beside its field, none raised."""
    values = {name: sent.word(name) for name in FIELDS}
    reading = Reading(sent, city, language, links.once(sent.word("once")), values)
    if sent.broken:
        broken = "What you sent didn't arrive whole. Your words are still on this device: please send them again."
        reading.wrong[WHOLE] = reading.say(broken)
        return reading
    for part in (_words, _kind, _where, _who, _photos):
        part(reading)
    return reading


def _words(reading: Reading) -> None:
    text = reading.values["text"]
    if not text:
        reading.wrong["text"] = reading.say("Say what happened; a few words are enough.")
    elif _kept(reading, "text", text):
        reading.said["title"] = title(text)


def _kind(reading: Reading) -> None:
    if reading.values["wrongdoing"]:
        reading.said["type"] = "report"
    category = reading.values["category"]
    if category and _kept(reading, "category", category):
        _handled(reading, category)


def title(text: str) -> str:
    """The first words of what was said, as they were said: what stands in lists."""
    first = re.split(r"[。！？!?\n]", text, maxsplit=1)[0].strip() or text.strip()
    return first if len(first) <= LONGEST_TITLE else f"{first[:LONGEST_TITLE]}…"


def _handled(reading: Reading, category: str) -> None:
    """What the city doesn't handle isn't taken in: the page says who does, and nothing is kept."""
    known = reading.city.category(category)
    if not known.handled:
        reading.wrong["category"] = words(reading.city.texts.get(known.refer_to, {}), reading.language) or reading.say(
            "The city doesn't handle this; “What we handle” says who does."
        )


def _where(reading: Reading) -> None:
    values = reading.values
    for name in ("area", "place"):
        if values[name]:
            _kept(reading, name, values[name])
    lat, long = values["lat"], values["long"]
    if not (lat or long):
        return
    if not (_DEGREES.fullmatch(lat) and _DEGREES.fullmatch(long)):
        reading.wrong["place"] = reading.say("The position can't be read; leave it out and say the place in words.")
        return
    if _kept(reading, "point", f"{lat},{long}", beside="place"):
        found = reading.city.area_at(float(lat), float(long))
        reading.outside = not found
        if found:
            reading.said.setdefault("area", found)


def _who(reading: Reading) -> None:
    values = reading.values
    wish = values["wish"] or "ordinary"
    _kept(reading, "wish", wish)
    given = {name: values[name] for name in CONTACT if values[name]}
    if wish == "anonymous" and given:
        reading.wrong["wish"] = reading.say(
            "Anonymous means that we keep no name, phone or e-mail. Empty those fields, or choose “confidential”."
        )
        return
    for name, value in given.items():
        _kept(reading, "requester", {name: value}, beside=name)
    if "@" not in values["email"] and values["email"]:
        reading.wrong.setdefault("email", reading.say("An e-mail address looks like name@example.com."))
    if given:
        reading.said["requester"] = given


def _photos(reading: Reading) -> None:
    sent = reading.sent
    if sent.left_out:
        reading.wrong["photos"] = reading.say(
            "Too large: {names}. A file may have 20 MB, all together 80 MB; everything else you wrote is kept here.",
            names="、".join(name[:60] for name in sent.left_out),
        )
    elif len(sent.photos) > MOST_PHOTOS:
        reading.wrong["photos"] = reading.say("At most {most} photos or files at a time.", most=MOST_PHOTOS)
    elif sent.photos:
        reading.said["evidence"] = sent.photos


def _kept(reading: Reading, name: str, value: object, *, beside: str = "") -> bool:
    """Put a usable answer with what the ledger will be told; what isn't usable is noted beside its field."""
    procedure = rulebook.procedure(PUBLIC)
    try:
        said.read(procedure, procedure.act("open"), {name: value}, reading.city)
    except HuyingError as error:
        reading.refuse(beside or name, error)
        return False
    reading.said[name] = value
    return True


def danger_words(city: City) -> str:
    """The published list as one field of the page, for the browser that looks while somebody writes."""
    return "|".join(word for listed in city.danger for word in listed.values())


def categories(city: City, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the city handles, in two levels: for a choice, and for the page that lists it."""
    below: Mapping[str, list[tuple[str, str]]] = {
        code: [
            (inner.code, words(inner.name, language))
            for inner in city.categories.values()
            if inner.parent == code and inner.handled
        ]
        for code, outer in city.categories.items()
        if not outer.parent and outer.handled
    }
    return [(words(city.categories[code].name, language), inner) for code, inner in below.items()]


def elsewhere(city: City, language: str) -> Iterator[tuple[str, str]]:
    """What goes to another channel, each with the city's words for how."""
    for category in city.categories.values():
        if not category.parent and not category.handled:
            yield words(category.name, language), words(city.texts.get(category.refer_to, {}), language)


def areas(city: City, language: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The city's areas, in two levels below the city itself."""
    tops = [area for area in city.areas.values() if area.parent and not city.areas[area.parent].parent]
    return [
        (
            words(top.name, language),
            [
                (inner.code, words(inner.name, language))
                for inner in (top, *city.areas.values())
                if inner is top or inner.parent == top.code
            ],
        )
        for top in tops
    ]
