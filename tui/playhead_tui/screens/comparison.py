"""Everything that differs between two moments, to read and to copy."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.words import plural
from playhead_tui.frame import Note
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.changes_view import ChangesView
from playhead_tui.widgets.footer import Footer

_OTHER_ROWS = 2
"""The footer and a blank one above it."""


class ComparisonScreen(Layer[bool]):
    """Two moments compared, with `r` to go on to a restore: answers True then."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("comparison")

    def __init__(self, title: str, tree: ChangeTree, subtitle: str) -> None:
        super().__init__()
        self._title, self._subtitle = title, subtitle
        self._view = ChangesView(tree)
        self._footer = Footer((*keys.in_scope("changes"), *keys.in_scope("comparison")))

    def compose(self) -> ComposeResult:
        with LayerBox(self._title, self._subtitle, rows=len(self._view.changes.rows) + _OTHER_ROWS):
            yield self._view
            yield self._footer

    def action_restore(self) -> None:
        self.dismiss(True)

    def action_copy(self) -> None:
        tree = self._view.changes
        self.app.copy_to_clipboard(f"{self._title}\n{tree.text}")
        self._footer.show_note(Note(f"Copied {plural(len(tree.rows) + 1, 'line')}; what is folded is left out"))

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        holder = self._view if message.action.scope == "changes" else self
        await self.app.run_action(message.action.method, default_namespace=holder)
