"""The whole event at the playhead, to read."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from playhead_tui.screens.changes import ChangesScreen


class EventScreen(ChangesScreen):
    """Left with Esc, or with the key that opened it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("v", "close", "Close", show=False)]
