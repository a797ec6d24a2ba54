"""The list of events; its cursor is the playhead."""

from __future__ import annotations

from collections.abc import Container, Mapping

from textual.message import Message

from playhead import EventHeader
from playhead_tui.bindings import take_count
from playhead_tui.drawing.event_lines import badge_of, event_line, struck_through
from playhead_tui.drawing.span import Line
from playhead_tui.frame import Frame
from playhead_tui.widgets.lines_view import LinesView

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
        """Rows came into view that are not known yet."""

        def __init__(self, first: int, last: int) -> None:
            super().__init__()
            self.first, self.last = first, last

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, EventsView.Lacking)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._headers: dict[int, EventHeader] = {}
        self._made: dict[int, tuple[object, Line]] = {}
        self._source: object = None
        self._snapshots: Container[int] = frozenset()
        self._hits: Container[int] = frozenset()
        self._marks: Mapping[int, str] = {}
        self._asked: tuple[int, int] | None = None
        self._struck: Container[int] = frozenset()

    def show(self, frame: Frame) -> None:
        source = (frame.agent, frame.follow_agent)
        if source != self._source or len(self._headers) > _HEADERS_MAX:
            self._headers.clear()
        self._frame, self._source = frame, source
        self._headers.update(frame.headers)
        self._marks = {commit_ts: name for name, commit_ts in frame.marks.items()}
        self.cursor = max(0, frame.row)
        self.update_lines(self.cursor)

    def show_signs(self, snapshots: Container[int], hits: Container[int]) -> None:
        """Which commits have a snapshot, and which were found by a search."""
        self._snapshots, self._hits = snapshots, hits
        self.update_lines()

    def show_struck(self, struck: Container[int]) -> None:
        """Which events are struck through."""
        self._struck = struck
        self.update_lines()

    def add_headers(self, headers: Mapping[int, EventHeader]) -> None:
        self._headers.update(headers)
        self._asked = None
        self.update_lines()

    def header_at(self, row: int) -> EventHeader | None:
        return self._headers.get(row)

    def line_count(self) -> int:
        return self._frame.stop_count if self._frame else 0

    def line(self, index: int, width: int) -> Line:
        frame = self._frame
        assert frame is not None
        header = self._headers.get(index)
        if header is None:
            self._ask_for_visible()
            return event_line(None, index == frame.row, "", len(str(frame.head)), width)
        commit_ts = header.commit_ts
        badge = badge_of(header, self._marks.get(commit_ts, ""), commit_ts in self._snapshots)
        looks = (index == frame.row, badge, len(str(frame.head)), width, commit_ts in self._hits, frame.imported)
        made = self._made.get(commit_ts)
        if made is None or made[0] != looks:
            if len(self._made) >= _MADE_MAX:
                self._made.clear()
            made = self._made[commit_ts] = (looks, event_line(header, *looks))
        return struck_through(made[1]) if commit_ts in self._struck else made[1]

    def _ask_for_visible(self) -> None:
        visible = self.visible_range
        asked = (visible.start, visible.stop - 1)
        if asked != self._asked and visible:
            self._asked = asked
            self.post_message(self.Lacking(*asked))

    def action_row(self, direction: int) -> None:
        self.post_message(self.Stepped(direction * (take_count(self) or 1)))

    def action_page(self, direction: int) -> None:
        self.post_message(self.Stepped(direction * (take_count(self) or 1) * max(1, self.area.height - 1)))

    def action_first(self) -> None:
        take_count(self)
        self.post_message(self.Stepped(-self.line_count()))

    def action_last(self) -> None:
        take_count(self)
        self.post_message(self.Stepped(self.line_count()))
