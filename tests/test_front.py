"""Before the pages: bodies that drip, are too large, too many at once or broken off hold no thread and no memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import pytest

from huying.cli import front
from huying.cli.front import Front
from huying.intake.body import REFUSED

pytestmark = pytest.mark.usefixtures("quick")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times and sizes of which a test needn't wait or fill memory."""
    monkeypatch.setattr(front, "PATIENCE_SECONDS", 0.5)
    monkeypatch.setattr(front, "LINGER_SECONDS", 0.2)
    monkeypatch.setattr(front, "SLOWEST", 1000)
    monkeypatch.setattr(front, "MOST_BYTES", 1000)
    monkeypatch.setattr(front, "MOST_HELD", 3000)


class Asking:
    """A request as the server hands it over."""

    http_version, server, scheme, client = "1.1", "127.0.0.1:8311", "http", "192.0.2.7:50000"
    authority: str | None = None

    def __init__(self, path: str = "/open311/x", method: str = "POST", query: str = "", **headers: str) -> None:
        self.path, self.method, self.query_string = path, method, query
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Answering:
    """The other end: pieces of a body, a number being a wait in seconds; and the answer that went out."""

    def __init__(self, pieces: Sequence[bytes | float]) -> None:
        self.pieces = list(pieces)
        self.status, self.headers, self.body = 0, [("", "")], b""
        self.sent: list[bytes] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.pieces:
            piece = self.pieces.pop(0)
            if isinstance(piece, bytes):
                yield piece
            else:
                await asyncio.sleep(piece)

    def response_bytes(self, status: int, headers: front.Headers, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def response_stream(self, status: int, headers: front.Headers) -> Answering:
        self.status, self.headers = status, headers
        return self

    async def send_bytes(self, chunk: bytes) -> None:
        self.sent.append(chunk)


class Pages:
    """An application that notes what it was asked and answers with what it read."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __call__(self, environment: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked.append({**environment, "body": environment["wsgi.input"].read()})
        start("200 OK", [("content-type", "text/plain")])
        return [str(environment[REFUSED]).encode() or self.asked[-1]["body"]]


def ask(pieces: Sequence[bytes | float], pages: Pages | None = None, **more: str) -> Answering:
    answering = Answering(pieces)
    length = sum(len(piece) for piece in pieces if isinstance(piece, bytes))
    asking = Asking(**{"content_length": str(length), **more})
    asyncio.run(Front(pages or Pages()).__rsgi__(asking, answering))
    return answering


def test_a_body_reaches_the_pages_whole() -> None:
    pages = Pages()
    assert ask([b"a", 0.01, b"b", b""], pages, content_type="text/plain", query="q=%E8%B7%AF").body == b"ab"
    [asked] = pages.asked
    assert asked["CONTENT_LENGTH"] == "2" and asked["CONTENT_TYPE"] == "text/plain"
    assert (asked["REMOTE_ADDR"], asked["QUERY_STRING"]) == ("192.0.2.7", "q=%E8%B7%AF")


def test_a_body_of_no_announced_length_has_one_when_it_is_there() -> None:
    pages = Pages()
    ask([b"abc"], pages, content_length="", transfer_encoding="chunked")
    assert pages.asked[0]["CONTENT_LENGTH"] == "3" and "HTTP_TRANSFER_ENCODING" not in pages.asked[0]


def test_a_header_can_only_be_one_that_a_proxy_could_strike_out() -> None:
    pages, answering = Pages(), Answering([])
    asking = Asking(method="GET")
    asking.headers = {"x_forwarded_for": "1.1.1.1", "x-forwarded-for": "2.2.2.2"}
    asyncio.run(Front(pages).__rsgi__(asking, answering))
    assert pages.asked[0]["HTTP_X_FORWARDED_FOR"] == "2.2.2.2"


def test_whatever_is_no_latin_letter_reaches_the_pages_as_its_bytes() -> None:
    pages = Pages()
    asking = Asking(method="GET", path="/路", query="q=路")
    asking.headers = {"x-a": "路", "content-type": "路"}
    asyncio.run(Front(pages).__rsgi__(asking, Answering([])))
    for name in ("PATH_INFO", "QUERY_STRING", "HTTP_X_A", "CONTENT_TYPE"):
        assert pages.asked[0][name].encode("latin-1").decode().endswith("路")


@pytest.mark.parametrize(
    ("pieces", "more", "why"),
    [
        ([b"a", 5.0], {}, "slow"),
        ([b"a", 0.2, b"b", 0.2, b"c", 0.2, b"d", 5.0], {}, "slow"),
        ([b"x" * 600, b"x" * 600], {}, "large"),
        ([b"x" * 600, b"x" * 600], {"content_length": "", "transfer_encoding": "chunked"}, "large"),
        ([b"x" * 10, 5.0], {"content_length": "2000000000"}, "large"),
        ([b"abc"], {"content_length": "10"}, "broken"),
    ],
)
@pytest.mark.parametrize("path", ["/open311/v2/requests.xml", "/desk"])
def test_what_cant_be_taken_is_given_up_in_time(
    pieces: list[bytes | float], more: dict[str, str], why: str, path: str
) -> None:
    pages, began = Pages(), time.monotonic()
    answering = ask(pieces, pages, path=path, **more)
    assert time.monotonic() - began < 2
    if path == "/desk":
        assert pages.asked == [] and answering.status == front._STATUS[why][0]
        assert answering.body.decode().splitlines()[0].endswith("。")
    else:
        assert answering.body == why.encode() and pages.asked[0]["body"] == b""


def test_a_slow_sender_that_keeps_the_pace_is_waited_for() -> None:
    assert ask([b"x" * 300, 0.3, b"x" * 300, 0.3, b"x" * 300, 0.3, b"x"]).body == b"x" * 901


def test_what_all_bodies_hold_together_is_bounded_and_given_back() -> None:
    async def together() -> tuple[list[bytes], int]:
        house = Front(Pages())
        answers = [Answering([b"x" * 900, 0.1, b"x"]) for _ in range(5)]
        asking = Asking(content_length="901")
        await asyncio.gather(*(house.__rsgi__(asking, answering) for answering in answers))
        return [answering.body for answering in answers], house.held

    bodies, held = asyncio.run(together())
    assert sorted(set(bodies)) == [b"busy", b"x" * 901] and held == 0


def test_a_hundred_that_drip_hold_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "PATIENCE_SECONDS", 2.0)

    async def together() -> float:
        house = Front(Pages())
        drips = [Answering([b"x", 0.5, b"x", 9.0]) for _ in range(100)]
        waiting = [asyncio.ensure_future(house.__rsgi__(Asking(content_length="9"), drip)) for drip in drips]
        await asyncio.sleep(0.01)
        began = time.monotonic()
        await house.__rsgi__(Asking(method="GET"), Answering([]))
        took = time.monotonic() - began
        await asyncio.gather(*waiting)
        assert {drip.body for drip in drips} == {b"slow"}
        return took

    assert asyncio.run(together()) < 1.5


def test_a_long_answer_goes_out_as_it_is_made_and_is_closed() -> None:
    class Long:
        streaming, closed = True, False

        def __iter__(self) -> Any:
            yield from (b"a", b"b")

        def close(self) -> None:
            Long.closed = True

    def pages(environment: dict[str, Any], start: Any) -> Any:
        start("200 OK", [("x-a", "b")])
        return Long()

    answering = Answering([])
    asyncio.run(Front(pages).__rsgi__(Asking(method="GET"), answering))
    assert (answering.sent, answering.headers, Long.closed) == ([b"a", b"b"], [("x-a", "b")], True)


def test_readers_that_are_slow_keep_nobody_from_the_pages() -> None:
    class Slow(Answering):
        async def send_bytes(self, chunk: bytes) -> None:
            self.sent.append(chunk)
            await read_on.wait()

    class Long:
        streaming = True

        def __iter__(self) -> Any:
            yield b"a"

    read_on = asyncio.Event()

    def pages(environment: dict[str, Any], start: Any) -> Any:
        start("200 OK", [])
        return Long() if environment["PATH_INFO"] == "/long" else [b"short"]

    async def together() -> bytes:
        house, slow, quick = Front(pages, at_once=1), [Slow([]) for _ in range(4)], Answering([])
        reading = [asyncio.ensure_future(house.__rsgi__(Asking("/long", method="GET"), one)) for one in slow]
        while not all(one.sent for one in slow):
            await asyncio.sleep(0.01)
        await house.__rsgi__(Asking(method="GET"), quick)
        read_on.set()
        await asyncio.gather(*reading)
        return quick.body

    assert asyncio.run(asyncio.wait_for(together(), 10)) == b"short"
