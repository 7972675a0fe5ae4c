"""GeoReport v2: discovery, services and what they ask, calls, requests and tokens, in both forms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.city import store
from huying.ledger import attachments, audit, find
from huying.ledger.models import Case, Document
from huying.ledger.number import read
from tests.cast import act, call
from tests.doors import LAMP, LIUYUAN, SANDBOX, V2, errors, fresh_hour, get, key, number, photo, post, tree

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db
W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
ELEMENTS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime",
    "address", "address_id", "zipcode", "lat", "long", "media_url",
]  # fmt: skip


# --- discovery


@pytest.mark.parametrize("base", ["/open311", V2, SANDBOX])
def test_discovery_names_both_endpoints_in_both_forms(base: str) -> None:
    told = get(f"{base}/discovery.json").json()
    assert list(told) == ["changeset", "contact", "key_service", "endpoints"]
    assert [(point["type"], point["url"]) for point in told["endpoints"]] == [
        ("production", "http://testserver/open311/v2"),
        ("test", "http://testserver/open311/sandbox/v2"),
    ]
    assert all(W3C.fullmatch(point["changeset"]) for point in told["endpoints"])
    root = tree(get(f"{base}/discovery.xml"))
    assert root.tag == "discovery"
    formats = [[each.text for each in point.iterfind("formats/format")] for point in root.iter("endpoint")]
    assert formats == [["text/xml", "application/json"]] * 2
    assert [point.findtext("url") for point in root.iter("endpoint")] == [p["url"] for p in told["endpoints"]]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/open311/discovery.xml", "text/xml"),
        ("/open311/discovery.json", "application/json"),
        (f"{V2}/services.xml", "text/xml; charset=utf-8"),
        (f"{V2}/services/streets.lamps.xml", "text/xml; charset=utf-8"),
        (f"{V2}/requests.xml", "text/xml; charset=utf-8"),
        (f"{V2}/requests/1.xml", "text/xml; charset=utf-8"),
        (f"{V2}/tokens/1.xml", "text/xml; charset=utf-8"),
        (f"{V2}/services.json", "application/json; charset=utf-8"),
        (f"{V2}/requests.json", "application/json; charset=utf-8"),
        (f"{V2}/tokens/1.json", "application/json; charset=utf-8"),
    ],
)
def test_content_types_are_exactly_those_of_the_specification(path: str, kind: str) -> None:
    assert get(path)["Content-Type"] == kind


def test_without_an_ending_the_caller_gets_what_it_prefers_and_xml_otherwise() -> None:
    wanted = {
        "application/json": "application/json",
        "text/xml": "text/xml",
        "text/html": "text/xml",
        "*/*": "text/xml",
    }
    for accept, kind in wanted.items():
        answer = Client().get(f"{V2}/services", headers={"Accept": accept})
        assert answer["Content-Type"] == f"{kind}; charset=utf-8", accept
    assert Client().get(f"{V2}/services")["Content-Type"] == "text/xml; charset=utf-8"


def test_an_answer_can_be_read_from_any_web_page_and_a_call_sent_from_none() -> None:
    assert get(f"{V2}/requests.json")["Access-Control-Allow-Origin"] == "*"
    asked = Client().options(f"{V2}/requests.json")
    assert (asked.status_code, asked["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    assert "Access-Control-Allow-Origin" not in post(key()[1]).headers


# --- services


def test_every_handled_category_is_a_service_and_no_other() -> None:
    told = get(f"{V2}/services.json").json()
    handled = [category.code for category in store.current().categories.values() if category.handled]
    assert [service["service_code"] for service in told] == handled
    assert {service["type"] for service in told} == {"realtime"}
    lamp = next(service for service in told if service["service_code"] == "streets.lamps.dark")
    assert list(lamp) == [
        "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
    ]  # fmt: skip
    assert (lamp["service_name"], lamp["metadata"]) == ("路灯不亮", True)
    assert lamp["group"] == store.current().categories["streets"].name["zh-Hans"]


def test_the_list_of_services_asks_the_database_a_few_times_only() -> None:
    get(f"{V2}/services.json")
    with CaptureQueriesContext(connection) as queries:
        assert len(get(f"{V2}/services.json").json()) > 100
    assert len(queries) < 5


def test_services_are_named_in_the_callers_language() -> None:
    for language, name in (
        ("", "路灯照明"),
        ("zh-CN,zh;q=0.9,en;q=0.5", "路灯照明"),
        ("en-GB,en;q=0.9", "Street lighting"),
    ):
        answer = get(f"{V2}/services.json", language)
        names = {service["service_code"]: service["service_name"] for service in answer.json()}
        assert names["streets.lamps"] == name
        assert answer["Content-Language"] == ("en" if language.startswith("en") else "zh-CN")


def test_a_definition_asks_what_the_procedure_declares_and_geo_report_has_no_parameter_for() -> None:
    told = get(f"{V2}/services/streets.lamps.dark.json").json()
    assert told["service_code"] == "streets.lamps.dark"
    asked = {attribute["code"]: attribute for attribute in told["attributes"]}
    assert list(asked) == ["title", "type", "urgency", "wish", "about", "source_due"]
    assert [attribute["order"] for attribute in told["attributes"]] == list(range(1, len(asked) + 1))
    assert asked["wish"]["datatype"] == "singlevaluelist"
    assert {"key": "anonymous", "name": "匿名"} in asked["wish"]["values"]
    assert asked["source_due"]["datatype"] == "datetime"
    assert list(asked["title"]) == [
        "variable", "code", "datatype", "required", "datatype_description", "order", "description", "values",
    ]  # fmt: skip
    root = tree(get(f"{V2}/services/streets.lamps.dark.xml"))
    codes = [attribute.findtext("code") for attribute in root.iterfind("attributes/attribute")]
    assert codes == list(asked)
    assert root.findtext("attributes/attribute/variable") == "true"


@pytest.mark.parametrize("path", ["services/no.such", "services/discipline"])
def test_a_service_that_isnt_there_is_404_and_one_not_handled_says_where_to_turn(path: str) -> None:
    for form in ("xml", "json"):
        answer = get(f"{V2}/{path}.{form}")
        [(code, text)] = errors(answer)
        assert code == 404
        assert "12388" in text or "no.such" in text


# --- calls


def test_a_call_becomes_a_case_on_the_hotlines_desk_with_all_that_was_said() -> None:
    lat, long = LIUYUAN
    answer = post(
        key()[1], lat=lat, long=long, last_name="王", first_name="小明", phone="13800000001", email="wang@example.org",
        device_id="tt222111", account_id="123456", **{"attribute[title]": "路灯不亮", "attribute[type]": "help"},
    )  # fmt: skip
    [row] = answer.json()
    assert list(row) == ["service_request_id", "service_notice", "account_id"]
    case = Case.objects.get(number=row["service_request_id"])
    assert (case.stage, case.category, case.procedure) == ("registered", "streets.lamps.dark", "request")
    assert case.area == store.current().area_at(float(lat), float(long)) != ""
    texts = {document.field: document.body for document in Document.objects.filter(case=case)}
    assert texts["text"].startswith("路灯坏了三天") and texts["place"] == "柳园路 12 号门前"
    assert texts["title"] == "路灯不亮" and '"王小明"' in texts["requester"]
    assert not any("tt222111" in text or "123456" in text for text in texts.values())
    assert case.folded().facts["type"] == "help"
    assert [document.sealed for document in Document.objects.filter(case=case, field="requester")] == [True]
    assert list(audit.audit()) == []


def test_a_call_in_xml_is_answered_in_xml() -> None:
    root = tree(post(key()[1], f"{V2}/requests.xml"))
    assert root.tag == "service_requests" and [part.tag for part in root[0]] == [
        "service_request_id", "service_notice", "account_id",
    ]  # fmt: skip
    assert read(root.findtext("request/service_request_id") or "")


@pytest.mark.parametrize(
    ("place", "area"),
    [
        ({"lat": LIUYUAN[0], "long": LIUYUAN[1]}, True),
        ({"address_string": "柳园路"}, False),
        ({"address_id": "xihe-liuyuan"}, True),
    ],
)
def test_one_way_to_say_the_place_is_enough(place: dict[str, Any], area: bool) -> None:
    case = Case.objects.get(number=number(post(key()[1], **{"address_string": None, **place})))
    assert bool(case.area) is area


def test_a_point_outside_the_city_is_kept_for_somebody_to_look_at() -> None:
    answer = post(key()[1], lat="31.23", long="121.47")
    case = Case.objects.get(number=number(answer))
    assert case.area == "" and Document.objects.get(case=case, field="point").body == "31.230000,121.470000"
    assert "不在本市各辖区内" in answer.json()[0]["service_notice"]


def test_words_of_danger_are_answered_with_the_emergency_numbers_first() -> None:
    notice = post(key()[1], description="楼道里着火了").json()[0]["service_notice"]
    assert notice.startswith("如有人身危险，请立即拨打：110 报警，119 火警")


def test_english_names_stand_in_their_order() -> None:
    case = Case.objects.get(number=number(post(key()[1], first_name="John", last_name="Smith")))
    assert '"John Smith"' in Document.objects.get(case=case, field="requester").body


def test_an_upstream_platforms_due_date_is_kept() -> None:
    sent = {"attribute[source_due]": "2026-06-20T18:00:00+08:00", "source_ref": "12345-0007"}
    case = Case.objects.get(number=number(post(key()[1], **sent)))
    assert case.folded().facts["source_due"] == "2026-06-20T10:00:00Z"
    assert case.source_ref == "12345-0007"


def test_photos_are_kept_with_the_names_they_came_with() -> None:
    files = [SimpleUploadedFile("路灯.jpg", photo()), SimpleUploadedFile("é photo.png", photo(kind="PNG"))]
    case = Case.objects.get(number=number(post(key()[1], media=files)))
    kept = list(Document.objects.filter(case=case, field="evidence").order_by("pk"))
    assert [(each.name, each.media) for each in kept] == [("路灯.jpg", "image/jpeg"), ("é photo.png", "image/png")]
    assert all(attachments.intact(each.blob) for each in kept)


def test_words_that_look_like_code_stay_words() -> None:
    words = "<script>alert('&amp;')</script> '; DROP TABLE ledger_case; -- 🚨"
    case = Case.objects.get(number=number(post(key()[1], description=words)))
    assert Document.objects.get(case=case, field="text").body == words


def test_a_form_without_escapes_is_read_as_utf8() -> None:
    whole = f"api_key={key()[1]}&service_code={LAMP['service_code']}&address_string=柳园路&description=路灯坏了"
    answer = Client().post(f"{V2}/requests.json", whole.encode(), content_type="application/x-www-form-urlencoded")
    case = Case.objects.get(number=number(answer))
    assert Document.objects.get(case=case, field="text").body == "路灯坏了"


# --- requests


def test_a_request_has_every_element_in_the_order_of_the_specification() -> None:
    told = number(post(key()[1], lat=LIUYUAN[0], long=LIUYUAN[1]))
    for path in (f"{V2}/requests/{told}", f"{V2}/requests"):
        [row] = get(f"{path}.json").json()
        assert list(row) == ELEMENTS
        assert (row["service_request_id"], row["status"], row["status_notes"]) == (told, "open", "已登记")
        assert row["service_name"] == "路灯不亮"
        assert W3C.fullmatch(row["requested_datetime"]) and W3C.fullmatch(row["updated_datetime"])
        assert (row["lat"], row["long"]) == (38.55, 119.8)
        root = tree(get(f"{path}.xml"))
        assert [part.tag for part in root[0]] == ELEMENTS
        assert root.findtext("request/lat") == "38.55"


def test_nothing_that_a_caller_wrote_is_told_to_anybody() -> None:
    secret = key()[1]
    told = number(post(secret, lat="38.5512345", long="119.8012345", last_name="王", phone="13800000001"))
    for path in (f"{V2}/requests/{told}.xml", f"{V2}/requests.json", f"{V2}/requests/{told}.json?extensions=true"):
        text = get(path).content.decode()
        assert not re.search("路灯坏了|柳园路 12|王|13800000001|38.5512|119.8012", text), path


def test_the_status_follows_the_case_to_the_confirmed_answer() -> None:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="照明管理")
    [row] = get(f"{V2}/requests/{case.number}.json").json()
    assert row["status_notes"] == "已派单" and row["expected_datetime"] == "2026-06-23T18:00:00+08:00"
    assert row["address"].startswith("柳园街道，")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")
    act(case, "confirm", "callback.1", contacted="yes", solved="yes", satisfied="yes")
    [row] = get(f"{V2}/requests/{case.number}.json?extensions=true").json()
    assert (row["status"], row["status_notes"]) == ("closed", "已办结：已解决（回访已核实）")
    assert row["extended_attributes"] == {"stage": "closed", "outcome": "fixed", "verified": "callback"}
    assert [note["type"] for note in row["notes"]] == [
        "registered", "triaged", "dispatched", "accepted", "in_progress", "submitted", "verifying", "closed",
    ]  # fmt: skip


def test_a_report_of_wrongdoing_is_received_and_never_told() -> None:
    told = number(post(key()[1], **{"attribute[type]": "report"}))
    assert find.public(Case.objects.get(number=told)) is None
    assert errors(get(f"{V2}/requests/{told}.json"))[0][0] == 404
    assert get(f"{V2}/requests.json").json() == []
    assert errors(get(f"{V2}/tokens/{told}.json"))[0][0] == 404


def test_other_kinds_of_case_are_not_there_for_anybody() -> None:
    case = Case.objects.get(procedure="administration")
    assert errors(get(f"{V2}/requests/{case.number}.xml"))[0][0] == 404


# --- tokens


def test_an_idempotency_key_is_a_token_for_the_number() -> None:
    told = number(post(key()[1], once="b6e0d4e6-8d3a"))
    for path in (f"{V2}/tokens/b6e0d4e6-8d3a", f"{V2}/tokens/{told}"):
        [row] = get(f"{path}.json").json()
        assert row == {"service_request_id": told, "token": path.rpartition("/")[2]}
    root = tree(get(f"{V2}/tokens/b6e0d4e6-8d3a.xml"))
    assert [part.tag for part in root[0]] == ["service_request_id", "token"]
    assert errors(get(f"{V2}/tokens/unknown.xml"))[0][0] == 404


# --- where from


def test_the_jurisdiction_may_be_named_and_another_one_isnt_here() -> None:
    code = store.current().code
    for path in ("services", "services/streets.lamps", "requests"):
        assert get(f"{V2}/{path}.json", jurisdiction_id=code).status_code == 200
        assert get(f"{V2}/{path}.json", jurisdiction_id="").status_code == 200
        [(status, text)] = errors(get(f"{V2}/{path}.xml", jurisdiction_id="city.gov"))
        assert status == 404 and "city.gov" in text and code in text
    assert errors(post(key()[1], jurisdiction_id="city.gov"))[0][0] == 404
    assert number(post(key()[1], jurisdiction_id=code))
