"""Service discovery: which interfaces this city has, where they lie, and whom to ask for a key."""

from __future__ import annotations

from huying.city import store
from huying.intake.answer import Node
from huying.intake.asked import Asked

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
FORMATS = ("text/xml", "application/json")
PLACES = {"production": "/open311/v2", "test": "/open311/sandbox/v2"}


def discovered(asked: Asked) -> Node:
    """The discovery document. `changeset` is when the city's data were loaded: services can't change otherwise."""
    changeset = asked.local(store.loaded(asked.city.version))
    endpoints: list[Node] = [
        {
            "specification": SPECIFICATION, "url": asked.absolute(path), "changeset": changeset, "type": type_,
            "formats": FORMATS,
        }
        for type_, path in PLACES.items()
    ]  # fmt: skip
    return {
        "changeset": changeset,
        "contact": _text(asked, "open311_contact"),
        "key_service": _text(asked, "open311_keys"),
        "endpoints": endpoints,
    }


def _text(asked: Asked, key: str) -> str:
    """A standard text of the city, or a plain sentence where it has none."""
    if key in asked.city.texts:
        return asked.of(asked.city.texts[key])
    return asked.say("Ask the city government of {city}.", city=asked.city.name)
