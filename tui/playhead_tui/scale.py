"""Where commits stand on the timeline: one column after the other, or as the clock went, with long gaps folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy
import numpy.typing

from playhead_tui.drawing.timeline_lines import Fold, Tick
from playhead_tui.drawing.words import count, duration
from playhead_tui.window import Window

Integers = numpy.typing.NDArray[numpy.int64]

FOLD_SECONDS = 60
"""No gap shorter than this is folded."""
_FOLD_SHARE = 8
"""A gap is folded where it would take more than this part of what else there is to show."""
_FOLD_CELLS = 14
"""Columns of the strip for each fold that there may be."""
_TICK_CELLS = 18
_SLOT_TICK_CELLS = 8
"""Where commits are wider than a column, their numbers are short."""
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class Scale:
    """What stands in each column of a strip."""

    starts: Integers
    """Of each column the first commit that stands in it or in a later one; one more at the end, behind the window."""
    folds: tuple[Fold, ...] = ()
    ticks: tuple[Tick, ...] = ()
    """What the scale counts: commits, or the time of day."""
    other_ticks: tuple[Tick, ...] = ()
    """What it does not count."""

    def columns_of(self, commits: Integers) -> Integers:
        return numpy.searchsorted(self.starts[:-1], commits, side="right") - 1


def sequence_scale(window: Window, columns: int, times: Integers) -> Scale:
    """Every commit as wide as any other. times: of every event of the run, ascending; empty where nobody knows."""
    places = numpy.arange(columns + 1, dtype=numpy.int64)
    if window.size >= columns:
        starts = window.first - (-places * window.size // columns)
    else:
        # A commit stands in the first column that it covers; in the others nothing stands.
        starts = window.first + (places - 1) * window.size // columns + 1
        starts[0], starts[-1] = window.first, window.last + 1
    return Scale(starts, (), _commit_ticks(starts, window), _clock_ticks_of_columns(starts, window, times))


def clock_scale(window: Window, columns: int, times: Integers) -> Scale:
    """Every second as wide as any other, but for gaps in which nothing happened: they are folded to their length."""
    shown = times[window.first - 1 : window.last]
    folded = _gaps_to_fold(shown, columns)
    labels = [duration((shown[row + 1] - shown[row]) / 1e6) for row in folded]
    widths = [len(label) + 2 for label in labels]
    bounds = [0, *(row + 1 for row in folded), len(shown)]
    spans = [int(shown[end - 1] - shown[start]) for start, end in pairwise(bounds)]
    cells = _shares(spans, columns - sum(widths))
    edges: list[Integers] = []
    folds: list[Fold] = []
    ticks: list[Tick] = []
    column = 0
    step = _step(sum(spans), columns)
    for piece, (start, end) in enumerate(pairwise(bounds)):
        stretch = shown[start:end]
        places = stretch[0] + numpy.arange(cells[piece]) * max(1, spans[piece]) / cells[piece]
        edges.append(window.first + start + numpy.searchsorted(stretch, places, side="left"))
        ticks += _clock_ticks(int(stretch[0]), spans[piece], column, cells[piece], step)
        column += cells[piece]
        if piece < len(folded):
            edges.append(numpy.full(widths[piece], window.first + end, numpy.int64))
            folds.append(Fold(column, column + widths[piece], labels[piece]))
            column += widths[piece]
    starts = numpy.concatenate([*edges, [window.last + 1]]).astype(numpy.int64)
    return Scale(starts, tuple(folds), tuple(ticks), _commit_ticks(starts, window, by_column=True))


def _gaps_to_fold(shown: Integers, columns: int) -> list[int]:
    """The rows before the gaps that are folded: the longest, as long as each would crowd out what is left."""
    gaps = numpy.diff(shown)
    most = columns // _FOLD_CELLS
    candidates = numpy.flatnonzero(gaps >= FOLD_SECONDS * 1_000_000)
    candidates = candidates[numpy.argsort(gaps[candidates])[::-1][:most]]
    rest, left = int(shown[-1] - shown[0]) if len(shown) else 0, len(gaps)
    folded: list[int] = []
    for row in candidates.tolist():
        gap = int(gaps[row])
        rest, left = rest - gap, left - 1
        # Where all gaps are much the same, none is a gap.
        if gap * _FOLD_SHARE <= rest or gap * left <= 10 * rest:
            break
        folded.append(row)
    return sorted(folded)


def _shares(spans: list[int], cells: int) -> list[int]:
    """The cells of each piece in proportion to its time, one at least, all of them in sum."""
    free, total = cells - len(spans), max(1, sum(spans))
    ends = [0]
    for span in spans:
        ends.append(ends[-1] + span)
    places = [end * free // total for end in ends]
    shares = [1 + after - before for before, after in pairwise(places)]
    shares[-1] += cells - sum(shares)
    return shares


def _commit_ticks(starts: Integers, window: Window, by_column: bool = False) -> tuple[Tick, ...]:
    """Round commits where they stand; by column, whatever commit stands at round distances."""
    columns = len(starts) - 1
    if by_column:
        places = range(0, columns, _TICK_CELLS)
        return tuple(Tick(place, count(int(starts[place]))) for place in places)
    wanted = max(1, columns // (_TICK_CELLS if window.size > columns else _SLOT_TICK_CELLS))
    step = _round_up(window.size / wanted)
    commits = numpy.arange(-(-window.first // step) * step, window.last + 1, step, dtype=numpy.int64)
    places = (numpy.searchsorted(starts[:-1], commits, side="right") - 1).tolist()
    return tuple(Tick(place, count(commit)) for place, commit in zip(places, commits.tolist(), strict=True))


def _round_up(number: float) -> int:
    """1, 2, 5, 10, 20, 50 … : the first that is no less."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if factor * size >= number:
                return factor * size
        size *= 10


def _clock_ticks_of_columns(starts: Integers, window: Window, times: Integers) -> tuple[Tick, ...]:
    if not len(times):
        return ()
    whole_days = times[window.last - 1] - times[window.first - 1] > 86_400_000_000
    places = range(0, len(starts) - 1, _TICK_CELLS)
    commits = [min(max(int(starts[place]), window.first), window.last) for place in places]
    return tuple(
        Tick(place, f"{_local(int(times[commit - 1])):{'%m-%d %H:%M' if whole_days else '%H:%M:%S'}}")
        for place, commit in zip(places, commits, strict=True)
    )


def _step(span: int, columns: int) -> int:
    """Seconds between two marks of the clock."""
    least = span / 1e6 * _TICK_CELLS / max(1, columns)
    return next((step for step in _CLOCK_STEPS if step >= least), _CLOCK_STEPS[-1] * (int(least // 86_400) + 1))


def _clock_ticks(start: int, span: int, column: int, cells: int, step: int) -> list[Tick]:
    """The round times of one stretch; its beginning, where there is none."""
    first = _local(start)
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    passed = (first - midnight).total_seconds()
    at = midnight + timedelta(seconds=-(-passed // step) * step)
    ticks: list[Tick] = []
    while (since := (at - first).total_seconds() * 1e6) <= span and span:
        ticks.append(Tick(column + min(cells - 1, int(since * cells / span)), _clock(at, step)))
        at += timedelta(seconds=step)
    return ticks or [Tick(column, _clock(first, 1))]


def _clock(at: datetime, step: int) -> str:
    if step >= 86_400 or (step >= 60 and at.hour == at.minute == at.second == 0):
        return f"{at:%b %d}"
    return f"{at:%H:%M}" if step >= 60 else f"{at:%H:%M:%S}"


def _local(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1e6, UTC).astimezone()
