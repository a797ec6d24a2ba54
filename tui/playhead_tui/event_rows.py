"""The rows of the event list: every event there is to stop at, and with turns a heading above each of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from playhead.turns import Turns


class Heading(NamedTuple):
    """The row above a turn."""

    turn: int
    """Which of the turns, from 0."""
    number: int
    first: int
    """Its first event, counted among those to stop at."""
    start: int
    """The commit that it begins with."""
    events: int
    errors: int
    is_folded: bool


class Folds(NamedTuple):
    """Which turns are folded, by the commit that they begin with."""

    toggled: frozenset[int] = frozenset()
    all: bool = False
    """Whether those are folded that were not toggled."""

    def with_toggled(self, start: int) -> Folds:
        return Folds(self.toggled ^ {start}, self.all)


NO_FOLDS = Folds()


class EventRows:
    """Maps rows of the list to events and back. Without turns, they are the same."""

    def __init__(self, stop_count: int, turns: Turns | None = None, folds: Folds = NO_FOLDS) -> None:
        self._turns = turns
        if turns is None:
            self.count = stop_count
            return
        import numpy  # which the first paint need not wait for

        toggled = numpy.isin(turns.starts, list(folds.toggled))
        self._folded = toggled != folds.all
        shown = numpy.where(self._folded, 0, turns.counts)
        edges = numpy.concatenate([[0], numpy.cumsum(shown + 1)])
        self._headings = edges[:-1]
        self.count = int(edges[-1])

    def at(self, row: int) -> Heading | int:
        """What a row shows: a turn's heading, or an event, counted among those to stop at."""
        turns = self._turns
        if turns is None:
            return row
        turn = int(self._headings.searchsorted(row, side="right")) - 1
        below = row - int(self._headings[turn])
        return int(turns.rows[turn]) + below - 1 if below else self._heading(turns, turn)

    def heading_of(self, stop: int) -> Heading | None:
        """The heading of the turn that an event is in; None without turns."""
        return None if self._turns is None else self._heading(self._turns, self._turns.of_row(stop))

    def _heading(self, turns: Turns, turn: int) -> Heading:
        columns = (turns.numbers, turns.rows, turns.starts, turns.counts, turns.errors)
        number, first, start, events, errors = (int(column[turn]) for column in columns)
        return Heading(turn, number, first, start, events, errors, bool(self._folded[turn]))

    def row_of(self, stop: int) -> int:
        """The row that shows an event, or the heading of the folded turn that it is in; 0 before the first."""
        turns = self._turns
        if turns is None or stop < 0:
            return max(stop, 0)
        turn = turns.of_row(stop)
        heading = int(self._headings[turn])
        return heading if self._folded[turn] else heading + 1 + stop - int(turns.rows[turn])

    def stops_in(self, rows: range) -> list[int]:
        """The events that rows need to know: those shown, and the first of each turn whose heading is."""
        if self._turns is None:
            return list(rows)
        shown = (self.at(row) for row in rows)
        return sorted({found.first if isinstance(found, Heading) else found for found in shown})
