"""Every version of the selected key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from playhead_tui.drawing.history_lines import VersionNote, history_line
from playhead_tui.drawing.span import Line, Span
from playhead_tui.drawing.words import count
from playhead_tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from playhead.cursor import HistoryRow

_KNOWN_MAX = 4_096


class HistoryView(LinesView):
    """The newest version first. The playhead goes where the cursor goes; what a row says comes when it is in view."""

    class Lacking(Message):
        """Versions came into view of which only the numbers are known yet."""

        def __init__(self, first: int, last: int) -> None:
            super().__init__()
            self.first, self.last = first, last

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, HistoryView.Lacking)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[HistoryRow] = ()
        self._subject: object = None
        self._position = 0
        self._imported = False
        self._waits = False
        self._current = 0
        self._widths = (1, 1)
        self._notes: dict[int, VersionNote] = {}
        self._asked: tuple[int, int] = (0, 0)
        self._going = 0
        """Where the cursor sent the playhead, until it is there."""

    @property
    def subject(self) -> object:
        """Whose history is shown."""
        return self._subject

    def show(self, rows: Sequence[HistoryRow], position: int, subject: object, imported: bool = False) -> None:
        """`subject` is whose history it is: with another one, the cursor goes to the version at the playhead."""
        self._rows, self._imported, self._waits = rows, imported, False
        last = rows[-1] if rows else None
        self._widths = (len(str(last.version)), len(count(last.commit_ts))) if last else (1, 1)
        if subject != self._subject:
            self._subject, self._going = subject, 0
            self._notes.clear()
        self._asked = (0, 0)
        self._place(position)
        self.update_lines(self.cursor)

    def wait(self) -> None:
        """Show that the versions are on their way."""
        self._rows, self._subject, self._waits = (), None, True
        self.update_lines()

    def show_position(self, position: int) -> None:
        """The playhead is elsewhere: unless the cursor sent it, the cursor goes along."""
        if position != self._position and self._rows:
            self._place(position)
            self.update_lines(self.cursor)

    def travel_to(self, commit_ts: int) -> None:
        """Say where the cursor sends the playhead."""
        self._going = commit_ts

    def _place(self, position: int) -> None:
        self._position = position
        self._current = max((row.version for row in self._rows if row.commit_ts <= position), default=0)
        if self._going == position:
            self._going = 0
        elif not self._going:
            self.cursor = len(self._rows) - self._current if self._current else max(0, len(self._rows) - 1)

    def add_notes(self, notes: Mapping[int, VersionNote]) -> None:
        """Notes by version."""
        if len(self._notes) > _KNOWN_MAX:
            self._notes.clear()
        self._notes.update(notes)
        self.update_lines()

    def commit_at(self, index: int) -> int:
        """The commit of a row; 0 where there is none."""
        return self._row(index).commit_ts if self._rows else 0

    def line_count(self) -> int:
        return len(self._rows) or 1

    def line(self, index: int, width: int) -> Line:
        if not self._rows:
            return Line((Span("reading…", "faint") if self._waits else Span("Never written.", "muted"),))
        row = self._row(index)
        note = self._notes.get(row.version)
        if note is None:
            self._ask_for_visible()
        header, change = note if note is not None else (None, None)
        current = row.version == self._current
        return history_line(
            row.version, row.commit_ts, self._position, header, change, current, self._widths, width, self._imported
        )

    def _row(self, index: int) -> HistoryRow:
        return self._rows[len(self._rows) - 1 - index]

    def _ask_for_visible(self) -> None:
        lacking = [version for index in self.visible_range if (version := self._row(index).version) not in self._notes]
        wanted = (min(lacking), max(lacking)) if lacking else self._asked
        if wanted != self._asked:
            self._asked = wanted
            self.post_message(self.Lacking(*wanted))
