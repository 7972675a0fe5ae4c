"""`huying demo`: the invented city, a few days of its life played by the same commands that anybody types.

The clock stands at Monday 2026-06-15, 09:00 in Shanghai, so that every date is the same each time.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from huying.ledger.now import standing_at

NOW = "2026-06-15T09:00:00+08:00"
ZONE = ZoneInfo("Asia/Shanghai")
NUMBER = re.compile(r"\b\d{4} \d{4} \d{4}\b")


class Output(NamedTuple):
    """What a command printed, errors included, and its exit code."""

    code: int
    text: str


Run = Callable[[Sequence[str]], Output]


@dataclass(frozen=True)
class Step:
    """One command at one time of June 2026; `keep` names the case numbers that it prints first, `refused` says
    that it must fail: the rule is the story."""

    at: datetime
    line: str
    keep: tuple[str, ...] = ()
    refused: bool = False

    @classmethod
    def read(cls, text: str) -> Step:
        """`06-12 09:05 act {lamp} sign --as …`; `lamp =` or `a, b =` before the command keeps numbers, `!` refuses."""
        day, time, line = text.split(None, 2)
        kept = re.match(r"([a-z, ]+) = ", line)
        keep = tuple(name.strip() for name in kept[1].split(",")) if kept else ()
        line = line[kept.end() :] if kept else line
        at = datetime.fromisoformat(f"2026-{day} {time}").replace(tzinfo=ZONE)
        return cls(at, line.removeprefix("! "), keep, line.startswith("! "))


@dataclass(frozen=True)
class Story:
    """A few steps with a heading; `message` is an English text with its Chinese in the catalogue."""

    message: str
    script: str

    @property
    def steps(self) -> list[Step]:
        """The steps in their order; a line that ends with a backslash goes on."""
        joined = re.sub(r"\\\n\s*", "", self.script)
        return [Step.read(line) for line in joined.splitlines() if line.strip()]


@dataclass(frozen=True)
class Played:
    """One step as it was played: the command as typed, and what it printed."""

    at: datetime
    typed: str
    output: Output


class Strayed(RuntimeError):
    """A story didn't go as it is told: the demo itself is broken."""


def play(story: Story, run: Run, numbers: dict[str, str]) -> Iterator[Played]:
    """Play a story step by step; `numbers` holds the case numbers by the names that the stories give them.

    Raises Strayed where a step that must succeed fails, or one that must be refused isn't.
    """
    for step in story.steps:
        line = re.sub(r"\{(\w+)\}", lambda place: numbers[place[1]].replace(" ", ""), step.line)
        with standing_at(step.at):
            output = run(shlex.split(line))
        if bool(output.code) != step.refused:
            raise Strayed(f"{line}\n{output.text}")
        fresh = [found for found in NUMBER.findall(output.text) if found not in numbers.values()]
        numbers.update(zip(step.keep, fresh, strict=False))
        yield Played(step.at, f"huying {line}", output)


LAMP = Story(
    "One broken streetlamp, from the call to the confirmed answer",
    r"""
06-10 20:40 lamp = open request --as hotline.1 --field title=路灯不亮 --field type=help \
    --field text=柳园路12号门前的路灯坏了三天，晚上看不清路。 --name 马秀兰 --phone 13900001111
06-10 20:45 act {lamp} triage --as hotline.1 --field category=streets.lamps.dark --field area=xihe-liuyuan
06-10 20:52 act {lamp} dispatch --as dispatch.1 --field lead=lighting --field basis=城市照明管理规定
06-11 08:40 act {lamp} accept --as lighting.1
06-11 09:05 act {lamp} contact --as lighting.1 --field reached=yes --field text=约定当晚检修。
06-11 21:30 act {lamp} submit --as lighting.1 --field outcome=fixed --field reply=已更换灯泡并检修线路，路灯已亮。
06-12 09:00 act {lamp} sign --as lighting.reviewer
06-12 09:05 ! act {lamp} confirm --as lighting.1 --field satisfied=yes
06-12 15:10 act {lamp} confirm --as callback.1 --field contacted=yes --field solved=yes --field satisfied=yes
""",
)
CONSULT = Story(
    "A question answered on the spot, with the caller's assent",
    r"""
06-11 10:02 consult = open request --as hotline.2 --field title=公租房申请材料 --field type=consult \
    --field text=申请公租房要带哪些材料？
06-11 10:06 ! act {consult} answer_now --as hotline.2 --field reply=身份证。
06-11 10:07 act {consult} answer_now --as hotline.2 --field assent=yes \
    --field reply=请带身份证、户口簿、收入证明和住房情况证明，到户籍所在街道申请。
""",
)
OBJECTION = Story(
    "An objection that is refused: one per unit, and the ruling is final",
    r"""
06-11 14:20 tree = open request --as hotline.3 --field title=树枝挡住路灯 --field type=help \
    --field text=树枝长得太密，挡住了路灯。
06-11 14:25 act {tree} triage --as hotline.3 --field category=rural.trees --field area=xihe-wenchang
06-11 14:30 act {tree} dispatch --as dispatch.1 --field lead=parks --field basis=行道树修剪归口园林
06-11 16:00 act {tree} dispute --as parks.1 --field basis=树在小区红线内，应由物业修剪。
06-12 10:15 act {tree} uphold --as dispatch.1 --field reason=现场核实，树在市政绿地上。
06-12 10:40 ! act {tree} dispute --as parks.1 --field basis=仍认为应由物业修剪。
06-12 11:00 act {tree} contact --as parks.1 --field reached=yes
""",
)
DUPLICATE = Story(
    "Two neighbours report one leak: one case, and both are answered",
    r"""
06-12 07:30 leak = open request --as hotline.1 --field title=路面冒水 --field type=help \
    --field text=老码头社区门口路面一直冒水。 --name 陶建平 --phone 13900002222
06-12 07:35 act {leak} triage --as hotline.1 --field category=utilities.water --field area=donggang-matou
06-12 07:40 act {leak} dispatch --as dispatch.2 --field lead=water --field basis=供水管网维修
06-12 08:00 act {leak} accept --as water.1
06-12 08:10 same = open request --as hotline.2 --field title=马路上漏水 --field type=help \
    --field text=码头街道那边马路漏水，流了一早上。 --name 葛春梅 --phone 13900003333
06-12 08:15 act {same} triage --as hotline.2 --field category=utilities.water --field area=donggang-matou
06-12 08:20 act {same} merge --as dispatch.2 --field into={leak}
""",
)
CALLOUT = Story(
    "A street calls three departments to the spot: one comes, one comes late, one refuses",
    r"""
06-11 09:30 callout = open callout --as xihe-liuyuan.1 --field kind=enforcement --field title=夜市占道 \
    --field tried=已劝导两周，摊位仍占用非机动车道。 --field place=柳园路与文昌街路口 --field area=xihe-liuyuan
06-11 09:40 act {callout} sign --as xihe-liuyuan.leader
06-11 10:00 urban, traffic, market = act {callout} sound --as xihe-liuyuan.leader \
    --child lead=urban,basis=占道经营 --child lead=traffic,basis=占用非机动车道 --child lead=market,basis=无照经营
06-11 11:20 act {market} dispute --as market.1 --field basis=摊主均有小餐饮登记证。
06-11 15:00 act {urban} arrive --as urban.1
06-12 09:30 act {market} excuse --as dispatch.1 --field reason=登记证核实属实，免予报到。
06-12 16:05 runner --once
06-12 17:30 act {traffic} arrive --as traffic.1
06-12 17:40 act {callout} confer --as xihe-liuyuan.leader --field text=当晚清退占道摊位，交警划线。
06-12 20:30 act {urban} submit --as urban.1 --field outcome=fixed --field reply=占道摊位已清退，引导入场经营。
06-12 20:40 act {traffic} submit --as traffic.1 --field outcome=fixed --field reply=已施划标线并加装隔离柱。
06-15 08:30 ! act {callout} close --as xihe-liuyuan.leader --field outcome=fixed
06-15 08:40 act {urban} confirm --as xihe-liuyuan.leader --field on_time=yes --field fit=yes --field done=yes
06-15 08:42 act {traffic} confirm --as xihe-liuyuan.leader --field on_time=no --field fit=yes --field done=yes
06-15 08:45 act {callout} close --as xihe-liuyuan.leader --field outcome=fixed
""",
)
LOOP = Story("The loop goes round once: each clock that has passed leaves an entry", "06-15 09:00 runner --once")
AUDIT = Story("The ledger is checked against itself", "06-15 09:00 audit")
STORIES = (LAMP, CONSULT, OBJECTION, DUPLICATE, CALLOUT, LOOP, AUDIT)


@dataclass(frozen=True)
class Try:
    """Something to try next: what it shows, and the command."""

    message: str
    line: str


NEXT = (
    Try("The whole life of the streetlamp", "show {lamp} --as callback.1"),
    Try("The department that came late: its clock passed, and it says so", "show {traffic} --as traffic.1"),
    Try("What the street sees of its call-out", "show {callout} --as xihe-liuyuan.leader"),
    Try("The queue of the parks centre", "list unit --as parks.1"),
    Try("Every case about leaking water", "find 漏水 --as dispatch.1"),
    Try("Who reported the leak: looking leaves an entry", "look {leak} --as water.1 --reason 约时间上门"),
    Try("A deadline counted aloud", "due 2026-02-12 5wd"),
)
