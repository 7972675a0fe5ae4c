"""Our answers beside those that real cities gave: the same names, order, nesting, kinds of value and dates."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.doors import LIUYUAN, V2, errors, fresh_hour, get, key, number, post, tree

__all__ = ["fresh_hour"]
pytestmark = [pytest.mark.django_db, pytest.mark.data]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")


def real(name: str) -> etree._Element:
    """A real answer in XML."""
    return etree.parse(Path(os.environ["HUYING_DATA"]) / "open311" / name).getroot()


def real_json(name: str) -> Any:
    return json.loads((Path(os.environ["HUYING_DATA"]) / "open311" / name).read_text("utf-8"))


def paths(element: etree._Element, above: str = "") -> Iterator[str]:
    """The path of each element, without repeats: what a client's XPath can name."""
    path = f"{above}/{element.tag}"
    yield path
    for child in element:
        yield from paths(child, path)


def names(root: etree._Element) -> list[str]:
    """Every path of a document once, in the order in which they first come."""
    return list(dict.fromkeys(paths(root)))


@pytest.fixture
def lamp(db: None) -> str:
    """A request with a place, and a token."""
    return number(post(key()[1], lat=LIUYUAN[0], long=LIUYUAN[1], once="12345"))


@pytest.mark.parametrize("name", ["oiva_service-requests.xml", "oiva_service-request.xml"])
def test_requests_have_the_elements_of_the_specifications_sample_in_its_order(lamp: str, name: str) -> None:
    for path in (f"{V2}/requests.xml", f"{V2}/requests/{lamp}.xml"):
        assert names(tree(get(path))) == names(real(name))


@pytest.mark.parametrize("name", ["bensheldon_requests_many.xml", "bensheldon_requests_single.xml"])
def test_requests_have_every_element_that_toronto_gives(lamp: str, name: str) -> None:
    assert set(names(real(name))) <= set(names(tree(get(f"{V2}/requests/{lamp}.xml"))))


def test_dates_are_written_as_real_cities_write_them(lamp: str) -> None:
    ours = tree(get(f"{V2}/requests.xml"))
    for root in (ours, real("oiva_service-requests.xml"), real("bensheldon_requests_many.xml")):
        dates = [each.text for each in root.iter() if each.tag.endswith("datetime") and each.text]
        assert dates and all(DATE.fullmatch(date) for date in dates)


def test_requests_in_json_have_chicagos_names_and_kinds_of_value(lamp: str) -> None:
    [ours] = get(f"{V2}/requests.json").json()
    for theirs in real_json("bensheldon_service_requests.json"):
        assert set(theirs) <= set(ours)
        both = [name for name in theirs if ours[name] is not None]
        assert {"service_request_id", "status", "lat", "long", "address"} <= set(both)
        assert all(type(ours[name]) is type(theirs[name]) for name in both)


def test_services_are_described_as_in_washington_and_giessen() -> None:
    ours = tree(get(f"{V2}/services.xml"))
    assert sorted(names(ours)) == sorted(names(real("oiva_dc-services.xml")))
    assert set(names(real("bensheldon_services_giessen.xml"))) <= set(names(ours))
    for root in (ours, real("oiva_dc-services.xml")):
        assert {each.text for each in root.iter("metadata")} <= {"true", "false"}
        assert {each.text for each in root.iter("type")} <= {"realtime", "batch", "blackbox"}


def test_services_in_json_are_described_as_in_the_specification() -> None:
    theirs, ours = real_json("bensheldon_service_list.json")[0], get(f"{V2}/services.json").json()[0]
    assert set(ours) == set(theirs)
    assert all(type(ours[name]) is type(theirs[name]) for name in theirs)


def test_a_definition_has_washingtons_elements() -> None:
    theirs, ours = real("oiva_dc-services-S0301.xml"), tree(get(f"{V2}/services/streets.lamps.xml"))
    assert names(theirs) == names(ours)
    orders = [int(each.text or 0) for each in ours.iter("order")]
    assert orders == sorted(set(orders))


def test_discovery_has_bostons_and_washingtons_names() -> None:
    ours = get("/open311/discovery.json").json()
    theirs = real_json("oiva_discovery-boston.json")
    assert set(ours) == set(theirs)
    assert all(set(point) == set(theirs["endpoints"][0]) for point in ours["endpoints"])
    assert [point["formats"] for point in ours["endpoints"]] == [point["formats"] for point in theirs["endpoints"]]
    assert names(tree(get("/open311/discovery.xml"))) == names(real("oiva_discovery-dc.xml"))


def test_a_token_is_answered_as_in_the_specification(lamp: str) -> None:
    assert names(tree(get(f"{V2}/tokens/12345.xml"))) == names(real("oiva_token.xml"))


def test_an_error_is_told_as_boston_tells_one() -> None:
    answer = post(key()[1], f"{V2}/requests.xml", service_code="no.such")
    assert names(tree(answer)) == names(real("oiva_boston-err-submitrequest-base_is_duplicate.xml"))
    assert errors(answer)[0][0] == answer.status_code
