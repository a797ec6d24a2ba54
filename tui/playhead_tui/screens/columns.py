"""Choosing which columns a list has: each with a check mark, and at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.event_columns import COLUMNS, SUMMARIES, Column
from playhead_tui.drawing.span import Line, Span, left
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.lines_view import FixedLines, LinesView


def column_lines(chosen: Collection[Column]) -> list[Line]:
    """`✓ tokens      tokens read anew and written`."""
    return [
        Line(
            (
                Span("✓ " if column in chosen else "  ", "added"),
                Span(left(column, 12), "strong" if column in chosen else "muted"),
                Span(SUMMARIES[column], "muted"),
            )
        )
        for column in COLUMNS
    ]


class ColumnsScreen(Layer[None]):
    """Every choice is told as it is made; Esc only closes."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("columns")

    def __init__(self, chosen: Collection[Column], on_change: Callable[[tuple[Column, ...]], None]) -> None:
        super().__init__()
        self._chosen = set(chosen)
        self._on_change = on_change
        self._list = FixedLines(column_lines(self._chosen))

    def compose(self) -> ComposeResult:
        with LayerBox("Columns of the event list", "Space shows or hides · Esc closes", rows=len(COLUMNS), narrow=True):
            yield self._list

    def action_turn_column(self) -> None:
        self._chosen ^= {COLUMNS[self._list.cursor]}
        self._list.show(column_lines(self._chosen))
        self._on_change(tuple(column for column in COLUMNS if column in self._chosen))

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        self.action_turn_column()
