"""The whole run in three lines: where the playhead is, how much happened, what to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from playhead_tui.drawing.span import Line, Role, Span
from playhead_tui.drawing.words import count

BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Chart:
    """A run in columns. Everything here is per column or in columns; nothing depends on where the playhead is."""

    head: int = 0
    heights: Sequence[float] = ()
    """How much happened, 0 to 1."""
    errors: frozenset[int] = frozenset()
    hits: frozenset[int] = frozenset()
    snapshots: frozenset[int] = frozenset()
    marks: Mapping[int, str] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        return len(self.heights)


def column_of(commit_ts: int, head: int, columns: int) -> int:
    """The column of a commit on the sequence scale: every commit is as wide as any other."""
    if head <= 0 or columns <= 0:
        return 0
    return max(0, min(columns - 1, (max(1, commit_ts) - 1) * columns // head))


def commit_at(column: float, head: int, columns: int) -> int:
    """The commit at a column; the first and the last column hold the ends."""
    if head <= 0 or columns <= 0:
        return 0
    if column >= columns - 1:
        return head
    return max(1, min(head, int(max(0.0, column) * head / columns) + 1))


def timeline_lines(chart: Chart, position: int, density_rows: int = 1) -> list[Line]:
    """Pointer and ends of the scale; density, past bright and future dim; errors ×, hits •, snapshots ◆ and marks."""
    here = column_of(position, chart.head, chart.columns)
    pointer = _pointer_line(chart, position, here)
    density = [_density_line(chart, position, here, row, density_rows) for row in range(density_rows)]
    return [pointer, *density, _signs_line(chart)]


def _pointer_line(chart: Chart, position: int, here: int) -> Line:
    width = chart.columns
    label = f"▼{count(position)}" if here + 1 + len(count(position)) <= width else f"{count(position)}▼"
    start = here if label[0] == "▼" else here + 1 - len(label)
    first, last = "1", count(chart.head)
    left = first if start > len(first) else ""
    right = last if start + len(label) < width - len(last) else ""
    return Line(
        (
            Span(left, "muted"),
            Span(" " * (start - len(left))),
            Span(label, "playhead"),
            Span(" " * (width - start - len(label) - len(right))),
            Span(right, "muted"),
        )
    )


def _density_line(chart: Chart, position: int, here: int, row: int, rows: int) -> Line:
    """One of `rows` lines of blocks, the topmost first."""
    cells: list[tuple[str, Role]] = []
    for column, height in enumerate(chart.heights):
        eighths = round(height * rows * 8) - (rows - 1 - row) * 8
        block = BLOCKS[max(0, min(8, eighths))]
        if height > 0 and row == rows - 1 and block == " ":
            block = BLOCKS[1]
        if column == here and position:
            cells.append((block if block != " " else "│", "playhead"))
        elif column in chart.errors:
            cells.append((block, "error"))
        else:
            cells.append((block, "past" if column < here else "faint"))
    return _merged(cells)


def _signs_line(chart: Chart) -> Line:
    cells: list[tuple[str, Role]] = [(" ", "text")] * chart.columns
    layers: list[tuple[frozenset[int], str, Role]] = [
        (chart.hits, "•", "warning"),
        (chart.errors, "×", "error"),
        (chart.snapshots, "◆", "accent"),
    ]
    for columns, sign, role in layers:
        for column in columns:
            cells[column] = (sign, role)
    for column, letter in chart.marks.items():
        cells[column] = (letter, "strong")
    return _merged(cells)


def _merged(cells: Sequence[tuple[str, Role]]) -> Line:
    """Neighbours of one role as one span."""
    return Line(
        tuple(Span("".join(text for text, _ in run), role) for role, run in groupby(cells, key=lambda cell: cell[1]))
    )
