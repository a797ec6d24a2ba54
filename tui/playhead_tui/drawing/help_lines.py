"""The help: every key there is, from the key table."""

from __future__ import annotations

from playhead_tui import keys
from playhead_tui.drawing.span import Line, Span, left

_PLACES = {"snapshots": " (in Snapshots)", "comparison": " (in a comparison)", "restore": " (in a preview)"}


def help_lines() -> list[Line]:
    """A heading and its keys, group by group; counts and the mouse at the end."""
    lines: list[Line] = []
    for group, actions in keys.grouped().items():
        lines += [Line(), Line((Span(group, "heading"),))]
        for action in actions:
            place = _PLACES.get(action.scope, "")
            lines.append(
                Line(
                    (
                        Span("  " + left(action.shown_keys, 11), "playhead"),
                        Span(action.description),
                        Span(place, "muted"),
                    )
                )
            )
    lines += [
        Line(),
        Line((Span("Counts", "heading"),)),
        _row("10l 5c 3n", "A number before a key repeats it; 412G goes to commit 412"),
        Line(),
        Line((Span("Mouse", "heading"),)),
        _row("click", "Rows, tabs, groups and the keys in the last line"),
        _row("drag", "On the timeline: scrub"),
        _row("wheel", "On the timeline: step; on a list: scroll"),
    ]
    return lines[1:]


def _row(name: str, text: str) -> Line:
    return Line((Span("  " + left(name, 11), "playhead"), Span(text)))
