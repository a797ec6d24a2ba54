"""Lines into what Textual paints."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import TRANSPARENT, Color
from textual.filter import LineFilter
from textual.strip import Strip

from playhead_tui.drawing.span import Line, width_of
from playhead_tui.palette import Palette


class Ink:
    """One palette over one style of ground. Sums of styles are kept: a screen full of lines needs few of them.

    `filters` are what the terminal asks for, such as no colours; `background` is what they blend with. `cursor`: for a
    line under the cursor.
    """

    def __init__(
        self,
        palette: Palette,
        ground: Style,
        filters: Sequence[LineFilter] = (),
        background: Color = TRANSPARENT,
        *,
        cursor: bool = False,
    ) -> None:
        self._roles = palette.cursor_roles if cursor else palette.roles
        self._filters, self._background = filters, background
        self.ground = self.filtered(ground)
        """The style of what no text covers."""
        self._bare_grounds = {tone: ground + style for tone, style in palette.tones.items()}
        self._grounds = {tone: self.filtered(style) for tone, style in self._bare_grounds.items()}
        self._styles: dict[tuple[str, str], Style] = {}

    def filtered(self, style: Style) -> Style:
        """The style as the terminal's filters let it through."""
        segments = [Segment(" ", style)]
        for each in self._filters:
            segments = each.apply(segments, self._background)
        return segments[0].style or style

    def strip(self, line: Line, width: int) -> Strip:
        """The line, exactly `width` cells wide."""
        tone, room = line.tone, width
        segments: list[Segment] = []
        for place, (text, role) in enumerate(line.spans):
            if place == line.turn:
                tone = line.other_tone
            if not text:
                continue
            style = self._styles.get((tone, role))
            if style is None:
                style = self._styles[tone, role] = self.filtered(self._bare_grounds[tone] + self._roles[role])
            segments.append(Segment(text, style))
            room -= width_of(text)
        if room < 0:
            return Strip(segments).adjust_cell_length(width, self._grounds[tone])
        if room:
            segments.append(Segment(" " * room, self._grounds[tone]))
        return Strip(segments, width)

    def padded(self, strip: Strip, left: int, right: int) -> Strip:
        """The strip with so many cells of bare ground at its sides."""
        if not left and not right:
            return strip
        before, after = ([Segment(" " * cells, self.ground)] if cells else [] for cells in (left, right))
        return Strip([*before, *strip, *after], left + strip.cell_length + right)


@lru_cache(maxsize=64)
def ink_of(palette: Palette, ground: Style) -> Ink:
    """The ink for a palette, which stays the same object as long as its theme does, over a style of ground."""
    return Ink(palette, ground)


def strip_of(line: Line, ground: Style, palette: Palette, width: int) -> Strip:
    """The line over a style of ground, exactly `width` cells wide."""
    return ink_of(palette, ground).strip(line, width)
