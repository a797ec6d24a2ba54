"""The whole event at the playhead, and the record of the log behind it, to read."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from playhead_tui.screens.changes import ChangesScreen


class EventScreen(ChangesScreen):
    """Left with Esc, or with the key that opened it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "close", "Close", show=False)]


class SourceScreen(ChangesScreen):
    """Left with Esc, or with the key that opened it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("O", "close", "Close", show=False)]
