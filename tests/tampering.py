"""Changing what may not be changed, as somebody with the database's password would: by SQL, the guard lifted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection, models, transaction

from huying.ledger import audit, guard
from huying.ledger.models import Case, Entry
from huying.ledger.record import Intake, open_case
from huying.ledger.said import Upload
from tests.cast import act, who
from tests.files import pdf

PDF = pdf()

Value = str | int | bool | datetime | None


@contextmanager
def tampered(*changes: tuple[str, *tuple[Value, ...]]) -> Iterator[None]:
    """The database with these statements done to it, each with its values; afterwards as it was, guard included."""
    with transaction.atomic():
        guard.remove()
        with connection.cursor() as cursor:
            for sql, *values in changes:
                cursor.execute(sql, values)
        yield
        transaction.set_rollback(True)


def found() -> list[audit.Difference]:
    """What the audit finds in the whole ledger, but for the guard that the tampering lifted."""
    return [difference for difference in audit.audit() if difference.code != "guard"]


def codes() -> set[str]:
    """The codes of what the audit finds."""
    return {difference.code for difference in found()}


def one() -> audit.Difference:
    """The only finding."""
    differences = found()
    assert len(differences) == 1, [difference.words() for difference in differences]
    return differences[0]


def edited(row: models.Model, column: str) -> Value:
    """Another value for a column, of its own type."""
    value = getattr(row, column)
    if isinstance(value, datetime):
        return value + timedelta(days=1)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    field = row._meta.get_field(column)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat("2026-06-15T00:00:00+00:00")
    if isinstance(field, models.IntegerField):
        return 7
    text = "" if value is None else str(value)
    return text.replace("}", ',"x":1}', 1) if text.endswith("}") else text[:-1] + "x"


def everything(case: Case) -> list[tuple[str, int]]:
    """Every row of a case, as somebody deletes who knows the tables."""
    tables = ("document", "identity", "listed", "entry")
    outbox = "DELETE FROM ledger_outbox WHERE entry_id IN (SELECT id FROM ledger_entry WHERE case_id = %s)"
    return [
        (outbox, case.pk),
        ("DELETE FROM ledger_search WHERE case_id = %s", case.pk),
        *[(f"DELETE FROM ledger_{table} WHERE case_id = %s", case.pk) for table in tables],
        ("DELETE FROM ledger_case WHERE id = %s", case.pk),
    ]


def lamp() -> Case:
    """A case with a register, an identity, a text, a file and a source, in the middle of its life: five entries."""
    said = {
        "title": "路灯不亮",
        "text": "柳园路的路灯坏了。",
        "type": "help",
        "requester": {"name": "王秀兰", "phone": "13800001234"},
        "evidence": [Upload("照片.pdf", PDF)],
    }
    case = open_case(Intake("request", said, source_system="open311", source_ref="A-1"), who("hotline.1"))
    act(case, "triage", "hotline.1", category="streets.lamps", area="xihe-liuyuan", urgency="normal")
    act(case, "dispatch", "dispatch.1", lead="lighting", basis="城市照明管理规定")
    act(case, "accept", "lighting.1")
    act(case, "contact", "lighting.1", reached="yes", text="已约定上门。")
    return case


def entry(case: Case, seq: int) -> Entry:
    """One entry of a case."""
    return Entry.objects.get(case=case, seq=seq)
