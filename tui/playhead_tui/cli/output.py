"""What commands print: tables on a terminal, tab-separated lines in a pipe, JSON where asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from playhead.model import Event, is_error_kind, iso
from playhead.track import EventLine
from playhead_tui.cli.working import aside
from playhead_tui.drawing.span import printable

WIDEST_VALUE = 2_000
BETWEEN_COLUMNS = 2


def print_json(value: object, *, indent: int | None = 2) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=indent))


def compact(value: object) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


class _Output(Console):
    def on_broken_pipe(self) -> None:
        # Rich would exit with 1; a reader that has seen enough is no failure, and `main` says so.
        raise BrokenPipeError


def console() -> Console:
    return _Output(highlight=False, soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
    """A table for people, no wider than the terminal; in a pipe, tab-separated lines under a header, nothing cut."""
    if not sys.stdout.isatty():
        print("\t".join(columns))
        for row in rows:
            print("\t".join(_plain(cell) for cell in row))
        return
    listed = [list(row) for row in rows]
    for column in range(len(columns)):
        _tell_times(listed, column)
    cells = [[cell if isinstance(cell, Text) else _cell(cell) for cell in row] for row in listed]
    natural = [
        max(cell_len(name), *(row[at].cell_len for row in cells), 1) if cells else cell_len(name)
        for at, name in enumerate(columns)
    ]
    out = _Output(highlight=False)
    widths = fair_widths(natural, out.width - BETWEEN_COLUMNS * (len(columns) - 1))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, BETWEEN_COLUMNS - 1, 0, 0))
    for name, width in zip(columns, widths, strict=True):
        justify = "right" if name in right else "left"
        table.add_column(name, justify=justify, overflow="ellipsis", no_wrap=True, width=width)  # type: ignore[arg-type]
    for cells_of_row in cells:
        table.add_row(*cells_of_row)
    out.print(table)


def _cell(cell: object) -> Text:
    return Text(printable(_plain(cell)[:WIDEST_VALUE]))


def fair_widths(natural: Sequence[int], room: int) -> list[int]:
    """A width for each column: its own where it is no wider than what is left for each, and an equal share if not."""
    widths, left = [0] * len(natural), room
    for rank, column in enumerate(sorted(range(len(natural)), key=natural.__getitem__)):
        widths[column] = max(1, min(natural[column], left // (len(natural) - rank)))
        left -= widths[column]
    return widths


def _tell_times(rows: list[list[object]], column: int) -> None:
    """Times as people read them: local, and without the day where it is the same throughout."""
    times = [cell.astimezone() for row in rows if isinstance(cell := row[column], datetime)]
    is_one_day = len({time.date() for time in times}) == 1
    for row in rows:
        if isinstance(cell := row[column], datetime):
            row[column] = clock(cell)[11 if is_one_day else 0 :]


def clock(moment: datetime) -> str:
    """`2026-11-12 13:24:34.293`, local."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return iso(cell) or ""
    text = cell.plain if isinstance(cell, Text) else str(cell)
    return text.replace("\t", " ").replace("\n", "↵")


def print_event(event: Event | EventLine, *, note: str = "", cropped: bool = False) -> None:
    """An event on one line: commit, moment, what is noted of it, kind and label; between tabs in a pipe.

    cropped: whether a terminal shows no more than one line of it.
    """
    if not sys.stdout.isatty():
        words = [str(event.commit_ts), iso(event.moment), *([note] if note else []), event.kind, event.label]
        print("\t".join(map(_plain, words)))
        return
    line = Text.assemble((f"{event.commit_ts:>7}", "bold"), "  ", (clock(event.moment), "dim"))
    if note:
        line.append(f"  {note:<11}", "yellow")
    line.append(f"  {printable(event.kind):<12}", "bold red" if is_error_kind(event.kind) else "cyan")
    line.append(f" {printable(event.label)}")
    print_line(line, cropped=cropped)


def print_line(line: Text, *, cropped: bool = False) -> None:
    """A line with its colours on a terminal, and plain in a pipe."""
    out = console()
    if not out.is_terminal:
        print(line.plain)
        return
    if cropped:
        line.truncate(out.width, overflow="ellipsis")
    out.print(line)


def note(text: str | Text) -> None:
    """A word to the person, not to the pipe."""
    with aside():
        if isinstance(text, Text) and sys.stderr.isatty():
            Console(stderr=True, highlight=False, soft_wrap=True).print(text)
        else:
            print(text, file=sys.stderr)
