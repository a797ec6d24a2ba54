"""What was measured, and how it is shown: a table of ratios and budgets, and a curve over the sizes of stores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from rich import box
from rich.console import Console
from rich.table import Table

from playhead.model import JSON

_TIMES = {"s": 1.0, "ms": 1e3, "µs": 1e6}


@dataclass(frozen=True, slots=True)
class Budget:
    """What a number should be; of the ratio to the peer, where `of_ratio` says so."""

    text: str
    low: float = 0.0
    high: float = inf
    of_ratio: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """One number of Playhead's, beside a peer's of the same run where there is one."""

    topic: str
    what: str
    value: float
    unit: str
    """One of: s, /s, bytes, ×."""
    size: int | None = None
    """Operations or keys in the store, for a point of the growth curve."""
    peer: str = ""
    peer_value: float | None = None
    budget: Budget | None = None

    @property
    def ratio(self) -> float | None:
        """Playhead's number divided by the peer's."""
        return None if not self.peer_value else self.value / self.peer_value

    @property
    def is_met(self) -> bool | None:
        """Whether the number keeps to its budget; None where there is none, or no peer to compare it with."""
        if self.budget is None:
            return None
        number = self.ratio if self.budget.of_ratio else self.value
        return None if number is None else self.budget.low <= number <= self.budget.high

    def to_json(self) -> dict[str, JSON]:
        return {
            "topic": self.topic,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "size": self.size,
            "peer": self.peer,
            "peer_value": self.peer_value,
            "ratio": self.ratio,
            "budget": self.budget.text if self.budget else None,
            "met": self.is_met,
        }


def quantity(value: float, unit: str) -> str:
    """The number as a person reads it: 12.3 µs, 81,000 /s, 4.20 MB."""
    if unit == "s":
        name = "s" if value >= 1 else "ms" if value >= 1e-3 else "µs"
        return f"{value * _TIMES[name]:.3g} {name}"
    if unit == "bytes":
        return f"{value / 1e6:,.1f} MB" if value >= 1e6 else f"{value / 1e3:,.1f} kB"
    return f"{value:,.0f} /s" if unit == "/s" else f"{value:.2f} ×"


def comparison(result: Result) -> str:
    """The ratio in words that say which way it points."""
    ratio = result.ratio
    if ratio is None:
        return ""
    if result.unit == "bytes":
        return f"{ratio:.1%}".replace("%", " %")
    if result.unit == "/s":
        return f"{ratio:.2f} × the rate"
    return f"{1 / ratio:,.1f} × faster" if ratio < 1 else f"{ratio:.1f} × the time"


def show(results: Sequence[Result], console: Console) -> None:
    """Both tables. A point of the curve that has a budget is in both."""
    console.print(_ratios([result for result in results if result.size is None or result.budget]))
    points = [result for result in results if result.size is not None]
    if points:
        console.print(_curve(points))


def _ratios(results: Iterable[Result]) -> Table:
    table = Table(title="Playhead and its peers, in one run", box=box.MARKDOWN)
    for name in ("what", "Playhead", "peer", "its number", "Playhead is", "budget", "met"):
        table.add_column(name, overflow="fold")
    for result in results:
        what = result.what if result.size is None else f"{result.what}, at {result.size:,}"
        peer = "" if result.peer_value is None else quantity(result.peer_value, result.unit)
        met = {True: "yes", False: "no", None: ""}[result.is_met]
        budget = result.budget.text if result.budget else ""
        table.add_row(what, quantity(result.value, result.unit), result.peer, peer, comparison(result), budget, met)
    return table


def _curve(points: Sequence[Result]) -> Table:
    sizes = sorted({point.size for point in points if point.size is not None})
    table = Table(title="The same with more in the store", box=box.MARKDOWN)
    table.add_column("what")
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    for what in dict.fromkeys(point.what for point in points):
        at = {point.size: quantity(point.value, point.unit) for point in points if point.what == what}
        table.add_row(what, *(at.get(size, "") for size in sizes))
    return table
