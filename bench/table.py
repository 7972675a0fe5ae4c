"""Ratios and the one table that is made of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Comparison:
    """What is compared: `this` against `that`, both seconds for the same work, and the goal for the ratio.

    A speed (`growth` false) is how much of the plain speed is left: at least the goal. A growth is how much
    longer it takes among many: at most the goal. A goal of 0 is none: the number is shown, and judged by people.
    """

    name: str
    this: str
    that: str
    growth: bool = False
    goal: float = 0


@dataclass(frozen=True)
class Result:
    """The seconds of each round, in pairs measured one after the other."""

    comparison: Comparison
    this: Sequence[float]
    that: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        """One ratio per round."""
        pairs = zip(self.this, self.that, strict=True)
        return [this / that if self.comparison.growth else that / this for this, that in pairs]

    @property
    def median(self) -> float:
        """The ratio that is judged."""
        return statistics.median(self.ratios)

    @property
    def missed(self) -> bool:
        """Whether the goal is missed."""
        goal = self.comparison.goal
        return bool(goal) and (self.median > goal if self.comparison.growth else self.median < goal)

    def row(self) -> tuple[str, ...]:
        """What the table says."""
        sign = "≤" if self.comparison.growth else "≥"
        goal = f"{sign} {self.comparison.goal:g}" if self.comparison.goal else "—"
        this, that = (f"{statistics.median(seconds) * 1000:.1f} ms" for seconds in (self.this, self.that))
        spread = f"{min(self.ratios):.2f}–{max(self.ratios):.2f}"
        return self.comparison.name, this, that, f"{self.median:.2f}", spread, goal, "missed" if self.missed else "ok"


HEAD = ("measured", "ours", "against", "ratio", "min–max", "goal", "")


def compared(comparison: Comparison, this: Callable[[], float], that: Callable[[], float], *, rounds: int) -> Result:
    """Measure both in turns, once unheard and then `rounds` times, each first in every other round."""
    this(), that()
    mine, theirs = [], []
    for turn in range(rounds):
        if turn % 2:
            theirs.append(that())
            mine.append(this())
        else:
            mine.append(this())
            theirs.append(that())
    return Result(comparison, mine, theirs)


def text(results: Sequence[Result]) -> str:
    """The table in Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(result.row() for result in results)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def verdict(results: Sequence[Result]) -> int:
    """0, or 1 with a line on each goal that was missed."""
    bad = [result for result in results if result.missed]
    for result in bad:
        print(f"missed: {result.comparison.name}: {result.median:.2f}")
    return 1 if bad else 0
