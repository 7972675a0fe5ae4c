"""An answer in the caller's form: one tree, written as XML or, by the Spark convention, as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from django.http import HttpResponse

Leaf = str | int | float | None
Node = Leaf | Mapping[str, "Node"] | Sequence["Node"]

XML, JSON = "xml", "json"
KINDS = {XML: "text/xml; charset=utf-8", JSON: "application/json; charset=utf-8"}
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
# What each list holds, as XML names it; JSON needs no such name.
_EACH = {
    "services": "service", "service_requests": "request", "attributes": "attribute", "values": "value",
    "errors": "error", "endpoints": "endpoint", "formats": "format", "notes": "note",
    "request_updates": "request_update",
}  # fmt: skip
# Neither XML 1.0 nor UTF-8 can carry these; they reach an answer only where a caller's own words are quoted.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(root: str, node: Node, form: str, *, status: int = 200, kind: str = "") -> HttpResponse:
    """The response that says `node` under the name `root`; `kind` is another content type than the form's."""
    text = xml(root, node) if form == XML else as_json(node)
    return HttpResponse(text.encode(), status=status, content_type=kind or KINDS[form])


def xml(root: str, node: Node) -> str:
    """The tree as XML, with its declaration and one element a line."""
    return "\n".join([_HEAD, *_lines(root, node, "")]) + "\n"


def _lines(name: str, node: Node, indent: str) -> Iterator[str]:
    """An element: a mapping holds one element per key, a sequence one per item under the name of its kind."""
    inner: list[tuple[str, Node]] = []
    if isinstance(node, Mapping):
        inner = list(node.items())
    elif isinstance(node, Sequence) and not isinstance(node, str):
        inner = [(_EACH[name], item) for item in node]
    elif node not in (None, ""):
        yield f"{indent}<{name}>{_escaped(_text(node))}</{name}>"
        return
    if not inner:
        yield f"{indent}<{name}/>"
        return
    yield f"{indent}<{name}>"
    for key, value in inner:
        yield from _lines(key, value, indent + "  ")
    yield f"{indent}</{name}>"


def _text(leaf: Node) -> str:
    return str(leaf).lower() if isinstance(leaf, bool) else str(leaf)


def _escaped(text: str) -> str:
    return _clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)


def as_json(node: Node) -> str:
    """The tree as JSON: the outermost name falls away, a list is an array, what is empty is null."""
    return _clean(json.dumps(node, ensure_ascii=False))
