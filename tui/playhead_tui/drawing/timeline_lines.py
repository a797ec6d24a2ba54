"""The timeline: where the playhead is, how much happened, what to look at, and who did it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from playhead import AgentAddress
from playhead_tui.drawing.span import Line, Role, Span, crop, crop_start, left, printable
from playhead_tui.drawing.words import count
from playhead_tui.window import Window

BLOCKS = " ▁▂▃▄▅▆▇█"
FOLDED = "┄"
NOWHERE = Window(1, 0)


class Tick(NamedTuple):
    """A word on the scale."""

    column: int
    label: str


class Fold(NamedTuple):
    """The columns start … end − 1, which stand for a long gap in which nothing happened."""

    start: int
    end: int
    label: str


class Track(NamedTuple):
    """One kind of thing to look at: a sign in each column that has it, a space in the others."""

    label: str
    cells: str
    role: Role
    brief: str = ""
    """What stands among the signs where it has no line of its own; its cells, where nothing else is said."""


class Lane(NamedTuple):
    """How much one agent did in each column, 0 to 1; of several agents where `agent` is None."""

    agent: AgentAddress | None
    label: str
    heights: Sequence[float]
    is_current: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """A stretch of a run in columns. Nothing here depends on where the playhead is."""

    head: int = 0
    window: Window = NOWHERE
    by_clock: bool = False
    starts: Sequence[int] = ()
    """Of each column the first commit that stands in it or in a later one, ascending."""
    heights: Sequence[float] = ()
    """How much happened in each column, 0 to 1."""
    errors: Sequence[int] = ()
    """The columns with errors."""
    signs: Sequence[Track] = ()
    """What shares one line; the later ones cover those before them."""
    tracks: Sequence[Track] = ()
    """What has a line of its own where there is room, and is covered by all signs where there is none."""
    lanes: Sequence[Lane] = ()
    folds: Sequence[Fold] = ()
    ticks: Sequence[Tick] = ()
    other_ticks: Sequence[Tick] = ()

    @property
    def columns(self) -> int:
        return len(self.starts)

    @property
    def is_whole(self) -> bool:
        return self.window.is_whole(self.head)

    def column_of(self, commit_ts: int) -> int:
        """The column of a commit; the nearest one where it is outside the window."""
        return max(0, bisect_right(self.starts, commit_ts) - 1)

    def slot_of(self, commit_ts: int) -> range:
        """The columns from a commit up to the next one: more than one in a run that is shorter than the strip."""
        start = self.column_of(commit_ts)
        end = self.column_of(commit_ts + 1) if commit_ts < self.window.last else self.columns
        return range(start, max(start + 1, end))

    def commit_at(self, column: float) -> int:
        """The commit at a column, parts of columns counted; the first and the last hold the ends of the window.

        Where nothing stands in a column, that is the commit that came before it.
        """
        if not self.columns or column >= self.columns - 1:
            return self.window.last
        place = int(max(0.0, column))
        start, end = self.starts[place], self.starts[place + 1]
        inside = int((column - place) * (end - start)) if column > 0 else 0
        return start + inside if end > start else max(self.window.first, start - 1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Which lines there are, by the room there is."""

    width: int
    gutter: int = 0
    """Cells at the left for what a line is called."""
    density_rows: int = 1
    track_rows: int = 0
    lane_rows: int = 0
    has_other_scale: bool = False
    has_overview: bool = False

    @property
    def columns(self) -> int:
        return max(0, self.width - self.gutter)

    @property
    def height(self) -> int:
        rows = 2 + self.density_rows + self.track_rows + self.lane_rows
        return rows + self.has_other_scale + self.has_overview

    @property
    def lanes_start(self) -> int:
        """The row of the first lane."""
        return 2 + self.density_rows + self.track_rows


_GUTTER = 12


def planned(
    width: int, screen_rows: int, tracks: int = 0, agents: int = 1, lanes: bool | None = None, zoomed: bool = False
) -> Plan:
    """The lines for a screen. lanes: whether each agent has one; None for what suits the screen."""
    tall, taller = screen_rows >= 36, screen_rows >= 45
    if lanes is None:
        lanes = taller and agents > 1
    most = max(2, screen_rows // (10 if taller else 9)) if lanes else 0
    lane_rows = min(agents, most)
    return Plan(
        width,
        _GUTTER if width >= 70 and (tall or lane_rows) else 0,
        1 if not tall else 2 if screen_rows < 60 else 3 if screen_rows < 80 else 4,
        min(tracks, screen_rows // 8 - 2) if tall else 0,
        lane_rows,
        taller,
        zoomed,
    )


@dataclass(frozen=True, slots=True)
class Row:
    """A line in which the playhead's place alone may change."""

    label: str
    cells: str
    past: Role
    future: Role
    patches: Sequence[tuple[int, int, Role]] = ()
    """Columns start … end − 1 that have a role of their own, ascending."""
    label_role: Role = "faint"
    shows_pointer: bool = True
    shows_slot: bool = False
    """Whether all that the playhead's commit covers has its colour, not the first column alone."""


def rows_of(chart: Chart, plan: Plan) -> list[Row]:
    """All lines below that of the pointer, the overview left out."""
    shown = chart.tracks[: plan.track_rows]
    rows = _density_rows(chart, plan.density_rows)
    rows.append(_signs_row([*map(_dotted, chart.tracks[plan.track_rows :]), *chart.signs], chart.columns))
    rows += [
        Row(track.label, _with_folds(track.cells, chart.folds), track.role, "faint", _fold_patches(chart.folds))
        for track in shown
    ]
    # A track that is not there leaves its line, so that what is below stays where it is.
    rows += [Row("", " " * chart.columns, "faint", "faint")] * (plan.track_rows - len(shown))
    rows += [_lane_row(lane, chart.folds) for lane in chart.lanes[: plan.lane_rows]]
    rows += [Row("", " " * chart.columns, "faint", "faint")] * (plan.lane_rows - len(chart.lanes))
    if plan.has_other_scale:
        name = "commit" if chart.by_clock else "time"
        rows.append(Row(name, _ticked(chart.other_ticks, chart.columns), "faint", "faint", shows_pointer=False))
    return rows


def timeline_lines(
    chart: Chart, plan: Plan, rows: Sequence[Row], position: int, chosen: tuple[int, int] | None = None
) -> list[Line]:
    """The pointer on its scale, the rows, and where in the run this is. chosen: columns that are being dragged over."""
    if chosen is not None:
        chosen = (min(chosen), max(chosen) + 1)
    here = chart.slot_of(position) if position in chart.window else range(-1, 0)
    if position > chart.window.last:
        here = range(chart.columns, chart.columns)
    lines = [_chosen_line(chart, plan, chosen) if chosen else _pointer_line(chart, plan, position)]
    lines += [_line(row, here, chosen, plan.gutter) for row in rows]
    if plan.has_overview:
        lines.append(_overview_line(chart, plan, position))
    return lines


def _label(text: str, role: Role, gutter: int) -> tuple[Span, ...]:
    if len(text) >= gutter:
        # Of a long path, as many of its last names as fit whole say most.
        cuts = [at for sign in "./" if (at := text.find(sign, len(text) - gutter)) >= 0]
        text = text[min(cuts) + 1 :] if cuts else text
    return (Span(left(crop_start(text, gutter - 1), gutter), role),) if gutter else ()


def _line(row: Row, slot: range, chosen: tuple[int, int] | None, gutter: int) -> Line:
    cells = row.cells
    cuts = {0, len(cells)}
    cuts.update(edge for start, end, _ in row.patches for edge in (start, end))
    here = slot.start if slot and row.shows_pointer else -1
    until = slot.stop if row.shows_pointer else 0
    if here >= 0:
        cuts.update((here, here + 1, until))
    if chosen:
        cuts.update(chosen)
    edges = sorted(cuts)
    patches = iter(row.patches)
    patch = next(patches, None)
    spans: list[Span] = []
    for start, end in pairwise(edges):
        while patch is not None and patch[1] <= start:
            patch = next(patches, None)
        text = cells[start:end]
        role = patch[2] if patch is not None and patch[0] <= start else row.past if start < until else row.future
        if start == here:
            text, role = ("│", "playhead") if text == " " else (text, role if role == "strong" else "playhead")
        elif 0 <= here < start < until and row.shows_slot:
            role = "playhead"
        if chosen and chosen[0] <= start < chosen[1]:
            role = "hit"
        spans.append(Span(text, role))
    return Line((*_label(row.label, row.label_role, gutter), *spans))


# ── what a row says ──────────────────────────────────────────────────────────────────────────────────────────────────


def _density_rows(chart: Chart, rows: int) -> list[Row]:
    """Blocks, the topmost row first; columns with errors have their colour, and their sign in another line."""
    patches = [(column, column + 1, _ERROR) for column in chart.errors]
    lines = []
    for row in range(rows):
        lowest = row == rows - 1
        cells = "".join(_block(height, rows - 1 - row, rows) for height in chart.heights)
        words = _with_folds(cells, chart.folds, labelled=lowest)
        folds = _fold_patches(chart.folds) if lowest else []
        parts = sorted([*patches, *folds])
        lines.append(Row("events" if lowest else "", words, "past", "faint", parts, shows_slot=True))
    return lines


_ERROR: Role = "error"


def _block(height: float, row: int, rows: int) -> str:
    """The part of a column that stands in a row, counted from the lowest; what is there at all is seen."""
    eighths = round(height * rows * 8) - row * 8
    if height > 0 and row == 0:
        eighths = max(1, eighths)
    return BLOCKS[max(0, min(8, eighths))]


def _dotted(track: Track) -> Track:
    """A track among signs: only where it has something, so that it does not drown them."""
    return Track(track.label, "".join(" " if cell == " " else "·" for cell in track.brief or track.cells), "faint")


def _signs_row(tracks: Sequence[Track], columns: int) -> Row:
    cells = [" "] * columns
    roles: list[Role] = ["faint"] * columns
    for track in tracks:
        for column, sign in enumerate(track.cells):
            if sign != " ":
                cells[column], roles[column] = sign, track.role
    patches = [(column, column + 1, roles[column]) for column, sign in enumerate(cells) if sign != " "]
    return Row("signs", "".join(cells), "faint", "faint", patches)


def _lane_row(lane: Lane, folds: Sequence[Fold]) -> Row:
    cells = "".join(_block(height, 0, 1) for height in lane.heights)
    role: Role = "accent" if lane.is_current else "past"
    label = ("▸" if lane.is_current else " ") + printable(lane.label)
    label_role: Role = "strong" if lane.is_current else "muted"
    return Row(crop(label, _GUTTER - 1), _with_folds(cells, folds), role, "faint", _fold_patches(folds), label_role)


def _fold_patches(folds: Sequence[Fold]) -> list[tuple[int, int, Role]]:
    return [(fold.start, fold.end, "muted") for fold in folds]


def _with_folds(cells: str, folds: Sequence[Fold], labelled: bool = False) -> str:
    for fold in folds:
        width = fold.end - fold.start
        words = FOLDED + fold.label + FOLDED if labelled else FOLDED * width
        cells = cells[: fold.start] + left(words, width) + cells[fold.end :]
    return cells


# ── scales ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ticked(ticks: Sequence[Tick], columns: int, taken: Sequence[tuple[int, int]] = ()) -> str:
    """Words where they stand; those that would touch one that is there already are left out."""
    cells = " " * columns
    for column, label in ticks:
        start = min(column, columns - len(label))
        room = cells[max(0, start - 2) : start + len(label) + 2]
        free = all(end <= start - 1 or begin >= start + len(label) + 1 for begin, end in taken)
        if start >= 0 and not room.strip() and free:
            cells = cells[:start] + label + cells[start + len(label) :]
    return cells


def _pointer_line(chart: Chart, plan: Plan, position: int) -> Line:
    """`1        500      ▼1,204        1,990`: the pointer first, then the ends, then what else there is room for."""
    columns = plan.columns
    here = chart.column_of(position)
    sign = "▼" if position in chart.window or not position else "◀" if position < chart.window.first else "▶"
    label, start = f"{sign}{count(position)}", here
    if here + len(label) > columns:
        label, start = f"{count(position)}{sign}", max(0, here + 1 - len(label))
    last = columns if chart.window.size > columns else chart.column_of(chart.window.last)
    ends = (Tick(0, count(chart.window.first)), Tick(last, count(chart.window.last)))
    ticks = chart.ticks if chart.by_clock else (*ends, *chart.ticks)
    scale = _ticked(ticks, columns, [(start, start + len(label))])
    return Line(
        (
            *_label("clock" if chart.by_clock else "commit", "faint", plan.gutter),
            Span(scale[:start], "muted"),
            Span(label, "playhead"),
            Span(scale[start + len(label) :], "muted"),
        )
    )


def _chosen_line(chart: Chart, plan: Plan, chosen: tuple[int, int]) -> Line:
    first, last = chart.commit_at(chosen[0]), chart.commit_at(chosen[1] - 1)
    words = f"{count(first)} – {count(last)}  let go to zoom"
    start = max(0, min(chosen[0], plan.columns - len(words)))
    return Line((*_label("", "faint", plan.gutter), Span(" " * start), Span(crop(words, plan.columns), "playhead")))


def _overview_line(chart: Chart, plan: Plan, position: int) -> Line:
    """The whole run as a thin line, with the window on it heavy, and the playhead."""
    columns, head = plan.columns, max(1, chart.head)
    start = (chart.window.first - 1) * columns // head
    end = max(start + 1, -(-chart.window.last * columns // head))
    here = min(columns - 1, max(0, position - 1) * columns // head)
    cells = "─" * start + "━" * (end - start) + "─" * (columns - end)
    spans = [Span(text, role) for text, role in _runs(cells, here, start, end) if text]
    return Line((*_label("whole run", "faint", plan.gutter), *spans))


def _runs(cells: str, here: int, start: int, end: int) -> list[tuple[str, Role]]:
    edges = sorted({0, start, end, here, here + 1, len(cells)})
    runs: list[tuple[str, Role]] = []
    for begin, stop in pairwise(edges):
        role: Role = "accent" if start <= begin < end else "faint"
        runs.append(("┿" if role == "accent" else "┼", "playhead") if begin == here else (cells[begin:stop], role))
    return runs


def overview_commit(column: float, columns: int, head: int) -> int:
    """The commit at a column of the overview."""
    return max(1, min(head, int(max(0.0, column) * head / max(1, columns)) + 1))
