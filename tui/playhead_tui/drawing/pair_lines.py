"""Rows of two runs beside each other, and the line above them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playhead_tui.drawing.event_columns import Column, Told, shown_columns
from playhead_tui.drawing.event_lines import EventLook, EventStyle, event_line
from playhead_tui.drawing.span import Line, Role, Span, Tone, crop_middle, fit, printable, width_of
from playhead_tui.drawing.words import count

if TYPE_CHECKING:
    from playhead import EventHeader
    from playhead.compare import Pair
    from playhead_tui.two_runs import PairHeaders, TwoRuns

_MIDDLE = 4
"""Cells between the two runs: a space, how the events compare, whether the states part, a space."""
_COLUMNS: tuple[Column, ...] = ("time", "icon", "kind")
_GAP = "╌"


def halves(width: int) -> tuple[int, int]:
    """Cells of the first run and of the second."""
    first = max(0, (width - _MIDDLE) // 2)
    return first, max(0, width - _MIDDLE - first)


def pair_line(runs: TwoRuns, row: int, headers: PairHeaders | None, here: bool, width: int) -> Line:
    """`▶ 12 → read page 12   = ▶ 13 → read page 12`; `≠` where the states part. Not read yet, events are dots."""
    pair = runs.pairs[row]
    sign, role = _sign(pair)
    tones: tuple[Tone, Tone] = ("", "")
    if not pair.same and not here:
        tones = ("changed", "changed") if pair.a and pair.b else ("removed", "") if pair.a else ("", "added")
    number_width = len(str(max(runs.heads)))
    columns = shown_columns(_COLUMNS, Told(), number_width, min(halves(width)))
    left, right = (
        _side(
            pair[side],
            headers[side] if headers is not None else None,
            here,
            EventStyle(columns, number_width, cells, runs.imported[side]),
        )
        for side, cells in enumerate(halves(width))
    )
    middle = (Span(f" {sign}", role), Span("≠ " if runs.diverges(row) else "  ", "error"))
    return Line((*left, *middle, *right), tones[0], len(left) + len(middle), tones[1])


def _sign(pair: Pair) -> tuple[str, Role]:
    if pair.same:
        return "=", "faint"
    if pair.a is None:
        return "+", "added"
    return ("−", "removed") if pair.b is None else ("~", "changed")


def _side(commit_ts: int | None, header: EventHeader | None, here: bool, style: EventStyle) -> list[Span]:
    if commit_ts is None:
        # The playhead rests on the event before.
        spans = [Span("▹" if here else " ", "playhead"), Span(f"{_GAP * 3:>{style.number_width + 1}}", "faint")]
    else:
        spans = list(event_line(header, EventLook("▶" if here else ""), style).spans)
    spans = list(fit(spans, style.width))
    return [*spans, Span(" " * (style.width - sum(width_of(span.text) for span in spans)))]


def pair_head(runs: TwoRuns, row: int, width: int) -> Line:
    """`A refund ▸ planner  commit 12 / 30    B rerun  commit 13 / 29`"""
    spans: list[Span] = []
    for side, cells in enumerate(halves(width)):
        at = [Span("commit ", "muted"), Span(count(runs.commits(row)[side]), "playhead")]
        at.append(Span(f" / {count(runs.heads[side])} ", "muted"))
        taken = sum(width_of(span.text) for span in at) + 5
        name = Span(crop_middle(printable(runs.names[side]), max(4, cells - taken)), "heading")
        half = fit([Span(f" {'AB'[side]} ", "strong"), name, Span("  "), *at], cells)
        spans += [*half, Span(" " * (cells + (0 if side else _MIDDLE) - sum(width_of(span.text) for span in half)))]
    return Line(tuple(spans))
