"""One broken streetlamp, from the call to the confirmed answer: the main path of the spine."""

from __future__ import annotations

import pytest

from huying.errors import NotAllowed
from huying.ledger import audit
from tests.cast import act, call

pytestmark = pytest.mark.django_db


def test_a_streetlamp_is_reported_repaired_answered_and_confirmed() -> None:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes")
    act(case, "submit", "lighting.1", reply="已更换灯泡并检修线路。", outcome="fixed")
    act(case, "sign", "lighting.reviewer")
    assert case.stage == "verifying"
    with pytest.raises(NotAllowed):
        act(case, "confirm", "lighting.1")
    act(case, "confirm", "callback.1", contacted="yes", solved="yes", satisfied="yes")
    assert (case.stage, case.outcome, case.verified) == ("closed", "fixed", "callback")
    assert list(audit.audit()) == []
