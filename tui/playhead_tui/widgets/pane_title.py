"""The rule above a pane, with its title or its tabs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.message import Message

from playhead_tui.drawing.chrome_lines import title_line
from playhead_tui.drawing.span import Line, Span, width_of
from playhead_tui.widgets.bar import Bar


class PaneTitle(Bar):
    """Titles, of which one is chosen, and a note at the right."""

    class Picked(Message):
        """A title was clicked."""

        def __init__(self, title: PaneTitle, index: int) -> None:
            super().__init__()
            self.title, self.index = title, index

        @property
        def control(self) -> PaneTitle:
            return self.title

    def __init__(self, *titles: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._titles = titles
        self._chosen = 0
        self._note: Sequence[Span] = ()
        self._joints: dict[int, str] = {}
        self._lit = False

    def show(self, note: Sequence[Span], chosen: int = 0) -> None:
        if (tuple(note), chosen) != (tuple(self._note), self._chosen):
            self._note, self._chosen = tuple(note), chosen
            self.redraw()

    def light(self, lit: bool) -> None:
        """Whether the pane below has the focus."""
        if lit != self._lit:
            self._lit = lit
            self.redraw()

    def join(self, joints: dict[int, str]) -> None:
        """`joints` are columns where an upright line meets the rule, with the sign to show there."""
        if joints != self._joints:
            self._joints = joints
            self.redraw()

    def draw(self, width: int) -> Line:
        titles = [(title, index == self._chosen) for index, title in enumerate(self._titles)]
        return title_line(titles, self._note, self._lit, width, self._joints)

    def on_click(self, event: events.Click) -> None:
        column = event.get_content_offset_capture(self).x
        start = 2
        for index, title in enumerate(self._titles):
            if start <= column < start + width_of(title) + 1:
                self.post_message(self.Picked(self, index))
                return
            start += width_of(title) + 2
