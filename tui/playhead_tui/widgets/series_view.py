"""The sparkline above the history of a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from playhead_tui.bindings import palette_of
from playhead_tui.drawing.history_lines import series_lines
from playhead_tui.drawing.sparkline import value_at_column
from playhead_tui.ink import strip_of

if TYPE_CHECKING:
    from playhead_tui.drawing.series import Series


class SeriesView(Widget):
    """Hidden where there is no number that changes; a click travels to the version there."""

    class Picked(Message):
        """A version was clicked."""

        def __init__(self, commit_ts: int) -> None:
            super().__init__()
            self.commit_ts = commit_ts

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.series: Series | None = None
        self._position = 0
        self._wanted = False
        self._strips: tuple[object, list[Strip]] | None = None

    def show_if(self, wanted: bool) -> None:
        """Whether the history is what is looked at."""
        self._wanted = wanted
        self.display = wanted and self.series is not None

    def show(self, series: Series | None, position: int) -> None:
        """The numbers, and where the playhead is."""
        self.display = self._wanted and series is not None
        if (series, position) != (self.series, self._position):
            self.series, self._position = series, position
            self._strips = None
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size.width, self.content_size.height
        if self.series is None:
            return Strip.blank(width, self.rich_style)
        if self._strips is None or self._strips[0] != (width, height):
            lines = series_lines(self.series, self._position, width, max(1, height - 1))
            palette, ground = palette_of(self.app), self.rich_style
            self._strips = (width, height), [strip_of(line, ground, palette, width) for line in lines]
        strips = self._strips[1]
        return strips[y] if y < len(strips) else Strip.blank(width, self.rich_style)

    def notify_style_update(self) -> None:
        self._strips = None
        super().notify_style_update()

    def on_click(self, event: events.Click) -> None:
        if self.series is None:
            return
        width, column = self.content_size.width, event.get_content_offset_capture(self).x
        if 0 <= column < width:
            commits = self.series.commits
            self.post_message(self.Picked(commits[value_at_column(column, len(commits), width)]))
