"""Painting at once, and only what is dirty.

Textual paints at the next tick of sixty a second, and renders every line between the topmost and the lowest change.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual._compositor import ChopsUpdate, Compositor, ReflowResult
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["DirtyCompositor", "PromptScreen"]


class PromptScreen(Screen[None]):
    """A screen that paints when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = DirtyCompositor()

    def paint(self) -> bool:
        """Put on the terminal what has changed. False where widgets have to be laid out before, which takes a tick."""
        visible = self._compositor.visible_widgets
        if not self.is_current or self.app._batch_count or self._layout_required or self._scroll_required:
            return False
        if any(widget._layout_required or widget._scroll_required for widget in visible):
            return False
        changed = {widget for widget in visible if widget._repaint_required} | (self._dirty_widgets & visible.keys())
        if changed:
            for widget in changed:
                widget._repaint_required = False
            self._compositor.update_widgets(changed)
            self._compositor_refresh()
        return True


class DirtyCompositor(Compositor):
    """Asks widgets for the lines that have changed, and no widget for what another one covers.

    The result is the same as without: a step changes the header and the timeline, with the whole screen between them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._wanted: list[Region] | None = None

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Who asks where a widget is, after a scroll, has places found that no widget has heard of: those are told."""
        result = super().reflow(parent, size)
        unheard = {widget for widget, geometry in self.full_map.items() if widget._size != geometry.region.size}
        return result._replace(resized=result.resized | unheard)

    def render_partial_update(self) -> ChopsUpdate | None:
        self._wanted = list(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._wanted = None

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if self._wanted is None:
            yield from super()._get_renders(crop)
            return
        wanted = self._wanted
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            # A pane that has no room left still lies somewhere.
            touched = [dirty for dirty in wanted if shown and dirty.overlaps(shown)]
            if not touched:
                continue
            width = self._width_of(touched, shown)
            for top, bottom in _runs(dirty.intersection(shown) for dirty in touched):
                lines = Region(shown.x - region.x, top - region.y, width, bottom - top)
                yield Region(shown.x, top, width, bottom - top), clip, widget.render_lines(lines)
            # Widgets come front to back: what this one covers needs nothing from those behind it.
            wanted = [dirty for dirty in wanted if not shown.contains_region(dirty)]
            if not wanted:
                return

    def _width_of(self, touched: Iterable[Region], shown: Region) -> int:
        """How much of a widget's lines is wanted: up to where the next one begins, which is a scroll bar, as a rule."""
        right = min(shown.right, max(dirty.right for dirty in touched))
        ends = {next(cut for cut in cuts if cut >= right) for cuts in self.cuts[shown.y : shown.bottom]}
        return min(shown.right, max(ends)) - shown.x


def _runs(regions: Iterable[Region]) -> list[tuple[int, int]]:
    """The lines of the regions as stretches without a gap: first, and one past the last."""
    runs: list[tuple[int, int]] = []
    for top, bottom in sorted((region.y, region.bottom) for region in regions):
        if runs and top <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(runs[-1][1], bottom))
        else:
            runs.append((top, bottom))
    return runs
