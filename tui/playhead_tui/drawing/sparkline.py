"""Numbers over time as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

from playhead_tui.drawing.span import Line, Role, Span

_BARS = " ▁▂▃▄▅▆▇█"


def columns_of(values: Sequence[float | None], width: int) -> list[float | None]:
    """The values in at most `width` columns; where several share one, the last of them counts."""
    if len(values) <= width:
        return list(values)
    return [values[(column + 1) * len(values) // width - 1] for column in range(width)]


def sparkline(values: Sequence[float | None], width: int, height: int = 1, here: int = -1) -> list[Line]:
    """Bars, one a value or, where there are more, one for several; None leaves a gap. The lowest value has a low bar.

    `here` is the place of the value that stands out; the bars behind it are dimmer than those before.
    """
    columns = columns_of(values, width)
    if not columns:
        return [Line()] * height
    at = here * len(columns) // len(values) if 0 <= here < len(values) else -1
    known = [value for value in columns if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    levels = [_level(value, low, high, height) for value in columns]
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = []
        for column, level in enumerate(levels):
            bar = _BARS[max(0, min(8, level - 8 * row))]
            role: Role = "playhead" if column == at else "accent" if at < 0 or column < at else "past"
            if spans and spans[-1].role == role:
                spans[-1] = Span(spans[-1].text + bar, role)
            else:
                spans.append(Span(bar, role))
        lines.append(Line(tuple(spans)))
    return lines


def _level(value: float | None, low: float, high: float, height: int) -> int:
    """Eighths of a row that a bar is high: 1 at least, so that a value is never taken for a gap."""
    if value is None:
        return 0
    top = 8 * height
    share = (value - low) / (high - low) if high > low else 0.5
    return 1 + round(share * (top - 1))
