"""Rows of the state pane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from playhead_tui.drawing import words
from playhead_tui.drawing.span import Line, Role, Span, crop, left, printable, right, width_of
from playhead_tui.drawing.tree import TreeRow

if TYPE_CHECKING:
    from playhead.cursor import OutlineRow

SIGNS = {"added": "+", "changed": "~", "removed": "−"}
ROLES: dict[str, Role] = {"added": "added", "changed": "changed", "removed": "removed"}
_VERSION_WIDTH = 5
_AGE_WIDTH = 6
_PREVIEW_MINIMUM = 7


def label_width(longest: int, width: int) -> int:
    """Cells that labels get: what the longest one needs, within what leaves room for the rest."""
    room = width - 2 - _VERSION_WIDTH - _AGE_WIDTH - 1
    most = room if width < 40 else max(room // 2, room - 60)
    return max(8, min(longest, most))


def key_line(row: TreeRow, entry: OutlineRow, position: int, preview: str | None, width: int, labels: int) -> Line:
    """`~ steps  [{"tool": …  v7  now`. A preview that is not there yet shows as a faint dot."""
    sign, role = (SIGNS[entry.status], ROLES[entry.status]) if entry.status else (" ", "text")
    spans = [Span(f"{sign} ", role), Span(left("  " * row.depth + printable(row.label), labels), role)]
    room = width - 2 - labels - _VERSION_WIDTH - _AGE_WIDTH
    if room >= _PREVIEW_MINIMUM:
        text = "deleted" if not entry.exists else "·" if preview is None else preview
        faint = preview is None or not entry.exists
        spans.append(Span("  " + left(text, room - 2), "faint" if faint else "muted"))
    else:
        spans.append(Span(" " * max(0, room)))
    spans.append(Span(right(f"v{entry.version}", _VERSION_WIDTH), "muted"))
    ago = words.age(position - entry.commit_ts)
    spans.append(Span(right(ago, _AGE_WIDTH), role if ago == "now" and entry.status else "muted"))
    return Line(tuple(spans))


def group_line(row: TreeRow, entries: Sequence[OutlineRow], position: int, width: int) -> Line:
    """`▾ plan`; folded: `▸ plan  12 keys`, with the sign of what changed inside."""
    folded = "▸" if row.folded else "▾"
    label = "  " * row.depth + f"{folded} {printable(row.label)}"
    if not row.folded:
        return Line((Span("  "), Span(crop(label, width - 2), "heading")))
    changed = next((entry.status for entry in entries if entry.status), None)
    newest = max(entry.commit_ts for entry in entries)
    tail = f"{words.plural(len(entries), 'key')}{right(words.age(position - newest), _AGE_WIDTH)}"
    sign, role = (SIGNS[changed], ROLES[changed]) if changed else (" ", "text")
    name = left(label, max(1, width - 2 - width_of(tail)))
    return Line((Span(f"{sign} ", role), Span(name, "heading"), Span(tail, role if changed else "muted")))
