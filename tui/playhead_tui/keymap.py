"""Which keys an action has: those of the table, or those that a person gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from playhead_tui import keys
from playhead_tui.keys import Action

_NAMED = {
    *("up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace"),
    *("tab", "enter", "escape", "space"),
    *(f"f{number}" for number in range(1, 25)),
}
_MODIFIED = re.compile(r"(?:(?:ctrl|shift|alt|super)\+)+(.+)", re.DOTALL)
_SENT_AS = {
    "ctrl+i": "Tab",
    "ctrl+m": "Enter",
    "ctrl+j": "Enter",
    "ctrl+h": "Backspace",
    "ctrl+[": "Esc",
    "ctrl+c": "an interrupt",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry that could not be used as it stands: where it is, and what was wrong with it."""

    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.key}: {self.text}" if self.key else self.text


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys of the actions that have other ones than the table gives them, by action id."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def action(self, action: Action) -> Action:
        """The action with the keys that it really has."""
        return replace(action, keys=self.changed[action.id]) if action.id in self.changed else action

    def actions(self, actions: Iterable[Action]) -> tuple[Action, ...]:
        return tuple(self.action(action) for action in actions)

    def for_textual(self) -> dict[str, str]:
        """As `App.set_keymap` wants it."""
        return {name: keys.textual_keys(given) for name, given in self.changed.items()}


NO_CHANGES = Keymap()
"""The keys of the table."""


def read_keymap(wanted: Mapping[str, object], place: str = "keys") -> tuple[Keymap, list[Problem]]:
    """A keymap from what a person wrote: a key or a list of keys by action id.

    What is wrong is told, and the rest still holds. A key that two entries want stays with the first; one that an
    action has by default is taken from it. `place` is what problems call the table.
    """
    problems: list[Problem] = []
    given: dict[str, tuple[str, ...]] = {}
    for name, value in wanted.items():
        where = f'{place}."{name}"'
        if name not in keys.BY_ID:
            problems.append(Problem(where, f"no action has this id{_nearest(name, keys.BY_ID)}"))
            continue
        found = _keys_of(where, value, problems)
        if found is None:
            continue
        undisputed = _undisputed(where, keys.BY_ID[name], found, given, problems)
        if undisputed or not found:
            given[name] = undisputed
    left = {action.id: _left_over(action, given, place, problems) for action in keys.ACTIONS if action.id not in given}
    effective = {**left, **given}
    return Keymap({name: held for name, held in effective.items() if held != keys.BY_ID[name].keys}), problems


def _keys_of(where: str, value: object, problems: list[Problem]) -> tuple[str, ...] | None:
    """The usable keys of an entry; None where the entry is no list of keys at all, or none of them can be used."""
    listed = [key for key in (value if isinstance(value, list) else [value]) if isinstance(key, str)]
    if not isinstance(value, str | list) or (isinstance(value, list) and len(listed) < len(value)):
        problems.append(Problem(where, f'a key or a list of keys is wanted, such as "x" or ["x", "f5"], not {value!r}'))
        return None
    usable: list[str] = []
    for key in listed:
        wrong = _what_is_wrong_with(key)
        if wrong:
            problems.append(Problem(where, wrong))
        else:
            usable.append(canonical(key))
    return tuple(dict.fromkeys(usable)) if usable or not listed else None


def canonical(key: str) -> str:
    """One spelling for each key: `question_mark` is `?`, `Ctrl+S` is `ctrl+s`."""
    if len(key) == 1:
        return "space" if key == " " else key
    from textual.keys import key_to_character

    lowered = key.lower()
    if lowered in _NAMED or "+" in lowered:
        return lowered
    return key_to_character(lowered) or lowered


def _what_is_wrong_with(key: str) -> str:
    """Why a key cannot be used; empty where it can."""
    name = canonical(key) if key else ""
    if len(name) == 1:
        return f"{key!r} is a count: digits say how often the next key is meant" if name in "123456789" else ""
    if name in _SENT_AS:
        return f"{key!r} never arrives: terminals send {_SENT_AS[name]} for it"
    modified = _MODIFIED.fullmatch(name)
    base = modified[1] if modified else name
    if base in _NAMED or (modified and len(base) == 1):
        return ""
    return f"{key!r} is no key: a character, a name such as pageup, or one with ctrl+ or shift+{_nearest(name, _NAMED)}"


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _meet(one: Action, other: Action) -> bool:
    """Whether the keys of two actions work in one place: a list is in every place, and the app around all of them."""
    return one.id != other.id and (one.scope == other.scope or bool({one.scope, other.scope} & {"list", "app"}))


def _undisputed(
    where: str, action: Action, wanted: tuple[str, ...], given: Mapping[str, tuple[str, ...]], problems: list[Problem]
) -> tuple[str, ...]:
    """The keys that no earlier entry has taken."""
    kept: list[str] = []
    for key in wanted:
        owner = next((name for name, held in given.items() if key in held and _meet(action, keys.BY_ID[name])), None)
        if owner is None:
            kept.append(key)
        else:
            problems.append(Problem(where, f"{key!r} was given to {owner!r} already, which keeps it"))
    return tuple(kept)


def _left_over(
    action: Action, given: Mapping[str, tuple[str, ...]], place: str, problems: list[Problem]
) -> tuple[str, ...]:
    """What is left of an action's own keys when others were given some of them."""
    left = list(action.keys)
    for name, held in given.items():
        for key in [key for key in left if canonical(key) in held and _meet(action, keys.BY_ID[name])]:
            left.remove(key)
            rest = f"has {' '.join(left)} still" if left else "has no key now: give it one"
            problems.append(Problem(f'{place}."{name}"', f"{key!r} is taken from {action.id!r}, which {rest}"))
    return tuple(left)
