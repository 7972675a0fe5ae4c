"""A PostgreSQL that goes away while cases are written, in a process of its own: `python -m tests.away SECONDS`.

Prints, as JSON, the sentences that were told meanwhile and what the ledger holds once the server is back. The
process that met the failure is the one that goes on.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.postgres import Cluster, cluster

DEMO = Path(__file__).parent.parent / "cities" / "demo"


def main(seconds: float) -> None:
    """Open cases before, while and after the server is away."""
    with cluster() as running:
        os.environ |= {"HUYING_DATABASE_URL": running.url(), "DJANGO_SETTINGS_MODULE": "huying.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        from huying.ledger import administration
        from huying.ledger.now import standing_at
        from tests.cast import MORNING

        call_command("migrate", verbosity=0)
        with standing_at(MORNING):
            administration.begin(DEMO)
            print(json.dumps(story(running, seconds), ensure_ascii=False))


def story(running: Cluster, seconds: float) -> dict[str, object]:
    """What happens, told."""
    from huying.errors import StorageError, sentence
    from huying.ledger import audit
    from huying.ledger.models import Case, Document, Outbox
    from huying.ledger.record import Intake, open_case, record
    from tests.cast import call, who

    told: list[str] = []
    clerk, lamp = who("hotline.1"), Intake("request", {"title": "路灯不亮", "text": "路灯坏了"})

    def tried(step: Callable[[], object]) -> None:
        try:
            step()
            told.append("")
        except StorageError as error:
            told.append(sentence(error))

    def gone(case: Case) -> None:
        running.stop()

    accepted = [call().number, call().number]
    case = Case.objects.get(number=accepted[0])
    tried(lambda: open_case(lamp, clerk, beside=gone))
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        tried(lambda: accepted.append(open_case(lamp, clerk).number))
        tried(lambda: record(case, "note", clerk, {"text": "催一下"}, seen=None))
        tried(lambda: list(audit.audit()))
        time.sleep(min(0.2, seconds / 10))
    running.start()
    after = open_case(lamp, clerk)
    record(case, "note", clerk, {"text": "已恢复"}, seen=None)
    rows = Case.objects.filter(procedure="request")
    return {
        "told": sorted(set(told)),
        "tries": len(told),
        "kept": sorted(rows.values_list("number", flat=True)) == sorted([*accepted, after.number]),
        "entries": sorted(rows.values_list("seq", flat=True)),
        "beside": [Document.objects.count(), Outbox.objects.filter(entry__case__in=rows).count()],
        "audit": [difference.words() for difference in audit.audit()],
    }


if __name__ == "__main__":
    main(float(sys.argv[1]))
