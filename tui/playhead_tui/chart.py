"""A run's arrays gathered into the columns of the timeline, off the event loop."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy
import numpy.typing

from playhead_tui.drawing.timeline_lines import Chart, column_of

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor

Integers = numpy.typing.NDArray[numpy.int64]
Floats = numpy.typing.NDArray[numpy.float64]


class CommitSet(Container[int]):
    """Ascending commits, asked one by one. A set of a million of them would take the event loop's time to build."""

    def __init__(self, commits: Integers) -> None:
        self._commits = commits

    def __contains__(self, commit_ts: object) -> bool:
        if not isinstance(commit_ts, int):
            return False
        row = int(numpy.searchsorted(self._commits, commit_ts))
        return row < len(self._commits) and int(self._commits[row]) == commit_ts


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands beside commits, for the timeline and for the event list."""

    chart: Chart = field(default_factory=Chart)
    snapshots: Container[int] = frozenset()
    hits: Container[int] = frozenset()
    error_count: int = 0
    hit_count: int = 0
    snapshot_count: int = 0


class SignReader:
    """Reads signs on the cursor's thread; how many operations each event has is read once and then only what is new."""

    def __init__(self) -> None:
        self._operations: Integers = numpy.zeros(0, numpy.int64)

    def read(self, cursor: Cursor, columns: int) -> Signs:
        head = cursor.head
        snapshots = numpy.array(sorted({each.commit_ts for each in cursor.store.snapshots()}), numpy.int64)
        activity = self._activity(cursor.store, head).astype(numpy.float64)
        if cursor.follow_agent:
            touched = numpy.zeros(head, numpy.bool_)
            touched[cursor.timeline.commits - 1] = True
            activity = numpy.where(touched, activity, 0)
        marks = {column_of(commit_ts, head, columns): name for name, commit_ts in cursor.marks.items()}
        chart = Chart(
            head=head,
            heights=_heights(activity, columns),
            errors=_columns_of(cursor.track.errors, head, columns),
            hits=_columns_of(cursor.hits, head, columns),
            snapshots=_columns_of(snapshots[snapshots > 0], head, columns),
            marks=marks,
        )
        return Signs(
            chart,
            CommitSet(snapshots),
            CommitSet(cursor.hits),
            len(cursor.track.errors),
            len(cursor.hits),
            len(snapshots),
        )

    def _activity(self, store: Store, head: int) -> Integers:
        """Operations of every event up to the head."""
        known = len(self._operations)
        if known < head:
            found = store.sql(
                f"SELECT operation_count FROM events WHERE commit_ts BETWEEN {known + 1} AND {head} ORDER BY commit_ts"
            )
            newer = found.column(0).to_numpy().astype(numpy.int64)
            self._operations = numpy.concatenate([self._operations, newer])
        return self._operations[:head]


def _columns_of(commits: Integers, head: int, columns: int) -> frozenset[int]:
    if not head or not columns or not len(commits):
        return frozenset()
    return frozenset(numpy.unique((commits - 1) * columns // head).tolist())


def _heights(activity: Floats, columns: int) -> tuple[float, ...]:
    """The mean of each column on a logarithmic scale, so that one burst does not flatten all the rest."""
    head = len(activity)
    if not head or not columns:
        return (0.0,) * columns
    if head <= columns:
        means = activity[numpy.arange(columns) * head // columns]
    else:
        places = numpy.arange(head) * columns // head
        sums = numpy.bincount(places, weights=activity, minlength=columns)
        means = sums / numpy.maximum(numpy.bincount(places, minlength=columns), 1)
    scaled = numpy.log1p(means)
    most, least = float(scaled.max()), float(scaled.min())
    if most == 0:
        return (0.0,) * columns
    if most == least:
        return (0.4,) * columns
    return tuple(numpy.where(means > 0, 0.12 + 0.88 * (scaled - least) / (most - least), 0).tolist())
