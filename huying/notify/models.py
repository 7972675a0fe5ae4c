"""The letters: one row per entry, person and channel, from what is owed to what a channel has accepted."""

from __future__ import annotations

from django.db import models

from huying.ledger.models import Entry

WAITING, SENDING, ACCEPTED, FAILED = "waiting", "sending", "accepted", "failed"


class Letter(models.Model):
    """What one person is told of one entry by one channel.

    `to` is a person's key, or `requester`; addresses aren't kept here. `due` is the earliest time of sending;
    `claimed` when a runner took it up last; `mark` the keyed hash of the token by which replies and bounces
    find it again. `why` is what the channel said when it refused, without an address.
    """

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="letters")
    to = models.CharField(max_length=128)
    channel = models.CharField(max_length=16)
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=16, default=WAITING)
    due = models.DateTimeField()
    claimed = models.DateTimeField(null=True)
    tries = models.IntegerField(default=0)
    why = models.CharField(max_length=200, default="")
    mark = models.CharField(max_length=64, default="", db_index=True)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "to", "channel"], name="one_letter_per_channel")]
        indexes = [
            models.Index(fields=["due", "id"], condition=models.Q(state__in=[WAITING, SENDING]), name="letter_due"),
            models.Index(fields=["at"], condition=models.Q(state=FAILED), name="letter_failed"),
        ]
