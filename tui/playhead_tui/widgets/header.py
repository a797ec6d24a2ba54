"""The first line: which run, which agent, where in it, when."""

from __future__ import annotations

from playhead_tui.drawing.chrome_lines import header_line
from playhead_tui.drawing.span import Line
from playhead_tui.frame import Frame
from playhead_tui.widgets.bar import Bar


class Header(Bar):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.run = name
        """What the run that is shown is called."""
        self._frame: Frame | None = None
        self._state = ""

    def show(self, frame: Frame | None, state: str) -> None:
        """`state` is one word: opening…, LIVE, IMPORTED, READ-ONLY."""
        self._frame, self._state = frame, state
        self.redraw()

    def show_name(self, name: str) -> None:
        self.run = name
        self.redraw()

    def draw(self, width: int) -> Line:
        return header_line(self.run, self._frame, self._state, width)
