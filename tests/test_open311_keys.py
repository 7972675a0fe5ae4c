"""Who may come through the door, how often, and what a retry is: keys, limits, idempotency, the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from huying.city import store
from huying.errors import BadValue, NotAllowed, TooLong
from huying.intake import keys, limits, trials
from huying.intake.models import Key, Retry, Trial, Use
from huying.ledger import find
from huying.ledger.administration import administrator, standing
from huying.ledger.models import Case, Entry
from tests.cast import who
from tests.doors import LAMP, LIUYUAN, SANDBOX, V2, errors, fresh_hour, get, key, number, post, tree

__all__ = ["fresh_hour"]
pytestmark = pytest.mark.django_db


def requests() -> int:
    return Case.objects.filter(procedure="request").count()


# --- keys


def test_a_key_is_shown_once_and_kept_as_a_hash_only() -> None:
    issued, secret = key()
    assert secret.startswith("hy_") and len(secret) == 43
    assert secret not in str(list(Key.objects.values()))
    assert keys.known(secret) == issued and keys.known(secret[:-1]) is None


def test_issuing_and_revoking_are_entries_of_the_administration_case() -> None:
    admin = administrator(store.current())
    issued, secret = key()
    keys.revoke(issued.pk, "对接结束", admin)
    acts = Entry.objects.filter(case=standing(admin)).order_by("-seq")[:2]
    assert [(entry.act, entry.said["key"]) for entry in acts] == [("revoke_key", issued.pk), ("issue_key", issued.pk)]
    assert errors(post(secret))[0][0] == 403
    with pytest.raises(BadValue):
        keys.revoke(issued.pk, "再来一次", admin)


@pytest.mark.parametrize(
    ("owner", "scope", "per_hour", "error"),
    [
        ("", "write", 1, TooLong),
        ("街道" * 60, "write", 1, TooLong),
        ("街道", "all", 1, BadValue),
        ("街道", "read", 0, BadValue),
    ],
)
def test_a_key_needs_owner_scope_and_limit(owner: str, scope: str, per_hour: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        keys.issue(owner, scope, administrator(store.current()), per_hour=per_hour)
    assert not Key.objects.exists()


def test_only_an_administrator_issues_keys() -> None:
    with pytest.raises(NotAllowed):
        keys.issue("街道", "write", who("hotline.1"))
    assert not Key.objects.exists()


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_missing_or_wrong_key_is_403_in_the_specifications_form(form: str) -> None:
    for secret, words in ((None, "没有提供 api_key"), ("", "没有提供 api_key"), ("hy_wrong", "无效")):
        answer = Client().post(f"{V2}/requests.{form}", {**LAMP, **({} if secret is None else {"api_key": secret})})
        [(code, text)] = errors(answer)
        assert code == 403 and words in text
    assert requests() == 0


def test_a_key_may_stand_in_the_address_but_is_asked_for_once() -> None:
    secret = key()[1]
    assert Client().post(f"{V2}/requests.json?api_key={secret}", dict(LAMP)).status_code == 200
    assert errors(Client().post(f"{V2}/requests.json?api_key={secret}", {**LAMP, "api_key": secret}))[0][0] == 400


@pytest.mark.parametrize("scope", ["read", "sandbox"])
def test_a_key_for_something_else_sends_no_calls(scope: str) -> None:
    [(code, text)] = errors(post(key(scope)[1]))
    assert code == 403 and ("只读" in text or "试用" in text)


# --- how often


def test_many_wrong_keys_are_told_to_wait_and_a_right_one_never_is() -> None:
    secret = key()[1]
    codes = [post("hy_wrong").status_code for _ in range(limits.WRONG_KEYS + 2)]
    assert codes == [403] * limits.WRONG_KEYS + [429, 429]
    answer = post("hy_wrong")
    assert errors(answer)[0][0] == 429 and 0 < int(answer["Retry-After"]) <= 3600
    assert number(post(secret))


def test_over_the_limit_a_call_is_kept_and_queued_for_a_person() -> None:
    secret = key(per_hour=2)[1]
    kept = [number(post(secret, description=f"路灯 {n}")) for n in range(4)]
    waiting = {case.number for case in find.queue("over_limit", who("hotline.1"))}
    assert waiting == set(kept[2:])
    assert "先由人工查看" in post(secret).json()[0]["service_notice"]
    assert requests() == 5


def test_nobody_can_say_that_a_call_is_over_the_limit() -> None:
    [(code, text)] = errors(post(key()[1], **{"attribute[over_limit]": "yes"}))
    assert code == 400 and "over_limit" in text


@override_settings(HUYING_QUESTIONS=3)
def test_questions_over_the_limit_wait() -> None:
    for form in ("xml", "json"):
        limits.questions.forget()
        answers = [get(f"{V2}/services.{form}") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert errors(answers[-1])[0][0] == 429 and int(answers[-1]["Retry-After"]) > 0
    assert number(post(key()[1])), "a call is no question"


@override_settings(HUYING_QUESTIONS=1)
def test_a_key_has_questions_of_its_own() -> None:
    secret = key("read", per_hour=2)[1]
    assert [get(f"{V2}/services.json", api_key=secret).status_code for _ in range(3)] == [200, 200, 429]
    assert get(f"{V2}/services.json").status_code == 200
    assert errors(get(f"{V2}/services.json", api_key="hy_wrong"))[0][0] == 403


@override_settings(HUYING_QUESTIONS=1)
def test_an_address_is_what_a_trusted_proxy_says_and_only_then() -> None:
    def ask(came: str) -> int:
        return Client().get(f"{V2}/services.json", headers={"X-Forwarded-For": came}).status_code

    assert [ask("192.0.2.1"), ask("192.0.2.2")] == [200, 429]
    limits.questions.forget()
    with override_settings(HUYING_PROXIES=frozenset({"127.0.0.1"})):
        assert [ask("192.0.2.1"), ask("192.0.2.2"), ask("10.0.0.1, 192.0.2.2")] == [200, 200, 429]
        assert [ask("2001:db8::1"), ask("2001:db8::2"), ask("2001:db8:1::1")] == [200, 429, 200]


def test_what_no_longer_counts_is_swept() -> None:
    post(key()[1])
    Use.objects.update(at="2026-01-01T00:00:00Z")
    assert limits.sweep() == 1


# --- once


def test_a_retry_under_the_same_idempotency_key_is_the_same_case() -> None:
    secret = key()[1]
    first = number(post(secret, once="a1"))
    assert number(post(secret, once="a1")) == first
    assert number(post(secret, once="a2")) != first
    assert number(post(key()[1], once="a1")) != first, "another sender's key is another call"
    assert requests() == 3


def test_another_call_under_the_same_idempotency_key_is_told_and_not_lost_in_silence() -> None:
    secret = key()[1]
    number(post(secret, once="a1"))
    [(code, text)] = errors(post(secret, once="a1", description="另一件事"))
    assert code == 409 and "Idempotency-Key" in text
    assert "另一件" not in str(list(Retry.objects.values())) and requests() == 1


def test_a_source_reference_makes_a_retry_the_same_case() -> None:
    secret = key()[1]
    first = number(post(secret, source_ref="2026-0615-001"))
    assert number(post(secret, source_ref="2026-0615-001", description="改了几个字")) == first
    assert number(post(key()[1], source_ref="2026-0615-001")) != first
    assert requests() == 2


@pytest.mark.parametrize("once", ["换行\n", "x" * 201, "编号"])
def test_an_idempotency_key_that_cant_be_kept_is_told(once: str) -> None:
    answer = Client().post(f"{V2}/requests.json", {**LAMP, "api_key": key()[1]}, HTTP_IDEMPOTENCY_KEY=once)
    assert errors(answer)[0][0] == 400


@pytest.mark.parametrize("ref", ["a\nb", "x" * 201, "\x00"])
def test_a_source_reference_that_cant_be_kept_is_told(ref: str) -> None:
    assert errors(post(key()[1], source_ref=ref))[0][0] == 400


# --- the sandbox


@pytest.mark.parametrize("scope", ["write", "sandbox"])
@pytest.mark.parametrize(("base", "more"), [(SANDBOX, {}), (V2, {"jurisdiction_id": "sandbox"})])
def test_a_call_in_the_sandbox_is_checked_told_back_and_never_kept(scope: str, base: str, more: dict[str, str]) -> None:
    secret = key(scope)[1]
    before = Case.objects.count(), Entry.objects.count()
    answer = post(secret, f"{base}/requests.json", lat=LIUYUAN[0], long=LIUYUAN[1], once="t1", **more)
    told = number(answer)
    assert "试用" in answer.json()[0]["service_notice"]
    assert number(post(secret, f"{base}/requests.json", lat=LIUYUAN[0], long=LIUYUAN[1], once="t1", **more)) == told
    assert (Case.objects.count(), Entry.objects.count()) == before
    [row] = get(f"{base}/requests/{told}.json", **more).json()
    assert (row["status"], row["lat"], row["service_code"]) == ("open", 38.55, "streets.lamps.dark")
    assert [each["service_request_id"] for each in get(f"{base}/requests.json", **more).json()] == [told]
    assert tree(get(f"{base}/tokens/{told}.xml", **more)).findtext("request/service_request_id") == told
    assert errors(get(f"{V2}/requests/{told}.json"))[0][0] == 404, "the city itself knows nothing of it"
    assert "路灯坏了" not in str(list(Trial.objects.values()))


def test_the_sandbox_refuses_what_the_city_would_refuse() -> None:
    assert errors(post(key("sandbox")[1], f"{SANDBOX}/requests.xml", service_code="no.such"))[0][0] == 404
    assert errors(post("hy_wrong", f"{SANDBOX}/requests.xml"))[0][0] == 403
    assert Trial.objects.count() == 0


def test_the_sandbox_has_filters_too_and_forgets_after_a_day() -> None:
    secret = key("sandbox")[1]
    told = number(post(secret, f"{SANDBOX}/requests.json"))
    asked: dict[str | None, list[dict[str, Any]]] = {
        told: [{}, {"status": "open"}, {"service_code": "streets.lamps.dark"}, {"service_request_id": told}],
        None: [{"status": "closed"}, {"service_code": "streets"}, {"end_date": "2026-06-14"}, {"page": 2}],
    }
    for found, queries in asked.items():
        for query in queries:
            rows = get(f"{SANDBOX}/requests.json", **query).json()
            assert [row["service_request_id"] for row in rows] == ([found] if found else []), query
    Trial.objects.update(at="2026-01-01T00:00:00Z")
    assert get(f"{SANDBOX}/requests.json").json() == []
    assert trials.sweep() == 1
