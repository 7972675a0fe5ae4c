"""The second factor: one-time codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds).

The secret is kept encrypted with a key made of the city's secret; a code counts once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import quote

import segno
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User

from huying.desk.models import Second

STEP = 30
BESIDE = (-1, 0, 1)
"""A phone's clock may be half a minute early or late."""


def code(secret: bytes, step: int) -> str:
    """The code of one step of thirty seconds."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


def enrol(user: User) -> Second:
    """The person's second factor, made now where there is none yet."""
    found, _ = Second.objects.get_or_create(user=user, defaults={"secret": _sealed(secrets.token_bytes(20))})
    return found


def enrolled(user: User) -> bool:
    """Whether the person has shown a code of their authenticator before."""
    return Second.objects.filter(user=user, confirmed=True).exists()


def fits(user: User, typed: str, *, at: float | None = None) -> bool:
    """Whether a code is the authenticator's now and was never used; then it is used up."""
    second = Second.objects.filter(user=user).first()
    digits = "".join(str(int(c)) for c in typed if c.isdecimal())
    step = int(time.time() if at is None else at) // STEP
    if second is None:
        return False
    secret = _opened(second.secret)
    for near in BESIDE:
        if hmac.compare_digest(code(secret, step + near), digits):
            rows = Second.objects.filter(user=user, step__lt=step + near)
            return bool(rows.update(step=step + near, confirmed=True))
    return False


def spelled(second: Second) -> str:
    """The secret as it is typed into an authenticator, in groups of four."""
    text = base64.b32encode(_opened(second.secret)).decode()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def picture(second: Second, who: str, city: str) -> str:
    """The same as a QR code: a data URI."""
    label = quote(f"{city}:{who}")
    address = f"otpauth://totp/{label}?secret={spelled(second).replace(' ', '')}&issuer={quote(city)}"
    return str(segno.make(address, error="m").svg_data_uri(scale=4, border=2))


def _fernet() -> Fernet:
    key = hashlib.sha256(f"second factor:{settings.SECRET_KEY}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _sealed(secret: bytes) -> str:
    return _fernet().encrypt(secret).decode()


def _opened(text: str) -> bytes:
    return _fernet().decrypt(text.encode())
