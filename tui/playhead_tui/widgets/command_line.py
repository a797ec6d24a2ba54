"""The line that a person types into, in the place of the footer's hints.

It is part of the footer and takes keys from the screen: with an input of its own, opening it would style every widget
and lay them all out anew, which takes longer than a jump itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from textual import events
from textual.message import Message
from textual.widget import Widget

from playhead_tui.drawing.chrome_lines import prompt_line
from playhead_tui.drawing.span import Line, printable
from playhead_tui.verbs import complete, hint
from playhead_tui.widgets.footer import Footer

Purpose: TypeAlias = Literal["command", "search", "filter", "snapshot", "fork", "open", "find", "events"]

_PROMPTS: dict[Purpose, tuple[str, str]] = {
    "command": (":", "412   +50   @14:03:22   a snapshot's label   or a verb: when, last, watch … (Tab; help)"),
    "search": ("/", "a word of a label, a kind or a key"),
    "filter": ("filter ", "a part of the key"),
    "snapshot": ("snapshot label ", "may be left empty"),
    "fork": ("fork into ", "a new directory"),
    "find": ("find in this page ", "a part of a name or a value"),
    "events": ("events ", "kind:tool_*   key:budget   agent:refund   a text   -kind:user"),
    "open": ("open ", "the directory of a store"),
}
TYPED_KEPT = 100
_LAST_WORD = re.compile(r"\S*\s*$")


@dataclass(frozen=True, slots=True)
class Typing:
    """What was typed so far, and before which character the next one goes."""

    text: str = ""
    at: int = 0

    def with_text(self, text: str) -> Typing:
        return Typing(self.text[: self.at] + text + self.text[self.at :], self.at + len(text))

    def with_key(self, key: str) -> Typing | None:
        """After a key that edits or moves; None for any other."""
        text, at = self.text, self.at
        match key:
            case "left" | "ctrl+b":
                return replace(self, at=max(0, at - 1))
            case "right" | "ctrl+f":
                return replace(self, at=min(len(text), at + 1))
            case "home" | "ctrl+a":
                return replace(self, at=0)
            case "end" | "ctrl+e":
                return replace(self, at=len(text))
            case "backspace" | "ctrl+h":
                return Typing(text[: max(0, at - 1)] + text[at:], max(0, at - 1))
            case "delete" | "ctrl+d":
                return Typing(text[:at] + text[at + 1 :], at)
            case "ctrl+u":
                return Typing(text[at:], 0)
            case "ctrl+k":
                return Typing(text[:at], at)
            case "ctrl+w":
                kept = _LAST_WORD.sub("", text[:at])
                return Typing(kept + text[at:], len(kept))
        return None


class CommandLine(Widget):
    """Asks in the footer's place; Enter answers, Esc does not. The screen hands it every key while it asks."""

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

    def __init__(self, footer: Footer) -> None:
        super().__init__()
        self.display = False
        self.asking = False
        self._footer = footer
        self._purpose: Purpose = "command"
        self._typing = Typing()
        self.typed: list[str] = []
        """What was answered to `:` before, the last one last."""
        self.keys: Sequence[str] = ()
        """What Tab completes besides verbs: the keys of the agent."""
        self.others: Sequence[str] = ()
        """What it completes where another run or a file is asked for: agents and paths."""
        self._recalled = 0
        """How many lines back ↑ went."""
        self._draft = ""
        self._offers: list[str] = []
        """The whole lines that Tab goes through, when it is pressed again."""
        self._said = ""

    def ask(self, purpose: Purpose, text: str = "") -> None:
        """Ask at once, so that the very next key is a letter of the answer."""
        self._purpose, self._typing, self.asking = purpose, Typing(text, len(text)), True
        self._recalled, self._draft, self._offers, self._said = 0, "", [], ""
        self._footer.show_prompt(self._draw)

    def is_current(self, typed: CommandLine.Typed) -> bool:
        """Whether that is what stands there now: keys may have answered, or gone on, before it was heard of."""
        return self.asking and (typed.purpose, typed.text) == (self._purpose, self._typing.text)

    def close(self) -> None:
        self.asking = False
        self._footer.show_prompt(None)

    def take_key(self, key: events.Key) -> CommandLine.Answered | CommandLine.Cancelled | bool:
        """What a key came to: an answer or its refusal, which ends the asking; else whether it was taken."""
        if key.key == "enter":
            self.close()
            self._remember(self._typing.text.strip())
            return self.Answered(self._purpose, self._typing.text)
        if key.key == "escape":
            self.close()
            return self.Cancelled(self._purpose)
        if self._purpose == "command" and self._take_help(key.key):
            return True
        typing = self._typing.with_key(key.key)
        if typing is None and key.is_printable and key.character is not None:
            typing = self._typing.with_text(key.character)
        if typing is not None:
            self._show(typing)
        # Chords may be the app's: the palette, leaving it. All the rest would reach a pane that nobody is looking at.
        return typing is not None or not key.key.startswith(("ctrl+", "alt+", "f"))

    def _remember(self, text: str) -> None:
        if self._purpose == "command" and text:
            self.typed = [*(line for line in self.typed if line != text), text][-TYPED_KEPT:]

    def _take_help(self, key: str) -> bool:
        """Go through what was typed before, or complete what is being typed. False for any other key."""
        if key in ("up", "down"):
            self._recall(1 if key == "up" else -1)
        elif key in ("tab", "shift+tab"):
            self._complete(1 if key == "tab" else -1)
        else:
            self._offers, self._said = [], ""
            return False
        return True

    def _recall(self, step: int) -> None:
        if not self._recalled:
            self._draft = self._typing.text
        self._recalled = max(0, min(self._recalled + step, len(self.typed)))
        text = self.typed[-self._recalled] if self._recalled else self._draft
        self._offers, self._said = [], ""
        self._show(Typing(text, len(text)))

    def _complete(self, step: int) -> None:
        """As far as all that may come agrees; pressed again, one after the other."""
        text, at = self._typing.text, self._typing.at
        if self._offers:
            here = self._offers.index(text) if text in self._offers else -1 if step > 0 else 0
            line = self._offers[(here + step) % len(self._offers)]
            self._show(Typing(line, len(line)))
            return
        found = complete(text[:at], self.keys, self.others)
        if not found.offers:
            self._said = "   nothing begins like this"
            self._show(self._typing)
            return
        line = text[: found.start] + found.shared
        if len(found.offers) > 1:
            self._offers = [text[: found.start] + offer for offer in found.offers]
            self._said = "   " + "  ".join(offer.strip() for offer in found.offers)
        if len(line) > at or len(found.offers) == 1:
            self._show(Typing(line, len(line)))
        else:
            self._show(self._typing)

    def paste(self, text: str) -> None:
        """Take pasted text; line breaks become spaces."""
        self._show(self._typing.with_text(" ".join(text.splitlines())))

    def _show(self, typing: Typing) -> None:
        before, self._typing = self._typing, typing
        self._footer.show_prompt(self._draw)
        if typing.text != before.text:
            self.post_message(self.Typed(self._purpose, typing.text))

    def _draw(self, width: int) -> Line:
        prompt, words = _PROMPTS[self._purpose]
        text, at = self._typing.text, self._typing.at
        if text:
            words = self._said or (hint(text) if self._purpose == "command" and at == len(text) else "")
        return prompt_line(prompt, printable(text[:at]), printable(text[at:]), printable(words), width)
