"""Lines to read, or to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.span import Line
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.lines_view import FixedLines


class ChangeLines(FixedLines):
    HAS_CURSOR = False


class ChangesScreen(Layer[bool]):
    """Read, and left with Esc."""

    def __init__(self, title: str, lines: Sequence[Line], subtitle: str = "Esc closes") -> None:
        super().__init__()
        self._title, self._subtitle, self._lines = title, subtitle, lines

    def compose(self) -> ComposeResult:
        with LayerBox(self._title, self._subtitle, rows=len(self._lines)):
            yield ChangeLines(self._lines)


class ConfirmScreen(ChangesScreen):
    """The same, with `y` to go ahead: answers True then, and only then."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("confirm")

    def action_confirm(self) -> None:
        self.dismiss(True)
