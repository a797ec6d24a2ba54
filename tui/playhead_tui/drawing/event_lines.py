"""Rows of the event list: events, and the headings of turns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from playhead import EventHeader
from playhead.model import is_error_kind
from playhead_tui.drawing import words
from playhead_tui.drawing.event_columns import WIDTHS, Column, icon_of
from playhead_tui.drawing.span import Line, Role, Span, crop, fit, left, printable, right, width_of
from playhead_tui.frame import moment_of

_ROOMY_HEADING = 64
"""Cells below which a turn's heading leaves its time out: what was said is worth more."""


class EventStyle(NamedTuple):
    """What all rows of a list share."""

    columns: tuple[Column, ...]
    number_width: int
    width: int
    imported: bool = False
    """Of an imported run, only the times that its log holds are shown."""


class EventLook(NamedTuple):
    """What one row shows beside its header."""

    pointer: str = ""
    """`▶` at the playhead; `▹` where it lies behind this event and before the next one of the list."""
    badge: str = ""
    found: bool = False
    agent: str = ""
    seconds: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None


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


def event_line(header: EventHeader | None, look: EventLook, style: EventStyle, commit_ts: int | None = None) -> Line:
    """`▶ 412 ◆ 14:03:22 ← tool_result  3 matches   1.2 s  3,120 tok  4 ops`; not there yet, its number and `…`.

    commit_ts: of an event that is not there yet, where it is known.
    """
    pointer = Span(look.pointer or " ", "playhead")
    if header is None:
        number = right("" if commit_ts is None else str(commit_ts), style.number_width + 1)
        return Line((pointer, Span(number, "strong" if look.pointer else "muted"), Span("   …", "faint")))
    role = kind_role(header.kind)
    spans = [
        pointer,
        Span(right(words.count(header.commit_ts), style.number_width + 1), "strong" if look.pointer else "muted"),
        Span(f" {look.badge or ' '} ", "accent"),
    ]
    spans += [_before(column, header, look, style, role) for column in style.columns if column in _BEFORE]
    end = [_after(column, header, look) for column in style.columns if column not in _BEFORE]
    used = sum(width_of(span.text) for span in (*spans, *end))
    label_role: Role = "hit" if look.found else "error" if role == "error" else "text"
    room = max(0, style.width - used)
    label = list(fit([Span(printable(header.label), label_role)], room))
    if end:
        label.append(Span(" " * (room - sum(width_of(span.text) for span in label))))
    return Line((*spans, *label, *end))


_BEFORE = ("time", "icon", "kind", "agent")


def _before(column: Column, header: EventHeader, look: EventLook, style: EventStyle, role: Role) -> Span:
    width = WIDTHS[column]
    match column:
        case "time":
            moment = moment_of(header, style.imported)
            return Span(left(words.clock_time(moment), width), "muted" if moment else "faint")
        case "icon":
            return Span(left(icon_of(header.kind), width), role)
        case "kind":
            return Span(left(crop(printable(header.kind) or "—", width - 1), width), role)
        case _:
            return Span(left(crop(look.agent, width - 1), width), "key")


def _after(column: Column, header: EventHeader, look: EventLook) -> Span:
    width = WIDTHS[column]
    match column:
        case "duration":
            return Span(right(brief_time(look.seconds), width), "muted")
        case "tokens":
            return Span(right(brief_tokens(look.tokens), width), "muted")
        case "cost":
            return Span(right(brief_cost(look.cost_usd), width), "muted")
        case _:
            count = header.operation_count
            return Span(right(f"{words.count(count)} op{'s' if count != 1 else ' '}", width), "muted")


def brief_time(seconds: float | None) -> str:
    """`40 ms`, `3.2 s`, `4m10s`; empty where it is not known, or nothing to speak of."""
    if seconds is None or seconds < 0.0005:
        return ""
    return words.elapsed(timedelta(seconds=seconds)).lstrip("+")


def brief_tokens(tokens: int | None) -> str:
    """`74 tok`, `3.1k tok`; empty where there are none."""
    if not tokens:
        return ""
    if tokens < 1_000:
        return f"{tokens} tok"
    return f"{tokens / 1_000:.1f}k tok" if tokens < 99_950 else f"{round(tokens / 1_000)}k tok"


def brief_cost(cost_usd: float | None) -> str:
    """`$0.0123`, `$1.20`; empty where nothing is known."""
    if not cost_usd:
        return ""
    return f"${cost_usd:.2f}" if cost_usd >= 1 else f"${cost_usd:.4f}"


class TurnLook(NamedTuple):
    """What the heading of a turn shows."""

    number: int
    events: int
    errors: int
    folded: bool
    holds_playhead: bool
    moment: datetime | None
    said: str
    """What the turn began with; empty where that is shown below."""


def turn_line(look: TurnLook, width: int) -> Line:
    """`▸ turn 7 · 14:03:22 · 23 events · 2 errors  refund order 4417`."""
    name = f"turn {look.number}" if look.number else "before the first turn"
    spans = [
        Span("▶" if look.folded and look.holds_playhead else " ", "playhead"),
        Span("▸ " if look.folded else "▾ ", "muted"),
        Span(name, "heading"),
    ]
    if look.moment is not None and width >= _ROOMY_HEADING:
        spans += [Span(" · ", "faint"), Span(words.clock_time(look.moment), "muted")]
    spans += [Span(" · ", "faint"), Span(words.plural(look.events, "event"), "muted")]
    if look.errors:
        spans += [Span(" · ", "faint"), Span(words.plural(look.errors, "error"), "error")]
    if look.said:
        spans += [Span("  ❯ ", "added"), Span(printable(look.said))]
    return Line(tuple(fit(spans, width)))


def struck_through(line: Line) -> Line:
    """The line of an event that is taken not to have happened: a cross in front, all but the number struck."""
    pointer, number, *rest = line.spans
    cross = pointer if pointer.text.strip() else Span("✗", "error")
    return Line(
        (cross, number, *(Span(span.text, "struck") if span.text.strip() else span for span in rest)), line.tone
    )


def badge_of(mark: str, is_snapshot: bool) -> str:
    """The one sign beside an event: its mark, or a snapshot."""
    return mark or ("◆" if is_snapshot else "")
