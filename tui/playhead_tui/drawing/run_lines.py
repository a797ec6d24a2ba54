"""Rows of the list of runs, their headings, and how they are sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from playhead_tui.drawing.span import Line, Role, Span, crop, crop_middle, fit, left, printable, right, width_of
from playhead_tui.drawing.words import count, plural, size
from playhead_tui.runs import Figures, Run

Column: TypeAlias = Literal["name", "origin", "events", "errors", "cost", "size", "changed"]

COLUMNS: tuple[Column, ...] = ("name", "origin", "events", "errors", "cost", "size", "changed")
COUNTED: tuple[Column, ...] = ("events", "errors", "cost")
"""Columns that take opening a store."""
_WIDTHS: Mapping[Column, int] = {"origin": 12, "events": 10, "errors": 8, "cost": 9, "size": 9, "changed": 10}
_NAME_LEAST = 24
_NAME_MOST = 64
_PLACE_FROM = 104
"""Cells from which on the place has a column of its own."""
_DROPPED: tuple[Column, ...] = ("cost", "errors")
"""Columns that go first where room is short."""
_RISING: tuple[Column, ...] = ("name", "origin")
"""Columns whose natural order is from small to large; of the others, the largest are of interest."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which column runs are sorted, and whether against its natural direction."""

    column: Column = "changed"
    reversed: bool = False

    def next(self, steps: int) -> Order:
        return Order(COLUMNS[(COLUMNS.index(self.column) + steps) % len(COLUMNS)])

    def picked(self, column: Column) -> Order:
        """After a click on a heading: by that column, or the other way round where it is that one already."""
        return Order(column, not self.reversed) if column == self.column else Order(column)


def ordered(runs: Iterable[Run], figures: Mapping[Path, Figures], order: Order) -> list[Run]:
    """The runs as the order has them; those that nothing is known of come last."""
    key = _KEYS[order.column]
    known: list[Run] = []
    unknown: list[Run] = []
    for run in runs:
        (unknown if _value(run, figures, key) is None else known).append(run)
    falling = (order.column in _RISING) == order.reversed
    return sorted(known, key=lambda run: _value(run, figures, key) or 0, reverse=falling) + unknown


_Value: TypeAlias = "str | float | None"
_KEYS: Mapping[Column, Callable[[Run, Figures | None], _Value]] = {
    "name": lambda run, _: run.name.casefold(),
    "origin": lambda run, _: run.origin.casefold(),
    "events": lambda _, figures: figures.events if figures else None,
    "errors": lambda _, figures: figures.errors if figures else None,
    "cost": lambda _, figures: figures.cost if figures else None,
    "size": lambda run, _: run.size,
    "changed": lambda run, _: run.changed,
}


def _value(run: Run, figures: Mapping[Path, Figures], key: Callable[[Run, Figures | None], _Value]) -> _Value:
    return key(run, figures.get(run.store) if run.store is not None else None)


def fitting(runs: Iterable[Run], text: str) -> list[Run]:
    """The runs that have every word of a text in their name, place, path or origin."""
    wanted = text.casefold().split()
    return [run for run in runs if all(word in _searched(run) for word in wanted)] if wanted else list(runs)


def _searched(run: Run) -> str:
    return f"{run.name} {run.place} {run.origin} {run.path}".casefold()


def _columns(width: int) -> list[Column]:
    """The columns that there is room for."""
    shown = list(COLUMNS)
    for column in _DROPPED:
        if width - _taken(shown) < _NAME_LEAST:
            shown.remove(column)
    return shown


def _taken(columns: Sequence[Column]) -> int:
    return 2 + sum(_WIDTHS.get(column, 0) for column in columns)


def _rooms(columns: Sequence[Column], width: int) -> tuple[int, int]:
    """Cells for the name and for the place, which may have none of its own."""
    room = max(8, width - _taken(columns))
    name = min(room // 2, _NAME_MOST)
    return (name, room - name) if width >= _PLACE_FROM else (room, 0)


def heading_line(order: Order, width: int) -> Line:
    """The names of the columns, with an arrow at the one that runs are sorted by."""
    columns = _columns(width)
    name, place = _rooms(columns, width)
    spans = [Span("  ")]
    for column in columns:
        chosen = column == order.column
        arrow = ("▴" if (column in _RISING) != order.reversed else "▾") if chosen else ""
        text = f"{_TITLES.get(column, column)}{arrow}"
        role: Role = "strong" if chosen else "muted"
        if column == "name":
            spans += [Span(left(text, name), role), Span(left("where", place) if place else "", "muted")]
        else:
            spans.append(Span((left if column == "origin" else right)(text, _WIDTHS[column]), role))
    return Line(tuple(spans))


_TITLES: Mapping[Column, str] = {"name": "run", "origin": "what"}


def heading_targets(width: int) -> list[tuple[range, Column]]:
    """Where in the headings a click means a column."""
    columns = _columns(width)
    name, place = _rooms(columns, width)
    targets: list[tuple[range, Column]] = []
    at = 2
    for column in columns:
        room = name + place if column == "name" else _WIDTHS[column]
        targets.append((range(at, at + room), column))
        at += room
    return targets


def run_line(run: Run, figures: Figures | None, now: float, width: int, current: bool = False) -> Line:
    """`  shop  3f2a…  Claude Code  1,903  4  $1.20  48 MB  5 min ago`; a dot for what is not read yet."""
    columns = _columns(width)
    name, place = _rooms(columns, width)
    spans = [Span("▶ " if current else "  ", "playhead")]
    for column in columns:
        if column == "name":
            spans += _name(run, name, place)
        elif column == "origin":
            spans.append(Span(left(run.origin, _WIDTHS[column]), _ROLES[run.kind]))
        else:
            text, role = _cell(column, run, figures, now)
            spans.append(Span(right(text, _WIDTHS[column]), role))
    return Line(tuple(spans))


_ROLES: Mapping[str, Role] = {"store": "accent", "log": "text", "session": "muted"}


def _name(run: Run, room: int, place: int) -> list[Span]:
    """Name and place apart; where the place has no column, a session's comes first: its name tells nobody anything."""
    name, where = printable(run.name), printable(run.place)
    if place:
        return [
            Span(left(crop_middle(name, room - 1), room)),
            Span(left(crop_middle(where, place - 2), place), "muted"),
        ]
    if run.kind != "session" or not where:
        return [Span(left(crop_middle(name, room - 1), room))]
    shown = crop_middle(where, max(8, room - 14))
    rest = room - width_of(shown) - 1
    return [Span(shown + " "), Span(left(crop(name, rest - 1), rest), "muted")]


def _cell(column: Column, run: Run, figures: Figures | None, now: float) -> tuple[str, Role]:
    if column == "size":
        return size(run.size) if run.size else "–", "muted"
    if column == "changed":
        return ago(now - run.changed), "text"
    if run.store is None:
        return "", "faint"
    if figures is None:
        return "·", "faint"
    if figures.problem:
        return ("damaged", "error") if column == "events" else ("", "faint")
    if column == "events":
        return count(figures.events), "text"
    if column == "errors":
        return (f"× {count(figures.errors)}", "error") if figures.errors else ("–", "faint")
    return ("–", "faint") if figures.cost is None else (money(figures.cost), "text")


def money(dollars: float) -> str:
    """$0.04, $12.30, $1,204"""
    return f"${dollars:,.2f}" if dollars < 1000 else f"${dollars:,.0f}"


def ago(seconds: float) -> str:
    """How long ago, in one unit: now, 5 min, 3 h, 12 d, 8 mo, 2 y."""
    if seconds < 60:
        return "now"
    for unit, length, limit in (("min", 60, 60), ("h", 3600, 24), ("d", 86_400, 60), ("mo", 2_629_800, 24)):
        if seconds < length * limit:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds // 31_557_600)} y"


def detail_lines(run: Run | None, figures: Figures | None, width: int) -> tuple[Line, Line]:
    """Where the chosen run is, and what opening it would do."""
    if run is None:
        return Line(), Line()
    path = Line((Span("  "), Span(crop_middle(printable(str(run.path)), width - 3), "strong")))
    text, role = _what_opening_does(run, figures)
    return path, Line(fit((Span("  "), Span(text, role)), width - 1))


def _what_opening_does(run: Run, figures: Figures | None) -> tuple[str, Role]:
    if figures is not None and figures.problem:
        return printable(figures.problem), "error"
    agents = f" of {plural(figures.agents, 'agent')}" if figures is not None and figures.agents else ""
    if run.kind == "store":
        return f"a store{agents}: Enter opens it where you left it", "muted"
    if run.store is not None:
        return f"a run{agents}, loaded before: Enter opens it, x deletes what was loaded", "muted"
    if run.kind == "session":
        return f"{run.origin} keeps it here; nothing of it has been read: Enter reads it", "muted"
    return "opened before, and not kept: Enter reads it again", "muted"
