"""Lines into what Textual paints."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from playhead_tui.drawing.span import Line
from playhead_tui.palette import Palette


class Ink:
    """One palette over one style of ground. Sums of styles are kept: a screen full of lines needs few of them."""

    def __init__(self, palette: Palette, ground: Style) -> None:
        self._palette = palette
        self._grounds = {tone: ground + style for tone, style in palette.tones.items()}
        self._styles: dict[tuple[str, str], Style] = {}

    def strip(self, line: Line, width: int) -> Strip:
        """The line, exactly `width` cells wide."""
        ground, tone = self._grounds[line.tone], line.tone
        segments: list[Segment] = []
        for place, (text, role) in enumerate(line.spans):
            if place == line.turn:
                tone = line.other_tone
                ground = self._grounds[tone]
            if not text:
                continue
            style = self._styles.get((tone, role))
            if style is None:
                style = self._styles[tone, role] = ground + self._palette.roles[role]
            segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(width, ground)


@lru_cache(maxsize=64)
def ink_of(palette: Palette, ground: Style) -> Ink:
    """The ink for a palette, which stays the same object as long as its theme does, over a style of ground."""
    return Ink(palette, ground)


def strip_of(line: Line, ground: Style, palette: Palette, width: int) -> Strip:
    """The line over a style of ground, exactly `width` cells wide."""
    return ink_of(palette, ground).strip(line, width)
