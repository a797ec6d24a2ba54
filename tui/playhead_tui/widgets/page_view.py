"""A page of the inspector: rows with a cursor, which is shown while a person is in it, and what was found in them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from textual.selection import Selection
from textual.strip import Strip

from playhead.json_path import Path
from playhead_tui.drawing.highlight import highlighted
from playhead_tui.drawing.row import Fold, Row
from playhead_tui.drawing.span import Line
from playhead_tui.ink import Ink
from playhead_tui.widgets.lines_view import LinesView


class PageView(LinesView):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: Sequence[Row] = ()
        self._subject: object = None
        self._found: re.Pattern[str] | None = None
        self._turned: Fold | None = None
        self.hits: Sequence[int] = ()
        """The rows that hold what is searched for, ascending."""

    def show(self, rows: Sequence[Row], subject: object, found: re.Pattern[str] | None, hits: Sequence[int]) -> None:
        """`subject` is whose page it is: with the same one, the cursor stays on what it was on."""
        before, top = self.cursor, self.scroll_offset.y
        self.cursor = self._place_in(rows) if subject == self._subject else 0
        searched = found is not None and (found, subject) != (self._found, self._subject)
        self._rows, self._subject, self._found, self.hits, self._turned = rows, subject, found, hits, None
        if searched and hits:
            self.cursor = hits[min(bisect_left(hits, self.cursor), len(hits) - 1)]
        self.update_lines()
        limit = max(0, len(rows) - self.area.height)
        self.jump_to(max(0, min(top + self.cursor - before, limit)))
        self.show_line(self.cursor)

    def wait(self, line: Line) -> None:
        """Show one line in the place of the rows, which are on their way."""
        self._rows, self.hits = [Row(line)], ()
        self.update_lines()

    def _place_in(self, rows: Sequence[Row]) -> int:
        """Where the row is now that the cursor was on; where it was turned over, its fold."""
        old = self.row
        if old is None:
            return 0
        if self._turned is not None:
            opening = [at for at, row in enumerate(rows) if row.fold == self._turned and row.opens]
            if opening:
                return opening[0]
            inside = [at for at, row in enumerate(rows) if row.fold == self._turned]
            if inside:
                return inside[0]
        near = min(self.cursor, len(rows) - 1)
        same = [at for at, row in enumerate(rows) if old.path is not None and row.path == old.path]
        return min(same, key=lambda at: abs(at - near)) if same else 0 if old.path is None else near

    @property
    def row(self) -> Row | None:
        """The row that keys act on."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def path(self) -> Path:
        """The part of the value at the cursor, while a person is in the page; else the whole value."""
        row = self.row if self.has_focus else None
        return row.path if row is not None and row.path is not None else ()

    def turn(self, fold: Fold) -> None:
        """Say that this is about to be folded or opened: the cursor goes there."""
        self._turned = fold

    def next_hit(self, steps: int) -> bool:
        """Put the cursor on a later (positive) or an earlier (negative) hit, round the ends. False where is none."""
        if not self.hits:
            return False
        at = bisect_right(self.hits, self.cursor) - 1 if steps > 0 else bisect_left(self.hits, self.cursor)
        self.move_cursor(self.hits[(at + steps) % len(self.hits)])
        return True

    def line_count(self) -> int:
        return len(self._rows)

    def line(self, index: int, width: int) -> Line:
        line = self._rows[index].line
        return line if self._found is None else highlighted(line, self._found)

    def _ink_of(self, index: int, count: int) -> Ink:
        # The mark of a cursor says where keys act: in a page that is only looked at, that would be nowhere.
        return super()._ink_of(index, count) if self.has_focus else self._inks()[0]

    def _draw(self, index: int, line: Line, ink: Ink, width: int, selection: Selection | None) -> Strip:
        # Offsets let the mouse select text.
        return super()._draw(index, line, ink, width, selection).apply_offsets(0, index)
