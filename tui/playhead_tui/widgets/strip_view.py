"""Lines between the timeline and the last line: what is watched, what is asked, what could not be understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from playhead_tui.drawing.span import BLANK, Line
from playhead_tui.widgets.lines_view import FixedLines


class StripView(FixedLines):
    """As high as what it shows, and not there where it shows nothing."""

    HAS_CURSOR: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = False

    def show(self, lines: Sequence[Line]) -> None:
        if len(lines) != self.line_count():
            # Only then is the screen laid out again.
            self.set_class(bool(lines), "-shown")
            self.styles.height = len(lines)
        super().show(lines)

    def line(self, index: int, width: int) -> Line:
        # Between a layout and the lines that it was made for, there may be fewer of them.
        return self._lines[index] if index < len(self._lines) else BLANK
