"""What a restore would change, exactly: the whole of it, one agent's part, or the keys that are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from playhead import Address, AgentAddress
from playhead_tui import keys
from playhead_tui.bindings import bindings_for
from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.restore_lines import scope_line
from playhead_tui.drawing.span import Line
from playhead_tui.frame import Note
from playhead_tui.screens.layer import Layer, LayerBox
from playhead_tui.widgets.bar import Bar
from playhead_tui.widgets.changes_view import ChangesView
from playhead_tui.widgets.footer import Footer


class ScopeLine(Bar):
    """What is restored, and what else can be."""

    def __init__(self, tree: ChangeTree, agent: AgentAddress) -> None:
        super().__init__()
        self._tree, self._agent = tree, agent

    def draw(self, width: int) -> Line:
        return scope_line(self._tree, self._agent)


class Said(Bar):
    """A line above the preview."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def draw(self, width: int) -> Line:
        return self._line


_OTHER_ROWS = 3
"""The scope, the footer, and a blank one above it."""


class RestoreScreen(Layer[frozenset[Address]]):
    """Answers with the addresses to restore, once that is confirmed. The store may go on meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = bindings_for("restore")

    def __init__(
        self, title: str, tree: ChangeTree, agent: AgentAddress, *, how: str, said: Sequence[Line] = ()
    ) -> None:
        """agent: the one that is looked at. how: what `y` does. said: lines to show first."""
        super().__init__()
        self._title, self._how, self._agent = title, how, agent
        self._said = [Said(line) for line in said]
        self._view = ChangesView(tree)
        self._scope = ScopeLine(tree, agent)
        self._footer = Footer((*keys.in_scope("restore"), *keys.in_scope("changes")))

    def compose(self) -> ComposeResult:
        rows = len(self._view.changes.rows) + len(self._said) + _OTHER_ROWS
        with LayerBox(self._title, f"{self._how} · Esc does not", rows=rows):
            yield from self._said
            yield self._scope
            yield self._view
            yield self._footer

    def on_mount(self) -> None:
        self._view.focus()

    def action_pick(self) -> None:
        self._view.action_pick()

    def action_scope(self, scope: str) -> None:
        tree = self._view.changes
        wanted = {"store": None, "agent": self._agent}
        tree.choose(tree.addresses(wanted[scope]) if scope in wanted else ())
        self._view.show_chosen()

    def on_changes_view_picked(self) -> None:
        self._footer.show_note(None)
        self._scope.redraw()

    def action_confirm(self) -> None:
        chosen = self._view.changes.chosen
        if chosen:
            self.dismiss(frozenset(chosen))
        else:
            self._footer.show_note(Note("No key is chosen: Space chooses one, w all of them", is_error=True))

    async def on_footer_picked(self, message: Footer.Picked) -> None:
        holder = self._view if message.action.scope == "changes" else self
        await self.app.run_action(message.action.method, default_namespace=holder)
