"""What commands print: tables on a terminal, tab-separated lines in a pipe, JSON where asked for."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from playhead.model import Event, iso
from playhead.track import EventLine

WIDEST_VALUE = 2_000


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
    """A table for people; in a pipe, tab-separated lines under a header line, nothing cut."""
    if not sys.stdout.isatty():
        print("\t".join(columns))
        for row in rows:
            print("\t".join(_plain(cell) for cell in row))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="ellipsis", no_wrap=True)
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(_plain(cell)[:WIDEST_VALUE]) for cell in row))
    _Output(highlight=False).print(table)


def _plain(cell: object) -> str:
    if cell is None:
        return ""
    text = cell.plain if isinstance(cell, Text) else str(cell)
    return text.replace("\t", " ").replace("\n", "↵")


def print_event(event: Event | EventLine) -> None:
    """An event on one line: commit, moment, kind and label, between tabs."""
    print(f"{event.commit_ts}\t{iso(event.moment)}\t{event.kind}\t{event.label}")


def note(text: str) -> None:
    """A word to the person, not to the pipe."""
    print(text, file=sys.stderr)
