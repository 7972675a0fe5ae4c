"""Before the pages: each body is taken whole, in time and within bounds, and only then a thread is spent on it.

A hundred senders that drip a byte a second hold no thread, and nobody can fill the memory: what is too large,
too slow or too much at once is refused, by the doors in their own form, elsewhere in one plain sentence.
"""

from __future__ import annotations

import asyncio
import io
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from huying.errors import BadForm, Busy, HuyingError, TooLarge, TooSlow, sentence
from huying.intake.body import BROKEN, MEGABYTE, MOST_BYTES, REFUSED

THREADS = 16
"""So many requests have a thread; those that send a long answer to a slow reader among them."""
AT_ONCE = 4
"""So many pages are made at once beside an embedded database: they share a core and a writer, and more of them
only make each other late."""
MOST_HELD = 256 * MEGABYTE
PATIENCE_SECONDS = 15.0
"""So long may a body come as slowly as it likes; after that at least at SLOWEST."""
SLOWEST = 16 * 1024
"""Bytes a second, from the end of the patience on."""
LINGER_SECONDS = 10.0
"""So long what is too large is read and thrown away, because most clients hear no answer while they send."""
DOORS = "/open311"
_STATUS: Mapping[str, tuple[int, HuyingError]] = {
    "large": (413, TooLarge(most=MOST_BYTES // MEGABYTE)),
    "slow": (408, TooSlow()),
    "busy": (503, Busy()),
    "broken": (400, BadForm(why=BROKEN)),
}
Headers = list[tuple[str, str]]
Environment = dict[str, Any]


class Asking(Protocol):
    """One request, as the server hands it over: path and query as text, headers by lower-case name."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


class Answering(Protocol):
    """The other end: the body as it comes, and the ways to answer."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Any: ...


class Turn:
    """One request's turn to have its page made; a long answer ends it early, since its reader may be slow."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self.turns = turns
        self.held = False

    async def __aenter__(self) -> None:
        await self.turns.acquire()
        self.held = True

    async def __aexit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Let the next one begin; again does nothing."""
        if self.held:
            self.held = False
            self.turns.release()


class Front:
    """The application that the server runs; it hands each whole request to the pages, in a thread."""

    def __init__(self, answering: Callable[[Environment, Any], Iterable[bytes]], *, at_once: int = THREADS) -> None:
        self.pages = answering
        self.turns = asyncio.Semaphore(at_once)
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pages")
        self.held = 0

    async def __rsgi__(self, asking: Asking, answering: Answering) -> None:
        """Answer one request."""
        body = Body(self)
        try:
            refused = await body.taken(asking, answering)
            if refused and not asking.path.startswith(DOORS):
                status, error = _STATUS[refused]
                text = "\n".join(sentence(error, language) for language in ("zh-Hans", "en"))
                answering.response_bytes(status, [("content-type", "text/plain; charset=utf-8")], text.encode())
                return
            environment = {**_environment(asking, body.length), REFUSED: refused, "wsgi.input": body.stream()}
            loop, turn = asyncio.get_running_loop(), Turn(self.turns)
            async with turn:
                await loop.run_in_executor(self.threads, self._answered, environment, answering, loop, turn)
        finally:
            self.held -= body.length

    def _answered(
        self, environment: Environment, answering: Answering, loop: asyncio.AbstractEventLoop, turn: Turn
    ) -> None:
        """Let the pages answer, in one thread from the first line to the last: a database's cursor stays in it."""
        told: list[tuple[int, Headers]] = []

        def start(status: str, headers: Headers, _: object = None) -> None:
            told.append((int(status.split(" ", 1)[0]), headers))

        chunks = self.pages(environment, start)
        try:
            if getattr(chunks, "streaming", False) and not _short(told[0][1]):
                loop.call_soon_threadsafe(turn.end)
                line = asyncio.run_coroutine_threadsafe(_opened(answering, *told[0]), loop).result()
                for chunk in chunks:
                    asyncio.run_coroutine_threadsafe(_sent(line, chunk), loop).result()
            else:
                answering.response_bytes(*told[0], b"".join(chunks))
        finally:
            if hasattr(chunks, "close"):
                chunks.close()


async def _opened(answering: Answering, status: int, headers: Headers) -> Any:
    """The line on which a long answer goes out as it is made."""
    return answering.response_stream(status, headers)


async def _sent(line: Any, chunk: bytes) -> None:
    """The server's own awaitable is no coroutine, which another thread could wait for."""
    await line.send_bytes(chunk)


def _short(headers: Headers) -> bool:
    """Whether an answer says that it is small enough to go out at once, as a style sheet is."""
    length = next((value for name, value in headers if name.lower() == "content-length"), "")
    return length.isdecimal() and int(length) <= MEGABYTE


class Body:
    """One body on its way in, counted against what all of them may hold together."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.parts: list[bytes] = []
        self.length = 0

    def stream(self) -> io.BytesIO:
        """What has come, to be read once."""
        parts, self.parts = self.parts, []
        return io.BytesIO(parts[0] if len(parts) == 1 else b"".join(parts))

    async def taken(self, asking: Asking, answering: Answering) -> str:
        """Take the body; "" when it is there, else why it was refused: large, slow, busy or broken off."""
        said = asking.headers.get("content-length", "")
        if said == "0" or not (said or "transfer-encoding" in asking.headers or asking.http_version == "2"):
            return ""
        announced = int(said) if said.isascii() and said.isdecimal() else None
        coming = answering.__aiter__()
        refused = "large" if (announced or 0) > MOST_BYTES else await self._read(coming)
        if not refused and announced not in (None, self.length):
            refused = "broken"
        if refused:
            self.front.held -= self.length
            self.parts, self.length = [], 0
        if refused in ("large", "busy"):
            await _thrown_away(coming)
        return refused

    async def _read(self, coming: AsyncIterator[bytes]) -> str:
        began = time.monotonic()
        while True:
            late = began + PATIENCE_SECONDS + self.length / SLOWEST
            try:
                part = await asyncio.wait_for(anext(coming), max(0.0, late - time.monotonic()))
            except StopAsyncIteration:
                return ""
            except TimeoutError:
                return "slow"
            self.parts.append(part)
            self.length += len(part)
            self.front.held += len(part)
            if self.length > MOST_BYTES:
                return "large"
            if self.front.held > MOST_HELD:
                return "busy"


async def _thrown_away(coming: AsyncIterator[bytes]) -> None:
    """Read on for a while without keeping anything."""
    until = time.monotonic() + LINGER_SECONDS
    try:
        while (left := until - time.monotonic()) > 0:
            await asyncio.wait_for(anext(coming), left)
    except (StopAsyncIteration, TimeoutError):
        return


def _environment(asking: Asking, length: int) -> Environment:
    """The request as WSGI has it; a body that came in pieces of no announced number has its length by now."""
    host, _, port = asking.server.rpartition(":")
    environment: Environment = {
        "REQUEST_METHOD": asking.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _bytes(asking.path),
        "QUERY_STRING": _bytes(asking.query_string),
        "SERVER_PROTOCOL": f"HTTP/{asking.http_version}",
        "SERVER_NAME": host.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": asking.client.rpartition(":")[0].strip("[]"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": asking.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in asking.headers.items():
        # A header written with _ would pass for one with -, which only a proxy may send.
        if "_" not in name:
            key = f"HTTP_{name.upper().replace('-', '_')}"
            between = "; " if key == "HTTP_COOKIE" else ","
            environment[key] = f"{environment[key]}{between}{_bytes(value)}" if key in environment else _bytes(value)
    environment["CONTENT_TYPE"] = environment.pop("HTTP_CONTENT_TYPE", "")
    environment["CONTENT_LENGTH"] = environment.pop("HTTP_CONTENT_LENGTH", "") or str(length)
    environment.pop("HTTP_TRANSFER_ENCODING", None)
    if asking.authority:
        environment.setdefault("HTTP_HOST", asking.authority)
    return environment


def _bytes(text: str) -> str:
    """A text as WSGI carries it: each byte a letter of Latin-1."""
    return text.encode(errors="replace").decode("latin-1")
