"""Api keys: issued and revoked by the administration, each with an owner, a scope and a limit; shown once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

from django.utils import timezone

from huying.errors import BadValue, TooLong
from huying.intake.models import Key
from huying.ledger import administration
from huying.ledger.actor import Actor
from huying.ledger.said import text
from huying.ledger.vocabulary import Words, named
from huying.ledger.writing import writing

SCOPES: Mapping[str, Words] = {
    "read": {"zh-Hans": "只读", "en": "reading"},
    "write": {"zh-Hans": "来件", "en": "sending calls"},
    "sandbox": {"zh-Hans": "试用", "en": "trying things out"},
}
PER_HOUR = 600
MOST_PER_HOUR = 1_000_000
_OWNER = {"zh-Hans": "持有人", "en": "Owner"}
_SCOPE = {"zh-Hans": "范围", "en": "Scope"}
_LIMIT = {"zh-Hans": "每小时限额", "en": "Limit per hour"}
_NUMBER = {"zh-Hans": "密钥编号", "en": "Number of the key"}


def issue(owner: str, scope: str, actor: Actor, *, per_hour: int = PER_HOUR, reason: str = "") -> tuple[Key, str]:
    """Issue a key and return it with its secret, which is kept nowhere and can't be shown again.

    An entry of the administration case names the key. Raises BadValue or TooLong for what can't be used, and
    Refused where the actor may not issue one.
    """
    named_owner = text(owner, _OWNER)
    if not 1 <= len(named_owner) <= 100:
        raise TooLong(field=_OWNER, length=len(named_owner), most=100)
    if scope not in SCOPES:
        raise BadValue(field=_SCOPE, value=scope[:40], expected=named(SCOPES))
    if not 1 <= per_hour <= MOST_PER_HOUR:
        raise BadValue(field=_LIMIT, value=per_hour, expected=f"1–{MOST_PER_HOUR}")
    secret = f"hy_{secrets.token_hex(20)}"
    with writing():
        key = Key.objects.create(
            owner=named_owner, scope=scope, per_hour=per_hour, digest=_digest(secret), issued=timezone.now()
        )
        administration.note(actor, "issue_key", {"key": key.pk, "purpose": "interface", "reason": reason})
    return key, secret


def revoke(number: int, reason: str, actor: Actor) -> Key:
    """Revoke a key: from now on it is a wrong one. Raises BadValue for an unknown one, and Refused."""
    with writing():
        key = Key.objects.filter(pk=number, revoked=None).first()
        if key is None:
            raise BadValue(field=_NUMBER, value=number, expected=_valid())
        key.revoked = timezone.now()
        key.save(update_fields=["revoked"])
        administration.note(actor, "revoke_key", {"key": number, "reason": reason})
    return key


def _valid() -> str:
    return "、".join(str(pk) for pk in Key.objects.filter(revoked=None).order_by("pk").values_list("pk", flat=True))


def everyone() -> list[Key]:
    """Every key that was ever issued, newest first."""
    return list(Key.objects.order_by("-pk"))


def known(secret: str) -> Key | None:
    """The valid key of that secret."""
    # Asked at every call: the ORM's own way costs five times the query.
    rows = Key.objects.raw("SELECT * FROM intake_key WHERE digest = %s AND revoked IS NULL", [_digest(secret)])
    return next(iter(rows), None)


def _digest(secret: str) -> str:
    # A secret has 160 random bits, so a plain hash can't be searched through.
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
