"""Two runs beside each other: rows of aligned events, where both playheads are at each, and what differs there."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy

from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.words import plural

if TYPE_CHECKING:
    from playhead import EventHeader, Store
    from playhead.compare import Comparison, Pair
    from playhead.cursor import Cursor

KEYS_SHOWN = 200
"""Keys whose values are read where states differ; of more, it is told how many there are."""


class PairHeaders(NamedTuple):
    """The events of a row; None where a run has none there."""

    a: EventHeader | None
    b: EventHeader | None


@dataclass(frozen=True, slots=True, eq=False)
class StateDifference:
    """How the two states differ behind a row."""

    row: int
    count: int
    """Keys that differ."""
    tree: ChangeTree
    """At most `KEYS_SHOWN` of them, with their values."""


class TwoRuns:
    """What a comparison found, by the row. What reads from disk is for the cursors' thread; the rest is at hand."""

    def __init__(
        self,
        names: tuple[str, str],
        cursors: tuple[Cursor, Cursor],
        comparison: Comparison,
        *,
        every_agent: bool,
        opened: Store | None = None,
    ) -> None:
        """opened: the second run's store, where it was opened for this: `close` closes it."""
        self.names = names
        self.heads = (cursors[0].head, cursors[1].head)
        self.imported = (cursors[0].store.imported is not None, cursors[1].store.imported is not None)
        self.pairs: tuple[Pair, ...] = comparison.pairs
        self._cursors, self._every_agent, self._opened = cursors, every_agent, opened
        # A row without an event of one run leaves that run's playhead where it was.
        self._commits = [
            numpy.maximum.accumulate(numpy.array([pair[side] or 0 for pair in self.pairs], numpy.int64))
            for side in (0, 1)
        ]
        # A stretch of events that do not match ends where both runs have come to its end.
        self.divergences = sorted(
            {
                max(self.row_at(side, commit_ts) for side in (0, 1) if (commit_ts := each.pair[side]))
                for each in comparison.divergences
            }
        )
        """The rows behind which the states part, ascending."""
        self._diverging = frozenset(self.divergences)
        self.summary = self._summed_up(comparison)
        """`3 divergences · 2 keys differ at the end · 27 alike · 1 instead · 2 only in A · 0 only in B`"""

    def row_at(self, side: int, commit_ts: int) -> int:
        """The first row at which a run's playhead has come to a commit, or the last row there is."""
        row = int(numpy.searchsorted(self._commits[side], commit_ts, side="left"))
        return max(0, min(row, len(self.pairs) - 1))

    def commits(self, row: int) -> tuple[int, int]:
        """Where both playheads are at a row; 0 before a run's first event."""
        return (int(self._commits[0][row]), int(self._commits[1][row])) if self.pairs else (0, 0)

    def diverges(self, row: int) -> bool:
        """Whether values differ behind this row that were the same before it."""
        return row in self._diverging

    def next_divergence(self, row: int, direction: int) -> int | None:
        """The row of the next divergence, or of the one before (negative); None where there is none."""
        rows = self.divergences
        at = bisect_right(rows, row) if direction > 0 else bisect_left(rows, row) - 1
        return rows[at] if 0 <= at < len(rows) else None

    def _summed_up(self, comparison: Comparison) -> str:
        counts = comparison.events
        parted = "The states never part"
        if self.divergences:
            differing = len(comparison.differing)
            end = "1 key differs" if differing == 1 else f"{plural(differing, 'key')} differ"
            parted = f"{plural(len(self.divergences), 'divergence')} · {end} at the end"
        return (
            f"{parted} · {counts.alike:,} alike · {counts.instead:,} instead"
            f" · {counts.only_a:,} only in A · {counts.only_b:,} only in B"
        )

    # ── read from disk ───────────────────────────────────────────────────────────────────────────────────────────────

    def headers(self, rows: Iterable[int]) -> dict[int, PairHeaders]:
        """The events of some rows that are near each other."""
        wanted = list(rows)
        sides = []
        for side, cursor in enumerate(self._cursors):
            commits = [commit_ts for row in wanted if (commit_ts := self.pairs[row][side])]
            sides.append({header.commit_ts: header for header in cursor.track.headers(commits)})
        return {
            row: PairHeaders(sides[0].get(self.pairs[row].a or 0), sides[1].get(self.pairs[row].b or 0))
            for row in wanted
        }

    def difference(self, row: int, width: int) -> StateDifference:
        """How the states differ behind a row."""
        from playhead.parted import changes, differences

        at, (a, b) = self.commits(row), self._cursors
        found = differences(a, at[0], b, at[1], every_agent=self._every_agent)
        return StateDifference(row, len(found), ChangeTree(changes(a, b, found[:KEYS_SHOWN]), width))

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
