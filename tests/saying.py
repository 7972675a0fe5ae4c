"""What people say when they act: a value for each declared field by its type, sometimes a bad one."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from PIL import Image

from huying.ledger.said import Requester, Upload
from huying.ledger.vocabulary import Act, Field, Procedure

TEXTS = (
    "柳园路 12 号门前的路灯坏了三天，晚上看不清路。",
    "已派人到现场查看，当天修好。",
    "小区二次供水水压不足 🚰，六楼以上早晚没水",
    'O\'Brien "quoted" <b>not bold</b> {curly} %s',
    "同一个问题" * 60,
)
BAD: Mapping[str, tuple[object, ...]] = {
    "text": ("\x00", "\ud800", "机密★十年", "长" * 20_001, 7),
    "list": ("\n\n", "机密★十年", ["一"] * 60, 7),
    "choice": ("nonsense", 3),
    "date": ("2026-02-30", "0001-01-01", "9999-12-31", "2020-01-01"),
    "moment": ("25:00", "2026-02-30T10:00"),
    "due": ("5", "0wd", "2026-13-01", "2020-01-01"),
    "limit": ("5", "-1d", "soon"),
    "number": ("many", 10**13),
    "yes": ("perhaps",),
    "unit": ("nowhere", "xihe-liuyuan-1"),
    "person": ("nobody",),
    "area": ("nowhere",),
    "category": ("nothing",),
    "case": ("123456789012", "abc"),
    "clock": ("noon",),
    "code": ("every Monday", "周报"),
    "children": ((), "one", [{}], [{"lead": "nowhere"}]),
    "point": ("95,200", "here"),
    "requester": (Requester(phone="not a phone"), {"age": 40}, "王小明"),
    "file": (Upload("virus.exe", b"MZ\x90\x00"), Upload("empty.png", b"")),
}
UNITS = ("lighting", "urban", "housing", "housing-property", "parks", "xihe-liuyuan", "xihe")
AREAS = ("xihe-liuyuan", "xihe-liuyuan-1", "xihe", "donggang-matou")
CATEGORIES = ("streets.lamps.dark", "streets.rubbish.exposed", "housing.buildings.leak", "utilities.water.bill")


def picture() -> bytes:
    """One red point as PNG."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1), "red").save(out, "PNG")
    return out.getvalue()


POINT = picture()


@dataclass
class Speaker:
    """Says something for each field of an act. `wishes` are answers that must be given so; () is silence."""

    rng: Random
    today: date
    people: tuple[str, ...]
    cases: tuple[str, ...]
    clocks: tuple[str, ...]
    procedures: Mapping[str, Procedure]
    wishes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    careful: bool = False

    def said(self, procedure: Procedure, act: Act) -> dict[str, object]:
        """The fields of one act; unless careful, one in twenty is left out and one in twenty is bad."""
        said: dict[str, object] = {}
        for name in act.fields:
            needed = name in act.needs + act.knows or name in self.wishes
            seldom = 0.1 if self.careful and name != "about" else 0.4
            if self.wishes.get(name) == () and name not in act.needs + act.knows:
                continue
            if not needed and self.rng.random() > seldom:
                continue
            if not self.careful and self.rng.random() < 0.05:
                continue
            said[name] = self._value(procedure.fields[name], act)
        if not self.careful and self.rng.random() < 0.02:
            said["nonsense"] = "x"
        return said

    def _value(self, asked: Field, act: Act) -> object:
        wanted = [value for value in self.wishes.get(asked.name, ()) if value]
        if wanted:
            return self.rng.choice(wanted)
        if not self.careful and self.rng.random() < 0.05:
            return self.rng.choice(BAD[asked.type])
        if asked.type == "children":
            kind = self.procedures[act.child]
            return [replace(self, wishes={}).said(kind, kind.act("open")) for _ in range(self.rng.randint(1, 2))]
        return self._good(asked)

    def _good(self, asked: Field) -> object:
        # Late enough for an extension to be one, and for a shelving not to be too long.
        day = self.today + timedelta(days=self.rng.randint(25, 40) if self.careful else self.rng.randint(1, 60))
        match asked.type:
            case "text":
                return self.rng.choice(TEXTS)
            case "list":
                return self.rng.choice(["1. 查明原因\n2. 三日内修好", "修好路灯", ["查明", "整改", "回头看"]])
            case "file":
                return (Upload("现场.png", POINT),)
            case "requester":
                return Requester("王小明", f"1380000{self.rng.randint(1000, 1005)}")
            case "point":
                return f"31.23{self.rng.randint(1000, 9999)},121.47"
            case "choice":
                return self.rng.choice(list(asked.of))
            case "date":
                return day.isoformat()
            case "moment":
                ahead = self.rng.randint(-20, 0 if self.careful else 20)
                return (self.today + timedelta(days=ahead)).isoformat()
            case "due":
                return self.rng.choice(["2wd", "10wd", "20d", day.isoformat()])
            case "limit":
                return self.rng.choice(["1d", "2wd"])
            case "number":
                return self.rng.randint(0, 100)
            case "yes":
                return self.careful or self.rng.random() < 0.6
            case _:
                return self._known(asked)

    def _known(self, asked: Field) -> object:
        """Something of the city, or a case or clock of the walk."""
        pools: Mapping[str, tuple[str, ...]] = {
            "unit": UNITS,
            "area": AREAS,
            "category": CATEGORIES,
            "person": self.people,
            "case": self.cases,
            "clock": self.clocks,
            "code": ("weekly-report",),
        }
        return self.rng.choice(pools[asked.type] or ("none",))
