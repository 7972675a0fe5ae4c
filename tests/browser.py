"""A real server and a real browser for the pages: fixtures `served` (an address) and `open_page` (a tab of a size).

The browser is Debian's Chromium; where it isn't there, the tests say so and are skipped. Nothing but this
machine is spoken to: a request to anywhere else fails the test.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import pytest
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, connections
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from huying.ledger import guard
from tests.cast import MORNING
from tests.conftest import lay, wipe

CHROMIUM = Path("/usr/bin/chromium")
PHONE, DESK = (390, 844), (1280, 900)
Opening = Callable[..., Page]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _closing(application: Any) -> Any:
    """The application, which leaves no connection of a thread behind."""

    def answering(environment: Any, start: Any) -> Any:
        answer = application(environment, start)
        try:
            return list(answer)
        finally:
            answer.close()
            connections.close_all()

    return answering


@contextmanager
def serving() -> Iterator[str]:
    """A server of the database at hand, on the demo's clock; its address."""
    server = _Server(("127.0.0.1", 0), _Quiet)
    server.set_app(_closing(get_wsgi_application()))
    address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "HUYING_NOW", MORNING)
        patch.setattr(settings, "HUYING_PUBLIC_URL", address)
        thread.start()
        yield address
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def served(committed: None) -> Iterator[str]:
    """The address of a server of a fresh database."""
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def served_once(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """The same for all tests of a module, at a tenth of the time: what one does stays for the next.

    A module takes it by importing it as `served`.
    """
    with django_db_blocker.unblock():
        with serving() as address:
            yield address
        with guard.lifted():
            wipe()
        lay()
        connection.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} isn't there: install Debian's chromium to run the browser tests")
    # Playwright keeps a loop of its own in this thread, and Django would take that for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "yes")
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, served: str) -> Iterator[Opening]:
    """Opens a tab of a width and height; whatever goes wrong in a page, or leaves this machine, fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(size: tuple[int, int] = PHONE, **more: Any) -> Page:
        viewport: Any = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, locale="zh-CN", base_url=served, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda line: wrong.append(line.text) if "Content Security" in line.text else None)
        page.on(
            "request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((served, "data:")) else None
        )
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong, wrong
