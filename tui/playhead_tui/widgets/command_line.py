"""The line that a person types into, in the place of the footer."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label

Purpose: TypeAlias = Literal["command", "search", "filter", "snapshot", "fork", "open", "find"]

_PROMPTS: dict[Purpose, tuple[str, str]] = {
    "command": (":", "412   +50   −50   @14:03:22   @-5m   a snapshot's label"),
    "search": ("/", "a word of a label, a kind or a key"),
    "filter": ("filter ", "a part of the key"),
    "snapshot": ("snapshot label ", "may be left empty"),
    "fork": ("fork into ", "a new directory"),
    "find": ("find in this page ", "a part of a name or a value"),
    "open": ("open ", "the directory of a store"),
}


class CommandLine(Horizontal):
    """Hidden until it asks something; Enter answers, Esc does not."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Close", show=False)]

    class Answered(Message):
        def __init__(self, purpose: Purpose, text: str) -> None:
            super().__init__()
            self.purpose, self.text = purpose, text

    class Typed(Answered):
        """Another letter; not yet the answer."""

    class Cancelled(Message):
        def __init__(self, purpose: Purpose) -> None:
            super().__init__()
            self.purpose = purpose

    def __init__(self) -> None:
        super().__init__()
        self._purpose: Purpose = "command"
        self._focused_before: Widget | None = None
        self._prompt = Label("", markup=False)
        self._input = Input(compact=True)

    def compose(self) -> ComposeResult:
        yield self._prompt
        yield self._input

    @property
    def asking(self) -> bool:
        return self.screen.has_class("-asking")

    def ask(self, purpose: Purpose, text: str = "") -> None:
        """Ask at once, so that the very next key is a letter of the answer."""
        prompt, hint = _PROMPTS[purpose]
        self._purpose = purpose
        self._prompt.update(prompt)
        self._input.placeholder = hint
        with self.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        if not self.asking:
            self._focused_before = self.screen.focused
        self.screen.add_class("-asking")
        self.screen.set_focus(self._input)

    def close(self) -> None:
        self.screen.remove_class("-asking")
        self.screen.set_focus(self._focused_before)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.asking:
            self.post_message(self.Typed(self._purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()
        self.post_message(self.Answered(self._purpose, event.value))

    def action_cancel(self) -> None:
        self.close()
        self.post_message(self.Cancelled(self._purpose))
