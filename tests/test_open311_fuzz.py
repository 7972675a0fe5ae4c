"""Every address of the door, asked with whatever its description allows and with what it doesn't.

No answer is a 5xx, each fits the description, and each refusal is in the specification's form. What is drawn is
bounded, so that the whole takes less than a minute; `make soak` may raise FUZZ_EXAMPLES.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client, override_settings
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from huying.intake.description import ADDRESSES
from tests.doors import errors, fresh_hour, key

__all__ = ["fresh_hour"]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "30"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def door(db: None) -> Iterator[Any]:
    """The door as its own description tells it; the application is called in this process and transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/open311/v2/openapi.json", WSGIHandler())
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def secret(db: None) -> str:
    """A key that may send calls."""
    return key()[1]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@override_settings(HUYING_QUESTIONS=10**9)
def test_whatever_is_asked_the_answer_is_as_described(door: Any, secret: str, mode: GenerationMode) -> None:
    operations = [found.ok() for found in door.get_all_operations()]
    assert len(operations) == len(ADDRESSES)
    for operation in operations:
        statuses = fuzzed(operation.as_strategy(generation_mode=mode), secret)
        found = operation.path.startswith("/discovery") or operation.path in ("/services.{form}", "/requests.{form}")
        if mode is GenerationMode.POSITIVE and found:
            assert 200 in statuses, f"nothing was ever answered at {operation.method} {operation.path}"


def fuzzed(cases: Any, secret: str) -> set[int]:
    """Ask with each case, and return the statuses that came.

    Half of those that name a key have a valid one, so that what lies behind it is reached.
    """
    statuses = set()

    @given(cases, st.booleans())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @seed(20260615)
    def asked(case: Any, valid: bool) -> None:
        if valid and isinstance(case.body, dict):
            case.body["api_key"] = secret
        response = case.call()
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            errors(Told(response))

    asked()
    return statuses


KINDS = [
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", "text/xml", "",
    "multipart/form-data", "application/x-www-form-urlencoded; charset=gbk", "\x00",
]  # fmt: skip
PIECES = st.sampled_from(
    [
        b"--b", b"--b--", b"\r\n", b"=", b"&", b"%", b"%00", b"%ED%A0%80", b"api_key", b"service_code", b"lat",
        b"attribute[", b"]", b'Content-Disposition: form-data; name="description"', b"<!ENTITY a SYSTEM 'file:///'>",
        b'Content-Disposition: form-data; name="m"; filename="a"', b"Content-Transfer-Encoding: base64",
        b"\xff\xd8\xff", b"GIF89a", b"PK\x03\x04",
    ]
)  # fmt: skip
BODIES = st.lists(PIECES | st.binary(max_size=20), max_size=12).map(b"".join)
PATHS = st.lists(
    st.sampled_from(
        ["v2", "sandbox/v2", "services", "requests", "tokens", "discovery", ".xml", ".json", "/", "%00", "%2f"]
    )
    | st.text(max_size=5),
    max_size=6,
).map("".join)


QUERIES = st.binary(max_size=20).map(lambda raw: raw.decode("latin-1"))
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Accept", "Accept-Language", "Idempotency-Key", "X-Forwarded-For", "Host", "Content-Length", "Origin"]
    ),
    st.sampled_from(["*/*", "application/json;q=0", ";;", "en;q=x", "-1", "::1", "[", "99999999999999999999"])
    | st.text(st.characters(max_codepoint=255), max_size=20),
    max_size=3,
)
METHODS = st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "HEAD", "X"])


@given(METHODS, PATHS, QUERIES, st.sampled_from(KINDS), BODIES, HEADERS)
@settings(max_examples=4 * EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@seed(20260615)
@pytest.mark.django_db
@override_settings(HUYING_QUESTIONS=10**9)
def test_bytes_that_nobody_described_are_answered_in_form(
    method: str, path: str, query: str, kind: str, content: bytes, headers: dict[str, str]
) -> None:
    length: dict[str, Any] = {"CONTENT_LENGTH": headers.pop("Content-Length")} if "Content-Length" in headers else {}
    answer = Client(headers=headers).generic(
        method, f"/open311/{path}", content, content_type=kind, QUERY_STRING=query, **length
    )
    assert answer.status_code < 500
    if answer.status_code >= 400 and method != "HEAD":
        errors(answer)


class Told:
    """A response of the fuzzer, as the other tests read one."""

    def __init__(self, response: Any) -> None:
        self.status_code, self.content = response.status_code, response.content
        self.json = response.json
        self.kind = response.headers["content-type"][0]

    def __getitem__(self, name: str) -> str:
        assert name == "Content-Type"
        return str(self.kind)
