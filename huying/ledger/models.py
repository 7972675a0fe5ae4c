"""The ledger's tables. Nothing outside this room reads or writes them, and nothing but `record` changes a case."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.db import models

from huying.ledger.fold import State


class ProcedureVersion(models.Model):
    """One version of a procedure file with its common acts; the newest of a name is in force."""

    name = models.CharField(max_length=64)
    digest = models.CharField(max_length=12, unique=True)
    text = models.TextField()
    common = models.TextField()
    loaded_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]


class InForce(models.Model):
    """Which version of each procedure rules the next act: one row per name."""

    name = models.CharField(max_length=64, primary_key=True)
    version = models.ForeignKey(ProcedureVersion, on_delete=models.PROTECT)


class Case(models.Model):
    """A case: its folded State as one column, and beside it the columns that lists filter and sort by.

    All columns are written from the State in the entry's transaction (promise 3); `audit` refolds.
    """

    number = models.CharField(max_length=12, unique=True)
    procedure = models.CharField(max_length=64)
    source_system = models.CharField(max_length=64, default="")
    source_ref = models.CharField(max_length=200, default="")
    opened = models.DateTimeField()
    seq = models.IntegerField()
    turn = models.IntegerField()
    stage = models.CharField(max_length=64)
    closed = models.DateTimeField(null=True)
    lead = models.CharField(max_length=64)
    owner = models.CharField(max_length=64, default="")
    opener = models.CharField(max_length=64)
    about = models.CharField(max_length=64, default="")
    sealed = models.CharField(max_length=16, default="")
    category = models.CharField(max_length=64, default="")
    area = models.CharField(max_length=64, default="")
    level = models.IntegerField(default=0)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    part = models.CharField(max_length=64, default="")
    into = models.ForeignKey("self", models.PROTECT, null=True, related_name="duplicates")
    outcome = models.CharField(max_length=32, default="")
    verified = models.CharField(max_length=32, default="")
    due = models.DateTimeField(null=True)
    next_due = models.DateTimeField(null=True)
    alarm = models.DateTimeField(null=True)
    awaiting = models.IntegerField(null=True)
    state = models.TextField()
    head = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source_system", "source_ref"],
                condition=~models.Q(source_ref=""),
                name="one_case_per_source_ref",
            )
        ]
        indexes = [
            models.Index(fields=["alarm"], condition=models.Q(alarm__isnull=False), name="case_alarm"),
            models.Index(fields=["lead", "next_due", "id"], condition=models.Q(closed=None), name="case_open_lead"),
            models.Index(fields=["next_due", "id"], condition=models.Q(closed=None), name="case_open_next"),
            models.Index(fields=["stage", "next_due", "id"], condition=models.Q(closed=None), name="case_open_stage"),
            models.Index(
                fields=["next_due", "id"], condition=models.Q(closed=None, level__gt=0), name="case_open_escalated"
            ),
            models.Index(fields=["opened"], name="case_opened"),
            models.Index(
                fields=["procedure", "closed", "id"], condition=models.Q(closed__isnull=False), name="case_closed"
            ),
            models.Index(fields=["awaiting"], condition=models.Q(awaiting__isnull=False), name="case_awaiting"),
        ]

    def folded(self) -> State:
        """The State kept in the column."""
        return State.from_json(self.state)


class Entry(models.Model):
    """One thing that happened to a case. Append-only: triggers refuse update and delete."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="entries")
    seq = models.IntegerField()
    act = models.CharField(max_length=64)
    actor = models.CharField(max_length=128)
    at = models.DateTimeField()
    happened_at = models.DateTimeField(null=True)
    said_json = models.TextField()
    sets_json = models.TextField()
    v = models.SmallIntegerField(default=1)
    prev = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="one_entry_per_seq")]

    @property
    def said(self) -> Mapping[str, object]:
        """What was said: ids, codes, dates, booleans and whole numbers."""
        return _table(self.said_json)

    @property
    def sets(self) -> Mapping[str, object]:
        """The values after the act."""
        return _table(self.sets_json)


def _table(text: str) -> dict[str, object]:
    table = json.loads(text)
    assert isinstance(table, dict)
    return table


class Document(models.Model):
    """A free text or an attachment: outside the ledger, erasable. The ledger holds its key and salted digest.

    `body` holds a text; `blob` names the content of a file. The salt dies with the document, so that the
    digest left in the ledger tells nothing.
    """

    key = models.CharField(max_length=32, unique=True)
    case = models.ForeignKey(Case, models.PROTECT, related_name="documents")
    field = models.CharField(max_length=64)
    sealed = models.BooleanField(default=False)
    salt = models.CharField(max_length=32)
    digest = models.CharField(max_length=64)
    body = models.TextField(default="")
    blob = models.CharField(max_length=64, default="", db_index=True)
    name = models.CharField(max_length=200, default="")
    media = models.CharField(max_length=100, default="")
    size = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    erased = models.DateTimeField(null=True)


class Identity(models.Model):
    """The keyed hash by which a caller's number is found. Who called stands in a sealed document."""

    case = models.OneToOneField(Case, models.PROTECT, related_name="identity")
    phone_key = models.CharField(max_length=64, db_index=True)


class Listed(models.Model):
    """A kept fact by which registers filter, written in the entry's transaction."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="listed")
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="one_value_per_fact")]
        indexes = [models.Index(fields=["name", "value", "case"], name="listed_value")]


class Outbox(models.Model):
    """What is still owed to people because of one entry; the runner deletes the row when it is done."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True)
    tells = models.CharField(max_length=300)
    urgent = models.BooleanField(default=False)
    at = models.DateTimeField()


class Recurred(models.Model):
    """How far a recurrence of the city's data has come: nothing behind this is done again, nothing ahead left out.

    `day` is that of the last occurrence as its rule says; `closed` and `last` are closing and id of the last case
    that was looked back at; `busy` is until when a runner has its duty in hand.
    """

    code = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField()
    day = models.DateField(null=True)
    closed = models.DateTimeField(null=True)
    last = models.BigIntegerField(default=0)
    busy = models.DateTimeField(null=True)
