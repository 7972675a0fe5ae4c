"""Fetching a file from an address that somebody outside gave: never from inside, never much, never for long.

A name is resolved once, every address it has must be public, and the connection goes to the very address that
was looked at, so that a name can't point elsewhere a moment later. Each redirect is a new address.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from huying.errors import NotFetched
from huying.ledger.attachments import MOST_BYTES
from huying.ledger.said import Upload

MOST_REDIRECTS = 3
MOST_SECONDS = 20.0
WAIT_SECONDS = 5.0
CHUNK = 64 * 1024
_HEADERS = {"User-Agent": "Huying", "Accept": "image/*, */*;q=0.5", "Accept-Encoding": "identity"}
_KEPT = "%/?:@!$&'()*+,;=~"
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_INSIDE = {"zh-Hans": "它指向内部网络", "en": "it points into an internal network"}
_SCHEME = {"zh-Hans": "只取 http 和 https 网址", "en": "only http and https are fetched"}
_UNKNOWN = {"zh-Hans": "找不到这个主机", "en": "there is no such host"}
_AWAY = {"zh-Hans": "连接不上", "en": "it can't be reached"}
_LARGE = {"zh-Hans": "文件超过 20 MB", "en": "it is larger than 20 MB"}
_SLOW = {"zh-Hans": "传得太慢", "en": "it comes too slowly"}
_ROUND = {"zh-Hans": "转了太多次", "en": "it redirects too often"}
_STATUS = {"zh-Hans": "对方没有给出文件", "en": "no file is given there"}


def resolve(host: str, port: int) -> list[str]:
    """Every address that a host name has. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public(address: str) -> bool:
    """Whether an address lies in the public network, also where it carries another address inside it."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _carried(ip)
        if inner is not None:
            return public(str(inner))
        if ip.teredo is not None or ip.scope_id:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


@dataclass(frozen=True)
class Fetcher:
    """How files are fetched; tests put their own resolver and their own rule of what is public here."""

    resolve: Callable[[str, int], Sequence[str]] = resolve
    public: Callable[[str], bool] = public
    seconds: float = MOST_SECONDS
    wait: float = WAIT_SECONDS
    most: int = MOST_BYTES

    def fetch(self, url: str) -> Upload:
        """The file at an address. Raises NotFetched, which says whether trying again may help."""
        until = time.monotonic() + self.seconds
        for _ in range(MOST_REDIRECTS + 1):
            found = self._asked(url, until)
            if isinstance(found, Upload):
                return found
            url = urljoin(url, found)
        raise NotFetched(url=url[:200], why=_ROUND)

    def _asked(self, url: str, until: float) -> Upload | str:
        """The file, or where it is said to lie instead."""
        connection = self._connected(url, until)
        # Each wait for a byte is bounded, but not their sum: at the end of the time the line is cut.
        end = threading.Timer(max(0.0, until - time.monotonic()), connection.cut)
        try:
            connection.connect()
            end.start()
            parts = urlsplit(url)
            path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_KEPT)
            connection.request("GET", path, headers=_HEADERS)
            with contextlib.closing(connection.getresponse()) as answer:
                if answer.status in _REDIRECTS and answer.headers.get("Location"):
                    return str(answer.headers["Location"])
                if answer.status != 200:
                    raise NotFetched(url=url[:200], why=_STATUS, again=answer.status >= 500 or answer.status == 429)
                return Upload(_name(parts.path), self._content(answer, url, until))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotFetched(url=url[:200], why=_AWAY, again=True) from error
        finally:
            end.cancel()
            connection.close()

    def _connected(self, url: str, until: float) -> Plain:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise NotFetched(url=url[:200], why=_SCHEME) from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotFetched(url=url[:200], why=_SCHEME)
        address = self._address(url, parts.hostname, port)
        wait = max(0.1, min(self.wait, until - time.monotonic()))
        connection = (Secure if parts.scheme == "https" else Plain)(parts.hostname, port, timeout=wait)
        connection.address = address
        return connection

    def _address(self, url: str, host: str, port: int) -> str:
        """The one address that is looked at and then connected to."""
        try:
            addresses = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise NotFetched(url=url[:200], why=_UNKNOWN, again=True) from error
        if not addresses or not all(self.public(address) for address in addresses):
            raise NotFetched(url=url[:200], why=_INSIDE)
        return addresses[0]

    def _content(self, answer: http.client.HTTPResponse, url: str, until: float) -> bytes:
        """The content, given up where it is too large or takes too long."""
        parts: list[bytes] = []
        length = 0
        while chunk := answer.read1(CHUNK):
            parts.append(chunk)
            length += len(chunk)
            if length > self.most:
                raise NotFetched(url=url[:200], why=_LARGE)
            if time.monotonic() > until:
                break
        if time.monotonic() > until:
            raise NotFetched(url=url[:200], why=_SLOW, again=True)
        if answer.length:
            raise NotFetched(url=url[:200], why=_AWAY, again=True)
        return b"".join(parts)


def _name(path: str) -> str:
    """What to call the file: the last part of its path."""
    last = unquote(path.rsplit("/", 1)[-1], errors="replace")
    return "".join(letter for letter in last if letter.isprintable())[-100:] or "file"


class Plain(http.client.HTTPConnection):
    """A connection to one address, whatever the host's name may mean by now."""

    address = ""

    def connect(self) -> None:
        """Connect to the address that was looked at."""
        self.sock = socket.create_connection((self.address, self.port), self.timeout)

    def cut(self) -> None:
        """End every wait on this connection."""
        with contextlib.suppress(OSError):
            if self.sock is not None:
                self.sock.shutdown(socket.SHUT_RDWR)


class Secure(Plain):
    """The same with TLS: the certificate must be the host's."""

    def connect(self) -> None:
        """Connect, and see the certificate."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
