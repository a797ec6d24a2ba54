"""Numbers over time as a row of bars."""

from __future__ import annotations

from collections.abc import Sequence

from playhead_tui.drawing.span import Line, Role, Span

_BARS = " ▁▂▃▄▅▆▇█"


def value_at_column(column: int, values: int, width: int) -> int:
    """Which of so many values a column shows: columns share them out evenly, the last column has the last value."""
    return max(0, (column + 1) * values // width - 1) if values > width else column * values // width


def sparkline(values: Sequence[float | None], width: int, height: int = 1, here: int = -1) -> list[Line]:
    """Bars over the whole width; where values are more than columns, one stands for several. None leaves a gap.

    `here` is the place of the value that stands out; the bars behind it are dimmer than those before.
    """
    if not values:
        return [Line()] * height
    shown = [value_at_column(column, len(values), width) for column in range(width)]
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    levels = [_level(values[place], low, high, height) for place in shown]
    # Of several values in one column, the one that stands out may not be the one that is shown.
    at = next((place for place in shown if place >= here), -1) if here >= 0 else -1
    lines: list[Line] = []
    for row in range(height - 1, -1, -1):
        spans: list[Span] = []
        for place, level in zip(shown, levels, strict=True):
            bar = _BARS[max(0, min(8, level - 8 * row))]
            role: Role = "playhead" if place == at else "accent" if at < 0 or place < at else "past"
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
