"""Personal links and the wrong digits typed at them. A link's word is kept in no table, only its hash."""

from __future__ import annotations

from django.db import models

from huying.ledger.models import Case


class Link(models.Model):
    """The personal link that a receipt shows. `mark` is the hash under which it is found; `sent` the keyed hash of
    the call that it was made for, which tells a retry from another call."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="links")
    mark = models.CharField(max_length=64, unique=True)
    sent = models.CharField(max_length=64)
    outside = models.BooleanField(default=False)
    at = models.DateTimeField()


class WrongDigits(models.Model):
    """One try to act by a link with digits that aren't those of the phone that was left."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="wrong_digits")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "at"], name="wrong_digits_of")]
