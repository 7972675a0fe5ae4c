"""Short ways to the doors of other systems: keys, calls about a lamp, and answers read in either form."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from lxml import etree
from PIL import Image

from huying.city import store
from huying.intake import keys, limits
from huying.intake.models import Key
from huying.ledger.administration import administrator

V2 = "/open311/v2"
SANDBOX = "/open311/sandbox/v2"
LAMP: Mapping[str, str] = {
    "service_code": "streets.lamps.dark",
    "address_string": "柳园路 12 号门前",
    "description": "路灯坏了三天，晚上看不清路。",
}
LIUYUAN = ("38.55", "119.8")
"""A point in the demo city."""


@pytest.fixture(autouse=True)
def fresh_hour() -> Iterator[None]:
    """Nobody has asked anything in this hour."""
    limits.questions.forget()
    limits.wrong_keys.forget()
    yield


def key(scope: str = "write", *, per_hour: int = 600) -> tuple[Key, str]:
    """A new key and its secret."""
    return keys.issue("柳园街道办事处", scope, administrator(store.current()), per_hour=per_hour)


def get(path: str, language: str = "", **query: Any) -> Any:
    """Ask; the answer's status, headers and content."""
    return Client().get(path, query, headers={"Accept-Language": language} if language else {})


def post(secret: str, path: str = f"{V2}/requests.json", *, once: str = "", **said: Any) -> Any:
    """Send a call about a lamp, with whatever else is said; None leaves a parameter out."""
    whole = {name: value for name, value in {"api_key": secret, **LAMP, **said}.items() if value is not None}
    return Client().post(path, whole, headers={"Idempotency-Key": once} if once else {})


def number(response: Any) -> str:
    """The number of the call that was received."""
    assert response.status_code == 200, response.content.decode()
    [row] = response.json()
    return str(row["service_request_id"])


def tree(response: Any) -> etree._Element:
    """The answer as XML, parsed strictly."""
    return etree.fromstring(response.content, etree.XMLParser(resolve_entities=False))


def errors(response: Any) -> list[tuple[int, str]]:
    """The code and the sentence of each error, whichever form they came in; it must be the specification's."""
    if str(response["Content-Type"]).startswith("text/xml"):
        root = tree(response)
        assert root.tag == "errors" and len(root)
        assert all([part.tag for part in error] == ["code", "description"] for error in root)
        told = [(int(error.findtext("code") or 0), error.findtext("description") or "") for error in root]
    else:
        assert str(response["Content-Type"]).startswith("application/json")
        rows = response.json()
        assert isinstance(rows, list) and rows
        assert all(list(row) == ["code", "description"] for row in rows)
        told = [(row["code"], row["description"]) for row in rows]
    assert told[0][0] == response.status_code
    assert all(text and "Traceback" not in text for _, text in told)
    return told


def photo(width: int = 40, height: int = 30, kind: str = "JPEG") -> bytes:
    """A small picture."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "orange").save(out, kind)
    return out.getvalue()
