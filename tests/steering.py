"""Where a walk goes: towards an act that was seldom done, or astray.

A walk that draws its acts evenly hardly ever reaches the late stages; one that is brought there by plans
never does anything odd. So a walk is brought to its goal, and strays from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from huying.city import store
from huying.ledger import rulebook
from huying.ledger.actor import SYSTEM
from huying.ledger.documents import FORGET
from huying.ledger.models import Case
from huying.ledger.vocabulary import ANSWER, OPEN, Act, Procedure
from tests import plans
from tests.editions import with_next_year, with_renamed_stage
from tests.saying import UNITS
from tests.walks import CAST, NONE, PEOPLE, Said, Walk, Wishes

MOST_STEPS = 16
TRIES = 3
LATE = datetime(2026, 12, 28, 2, tzinfo=UTC)
# What the named rules of a procedure ask for beyond its `when`.
RULED: Mapping[str, Wishes] = {
    "assent": {"type": ("consult",)},
    "act_first": {"urgency": ("normal", "urgent")},
    "agrees": {"solved": ("yes",)},
    "reached": {"reached": ("yes",)},
    "in_office": {
        "leader": ("mayor", "office.leader", "xihe.leader"),
        "noted": ("2026-06-15",),
        "secrecy": ("none", "internal"),
        "demands": ("查明原因\n限期整改",),
        "follows": (),
    },
    "each_answered": {"answers": ("1. 已查明\n2. 已整改",)},
    "evidence": {"no_evidence": ("现场无法拍摄",)},
}
# What is said of cases that are to be merged: nothing that would keep them apart.
ALIKE: Wishes = {"type": ("help",), "about": (), "wish": ()}
SPANS = (
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=5),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=9),
)


def stray(walk: Walk) -> None:
    """One act drawn half from what is open to somebody and half from all there is, seldom ones first."""
    case = _pick(walk)
    if walk.rng.random() < 0.5:
        chosen = _open_one(walk, case)
        if chosen is not None:
            _try(walk, case, *chosen)
        return
    acts = list(rulebook.procedure(case.procedure).acts.values())
    _try(walk, case, walk.rng.choice([act for act in acts if not act.begins]), walk.rng.choice(CAST))


def _pick(walk: Walk) -> Case:
    """A case, those that stand open and are new rather than others."""
    cases = walk.cases()
    weights = [(0.3 if case.closed else 1) * (0.2 if case.procedure == "administration" else 1) for case in cases]
    return walk.rng.choices(cases, weights)[0]


def _open_one(walk: Walk, case: Case) -> tuple[Act, str] | None:
    acts = rulebook.procedure(case.procedure).acts
    for key in walk.rng.sample(CAST, 8):
        names = walk.open_acts(case, key)
        if names:
            weights = [1 / (1 + walk.tally[case.procedure, name]) ** 2 for name in names]
            return acts[walk.rng.choices(names, weights)[0]], key
    return None


def _try(walk: Walk, case: Case, act: Act, key: str) -> None:
    seen = walk.rng.randrange(case.turn) if walk.rng.random() < 0.1 else None
    walk.act(case, act, key, walk.says(act, case), seen=seen)


def drift(walk: Walk) -> None:
    """Some time passes."""
    walk.wait(walk.rng.choice(SPANS))


def reach(walk: Walk, kind: str, act: str) -> bool:
    """Do one act of one kind of case, on a case that is there or on a new one; whether it was done."""
    procedure = walk.procedures()[kind]
    if set(procedure.act(act).by) == {"case"}:
        return BY_ITSELF[act](walk, kind) if act in BY_ITSELF else _by_another_room(walk, kind, procedure.act(act))
    if procedure.act(act).begins:
        return (_new(walk, procedure, ()) if act == OPEN else walk.open(kind, act, careful=True)) is not None
    there = [case for case in walk.cases(kind) if _way(procedure, case, act)]
    if there and walk.rng.random() < 0.5:
        return bring(walk, walk.rng.choice(there), act)
    for _ in range(TRIES):
        case = _new(walk, procedure, plans.way(procedure, plans.first(procedure), act) or ())
        if case is not None and bring(walk, case, act):
            return True
    return False


def _way(procedure: Procedure, case: Case, act: str) -> plans.Way:
    return plans.way(procedure, plans.standing(procedure, case.folded()), act)


def _new(walk: Walk, procedure: Procedure, plan: tuple[Act, ...]) -> Case | None:
    """A new case of a kind, opened by itself or as a child."""
    ways = plans.entrances(walk.procedures(), procedure.name)
    alone = set(procedure.act(OPEN).by) - {"parent"}
    if ways and (not alone or walk.rng.random() < 0.5):
        before = {case.pk for case in walk.cases()}
        if not reach(walk, *walk.rng.choice(ways)):
            return None
        return next((case for case in walk.cases(procedure.name) if case.pk not in before), None)
    wishes = _wishes((procedure.act(OPEN), *plan))
    return walk.open(procedure.name, careful=True, wishes=wishes)


def _wishes(plan: tuple[Act, ...]) -> dict[str, tuple[str, ...]]:
    wanted = plans.wishes(plan)
    for act in plan:
        for rule in act.rules:
            wanted |= RULED.get(rule, {})
    return wanted


def bring(walk: Walk, case: Case, goal: str, wishes: Wishes = NONE) -> bool:
    """Bring a case to an act and do it, by people who may and with fields that fit; whether it was done."""
    blocked: set[str] = set()
    for _ in range(MOST_STEPS):
        case.refresh_from_db()
        procedure = rulebook.procedure(case.procedure)
        plan = plans.way(procedure, plans.standing(procedure, case.folded()), goal, frozenset(blocked))
        if plan is None:
            return False
        done = walk.tally[case.procedure, goal]
        if not _step(walk, case, plan, {**_wishes(plan), **wishes}):
            blocked.add(plan[0].name)
        elif walk.tally[case.procedure, goal] > done:
            return True
    return False


def _step(walk: Walk, case: Case, plan: tuple[Act, ...], wishes: Wishes) -> bool:
    """The first act of a plan; whether it was done."""
    act, procedure = plan[0], rulebook.procedure(case.procedure)
    if "copied" in act.rules:
        _copy(walk, case, procedure)
    able = walk.able(case, act)
    if not able and case.folded().open_children:
        _finish_children(walk, case)
        case.refresh_from_db()
        able = walk.able(case, act)
    ringing = plans.rings(procedure, act, frozenset(case.folded().running))
    if ringing and (not able or walk.rng.random() < 0.2):
        before = case.seq
        walk.wait_for(case, ringing)
        case.refresh_from_db()
        return case.seq > before
    if not able:
        return False
    accused = store.current().subtree(case.about) if case.about else frozenset()
    innocent = {"lead": tuple(unit for unit in UNITS if unit not in accused)} if "lead" in act.needs else {}
    wanted = {**_companions(walk, case, procedure, act, wishes), **innocent, **wishes}
    said = walk.says(act, case, careful=True, wishes=wanted)
    if act.to in procedure.final and _tempt(walk, case, act, said):
        return True
    return walk.act(case, act, walk.rng.choice(able), said)


def _copy(walk: Walk, case: Case, procedure: Procedure) -> None:
    """The handling copy of a sealed case, without which it goes to no unit."""
    if case.sealed and "handling_copy" not in case.folded().facts:
        for act in procedure.acts.values():
            able = walk.able(case, act) if "handling_copy" in act.needs else []
            if able and walk.act(case, act, walk.rng.choice(able), walk.says(act, case, careful=True)):
                return


def _tempt(walk: Walk, case: Case, act: Act, said: Said) -> bool:
    """Those who handled a case, or work for a body that did, try to close it; whether that was let by."""
    handlers, city = case.folded().handlers, store.current()
    doers = [key for key in PEOPLE if key in handlers or f"organ:{city.organ(city.people[key].unit)}" in handlers]
    posts = {key: len({post.role for post in walk.actor(key).posts}) for key in doers}
    tried = sorted(walk.rng.sample(doers, min(3, len(doers))), key=lambda key: -posts[key])
    return any(walk.act(case, act, key, said) for key in tried)


def _finish_children(walk: Walk, case: Case) -> None:
    for child in Case.objects.filter(parent=case, closed=None).order_by("pk"):
        procedure = rulebook.procedure(child.procedure)
        ends = [
            act.name
            for act in procedure.acts.values()
            if act.to in procedure.final and _way(procedure, child, act.name)
        ]
        walk.rng.shuffle(ends)
        any(bring(walk, child, end) for end in ends[:3])


def _companions(walk: Walk, case: Case, procedure: Procedure, act: Act, wishes: Wishes) -> dict[str, tuple[str, ...]]:
    """The other case that an act names: one that is fit is made where there is none."""
    return {
        name: (number,)
        for name in act.fields
        if procedure.fields[name].type == "case" and name not in wishes
        for number in [_companion(walk, case, procedure, name)]
        if number
    }


def _companion(walk: Walk, case: Case, procedure: Procedure, name: str) -> str:
    kind = case.parent.procedure if name == "parent" and case.parent else procedure.name
    kind = "request" if name == "cited" else kind
    fit = [c for c in walk.cases(kind) if c.pk not in (case.pk, case.parent_id) and not c.closed and not c.into_id]
    if fit and walk.rng.random() < 0.7:
        return walk.rng.choice(fit).number
    other = _new(walk, walk.procedures()[kind], ())
    if other is not None and name == "into" and ANSWER in case.folded().clocks:
        bring(walk, other, _promising(procedure))
    return other.number if other else ""


def _promising(procedure: Procedure) -> str:
    """The act with which the promise begins."""
    return next((act.name for act in procedure.acts.values() if ANSWER in act.starts and not act.begins), OPEN)


# The entries that the system writes by itself come about by what people do elsewhere.


def _by_another_room(walk: Walk, kind: str, act: Act) -> bool:
    """What another room writes on a case, such as a letter that was sent."""
    case = _new(walk, walk.procedures()[kind], ())
    return case is not None and walk.act(case, act, SYSTEM.key, walk.says(act, case, careful=True))


def _child_ends(walk: Walk, kind: str) -> bool:
    """A child of a case of this kind is closed."""
    parts = [act for act in walk.procedures()[kind].acts.values() if act.opens]
    if not parts or not reach(walk, kind, walk.rng.choice(parts).name):
        return False
    parent = Case.objects.filter(procedure=kind, children__closed=None, children__isnull=False).order_by("pk").last()
    if parent is not None:
        _finish_children(walk, parent)
    return True


def _duplicates(walk: Walk, kind: str) -> bool:
    """A duplicate is merged into the second, which was promised later, and that into the third."""
    return _survivor(walk, kind) is not None


def _survivor(walk: Walk, kind: str) -> Case | None:
    procedure = walk.procedures()[kind]
    merges = [act.name for act in procedure.acts.values() if "into" in act.fields]
    alike: list[Case] = []
    for _ in range(3):
        case = walk.open(kind, careful=True, wishes=ALIKE) if merges else None
        if case is None or not bring(walk, case, _promising(procedure), ALIKE):
            return None
        alike.append(case)
        walk.wait(timedelta(hours=walk.rng.choice([1, 20])))
    for case, survivor in pairwise(alike):
        bring(walk, case, merges[0], {"into": (survivor.number,)})
    return alike[-1]


def _answered(walk: Walk, kind: str) -> bool:
    """The survivor is answered, and with it those that were merged into it."""
    procedure = walk.procedures()[kind]
    survivor = _survivor(walk, kind)
    sends = [act.name for act in procedure.acts.values() if ANSWER in act.pauses and act.to in procedure.stages]
    if survivor is None or not bring(walk, survivor, sends[-1]):
        return False
    for duplicate in Case.objects.filter(into=survivor).order_by("pk"):
        walk.act(duplicate, procedure.act("answered"), SYSTEM.key, {})
    return True


def _next_year(walk: Walk, kind: str) -> bool:
    """A promise reaches into a year without a notice; then the notice is loaded."""
    walk.at = max(walk.at, LATE)
    walk.ring()
    done = reach(walk, kind, _promising(walk.procedures()[kind]))
    walk.load_city(with_next_year(walk.folder / "city-2027"))
    return done


def _new_edition(walk: Walk, kind: str) -> bool:
    """A new version of the procedure calls a stage otherwise in which a case stands."""
    procedure = walk.procedures()[kind]
    named = {*procedure.acts, *procedure.clocks, *procedure.fields}
    stages = [act.to for act in procedure.acts.values() if act.to in procedure.stages and act.to not in named]
    stage = walk.rng.choice(sorted(set(stages)))
    act = next(act.name for act in procedure.acts.values() if act.to == stage)
    if not reach(walk, kind, act):
        return False
    walk.load_procedures(with_renamed_stage(procedure, stage, walk.folder / f"{kind}-{stage}"))
    return True


def _forgotten(walk: Walk, kind: str) -> bool:
    """Whoever called about a case that is closed, by the nearest end there is, is forgotten."""
    procedure = walk.procedures()[kind]
    first = plans.first(procedure)
    ways = [
        (plans.way(procedure, first, act.name), act.name) for act in procedure.acts.values() if _ends(act, procedure)
    ]
    for way, end in sorted(ways, key=lambda one: len(one[0] or ()) or MOST_STEPS):
        if way is None or not reach(walk, kind, end):
            continue
        for case in walk.cases(kind):
            if case.closed and not case.folded().facts.get("held") and not case.folded().forgotten:
                said = walk.says(procedure.act(FORGET), case, careful=True)
                if walk.act(case, procedure.act(FORGET), SYSTEM.key, said):
                    return True
    return False


def _ends(act: Act, procedure: Procedure) -> bool:
    return act.to in procedure.final and not act.begins and set(act.by) != {"case"}


BY_ITSELF = {
    "forget": _forgotten,
    "child": _child_ends,
    "joined": _duplicates,
    "repointed": _duplicates,
    "answered": _answered,
    "fix_date": _next_year,
    "migrate": _new_edition,
}
