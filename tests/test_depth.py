"""Cases inside cases go eight deep and no deeper, whether they are opened there or hung there."""

from __future__ import annotations

import pytest

from huying.errors import CannotMerge, NotAllowed, TooDeep, sentence
from huying.ledger import audit
from huying.ledger.models import Case
from tests.cast import act, call

pytestmark = pytest.mark.django_db
DEEPEST = 8


def top() -> Case:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    return case


def below(case: Case) -> Case:
    """A new part of a case."""
    name = "support" if case.procedure == "request" else "task"
    act(case, name, "lighting.1", children=[{"lead": "lighting", "due": "2wd"}])
    child = case.children.latest("pk")
    if child.stage == "handed_down":
        act(child, "accept", "lighting.1")
    return child


def chain(case: Case, levels: int) -> list[Case]:
    """The case and so many levels below it, each inside the one before."""
    found = [case]
    while len(found) <= levels:
        found.append(below(found[-1]))
    return found


def test_a_ninth_level_is_refused_where_it_would_be_opened_and_nothing_of_it_is_written() -> None:
    cases = chain(top(), DEEPEST - 1)
    assert len(cases) == DEEPEST
    before = Case.objects.count(), cases[-1].seq
    with pytest.raises(TooDeep) as refused:
        below(cases[-1])
    assert sentence(refused.value).startswith("“分解任务”会使事项套到第 9 层，最多 8 层。")
    cases[-1].refresh_from_db()
    assert (Case.objects.count(), cases[-1].seq) == before
    below(cases[-2])
    assert list(audit.audit()) == []


def test_a_case_is_not_hung_where_what_hangs_on_it_would_go_too_deep() -> None:
    cases, other = chain(top(), 5), chain(top(), 3)
    with pytest.raises(CannotMerge) as refused:
        act(other[2], "move", "supervision.1", parent=chain(cases[-1], 1)[-1].number, reason="改挂")
    assert "层级过深" in sentence(refused.value)
    act(other[3], "move", "supervision.1", parent=cases[-1].children.latest("pk").number, reason="改挂")
    assert other[3].parent == cases[-1].children.latest("pk")
    assert list(audit.audit()) == []


@pytest.mark.parametrize("key", ["admin.system", "admin.security", "admin.audit"])
def test_no_administrator_hands_over_a_case_that_they_cannot_see(key: str) -> None:
    case = top()
    with pytest.raises(NotAllowed):
        act(case, "hand_over", key, owner="lighting.2")
    act(case, "hand_over", "lighting.leader", owner="lighting.2")
    assert case.owner == "lighting.2"
