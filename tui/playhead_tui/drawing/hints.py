"""What the footer offers: the keys that mean something where the focus is, then those that always do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from playhead_tui import keys
from playhead_tui.keymap import Keymap
from playhead_tui.keys import Action


class Hint(NamedTuple):
    keys: str
    word: str
    action: Action


_OPPOSITES = {
    "step.forward": "step.backward",
    "change.next": "change.previous",
    "changes.next": "changes.previous",
    "error.next": "error.previous",
    "tool.next": "tool.previous",
    "turn.next": "turn.previous",
    "zoom.in": "zoom.out",
    "answer.right": "answer.left",
    "pairs.forward": "pairs.backward",
    "divergence.next": "divergence.previous",
}
"""Hints that stand for an action and its opposite."""

_OF_PANE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "state": (("row.choose", "open"), ("pin", "pin"), ("filter", "filter"), ("changed.only", "changed")),
    "diff": (("base", "base"), ("tab.next", "tab"), ("copy", "copy")),
    "value": (("copy", "copy"), ("tab.next", "tab")),
    "history": (("row.choose", "travel"), ("tab.next", "tab")),
    "runs": (("row.choose", "open"),),
    "nothing": (("open", "another store"), ("runs", "runs")),
    "pairs": (("row.choose", "travel"),),
    "events": (
        ("row.choose", "view"),
        ("events.filter", "filter"),
        ("events.turns", "turns"),
        ("events.columns", "columns"),
        ("source", "source"),
        ("tool.next", "tool call"),
        ("turn.next", "turn"),
    ),
}
"""What a focused pane offers first, by the pane's id."""


def hints_of(actions: Sequence[Action], pane: str, keymap: Keymap) -> list[Hint]:
    """The pane's own hints, then those of the actions, each action once and none without a key."""
    own = [(keys.BY_ID[name], word) for name, word in _OF_PANE.get(pane, ())]
    told = {action.id for action, _ in own}
    offered = own + [(action, action.hint) for action in actions if action.hint and action.id not in told]
    hints = [Hint(_shown(action, keymap), word, action) for action, word in offered]
    return [hint for hint in hints if hint.keys]


def _shown(action: Action, keymap: Keymap) -> str:
    """The first key; with that of the opposite before it, where there is one: `h l` steps, `c C` goes to changes."""
    own = _first_key(action, keymap)
    opposite = _OPPOSITES.get(action.id)
    if opposite is None or not own:
        return own
    other = _first_key(keys.BY_ID[opposite], keymap)
    pair = (other, own) if action.id in ("step.forward", "answer.right", "pairs.forward") else (own, other)
    return " ".join(key for key in pair if key)


def _first_key(action: Action, keymap: Keymap) -> str:
    held = keymap.action(action).keys
    return keys.shown_key(held[0]) if held else ""
