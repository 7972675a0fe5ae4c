"""The keyed hash by which a caller's number is found again: the only trace of it outside the sealed documents."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings

from huying.ledger.models import Case, Identity
from huying.ledger.said import Requester
from huying.ledger.writing import insert


def phone_key(requester: Requester) -> str:
    """The keyed hash by which a phone is found: HMAC-SHA256 over its digits with the city's secret."""
    if not requester.digits:
        return ""
    return hmac.new(settings.SECRET_KEY.encode(), f"phone:{requester.digits}".encode(), hashlib.sha256).hexdigest()


def index(case: Case, requester: Requester) -> None:
    """Let a case be found by the number its requester has now; in the entry's transaction."""
    key = phone_key(requester)
    if key:
        insert([Identity(case=case, phone_key=key)], replacing=("case_id",))
    else:
        Identity.objects.filter(case=case).delete()
