"""The real server beside a test, in a process group that can be killed whole; and callers who keep each receipt."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree
from PIL import Image

from tests.mailserver import free_port
from tests.together import ROOT

BOUND = 60.0
"""Seconds within which a server must start, notice and stop; a machine that is busy takes its time."""
BROKEN = (OSError, http.client.HTTPException)
FORMS = ("json", "xml")


@dataclass
class Serving:
    """`huying serve` on one address; started, killed and started again."""

    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it works."""
        words = [sys.executable, "-m", "huying.cli", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                words, cwd=ROOT, env=dict(self.environment), stdout=log, stderr=log, start_new_session=True
            )
        self.wait(200)

    def wait(self, status: int) -> None:
        """Until the health page has this status."""
        until = time.monotonic() + BOUND
        while self._health() != status:
            assert self.process is not None and self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < until, f"the server isn't at {status} in time"
            time.sleep(0.05)

    def _health(self) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        try:
            line.request("GET", "/health.json")
            return line.getresponse().status
        except BROKEN:
            return 0
        finally:
            line.close()

    def members(self) -> list[int]:
        """The processes of its group."""
        assert self.process is not None
        pids = [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal()]
        return [pid for pid in pids if _group(pid) == self.process.pid]

    def kill(self) -> None:
        """End every process of the group at once, as a failure of the machine would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(BOUND)
        self.process = None

    def stop(self) -> None:
        """Ask it to end; it must do so, and have written no traceback ever."""
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(BOUND) == 0
            self.process = None
        assert "Traceback" not in self.log.read_text("utf-8")


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


@contextmanager
def serving(environment: Mapping[str, str], log: Path) -> Iterator[Serving]:
    """A running server; whatever happens, none of its processes is left."""
    server = Serving(environment, log)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        if server.process is not None:
            with suppress(ProcessLookupError):
                server.kill()


@dataclass(frozen=True)
class Call:
    """One call with a photo that nobody else has, under a key by which its retry is known."""

    once: str
    photo: bytes

    def body(self, secret: str, boundary: str) -> bytes:
        """The form as it travels."""
        said = {
            "api_key": secret, "service_code": "streets.lamps.dark", "address_string": "柳园路 12 号门前",
            "description": f"路灯坏了：{self.once}",
        }  # fmt: skip
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in said.items()]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="灯.png"\r\n'
        kind = "Content-Type: image/png\r\n\r\n"
        return "".join([*parts, head, kind]).encode() + self.photo + f"\r\n--{boundary}--\r\n".encode()


def photo(side: int = 48) -> bytes:
    """A picture of noise, about a byte for each of its points, unlike any other."""
    out = io.BytesIO()
    Image.frombytes("L", (side, side), os.urandom(side * side)).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True)
class Told:
    """What a caller heard: the status, and the number of the call or the words of the first error."""

    status: int
    words: str


def heard(status: int, form: str, body: bytes) -> Told:
    """An answer in either form, which must be the specification's."""
    if form == "json":
        [row, *_] = json.loads(body)
        if status == 200:
            return Told(status, row["service_request_id"])
        assert list(row) == ["code", "description"] and row["code"] == status
        return Told(status, row["description"])
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    if status == 200:
        return Told(status, root.findtext("request/service_request_id") or "")
    assert root.tag == "errors" and root.findtext("error/code") == str(status)
    return Told(status, root.findtext("error/description") or "")


@dataclass
class Callers:
    """Several callers, each on a connection of its own. `receipts` holds the number of every call that got one.

    `open` are calls sent and not answered with a number: they are sent again under the same key, as real
    callers would. `errors` is what was heard instead, `slowest` the seconds of the slowest answer.
    """

    port: int
    secret: str
    side: int = 48
    calls: dict[str, Call] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    errors: list[Told] = field(default_factory=list)
    slowest: float = 0.0
    counted: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def open(self) -> list[Call]:
        """What was sent and has no receipt."""
        return [call for once, call in self.calls.items() if once not in self.receipts]

    def new(self) -> Call:
        """A call that was never sent."""
        call = Call(f"call-{next(self.counted)}", photo(self.side))
        self.calls[call.once] = call
        return call

    def send(self, line: http.client.HTTPConnection, call: Call, form: str = "json") -> Told:
        """Send a call and note what is heard. Raises one of BROKEN where the line breaks."""
        boundary = f"b{os.urandom(12).hex()}"
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": call.once}
        began = time.monotonic()
        line.request("POST", f"/open311/v2/requests.{form}", call.body(self.secret, boundary), headers)
        answer = line.getresponse()
        told = heard(answer.status, form, answer.read())
        self.slowest = max(self.slowest, time.monotonic() - began)
        if told.status == 200:
            assert self.receipts.setdefault(call.once, told.words) == told.words, "a retry got another number"
        else:
            self.errors.append(told)
        return told

    def once(self, call: Call, form: str = "json") -> Told:
        """Send one call on a line of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        try:
            return self.send(line, call, form)
        finally:
            line.close()

    def again(self) -> None:
        """Send each call once more, those that have a receipt too: each gets a number, and the same one."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        for call in list(self.calls.values()):
            assert self.send(line, call).status == 200
        line.close()

    @contextmanager
    def calling(self, lines: int = 6) -> Iterator[None]:
        """New calls, one after the other on each line, while the block runs; a broken line is tried anew."""
        stop, failed = threading.Event(), list[BaseException]()
        threads = [
            threading.Thread(target=self._call, args=(FORMS[each % 2], stop, failed), daemon=True)
            for each in range(lines)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(BOUND)
        assert not failed, failed
        assert not any(thread.is_alive() for thread in threads), "a caller was never answered"

    def _call(self, form: str, stop: threading.Event, failed: list[BaseException]) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=BOUND)
        while not stop.is_set():
            try:
                if self.send(line, self.new(), form).status != 200:
                    stop.wait(0.4)
            except BROKEN:
                line.close()
                stop.wait(0.1)
            except BaseException as error:  # the test judges it
                failed.append(error)
                return
        line.close()
