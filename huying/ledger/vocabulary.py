"""The closed vocabulary of procedures as frozen values: acts, clocks, counts and fields of one kind of case.

How a file is read stands in `procedure_file.py`; what a key *means*, in `procedure.py`; what `sets` mean, in
`fold.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from huying.city import facts
from huying.errors import UnknownAct, say

Words = Mapping[str, str]
LANGUAGES = ("zh-Hans", "en")
OPEN = "open"
"""The act that begins a case; other acts may, where they say `begins`."""
ANSWER = "answer"
"""The clock of the promise to whoever called, or to the desk that handed the work down."""
REQUESTER = "requester"
"""The key under which whoever called acts, and the field that says who that is."""
ROLES = frozenset(facts.ROLES)
ABOVE = "above"
"""Who is told: whoever a raised case is with, the accountable person as many levels above the lead's leader."""
RELATIONS = frozenset(["lead", "owner", "opener", "requester", "parent_lead", "parent", "case", "clock", "import"])
FIELD_TYPES = frozenset(
    [
        "text",
        "file",
        "list",
        "choice",
        "date",
        "moment",
        "limit",
        "due",
        "number",
        "yes",
        "unit",
        "person",
        "area",
        "category",
        "case",
        "children",
        "requester",
        "point",
        "clock",
        "code",
    ]
)
OUTCOMES = frozenset(
    [
        "fixed",
        "partly_fixed",
        "promised",
        "explained",
        "not_true",
        "not_ours",
        "nothing_done",
        "referred_out",
        "merged",
        "withdrawn",
        "unverified",
    ]
)
# The named Python rules of `rules.py`; a test holds the two equal.
RULES = frozenset(
    [
        "copied",
        "before_due",
        "assent",
        "unsealing",
        "unruled",
        "untaken",
        "act_first",
        "outside",
        "desk",
        "alone",
        "street",
        "post",
        "reached",
        "missed",
        "evidence",
        "not_returned",
        "agrees",
        "in_office",
        "each_answered",
        "all_answered",
        "within_parent",
        "separate",
        "erasable",
    ]
)
PEOPLE: Mapping[str, Words] = {
    "intake": {"zh-Hans": "受理员", "en": "intake agent"},
    "dispatcher": {"zh-Hans": "派单员", "en": "dispatcher"},
    "handler": {"zh-Hans": "承办人", "en": "handler"},
    "reviewer": {"zh-Hans": "审核人", "en": "reviewer"},
    "supervisor": {"zh-Hans": "督办员", "en": "supervisor"},
    "duty": {"zh-Hans": "值班督办员", "en": "duty supervisor"},
    "callback": {"zh-Hans": "回访员", "en": "call-back agent"},
    "leader": {"zh-Hans": "负责人", "en": "leader"},
    "volunteer": {"zh-Hans": "志愿者", "en": "volunteer"},
    "system": {"zh-Hans": "系统管理员", "en": "system administrator"},
    "security": {"zh-Hans": "安全管理员", "en": "security administrator"},
    "auditor": {"zh-Hans": "审计员", "en": "auditor"},
    "lead": {"zh-Hans": "主办单位", "en": "lead unit"},
    "owner": {"zh-Hans": "经办人", "en": "person in charge"},
    "opener": {"zh-Hans": "登记单位", "en": "desk that opened it"},
    "requester": {"zh-Hans": "诉求人", "en": "requester"},
    "parent_lead": {"zh-Hans": "上级事项主办单位", "en": "parent's lead unit"},
    "parent": {"zh-Hans": "上级事项", "en": "parent case"},
    "above": {"zh-Hans": "上一级责任人", "en": "accountable person above"},
    "case": {"zh-Hans": "系统", "en": "system"},
    "clock": {"zh-Hans": "到期自动", "en": "the clock"},
    "import": {"zh-Hans": "数据导入", "en": "an import"},
}


def people(word: str) -> Words:
    """Who a word of `by` is, as a clerk would say it: `reviewer@lead` is 主办单位审核人."""
    role, _, unit = word.partition("@")
    who = PEOPLE.get(role, {"zh-Hans": role, "en": role})
    if not unit:
        return who
    at = PEOPLE.get(unit, {"zh-Hans": unit, "en": unit})
    return {"zh-Hans": at["zh-Hans"] + who["zh-Hans"], "en": f"{at['en']}'s {who['en']}"}


def listed(words: Iterable[Words], between: str = "、") -> Words:
    """Several labels as one, in each language."""
    labels = list(words)
    english = {"、": ", ", "；": "; "}.get(between, between)
    return {
        "zh-Hans": between.join(label["zh-Hans"] for label in labels),
        "en": english.join(label["en"] for label in labels),
    }


def named(labels: Mapping[str, Words]) -> Words:
    """Labels with the codes that stand for them, as one: 派单（dispatch）、签收（accept）."""
    return listed(
        {"zh-Hans": f"{label['zh-Hans']}（{code}）", "en": f"{label['en']} ({code})"} for code, label in labels.items()
    )


def count_of(name: str) -> str:
    """The key under which the number of lines of a field of type `list` stands beside it in an entry."""
    return f"{name}_count"


@dataclass(frozen=True)
class Finding:
    """One mistake in a file: where it stands and what is wrong, as a msgid with its parameters."""

    file: str
    line: int
    message: str
    params: Mapping[str, object] = field(default_factory=dict)

    def words(self, language: str = "zh-Hans") -> str:
        """`file:line: what is wrong` in `language`."""
        return f"{self.file}:{self.line}: {say(self.message, language, **self.params)}"

    def __str__(self) -> str:
        return self.words()


@dataclass(frozen=True)
class Field:
    """One thing asked when doing an act; forms, API, imports, papers and registers derive from it.

    `keep` stands in State.facts, `listed` also in the indexed table, `once` may never be written again,
    `sealed` is shown only through a recorded look.
    """

    name: str
    type: str
    label: Words
    of: Mapping[str, Words] = field(default_factory=dict)
    keep: bool = False
    once: bool = False
    listed: bool = False
    sealed: bool = False


@dataclass(frozen=True)
class Act:
    """One thing that can be done. See shared vocabulary in docs/reference/procedures.md for each key."""

    name: str
    label: Words
    by: tuple[str, ...]
    from_: tuple[str, ...] = ()
    to: str = ""
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    knows: tuple[str, ...] = ()
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()
    most: str = ""
    answers: tuple[str, ...] = ()
    reckons: tuple[str, ...] = ()
    grants: str = ""
    later: bool = False
    begins: bool = False
    rules: tuple[str, ...] = ()
    apart: str = "organ"
    handles: bool = False
    opens: str = ""
    follow_up: str = ""
    cites: str = ""
    alarms: str = ""
    waits: tuple[str, ...] = ()
    counts: str = ""
    puts: Mapping[str, str] = field(default_factory=dict)
    tells: tuple[str, ...] = ()
    quiet: bool = False
    original: bool = False
    hands_over: bool = False
    urgent: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that may be said, the needed ones first."""
        return self.needs + self.knows + self.takes

    @property
    def part(self) -> str:
        """The part that `opens` names (`support:task` -> support)."""
        return self.opens.partition(":")[0]

    @property
    def child(self) -> str:
        """The procedure of the children that this act opens."""
        return self.opens.partition(":")[2]


@dataclass(frozen=True)
class ClockRule:
    """How one named clock runs: default limit, on whom, whether it re-arms, what happens when it passes."""

    name: str
    label: Words
    limit: str
    on: str
    every: bool = False
    then: str = ""
    most: str = ""


@dataclass(frozen=True)
class CountRule:
    """How often something may be done (`most`), what raises attention (`escalate`), counted `per` lead."""

    name: str
    label: Words
    most: int = 0
    escalate: int = 0
    per: str = ""


def digest_of(text: str, common: str) -> str:
    """Twelve hex digits of SHA-256 over a procedure's file and the common acts."""
    return hashlib.sha256(f"{text}\0{common}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Procedure:
    """The declared life of one kind of case."""

    name: str
    label: Words
    stages: Mapping[str, Words]
    final: Mapping[str, Words]
    acts: Mapping[str, Act]
    clocks: Mapping[str, ClockRule]
    counts: Mapping[str, CountRule]
    fields: Mapping[str, Field]
    renamed: Mapping[str, str]
    part_labels: Mapping[str, Words] = field(default_factory=dict)
    text: str = ""
    common: str = ""

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits of SHA-256 over the file and the common acts: what each entry's `sets` carry."""
        return digest_of(self.text, self.common)

    def act(self, name: str) -> Act:
        """The act of that name; raises UnknownAct, which lists those there are."""
        if name not in self.acts:
            labels = {act.name: act.label for act in self.acts.values()}
            raise UnknownAct(act=name[:40], procedure=self.label, acts=named(labels))
        return self.acts[name]

    def original(self, act: str, actor: str) -> bool:
        """Whether what an act said are the requester's own words: sealed where the case is sealed."""
        return actor == REQUESTER or (act in self.acts and self.acts[act].original)

    def stage(self, name: str) -> Words:
        """What a stage is called."""
        return self.stages.get(name) or self.final.get(name) or {"zh-Hans": name, "en": name}

    def part(self, name: str) -> Words:
        """What a part is called: the kind of children that an act opens."""
        return self.part_labels.get(name) or {"zh-Hans": name, "en": name}

    @property
    def parts(self) -> dict[str, str]:
        """part -> procedure of the children that its acts may open."""
        return {act.part: act.child for act in self.acts.values() if act.opens}
