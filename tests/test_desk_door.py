"""Accounts and sessions: in with a password and a code, locked out after wrong ones, out after a while or from afar."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from huying.city import store
from huying.desk import accounts, sittings, totp
from huying.desk.models import Second, Sitting
from huying.ledger import find
from huying.ledger.administration import administrator, standing
from huying.ledger.models import Case, Entry
from tests.cast import act, call, who
from tests.commands import done, run
from tests.desks import addresses, browser, page, words

pytestmark = pytest.mark.django_db
CALLER = {"name": "陶建平", "phone": "13900002222"}
PASSWORD = "一句很长的话当作密码 2026"
EVERY_ROLE = (
    "hotline.1", "dispatch.1", "lighting.1", "lighting.reviewer", "supervision.1", "callback.1", "lighting.leader",
    "mayor", "admin.system", "education.1",
)  # fmt: skip


def account(key: str = "dispatch.1") -> Client:
    """A new account, through its one-time link."""
    link = accounts.add(key, administrator(store.current(), "security"))
    client = Client(headers={"Accept-Language": "zh-CN"})
    path = link.removeprefix(settings.HUYING_PUBLIC_URL)
    assert "设置您的密码" in page(client.get(path))
    assert client.post(path, {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    assert client.get(path).status_code == 410, "the link counts once"
    return client


def enter(key: str, password: str, **more: str) -> Any:
    return Client(headers={"Accept-Language": "zh-CN"}).post("/desk/login", {"name": key, "password": password, **more})


def test_an_account_is_opened_by_an_entry_and_its_link_sets_the_password() -> None:
    client = account()
    assert client.get("/desk/queue/dispatch").status_code == 200
    case = standing(administrator(store.current(), "security"))
    assert [entry.said for entry in find.entries(case) if entry.act == "add_user"] == [{"person": "dispatch.1"}]
    assert enter("dispatch.1", PASSWORD)["Location"] == "/desk/queue/dispatch"


def test_an_account_without_a_person_or_twice_is_refused() -> None:
    account()
    admin = administrator(store.current(), "security")
    with pytest.raises(accounts.HasAccount):
        accounts.add("dispatch.1", admin)
    with pytest.raises(accounts.NoAccount):
        accounts.link("hotline.1")
    assert enter("nobody", PASSWORD).status_code == 403


@pytest.mark.parametrize("weak", ["short", "123456789012345", "dispatch.1-dispatch.1"])
def test_a_password_that_is_easy_to_guess_is_refused_in_words(weak: str) -> None:
    path = accounts.add("dispatch.1", administrator(store.current(), "security")).removeprefix(
        settings.HUYING_PUBLIC_URL
    )
    text = page(Client(headers={"Accept-Language": "zh-CN"}).post(path, {"password": weak, "again": weak}))
    assert "这个密码太容易被猜到" in words(text)
    assert "不一样" in words(page(Client(headers={"Accept-Language": "zh-CN"}).post(path, {"password": weak})))


def test_five_wrong_passwords_lock_the_account_from_there_and_say_so() -> None:
    account()
    for _ in range(4):
        assert "账号或密码不对" in words(page(enter("dispatch.1", "wrong"), 403))
    assert "输错次数太多" in words(page(enter("dispatch.1", "wrong"), 403))
    assert "输错次数太多" in words(page(enter("dispatch.1", PASSWORD), 403)), "even with the right one"
    accounts.unlock("dispatch.1", administrator(store.current(), "security"))
    assert enter("dispatch.1", PASSWORD)["Location"] == "/desk/queue/dispatch"
    assert Entry.objects.filter(act="unlock_user").count() == 1


def test_a_removed_account_is_out_at_once() -> None:
    client = account()
    accounts.remove("dispatch.1", administrator(store.current(), "security"))
    assert client.get("/desk/queue/all")["Location"].startswith("/desk/login")
    assert enter("dispatch.1", PASSWORD).status_code == 403


def test_whoever_is_not_signed_in_finds_the_entrance_and_comes_back_to_where_they_were() -> None:
    account()
    answer = Client().get("/desk/queue/all?unit=lighting")
    assert answer["Location"] == "/desk/login?next=%2Fdesk%2Fqueue%2Fall%3Funit%3Dlighting"
    assert enter("dispatch.1", PASSWORD, next="/desk/queue/all?unit=lighting")["Location"].endswith("unit=lighting")
    assert enter("dispatch.1", PASSWORD, next="https://elsewhere.example/")["Location"] == "/desk/queue/dispatch"
    assert enter("dispatch.1", PASSWORD, next="//elsewhere.example/desk/")["Location"] == "/desk/queue/dispatch"


def test_a_form_sent_after_the_session_ended_says_that_nothing_was_recorded_and_what_is_kept() -> None:
    case = call()
    answer = Client(headers={"Accept-Language": "zh-CN"}).post(f"/desk/case/{case.number}/act/note", {"text": "x"})
    assert "没有记录：登录到时了" in words(page(answer, 401))
    asked = Client().get(f"/desk/case/{case.number}/since?seq=1", headers={"HX-Request": "true"})
    assert asked.status_code == 204 and "ended" in asked["HX-Redirect"]


def test_a_form_without_its_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    user, _ = User.objects.get_or_create(username="dispatch.1")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post("/desk/views", {"name": "x", "address": "/desk/queue/all"}).status_code == 403
    door = Client(enforce_csrf_checks=True).post("/open311/v2/requests.json", {})
    assert "api_key" in door.content.decode(), "a door asks for its key, not for a page's token"


def test_a_session_ends_when_it_lies_idle_when_it_is_old_and_from_another_browser() -> None:
    assert settings.SESSION_COOKIE_AGE == 60 * settings.HUYING_IDLE and settings.SESSION_SAVE_EVERY_REQUEST
    first, other = browser("dispatch.1"), browser("dispatch.1")
    text = page(first.get("/desk/me"))
    assert len(re.findall(r'name="sitting"', text)) == 2
    assert browser("dispatch.2").post("/desk/me/end", {"sitting": _sitting(other)}).status_code == 302
    assert other.get("/desk/me").status_code == 200, "nobody ends another's"
    first.post("/desk/me/end", {"sitting": _sitting(other)})
    assert other.get("/desk/me").status_code == 302
    session = first.session
    mark, _, seen = session[sittings.MARK]
    session[sittings.MARK] = [mark, (timezone.now() - timedelta(hours=13)).isoformat(), seen]
    session.save()
    assert first.get("/desk/me").status_code == 302


def _sitting(client: Client) -> int:
    return Sitting.objects.get(mark=client.session[sittings.MARK][0]).pk


def test_signing_out_ends_the_session_and_lets_the_browser_forget_its_drafts() -> None:
    client = browser("dispatch.1")
    assert client.post("/desk/leave")["Clear-Site-Data"] == '"storage"'
    assert client.get("/desk/me").status_code == 302
    assert not Sitting.objects.exists()


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, the last six digits."""
    for at, known in ((59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")):
        assert totp.code(b"12345678901234567890", at // totp.STEP) == known


def test_an_administrator_works_only_with_a_code_which_counts_once() -> None:
    client = account("admin.system")
    assert client.get("/desk/register/administration")["Location"] == "/desk/me/second"
    assert "设置验证器" in words(page(client.get("/desk/me/second")))
    user = User.objects.get(username="admin.system")
    secret = totp._opened(Second.objects.get(user=user).secret)
    assert secret.hex() not in Second.objects.get(user=user).secret
    now = totp.code(secret, int(timezone.now().timestamp()) // totp.STEP)
    assert "这不是现在的验证码" in words(page(client.post("/desk/me/second", {"code": "000000"}), 403))
    assert client.post("/desk/me/second", {"code": f" {now[:3]} {now[3:]}"})["Location"] == "/desk/me"
    assert client.get("/desk/register/administration").status_code == 200
    assert "密钥" not in words(page(client.get("/desk/me/second"))), "a confirmed key isn't shown again"
    half = Client()
    assert half.post("/desk/login", {"name": "admin.system", "password": PASSWORD})["Location"] == "/desk/code"
    assert half.get("/desk/register/administration").status_code == 302, "the password alone lets nobody in"
    assert half.post("/desk/code", {"code": now}).status_code == 403, "a code counts once"


def test_an_identity_is_looked_at_only_with_a_code_and_a_reason_and_leaves_an_entry() -> None:
    case = call("hotline.1", "request", title="漏水", text="门口漏水", requester=CALLER)
    address = f"/desk/case/{case.number}/look"
    assert "13900002222" not in page(browser("hotline.1").get(f"/desk/case/{case.number}"))
    answer = browser("hotline.1", sure=False).post(address, {"reason": "约时间"})
    assert answer["Location"].startswith("/desk/me/second")
    assert page(browser("hotline.1").post(address, {"reason": ""}), 400)
    assert not [entry for entry in find.entries(case) if entry.act == "look"]
    text = page(browser("hotline.1").post(address, {"reason": "约时间上门"}))
    assert "陶建平" in text and "13900002222" in text and "约时间上门" in text
    assert len([entry for entry in find.entries(case) if entry.act == "look"]) == 1
    assert browser("dispatch.1").post(address, {"reason": "好奇"}).status_code == 403
    assert "至今查看 1 次" in words(page(browser("hotline.1").get(f"/desk/case/{case.number}")))


def test_the_demo_lets_anybody_in_as_anybody_and_nothing_else_does(settings: Any) -> None:
    assert Client().post("/desk/play", {"key": "dispatch.1"}).status_code == 404
    assert "演示：选一个身份" not in page(Client(headers={"Accept-Language": "zh"}).get("/desk/login"))
    settings.HUYING_MODE = "demo"
    assert "演示：选一个身份" in page(Client(headers={"Accept-Language": "zh"}).get("/desk/login"))
    client = Client()
    assert client.post("/desk/play", {"key": "dispatch.1"})["Location"] == "/desk/queue/dispatch"
    assert client.get("/desk/queue/dispatch").status_code == 200
    assert Client().post("/desk/play", {"key": "nobody"}).status_code == 404


def test_every_page_forbids_what_it_does_not_need() -> None:
    answer = browser("dispatch.1").get("/desk/queue/all")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY" and answer["Cache-Control"] == "no-store"
    assert not re.search(r" style=| on[a-z]+=\"|<script>", page(answer))


def test_each_language_has_whole_pages() -> None:
    case = call()
    for language, other in (("zh-Hans", r"[A-Za-z]{4,} [a-z]{3,} [a-z]{3,}"), ("en", r"诉求人|您|队列")):
        client = browser("dispatch.1", language="zh-CN" if language == "zh-Hans" else "en")
        for address in ("/desk/queue/all", f"/desk/case/{case.number}?act=note", "/desk/register/request", "/desk/me"):
            text = page(client.get(address))
            assert f'<html lang="{language}"' in text
            plain = re.sub(r'<tr role="row" id="c.*?</tr>', "", text, flags=re.S)
            assert not re.search(other, words(plain)), (address, re.findall(other, words(plain))[:3])


# --- every address as everybody

OPEN = ("desk/login", "desk/code", "desk/play", "desk/language", "desk/welcome/<code>/<token>")


def test_every_address_is_guarded_but_the_entrance() -> None:
    unguarded = [address for address, view in addresses() if not _guarded(view)]
    assert sorted(unguarded) == sorted(OPEN)


def _guarded(view: Any) -> bool:
    while view is not None:
        if getattr(view, "guarded", False):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


@pytest.mark.parametrize("key", EVERY_ROLE)
def test_every_address_as_every_role_answers_in_words_and_a_foreign_case_isnt_there(key: str) -> None:
    said = {
        "kind": "enforcement",
        "title": "夜市占道",
        "tried": "已劝导两周",
        "area": "xihe-liuyuan",
        "place": "柳园路口",
    }
    case = call("xihe-liuyuan.1", "callout", **said)
    sealed = call("hotline.1", "request", title="违建", text="有人偷盖", type="report", about="education")
    client = browser(key)
    for place in (case, sealed):
        seen = find.visible(_actor(key)).filter(pk=place.pk).exists()
        for address, view in addresses():
            path = "/" + _filled(address, place)
            for answer in (client.get(path), client.post(path, {"reason": "walk"})):
                if address in ("desk/leave", "desk/me/end", "desk/code"):
                    client = browser(key)
                assert answer.status_code < 500, path
                if "<number>" in address and not seen:
                    assert answer.status_code in (404, 405), (key, path, answer.status_code)
                if not seen and not answer.streaming:
                    assert place.number not in answer.content.decode() or "<number>" in address, (key, path)
            assert view


def _filled(address: str, case: Case) -> str:
    values = {"number": case.number, "name": "note", "kind": "request", "key": "0" * 32, "code": "x", "token": "y"}
    return re.sub(r"<(\w+)>", lambda place: values[place[1]], address.replace("queue/<name>", "queue/all"))


def _actor(key: str) -> Any:
    return who(key)


def test_another_unit_with_the_numbers_of_this_one_gets_nothing() -> None:
    case = call()
    act(case, "triage", "hotline.1", category="streets.lamps.dark", area="xihe-liuyuan")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="职责")
    for path in ("", "/act/accept", "/look", "/since?seq=1"):
        answer = browser("education.1").get(f"/desk/case/{case.number}{path}")
        assert answer.status_code in (404, 405)
    answer = browser("education.1").post(f"/desk/case/{case.number}/act/accept", {"turn": case.turn})
    assert answer.status_code == 404
    case.refresh_from_db()
    assert case.stage == "dispatched"


def test_the_command_line_opens_relinks_and_closes_accounts() -> None:
    link = done("user", "add", "dispatch.1").out.strip()
    assert link.startswith(f"{settings.HUYING_PUBLIC_URL}/desk/welcome/")
    assert "已经有账号" in run("user", "add", "dispatch.1").err
    assert done("user", "link", "dispatch.1").out.strip().startswith(settings.HUYING_PUBLIC_URL)
    assert "已停用" in done("user", "remove", "dispatch.1").out
    assert "没有账号" in run("user", "link", "hotline.1").err
    assert run("user", "add", "nobody").code != 0
