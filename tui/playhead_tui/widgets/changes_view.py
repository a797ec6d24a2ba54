"""What differs between two moments, to fold, to go through, and to choose from."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from playhead_tui.bindings import bindings_for, take_count
from playhead_tui.drawing.change_lines import ChangeTree
from playhead_tui.drawing.span import Line
from playhead_tui.widgets.lines_view import LinesView


class ChangesView(LinesView):
    BINDINGS: ClassVar[list[BindingType]] = bindings_for("changes")

    class Picked(Message):
        """Something was chosen, or is not any more."""

    def __init__(self, tree: ChangeTree) -> None:
        super().__init__()
        self.changes = tree

    def show(self, tree: ChangeTree) -> None:
        """Show another difference."""
        tree.fit(self.area.width)
        self.changes = tree
        self.cursor = tree.next_key(0, 1)
        self.update_lines(0)

    def line_count(self) -> int:
        return len(self.changes.rows)

    def line(self, index: int, width: int) -> Line:
        return self.changes.rows[index].line

    def on_mount(self) -> None:
        self.cursor = self.changes.next_key(0, 1)

    def on_resize(self) -> None:
        self.changes.fit(self.area.width)
        super().on_resize()

    def on_lines_view_chosen(self, message: LinesView.Chosen) -> None:
        message.stop()
        self.action_fold()

    def action_change(self, direction: int) -> None:
        self.move_cursor(self.changes.next_key(self.cursor, direction * (take_count(self) or 1)))

    def action_fold(self) -> None:
        take_count(self)
        row = self.changes.rows[self.cursor]
        self.changes.turn(self.cursor)
        # The cursor stays with what it folded, or on the first line of what it opened.
        heads = [at for at, found in enumerate(self.changes.rows) if (found.kind, found.at) == (row.kind, row.at)]
        self.cursor = min(heads, key=lambda at: abs(at - self.cursor), default=self.cursor)
        self.update_lines(self.cursor)

    def action_fold_all(self) -> None:
        take_count(self)
        at = self.changes.rows[self.cursor].at
        self.changes.turn_all()
        heads = [row for row, found in enumerate(self.changes.rows) if (found.kind, found.at) == ("key", at)]
        self.cursor = heads[0] if heads else 0
        self.update_lines(self.cursor)

    def action_pick(self) -> None:
        """Choose the key at the cursor, or the agent's all; the cursor goes on to the next one."""
        take_count(self)
        kind = self.changes.rows[self.cursor].kind
        self.changes.toggle(self.cursor)
        if kind != "agent":
            self.move_cursor(self.changes.next_key(self.cursor, 1), tell=False)
        self.show_chosen()

    def show_chosen(self) -> None:
        self.update_lines()
        self.post_message(self.Picked())
