"""Three administrators apart: one loads, one grants, one reads along; none does another's acts, and nobody is two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from huying.city import codec, folder, store
from huying.city.facts import ADMINISTRATORS
from huying.desk import accounts
from huying.errors import BadCity, GrantsSelf, NotAllowed, TwoAdministrators, sentence
from huying.intake import keys
from huying.ledger import administration, find, rulebook
from huying.ledger.actor import Actor
from huying.ledger.models import Case
from huying.ledger.now import now
from huying.ledger.procedure import may
from tests.cast import act, call, who
from tests.commands import done, run
from tests.conftest import DEMO
from tests.desks import browser, page, words
from tests.test_administration import edited

pytestmark = pytest.mark.django_db
WHO = {"system": "admin.system", "security": "admin.security", "auditor": "admin.audit"}
THEIRS = {
    "system": {"load_city", "load_procedures", "issue_key", "revoke_key"},
    "security": {"grant", "revoke", "add_user", "remove_user", "unlock_user", "unmask"},
    "auditor": {"review_rights"},
}


def standing() -> Case:
    return Case.objects.get(procedure="administration", closed=None)


def test_each_act_of_administration_is_open_to_one_of_the_three_and_to_nobody_else() -> None:
    procedure, state, city = rulebook.procedure("administration"), standing().folded(), store.current()
    open_to: dict[str, set[str]] = {}
    for key in city.people:
        for name, refusal in may(procedure, state, who(key), at=now(), city=city).items():
            if refusal is None:
                open_to.setdefault(name, set()).add(key)
    assert all(len(keys_) == 1 for keys_ in open_to.values()), open_to
    for role, acts in THEIRS.items():
        assert {name for name in acts if open_to[name] == {WHO[role]}} == acts


def test_at_every_door_the_other_two_are_turned_away(tmp_path: Path) -> None:
    changed = edited(tmp_path, ("texts.toml", "请您理解", "请予理解"))
    tries: dict[str, list[Callable[[Actor], object]]] = {
        "system": [
            lambda me: administration.load_city(changed, me), lambda me: administration.load_procedures(me),
            lambda me: keys.issue("柳园街道办事处", "read", me),
        ],
        "security": [
            lambda me: accounts.add("hotline.2", me), lambda me: accounts.unlock("hotline.1", me),
            lambda me: accounts.remove("hotline.1", me),
        ],
    }  # fmt: skip
    before = standing().seq
    accounts.add("hotline.1", who(WHO["security"]))
    for role, doors in tries.items():
        for other in WHO.keys() - {role}:
            for door in doors:
                with pytest.raises(NotAllowed):
                    door(who(WHO[other]))
    assert standing().seq == before + 1


def test_the_log_of_looks_is_the_auditors_and_no_case_of_the_city_is_any_of_theirs() -> None:
    case = call()
    for role, key in WHO.items():
        client = browser(key)
        assert client.get("/desk/looks").status_code == (200 if role == "auditor" else 403), role
        assert client.get(f"/desk/case/{case.number}").status_code == 404
        assert "载入城市数据" in words(page(client.get(f"/desk/case/{standing().number}")))
        assert [one.procedure for one in find.visible(who(key))] == ["administration"]


def test_the_matrix_shows_the_three_columns_with_their_acts_apart() -> None:
    for key in WHO.values():
        text = page(browser(key).get("/desk/rights?kind=administration"))
        heads = [words(part) for part in text.partition("<thead>")[2].partition("</thead>")[0].split("</th>")[1:-1]]
        assert heads == ["系统管理员", "安全管理员", "审计员"]
        for row in text.partition("<tbody>")[2].partition("</tbody>")[0].split("</tr>")[:-1]:
            assert row.count("hy-sr") == 1, words(row)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("posts.csv", "admin.system,system,informatics,2020-01-01,\n",
         "admin.system,system,informatics,2020-01-01,\nadmin.system,auditor,informatics,2020-01-01,\n",
         "段若兰身兼系统管理员、审计员（代理也算）；系统管理员、安全管理员、审计员必须是三个人。"),
        ("posts.csv", "admin.audit,auditor,informatics,2020-01-01,\n",
         "admin.audit,auditor,informatics,2020-01-01,2026-12-31\nadmin.audit,security,informatics,2027-01-01,\n",
         "康令仪身兼安全管理员、审计员"),
        ("deputies.csv", "mayor,vice.mayor,", "admin.audit,admin.security,2026-08-01,2026-08-10\nmayor,vice.mayor,",
         "黎承志身兼安全管理员、审计员"),
    ],
    ids=["at once", "one after the other", "as a deputy"],
)  # fmt: skip
def test_nobody_is_two_of_the_three(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    with pytest.raises(BadCity) as refused:
        folder.read(edited(tmp_path, (file, old, new)))
    found = [str(finding) for finding in refused.value.findings]
    assert len(found) == 1 and said in found[0] and found[0].startswith("posts.csv:")


def test_nobody_is_granted_a_second_of_the_three_nor_grants_themselves() -> None:
    granting = {"unit": "informatics", "reason": "人手不够"}
    with pytest.raises(TwoAdministrators) as refused:
        act(standing(), "grant", WHO["security"], person=WHO["system"], role="auditor", **granting)
    assert sentence(refused.value).startswith("段若兰已经是系统管理员，不能再当审计员")
    with pytest.raises(GrantsSelf):
        act(standing(), "grant", WHO["security"], person=WHO["security"], role="supervisor", **granting)
    act(standing(), "grant", WHO["security"], person="hotline.2", role="callback", **granting)


NEW = {
    "posts.csv": ("admin.audit,auditor,informatics,2020-01-01,\n",
                  "admin.audit,auditor,informatics,2020-01-01,\noffice.clerk,auditor,informatics,2020-01-01,\n"),
    "deputies.csv": ("mayor,vice.mayor,", "admin.audit,office.clerk,2026-08-01,2026-08-10\nmayor,vice.mayor,"),
}  # fmt: skip


@pytest.mark.parametrize("file", NEW)
def test_whoever_loads_makes_no_administrator_whom_security_has_not_granted(tmp_path: Path, file: str) -> None:
    """Nor a deputy of one; what was granted and taken away again doesn't count."""
    changed, system = edited(tmp_path, (file, *NEW[file])), who(WHO["system"])
    one = {"person": "office.clerk", "role": "auditor", "unit": "informatics", "reason": "接任"}
    for step in ("", "grant", "revoke"):
        if step:
            act(standing(), step, WHO["security"], **one)
        if step == "grant":
            continue
        with pytest.raises(BadCity) as refused:
            administration.load_city(changed, system)
        assert "这份数据要让冯家骏当审计员，但没有安全管理员授予过" in str(refused.value.findings[0])
    act(standing(), "grant", WHO["security"], **one)
    assert administration.load_city(changed, system)[1] is True


def test_a_role_that_nobody_holds_yet_needs_no_grant(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A city from before there were three begins with them; there is nobody yet who could grant."""
    whole = store.current()
    people = {
        key: replace(one, posts=tuple(p for p in one.posts if p.role not in ("security", "auditor")))
        for key, one in whole.people.items()
    }
    before = replace(whole, people=people, digest="before")
    with monkeypatch.context() as patch:
        patch.setattr(store, "current", lambda: before)
        assert not list(administration._ungranted(before, whole))


def test_a_city_that_was_loaded_before_there_were_three_has_system_administrators() -> None:
    old = codec.to_json(folder.read(DEMO)).replace('"role":"system"', '"role":"admin"')
    held = {post.role for person in codec.from_json(old).people.values() for post in person.posts}
    assert "admin" not in held and held >= ADMINISTRATORS


def test_security_grants_on_the_command_line_and_no_other_does() -> None:
    command = ("user", "grant", "office.clerk", "auditor", "informatics", "--reason", "接任")
    assert "不能做“授予角色”，这一步由安全管理员来做" in run(*command, "--as", "admin.system").err
    assert "已授予：office.clerk" in done(*command).out
    assert standing().entries.latest("seq").said["person"] == "office.clerk"
