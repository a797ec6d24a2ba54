"""Every version of the selected key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from playhead import EventHeader
from playhead_tui.drawing.event_lines import history_line
from playhead_tui.drawing.span import Line, Span
from playhead_tui.drawing.words import count
from playhead_tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from playhead.cursor import HistoryRow


class HistoryView(LinesView):
    """The newest version first. The version at the playhead is marked; the event of a row comes when it is in view."""

    class Lacking(Message):
        """Versions came into view whose events are not known yet."""

        def __init__(self, commits: Sequence[int]) -> None:
            super().__init__()
            self.commits = commits

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, HistoryView.Lacking)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[HistoryRow] = ()
        self._subject: object = None
        self._position = 0
        self._current = 0
        self._widths = (1, 1)
        self._headers: dict[int, EventHeader] = {}
        self._asked: frozenset[int] = frozenset()

    def show(self, rows: Sequence[HistoryRow], position: int, subject: object) -> None:
        """`subject` is whose history it is: with another one, the cursor goes to the version at the playhead."""
        self._rows, self._position = rows, position
        self._current = max((row.version for row in rows if row.commit_ts <= position), default=0)
        last = rows[-1] if rows else None
        self._widths = (len(str(last.version)), len(count(last.commit_ts))) if last else (1, 1)
        if subject != self._subject:
            self._subject = subject
            self._headers.clear()
            self.cursor = self._index_of_current()
        self._asked = frozenset()
        self.update_lines(self.cursor)

    def add_headers(self, headers: Mapping[int, EventHeader]) -> None:
        """Headers by commit."""
        if len(self._headers) > 4_096:
            self._headers.clear()
        self._headers.update(headers)
        self.update_lines()

    def commit_at(self, index: int) -> int:
        return self._row(index).commit_ts

    def line_count(self) -> int:
        return len(self._rows) or 1

    def line(self, index: int, width: int) -> Line:
        if not self._rows:
            return Line((Span("Never written.", "muted"),))
        row = self._row(index)
        header = self._headers.get(row.commit_ts)
        if header is None:
            self._ask_for_visible()
        current = row.version == self._current
        return history_line(
            row.version, row.commit_ts, row.exists, self._position, header, current, self._widths, width
        )

    def _row(self, index: int) -> HistoryRow:
        return self._rows[len(self._rows) - 1 - index]

    def _index_of_current(self) -> int:
        return next((index for index in range(len(self._rows)) if self._row(index).version == self._current), 0)

    def _ask_for_visible(self) -> None:
        visible = [self._row(index).commit_ts for index in self.visible_range] if self._rows else []
        lacking = frozenset(commit_ts for commit_ts in visible if commit_ts not in self._headers)
        if lacking and lacking != self._asked:
            self._asked = lacking
            self.post_message(self.Lacking(sorted(lacking)))
