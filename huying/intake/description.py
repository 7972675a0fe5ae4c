"""The door as OpenAPI 3.1, made from one table of its addresses: what a machine reads before it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from huying.intake.answer import JSON, KINDS, XML, Node
from huying.intake.asked import SANDBOX, Asked
from huying.intake.calls import MOST_DESCRIPTION
from huying.intake.listing import MOST_PAGES, MOST_ROWS
from huying.intake.services import DATATYPES, attributes, choices
from huying.intake.updates import acts
from huying.ledger.said import LONGEST_TEXT
from huying.ledger.vocabulary import Field, Words

Schema = Mapping[str, Node]

TEXT: Schema = {"type": "string"}
MAYBE: Schema = {"type": ["string", "null"]}
WHEN: Schema = {"type": "string", "format": "date-time"}
DEGREES: Schema = {"type": ["number", "null"]}


@dataclass(frozen=True)
class Parameter:
    """One thing that an address can be asked with."""

    name: str
    schema: Schema
    words: Words
    where: str = "query"


@dataclass(frozen=True)
class Address:
    """One address: its path below the version, what it gives, how it may be asked, and its answer."""

    path: str
    words: Words
    gives: str
    asks: tuple[Parameter, ...] = ()
    method: str = "get"


FORM = Parameter("form", {"type": "string", "enum": ["xml", "json"]}, {"zh-Hans": "格式", "en": "form"}, "path")
JURISDICTION = Parameter(
    "jurisdiction_id", TEXT, {"zh-Hans": "辖区代码；可不填", "en": "the city's code; may be left out"}
)
KEY = Parameter("api_key", TEXT, {"zh-Hans": "密钥；查询可不填", "en": "a key; a question needs none"})
CODE = Parameter("service_code", TEXT, {"zh-Hans": "服务代码", "en": "a service's code"}, "path")
NUMBER = Parameter("service_request_id", TEXT, {"zh-Hans": "诉求编号", "en": "a request's number"}, "path")
TOKEN = Parameter("token", TEXT, {"zh-Hans": "来件时的 Idempotency-Key", "en": "the Idempotency-Key of a call"}, "path")
EXTENSIONS = Parameter(
    "extensions", {"type": "string", "enum": ["true", "false"]},
    {"zh-Hans": "true：附办理环节", "en": "true: with the steps it has come to"},
)  # fmt: skip
FILTERS = (
    Parameter("service_request_id", TEXT, {"zh-Hans": "编号，逗号分隔", "en": "numbers, with commas"}),
    Parameter("service_code", TEXT, {"zh-Hans": "服务代码，逗号分隔", "en": "services' codes, with commas"}),
    Parameter("start_date", WHEN, {"zh-Hans": "登记时间自", "en": "opened from"}),
    Parameter("end_date", WHEN, {"zh-Hans": "登记时间至；跨度至多 90 天", "en": "opened until; 90 days at most"}),
    Parameter("status", TEXT, {"zh-Hans": "open 或 closed，逗号分隔", "en": "open or closed, with commas"}),
    Parameter(
        "page", {"type": "integer", "minimum": 1, "maximum": MOST_PAGES}, {"zh-Hans": "第几页", "en": "which page"}
    ),
    Parameter(
        "page_size",
        {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
        {"zh-Hans": "每页件数", "en": "rows a page"},
    ),
)
ADDRESSES = (
    Address("/discovery.{form}", {"zh-Hans": "接口目录", "en": "Service discovery"}, "Discovery"),
    Address("/services.{form}", {"zh-Hans": "服务清单", "en": "The services"}, "Services", (JURISDICTION, KEY)),
    Address(
        "/services/{service_code}.{form}", {"zh-Hans": "服务的属性", "en": "What a service asks"}, "Definition",
        (CODE, JURISDICTION, KEY),
    ),
    Address(
        "/requests.{form}", {"zh-Hans": "查询诉求", "en": "The public requests"}, "Requests",
        (*FILTERS, JURISDICTION, KEY),
    ),
    Address("/requests.{form}", {"zh-Hans": "提交诉求", "en": "Send a call"}, "Receipt", method="post"),
    Address(
        "/requests/{service_request_id}.{form}", {"zh-Hans": "查询一件诉求", "en": "One public request"}, "Requests",
        (NUMBER, EXTENSIONS, JURISDICTION, KEY),
    ),
    Address(
        "/requests/{service_request_id}/updates.{form}", {"zh-Hans": "办理环节", "en": "The stages of a request"},
        "Updates", (NUMBER, JURISDICTION, KEY),
    ),
    Address(
        "/requests/{service_request_id}/updates.{form}", {"zh-Hans": "诉求人的后续动作", "en": "What a requester does"},
        "Requests", (NUMBER,), method="post",
    ),
    Address(
        "/tokens/{token}.{form}", {"zh-Hans": "用令牌查编号", "en": "A request's number from a token"}, "Token",
        (TOKEN, JURISDICTION, KEY),
    ),
)  # fmt: skip


def described(asked: Asked) -> Node:
    """The description, in the caller's language."""
    paths: dict[str, dict[str, Node]] = {}
    for address in ADDRESSES:
        paths.setdefault(address.path, {})[address.method] = _operation(asked, address)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Open311 GeoReport v2: {asked.of(asked.city.name)}", "version": "2.0"},
        "servers": [{"url": asked.absolute("/open311/sandbox/v2" if asked.sandbox else "/open311/v2")}],
        "paths": cast(Node, paths),
        "components": {"schemas": {**_shapes(), "Call": _call(asked), "Update": _update()}},
    }


def _operation(asked: Asked, address: Address) -> Node:
    operation: dict[str, Node] = {
        "summary": asked.of(address.words),
        "parameters": [_parameter(asked, parameter) for parameter in (FORM, *address.asks)],
        "responses": {str(status): _response(address, status) for status in _statuses(address)},
    }
    if address.method == "post":
        said = "Call" if address.gives == "Receipt" else "Update"
        call: Node = {"schema": {"$ref": f"#/components/schemas/{said}"}}
        kinds: Node = {"application/x-www-form-urlencoded": call, "multipart/form-data": call}
        operation["requestBody"] = {"required": True, "content": kinds}
    return operation


def _parameter(asked: Asked, parameter: Parameter) -> Node:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": asked.of(parameter.words),
        "schema": parameter.schema,
    }


def _statuses(address: Address) -> tuple[int, ...]:
    if address.method == "post":
        return 200, 400, 403, 404, 408, 409, 413, 415, 429, 503
    return 200, 400, 403, 404, 429, 503


def _response(address: Address, status: int) -> Node:
    shape = address.gives if status == 200 else "Errors"
    bare = address.gives == "Discovery" and status == 200
    xml, json = [kind.partition(";")[0] if bare else kind for kind in (KINDS[XML], KINDS[JSON])]
    told: dict[str, Node] = {json: {"schema": {"$ref": f"#/components/schemas/{shape}"}}, xml: {"schema": TEXT}}
    return {"description": shape, "content": told}


def _object(required: str, /, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": cast(Node, properties)}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _shapes() -> dict[str, Node]:
    """What each answer looks like in JSON."""
    value = _object("key name", key=TEXT, name=TEXT)
    attribute = _object(
        "variable code datatype required order description values",
        variable={"type": "boolean"}, code=TEXT, datatype={"enum": sorted(set(DATATYPES.values()))},
        required={"type": "boolean"}, datatype_description=MAYBE, order={"type": "integer"}, description=TEXT,
        values=_list(value),
    )  # fmt: skip
    endpoint = _object(
        "specification url changeset type formats", specification=TEXT, url=TEXT, changeset=TEXT,
        type={"enum": ["production", "test"]}, formats=_list(TEXT),
    )  # fmt: skip
    return {
        "Discovery": _object(
            "changeset contact key_service endpoints", changeset=TEXT, contact=TEXT, key_service=TEXT,
            endpoints=_list(endpoint),
        ),
        "Services": _list(
            _object(
                "service_code service_name metadata type", service_code=TEXT, service_name=TEXT, description=MAYBE,
                metadata={"type": "boolean"}, type={"enum": ["realtime"]}, keywords=MAYBE, group=MAYBE,
            )
        ),
        "Definition": _object("service_code attributes", service_code=TEXT, attributes=_list(attribute)),
        "Requests": _list(_request()),
        "Receipt": _list(
            _object("service_request_id", service_request_id=TEXT, service_notice=MAYBE, account_id={"type": "null"})
        ),
        "Updates": _list(
            _object(
                "update_id service_request_id status updated_datetime description", update_id=TEXT,
                service_request_id=TEXT, status={"enum": ["open", "closed"]}, updated_datetime=WHEN, description=TEXT,
            )
        ),
        "Token": _list(_object("service_request_id token", service_request_id=TEXT, token=TEXT)),
        "Errors": _list(_object("code description", code={"type": "integer"}, description=TEXT)),
    }  # fmt: skip


def _request() -> Schema:
    step = _object("datetime description type", datetime=WHEN, description=TEXT, type=TEXT)
    return _object(
        "service_request_id status service_name service_code requested_datetime updated_datetime",
        service_request_id=TEXT, status={"enum": ["open", "closed"]}, status_notes=MAYBE, service_name=TEXT,
        service_code=TEXT, description=MAYBE, agency_responsible=MAYBE, service_notice=MAYBE,
        requested_datetime=WHEN, updated_datetime=WHEN,
        expected_datetime={"type": ["string", "null"], "format": "date-time"}, address=MAYBE, address_id=MAYBE,
        zipcode=MAYBE, lat=DEGREES, long=DEGREES, media_url=MAYBE,
        extended_attributes=_object("stage", stage=TEXT, outcome=MAYBE, verified=MAYBE), notes=_list(step),
    )  # fmt: skip


def _call(asked: Asked) -> Node:
    """What a call may say: GeoReport's parameters, and the service's attributes as `attribute[code]`."""
    said: dict[str, Node] = {
        "api_key": {"type": "string"},
        "jurisdiction_id": {"enum": [SANDBOX if asked.sandbox else asked.city.code, SANDBOX]},
        "service_code": {"enum": [code for code, category in asked.city.categories.items() if category.handled]},
        "lat": {"type": "number", "minimum": -90, "maximum": 90},
        "long": {"type": "number", "minimum": -180, "maximum": 180},
        "address_string": _words(LONGEST_TEXT),
        "address_id": {"enum": list(asked.city.areas)},
        "description": _words(MOST_DESCRIPTION),
        "first_name": _words(40),
        "last_name": _words(40),
        "phone": {"type": "string", "pattern": r"^\+?[0-9]{5,20}$"},
        "email": _words(254),
        "device_id": TEXT,
        "account_id": TEXT,
        "source_ref": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "media_url": {"type": "string", "pattern": "^https?://[a-z0-9.]{1,60}/[!-~]{0,200}$"},
        "media": {"type": "string", "format": "binary"},
    }
    said |= {f"attribute[{field.name}]": _asked_of(asked, field) for field in attributes()}
    return {"type": "object", "required": ["api_key", "service_code"], "properties": said}


def _update() -> Node:
    """What a requester may do, with the words and files that the act asks."""
    said: dict[str, Node] = {
        "api_key": {"type": "string"},
        "act": {"enum": list(acts())},
        "description": _words(MOST_DESCRIPTION),
        "media": {"type": "string", "format": "binary"},
    }
    return {"type": "object", "required": ["api_key", "act"], "properties": said}


def _words(most: int) -> Schema:
    """A text without control characters."""
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": r"^[^\x00-\x1f\x7f]*$"}


def _asked_of(asked: Asked, field: Field) -> Schema:
    """What one declared field takes."""
    values = [key for key, _ in choices(asked, field)]
    if values:
        return {"enum": cast(Node, values)}
    datatype = DATATYPES[field.type]
    return {"number": {"type": "integer"}, "datetime": WHEN}.get(datatype) or _words(LONGEST_TEXT)
