"""What a requester does after the call: chase, add facts, confirm, send back, withdraw, reopen; an extension.

It comes through the same system as the call did, with the same key: that system vouches for its user. Which acts
there are, and what each asks, stands in the procedure.
"""

from __future__ import annotations

from collections.abc import Mapping

from huying.errors import BadValue, HuyingError, UnknownCase, UnknownField, UnknownRequest
from huying.intake import calls, listing, services
from huying.intake.answer import Node
from huying.intake.asked import Asked
from huying.intake.body import Form
from huying.intake.faults import Several
from huying.intake.models import Key
from huying.ledger import find, rulebook
from huying.ledger.actor import REQUESTER
from huying.ledger.models import Case
from huying.ledger.record import find as case_of
from huying.ledger.record import record
from huying.ledger.vocabulary import Act, named

_WORDS = ("reason", "text")
_FILE = "evidence"


def acts() -> Mapping[str, Act]:
    """The acts that a requester may do on a case that is there, by name."""
    found = rulebook.procedure(services.PROCEDURE).acts.values()
    return {act.name: act for act in found if "requester" in act.by and act.name != "open"}


def received(asked: Asked, text: str, form: Form, key: Key) -> Node:
    """Do the act that the form names, and answer with the request as it stands then.

    Raises UnknownRequest where the key didn't open it, Several for what can't be used, and the act's Refused.
    """
    case = _opened_by(asked, text, key)
    reading = calls.Reading(asked, form)
    act = _act(reading.value("act"))
    said = _said(reading, act)
    if reading.wrong:
        raise Several(reading.wrong)
    record(case, act.name, REQUESTER, said, seen=None if act.quiet else case.turn)
    return listing.request(asked, case.number)


def told(asked: Asked, text: str) -> Node:
    """The stages that a public request has come to, first one first. Raises UnknownRequest."""
    view = listing.view_of(asked, text)
    if view is None or asked.sandbox:
        raise UnknownRequest(number=text[:40])
    procedure = rulebook.procedure(services.PROCEDURE)
    return [
        {
            "update_id": f"{view.number}-{count}",
            "service_request_id": view.number,
            "status": "closed" if step.stage in procedure.final else "open",
            "updated_datetime": asked.local(step.at),
            "description": asked.of(procedure.stage(step.stage)),
        }
        for count, step in enumerate(find.public_steps(view.number), 1)
    ]


def _opened_by(asked: Asked, text: str, key: Key) -> Case:
    """The case of that number, if it came with this key; whoever else asks isn't told that it is there."""
    try:
        case = case_of(text)
    except UnknownCase:
        case = None
    if case is None or asked.sandbox or case.source_system not in calls.systems(key):
        raise UnknownRequest(number=text[:40])
    return case


def _act(name: str) -> Act:
    known = acts()
    if name not in known:
        labels = {act.name: act.label for act in known.values()}
        raise BadValue(field="act", value=name[:40], expected=named(labels))
    return known[name]


def _said(reading: calls.Reading, act: Act) -> dict[str, object]:
    """`description` is the act's reason or text, files its evidence; the rest comes as attributes."""
    said: dict[str, object] = {}
    words = next((name for name in _WORDS if name in act.fields), "")
    description = reading.value("description")
    if description and words:
        said[words] = description
    if reading.form.files and _FILE in act.fields:
        said[_FILE] = reading.form.files
    fields = rulebook.procedure(services.PROCEDURE).fields
    asked = {name: fields[name] for name in act.fields if fields[name].type in services.DATATYPES and name != words}
    try:
        said |= calls.attributes_of(reading, asked, act)
    except HuyingError as error:
        reading.wrong.append(error)
    _unread(reading, act, said)
    return said


def _unread(reading: calls.Reading, act: Act, said: Mapping[str, object]) -> None:
    """Words or files that the act has no place for are refused: nothing that was sent is lost in silence."""
    sent = {"description": bool(reading.value("description")), "media": bool(reading.form.files)}
    kept = {"description": any(name in said for name in _WORDS), "media": _FILE in said}
    for name in (name for name in sent if sent[name] and not kept[name]):
        labels = {field: rulebook.procedure(services.PROCEDURE).fields[field].label for field in act.fields}
        reading.wrong.append(UnknownField(act=act.label, field=name, fields=named(labels) if labels else "—"))
