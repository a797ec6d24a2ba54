"""The whole run on one scale, with the playhead to drag."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from playhead_tui.bindings import palette_of
from playhead_tui.drawing.timeline_lines import Chart, commit_at, timeline_lines
from playhead_tui.ink import strip_of


class TimelineView(Widget):
    """Click and drag to scrub, wheel to step. While dragged it shows where the mouse is, before the state follows."""

    class Scrubbed(Message):
        """The playhead should be at a commit; `first` where a drag begins. Of many in a row, only the last counts."""

        def __init__(self, commit_ts: int, first: bool) -> None:
            super().__init__()
            self.commit_ts, self.first = commit_ts, first

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, TimelineView.Scrubbed) and not self.first

    class Stepped(Message):
        """The playhead should move by so many events."""

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    class Resized(Message):
        """There are more or fewer columns to fill."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._chart = Chart()
        self._position = 0
        self._drag: int | None = None
        self._drawn: object = None
        self._strips: list[Strip] = []

    @property
    def columns(self) -> int:
        return self.content_size.width

    def show_chart(self, chart: Chart) -> None:
        if chart != self._chart:
            self._chart = chart
            self.refresh()

    def show_position(self, position: int) -> None:
        if position != self._position:
            self._position = position
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, rows = self.content_size.width, max(1, self.content_size.height - 2)
        position = self._position if self._drag is None else self._drag
        drawn = (self._chart, position, rows)
        if drawn != self._drawn:
            lines = timeline_lines(*drawn) if self._chart.columns else []
            ground, palette = self.rich_style, palette_of(self.app)
            self._drawn, self._strips = drawn, [strip_of(line, ground, palette, width) for line in lines]
        return self._strips[y] if y < len(self._strips) else Strip.blank(width, self.rich_style)

    def notify_style_update(self) -> None:
        self._drawn = None
        super().notify_style_update()

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and self._chart.head:
            self.capture_mouse()
            self._scrub(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._scrub(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is self:
            self.release_mouse()

    def on_mouse_release(self) -> None:
        if self._drag is not None:
            self._position, self._drag = self._drag, None
            self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Stepped(1))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Stepped(-1))

    def _scrub(self, event: events.MouseEvent) -> None:
        # Terminals that report the mouse in pixels give columns with fractions: finer scrubbing.
        column = event.get_content_offset_capture(self).x + (event.pointer_x % 1)
        commit_ts = commit_at(column, self._chart.head, self.columns)
        if commit_ts != self._drag:
            first, self._drag = self._drag is None, commit_ts
            self.refresh()
            self.post_message(self.Scrubbed(commit_ts, first))
