"""One declaration of a field serves every door: taken out of the TOML, it is gone from all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from huying.errors import BadInput
from huying.intake import mapping
from huying.ledger import administration, documents, rulebook
from huying.ledger.models import Case, Listed
from tests.cast import call, who
from tests.desks import browser, hidden, page, words
from tests.doors import key, post
from tests.editions import with_floor

pytestmark = pytest.mark.django_db
DOORS = {"the desk's form", "the register", "Open311's service", "its OpenAPI description", "the map of an import"}


def asking(tmp_path: Path) -> set[str]:
    """The doors that ask for the floor, or show it."""
    service = Client().get("/open311/v2/services/streets.lamps.dark.json", {"jurisdiction_id": "yunting"})
    shown = {
        "the desk's form": 'name="floor"' in page(browser("hotline.1").get("/desk/open/request")),
        "the register": "楼层" in page(browser("hotline.1").get("/desk/register/request")),
        "Open311's service": any(one["code"] == "floor" for one in service.json()["attributes"]),
        "its OpenAPI description": "attribute[floor]" in page(Client().get("/open311/v2/openapi.json")),
        "the map of an import": imports(tmp_path),
    }
    assert shown.keys() == DOORS
    return {door for door, found in shown.items() if found}


def imports(folder: Path) -> bool:
    """Whether a map may fill the field."""
    path = folder / "map.toml"
    path.write_text(
        'source = "old"\nref = "id"\nopened = "on"\n[field.text]\ncolumn = "words"\n[field.floor]\ncolumn = "floor"\n',
        "utf-8",
    )
    try:
        mapping.read(path, rulebook.everything())
    except BadInput:
        return False
    return True


def test_a_field_stands_in_every_door_and_deleted_from_the_toml_in_none(tmp_path: Path) -> None:
    call()
    assert asking(tmp_path) == set()
    administration.load_procedures(
        who("admin.system"), shadow=with_floor(rulebook.procedure("request"), tmp_path / "p")
    )
    assert asking(tmp_path) == DOORS
    by_desk = browser("hotline.1")
    form = hidden(page(by_desk.get("/desk/open/request")))
    by_desk.post("/desk/open/request", {**form, "text": "电梯不动", "type": "help", "floor": "12"})
    assert post(key()[1], **{"attribute[floor]": "12"}).status_code == 200
    assert Listed.objects.filter(name="floor", value="12").count() == 2
    register = words(page(browser("hotline.1").get("/desk/register/request")))
    assert register.count(" 12 ") == 2

    administration.load_procedures(who("admin.system"))
    assert asking(tmp_path) == set()
    refused = post(key()[1], **{"attribute[floor]": "12"})
    assert refused.status_code == 400 and "floor" in refused.content.decode()
    with pytest.raises(BadInput, match="floor"):
        call("hotline.1", "request", text="电梯不动", floor="12")
    page(browser("hotline.1").get(f"/desk/case/{Case.objects.filter(procedure='request').latest('pk').number}"))


def test_a_form_that_still_carries_a_deleted_field_is_done_without_it(tmp_path: Path) -> None:
    """A page that was open while the procedure changed: nothing that is asked for gets lost."""
    administration.load_procedures(
        who("admin.system"), shadow=with_floor(rulebook.procedure("request"), tmp_path / "p")
    )
    client = browser("hotline.1")
    form = hidden(page(client.get("/desk/open/request")))
    administration.load_procedures(who("admin.system"))
    answer = client.post("/desk/open/request", {**form, "text": "电梯不动", "type": "help", "floor": "12"})
    assert answer.status_code == 302
    case = Case.objects.filter(procedure="request").latest("pk")
    assert documents.of(case, "text") == "电梯不动" and "floor" not in case.folded().facts
