"""From what was said to a decided step: words become documents, the rest stands in the ledger, `decide` judges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from huying.city.facts import City
from huying.errors import SecrecyMark
from huying.ledger import attachments, documents, said
from huying.ledger.actor import Actor, Around
from huying.ledger.fold import State
from huying.ledger.ledger import Step, canonical
from huying.ledger.models import Document
from huying.ledger.procedure import decide
from huying.ledger.vocabulary import Act, Field, Procedure, count_of


@dataclass(frozen=True)
class Scene:
    """What a step reads: the city and the time, taken once."""

    city: City
    at: datetime


def decided(
    procedure: Procedure,
    state: State,
    act: Act,
    actor: Actor,
    values: said.Said,
    scene: Scene,
    around: Around,
    happened_at: datetime | None,
) -> Step:
    """Decide, with the words turned into documents and the rest as it stands in the ledger.

    Files are checked first, and come to the disk only once the step was decided: nothing of a refused one stays.
    """
    above = around.above.sealed if around.above is not None else ""
    sealing = bool(state.sealed or above or _asks_for_seal(values))
    sealed = sealing and procedure.original(act.name, actor.key)
    spoken: dict[str, object] = {}
    rows: list[Document] = []
    files: list[attachments.Kept] = []
    for name, value in values.items():
        declared = procedure.fields[name]
        kept = _files(value, scene.city)
        made = _documents(declared, value, kept, sealed=sealed or declared.sealed, at=scene.at)
        rows, files = rows + made, files + kept
        spoken[name] = "\n".join(map(documents.reference, made)) if made else _plain(value)
        if isinstance(value, said.Point):
            spoken["spot"] = value.spot
        if isinstance(value, said.Lines):
            spoken[count_of(name)] = value.many
    sets = decide(procedure, state, act.name, actor, spoken, at=scene.at, city=scene.city, around=around)
    for file in files:
        attachments.store(file)
    return Step(procedure, state, act, actor.key, spoken, sets, scene.at, happened_at, tuple(rows), _caller(values))


def _asks_for_seal(values: said.Said) -> bool:
    return values.get("type") == "report" or values.get("wish") in ("confidential", "anonymous")


def _files(value: said.Value, city: City) -> list[attachments.Kept]:
    uploads = [one for one in value if isinstance(one, said.Upload)] if isinstance(value, tuple) else []
    try:
        return [attachments.check(upload) for upload in uploads]
    except SecrecyMark as mark:
        raise mark.calling(city.texts.get(said.SECRECY_OFFICE)) from None


def _documents(
    declared: Field, value: said.Value, files: list[attachments.Kept], *, sealed: bool, at: datetime
) -> list[Document]:
    """What goes beside the ledger: words, files, and who called; nothing for what is an id, code, date or number."""
    if isinstance(value, said.Requester):
        known = {name: part for name, part in vars(value).items() if part}
        return [documents.new_text(declared.name, canonical(known), sealed=True, at=at)]
    if declared.type in ("text", "list", "point"):
        return [documents.new_text(declared.name, str(value), sealed=sealed, at=at)]
    return [documents.new_file(declared.name, file, sealed=sealed, at=at) for file in files]


def _plain(value: said.Value) -> object:
    return len(value) if isinstance(value, tuple) else value


def _caller(values: said.Said) -> said.Requester | None:
    return next((value for value in values.values() if isinstance(value, said.Requester)), None)
