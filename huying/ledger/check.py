"""`huying procedures check`: what is wrong in procedure files, each with file and line.

Form was looked at in reading (`procedure_file.py`). Here first the words: every name that is used is
declared. Then the proof (`walk.py`), for procedures whose words are sound.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from huying.city.facts import City, LimitRow
from huying.ledger.procedure_file import Source
from huying.ledger.vocabulary import (
    ABOVE,
    OUTCOMES,
    RELATIONS,
    ROLES,
    RULES,
    Act,
    ClockRule,
    Field,
    Finding,
    Procedure,
    Words,
)
from huying.ledger.walk import WATCH, Flaw, prove

CODE = re.compile(r"[a-z][a-z0-9_]*")
UNITS = ("lead", "opener", "parent_lead")
# Fields whose name writes a State key or feeds the code: their type is fixed.
TYPED = {
    "lead": "unit", "owner": "person", "category": "category", "area": "area", "outcome": "choice",
    "into": "case", "parent": "case", "about": "unit", "until": "date", "children": "children",
}  # fmt: skip
PUTTABLE = frozenset({"outcome", "verified", "into", "owner", "lead"})
CONSTANTS = frozenset(
    {"@unit", "@by", "@actor", "@lead", "@opener", "@now", "@today", "assent", "nobody", "source", "yes"}
)
# What a named rule looks at: fields that its act must ask for, and clocks that the procedure must have.
RULE_FIELDS = {
    "evidence": ("evidence", "no_evidence"),
    "reached": ("reached",),
    "missed": ("reached",),
    "separate": ("person", "role"),
    "not_returned": ("outcome",),
    "agrees": ("outcome",),
    "post": ("giver", "owner", "role", "at"),
}
RULE_CLOCKS = {"before_due": "answer"}
UNKNOWN = "“{key}” names the {kind} “{name}”, which isn't declared; known: {known}."
NO_CODE = "“{name}” isn't a code: small letters, digits and _ only."
MUST_NEED = "“{act}” must need the field “{field}”, because of “{key}”."
MUST_ASK = "“{act}” must ask for the field “{field}”, because of the rule “{rule}”."
KINDS: Mapping[str, Words] = {
    "who": {"zh-Hans": "角色或关系", "en": "role or relation"},
    "stage": {"zh-Hans": "环节", "en": "stage"},
    "field": {"zh-Hans": "字段", "en": "field"},
    "fact": {"zh-Hans": "留存事实", "en": "kept fact"},
    "value": {"zh-Hans": "取值", "en": "value"},
    "clock": {"zh-Hans": "时限", "en": "clock"},
    "count": {"zh-Hans": "计数", "en": "count"},
    "part": {"zh-Hans": "子项", "en": "part"},
    "procedure": {"zh-Hans": "规程", "en": "procedure"},
    "act": {"zh-Hans": "动作", "en": "act"},
    "rule": {"zh-Hans": "规则", "en": "rule"},
    "outcome": {"zh-Hans": "办理结果", "en": "outcome"},
    "state": {"zh-Hans": "状态项", "en": "key of the State"},
}


def check(procedures: Mapping[str, Procedure], city: City | None = None) -> list[Finding]:
    """Every mistake in these procedures, in the order of file and line; none when they are fit to load.

    With a `city`, also what its data says of them: limits for clocks that don't exist, clocks on a role
    that nobody holds.
    """
    findings: dict[tuple[object, ...], Finding] = {}
    for procedure in procedures.values():
        located = Located(procedure)
        flaws = list(_words(procedure, procedures)) or list(prove(procedure))
        flaws += _nobody(procedure, city) if city else []
        for flaw in flaws:
            found = located.finding(flaw)
            findings[found.file, found.line, found.message, str(found.params)] = found
    if city:
        findings |= {(found.file, found.line): found for found in _limits(procedures, city)}
    return sorted(findings.values(), key=lambda found: (found.file, found.line))


class Located:
    """Where the keys of a procedure stand: in its own file, or in the common one that is laid under."""

    def __init__(self, procedure: Procedure) -> None:
        self.name = f"{procedure.name}.toml"
        self.text, self.common = procedure.text, procedure.common
        self.sources: tuple[Source, Source] | None = None

    def finding(self, flaw: Flaw) -> Finding:
        """The flaw with its file and line."""
        if self.sources is None:
            self.sources = Source(self.name, self.text), Source("common.toml", self.common)
        own, common = self.sources
        table, name = flaw.at[0], flaw.at[1] if len(flaw.at) > 1 else ""
        source = common if name not in own.table(table) and name in common.table(table) else own
        return Finding(source.name, source.line(flaw.at), flaw.message, flaw.params)


def _words(procedure: Procedure, procedures: Mapping[str, Procedure]) -> Iterator[Flaw]:
    yield from _codes(procedure)
    yield from _opening(procedure)
    for act in procedure.acts.values():
        yield from _act(act, procedure, procedures)
    for clock in procedure.clocks.values():
        yield from _clock(clock, procedure)
    for declared in procedure.fields.values():
        yield from _field(declared)
    for count in procedure.counts.values():
        yield from _known(("count", count.name, "per"), "value", [count.per], ["", "lead"])
    for old, new in procedure.renamed.items():
        yield from _renamed(old, new, procedure)


def _codes(procedure: Procedure) -> Iterator[Flaw]:
    """Names go into the ledger, addresses and columns: they are plain codes."""
    tables: dict[str, Iterable[str]] = {
        "stage": procedure.stages, "final": procedure.final, "act": procedure.acts,
        "clock": procedure.clocks, "count": procedure.counts, "field": procedure.fields,
        "part": procedure.part_labels,
    }  # fmt: skip
    for table, names in tables.items():
        for name in names:
            if not CODE.fullmatch(name):
                yield Flaw((table, name), NO_CODE, {"name": name})
    for part, label in procedure.part_labels.items():
        if part not in procedure.parts:
            yield Flaw(("part", part), "Nothing opens the part “{part}”.", {"part": label})
    for stage in procedure.stages:
        if stage in procedure.final:
            yield Flaw(("final", stage), "“{name}” stands among the open stages too.", {"name": stage})


def _opening(procedure: Procedure) -> Iterator[Flaw]:
    act = procedure.acts.get("open")
    if act is None:
        yield Flaw(("name",), "There is no act “open”: no case of this kind could begin.")
    elif act.to not in procedure.stages:
        yield Flaw(("act", "open"), "“open” comes from nowhere and leads to an open stage.")
    for begun in procedure.acts.values():
        if begun.begins and (begun.from_ or not begun.to):
            yield Flaw(
                ("act", begun.name),
                "“{act}” begins a case: it comes from nowhere and leads to a stage.",
                {"act": begun.label},
            )


def _act(act: Act, procedure: Procedure, procedures: Mapping[str, Procedure]) -> Iterator[Flaw]:
    at = ("act", act.name)
    if not act.by:
        yield Flaw((*at, "by"), "Nobody may do “{act}”.", {"act": act.label})
    for key, words in (("by", act.by), ("tells", act.tells)):
        for word in words:
            yield from _who((*at, key), word, telling=key == "tells")
    yield from _known((*at, "from"), "stage", act.from_, ["any", *procedure.stages, *procedure.final])
    yield from _known((*at, "to"), "stage", [act.to], ["", *procedure.stages, *procedure.final])
    yield from _said(act, procedure)
    yield from _conditions(act, procedure)
    yield from _act_clocks(act, procedure)
    yield from _known((*at, "counts"), "count", [act.counts], ["", *procedure.counts])
    yield from _known((*at, "apart"), "value", [act.apart], ["organ", "person"])
    yield from _known((*at, "rules"), "rule", act.rules, RULES)
    yield from _children(act, procedure, procedures)


def _known(at: tuple[str, ...], kind: str, used: Iterable[str], known: Collection[str]) -> Iterator[Flaw]:
    for name in used:
        if name not in known:
            listed = " ".join(sorted(word for word in known if word)) or "—"
            yield Flaw(at, UNKNOWN, {"key": at[-1], "kind": KINDS[kind], "name": name, "known": listed})


def _who(at: tuple[str, ...], word: str, *, telling: bool = False) -> Iterator[Flaw]:
    """A role, a relation, or a role held at a unit that is related to the case."""
    role, _, relation = word.partition("@")
    if relation or "@" in word:
        yield from _known(at, "who", [role], ROLES)
        yield from _known(at, "who", [relation], UNITS)
        return
    above = {ABOVE} if at[-1] == "tells" else set()
    relations = RELATIONS - {"parent", "case", "clock", "import"} | above if telling else RELATIONS
    yield from _known(at, "who", [role], ROLES | relations)


def _said(act: Act, procedure: Procedure) -> Iterator[Flaw]:
    at = ("act", act.name)
    for key, names in (("needs", act.needs), ("knows", act.knows), ("takes", act.takes)):
        yield from _known((*at, key), "field", names, procedure.fields)
    for name in {name for name in act.fields if act.fields.count(name) > 1}:
        yield Flaw((*at, "takes"), "“{act}” asks for “{field}” twice.", {"act": act.label, "field": name})
    asked = {"moves": "until" if act.moves else "", "opens": "children" if act.opens else ""}
    asked |= {"rules": "assent"} if "assent" in act.rules else {}
    for key, name in asked.items():
        if name and name not in act.needs:
            yield Flaw((*at, key), MUST_NEED, {"act": act.label, "field": name, "key": key})
    for rule in act.rules:
        for name in RULE_FIELDS.get(rule, ()):
            if name not in act.fields:
                yield Flaw((*at, "rules"), MUST_ASK, {"act": act.label, "field": name, "rule": rule})
        if rule in RULE_CLOCKS:
            yield from _known((*at, "rules"), "clock", [RULE_CLOCKS[rule]], procedure.clocks)


def _conditions(act: Act, procedure: Procedure) -> Iterator[Flaw]:
    """`when` reads what is kept; `puts` writes constants, never words."""
    at = ("act", act.name)
    kept = {name for name, declared in procedure.fields.items() if declared.keep}
    yield from _known((*at, "when"), "fact", act.when, kept | {"outcome"})
    for name, values in act.when.items():
        yield from _known((*at, "when"), "value", values, _values(name, procedure) or values)
    for key, value in act.puts.items():
        head, _, name = key.partition(".")
        if head == "fact":
            yield from _known((*at, "puts"), "fact", [name], kept)
            continue
        yield from _known((*at, "puts"), "state", [key], PUTTABLE)
        wanted = {"outcome": OUTCOMES | {""}, "lead": {"@opener"}}
        if key in wanted:
            yield from _known((*at, "puts"), "outcome" if key == "outcome" else "value", [value], wanted[key])
    for value in act.puts.values():
        if value not in CONSTANTS and not CODE.fullmatch(value or "none"):
            message = "“{value}” isn't a constant; words don't go into the ledger."
            yield Flaw((*at, "puts"), message, {"value": value})


def _values(name: str, procedure: Procedure) -> Collection[str]:
    """What a fact can be, or nothing where any code may stand; "" is "not said"."""
    if name == "outcome":
        return OUTCOMES | {""}
    declared = procedure.fields.get(name)
    return {"", *declared.of} if declared and declared.type == "choice" else ()


def _act_clocks(act: Act, procedure: Procedure) -> Iterator[Flaw]:
    at = ("act", act.name)
    used = {"starts": act.starts, "stops": act.stops, "pauses": act.pauses, "resumes": act.resumes}
    used |= {"after": act.after, "moves": act.moves, "answers": act.answers, "reckons": act.reckons}
    for key, clocks in used.items():
        yield from _known((*at, key), "clock", clocks, procedure.clocks)
    pairs = [("grants", act.grants, "resumes", act.resumes), ("later", act.later, "reckons", act.reckons)]
    pairs += [("most", act.most, "moves", act.moves)]
    for key, given, other, needed in pairs:
        if given and not needed:
            params = {"act": act.label, "key": key, "other": other}
            yield Flaw((*at, key), "“{act}” has “{key}” without “{other}”.", params)


def _children(act: Act, procedure: Procedure, procedures: Mapping[str, Procedure]) -> Iterator[Flaw]:
    at = ("act", act.name)
    yield from _known((*at, "cites"), "field", [act.cites] if act.cites else [], act.fields)
    yield from _known((*at, "waits"), "part", act.waits, procedure.parts)
    if act.opens and not (CODE.fullmatch(act.part) and act.child):
        yield Flaw((*at, "opens"), "“{value}” must read part:procedure.", {"value": act.opens})
        return
    yield from _known((*at, "opens"), "part", [act.part], ["", *procedure.part_labels])
    for key, other in (("opens", act.child), ("follow_up", act.follow_up), ("alarms", act.alarms)):
        if not other:
            continue
        yield from _known((*at, key), "procedure", [other], procedures)
        opening = procedures[other].acts.get("open") if other in procedures else None
        if opening is None:
            continue
        if "parent" not in opening.by:
            label = procedures[other].label
            yield Flaw((*at, key), "“{other}” can't be opened by another case.", {"other": label})
        # What a follow-up takes over from the case that it cites; a child's fields come with `children`.
        taken = {*act.needs, *_kept_before(procedure), "lead", "category", "area", "title"}
        if key == "alarms":
            yield from _alarm(act, procedures[other])
        for name in opening.needs if key == "follow_up" else ():
            if name in taken:
                continue
            yield Flaw((*at, key), MUST_NEED, {"act": act.label, "field": name, "key": key})


def _alarm(act: Act, alarm: Procedure) -> Iterator[Flaw]:
    """What words of danger open must open whatever was said, and be heard: there is an act `hear`."""
    if alarm.acts["open"].needs or alarm.acts["open"].rules or "hear" not in alarm.acts:
        message = "“{other}” can't be an alarm: it opens without a field or rule, and has the act `hear`."
        yield Flaw(("act", act.name, "alarms"), message, {"other": alarm.label})


def _kept_before(procedure: Procedure) -> set[str]:
    """The kept facts that some act must be told."""
    needed = {name for act in procedure.acts.values() for name in act.needs}
    return {name for name in needed if name in procedure.fields and procedure.fields[name].keep}


def _clock(clock: ClockRule, procedure: Procedure) -> Iterator[Flaw]:
    at, params = ("clock", clock.name), {"clock": clock.label}
    yield from _who((*at, "on"), clock.on, telling=True)
    if clock.limit.startswith("@"):
        yield from _spoken_limit(clock, procedure)
    if not clock.then:
        return
    yield from _known((*at, "then"), "act", [clock.then], procedure.acts)
    act = procedure.acts.get(clock.then)
    if act is None:
        return
    if "clock" not in act.by:
        message = "“{clock}” ends in “{act}”, which a clock may not do."
        yield Flaw((*at, "then"), message, {**params, "act": act.label})
    if act.needs or act.knows or act.rules:
        message = "“{clock}” ends in “{act}”, which must be told something that a clock can't know."
        yield Flaw((*at, "then"), message, {**params, "act": act.label})


def _spoken_limit(clock: ClockRule, procedure: Procedure) -> Iterator[Flaw]:
    """A limit that is said: somebody must be asked for it before the clock starts.

    A cycle may be left out, for not every task reports; then it doesn't start.
    """
    at, asked = ("clock", clock.name, "limit"), clock.limit[1:]
    known = [name for name, declared in procedure.fields.items() if declared.type in ("date", "due", "limit")]
    unknown = list(_known(at, "field", [asked], known))
    yield from unknown
    if unknown or clock.name == WATCH:
        return
    kept = procedure.fields[asked].keep
    told = [act for act in procedure.acts.values() if asked in (act.fields if clock.every else act.needs)]
    starting = [act for act in procedure.acts.values() if clock.name in act.starts]
    for act in starting:
        if not (act in told or (kept and told)):
            message = "The clock “{clock}” takes its limit from “{field}”, which “{act}” needn't be told."
            yield Flaw(at, message, {"clock": clock.label, "field": asked, "act": act.label})


def _field(declared: Field) -> Iterator[Flaw]:
    at = ("field", declared.name)
    wanted = TYPED.get(declared.name, declared.type)
    if declared.type != wanted:
        message = "The field “{field}” must be of the type “{type}”."
        yield Flaw((*at, "type"), message, {"field": declared.name, "type": wanted})
    name = {"field": declared.name}
    if (declared.type == "choice") != bool(declared.of):
        message = "The field “{field}”: a choice lists its values, and only a choice does."
        yield Flaw((*at, "of"), message, name)
    if declared.type in ("text", "file") and declared.listed:
        message = "“{field}” is text; the ledger and its lists hold no words."
        yield Flaw((*at, "listed"), message, name)
    if declared.once and not declared.keep:
        yield Flaw((*at, "once"), "“{field}” can't be `once` without `keep`.", name)
    if declared.name == "outcome":
        yield from _known((*at, "of"), "outcome", declared.of, OUTCOMES)
    for value in declared.of:
        if not CODE.fullmatch(value):
            yield Flaw((*at, "of"), NO_CODE, {"name": value})


def _renamed(old: str, new: str, procedure: Procedure) -> Iterator[Flaw]:
    kind = old.rpartition(".")[0]
    known: dict[str, Collection[str]] = {
        "": {**procedure.stages, **procedure.final}, "clock": procedure.clocks, "part": procedure.parts,
    }  # fmt: skip
    yield from _known(("renamed", old), "value", [kind], known)
    yield from _known(("renamed", old), kind or "stage", [new], known.get(kind, [new]))


def _nobody(procedure: Procedure, city: City) -> list[Flaw]:
    """Clocks on a role that nobody in the city's data holds."""
    held = {post.role for person in city.people.values() for post in person.posts}
    message = "The clock “{clock}” runs on “{role}”, and nobody in {city} holds that role."
    return [
        Flaw(("clock", c.name, "on"), message, {"clock": c.label, "role": c.on, "city": city.name})
        for c in procedure.clocks.values()
        if c.on.partition("@")[0] in ROLES - held
    ]


def _limits(procedures: Mapping[str, Procedure], city: City) -> Iterator[Finding]:
    """Rows of a city's tables for a procedure, clock or urgency that doesn't exist. The first row is line 2."""
    for line, row in enumerate(city.limits, 2):
        for flaw in _limit_row(procedures, row):
            yield Finding("limits.csv", line, flaw.message, flaw.params)
    for line, rung in enumerate(city.ladders, 2):
        known = [procedures[rung.procedure]] if rung.procedure in procedures else list(procedures.values())
        grades = {grade for kind in known if "urgency" in kind.fields for grade in kind.fields["urgency"].of}
        unknown = list(_known(("procedure",), "procedure", [rung.procedure] if rung.procedure else [], procedures))
        for flaw in (*unknown, *_known(("urgency",), "value", [rung.urgency] if rung.urgency else [], grades)):
            yield Finding("ladders.csv", line, flaw.message, flaw.params)


def _limit_row(procedures: Mapping[str, Procedure], row: LimitRow) -> Iterator[Flaw]:
    procedure = procedures.get(row.procedure)
    if procedure is None:
        yield from _known(("procedure",), "procedure", [row.procedure], procedures)
        return
    yield from _known(("clock",), "clock", [row.clock], procedure.clocks)
    grades = procedure.fields["urgency"].of if "urgency" in procedure.fields else {}
    yield from _known(("urgency",), "value", [row.urgency] if row.urgency else [], grades)
