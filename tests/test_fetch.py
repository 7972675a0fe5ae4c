"""Fetching from an address that an outsider gave: nothing inside is reached, nothing large or slow is waited for."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote

import pytest

from huying.errors import NotFetched
from huying.intake import fetch
from huying.intake.fetch import Fetcher

INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1", "fe80::1%lo",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]


class Site(BaseHTTPRequestHandler):
    """A server on loopback that plays what the tests need; `seen` are the paths that were asked for."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Answer by path."""
        Site.seen.append(self.path)
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", unquote(self.path.removeprefix("/to/")))
            self.end_headers()
        elif self.path == "/large":
            self._send(b"x" * 5000)
        elif self.path == "/short":
            self._send(b"x" * 10, length=20)
        elif self.path == "/drip":
            self.send_response(200)
            self.end_headers()
            self._drip(b"x")
        elif self.path == "/headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-A: ")
        elif self.path.startswith("/status/"):
            self.send_error(int(self.path.removeprefix("/status/")))
        else:
            self._send(b"a picture")

    def _send(self, content: bytes, length: int = 0) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self, first: bytes) -> None:
        try:
            self.wfile.write(first)
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of the server; of everything inside, the tests' rule lets only it through."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://pictures.example:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def resolved(host: str, port: int) -> list[str]:
    """Names of the tests; whatever else is an address itself."""
    names = {"pictures.example": ["127.0.0.1"], "inside.example": ["10.0.0.5"], "both.example": ["8.8.8.8", "10.0.0.5"]}
    return names.get(host) or fetch.resolve(host, port)


def through(address: str) -> bool:
    return address == "127.0.0.1" or fetch.public(address)


def near(*, seconds: float = 20, wait: float = 5, most: int = 10_000) -> Fetcher:
    """A fetcher to which the tests' own server counts as outside."""
    return Fetcher(resolve=resolved, public=through, seconds=seconds, wait=wait, most=most)


def refusal(url: str, fetcher: Fetcher | None = None) -> str:
    with pytest.raises(NotFetched) as caught:
        (fetcher or Fetcher()).fetch(url)
    return str(caught.value)


@pytest.mark.parametrize("address", INSIDE)
def test_no_address_inside_is_public(address: str) -> None:
    assert not fetch.public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_address_outside_is_public(address: str) -> None:
    assert fetch.public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/a.jpg", "http://127.0.0.1:8311/health", "https://[::1]/a.jpg", "http://10.0.0.1/", "http://0/",
        "http://169.254.169.254/latest/meta-data/", "http://localhost/a.jpg", "http://2130706433/", "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/", "http://user@127.0.0.1/",
    ],
)  # fmt: skip
def test_an_address_inside_is_refused(url: str) -> None:
    assert "internal network" in refusal(url)


@pytest.mark.parametrize("host", ["inside.example", "both.example"])
def test_a_name_that_leads_inside_is_refused(host: str) -> None:
    assert "internal network" in refusal(f"http://{host}/a.jpg", Fetcher(resolve=resolved))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "gopher://8.8.8.8/",
        "http:///a",
        "//8.8.8.8/",
        "",
        "http://8.8.8.8:99999/",
    ],
)
def test_only_http_is_spoken(url: str) -> None:
    assert "only http and https" in refusal(url)


def test_a_name_that_nobody_has_may_be_there_later() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "no such host")

    with pytest.raises(NotFetched) as caught:
        Fetcher(resolve=nobody).fetch("http://nowhere.example/")
    assert caught.value.again


def test_a_picture_is_fetched_with_the_name_its_path_gives(site: str) -> None:
    for path in ("photos/%E8%B7%AF%E7%81%AF.jpg?size=big", "photos/路灯.jpg?size=big"):
        found = near().fetch(f"{site}/{path}")
        assert (found.name, found.content) == ("路灯.jpg", b"a picture")
        assert Site.seen[-1] == "/photos/%E8%B7%AF%E7%81%AF.jpg?size=big"


def test_the_connection_goes_to_the_address_that_was_looked_at(site: str) -> None:
    """A name that means something else a moment later is asked for once only."""
    answers = [["127.0.0.1"], ["10.0.0.5"]]
    fetcher = Fetcher(resolve=lambda host, port: answers.pop(0), public=through)
    assert fetcher.fetch(f"{site}/a.jpg").content == b"a picture"
    assert answers == [["10.0.0.5"]]


def test_a_redirect_is_followed(site: str) -> None:
    assert near().fetch(f"{site}/to//a.jpg").content == b"a picture"


@pytest.mark.parametrize(
    "inside",
    ["http://127.0.0.2/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::1]/", "http://inside.example/"],
)
def test_a_redirect_that_leads_inside_is_refused(site: str, inside: str) -> None:
    assert "internal network" in refusal(f"{site}/to/{inside}", near())


def test_a_redirect_to_another_scheme_is_refused(site: str) -> None:
    assert "only http and https" in refusal(f"{site}/to/file:///etc/passwd", near())


def test_a_redirect_in_a_circle_ends(site: str) -> None:
    before = len(Site.seen)
    assert "too often" in refusal(f"{site}/to//to//to//to//a.jpg", near())
    assert len(Site.seen) - before == fetch.MOST_REDIRECTS + 1


def test_what_is_too_large_is_given_up(site: str) -> None:
    assert "20 MB" in refusal(f"{site}/large", near(most=4000))


@pytest.mark.parametrize("path", ["drip", "headers"])
def test_what_drips_is_given_up_in_time(site: str, path: str) -> None:
    began = time.monotonic()
    assert re.search("too slowly|can't be reached", refusal(f"{site}/{path}", near(seconds=0.5)))
    assert time.monotonic() - began < 3


def test_what_breaks_off_is_not_the_whole(site: str) -> None:
    assert "can't be reached" in refusal(f"{site}/short", near())


@pytest.mark.parametrize(("status", "again"), [(404, False), (403, False), (500, True), (503, True), (429, True)])
def test_what_isnt_given_may_be_later(site: str, status: int, again: bool) -> None:
    with pytest.raises(NotFetched) as caught:
        near().fetch(f"{site}/status/{status}")
    assert caught.value.again is again


def test_a_host_that_doesnt_answer_is_given_up_in_time() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        began = time.monotonic()
        url = f"http://pictures.example:{silent.getsockname()[1]}/"
        assert "can't be reached" in refusal(url, near(wait=0.3))
        assert time.monotonic() - began < 3


def test_a_certificate_that_isnt_the_hosts_is_refused(site: str) -> None:
    assert "can't be reached" in refusal(site.replace("http:", "https:") + "/a.jpg", near())
