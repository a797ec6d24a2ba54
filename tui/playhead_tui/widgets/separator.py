"""The upright line between the state and the rest, with the signs that join it to the rules it meets."""

from __future__ import annotations

from collections.abc import Mapping

from rich.segment import Segment
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from playhead_tui.bindings import palette_of


class Separator(Widget):
    class Resized(Message):
        """The panes beside it are higher or lower than before."""

    def __init__(self) -> None:
        super().__init__()
        self._joints: Mapping[int, str] = {}

    def on_resize(self) -> None:
        self.post_message(self.Resized())

    def join(self, joints: Mapping[int, str]) -> None:
        """`joints` are rows, with the sign to show there."""
        if joints != self._joints:
            self._joints = joints
            self.refresh()

    def render_line(self, y: int) -> Strip:
        style = self.rich_style + palette_of(self.app).roles["faint"]
        return Strip([Segment(self._joints.get(y, "│"), style)], 1)
