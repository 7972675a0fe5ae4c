"""Which version of each procedure rules the next act: rows with digests, the newest in force.

Cases aren't pinned: an open case's next act follows the file in force, what was decided stays as stored.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.db import connection

from huying.errors import UnknownProcedure
from huying.ledger.models import InForce, ProcedureVersion
from huying.ledger.procedure_file import revive
from huying.ledger.vocabulary import Procedure, digest_of, named

_IN_FORCE = (
    "SELECT v.digest FROM ledger_inforce i JOIN ledger_procedureversion v ON v.id = i.version_id WHERE i.name = %s"
)


_NAME = re.compile(r"[a-z0-9_]{1,64}")
_revived = lru_cache(maxsize=256)(revive)


@lru_cache(maxsize=256)
def _version(digest: str) -> Procedure:
    # By digest, not by key: a load that was undone frees its key, and the next takes it with other content.
    row = ProcedureVersion.objects.get(digest=digest)
    return _revived(row.name, row.text, row.common)


def procedure(name: str) -> Procedure:
    """The procedure in force under that name; raises UnknownProcedure, which lists those there are."""
    found = _digest(name) if _NAME.fullmatch(name) else None
    if found is None:
        labels = {procedure.name: procedure.label for procedure in everything().values()}
        raise UnknownProcedure(procedure=name[:40], procedures=named(labels) if labels else "—")
    return _version(found)


def _digest(name: str) -> str | None:
    with connection.cursor() as cursor:  # asked at every act: the ORM's way costs ten times the query
        cursor.execute(_IN_FORCE, [name])
        found = cursor.fetchone()
    return found[0] if found else None


def names() -> list[str]:
    """The names of all procedures in force."""
    return list(InForce.objects.order_by("pk").values_list("pk", flat=True))


def everything() -> dict[str, Procedure]:
    """Every procedure in force, by name."""
    return {
        name: _version(digest) for name, digest in InForce.objects.order_by("pk").values_list("pk", "version__digest")
    }


def alarms() -> frozenset[str]:
    """The kinds of case that words of danger to life open."""
    return frozenset(act.alarms for kind in everything().values() for act in kind.acts.values() if act.alarms)


def versions() -> tuple[dict[str, Procedure], list[str]]:
    """Every version ever loaded, by digest; and the names of those whose text isn't what the digest says."""
    sound: dict[str, Procedure] = {}
    forged: list[str] = []
    for row in ProcedureVersion.objects.all().iterator():
        if digest_of(row.text, row.common) == row.digest:
            sound[row.digest] = _revived(row.name, row.text, row.common)
        else:
            forged.append(f"{row.name} {row.digest}")
    return sound, forged
