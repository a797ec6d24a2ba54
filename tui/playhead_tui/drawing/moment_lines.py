"""Rows of the snapshot list: a tree by parent, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from playhead_tui.drawing.span import Line, Span, left, printable, right
from playhead_tui.drawing.words import count, plural, size

_LANES_MAX = 8
"""Branches that are drawn beside each other; more of them share the last place."""
_SHORT = 78
_LONG = 100
"""Cells from which on there is room for the year and for the parent's number."""
_NAMES = {"playhead": "the playhead, ", "now": "now, ", "commit": ""}


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of the snapshot list: a snapshot, the playhead, or the newest commit. Or any other commit."""

    commit_ts: int
    kind: Literal["snapshot", "playhead", "now", "commit"] = "snapshot"
    id: int | None = None
    label: str | None = None
    taken: float | None = None
    """Seconds since the epoch."""
    parent: int | None = None

    @property
    def name(self) -> str:
        if self.kind != "snapshot":
            return f"{_NAMES[self.kind]}commit {count(self.commit_ts)}"
        label = f" “{printable(self.label)}”" if self.label else ""
        return f"snapshot {self.id}{label}, commit {count(self.commit_ts)}"

    def fits(self, text: str) -> bool:
        """Whether its name contains a text, whatever the case."""
        return text.casefold() in self.name.replace(",", "").casefold() or text.casefold() in self.name.casefold()


class Measure(NamedTuple):
    """How large the state at a moment is."""

    key_count: int
    size_bytes: int


Measures: TypeAlias = dict[int, Measure | None]
"""By commit, as far as they are known; None where they cannot be read."""


def rails(moments: Sequence[Moment]) -> list[str]:
    """The tree beside each row: `│ ◆`; a parent of two closes the second one's rail: `◆─┘`.

    moments: every child before its parent.
    """
    lanes: list[int | None] = []
    drawn = []
    shown = {moment.id for moment in moments}
    for moment in moments:
        if moment.kind != "snapshot":
            drawn.append("")
            continue
        waiting = [lane for lane, parent in enumerate(lanes) if parent == moment.id]
        if not waiting:
            free = next((lane for lane, parent in enumerate(lanes) if parent is None), len(lanes))
            lanes[free : free + 1] = [moment.id]
            waiting = [free]
        first, *closed = waiting
        cells = ["│" if parent is not None else " " for parent in lanes]
        cells[first] = "◆"
        for lane in closed:
            cells[lane], lanes[lane] = "┘", None
        last = closed[-1] if closed else first
        text = "".join(cell + ("─" if first <= lane < last else " ") for lane, cell in enumerate(cells))
        drawn.append(text.rstrip()[: 2 * _LANES_MAX])
        lanes[first] = moment.parent if moment.parent in shown else None
        while lanes and lanes[-1] is None:
            lanes.pop()
    return drawn


@dataclass(frozen=True, slots=True)
class Looks:
    """What a row of the list shows besides its moment."""

    rail: str
    rail_width: int
    tagged: bool
    here: bool
    """Whether the playhead is at this commit."""


def moment_line(moment: Moment, looks: Looks, measures: Measures, width: int) -> Line:
    """`• ▶ ◆ 3  before refactor   412   2026-11-01 14:03   1,203 keys   48 kB   after 2`"""
    short = width < _SHORT
    tag = Span("• " if looks.tagged else "  ", "playhead")
    commit_width, number_width, time_width = (9, 4, 12) if short else (11, 5, 18)
    commit = Span(right(count(moment.commit_ts), commit_width) + "  ", "text")
    key_width, size_width = (10, 8) if short else (13, 9)
    sizes = _sizes(moment, measures, key_width, size_width)
    parent_width = 10 if width >= _LONG else 0
    used = 4 + looks.rail_width + 1 + number_width + commit_width + 2 + time_width + key_width + size_width
    room = max(6, width - used - parent_width)
    if moment.kind != "snapshot":
        mark, name = ("▼ ", "the playhead") if moment.kind == "playhead" else ("● ", "now, the newest commit")
        role: Literal["playhead", "accent"] = "playhead" if moment.kind == "playhead" else "accent"
        called = Span(left(name, looks.rail_width + 1 + number_width + room), role)
        return Line((tag, Span(mark, role), called, commit, Span(" " * time_width), sizes))
    form = "%m-%d %H:%M" if short else "%Y-%m-%d %H:%M"
    taken = f"{datetime.fromtimestamp(moment.taken or 0, UTC).astimezone():{form}}"
    parent = f"after {moment.parent}" if moment.parent is not None else "first"
    label = Span(left(printable(moment.label or "—"), room - 1) + " ", "text" if moment.label else "faint")
    return Line(
        (
            tag,
            Span("▶ " if looks.here else "  ", "playhead"),
            Span(left(looks.rail, looks.rail_width) + " ", "accent"),
            Span(left("" if moment.id is None else str(moment.id), number_width), "strong"),
            label,
            commit,
            Span(left(taken, time_width), "muted"),
            sizes,
            *([Span(left(f"  {parent}", parent_width), "faint")] if parent_width else ()),
        )
    )


def _sizes(moment: Moment, measures: Measures, key_width: int, size_width: int) -> Span:
    measure = measures.get(moment.commit_ts)
    if measure is None:
        unknown = "—" if moment.commit_ts in measures else "…"
        return Span(right(unknown, key_width + size_width), "faint")
    keys, weight = plural(measure.key_count, "key"), size(measure.size_bytes)
    return Span(right(keys, key_width) + right(weight, size_width), "muted")
