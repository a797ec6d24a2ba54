"""A run in turns: each begins where somebody speaks to the agent, and lasts until they speak again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from playhead.timeline import Integers
from playhead.track import Track


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns that have events to stop at, as arrays of equal length, oldest first."""

    numbers: Integers
    """From 1; 0 for what happened before anybody spoke."""
    starts: Integers
    """The commit that each begins with."""
    rows: Integers
    """The first of its events among those to stop at, from 0."""
    counts: Integers
    """How many of its events there are to stop at."""
    errors: Integers
    """How many of these are errors."""

    def __len__(self) -> int:
        return len(self.starts)

    def of_row(self, row: int) -> int:
        """The turn that an event to stop at belongs to, counted from 0; -1 before the first."""
        return int(numpy.searchsorted(self.rows, row, side="right")) - 1


def turns_of(track: Track, stops: Integers | None) -> Turns:
    """The turns of a run; `stops` are the commits to stop at, ascending, None for all of them."""
    spoken = track.users
    if not track.head:
        none = numpy.zeros(0, numpy.int64)
        return Turns(none, none, none, none, none)
    has_opening = not len(spoken) or int(spoken[0]) != 1
    starts = numpy.concatenate([[1], spoken]).astype(numpy.int64) if has_opening else spoken
    numbers = numpy.arange(len(starts)) + (0 if has_opening else 1)
    edges = numpy.append(starts, track.head + 1)
    if stops is None:
        rows, errors = edges - 1, track.errors
    else:
        rows = numpy.searchsorted(stops, edges)
        errors = stops[numpy.isin(stops, track.errors, assume_unique=True)]
    counts, failed = numpy.diff(rows), numpy.diff(numpy.searchsorted(errors, edges))
    kept = counts > 0
    return Turns(numbers[kept], starts[kept], rows[:-1][kept], counts[kept], failed[kept])
