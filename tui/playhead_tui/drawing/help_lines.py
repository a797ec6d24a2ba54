"""The help: every key there is, from the key table."""

from __future__ import annotations

from itertools import zip_longest

from playhead_tui import keys
from playhead_tui.drawing.json_lines import wrapped
from playhead_tui.drawing.span import BLANK, Line, Span, left
from playhead_tui.keymap import NO_CHANGES, Keymap

_PLACES = {
    "snapshots": " (in Snapshots)",
    "changes": " (in a comparison or preview)",
    "columns": " (in Columns)",
    "comparison": " (in a comparison)",
    "pairs": " (in :compare)",
    "restore": " (in a preview)",
    "confirm": " (in a question)",
    "runs": " (in Runs)",
}
_GAP = 3
_KEYS_WIDTH = 13
_NARROWEST = 40
_TWO_COLUMNS = 96
"""Cells from which on two columns are easier to read than one."""


def help_lines(width: int = 0, keymap: Keymap = NO_CHANGES) -> list[Line]:
    """A heading and its keys, group by group; counts and the mouse at the end.

    Keys are those of the keymap. In two columns where `width` cells have room for them; descriptions are wrapped.
    """
    if width < _TWO_COLUMNS:
        return _joined(_blocks(max(width, _NARROWEST) if width else 200, keymap))
    column = (width - _GAP) // 2
    blocks = _blocks(column, keymap)
    half = sum(len(block) + 1 for block in blocks) // 2
    first: list[list[Line]] = []
    while sum(len(block) + 1 for block in first) + len(blocks[0]) // 2 < half:
        first.append(blocks.pop(0))
    return [
        Line((*start.spans, Span(" " * (column + _GAP - start.width)), *end.spans))
        for start, end in zip_longest(_joined(first), _joined(blocks), fillvalue=BLANK)
    ]


def _joined(blocks: list[list[Line]]) -> list[Line]:
    return [line for block in blocks for line in (BLANK, *block)][1:]


def _blocks(width: int, keymap: Keymap) -> list[list[Line]]:
    blocks: list[list[Line]] = []
    for group, actions in keys.grouped().items():
        block = [_heading(group)]
        for action in keymap.actions(actions):
            block += _row(action.shown_keys or "—", action.description + _PLACES.get(action.scope, ""), width)
        blocks.append(block)
    counts = _row("10l 5c 3n", "A number before a key repeats it; 412G goes to commit 412", width)
    mouse = [
        *_row("click", "Rows, tabs, groups and the keys in the last line", width),
        *_row("drag", "On the timeline: scrub; with the right button or ctrl: zoom to the range", width),
        *_row("wheel", "On the timeline: zoom, with shift pan; on a list: scroll", width),
    ]
    return [*blocks, [_heading("Counts"), *counts], [_heading("Mouse"), *mouse]]


def _heading(text: str) -> Line:
    return Line((Span(text, "heading"),))


def _row(name: str, text: str, width: int) -> list[Line]:
    return [
        Line((Span(left(f"  {'' if index else name}", _KEYS_WIDTH), "playhead"), Span(piece)))
        for index, piece in enumerate(wrapped(text, width - _KEYS_WIDTH))
    ]
