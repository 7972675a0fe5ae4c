"""`huying key`: a key is issued, shown once on a line of its own, listed without its secret, and revoked."""

from __future__ import annotations

import pytest

from huying.intake import keys
from huying.intake.models import Key
from tests.commands import done, refused, run

pytestmark = pytest.mark.django_db


def test_a_key_is_issued_listed_and_revoked() -> None:
    ran = done("key", "add", "柳园街道办事处", "--scope", "write", "--per-hour", "60", "--reason", "网格上报")
    secret = ran.out.strip()
    issued = keys.known(secret)
    assert issued is not None and (issued.owner, issued.scope, issued.per_hour) == ("柳园街道办事处", "write", 60)
    assert "来件，每小时 60 次" in ran.err and secret not in ran.err
    listed = done("key", "list").out
    assert "柳园街道办事处" in listed and secret not in listed
    assert "已吊销" in done("key", "revoke", str(issued.pk), "--reason", "对接结束").out
    assert keys.known(secret) is None
    assert run("key", "revoke", str(issued.pk), "--reason", "再来").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("key", "add", ""),
        ("key", "add", "街道", "--scope", "all"),
        ("key", "add", "街道", "--per-hour", "0"),
        ("key", "add", "街道", "--as", "hotline.1"),
        ("key", "revoke", "99", "--reason", "x"),
    ],
)
def test_what_cant_be_issued_or_revoked_is_refused(words: tuple[str, ...]) -> None:
    assert refused(*words)
    assert not Key.objects.exists()
