"""Short ways to the desk: a browser of somebody of the cast, forms sent as their pages say, addresses of all views."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern
from django.utils import timezone

from huying import urls
from huying.desk import sittings
from huying.desk.entrance import BACKEND
from huying.desk.models import Sitting
from huying.desk.visitor import SURE
from huying.ledger.models import Case


def browser(key: str, *, sure: bool = True, language: str = "zh-Hans") -> Client:
    """A browser in which that person is signed in; `sure` where they have shown a code, too."""
    user, _ = User.objects.get_or_create(username=key)
    client = Client(headers={"Accept-Language": language})
    client.force_login(user, backend=BACKEND)
    session = client.session
    at, mark = timezone.now(), f"{key}:{session.session_key}"
    Sitting.objects.create(mark=mark, user=user, began=at, touched=at, browser="test", place="127.0.0.1")
    session[sittings.MARK] = [mark, at.isoformat(), at.isoformat()]
    session[SURE] = sure
    session.save()
    return client


def page(response: Any, status: int = 200) -> str:
    """The text of a page that has this status."""
    text = response.content.decode()
    assert response.status_code == status, f"{response.status_code} {words(text)[:600]}"
    return str(text)


def words(text: str) -> str:
    """What a person reads of a page."""
    plain = re.sub(r"<(script|style|datalist).*?</\1>|<[^>]*>", " ", text, flags=re.S)
    return " ".join(unescape(plain).split())


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the form of an act or a case."""
    found = re.findall(r'type="hidden" name="(turn|seq|token)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


def do(client: Client, case: Case, act: str, /, **said: Any) -> Any:
    """Open the form of an act, fill it in and send it; the page that comes then."""
    sent = send(client, case, act, **said)
    return client.get(sent["Location"]) if sent.status_code == 302 else sent


def send(client: Client, case: Case, act: str, /, **said: Any) -> Any:
    """The same; the answer itself."""
    form = hidden(page(client.get(f"/desk/case/{case.number}?act={act}")))
    assert "turn" in form, f"{act} isn't open"
    return client.post(f"/desk/case/{case.number}/act/{act}", {**form, **said})


def addresses() -> list[tuple[str, Any]]:
    """Every address of the desk and its view."""
    found = [pattern for pattern in urls.urlpatterns if isinstance(pattern, URLPattern)]
    return [(str(one.pattern), one.callback) for one in found if str(one.pattern).startswith("desk/")]
