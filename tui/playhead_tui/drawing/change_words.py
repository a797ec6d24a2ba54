"""What one version made of the value before it, in the few words that a row has room for."""

from __future__ import annotations

from playhead import JSON, Record
from playhead.blame import weight_of
from playhead.diff import changes, format_path
from playhead_tui.drawing import words
from playhead_tui.drawing.span import Span, printable

_SCALAR_WIDTH = 32
_COMPARED_MAX = 200_000
"""Characters of values that are compared for a row."""


def change_spans(before: Record, after: Record) -> tuple[Span, ...]:
    """What a version made of the value before it, in as few words as that takes."""
    if not after.exists:
        return (Span("− deleted", "removed"),)
    if not before.exists:
        return (Span("+ ", "added"), Span(words.gist(after.value, 160), "text"))
    if weight_of(before.value) + weight_of(after.value) > _COMPARED_MAX:
        return (Span(words.gist(after.value, 160), "muted"),)
    difference = changes(before.value, after.value, limit=100)
    if difference.is_empty:
        return (Span("written back as it was", "faint"),)
    first, *others = difference.changes
    name = Span(printable(format_path(first.path)), "key")
    gap = Span(" " if name.text else "")
    if others:
        counts = str(difference.summary) if not difference.truncated else "over 100 differences"
        shared = _shared(first.path, others[-1].path)
        return (
            Span("~ ", "changed"),
            Span(printable(format_path(shared)), "key"),
            Span(" " if shared else ""),
            Span(counts),
        )
    if first.op == "added":
        return Span("+ ", "added"), name, gap, Span(words.gist(first.after, 160), "text")
    if first.op == "removed":
        return Span("− ", "removed"), name, gap, Span(words.gist(first.before, 160), "muted")
    if first.op == "moved":
        return Span("→ ", "accent"), name, Span(f" from {format_path(first.from_path or ())}", "muted")
    sign = (Span("~ ", "changed"), name, gap)
    old, new = _short(first.before), _short(first.after)
    return *sign, Span(old, "removed"), Span(" → ", "muted"), Span(new, "added"), *_delta(first.before, first.after)


def _shared(first: tuple[str | int, ...], second: tuple[str | int, ...]) -> tuple[str | int, ...]:
    shared = 0
    while shared < min(len(first), len(second)) and first[shared] == second[shared]:
        shared += 1
    return first[:shared]


def _short(value: JSON) -> str:
    return words.preview(value, _SCALAR_WIDTH)


def _delta(before: JSON, after: JSON) -> tuple[Span, ...]:
    if isinstance(before, bool) or isinstance(after, bool):
        return ()
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return ()
    delta = after - before
    text = f"{abs(delta):,}" if isinstance(delta, int) else f"{abs(delta):,.6g}"
    return (Span(f"  {'−' if delta < 0 else '+'}{text}", "muted"),)
