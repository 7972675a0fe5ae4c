"""What the clock tests share: the demo calendar with and without office hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from pathlib import Path

from huying.city.calendar import Calendar, Limit
from huying.ledger import clock

ROOT = Path(__file__).parent.parent
EDITION = "国务院办公厅放假通知（2015—2026）"


def notices() -> list[dict[str, object]]:
    """The demo city's yearly notices."""
    return [json.loads(path.read_text("utf-8")) for path in sorted((ROOT / "cities/demo/calendars").glob("*.json"))]


PLAIN = Calendar.from_notices(notices(), zone="Asia/Shanghai", edition=EDITION)
OFFICE = Calendar.from_notices(
    notices(),
    zone="Asia/Shanghai",
    opens=time(9),
    closes=time(18),
    lunch=(time(12), time(13, 30)),
    edition=EDITION,
)


def local(text: str, calendar: Calendar = PLAIN) -> datetime:
    """`2026-02-12 15:30` in the calendar's zone, as a UTC instant."""
    return datetime.fromisoformat(text).replace(tzinfo=calendar.tz).astimezone(UTC)


def ends(start: str, limit: str, calendar: Calendar = PLAIN) -> str:
    """When a limit ends, in local time; 24:00 stands as the midnight that follows."""
    reached = clock.due(local(start, calendar), Limit.parse(limit), calendar)
    return f"{calendar.local(reached.at):%Y-%m-%d %H:%M}"
