"""Rows of a key's history: which version, when, by what event, and what it made of the value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from playhead import EventHeader
from playhead.json_path import format_path
from playhead_tui.drawing import words
from playhead_tui.drawing.event_lines import kind_role
from playhead_tui.drawing.span import Line, Role, Span, fit, left, printable, right, spread, width_of
from playhead_tui.drawing.sparkline import sparkline
from playhead_tui.frame import moment_of

if TYPE_CHECKING:
    from playhead_tui.drawing.series import Series

_KIND_WIDTH = 12
_LABEL_LEAST = 76
_KIND_LEAST = 104
_TIME_LEAST = 116
"""Cells of a row that has room for the event's label beside what changed, for its kind too, and for its time."""
_CHANGE_MOST = 72
"""Cells of what changed, where the event's label stands beside it."""


class VersionNote(NamedTuple):
    """What a row says of a version besides its numbers."""

    header: EventHeader | None
    change: tuple[Span, ...]


def history_line(
    version: int,
    commit_ts: int,
    position: int,
    header: EventHeader | None,
    change: tuple[Span, ...] | None,
    current: bool,
    widths: tuple[int, int],
    width: int,
    imported: bool = False,
) -> Line:
    """`▶ v7    412  now  ~ left 80 → 79  −1      tool_result  3 matches`; `widths` are those of version and commit.

    What is not known yet shows as a faint dot.
    """
    age: Role = "changed" if commit_ts == position else "muted" if commit_ts < position else "faint"
    start = [
        Span("▶" if current else " ", "playhead"),
        Span(right(f"v{version}", widths[0] + 2), "strong" if current else "text"),
        Span(right(words.count(commit_ts), widths[1] + 2), "muted"),
        Span(right(words.age(position - commit_ts), 6) + "  ", age),
    ]
    if width >= _TIME_LEAST:
        moment = moment_of(header, imported) if header is not None else None
        start.append(Span(words.clock_time(moment) + "  ", "muted" if moment else "faint"))
    used = sum(width_of(span.text) for span in start)
    made = change if change is not None else (Span("·", "faint"),)
    if width < _LABEL_LEAST or header is None:
        return Line(fit((*start, *made), width))
    room = min(_CHANGE_MOST, (width - used) * 11 // 20)
    shown = fit(made, room - 2)
    pad = Span(" " * (room - sum(width_of(span.text) for span in shown)))
    role = kind_role(header.kind)
    if width < _KIND_LEAST:
        return Line(fit((*start, *shown, pad, Span(printable(header.label or header.kind), role)), width))
    kind = Span(left(printable(header.kind) or "—", _KIND_WIDTH) + " ", role)
    return Line(fit((*start, *shown, pad, kind, Span(printable(header.label), "muted")), width))


def series_lines(series: Series, position: int, width: int, height: int) -> list[Line]:
    """The number's name, least, most and present value, and under it its bars in `height` lines."""
    here = max((place for place, commit_ts in enumerate(series.commits) if commit_ts <= position), default=-1)
    known = [value for value in series.values if value is not None]
    now = series.values[here] if here >= 0 else None
    name = Span(printable(format_path(series.path)) or "value", "key")
    start = [name, Span("  "), Span("—" if now is None else number_text(now), "playhead")]
    end = [
        Span(f"{number_text(min(known))} … {number_text(max(known))}", "muted"),
        Span(f" · {words.plural(len(series.values), 'point')} ", "faint"),
    ]
    return [Line(spread(start, end, width)), *sparkline(series.values, width, height, here)]


def number_text(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) and abs(number) < 1e15 else f"{number:,.10g}"
