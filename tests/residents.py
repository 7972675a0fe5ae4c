"""Short ways for the tests of the portal: a resident's browser without scripts, a sent form, a case on its way."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from huying.ledger.models import Case
from huying.portal import acts, links, report
from tests.cast import act

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Answer

LAMP = "柳园路 12 号门前的路灯坏了三天，晚上看不清路。希望尽快修好。"
PHONE = "138 0000 2046"


@pytest.fixture(autouse=True)
def fresh_hour() -> Iterator[None]:
    """Nobody has sent or asked for anything in this hour."""
    report.calls.forget()
    acts.asks.forget()
    yield


def sent(client: Client, **said: Any) -> Answer:
    """Send the form as a browser without scripts does."""
    return client.post("/report", {"text": LAMP, "once": links.new_once(), **said})


def call(client: Client, **said: Any) -> str:
    """Send the form; the word of the link on the receipt."""
    answer = sent(client, **said)
    assert answer.status_code == 303, words(answer)
    return str(answer["Location"]).removeprefix("/receipt/")


def words(answer: Answer) -> str:
    """What a page says, without its marks."""
    body = re.sub(r"<(script|style)\b.*?</\1>", "", answer.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)))


def last() -> Case:
    """The case that was opened last."""
    found = Case.objects.order_by("-pk").first()
    assert found is not None
    return found


def dispatched(client: Client, **said: Any) -> tuple[Case, str]:
    """A call that a unit has in hand."""
    word = call(client, **said)
    case = last()
    act(case, "triage", "hotline.1", type="help", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    return case, word


def answered(client: Client, *, outcome: str = "fixed", **said: Any) -> tuple[Case, str]:
    """A call that the unit says is solved."""
    case, word = dispatched(client, **said)
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已换好灯泡并检修线路。", outcome=outcome)
    act(case, "sign", "lighting.reviewer")
    return case, word


def do(client: Client, word: str, way: str, **said: Any) -> Answer:
    """Do an act from the page as it stands now, with the right digits unless others are said."""
    page = client.get(f"/my/{word}")
    seen = page.context["turn"] if page.status_code == 200 else ""
    return client.post(f"/my/{word}", {"way": way, "seen": seen, "digits": "2046", **said})
