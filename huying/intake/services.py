"""What can be called for: the handled categories as services, and what each asks, from the declared fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from huying.city.facts import Category
from huying.errors import NotHandled, UnknownService
from huying.intake.answer import Node
from huying.intake.asked import Asked
from huying.ledger import rulebook
from huying.ledger.vocabulary import Field, Words

PROCEDURE = "request"
# What GeoReport has a parameter of its own for, and what no caller says: everything else that the act asks
# becomes an attribute, so that a field declared there appears here.
PARAMETERS = frozenset(
    ["text", "category", "area", "place", "point", "evidence", "requester", "media_url", "over_limit"]
)
DATATYPES = {
    "text": "text", "choice": "singlevaluelist", "yes": "singlevaluelist", "unit": "singlevaluelist",
    "area": "singlevaluelist", "date": "datetime", "moment": "datetime", "number": "number", "limit": "string",
    "due": "string", "case": "string",
}  # fmt: skip
_YES: Mapping[str, Words] = {"yes": {"zh-Hans": "是", "en": "Yes"}, "no": {"zh-Hans": "否", "en": "No"}}
_HINTS: Mapping[str, Words] = {
    "datetime": {"zh-Hans": "日期，如 2026-06-15", "en": "a date such as 2026-06-15"},
    "number": {"zh-Hans": "整数", "en": "a whole number"},
    "singlevaluelist": {"zh-Hans": "从下列各项中选一项", "en": "one of the values"},
    "text": {"zh-Hans": "文字", "en": "a text"},
    "string": {"zh-Hans": "一行文字", "en": "a line of text"},
}


def services(asked: Asked) -> Node:
    """Every handled category, each as GeoReport describes a service."""
    handled = [category for category in asked.city.categories.values() if category.handled]
    metadata = bool(attributes())
    return [_service(asked, category, metadata) for category in handled]


def _service(asked: Asked, category: Category, metadata: bool) -> Node:
    path = [asked.city.categories[code] for code in asked.city.category_path(category.code)]
    words = [words for node in path for words in node.name.values()]
    return {
        "service_code": category.code,
        "service_name": asked.of(category.name),
        "description": " / ".join(asked.of(node.name) for node in reversed(path)),
        "metadata": metadata,
        "type": "realtime",
        "keywords": ", ".join(dict.fromkeys(word.replace(",", " ") for word in words)),
        "group": asked.of(path[-1].name),
    }


def service(asked: Asked, code: str) -> Category:
    """The category that a service code means. Raises UnknownService, or NotHandled with where to turn instead."""
    category = asked.city.categories.get(code)
    if category is None:
        raise UnknownService(service=code[:60])
    if not category.handled:
        raise NotHandled(service=category.name, referral=asked.city.texts.get(category.refer_to, ""))
    return category


def definition(asked: Asked, code: str) -> Node:
    """What a service asks beyond GeoReport's own parameters; all services ask the same."""
    needed = rulebook.procedure(PROCEDURE).act("open").needs
    asks = [_attribute(asked, field, order, needed) for order, field in enumerate(attributes(), 1)]
    return {"service_code": service(asked, code).code, "attributes": asks}


def attributes() -> list[Field]:
    """The declared fields that a caller may fill in as attributes, the needed ones first."""
    procedure = rulebook.procedure(PROCEDURE)
    asked = [procedure.fields[name] for name in procedure.act("open").fields if name not in PARAMETERS]
    return [field for field in asked if field.type in DATATYPES]


def _attribute(asked: Asked, field: Field, order: int, needed: Collection[str]) -> Node:
    datatype = DATATYPES[field.type]
    return {
        "variable": True,
        "code": field.name,
        "datatype": datatype,
        "required": field.name in needed,
        "datatype_description": asked.of(_HINTS[datatype]),
        "order": order,
        "description": asked.of(field.label),
        "values": [{"key": key, "name": asked.of(name)} for key, name in choices(asked, field)],
    }


def choices(asked: Asked, field: Field) -> Iterator[tuple[str, Words]]:
    """The values that a field may have, each with its words; none where it isn't a list."""
    sources: Mapping[str, Callable[[], Mapping[str, Words]]] = {
        "choice": lambda: field.of,
        "yes": lambda: _YES,
        "unit": lambda: {code: unit.name for code, unit in asked.city.units.items()},
        "area": lambda: {code: area.name for code, area in asked.city.areas.items()},
    }
    yield from sources.get(field.type, dict)().items()
