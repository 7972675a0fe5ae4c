"""A post changes hands with its open cases: listed, accepted, each with an entry; never taken away before that."""

from __future__ import annotations

from pathlib import Path

import pytest

from huying.city import store
from huying.errors import BadCity, NotInHouse
from huying.ledger import administration, audit, handover
from huying.ledger.models import Case, Entry
from tests.cast import act, call, who
from tests.desks import browser, hidden, page, words
from tests.test_administration import edited

pytestmark = pytest.mark.django_db


def task(owner: str = "urban.1", **more: str) -> Case:
    return call("supervision.1", "task", lead="urban", due="2026-06-30", title="清理堆物", owner=owner, **more)


def offered(giver: str = "urban.1", role: str = "handler", unit: str = "urban", taker: str = "urban.2") -> Case:
    return handover.offer(giver, role, unit, taker, who(giver), store.current())


def owners(*cases: Case) -> list[str]:
    return [Case.objects.get(pk=case.pk).owner for case in cases]


def test_accepting_a_post_takes_its_cases_over_one_by_one() -> None:
    mine, others, done = task(), task("urban.2"), task()
    act(done, "cancel", "supervision.1", reason="重复")
    case = offered()
    assert (case.folded().facts["number"], owners(mine, others)) == (1, ["urban.1", "urban.2"])
    act(case, "accept", "urban.2")
    assert owners(mine, others, done) == ["urban.2", "urban.2", "urban.1"]
    last = Entry.objects.filter(case=mine).latest("seq")
    assert (last.act, last.actor, last.said) == ("hand_over", "case", {"owner": "urban.2"})
    assert list(audit.audit()) == []


def test_until_it_is_accepted_nothing_changes_hands() -> None:
    mine, case = task(), offered()
    act(case, "refuse", "urban.2", reason="清单不全")
    assert owners(mine) == ["urban.1"]


def test_a_post_goes_to_somebody_of_the_same_house_who_is_somebody_else() -> None:
    for taker in ("urban.1", "lighting.1"):
        with pytest.raises(NotInHouse):
            offered(taker=taker)
    with pytest.raises(NotInHouse):
        offered(role="leader")


def test_sealed_words_stay_out_of_the_list() -> None:
    case = call("hotline.1", "request", title="王某偷倒", text="夜里偷倒", type="report", about="parks")
    act(case, "copy", "hotline.1", handling_copy="反映夜间偷倒。")
    act(case, "triage", "hotline.1", category="streets.rubbish", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="urban", basis="市容条例")
    act(case, "hand_over", "urban.leader", owner="urban.1")
    text = page(browser("urban.2").get(f"/desk/case/{offered().number}"))
    assert "王某偷倒" not in text


# --- the city's data


def without(tmp_path: Path, *rows: str) -> Path:
    return edited(tmp_path, *(("posts.csv", f"{row}\n", "") for row in rows))


def load(folder: Path) -> list[str]:
    """What stands in the way of loading a folder; nothing where it is in force now."""
    try:
        administration.load_city(folder, administration.administrator(store.current()))
    except BadCity as bad:
        return [str(finding) for finding in bad.findings]
    return []


def test_the_city_does_not_take_away_a_handler_whose_cases_nobody_took_over(tmp_path: Path) -> None:
    mine = task()
    folder = without(tmp_path, "urban.1,handler,urban,2020-01-01,")
    (found,) = load(folder)
    assert "李秀英（urban.1）不再担任市城市管理局的承办人，但这个岗位还有 1 件未办结" in found
    act(offered(), "accept", "urban.2")
    assert load(folder) == []
    assert owners(mine) == ["urban.2"]


def test_who_stays_in_the_house_keeps_their_cases(tmp_path: Path) -> None:
    task()
    folder = edited(tmp_path, ("posts.csv", "urban.1,handler,urban,2020-01-01,", "urban.1,reviewer,urban,2026-06-15,"))
    assert load(folder) == []


def test_a_leader_leaves_only_when_another_answers_for_everything_below(tmp_path: Path) -> None:
    task("")
    folder = edited(
        tmp_path,
        ("posts.csv", "urban.leader,leader,urban,2020-01-01,", "urban.reviewer,leader,urban,2026-06-15,"),
    )
    assert "熊书林（urban.leader）不再担任市城市管理局的负责人" in load(folder)[0]
    case = offered("urban.leader", "leader", taker="urban.reviewer")
    act(case, "accept", "urban.reviewer")
    assert load(folder) == []


def test_a_post_with_nothing_in_hand_is_simply_taken_away(tmp_path: Path) -> None:
    assert load(without(tmp_path, "urban.2,handler,urban,2020-01-01,")) == []


# --- the page


def test_the_page_offers_a_post_and_says_what_goes_with_it() -> None:
    task()
    client = browser("urban.1")
    text = page(client.get("/desk/handover"))
    assert "李秀英 · 承办人 · 市城市管理局（1）" in words(text)
    assert "朱宁 · 承办人" not in words(text)
    assert "李秀英 · 承办人" in words(page(browser("urban.leader").get("/desk/handover")))
    form = {**hidden(text), "post": "urban.1|handler|urban", "taker": "urban.2"}
    sent = client.post("/desk/handover", form)
    case = Case.objects.get(procedure="handover")
    assert sent["Location"] == f"/desk/case/{case.number}"
    assert client.post("/desk/handover", form)["Location"] == sent["Location"]
    assert "清理堆物" in words(page(browser("urban.2").get(sent["Location"])))
    assert case.number in page(browser("urban.2").get("/desk/handover"))


@pytest.mark.parametrize(
    "post", ["", "|||", "urban.1", "nobody|handler|urban", "urban.1|king|urban", "urban.1|handler|x"]
)
def test_what_can_not_be_handed_over_is_said_and_nothing_is_opened(post: str) -> None:
    client = browser("urban.1")
    form = {**hidden(page(client.get("/desk/handover"))), "post": post, "taker": "urban.2"}
    assert 'role="alert"' in page(client.post("/desk/handover", form), 422)
    assert not Case.objects.filter(procedure="handover").exists()


def test_an_administrators_post_is_granted_and_never_handed_over() -> None:
    for key in ("admin.system", "admin.security", "admin.audit"):
        assert 'value="admin.' not in page(browser(key).get("/desk/handover")).partition('id="f-taker"')[0]
