"""Which version of each procedure rules the next act: rows with digests, the newest in force.

Cases aren't pinned: an open case's next act follows the file in force, what was decided stays as stored.
"""

from __future__ import annotations

from functools import lru_cache

from huying.errors import UnknownProcedure
from huying.ledger.models import InForce, ProcedureVersion
from huying.ledger.procedure_file import revive
from huying.ledger.vocabulary import Procedure


@lru_cache(maxsize=256)
def _version(pk: int) -> Procedure:
    row = ProcedureVersion.objects.get(pk=pk)
    return revive(row.name, row.text, row.common)


def procedure(name: str) -> Procedure:
    """The procedure in force under that name; raises UnknownProcedure, which lists those there are."""
    pk = InForce.objects.filter(pk=name).values_list("version_id", flat=True).first()
    if pk is None:
        raise UnknownProcedure(procedure=name, procedures="、".join(names()) or "—")
    return _version(pk)


def names() -> list[str]:
    """The names of all procedures in force."""
    return list(InForce.objects.order_by("pk").values_list("pk", flat=True))


def everything() -> dict[str, Procedure]:
    """Every procedure in force, by name."""
    return {row.pk: _version(row.version_id) for row in InForce.objects.order_by("pk")}
