"""Rows of the event list and of a key's history."""

from __future__ import annotations

from playhead import EventHeader
from playhead.model import is_error_kind
from playhead_tui.drawing import words
from playhead_tui.drawing.span import Line, Role, Span, fit, left, printable, right, width_of
from playhead_tui.frame import moment_of

_KIND_WIDTH = 12


def kind_role(kind: str) -> Role:
    """The colour of a kind: errors, what people said, what the model said, tools and the rest."""
    if is_error_kind(kind):
        return "error"
    if kind.startswith("tool"):
        return "number"
    if kind in ("user", "human"):
        return "added"
    if kind in ("assistant", "model", "thinking", "llm"):
        return "accent"
    return "muted"


def event_line(
    header: EventHeader | None,
    here: bool,
    badge: str,
    number_width: int,
    width: int,
    found: bool = False,
    imported: bool = False,
) -> Line:
    """`▶ 412 ◆ 14:03:22  tool_result  3 matches   4 ops`; a header that is not there yet shows as a faint dot.

    Of an imported run, only the times that its log holds are shown.
    """
    pointer = Span("▶" if here else " ", "playhead")
    if header is None:
        return Line((pointer, Span(" " * (number_width + 2)), Span("·", "faint")))
    role, moment = kind_role(header.kind), moment_of(header, imported)
    badge_role: Role = "error" if badge == "✗" else "accent"
    end = f"{header.operation_count} op{'s' if header.operation_count != 1 else ' '}" if width >= 60 else ""
    spans = [
        pointer,
        Span(right(str(header.commit_ts), number_width + 1), "strong" if here else "muted"),
        Span(f" {badge or ' '} ", badge_role),
        Span(words.clock_time(moment) + "  ", "muted" if moment else "faint"),
        Span(left(printable(header.kind) or "—", _KIND_WIDTH) + " ", role),
    ]
    used = sum(width_of(span.text) for span in spans)
    label_role: Role = "hit" if found else "error" if role == "error" else "text"
    room = max(0, width - used - (len(end) + 2 if end else 0))
    label = fit([Span(printable(header.label), label_role)], room)
    spans += label
    if end:
        spans.append(Span(" " * (room - sum(width_of(span.text) for span in label) + 2)))
        spans.append(Span(end, "muted"))
    return Line(tuple(spans))


def struck_through(line: Line) -> Line:
    """The line of an event that is taken not to have happened: a cross in front, all but the number struck."""
    pointer, number, *rest = line.spans
    cross = pointer if pointer.text.strip() else Span("✗", "error")
    return Line(
        (cross, number, *(Span(span.text, "struck") if span.text.strip() else span for span in rest)), line.tone
    )


def badge_of(header: EventHeader | None, mark: str, is_snapshot: bool) -> str:
    """The one sign beside an event: its mark, a snapshot, an error."""
    if mark:
        return mark
    if is_snapshot:
        return "◆"
    return "✗" if header is not None and header.is_error else ""
