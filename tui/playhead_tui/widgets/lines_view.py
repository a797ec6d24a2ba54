"""The base of every list and every text on screen: a scrolling view that draws only the lines that are visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from playhead_tui.bindings import bindings_for, palette_of, take_count
from playhead_tui.drawing.span import BLANK, Line
from playhead_tui.ink import strip_of

_STRIPS_MAX = 512


class LinesView(ScrollView, can_focus=True, inherit_bindings=False):
    """A list of lines with a cursor. A subclass says how many there are and draws one when it comes into view."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("list")
    HAS_CURSOR: ClassVar[bool] = True
    """Without one, keys scroll."""

    class CursorMoved(Message):
        """The cursor is on another line, because of a key or a click."""

        def __init__(self, view: LinesView, line: int) -> None:
            super().__init__()
            self.view, self.line = view, line

        @property
        def control(self) -> LinesView:
            return self.view

    class Chosen(CursorMoved):
        """A line was opened, with Enter or a second click."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.cursor = 0
        self._known: dict[int, Line] = {}
        self._known_width = -1
        self._painted: dict[int, tuple[Line, Style]] = {}
        self._strips: dict[int, Strip] = {}
        self._bases: tuple[Style, Style, Style] | None = None
        self._frame_width = 0
        self._frame_selection: Selection | None = None

    def line_count(self) -> int:
        raise NotImplementedError

    def line(self, index: int, width: int) -> Line:
        """The line to draw, `0 <= index < line_count()`; called for visible lines only."""
        raise NotImplementedError

    @property
    def area(self) -> Size:
        """What lines are drawn in: without border, padding and scroll bar."""
        return self.scrollable_content_region.size

    @property
    def visible_range(self) -> range:
        """Indexes of the lines on screen."""
        top = self.scroll_offset.y
        return range(top, min(self.line_count(), top + self.area.height))

    def update_lines(self, shown: int | None = None) -> None:
        """Say that lines may differ from what is painted: those that do are painted again, the others are not.

        `shown` is a line to scroll to.
        """
        self._known.clear()
        count, width = self.line_count(), self.area.width
        self.cursor = max(0, min(self.cursor, count - 1))
        resized = self.virtual_size != (width, count)
        if resized:
            self.virtual_size = Size(width, count)
            self.refresh()
        scrolled = shown is not None and self.show_line(shown)
        if resized or scrolled:
            return
        top = self.scroll_offset.y
        for index in range(top, top + self.area.height):
            if self._painted.get(index) != (self._line_at(index, width, count), self._style_of(index)):
                self.refresh_line(index)

    def _line_at(self, index: int, width: int, count: int) -> Line:
        """The line, made once for as long as nothing changes."""
        if not 0 <= index < count:
            return BLANK
        if width != self._known_width or len(self._known) > _STRIPS_MAX:
            self._known_width = width
            self._known.clear()
        line = self._known.get(index)
        if line is None:
            line = self._known[index] = self.line(index, width)
        return line

    def move_cursor(self, index: int, tell: bool = True) -> None:
        """Put the cursor on a line, the nearest that exists, and scroll it into view."""
        count = self.line_count()
        if not count:
            return
        before, self.cursor = self.cursor, max(0, min(index, count - 1))
        self.show_line(self.cursor)
        if before != self.cursor:
            self.refresh_line(before)
            self.refresh_line(self.cursor)
            if tell:
                self.post_message(self.CursorMoved(self, self.cursor))

    def show_line(self, index: int) -> bool:
        """Scroll as little as brings the line, with two lines around it, into view; to the middle from far away.

        True where that took scrolling.
        """
        height, top = self.area.height, self.scroll_offset.y
        if height <= 0:
            return False
        margin = min(2, (height - 1) // 2)
        if index < top - height or index > top + 2 * height:
            top = index - height // 2
        elif index < top + margin:
            top = index - margin
        elif index > top + height - 1 - margin:
            top = index - height + 1 + margin
        limit = max(0, self.line_count() - height)
        return self.jump_to(max(0, min(top, limit)))

    def jump_to(self, top: int) -> bool:
        """Scroll so that a line is the first one. True where it was not."""
        if top == self.scroll_offset.y:
            return False
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        return True

    def render_lines(self, crop: Region) -> list[Strip]:
        # What all lines of a frame share takes walks up the tree: once a frame is enough.
        self._frame_width, self._frame_selection = self.area.width, self.text_selection
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        index, width, selection = self.scroll_offset.y + y, self._frame_width, self._frame_selection
        drawn = (self._line_at(index, width, self.line_count()), self._style_of(index))
        strip = self._strips.get(index)
        if strip is None or selection is not None or self._painted.get(index) != drawn or strip.cell_length != width:
            strip = self._draw(index, *drawn, width, selection)
            if len(self._strips) > _STRIPS_MAX:
                self._strips.clear()
                self._painted.clear()
            self._strips[index], self._painted[index] = strip, drawn
        return strip

    def _draw(self, index: int, line: Line, style: Style, width: int, selection: Selection | None) -> Strip:
        strip = strip_of(line, style, palette_of(self.app), width)
        if selection is not None and (span := selection.get_span(index)) is not None:
            strip = _selected(strip, span, self.screen.get_component_rich_style("screen--selection"))
        # Offsets let the mouse select text; lists have a cursor instead, and do without what offsets cost.
        return strip if self.HAS_CURSOR else strip.apply_offsets(0, index)

    def _style_of(self, index: int) -> Style:
        if self._bases is None:
            palette, base = palette_of(self.app), self.rich_style
            self._bases = (base, base + palette.cursor, base + palette.cursor_blurred)
        if self.HAS_CURSOR and index == self.cursor and index < self.line_count():
            return self._bases[1 if self.has_focus else 2]
        return self._bases[0]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, of the lines that are on screen or were a moment ago."""
        last = max(self._painted, default=-1)
        return selection.extract("\n".join(self._text_of(index) for index in range(last + 1))), "\n"

    def _text_of(self, index: int) -> str:
        return self._painted[index][0].text if index in self._painted else ""

    def selection_updated(self, selection: Selection | None) -> None:
        self._strips.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        self._bases = None
        self._strips.clear()
        self._painted.clear()
        super().notify_style_update()

    def on_resize(self) -> None:
        self.update_lines()
        if self.HAS_CURSOR:
            self.show_line(self.cursor)

    def on_focus(self) -> None:
        self.refresh_line(self.cursor)

    def on_blur(self) -> None:
        self.refresh_line(self.cursor)

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.get_content_offset_capture(self).y
        if not self.HAS_CURSOR or index >= self.line_count():
            return
        if event.chain == 2 or index == self.cursor:
            self.move_cursor(index, tell=False)
            self.post_message(self.Chosen(self, index))
        else:
            self.move_cursor(index)

    def action_row(self, direction: int) -> None:
        count = direction * (take_count(self) or 1)
        if self.HAS_CURSOR:
            self.move_cursor(self.cursor + count)
        else:
            self._scroll_lines(count)

    def action_page(self, direction: int) -> None:
        count = direction * (take_count(self) or 1) * max(1, self.area.height - 1)
        if self.HAS_CURSOR:
            self.move_cursor(self.cursor + count)
        else:
            self._scroll_lines(count)

    def action_first(self) -> None:
        take_count(self)
        self.move_cursor(0) if self.HAS_CURSOR else self.jump_to(0)

    def action_last(self) -> None:
        take_count(self)
        last = self.line_count() - 1
        self.move_cursor(last) if self.HAS_CURSOR else self._scroll_lines(last)

    def action_choose(self) -> None:
        take_count(self)
        if self.HAS_CURSOR and self.line_count():
            self.post_message(self.Chosen(self, self.cursor))

    def _scroll_lines(self, count: int) -> None:
        limit = max(0, self.line_count() - self.area.height)
        self.jump_to(max(0, min(self.scroll_offset.y + count, limit)))


class FixedLines(LinesView):
    """Lines that are all there already."""

    def __init__(self, lines: Sequence[Line] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines = lines

    def show(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self.update_lines()

    def line_count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        return self._lines[index]


def _selected(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    start, end = span
    end = strip.cell_length if end == -1 else min(end, strip.cell_length)
    before, chosen, after = strip.divide([start, max(start, end), strip.cell_length])
    return Strip.join([before, Strip(Segment.apply_style(list(chosen), post_style=style)), after])
