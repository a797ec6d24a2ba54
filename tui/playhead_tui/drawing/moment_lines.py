"""Rows of the snapshot list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from playhead_tui.drawing.span import Line, Span, left, printable, right
from playhead_tui.drawing.words import count


@dataclass(frozen=True, slots=True)
class Moment:
    """A row of the snapshot list: a snapshot, or the playhead."""

    commit_ts: int
    id: int | None = None
    label: str | None = None
    taken: float | None = None
    """Seconds since the epoch."""
    parent: int | None = None

    @property
    def name(self) -> str:
        if self.id is None:
            return f"the playhead, commit {count(self.commit_ts)}"
        label = f" “{printable(self.label)}”" if self.label else ""
        return f"snapshot {self.id}{label}, commit {count(self.commit_ts)}"


def moment_line(moment: Moment, tagged: bool, width: int) -> Line:
    """`• ◆ 3  before refactor   412   14:03:22   after 2`"""
    tag = Span("• " if tagged else "  ", "playhead")
    commit = Span(right(count(moment.commit_ts), 11) + "  ", "text")
    if moment.id is None:
        return Line((tag, Span("▼ ", "playhead"), Span(left("the playhead", max(8, width - 17)), "playhead"), commit))
    taken = f"{datetime.fromtimestamp(moment.taken or 0, UTC).astimezone():%Y-%m-%d %H:%M}"
    parent = f"after {moment.parent}" if moment.parent is not None else "first"
    end = [commit, Span(taken + "  ", "muted"), Span(left(parent, 10), "muted")]
    room = max(8, width - 4 - 5 - 13 - 18 - 10)
    label = Span(left(printable(moment.label or "—"), room), "text" if moment.label else "faint")
    return Line((tag, Span("◆ ", "accent"), Span(left(str(moment.id), 5), "strong"), label, *end))
