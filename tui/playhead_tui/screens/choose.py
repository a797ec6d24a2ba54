"""Choosing one of many by typing a part of its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from playhead_tui.drawing.span import Line, Span, crop_start, printable
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.lines_view import FixedLines, LinesView

_INPUT_ROWS, _ROWS_MOST = 2, 18
_WIDTH = 62
"""Cells that a choice has. Of a longer one the end is shown, which is what tells paths apart."""


class ChooseScreen(Layer[str]):
    """Answers with the chosen one or, with `free`, with what was typed where nothing fits it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(10)", "Down", show=False),
        Binding("pageup", "move(-10)", "Up", show=False),
    ]

    def __init__(
        self, title: str, choices: Sequence[str], current: str = "", *, hint: str = "", free: bool = False
    ) -> None:
        super().__init__()
        self._title, self._hint, self._free = title, hint, free
        self._choices, self._current = choices, current
        self._fitting = list(choices)
        self._list = FixedLines(id="choices")
        self._list.can_focus = False

    def compose(self) -> ComposeResult:
        rows = max(1, len(self._choices)) + _INPUT_ROWS
        with LayerBox(self._title, "Enter chooses · Esc closes", rows=min(rows, _ROWS_MOST), narrow=True):
            yield Input(placeholder=self._hint, compact=True)
            yield self._list

    def on_mount(self) -> None:
        self._show("")
        if self._current in self._fitting:
            self._list.move_cursor(self._fitting.index(self._current), tell=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        typed = event.value.strip()
        if self._fitting:
            self.dismiss(self._fitting[self._list.cursor])
        elif self._free and typed:
            self.dismiss(typed)

    def on_lines_view_cursor_moved(self, message: LinesView.CursorMoved) -> None:
        self._choose(message.line)

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        self._choose(message.line)

    def action_move(self, count: int) -> None:
        self._list.move_cursor(self._list.cursor + count, tell=False)

    def _choose(self, index: int) -> None:
        if index < len(self._fitting):
            self.dismiss(self._fitting[index])

    def _show(self, typed: str) -> None:
        wanted = typed.strip().casefold()
        self._fitting = [choice for choice in self._choices if wanted in choice.casefold()]
        lines = [
            Line(
                (
                    Span("▶ " if choice == self._current else "  ", "playhead"),
                    Span(crop_start(printable(choice), _WIDTH)),
                )
            )
            for choice in self._fitting
        ]
        if not lines:
            free = f"Enter opens {typed.strip()}" if self._free and typed.strip() else "Nothing fits."
            lines = [Line((Span("  " + printable(free), "muted"),))]
        self._list.cursor = 0
        self._list.show(lines)
