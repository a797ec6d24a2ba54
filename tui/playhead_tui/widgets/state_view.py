"""The state at the playhead: every key, what just happened to it, and a glimpse of its value."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from textual.message import Message

from playhead_tui.drawing.span import Line, Span, printable
from playhead_tui.drawing.state_lines import group_line, key_line, label_width
from playhead_tui.frame import Frame, PreviewKey
from playhead_tui.widgets.lines_view import LinesView

_PREVIEWS_MAX = 8_192
_NO_KEYS = "No keys here."


class StateView(LinesView):
    class Toggled(Message):
        """A group was opened or folded."""

        def __init__(self, group: str) -> None:
            super().__init__()
            self.group = group

    class Scrolled(Message):
        """Other rows are in view."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, StateView.Scrolled)

    class Selected(Message):
        """Another key is under the cursor."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._frame: Frame | None = None
        self._previews: OrderedDict[PreviewKey, str] = OrderedDict()
        self._group = ""

    def show(self, frame: Frame) -> None:
        self._frame = frame
        row = self._row_of_cursor(frame)
        if row is not None:
            self.cursor = row
        self.update_lines(row)

    def add_previews(self, previews: Mapping[PreviewKey, str]) -> None:
        """Previews that arrived. The newest few thousand are kept: a version never changes."""
        if not previews:
            return
        self._previews.update(previews)
        while len(self._previews) > _PREVIEWS_MAX:
            self._previews.popitem(last=False)
        self.update_lines()

    def missing_previews(self) -> list[PreviewKey]:
        """What the visible rows lack."""
        frame = self._frame
        if frame is None or frame.agent is None:
            return []
        rows = frame.tree[self.visible_range.start : self.visible_range.stop]
        entries = (frame.outline[row.first] for row in rows if not row.group)
        wanted = (PreviewKey(frame.agent, entry.key, entry.version) for entry in entries if entry.exists)
        return [key for key in wanted if key not in self._previews]

    def line_count(self) -> int:
        if self._frame is None:
            return 0
        return len(self._frame.tree) or 1

    def line(self, index: int, width: int) -> Line:
        frame = self._frame
        assert frame is not None
        if not frame.tree:
            none = f'no key contains "{printable(frame.filter)}" · Esc drops the filter' if frame.filter else _NO_KEYS
            return Line((Span(f"  {none}", "muted"),))
        row = frame.tree[index]
        if row.group:
            entries = frame.outline[row.first : row.last + 1] if row.folded else ()
            return group_line(row, entries, frame.position, width)
        entry = frame.outline[row.first]
        known = self._previews.get(PreviewKey(frame.agent, entry.key, entry.version)) if frame.agent else None
        return key_line(row, entry, frame.position, known, width, label_width(frame.tree.label_width, width))

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        message.stop()
        key = self._key_at(message.line)
        self._group = self._frame.tree[message.line].group if self._frame and self._frame.tree else ""
        if key is not None:
            self.post_message(self.Selected(key))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        frame = self._frame
        if frame is not None and frame.tree and frame.tree[message.line].group:
            message.stop()
            self._group = frame.tree[message.line].group
            self.post_message(self.Toggled(self._group))

    def _key_at(self, index: int) -> str | None:
        frame = self._frame
        if frame is None or index >= len(frame.tree) or frame.tree[index].group:
            return None
        return frame.outline[frame.tree[index].first].key

    def _row_of_cursor(self, frame: Frame) -> int | None:
        """The row of the group that the cursor was moved to, else of the selected key; None where it is not shown."""
        if self._group:
            return frame.tree.row_of_group(self._group)
        return frame.tree.row_of_key(frame.selection) if frame.selection is not None else None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Scrolled())
