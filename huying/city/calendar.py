"""Limits and working calendars as plain values: which days a city works, by official notice. Pure.

Holidays and make-up working days come from yearly notices; a year without a notice is unknown, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import cast
from zoneinfo import ZoneInfo

from huying.errors import BadLimit, BadValue, UnknownYear

Words = Mapping[str, str]
UNITS = ("min", "h", "wh", "wd", "d")
# Ten years in each unit: whatever is longer is a slip of the pen, not a limit.
_MOST = {"min": 5_256_000, "h": 87_600, "wh": 20_000, "wd": 2_500, "d": 3_660}
_LIMIT = re.compile(r"([0-9]{1,9}) ?(min|h|wh|wd|d)(-exact)?")
_ENGLISH = {
    "元旦": "New Year's Day",
    "春节": "Spring Festival",
    "清明节": "Qingming",
    "劳动节": "Labour Day",
    "端午节": "Dragon Boat Festival",
    "中秋节": "Mid-Autumn Festival",
    "国庆节": "National Day",
    "抗日战争暨世界反法西斯战争胜利70周年纪念日": "Victory Day",
}


@dataclass(frozen=True)
class Limit:
    """The length of a clock: a count of minutes, hours, working hours, working days or calendar days.

    `rolls`: a limit in calendar days whose last day is a rest day ends on the next working day (Civil
    Code, art. 203); only `15d-exact` doesn't. Elsewhere it has no meaning.
    """

    count: int
    unit: str
    rolls: bool = True

    @classmethod
    def parse(cls, text: str) -> Limit:
        """`5wd`, `24h`, `4wh`, `30min`, `15d`, `60d-exact`.

        Raises BadLimit: a limit without a unit is refused, and so are zero and more than ten years.
        """
        match = _LIMIT.fullmatch(text.strip())
        if not match or (match[3] and match[2] != "d") or not 1 <= int(match[1]) <= _MOST[match[2]]:
            raise BadLimit(value=text[:40])
        return cls(int(match[1]), match[2], rolls=not match[3])

    @property
    def grain(self) -> str:
        """The unit in which a remainder is kept: the limit's own, `d-exact` where it doesn't roll."""
        return self.unit if self.rolls else f"{self.unit}-exact"

    def __str__(self) -> str:
        return f"{self.count}{self.grain}"


@dataclass(frozen=True)
class Calendar:
    """One edition of a city's working calendar. `days` holds the exceptions only: True where work is done.

    `years` are those with a notice. Times are local to `zone`; without office hours a day ends at 24:00.
    Raises BadValue for a zone that doesn't exist and for office hours that don't follow one another.
    """

    zone: str
    days: Mapping[date, bool] = field(default_factory=dict, repr=False)
    years: frozenset[int] = frozenset()
    opens: time | None = None
    closes: time | None = None
    lunch: tuple[time, time] | None = None
    names: Mapping[date, str] = field(default_factory=dict, repr=False)
    edition: str = ""

    def __post_init__(self) -> None:
        _check_zone(self.zone)
        times = [self.opens or time(), *(self.lunch or ()), self.closes or time.max]
        if times != sorted(set(times)):
            spoken = "–".join(f"{at:%H:%M}" for at in times)
            raise BadValue(field=_OFFICE_HOURS, value=spoken, expected="09:00–12:00, 13:30–18:00")

    @cached_property
    def tz(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.zone)

    def local(self, moment: datetime) -> datetime:
        """An aware instant in the city's local time."""
        return moment.astimezone(self.tz)

    def works(self, day: date) -> bool:
        """Whether `day` is a working day. Raises UnknownYear where the year has no notice."""
        if day.year not in self.years:
            raise UnknownYear(year=day.year)
        return self.days.get(day, day.weekday() < 5)

    def kind(self, day: date) -> str:
        """`work`, `rest` (weekend), `holiday` or `makeup` (a worked weekend day). Raises UnknownYear."""
        if self.works(day):
            return "makeup" if day.weekday() >= 5 else "work"
        return "holiday" if day in self.days else "rest"

    def name(self, day: date) -> Words | None:
        """What the notice calls the day, or None: 春节, and in English where it is a known holiday."""
        name = self.names.get(day)
        if not name:
            return None
        return {"zh-Hans": name, "en": ", ".join(_ENGLISH.get(part, part) for part in name.split("、"))}

    @classmethod
    def from_notices(
        cls,
        notices: Iterable[Mapping[str, object]],
        *,
        zone: str,
        opens: time | None = None,
        closes: time | None = None,
        lunch: tuple[time, time] | None = None,
        edition: str = "",
    ) -> Calendar:
        """The calendar that yearly notices make (holiday-cn form: year, papers, days), in any order.

        A notice with neither days nor papers is none: its year stays unknown. A year that is declared to
        have no exceptions says `"none": true`. Raises BadValue naming the notice's year and what is wrong.
        """
        days: dict[date, bool] = {}
        names: dict[date, str] = {}
        years = set()
        for year, notice in sorted(((_year(notice), notice) for notice in notices), key=lambda pair: pair[0]):
            if not (notice.get("days") or notice.get("papers") or notice.get("none")):
                continue
            years.add(year)
            for day, works, name in _exceptions(year, notice):
                days[day], names[day] = works, name
        return cls(zone, days, frozenset(years), opens, closes, lunch, names, edition)

    def to_json(self) -> dict[str, object]:
        """The calendar as plain JSON; `from_json` gives it back."""
        return {
            "zone": self.zone,
            "days": {day.isoformat(): works for day, works in sorted(self.days.items())},
            "years": sorted(self.years),
            "opens": _text(self.opens),
            "closes": _text(self.closes),
            "lunch": [_text(at) for at in self.lunch] if self.lunch else None,
            "names": {day.isoformat(): name for day, name in sorted(self.names.items())},
            "edition": self.edition,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, object]) -> Calendar:
        """The calendar that `to_json` wrote."""
        days, names = cast(Mapping[str, bool], plain["days"]), cast(Mapping[str, str], plain["names"])
        lunch = cast("list[str] | None", plain["lunch"])
        return cls(
            zone=str(plain["zone"]),
            days={date.fromisoformat(day): works for day, works in days.items()},
            years=frozenset(cast(list[int], plain["years"])),
            opens=_time(plain["opens"]),
            closes=_time(plain["closes"]),
            lunch=(time.fromisoformat(lunch[0]), time.fromisoformat(lunch[1])) if lunch else None,
            names={date.fromisoformat(day): name for day, name in names.items()},
            edition=str(plain["edition"]),
        )


_OFFICE_HOURS = {"zh-Hans": "办公时间", "en": "office hours"}
_ZONE = {"zh-Hans": "时区", "en": "time zone"}
_NOTICE = {"zh-Hans": "放假通知", "en": "holiday notice"}


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as missing:
        raise BadValue(field=_ZONE, value=zone[:40], expected="Asia/Shanghai") from missing


def _year(notice: Mapping[str, object]) -> int:
    year = notice.get("year")
    if isinstance(year, bool) or not isinstance(year, int) or not 1900 <= year <= 2200:
        raise BadValue(field=_NOTICE, value=str(year)[:40], expected='"year": 2026')
    return year


def _exceptions(year: int, notice: Mapping[str, object]) -> Iterable[tuple[date, bool, str]]:
    """The days of one notice: day, whether it is worked, name. It may reach into the years beside it."""
    for item in cast(list[dict[str, object]], notice.get("days") or []):
        try:
            day, off = date.fromisoformat(str(item["date"])), item["isOffDay"]
        except (KeyError, TypeError, ValueError) as wrong:
            raise _bad_day(year, item) from wrong
        if abs(day.year - year) > 1 or not isinstance(off, bool):
            raise _bad_day(year, item)
        yield day, not off, str(item.get("name", ""))


def _bad_day(year: int, item: object) -> BadValue:
    expected = f'{{"name": "春节", "date": "{year}-02-17", "isOffDay": true}}'
    return BadValue(field=_NOTICE, value=f"{year}: {str(item)[:80]}", expected=expected)


def _text(at: time | None) -> str | None:
    return at.isoformat("minutes") if at else None


def _time(text: object) -> time | None:
    return time.fromisoformat(str(text)) if text else None
