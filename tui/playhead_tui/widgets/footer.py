"""The last line: the keys that matter, or how the last thing went."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message

from playhead_tui.drawing.chrome_lines import footer_line, footer_targets
from playhead_tui.drawing.span import Line
from playhead_tui.frame import Note
from playhead_tui.keys import Action
from playhead_tui.widgets.bar import Bar


class Footer(Bar):
    class Picked(Message):
        """A hint was clicked."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self._actions = tuple(action for action in actions if action.hint)
        self.note: Note | None = None
        self._count = 0
        self._prompt: Callable[[int], Line] | None = None

    def show_prompt(self, prompt: Callable[[int], Line] | None) -> None:
        """Show a prompt, which draws itself in the width it is given, in the place of hints and notes."""
        self._prompt = prompt
        self.redraw()

    def show_note(self, note: Note | None) -> None:
        if note != self.note:
            self.note = note
            self.redraw()

    def show_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.redraw()

    def draw(self, width: int) -> Line:
        return self._prompt(width) if self._prompt else footer_line(self._actions, self.note, self._count, width)

    def on_click(self, event: events.Click) -> None:
        if self._prompt is not None:
            return
        if self.note is not None:
            self.show_note(None)
            return
        column = event.get_content_offset_capture(self).x
        line = footer_line(self._actions, None, self._count, self.size.width)
        for columns, action in footer_targets(line, self._actions):
            if column in columns:
                self.post_message(self.Picked(action))
                return
