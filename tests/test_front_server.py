"""The real server before the pages: what it sends arrives whole, short or long."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.longpage import PIECE, PIECES
from tests.mailserver import free_port
from tests.together import ROOT, environment

STYLES = ROOT / "huying" / "static" / "huying.css"


@contextmanager
def serving(target: str, home: str) -> Iterator[int]:
    """A real server of one application on loopback; its port."""
    port = free_port()
    words = [sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port), target]
    process = subprocess.Popen(words, cwd=ROOT, env={**environment(), "HUYING_HOME": home})
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def fetched(port: int, path: str) -> bytes:
    deadline = time.monotonic() + 30
    while True:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            line.request("GET", path)
            return line.getresponse().read()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        finally:
            line.close()


@pytest.mark.django_db
def test_a_style_sheet_and_a_long_page_arrive_whole(tmp_path: object) -> None:
    with serving("huying.cli.wsgi:application", str(tmp_path)) as port:
        assert fetched(port, "/static/huying.css") == STYLES.read_bytes()
    with serving("tests.longpage:application", str(tmp_path)) as port:
        assert fetched(port, "/") == PIECE * PIECES
