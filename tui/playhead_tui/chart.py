"""A run's arrays gathered into the columns of the timeline, off the event loop."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy
import numpy.typing

from playhead.activity import AgentActivity
from playhead_tui.drawing.span import Role, printable
from playhead_tui.drawing.timeline_lines import BLOCKS, Chart, Lane, Track
from playhead_tui.drawing.words import plural
from playhead_tui.number_history import NumberHistory
from playhead_tui.scale import Scale, clock_scale, sequence_scale
from playhead_tui.window import Window

if TYPE_CHECKING:
    from playhead.conditions import Series
    from playhead.cursor import Cursor

Integers = numpy.typing.NDArray[numpy.int64]
Booleans = numpy.typing.NDArray[numpy.bool_]
Floats = numpy.typing.NDArray[numpy.float64]


CHANGES = " ⣀⣤⣶⣿"
"""More dots, more changes. Not the blocks, which are amounts and values."""


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
    agent_count: int = 1
    is_timed: bool = True
    """Whether the run says when its events happened."""
    lacks: bool = False
    """Whether `read_more` would bring something that belongs here."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the timeline is to show."""

    columns: int
    window: Window | None = None
    """None for the whole run, however long it becomes."""
    by_clock: bool = False
    lanes: int = 0
    """How many agents have a line of their own; the last stands for all others where there are more."""
    asked: Sequence[Happening | Course] = field(default=(), compare=False)
    """What was asked of the past, each with a line of its own."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Commits to look at, ascending; where `ends` is given, each begins a stretch that lasts up to another commit."""

    label: str
    sign: str
    role: Role
    commits: Integers
    ends: Integers | None = None

    def track(self, scale: Scale) -> Track:
        """A sign in each column that has one of the commits, or belongs to one of the stretches."""
        counts = numpy.diff(numpy.searchsorted(self.commits, scale.starts))
        there = counts > 0
        if self.ends is not None:
            # A stretch that began before a column and has not ended before it reaches into it.
            # Where no commit stands in a column, it shows the one that came before.
            shown = scale.starts[:-1] - (scale.starts[1:] == scale.starts[:-1])
            begun = numpy.searchsorted(self.commits, shown, side="right")
            over = numpy.searchsorted(self.ends, shown, side="left")
            there |= begun > over
        return Track(self.label, "".join(numpy.where(there, self.sign, " ").tolist()), self.role)


@dataclass(frozen=True, slots=True)
class Course:
    """What a value was: from each of these ascending commits on, until the next."""

    label: str
    commits: Integers
    values: Sequence[Any]

    def track(self, scale: Scale) -> Track:
        """How it went where there are numbers; how often it changed otherwise."""
        ends = numpy.searchsorted(self.commits, scale.starts)
        at = [self.values[row] if row >= 0 else None for row in (ends[1:] - 1).tolist()]
        numbers = [value if isinstance(value, int | float) and not isinstance(value, bool) else None for value in at]
        if any(number is not None for number in numbers):
            return Track(self.label, _sparkline(numbers), "number")
        return Track(self.label, _changes(numpy.diff(ends), [value is not None for value in at]), "changed")


def course_of(label: str, series: Series) -> Happening | Course:
    """The track of an expression's values: a stretch wherever it was true, where it is a condition."""
    commits, values = numpy.array(series.commits, numpy.int64), series.values
    if not values or any(value is not None and not isinstance(value, bool) for value in values):
        return Course(label, commits, values)
    begins = [row for row, value in enumerate(values) if value]
    ends = numpy.append(commits[1:] - 1, numpy.iinfo(numpy.int64).max)
    return Happening(label, "━", "changed", commits[begins], ends[begins])


class SignReader:
    """Reads signs on the cursor's thread, from arrays that are read once: what it costs depends on the columns."""

    def __init__(self) -> None:
        self._numbers = NumberHistory()
        self._times: tuple[int, Integers] = (0, numpy.zeros(0, numpy.int64))
        self._own: tuple[object, AgentActivity] = (None, AgentActivity())
        self._lacking_numbers: list[int] = []

    def read(self, cursor: Cursor, wish: Wish) -> Signs:
        head = cursor.head
        snapshots = numpy.array(sorted({each.commit_ts for each in cursor.store.snapshots()}), numpy.int64)
        agents = cursor.agents()
        lanes = wish.lanes if len(agents) > 1 else 0
        lacks_agents = bool(lanes) and cursor.activity.lacks_agents(cursor.store.view())
        times = self._clock(cursor)
        chart = Chart()
        if head and wish.columns > 0:
            chart = self._chart(cursor, wish, times, snapshots, lanes if cursor.activity.agents_head else 0)
        return Signs(
            chart,
            CommitSet(snapshots),
            CommitSet(cursor.hits),
            len(cursor.track.errors),
            len(cursor.hits),
            len(snapshots),
            len(agents),
            bool(len(times)),
            lacks_agents or bool(self._lacking_numbers),
        )

    def read_more(self, cursor: Cursor, wish: Wish) -> None:
        """Read one piece of what `Signs.lacks` told of."""
        view = cursor.store.view()
        if wish.lanes and len(cursor.agents()) > 1 and cursor.activity.lacks_agents(view):
            cursor.activity.read_agents(view)
        elif self._lacking_numbers:
            lacking, self._lacking_numbers = self._lacking_numbers, []
            newest = cursor.timeline.record(cursor.selection or "", max(lacking)).value
            self._numbers.read(cursor, lacking, newest)

    def _chart(self, cursor: Cursor, wish: Wish, times: Integers, snapshots: Integers, lanes: int) -> Chart:
        head = cursor.head
        window = wish.window or Window(1, head)
        by_clock = wish.by_clock and bool(len(times))
        scale = (clock_scale if by_clock else sequence_scale)(window, wish.columns, times)
        totals = cursor.activity.totals(cursor.store.view())
        # All events, or those of the agent, where steps keep to it.
        everything = numpy.diff(totals[scale.starts - 1])
        operations = self._of_agent(cursor, totals).between(scale.starts) if cursor.follow_agent else everything
        happenings = [
            Happening("hits", "•", "warning", cursor.hits),
            Happening("errors", "×", "error", cursor.track.errors),
            Happening("snapshots", "◆", "accent", snapshots),
        ]
        signs = [happening.track(scale) for happening in happenings]
        return Chart(
            head=head,
            window=window,
            by_clock=by_clock,
            starts=scale.starts[:-1].tolist(),
            heights=_heights(operations, scale, by_clock),
            errors=[column for column, sign in enumerate(signs[1].cells) if sign != " "],
            signs=(*signs, _mark_track(cursor.marks, window, scale)),
            tracks=(*self._tracks(cursor, scale), *(asked.track(scale) for asked in wish.asked)),
            lanes=_lanes(cursor, scale, by_clock, everything, lanes),
            folds=scale.folds,
            ticks=scale.ticks,
            other_ticks=scale.other_ticks,
        )

    def _tracks(self, cursor: Cursor, scale: Scale) -> tuple[Track, ...]:
        """The changes of the selected value: how it went where it is a number, where it changed otherwise."""
        self._lacking_numbers = []
        key = cursor.selection
        if key is None or cursor.agent is None:
            return ()
        _, commits, exists = cursor.timeline.history(key)
        ends = numpy.searchsorted(commits, scale.starts)
        rows = ends[1:] - 1
        # The last version at or before the end of each column: what the value was when the column was over.
        written = [row >= 0 and bool(exists[row]) for row in rows.tolist()]
        at = [int(commits[row]) if there else 0 for row, there in zip(rows.tolist(), written, strict=True)]
        self._lacking_numbers = self._numbers.lacking(cursor.agent, key, sorted(set(at) - {0}))
        member, numbers = self._numbers.at(at)
        changes = _changes(numpy.diff(ends), written)
        if any(number is not None for number in numbers):
            label = f"{key}.{member}" if member else key
            return (Track(printable(label), _sparkline(numbers), "number", changes),)
        return (Track(printable(key), changes, "changed"),)

    def _clock(self, cursor: Cursor) -> Integers:
        """When each event happened, microseconds since the epoch, ascending (S29); empty where no event says so."""
        head, track = cursor.head, cursor.track
        if self._times[0] != head:
            times = track.times
            if cursor.store.imported is not None:
                # Where the log tells no time there is only that of the import, which says nothing about the run.
                times = _known_times(times, cursor.activity.is_timed(cursor.store.view())[:head])
            self._times = (head, numpy.maximum.accumulate(times))
        return self._times[1]

    def _of_agent(self, cursor: Cursor, totals: Integers) -> AgentActivity:
        """The events that touch the cursor's agent, whoever else they touch."""
        touched = cursor.timeline.commits
        key = (cursor.agent, len(touched))
        if self._own[0] != key:
            own = AgentActivity()
            own.add(touched, totals[touched] - totals[touched - 1])
            self._own = (key, own)
        return self._own[1]


def _known_times(times: Integers, known: Booleans) -> Integers:
    """The times with every unknown one the same as the known one before it; empty where none is known."""
    if not known.any():
        return times[:0]
    rows = numpy.maximum.accumulate(numpy.where(known, numpy.arange(len(times)), int(known.argmax())))
    return times[rows]


def _lanes(cursor: Cursor, scale: Scale, by_clock: bool, operations: Integers, most: int) -> tuple[Lane, ...]:
    """The current agent, then those that did most, then all others together. operations: everybody's, by column."""
    if not most:
        return ()
    agents = cursor.activity.agents
    one_namespace = len({agent.namespace for agent in agents}) <= 1
    order = sorted(agents, key=lambda agent: (agent != cursor.agent, -int(agents[agent].totals[-1]), agent))
    shown = order if len(order) <= most else order[: most - 1]
    amounts = [agents[agent].between(scale.starts) for agent in shown]
    names = [agent.agent_id if one_namespace else str(agent) for agent in shown]
    top = max((float(_scaled(amount, scale, by_clock).max()) for amount in amounts), default=0.0)
    lanes = [
        Lane(agent, name, _heights(amount, scale, by_clock, top), agent == cursor.agent)
        for agent, name, amount in zip(shown, names, amounts, strict=True)
    ]
    if others := len(order) - len(shown):
        rest = operations - sum(amounts)
        top = max(top, float(_scaled(rest, scale, by_clock).max()))
        lanes.append(Lane(None, plural(others, "other"), _heights(rest, scale, by_clock, top), False))
    return tuple(lanes)


def _mark_track(marks: dict[str, int], window: Window, scale: Scale) -> Track:
    cells = [" "] * (len(scale.starts) - 1)
    for name, commit_ts in marks.items():
        if commit_ts in window:
            cells[int(scale.columns_of(numpy.array([commit_ts]))[0])] = name[:1]
    return Track("marks", "".join(cells), "strong")


def _changes(counts: Integers, exists: Sequence[bool]) -> str:
    """Dots for how often a key changed in each column; − where it was gone in the end."""
    most = max(2, int(counts.max(initial=0)))
    levels = numpy.ceil(numpy.log1p(counts) / numpy.log1p(most) * (len(CHANGES) - 1)).astype(numpy.int64).tolist()
    return "".join(
        " " if not level else CHANGES[level] if there else "−" for level, there in zip(levels, exists, strict=True)
    )


def _sparkline(numbers: Sequence[float | None]) -> str:
    known = [number for number in numbers if number is not None]
    least, most = min(known), max(known)
    if most == least:
        return "".join(" " if number is None else BLOCKS[4] for number in numbers)
    return "".join(
        " " if number is None else BLOCKS[1 + round((number - least) / (most - least) * 7)] for number in numbers
    )


def _scaled(operations: Integers, scale: Scale, by_clock: bool) -> Floats:
    """How much happened on a logarithmic scale, so that one burst does not flatten all the rest.

    In sequence, what an event did on average; by the clock, how much there was in all.
    """
    events = numpy.diff(scale.starts)
    amounts = operations.astype(numpy.float64)
    if not by_clock:
        amounts = amounts / numpy.maximum(events, 1)
        # Where a commit is wider than a column, it stands in all that it covers.
        covering = numpy.maximum.accumulate(numpy.where(events > 0, numpy.arange(len(events)), 0))
        amounts = amounts[covering]
    return numpy.log1p(amounts)


def _heights(operations: Integers, scale: Scale, by_clock: bool, top: float | None = None) -> tuple[float, ...]:
    """Between the least and the most of what there is to show; up to `top`, where several are to be compared."""
    scaled = _scaled(operations, scale, by_clock)
    there = scaled > 0
    if not there.any():
        return (0.0,) * len(scaled)
    least, most = (float(scaled[there].min()), float(scaled.max())) if top is None else (0.0, top)
    if most == least:
        return tuple(numpy.where(there, 0.4, 0).tolist())
    return tuple(numpy.where(there, 0.12 + 0.88 * (scaled - least) / (most - least), 0).tolist())
