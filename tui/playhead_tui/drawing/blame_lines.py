"""A value with a gutter: of every leaf, which commit last wrote it, and how long ago that was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playhead import EventHeader
from playhead.cursor import BlameRow
from playhead.json_path import Path
from playhead_tui.drawing import words
from playhead_tui.drawing.change_age import age_role
from playhead_tui.drawing.event_lines import kind_role
from playhead_tui.drawing.row import Row
from playhead_tui.drawing.span import Line, Span, left, printable, right, width_of

_LABEL_LEAST, _LABEL_MOST = 12, 60


def gutter_width(blamed: Sequence[BlameRow], width: int) -> int:
    """Cells that the gutter takes of a page."""
    version, commit = _number_widths(blamed)
    return version + commit + 11 + _label_width(width)


def _label_width(width: int) -> int:
    """Cells of the gutter that the event's label has, with two before it; none in a narrow page."""
    room = min(_LABEL_MOST, (width - 44) // 3)
    return room + 2 if room >= _LABEL_LEAST else 0


def blame_rows(
    rows: Sequence[Row],
    blamed: Sequence[BlameRow],
    headers: Mapping[int, EventHeader],
    position: int,
    width: int,
) -> list[Row]:
    """The rows of a value with their gutter. A folded part is from its newest leaf; a commit is told once in a row."""
    known = {row.path: row for row in blamed}
    known |= _newest_below(blamed, {row.path for row in rows if row.path not in known and _is_folded(row)})
    numbers = _number_widths(blamed)
    cells = gutter_width(blamed, width)
    made: list[Row] = []
    last: BlameRow | None = None
    told: Path | None = None
    for row in rows:
        found = known.get(row.path) if row.path is not None else None
        if found is None or row.path == told:
            # A text over several lines, or a bracket.
            travel = found.commit_ts if found is not None else 0
            made.append(_with_gutter(row, (), cells, travel))
            continue
        told = row.path
        again = last is not None and last.commit_ts == found.commit_ts and last.version == found.version
        gutter = _gutter(found, None if again else headers.get(found.commit_ts), again, position, numbers, width)
        made.append(_with_gutter(row, gutter, cells, found.commit_ts))
        last = found
    return made


def _is_folded(row: Row) -> bool:
    return row.opens and row.line.text.lstrip().startswith("▸")


def _newest_below(blamed: Sequence[BlameRow], paths: set[Path | None]) -> dict[Path, BlameRow]:
    """Of each path, the leaf below it that was written last."""
    newest: dict[Path, BlameRow] = {}
    for row in blamed if paths else ():
        for depth in range(len(row.path)):
            above = row.path[:depth]
            if above in paths and (above not in newest or newest[above].version < row.version):
                newest[above] = row
    return newest


def _number_widths(blamed: Sequence[BlameRow]) -> tuple[int, int]:
    version = max((len(str(row.version)) for row in blamed), default=1)
    commit = max((len(words.count(row.commit_ts)) for row in blamed), default=1)
    return version + 2, commit + 2


def _gutter(
    row: BlameRow, header: EventHeader | None, again: bool, position: int, numbers: tuple[int, int], width: int
) -> tuple[Span, ...]:
    age = position - row.commit_ts
    role = age_role(age)
    if again:
        spans = [Span(" " * numbers[0] + right("·", numbers[1]) + " " * 8, role)]
    else:
        spans = [
            Span(right(f"{'' if row.exact else '≤'}v{row.version}", numbers[0]), role),
            Span(right(words.count(row.commit_ts), numbers[1]), role),
            Span(right(words.age(age), 8), role),
        ]
    if label_width := _label_width(width):
        text = printable(header.label or header.kind) if header is not None else ""
        kind = kind_role(header.kind) if header is not None else "muted"
        spans.append(Span("  " + left(text, label_width - 2), "error" if kind == "error" else role))
    return tuple(spans)


def _with_gutter(row: Row, gutter: tuple[Span, ...], cells: int, commit_ts: int) -> Row:
    used = sum(width_of(span.text) for span in gutter)
    line = Line((*gutter, Span(" " * (cells - 3 - used)), Span(" │ ", "faint"), *row.line.spans), row.line.tone)
    return row._replace(line=line, commit_ts=commit_ts)
