"""The events of two runs in aligned rows; its cursor is both playheads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.message import Message

from playhead_tui.drawing.pair_lines import pair_head, pair_line
from playhead_tui.drawing.span import BLANK, Line
from playhead_tui.widgets.bar import Bar
from playhead_tui.widgets.lines_view import LinesView

if TYPE_CHECKING:
    from playhead_tui.two_runs import PairHeaders, TwoRuns

_HEADERS_MAX = 4_096


class PairsView(LinesView):
    """Rows are fetched when they come into view."""

    class Lacking(Message):
        """Rows came into view whose events are not known yet."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, PairsView.Lacking)

    def __init__(self, runs: TwoRuns, row: int) -> None:
        super().__init__()
        self._runs = runs
        self._headers: dict[int, PairHeaders] = {}
        self.cursor = row

    def on_mount(self) -> None:
        self.update_lines(self.cursor)

    def line_count(self) -> int:
        return len(self._runs.pairs)

    def line(self, index: int, width: int) -> Line:
        headers = self._headers.get(index)
        if headers is None:
            self.post_message(self.Lacking())
        return pair_line(self._runs, index, headers, index == self.cursor, width)

    def move_cursor(self, index: int, tell: bool = True) -> None:
        # Both rows look different then, which what is known of them does not.
        self._known.clear()
        super().move_cursor(index, tell)

    @property
    def lacking(self) -> list[int]:
        """The rows in view whose events are not known."""
        return [row for row in self.visible_range if row not in self._headers]

    def add(self, headers: Mapping[int, PairHeaders]) -> None:
        """Take what was lacking."""
        if len(self._headers) > _HEADERS_MAX:
            self._headers.clear()
        self._headers.update(headers)
        self.update_lines()


class PairsHead(Bar):
    """Both runs by name, and where their playheads are."""

    def __init__(self, runs: TwoRuns, row: int) -> None:
        super().__init__()
        self._runs = runs
        self._row = row

    def show(self, row: int) -> None:
        if row != self._row:
            self._row = row
            self.redraw()

    def draw(self, width: int) -> Line:
        return pair_head(self._runs, self._row, width) if width else BLANK
