"""The base of every list and every text on screen: a scrolling view that draws only the lines that are visible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from playhead_tui.bindings import bindings_for, palette_of, take_count
from playhead_tui.drawing.span import BLANK, Line
from playhead_tui.ink import Ink

_STRIPS_MAX = 512


class _Painted(NamedTuple):
    line: Line
    ink: Ink
    width: int
    """Of the line, without what is at its sides; −1 where the strip shows a selection and is not to be used again."""
    strip: Strip


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
        self._painted: dict[int, _Painted] = {}
        self._known_inks: tuple[Ink, Ink, Ink] | None = None

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

    @property
    def sticky_count(self) -> int:
        """How many of the first lines stay at the top while the others scroll."""
        return 0

    def visible_rows(self) -> list[int]:
        """Indexes of what each row of the view shows; past the end of the lines where it is empty."""
        height, top, sticky = self.area.height, self.scroll_offset.y, self.sticky_count
        return [*range(sticky), *range(top + sticky, top + height)]

    def _index_at(self, y: int) -> int:
        return y if y < self.sticky_count else self.scroll_offset.y + y

    def refresh_line(self, y: int) -> None:
        """Have a line painted again, by its index."""
        if y < (sticky := self.sticky_count):
            self.refresh(Region(0, y, max(self.virtual_size.width, self.size.width), 1))
        elif y >= self.scroll_offset.y + sticky:
            super().refresh_line(y)

    def update_lines(self, shown: int | None = None) -> None:
        """Say that lines may differ from what is painted: those that do are painted again, the others are not.

        `shown` is a line to scroll to.
        """
        self._known.clear()
        count, width = self.line_count(), self.area.width
        self.cursor = max(0, min(self.cursor, count - 1))
        if self.virtual_size != (width, count):
            self._resize_content(Size(width, count))
        if shown is not None and self.show_line(shown):
            return
        changed = [
            row
            for row, index in enumerate(self.visible_rows())
            if self._looks_of(index) != (self._line_at(index, width, count), self._ink_of(index, count), width)
        ]
        self._refresh_rows(changed)

    def _looks_of(self, index: int) -> tuple[Line, Ink, int] | None:
        painted = self._painted.get(index)
        return painted and painted[:3]

    def _resize_content(self, size: Size) -> None:
        """Take so many lines. The screen is laid out again only where that brings or removes the scroll bar."""
        self.set_reactive(Widget.virtual_size, size)
        self._scroll_update(size)

    def _refresh_rows(self, rows: Sequence[int]) -> None:
        """Have these ascending rows of the view painted again: neighbours as one region, and all of it in one call."""
        if not rows:
            return
        width, regions, first = max(self.virtual_size.width, self.size.width), [], rows[0]
        for row, following in zip(rows, [*rows[1:], -1], strict=True):
            if following != row + 1:
                regions.append(Region(0, first, width, row + 1 - first))
                first = following
        self.refresh(*regions)

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
        sticky = self.sticky_count
        height, top = self.area.height - sticky, self.scroll_offset.y
        if height <= 0 or index < sticky:
            return False
        index -= sticky
        margin = min(2, (height - 1) // 2)
        if index < top - height or index > top + 2 * height:
            top = index - height // 2
        elif index < top + margin:
            top = index - margin
        elif index > top + height - 1 - margin:
            top = index - height + 1 + margin
        limit = max(0, self.line_count() - sticky - height)
        return self.jump_to(max(0, min(top, limit)))

    def jump_to(self, top: int) -> bool:
        """Scroll so that a line is the first one. True where it was not."""
        if top == self.scroll_offset.y:
            return False
        self.scroll_to(y=top, animate=False, immediate=True, force=True)
        return True

    def render_lines(self, crop: Region) -> list[Strip]:
        gutter = self.styles.gutter
        if gutter.height or gutter != self.styles.padding:
            # Textual draws borders, and the lines between them one by one.
            return super().render_lines(crop)
        # What all lines of a frame share takes walks up the tree: once a frame is enough.
        width, count, selection, rows = self.area.width, self.line_count(), self.text_selection, self.visible_rows()
        sides, ground = (gutter.left, gutter.right), self._inks()[0]
        strips = [self._strip(index, width, count, sides, selection) for index in rows[crop.y : crop.bottom]]
        if crop.x == 0 and crop.right == sides[0] + width + sides[1]:
            return strips
        return [strip.extend_cell_length(crop.right, ground.ground).crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        index, width, count = self._index_at(y), self.area.width, self.line_count()
        return self._draw(index, self._line_at(index, width, count), self._ink_of(index, count), width, None)

    def _strip(self, index: int, width: int, count: int, sides: tuple[int, int], selection: Selection | None) -> Strip:
        """A line between its sides, drawn anew only where it differs from what was painted."""
        line, ink = self._line_at(index, width, count), self._ink_of(index, count)
        painted = self._painted.get(index)
        if painted is not None and selection is None and painted[:3] == (line, ink, width):
            return painted.strip
        strip = self._inks()[0].padded(self._draw(index, line, ink, width, selection), *sides)
        if len(self._painted) > _STRIPS_MAX:
            self._painted.clear()
        self._painted[index] = _Painted(line, ink, -1 if selection is not None else width, strip)
        return strip

    def _draw(self, index: int, line: Line, ink: Ink, width: int, selection: Selection | None) -> Strip:
        strip = ink.strip(line, width)
        if selection is not None and (span := selection.get_span(index)) is not None:
            strip = _selected(strip, span, ink.filtered(self.screen.get_component_rich_style("screen--selection")))
        # Offsets let the mouse select text; lists have a cursor instead, and do without what offsets cost.
        return strip if self.HAS_CURSOR else strip.apply_offsets(0, index)

    def _inks(self) -> tuple[Ink, Ink, Ink]:
        """What lines are drawn with: plainly, under the cursor, and under the cursor of a view without focus."""
        if self._known_inks is None:
            palette, base = palette_of(self.app), self.rich_style
            filters, background = self.get_line_filters(), self.background_colors[1]
            plain = Ink(palette, base, filters, background)
            cursors = (palette.cursor, palette.cursor_blurred)
            focused, blurred = (Ink(palette, base + each, filters, background, cursor=True) for each in cursors)
            self._known_inks = (plain, focused, blurred)
        return self._known_inks

    def _ink_of(self, index: int, count: int) -> Ink:
        if self.HAS_CURSOR and index == self.cursor and index < count:
            return self._inks()[1 if self.has_focus else 2]
        return self._inks()[0]

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected text, of the lines that are on screen or were a moment ago."""
        last = max(self._painted, default=-1)
        return selection.extract("\n".join(self._text_of(index) for index in range(last + 1))), "\n"

    def _text_of(self, index: int) -> str:
        return self._painted[index].line.text if index in self._painted else ""

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        self._known_inks = None
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
        index = self._index_at(event.get_content_offset_capture(self).y)
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
    if start >= strip.cell_length:
        return strip
    end = strip.cell_length if end == -1 else min(end, strip.cell_length)
    before, chosen, after = strip.divide([start, max(start, end), strip.cell_length])
    return Strip.join([before, Strip(Segment.apply_style(list(chosen), post_style=style)), after])
