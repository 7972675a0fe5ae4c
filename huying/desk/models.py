"""What the pages keep beside the ledger: who sits where, the second factor, pressed buttons, saved views.

None of it says anything of a case; an entry does.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Sitting(models.Model):
    """One signed-in browser of a person: the session's key as a hash, when it began and was touched last."""

    mark = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    began = models.DateTimeField()
    touched = models.DateTimeField()
    browser = models.CharField(max_length=200)
    place = models.CharField(max_length=64)


class Second(models.Model):
    """A person's second factor: the secret of their authenticator, encrypted, and the last step that was used."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    secret = models.TextField()
    confirmed = models.BooleanField(default=False)
    step = models.BigIntegerField(default=0)


class Press(models.Model):
    """A pressed button: the form's token, and the entry that came of it. A second press finds it and does nothing."""

    token = models.CharField(max_length=200, primary_key=True)
    number = models.CharField(max_length=12, default="")
    seq = models.IntegerField(default=0)
    at = models.DateTimeField(db_index=True)


class Held(models.Model):
    """A file chosen in a form that wasn't done yet: whose, of which form and field, cleaned as it will be kept."""

    who = models.CharField(max_length=128)
    place = models.CharField(max_length=200)
    field = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    content = models.BinaryField()
    size = models.IntegerField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["who", "place"], name="held_of_form")]


class View(models.Model):
    """A person's own view: a name for a queue with its filters, as they stand in the address."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    name = models.CharField(max_length=40)
    address = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_view_per_name")]
