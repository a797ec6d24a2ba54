"""The key table as Textual wants it, and what lists ask of the screen that holds them."""

from __future__ import annotations

from typing import Protocol, cast, runtime_checkable

from textual.app import App
from textual.binding import Binding, BindingType
from textual.widget import Widget

from playhead_tui import keys
from playhead_tui.keymap import Keymap
from playhead_tui.palette import Palette


class HasPalette(Protocol):
    @property
    def palette(self) -> Palette: ...


class HasKeymap(Protocol):
    @property
    def keymap(self) -> Keymap: ...


@runtime_checkable
class HasCount(Protocol):
    def take_count(self) -> int: ...


def bindings_for(scope: keys.Scope) -> list[BindingType]:
    """One binding an action, with the action's id, so that a keymap can change its keys.

    They have priority: keys typed faster than the screen repaints are then acted on in the order in which they came.
    """
    return [
        Binding(
            keys.textual_keys(action.keys), action.method, action.description, show=False, priority=True, id=action.id
        )
        for action in keys.in_scope(scope)
    ]


def palette_of(app: App[object]) -> Palette:
    """The palette that the app keeps for its theme."""
    return cast(HasPalette, app).palette


def keymap_of(app: App[object]) -> Keymap:
    """The keys that actions have in this app."""
    return cast(HasKeymap, app).keymap


def take_count(widget: Widget) -> int:
    """The count typed before a key, which is then used up; 0 where none was typed."""
    screen = widget.screen
    return screen.take_count() if isinstance(screen, HasCount) else 0
