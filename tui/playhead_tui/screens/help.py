"""Every key there is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from playhead_tui.bindings import keymap_of
from playhead_tui.drawing.help_lines import help_lines
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.lines_view import FixedLines


class HelpLines(FixedLines):
    HAS_CURSOR = False

    def on_resize(self) -> None:
        self.show(help_lines(self.area.width, keymap_of(self.app)))


class HelpScreen(Layer[None]):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark,f1", "close", "Close", show=False)]

    def compose(self) -> ComposeResult:
        with LayerBox("Keys", "Esc closes"):
            yield HelpLines()
