"""Pictures of a procedure for the reference: Mermaid text, and an SVG of our own that needs no tool.

Open stages stand in their order from top to bottom, the closed ones below. Ways on run down the right side,
ways back up the left; every way to one stage shares a lane.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from huying.errors import say
from huying.ledger.vocabulary import Act, Procedure, people

FONT = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif'
BEGIN, ANY = "[*]", "any_open"
ANY_WORDS = "Any open stage"
SIZE, ROW, GAP, LANE, WIDE = 13, 21, 34, 13, 150
MARGIN = 16
OPEN, FINAL, BACK = "#1f5c99", "#8a3b12", "#5b6b1f"


@dataclass(frozen=True)
class Way:
    """One act that leads from stage to stage: from `[*]` at the opening, `any_open` from every open one."""

    source: str
    target: str
    act: Act


def ways(procedure: Procedure) -> list[Way]:
    """Every way from stage to stage, in the order of the file."""
    found = []
    for act in procedure.acts.values():
        if act.begins:
            found.append(Way(BEGIN, act.to, act))
        elif act.to:
            sources = act.from_ or (ANY,)
            found += [Way(source, act.to, act) for source in sources if source != act.to]
    return found


def _by(act: Act, language: str) -> str:
    between = "、" if language.startswith("zh") else ", "
    return between.join(people(word)[language] for word in act.by)


def _stage(procedure: Procedure, stage: str, language: str) -> str:
    return say(ANY_WORDS, language) if stage == ANY else procedure.stage(stage)[language]


def mermaid(procedure: Procedure, language: str = "zh-Hans") -> str:
    """The procedure as a Mermaid state diagram, each way with its act and who may do it."""
    found = ways(procedure)
    used = {way.source for way in found}
    stages = [*procedure.stages, *([ANY] if ANY in used else []), *procedure.final]
    lines = [
        "---",
        f"title: {_plain(procedure.label[language])}",
        "---",
        "stateDiagram-v2",
        "    direction TB",
    ]
    lines += [f'    state "{_plain(_stage(procedure, stage, language))}" as {stage}' for stage in stages]
    for way in found:
        words = f"{_plain(way.act.label[language])} ({_plain(_by(way.act, language))})"
        lines.append(f"    {way.source} --> {way.target}: {words}")
    lines += [f"    {stage} --> [*]" for stage in procedure.final]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Words without the signs that end a Mermaid label."""
    for sign, instead in ((": ", " – "), (":", "："), (";", "；"), ('"', "'"), ("#", "＃")):
        text = text.replace(sign, instead)
    return text


@dataclass
class Box:
    """One stage in the picture: where it stands, and the rows at its sides on which ways leave and arrive."""

    stage: str
    order: int
    label: str
    right: list[Way]
    left: list[Way]
    top: float = 0
    height: float = 0
    arrives_right: bool = False
    arrives_left: bool = False

    def measure(self, top: float) -> float:
        """Put the box at `top`; its bottom."""
        rows = max(len(self.right) + self.arrives_right, len(self.left) + self.arrives_left)
        self.top, self.height = top, max(40, rows * ROW + 14)
        return top + self.height

    def row(self, number: int) -> float:
        """The height of a row at a side; row 0 is where ways arrive, if any do."""
        return self.top + 7 + ROW * (number + 0.5)


class Picture:
    """The layout of one procedure's boxes and lanes."""

    def __init__(self, procedure: Procedure, language: str) -> None:
        self.procedure, self.language = procedure, language
        self.ways = ways(procedure)
        self.boxes = {box.stage: box for box in self._boxes()}
        self.straight = [way for way in self.ways if self._straight(way)]
        for way in self.ways:
            if way not in self.straight:
                self._attach(way)
        self._stack()
        self.right_words = self._widest(box.right for box in self.boxes.values())
        self.left_words = self._widest(box.left for box in self.boxes.values())
        self.lanes = {side: self._lanes(side) for side in ("right", "left")}
        left = self.left_words + LANE * (1 + self._most("left"))
        self.x = MARGIN + left
        right = self.right_words + LANE * (1 + self._most("right"))
        self.width = self.x + WIDE + right + MARGIN
        self.height = max(box.top + box.height for box in self.boxes.values()) + MARGIN

    def _boxes(self) -> Iterator[Box]:
        used = {way.source for way in self.ways}
        order = [BEGIN, *self.procedure.stages, *([ANY] if ANY in used else []), *self.procedure.final]
        for number, stage in enumerate(order):
            label = "" if stage == BEGIN else _stage(self.procedure, stage, self.language)
            yield Box(stage, number, label, [], [])

    def _straight(self, way: Way) -> bool:
        """Whether the way leads into the next box, so that an arrow straight down shows it: one per box."""
        if self.boxes[way.target].order != self.boxes[way.source].order + 1 or way.source == ANY:
            return False
        return next(w for w in self.ways if (w.source, w.target) == (way.source, way.target)) is way

    def _attach(self, way: Way) -> None:
        source, target = self.boxes[way.source], self.boxes[way.target]
        if source.order < target.order:
            source.right.append(way)
            target.arrives_right = True
        else:
            source.left.append(way)
            target.arrives_left = True

    def _stack(self) -> None:
        top: float = MARGIN + 30
        for box in self.boxes.values():
            if box.stage == BEGIN:
                box.top, box.height = top, 14
                top += 14 + GAP
            else:
                top = box.measure(top) + GAP

    def words(self, act: Act) -> str:
        """An act with those who may do it."""
        opening, closing = ("（", "）") if self.language.startswith("zh") else (" (", ")")
        return f"{act.label[self.language]}{opening}{_by(act, self.language)}{closing}"

    def _widest(self, rows: Iterable[list[Way]]) -> float:
        return max((_width(self.words(way.act)) for row in rows for way in row), default=0) + 16

    def side(self, box: Box, side: str) -> list[Way]:
        """The ways that leave a box on one side."""
        return box.right if side == "right" else box.left

    def leaves(self, box: Box, way: Way, side: str) -> float:
        """The height at which a way leaves its box."""
        arrives = box.arrives_right if side == "right" else box.arrives_left
        return box.row(self.side(box, side).index(way) + arrives)

    def _lanes(self, side: str) -> dict[str, int]:
        """target -> lane: spans that don't overlap share a lane, short ones stand nearest."""
        spans = {}
        for target in self.boxes.values():
            heights = [
                self.leaves(box, way, side)
                for box in self.boxes.values()
                for way in self.side(box, side)
                if way.target == target.stage
            ]
            if heights:
                spans[target.stage] = (min(*heights, target.row(0)), max(*heights, target.row(0)))
        lanes: dict[str, int] = {}
        for stage, (top, bottom) in sorted(spans.items(), key=lambda item: item[1][1] - item[1][0]):
            taken = {lanes[o] for o in lanes if spans[o][0] <= bottom + 4 and top <= spans[o][1] + 4}
            lanes[stage] = next(lane for lane in range(len(spans)) if lane not in taken)
        return lanes

    def _most(self, side: str) -> int:
        return max(self.lanes[side].values(), default=-1) + 1

    def lane_x(self, side: str, target: str) -> float:
        """Where the lane to a stage runs."""
        lane = self.lanes[side][target] + 1
        if side == "right":
            return self.x + WIDE + self.right_words + LANE * lane
        return self.x - self.left_words - LANE * lane


def svg(procedure: Procedure, language: str = "zh-Hans") -> str:
    """The procedure as an SVG with a title and a description for those who can't see it."""
    picture = Picture(procedure, language)
    name, label = procedure.name, procedure.label[language]
    size = f'width="{picture.width:.0f}" height="{picture.height:.0f}"'
    view = f'viewBox="0 0 {picture.width:.0f} {picture.height:.0f}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {view} role="img" lang="{language}"'
        f' aria-labelledby="{name}-title {name}-desc" font-family={quoteattr(FONT)} font-size="{SIZE}">',
        f'<title id="{name}-title">{escape(label)}</title>',
        f'<desc id="{name}-desc">{escape(_description(picture))}</desc>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{MARGIN}" y="{MARGIN + 12}" font-size="18" font-weight="bold">{escape(label)}</text>',
    ]
    return "\n".join([*head, *_sides(picture), *_straights(picture), *_drawn(picture), "</svg>"]) + "\n"


def _description(picture: Picture) -> str:
    """Every way in words."""
    told = []
    for way in picture.ways:
        source, target = picture.boxes[way.source].label or "●", picture.boxes[way.target].label
        told.append(f"{source} → {target}: {picture.words(way.act)}")
    return say("Ways: ", picture.language) + "; ".join(told)


def _colour(picture: Picture, side: str, target: str) -> str:
    if side == "left":
        return BACK
    return FINAL if target in picture.procedure.final else OPEN


def _sides(picture: Picture) -> Iterator[str]:
    for side, edge, sign in (("right", picture.x + WIDE, 1), ("left", picture.x, -1)):
        for target in picture.lanes[side]:
            yield from _lane(picture, side, target, edge, sign)


def _lane(picture: Picture, side: str, target: str, edge: float, sign: int) -> Iterator[str]:
    """One lane: the rows that lead into it with their words, and its arrow into the stage."""
    x, colour = picture.lane_x(side, target), _colour(picture, side, target)
    end = picture.boxes[target].row(0)
    heights = [end]
    anchor = "start" if side == "right" else "end"
    for box in picture.boxes.values():
        for way in picture.side(box, side):
            if way.target != target:
                continue
            y = picture.leaves(box, way, side)
            heights.append(y)
            yield _line(edge, y, x, y, colour)
            words = escape(picture.words(way.act))
            yield f'<text x="{edge + sign * 8:.0f}" y="{y - 4:.1f}" text-anchor="{anchor}">{words}</text>'
            yield f'<circle cx="{x:.0f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>'
    yield _line(x, min(heights), x, max(heights), colour)
    yield _line(x, end, edge + sign * 7, end, colour)
    tip = edge + sign
    yield _arrow([(tip, end), (tip + sign * 9, end - 4.5), (tip + sign * 9, end + 4.5)], colour)


def _straights(picture: Picture) -> Iterator[str]:
    for way in picture.straight:
        source, target = picture.boxes[way.source], picture.boxes[way.target]
        x, top, end = picture.x + WIDE / 2, source.top + source.height, target.top
        colour = _colour(picture, "right", way.target)
        yield _line(x, top, x, end - 8, colour)
        yield _arrow([(x, end - 1), (x - 4.5, end - 10), (x + 4.5, end - 10)], colour)
        words = escape(picture.words(way.act))
        yield f'<text x="{x + 9:.0f}" y="{(top + end) / 2 + 3:.1f}">{words}</text>'


def _drawn(picture: Picture) -> Iterator[str]:
    """The boxes: open stages with a thin edge, closed ones with a thick one, "any open stage" dashed."""
    middle = picture.x + WIDE / 2
    for box in picture.boxes.values():
        if box.stage == BEGIN:
            yield f'<circle cx="{middle:.0f}" cy="{box.top + 7:.1f}" r="7" fill="#222"/>'
            continue
        final = box.stage in picture.procedure.final
        style = 'stroke-width="3"' if final else 'stroke-dasharray="5 4"' if box.stage == ANY else ""
        fill = "#f4ece6" if final else "#fff" if box.stage == ANY else "#eaf2fa"
        yield (
            f'<rect x="{picture.x:.0f}" y="{box.top:.1f}" width="{WIDE}" height="{box.height:.1f}" rx="8"'
            f' fill="{fill}" stroke="#333" {style}/>'
        )
        y = box.top + box.height / 2 + 5
        yield (
            f'<text x="{middle:.0f}" y="{y:.1f}" text-anchor="middle" font-size="15" font-weight="bold">'
            f"{escape(box.label)}</text>"
        )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    ends = f'x1="{x1:.0f}" y1="{y1:.1f}" x2="{x2:.0f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{colour}" stroke-width="1.4"/>'


def _arrow(points: Sequence[tuple[float, float]], colour: str) -> str:
    listed = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polygon points="{listed}" fill="{colour}"/>'


def _width(text: str) -> float:
    """About how wide a text is drawn: a Chinese sign is a square, a letter a little over half of one."""
    return sum(SIZE if ord(sign) > 0x2E7F else SIZE * 0.56 for sign in text)
