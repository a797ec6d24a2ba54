"""The base of the one-line widgets: a line that is drawn again only when what it shows has changed."""

from __future__ import annotations

from textual.strip import Strip
from textual.widget import Widget

from playhead_tui.bindings import palette_of
from playhead_tui.drawing.span import Line
from playhead_tui.ink import strip_of


class Bar(Widget):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._strip: Strip | None = None

    def draw(self, width: int) -> Line:
        raise NotImplementedError

    def redraw(self) -> None:
        """Say that the line has changed."""
        self._strip = None
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if self._strip is None or self._strip.cell_length != width:
            self._strip = strip_of(self.draw(width), self.rich_style, palette_of(self.app), width)
        return self._strip

    def notify_style_update(self) -> None:
        self._strip = None
        super().notify_style_update()
