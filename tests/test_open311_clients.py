"""A real server and the clients that others wrote: `georeport` reads, `three`'s requests are made as it makes them.

PyPI's `three` 0.8.0 imports `itertools.ifilter`, which Python 3 hasn't, so it can't be used unpatched: what it
sends is sent here by hand, call by call, with the library that it uses.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from georeport import GeoReport

from tests.commands import program
from tests.doors import LIUYUAN, photo
from tests.postgres import cluster
from tests.test_serve import BOUND, NOW, free_port, started


@dataclass(frozen=True)
class City:
    """A running city: where its doors are, and a key for them."""

    root: str
    port: int
    key: str
    process: int

    def memory(self) -> int:
        """The most memory that the server and its workers ever held, in megabytes."""
        statuses = [Path(f"/proc/{pid}/status").read_text() for pid in (self.process, *_children(self.process))]
        return sum(int(held) for status in statuses for held in re.findall(r"VmHWM:\s+(\d+)", status)) // 1024


def _children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in told]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """`huying serve` on the kind of database that this run tests."""
    home = tmp_path_factory.mktemp("doors")
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(cluster()).url() if connection.vendor == "postgresql" else ""
        settings = {"HUYING_HOME": str(home), "HUYING_MODE": "test", "HUYING_DATABASE_URL": url, "HUYING_NOW": NOW}
        secret = _key(home, url)
        port = free_port()
        process = started(stack, ["serve", "--port", str(port)], home, settings)
        _wait(port)
        yield City(f"http://127.0.0.1:{port}/open311", port, secret, process.pid)


def _key(home: Path, url: str) -> str:
    assert program("init", home=home, HUYING_DATABASE_URL=url, HUYING_NOW=NOW).returncode == 0
    made = program("key", "add", "众包应用", home=home, HUYING_DATABASE_URL=url, HUYING_NOW=NOW)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout.decode().strip()


def _wait(port: int) -> None:
    until = time.monotonic() + BOUND
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.1)
    pytest.fail("the server didn't start")


def call(city: City, **said: Any) -> str:
    """Send a call as a form; its number."""
    whole = {"api_key": city.key, "service_code": "streets.lamps.dark", "address_string": "柳园路", **said}
    answer = requests.post(f"{city.root}/v2/requests.json", data=whole, timeout=BOUND)
    assert answer.status_code == 200, answer.text
    return str(answer.json()[0]["service_request_id"])


# --- georeport


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("jurisdiction", [None, "yunting"])
def test_georeport_reads_everything(city: City, form: str, jurisdiction: str | None) -> None:
    number = call(city, lat=LIUYUAN[0], long=LIUYUAN[1])
    client = GeoReport(f"{city.root}/v2/", jurisdiction=jurisdiction, output_format=form)
    services = client.get_service_list()
    lamp = next(service for service in services if service["service_code"] == "streets.lamps.dark")
    assert lamp["service_name"] == "路灯不亮" and str(lamp["metadata"]).lower() == "true"
    definition = client.get_service_definition("streets.lamps.dark")
    assert definition["service_code"] == "streets.lamps.dark"
    found = client.get_service_request(number)
    assert found["service_request_id"] == number and found["status"] == "open"
    assert float(found["lat"]) == 38.55
    several = client.get_service_requests(
        service_code="streets.lamps.dark",
        start_date="2026-06-01T00:00:00Z",
        end_date="2026-06-16T00:00:00Z",
        status="open",
    )
    rows = several if isinstance(several, list) else [several]
    assert number in [row["service_request_id"] for row in rows]
    with pytest.raises(requests.HTTPError):
        client.get_service_request("1")


# --- three


def test_threes_discovery_and_services(city: City) -> None:
    session = requests.Session()
    for base in (city.root, f"{city.root}/v2"):
        told = session.get(f"{base}/discovery.json", timeout=BOUND).json()
        assert {"changeset", "contact", "endpoints", "key_service"} == set(told)
    assert told["endpoints"][0]["url"] == f"{city.root}/v2"
    services = session.get(f"{city.root}/v2/services.json", timeout=BOUND).json()
    asked = session.get(f"{city.root}/v2/services/{services[0]['service_code']}.json", timeout=BOUND).json()
    assert asked["service_code"] == services[0]["service_code"]


@pytest.mark.parametrize("with_media", [True, False])
def test_threes_post_and_token(city: City, with_media: bool) -> None:
    session = requests.Session()
    said = {
        "service_code": "streets.lamps.dark", "address_string": "123 Any St", "first_name": "Zach",
        "last_name": "Williams", "phone": "555-5555", "description": "My issue description.", "api_key": city.key,
        "jurisdiction_id": "yunting",
    }  # fmt: skip
    files = {"media": ("photo.png", io.BytesIO(photo(kind="PNG")))} if with_media else None
    answer = session.post(f"{city.root}/v2/requests.json", data=said, files=files, timeout=BOUND)
    number = answer.json()[0]["service_request_id"]
    token = session.get(f"{city.root}/v2/tokens/{number}.json", timeout=BOUND).json()
    assert token == [{"service_request_id": number, "token": number}]
    query = {"start_date": "2026-06-01T00:00:00Z", "end_date": "2026-06-16T00:00:00Z", "page_size": "50"}
    rows = session.get(f"{city.root}/v2/requests.json", params=query, timeout=BOUND).json()
    assert number in [row["service_request_id"] for row in rows]
    refused = session.post(f"{city.root}/v2/requests.json", data={**said, "api_key": ""}, timeout=BOUND)
    assert refused.status_code == 403 and refused.json()[0]["code"] == 403


# --- the wire


def test_a_body_sent_in_pieces_of_no_announced_length_is_a_call(city: City) -> None:
    def pieces() -> Iterator[bytes]:
        yield f"api_key={city.key}&service_code=streets.lamps.dark&".encode()
        yield b"address_string=a&description=b"

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = requests.post(f"{city.root}/v2/requests.json", data=pieces(), headers=kind, timeout=BOUND)
    assert answer.status_code == 200 and answer.json()[0]["service_request_id"]


@pytest.mark.parametrize("announced", [True, False])
def test_two_gigabytes_get_an_answer_in_form_and_fill_no_memory(city: City, announced: bool) -> None:
    """The sender goes on sending for as long as anybody listens; then it hears why it was refused."""
    before = city.memory()
    line = http.client.HTTPConnection("127.0.0.1", city.port, timeout=BOUND)
    line.putrequest("POST", "/open311/v2/requests.json")
    line.putheader("Content-Type", "multipart/form-data; boundary=b")
    line.putheader("Content-Length" if announced else "Transfer-Encoding", str(2 * 1024**3) if announced else "chunked")
    line.endheaders()
    piece = b"x" * (1024 * 1024)
    whole = piece if announced else b"%x\r\n%s\r\n" % (len(piece), piece)
    with contextlib.suppress(OSError):
        for _ in range(2048):
            line.send(whole)
        if not announced:
            line.send(b"0\r\n\r\n")
    answer = line.getresponse()
    assert answer.status == 413 and b"64 MB" in answer.read()
    line.close()
    assert city.memory() - before < 300


def test_while_thirty_drip_others_are_answered_and_the_drip_is_told_in_the_end(city: City) -> None:
    drips = [socket.create_connection(("127.0.0.1", city.port)) for _ in range(30)]
    head = b"POST /open311/v2/requests.xml HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
    for drip in drips:
        drip.sendall(head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
    began = time.monotonic()
    for second in range(5):
        for drip in drips:
            drip.sendall(b"a")
        assert call(city, description=f"第 {second} 秒"), "a call is taken while others drip"
        time.sleep(0.2)
    answer = drips[0].makefile("rb").read(4096) if _answered(drips[0]) else b""
    assert b" 408 " in answer and "太慢".encode() in answer and b"<errors>" in answer
    assert 10 < time.monotonic() - began < BOUND
    for drip in drips:
        drip.close()


def _answered(line: socket.socket) -> bool:
    """Wait for an answer on a line, and end the sending, so that the answer can be read to its end."""
    line.settimeout(BOUND)
    line.recv(1, socket.MSG_PEEK)
    line.shutdown(socket.SHUT_WR)
    return True
