"""The pages for integrators name every address, parameter, attribute, act and status that the door has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from huying.intake.description import ADDRESSES
from huying.intake.faults import STATUS
from huying.intake.keys import SCOPES
from huying.intake.services import attributes
from huying.intake.updates import acts
from tests.doors import V2, get

pytestmark = pytest.mark.django_db
DOCS = Path(__file__).parent.parent / "docs"
PAGES = ["reference/open311.md", "zh/reference/open311.md"]


@pytest.mark.parametrize("page", PAGES)
def test_every_address_and_parameter_is_in_the_reference(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    for address in ADDRESSES:
        path = re.sub(r"\{(\w+)\}", lambda place: place[1].upper(), address.path)
        base = "/open311" if path.startswith("/discovery") else ""
        assert f"`{address.method.upper()} {base}{path}`" in text
        for parameter in address.asks:
            assert parameter.where == "path" or f"`{parameter.name}`" in text or f"`{parameter.name}=" in text


@pytest.mark.parametrize("page", PAGES)
def test_every_field_of_a_call_is_in_the_reference(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    schemas = get(f"{V2}/openapi.json").json()["components"]["schemas"]
    for name in (*schemas["Call"]["properties"], *schemas["Update"]["properties"]):
        assert name.startswith("attribute[") or f"`{name}`" in text, name
    for element in schemas["Requests"]["items"]["properties"]:
        assert f"`{element}`" in text, element
    for field in attributes():
        assert f"`{field.name}`" in text, field.name
    [row] = re.findall(r"^\| `act` \|(.*)$", text, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", row)) <= set(acts()) and len(acts()) > 6


@pytest.mark.parametrize("page", PAGES)
def test_every_status_is_in_the_reference_and_no_other(page: str) -> None:
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", (DOCS / page).read_text("utf-8"), re.MULTILINE)}
    assert told == {status for _, status in STATUS}


@pytest.mark.parametrize("page", ["how-to/open311.md", "zh/how-to/open311.md"])
def test_every_scope_is_in_the_guide(page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    assert all(f"| `{scope}` |" in text for scope in SCOPES)
