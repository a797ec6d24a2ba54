"""What one version made of the value before it, in the few words that a row has room for."""

from __future__ import annotations

from playhead import JSON, Record
from playhead.blame import weight_of
from playhead.diff import ValueChange, changes, format_path
from playhead_tui.drawing import words
from playhead_tui.drawing.span import Span, printable

_SCALAR_WIDTH = 32
_VALUE_WIDTH = 120
_CHANGES_TOLD, _ENOUGH = 6, 120
"""Changes that are told one by one, as long as they come to no more than so many characters."""
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
    spans: list[Span] = []
    told = 0
    for change in difference.changes[:_CHANGES_TOLD]:
        spans += [*([Span(" · ", "faint")] if spans else []), *_told(change)]
        told += 1
        if sum(len(span.text) for span in spans) > _ENOUGH:
            break
    more = len(difference.changes) - told
    if more:
        spans.append(Span(f" · {'over ' if difference.truncated else ''}{more} more", "faint"))
    return tuple(spans)


def _told(change: ValueChange) -> tuple[Span, ...]:
    path = printable(format_path(change.path))
    name, gap = Span(path, "key"), Span(" " if path else "")
    match change.op:
        case "added":
            return Span("+ ", "added"), name, gap, Span(words.gist(change.after, _VALUE_WIDTH), "text")
        case "removed":
            return Span("− ", "removed"), name, gap, Span(words.gist(change.before, _VALUE_WIDTH), "muted")
        case "moved":
            return Span("→ ", "accent"), name, Span(f" from {format_path(change.from_path or ())}", "muted")
        case _:
            old, new = (words.preview(value, _SCALAR_WIDTH) for value in (change.before, change.after))
            delta = delta_spans(change.before, change.after)
            sign = Span("~ ", "changed")
            return sign, name, gap, Span(old, "removed"), Span(" → ", "muted"), Span(new, "added"), *delta


def delta_spans(before: JSON, after: JSON) -> tuple[Span, ...]:
    """` −12990`: by how much a number changed; nothing where there are not two numbers."""
    if isinstance(before, bool) or isinstance(after, bool):
        return ()
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return ()
    delta = after - before
    if not delta:
        return ()
    text = str(abs(delta)) if isinstance(delta, int) else f"{abs(delta):.6g}"
    return (Span(f" {'−' if delta < 0 else '+'}{text}", "muted"),)
