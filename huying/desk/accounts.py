"""Accounts: one for a person of the city's data, opened and closed by an entry of the administration case.

An account has no rights of its own: what its person may do follows from posts, today, every time.
"""

from __future__ import annotations

from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from huying.city import store
from huying.desk import sittings
from huying.errors import BadInput, HuyingError, UnknownPerson
from huying.ledger import administration
from huying.ledger.actor import Actor
from huying.ledger.record import record
from huying.ledger.writing import writing

SHORTEST = 12


class WeakPassword(BadInput):
    message = "This password is too easy to guess."
    mend = "Use at least {least} characters, not only digits, and not your key or name."


class HasAccount(HuyingError):
    message = "{person} has an account already."
    mend = "For a new password use `huying user link`."


class NoAccount(HuyingError):
    message = "{person} has no account."
    mend = "Open one with `huying user add`."


def add(key: str, actor: Actor) -> str:
    """Open an account for a person; the address of the page on which they choose their password, usable once."""
    city = store.current()
    if key not in city.people:
        raise UnknownPerson(person=key)
    with writing():
        user, new = User.objects.get_or_create(username=key)
        if not new and user.is_active:
            raise HasAccount(person=city.people[key].name)
        user.is_active = True
        user.set_unusable_password()
        user.save()
        _note(actor, "add_user", key)
    return link(key)


def remove(key: str, actor: Actor) -> None:
    """Close an account at once: its sessions end, what its person has done stays."""
    user = _known(key)
    with writing():
        user.is_active = False
        user.set_unusable_password()
        user.save()
        sittings.end_all(user)
        _note(actor, "remove_user", key)


def unlock(key: str, actor: Actor) -> None:
    """Let a person try to sign in again at once, after too many wrong passwords."""
    _known(key)
    with writing():
        _note(actor, "unlock_user", key)
        reset(username=key)


def link(key: str) -> str:
    """The address on which a person chooses a new password: for three days, and until it was used."""
    user = _known(key)
    token = default_token_generator.make_token(user)
    return f"{settings.HUYING_PUBLIC_URL}/desk/welcome/{urlsafe_base64_encode(str(user.pk).encode())}/{token}"


def invited(code: str, token: str) -> User | None:
    """Whose link this is; None where it was used, is too old, or was never given."""
    try:
        user = User.objects.get(pk=int(urlsafe_base64_decode(code)), is_active=True)
    except (ValueError, OverflowError, User.DoesNotExist):
        return None
    return user if default_token_generator.check_token(user, token) else None


def choose(user: User, password: str) -> None:
    """Give an account its password and end its other sessions. Raises WeakPassword."""
    plain = password.casefold()
    if len(password) < SHORTEST or password.isdecimal() or user.username.casefold() in plain:
        raise WeakPassword(least=SHORTEST)
    user.set_password(password)
    user.save(update_fields=["password"])
    sittings.end_all(user)


def _known(key: str) -> User:
    found = User.objects.filter(username=key).first()
    if found is None:
        people = store.current().people
        raise NoAccount(person=people[key].name if key in people else key)
    return found


def _note(actor: Actor, act: str, key: str) -> None:
    case = administration.standing(actor)
    record(case, act, actor, {"person": key}, seen=case.turn)
