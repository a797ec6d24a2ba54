"""The last line: the keys that matter, or how the last thing went."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import events
from textual.message import Message

from playhead_tui.bindings import keymap_of
from playhead_tui.drawing.chrome_lines import ALWAYS, footer_line, footer_targets
from playhead_tui.drawing.hints import Hint, hints_of
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

    def __init__(self, actions: Sequence[Action], pane: str = "") -> None:
        super().__init__()
        self._offered = tuple(actions)
        self._pane = pane
        self.note: Note | None = None
        self._count = 0
        self._has_nothing = False
        self._prompt: Callable[[int], Line] | None = None

    def show_prompt(self, prompt: Callable[[int], Line] | None) -> None:
        """Show a prompt, which draws itself in the width it is given, in the place of hints and notes."""
        self._prompt = prompt
        self.redraw()

    def show_pane(self, pane: str) -> None:
        """Offer what a pane can do, named by its id."""
        if pane != self._pane:
            self._pane = pane
            self.redraw()

    def show_nothing(self, has_nothing: bool) -> None:
        """Whether there is nothing on screen that most keys could act on: then offer those that lead elsewhere."""
        if has_nothing != self._has_nothing:
            self._has_nothing = has_nothing
            self.redraw()

    def show_note(self, note: Note | None) -> None:
        if note != self.note:
            self.note = note
            self.redraw()

    def show_count(self, count: int) -> None:
        if count != self._count:
            self._count = count
            self.redraw()

    @property
    def hints(self) -> list[Hint]:
        if self._has_nothing:
            always = [action for action in self._offered if action.id in ALWAYS]
            return hints_of(always, "nothing", keymap_of(self.app))
        return hints_of(self._offered, self._pane, keymap_of(self.app))

    def draw(self, width: int) -> Line:
        return self._prompt(width) if self._prompt else footer_line(self.hints, self.note, self._count, width)

    def on_click(self, event: events.Click) -> None:
        if self._prompt is not None:
            return
        column = event.get_content_offset_capture(self).x
        hints = self.hints
        line = footer_line(hints, self.note, self._count, self.size.width)
        for columns, action in footer_targets(line, hints):
            if column in columns:
                self.post_message(self.Picked(action))
                return
        self.show_note(None)
