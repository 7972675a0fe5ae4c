"""What the doors keep beside the ledger: keys and their use, known retries, pictures still to fetch, trials."""

from __future__ import annotations

from django.db import models


class Key(models.Model):
    """One api key: who may come through the doors, for what, and how often. Its secret is kept as a hash only.

    The number is the primary key: entries of the administration case and the source of a case name it.
    """

    owner = models.CharField(max_length=100)
    scope = models.CharField(max_length=16)
    per_hour = models.IntegerField()
    digest = models.CharField(max_length=64, unique=True)
    issued = models.DateTimeField()
    revoked = models.DateTimeField(null=True)


class Use(models.Model):
    """One call that came with a key: counted for an hour, then swept."""

    key = models.ForeignKey(Key, models.CASCADE)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="use_key_at")]


class Retry(models.Model):
    """The Idempotency-Key of one call, as a hash, with a keyed fingerprint of what was said and the case's number."""

    mark = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=64, db_index=True)
    fingerprint = models.CharField(max_length=64)
    number = models.CharField(max_length=12)


class Picture(models.Model):
    """A picture that a caller only gave the address of, still to be fetched.

    The address stands in the case's document of that key, so that it dies with it.
    """

    document = models.CharField(max_length=32, primary_key=True)
    number = models.CharField(max_length=12)
    tries = models.IntegerField(default=0)
    due = models.DateTimeField(db_index=True)


class Trial(models.Model):
    """A request of the sandbox: opened, looked at and undone; what the public would see is kept for a day."""

    number = models.CharField(max_length=12, primary_key=True)
    key = models.ForeignKey(Key, models.CASCADE)
    mark = models.CharField(max_length=64, db_index=True)
    at = models.DateTimeField(db_index=True)
    view = models.TextField()


class Mail(models.Model):
    """A letter that was taken in, by a hash of its Message-ID, so that one delivered twice is taken once."""

    mark = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_index=True)
