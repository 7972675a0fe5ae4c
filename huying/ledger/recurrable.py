"""Whether what a city lets recur can be done by its procedures: the template fits the act that opens a case. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from huying.city.facts import City, Recurrence
from huying.city.recurrence import FILE, filled
from huying.errors import BadInput, Refused
from huying.ledger import said
from huying.ledger.vocabulary import OPEN, OUTCOMES, Act, Finding, Procedure

LOOK_BACK = "look_back"
"""The act by which a recurrence opens a follow-up of a closed case."""
RULE = "rule"
"""The field in which an entry says because of which recurrence it came about."""


def look(procedures: Mapping[str, Procedure], city: City) -> Iterator[Finding]:
    """Every recurrence of a city that couldn't be done; `rule` and `key` of a finding say where it stands."""
    for one in city.recurrences:
        name, key, act = (one.of, "of", LOOK_BACK) if one.after else (one.opens, "opens", OPEN)
        if one.does:
            continue
        if name not in procedures:
            message = "“{key}” names the procedure “{name}”, which there isn't; known: {known}."
            known = " ".join(sorted(procedures))
            yield _found(one, key, message, key=key, name=name, known=known)
        elif act not in procedures[name].acts:
            message = "Cases of “{procedure}” know no look-back (act “{act}”)."
            yield _found(one, key, message, procedure=procedures[name].label, act=act)
        else:
            yield from _fits(one, procedures[name], procedures[name].acts[act], city)
        for outcome in one.outcome:
            if outcome not in OUTCOMES:
                message = "{column} “{value}” is none of: {known}."
                known = ", ".join(sorted(OUTCOMES))
                yield _found(one, "outcome", message, column="outcome", value=outcome, known=known)


def _fits(one: Recurrence, procedure: Procedure, act: Act, city: City) -> Iterator[Finding]:
    if one.unit not in city.units:
        return
    if "clock" not in act.by:
        message = "“{act}” ({procedure}) can't be done by the loop: its `by` lacks “clock”."
        yield _found(one, "opens", message, act=act.label, procedure=procedure.label)
        return
    values = {**template(one), **({RULE: one.code} if RULE in act.fields else {})}
    try:
        read = said.read(procedure, act, values, city)
    except (BadInput, Refused) as error:
        yield _found(one, "said", "{error}", error=error)
        return
    lead = str(read.get("lead") or one.unit)
    if not city.unit(lead).may_lead:
        yield _found(one, "lead" if "lead" in read else "unit", "{unit} can't lead.", unit=city.unit(lead).name)


def template(one: Recurrence) -> dict[str, str | int | bool]:
    """The template filled for a day that stands for any."""
    return filled(one.said, one.begins) if one.begins else dict(one.said)


def _found(one: Recurrence, key_: str, message: str, **params: object) -> Finding:
    return Finding(FILE, 1, message, {**params, "table": one.code, "at": key_})
