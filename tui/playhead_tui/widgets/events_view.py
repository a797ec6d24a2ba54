"""The list of events; its cursor is the playhead."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from textual.message import Message

from playhead import EventHeader
from playhead_tui.bindings import take_count
from playhead_tui.drawing.event_columns import COLUMNS, Column, Told, shown_columns
from playhead_tui.drawing.event_lines import (
    EventLook,
    EventStyle,
    TurnLook,
    badge_of,
    event_line,
    struck_through,
    turn_line,
)
from playhead_tui.drawing.span import Line, printable
from playhead_tui.drawing.words import count
from playhead_tui.event_rows import EventRows, Folds, Heading
from playhead_tui.frame import Frame, moment_of
from playhead_tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from playhead.figures import Figures

_HEADERS_MAX = 4_096
_MADE_MAX = 512


class EventsView(LinesView):
    """Rows are fetched when they come into view; `j` and `k` move the playhead, not a cursor of their own."""

    class Stepped(Message):
        """The playhead should move by so many events."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class Lacking(Message):
        """Events came into view that are not known yet; counted among those to stop at."""

        def __init__(self, stops: list[int]) -> None:
            super().__init__()
            self.stops = stops

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, EventsView.Lacking)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._rows = EventRows(0)
        self._rows_of: object = None
        self._columns: tuple[Column, ...] = COLUMNS
        self._folds = Folds()
        self._told = Told()
        self._headers: dict[int, EventHeader] = {}
        """By the event's place among those to stop at."""
        self._figures: dict[int, Figures] = {}
        """By commit_ts."""
        self._made: dict[int, tuple[object, Line]] = {}
        self._source: object = None
        self._snapshots: Container[int] = frozenset()
        self._hits: Container[int] = frozenset()
        self._marks: Mapping[int, str] = {}
        self._asked: list[int] = []
        self._struck: Container[int] = frozenset()

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────────────────────

    def show(self, frame: Frame) -> None:
        source = (frame.agent if frame.follow_agent else None, frame.event_filter)
        if source != self._source or len(self._headers) > _HEADERS_MAX:
            self._headers.clear()
            self._asked = []
        self._frame, self._source = frame, source
        self._take(frame.headers, frame.figures)
        self._marks = {commit_ts: name for name, commit_ts in frame.marks.items()}
        self._arrange()

    def _take(self, headers: Mapping[int, EventHeader], figures: Mapping[int, Figures]) -> None:
        self._headers.update(headers)
        if len(self._figures) > _HEADERS_MAX:
            self._figures.clear()
        self._figures.update(figures)
        self._told = Told(
            self._frame is not None and self._frame.agent_count > 1,
            # Once there was one, the column stays: it would come and go with every page.
            self._told.tokens or any(of.tokens for of in figures.values()),
            self._told.cost or any(of.cost_usd for of in figures.values()),
        )

    def _arrange(self) -> None:
        """Lay the rows out, where turns or folds differ, and put the cursor on the playhead's."""
        frame = self._frame
        if frame is None:
            return
        rows_of = (frame.stop_count, frame.turns, self._folds)
        known = self._rows_of
        if (
            not isinstance(known, tuple)
            or known[0] != rows_of[0]
            or known[1] is not rows_of[1]
            or known[2] != rows_of[2]
        ):
            self._rows_of, self._rows = rows_of, EventRows(*rows_of)
        self.cursor = self._rows.row_of(frame.row)
        self.update_lines(self.cursor)

    def forget_run(self) -> None:
        """Begin anew with another store."""
        self._headers.clear()
        self._figures.clear()
        self._made.clear()
        self._told, self._source, self._folds = Told(), None, Folds()

    def show_columns(self, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        self.update_lines()

    def fold(self, folds: Folds) -> None:
        self._folds = folds
        self._arrange()

    @property
    def folds(self) -> Folds:
        return self._folds

    def show_signs(self, snapshots: Container[int], hits: Container[int]) -> None:
        """Which commits have a snapshot, and which were found by a search."""
        self._snapshots, self._hits = snapshots, hits
        self.update_lines()

    def show_struck(self, struck: Container[int]) -> None:
        """Which events are struck through."""
        self._struck = struck
        self.update_lines()

    def add(self, headers: Mapping[int, EventHeader], figures: Mapping[int, Figures]) -> None:
        """Take what was lacking."""
        if headers.items() <= self._headers.items() and figures.items() <= self._figures.items():
            return
        self._take(headers, figures)
        self._asked = []
        self.update_lines()

    # ── what rows are ────────────────────────────────────────────────────────────────────────────────────────────────

    def header_at(self, row: int) -> EventHeader | None:
        """The event that a row shows; None for a heading, and for what is not known yet."""
        shown = self._rows.at(row)
        return self._headers.get(shown) if isinstance(shown, int) else None

    def heading_at(self, row: int) -> Heading | None:
        """The turn whose heading a row is."""
        shown = self._rows.at(row) if 0 <= row < self._rows.count else 0
        return shown if isinstance(shown, Heading) else None

    @property
    def playhead_turn(self) -> Heading | None:
        """The turn that the playhead is in, where there are turns."""
        frame = self._frame
        if frame is None or frame.turns is None or frame.row < 0:
            return None
        return self._rows.heading_of(frame.row)

    @property
    def stops_in_view(self) -> range:
        """The events in view, counted among those to stop at; with folds, all from the first to the last of them."""
        stops = self._rows.stops_in(self.visible_range)
        return range(stops[0], stops[-1] + 1) if stops else range(0)

    def line_count(self) -> int:
        return self._rows.count

    def line(self, index: int, width: int) -> Line:
        frame = self._frame
        assert frame is not None
        shown = self._rows.at(index)
        if isinstance(shown, Heading):
            return self._turn_line(shown, frame, width)
        header = self._headers.get(shown)
        style = self._style(frame, width)
        if header is None:
            self._ask_for_visible()
            # Where every event is one to stop at, its place is its number.
            commit_ts = shown + 1 if frame.stop_count == frame.head else None
            return event_line(None, EventLook("▶" if shown == frame.row else ""), style, commit_ts)
        commit_ts = header.commit_ts
        looks = (self._look(header, _pointer(header, shown, frame)), style)
        made = self._made.get(commit_ts)
        if made is None or made[0] != looks:
            if len(self._made) >= _MADE_MAX:
                self._made.clear()
            made = self._made[commit_ts] = (looks, event_line(header, *looks))
        return struck_through(made[1]) if commit_ts in self._struck else made[1]

    def _style(self, frame: Frame, width: int) -> EventStyle:
        number_width = len(count(frame.head))
        columns = shown_columns(self._columns, self._told, number_width, width)
        return EventStyle(columns, number_width, width, frame.imported)

    def _look(self, header: EventHeader, pointer: str) -> EventLook:
        commit_ts = header.commit_ts
        badge = badge_of(self._marks.get(commit_ts, ""), commit_ts in self._snapshots)
        figures = self._figures.get(commit_ts)
        if figures is None:
            return EventLook(pointer, badge, commit_ts in self._hits)
        names = [agent.agent_id for agent in figures.agents]
        agent = printable(names[0]) + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else ""
        return EventLook(
            pointer, badge, commit_ts in self._hits, agent, figures.seconds, figures.tokens, figures.cost_usd
        )

    def _turn_line(self, heading: Heading, frame: Frame, width: int) -> Line:
        first = self._headers.get(heading.first)
        if first is None:
            self._ask_for_visible()
        holds = heading.first <= frame.row < heading.first + heading.events
        begins = first is not None and first.commit_ts == heading.start and heading.number > 0
        return turn_line(
            TurnLook(
                heading.number,
                heading.events,
                heading.errors,
                heading.is_folded,
                holds,
                None if first is None else moment_of(first, frame.imported),
                first.label if first is not None and begins and heading.is_folded else "",
            ),
            width,
        )

    def _ask_for_visible(self) -> None:
        asked = [stop for stop in self._rows.stops_in(self.visible_range) if stop not in self._headers]
        if asked and asked != self._asked:
            self._asked = asked
            self.post_message(self.Lacking(asked))

    # ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    def action_row(self, direction: int) -> None:
        self.post_message(self.Stepped(direction * (take_count(self) or 1)))

    def action_page(self, direction: int) -> None:
        self.post_message(self.Stepped(direction * (take_count(self) or 1) * max(1, self.area.height - 1)))

    def action_first(self) -> None:
        take_count(self)
        self.post_message(self.Stepped(-self._stop_count))

    def action_last(self) -> None:
        take_count(self)
        self.post_message(self.Stepped(self._stop_count))

    @property
    def _stop_count(self) -> int:
        return self._frame.stop_count if self._frame is not None else 0


def _pointer(header: EventHeader, stop: int, frame: Frame) -> str:
    if stop != frame.row:
        return ""
    return "▶" if header.commit_ts == frame.position else "▹"
