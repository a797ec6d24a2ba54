"""The events that a cursor stops at: all of them, one agent's, or those that a filter keeps; and their turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

from playhead.model import EventHeader
from playhead.timeline import Integers, Timeline
from playhead.turns import Turns, turns_of
from playhead.verbs import Verbs

if TYPE_CHECKING:
    from playhead.event_filter import EventFilter


class EventList(Verbs):
    """Rows from 0, each an event to stop at, in commit order."""

    def __init__(self) -> None:
        super().__init__()
        self.follow_agent = False
        """Whether steps and the event list keep to events that touch the agent."""
        self._filter: EventFilter | None = None
        self._fitting: Integers = numpy.zeros(0, numpy.int64)
        self._fitting_head = 0
        self._narrowed: tuple[object, Integers | None] = ((), None)
        self._turns: tuple[int, Integers | None, Turns] | None = None

    @property
    def timeline(self) -> Timeline:
        raise NotImplementedError

    @property
    def filter(self) -> EventFilter | None:
        """What steps and the event list keep to; None for every event."""
        return self._filter

    def keep_to(self, kept: EventFilter | None) -> int:
        """Let steps and the event list keep to events that fit; returns how many do. The playhead stays."""
        self._filter, self._fitting, self._fitting_head = kept, self._fitting[:0], 0
        return self.stop_count

    def keep_to_same(self, other: EventList) -> None:
        """Keep to what another list of the same run keeps to; what it has found is not asked for again."""
        self._filter = other._filter
        self.take_stops(other)

    @property
    def stops(self) -> Integers | None:
        """The commits to stop at, ascending; None where that is every one."""
        if self._filter is None:
            return self.timeline.commits if self.follow_agent else None
        key = (self._filter, self.track.head, self.agent if self.follow_agent else None)
        if self._narrowed[0] != key:
            self._narrowed = (key, self._narrow(self._filter))
        return self._narrowed[1]

    def _narrow(self, kept: EventFilter) -> Integers:
        if self._fitting_head < self.track.head:
            # What was committed before never changes: only what is new is asked for.
            new = kept.commits(self.store.history, self.track, self._fitting_head + 1)
            self._fitting, self._fitting_head = numpy.concatenate([self._fitting, new]), self.track.head
        if not self.follow_agent:
            return self._fitting
        touched = numpy.zeros(self.track.head + 1, numpy.bool_)
        touched[self.timeline.commits] = True
        return self._fitting[touched[self._fitting]]

    def take_stops(self, newer: EventList) -> None:
        """Take over what another list with the same filter has found in newer events."""
        if newer._filter is self._filter:
            self._fitting, self._fitting_head = newer._fitting, newer._fitting_head
            self._narrowed = newer._narrowed

    @property
    def stop_count(self) -> int:
        """How many events there are to stop at."""
        stops = self.stops
        return self.track.head if stops is None else len(stops)

    def stop_at(self, row: int) -> int:
        """The commit_ts of a row of the event list."""
        stops = self.stops
        return row + 1 if stops is None else int(stops[row])

    def row_of(self, commit_ts: int) -> int:
        """The last row at or before a commit; -1 before the first."""
        stops = self.stops
        if stops is None:
            return min(commit_ts, self.track.head) - 1
        return int(numpy.searchsorted(stops, commit_ts, side="right")) - 1

    def headers(self, first_row: int, last_row: int) -> list[EventHeader]:
        """The rows first_row … last_row of the event list, as far as they exist."""
        rows = range(max(first_row, 0), min(last_row, self.stop_count - 1) + 1)
        return self.track.headers([self.stop_at(row) for row in rows])

    @property
    def turns(self) -> Turns:
        """The events to stop at, by turn."""
        stops, known = self.stops, self._turns
        if known is None or known[0] != self.track.head or known[1] is not stops:
            known = self._turns = (self.track.head, stops, turns_of(self.track, stops))
        return known[2]
