"""last, next, history, blame: who wrote a value, and what it was before."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from playhead import JSON, AgentAddress, InvalidArgumentError
from playhead.cursor import Cursor
from playhead.json_path import Path, format_address
from playhead.model import iso
from playhead.path_history import PathChange
from playhead.track import EventLine
from playhead.verbs import BlamedLeaf, HeldValue
from playhead_tui.arguments import place_with_past
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.asking import asked_cursor
from playhead_tui.cli.output import compact, console, note, print_event, print_json, print_line, print_table
from playhead_tui.cli.stores import chosen_moment
from playhead_tui.drawing.sparkline import sparkline
from playhead_tui.drawing.words import age, plural

SPARKLINE_COLUMNS = 60


def run_last(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        # The newest commit may be the one that is looked for.
        cursor.position = chosen_moment(options.at, cursor.store) + (options.at is None)
        place = _place(cursor, options)
        found = cursor.last(*place, options.count)
        event = _event_of(cursor, found)
    return _print_change(place, found, event, options)


def run_next(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        place = _place(cursor, options)
        found = cursor.next(*place, options.count)
        event = _event_of(cursor, found)
    return _print_change(place, found, event, options)


def _place(cursor: Cursor, options: argparse.Namespace) -> tuple[str, Path]:
    if options.count < 1:
        raise InvalidArgumentError(f"--count is 1 or more, not {options.count}")
    return place_with_past(cursor, options.path)


def _event_of(cursor: Cursor, change: PathChange | None) -> EventLine | None:
    return None if change is None else cursor.track.lines([change.commit_ts])[change.commit_ts]


def _print_change(
    place: tuple[str, Path], change: PathChange | None, event: EventLine | None, options: argparse.Namespace
) -> int:
    if options.json:
        told = change and change.to_json()
        print_json({"path": format_address(*place), "change": told, "event": event and event.to_json()})
    elif change is None or event is None:
        note("it does not change there")
    else:
        print_event(event)
        before, after = _shown(change.existed, change.before), _shown(change.exists, change.after)
        line = Text.assemble((f"  {format_address(*place)}", "bold"), ": ", (before, "red"), " → ", (after, "green"))
        print_line(line)
    return EXIT_OK if change is not None else EXIT_NO


def _shown(exists: bool, value: JSON) -> str:
    return compact(value) if exists else "(nothing)"


def run_history(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        held = cursor.held_values(*place_with_past(cursor, options.path))
        _print_held(held, cursor.agent, options)
    return EXIT_OK if held else EXIT_NO


def _print_held(held: Sequence[HeldValue], agent: AgentAddress, options: argparse.Namespace) -> None:
    columns = ("first", "last", "at", "agent", "kind", "label", "value")
    if options.json:
        print_json([_held_json(value, agent) for value in held])
    elif options.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows((*row[:2], iso(row[2]), *row[3:]) for row in (_held_row(value, agent) for value in held))
    else:
        out = console()
        numbers = [_number(value) for value in held]
        if out.is_terminal and sum(number is not None for number in numbers) > 1:
            (bars,) = sparkline(numbers, min(SPARKLINE_COLUMNS, len(numbers)))
            out.print(bars.text, style="cyan")
        right = ("value",) if all(number is not None for number in numbers) else ()
        print_table(columns, (_held_row(value, agent) for value in held), right=("first", "last", *right))
        note(plural(len(held), "value") if held else "there never was a value")


def _held_row(held: HeldValue, agent: AgentAddress) -> tuple[int, int, datetime, str, str, str, str]:
    event = held.event
    value = _shown(held.exists, held.value)
    return held.first, held.last, event.moment, str(agent), event.kind, event.label, value


def _held_json(held: HeldValue, agent: AgentAddress) -> dict[str, JSON]:
    return {
        "first": held.first,
        "last": held.last,
        **agent._asdict(),
        "exists": held.exists,
        "value": held.value,
        "event": held.event.to_json(),
    }


def _number(held: HeldValue) -> float | None:
    value = held.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def run_blame(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        place = (None, ()) if options.path is None else place_with_past(cursor, options.path)
        leaves = cursor.blame_state(*place)
        position, agent = cursor.position, cursor.agent
    if options.json:
        print_json([_leaf_json(leaf, position, agent) for leaf in leaves])
    else:
        is_terminal = console().is_terminal
        print_table(
            ("commit", "age", "agent", "kind", "label", "path", "value"),
            (_leaf_row(leaf, position, agent, short=is_terminal) for leaf in leaves),
            right=("commit", "age"),
        )
    if not leaves:
        note(f"there is nothing at commit {position:,}")
    return EXIT_OK if leaves else EXIT_NO


def _leaf_row(leaf: BlamedLeaf, position: int, agent: AgentAddress, *, short: bool) -> Sequence[object]:
    row, event = leaf.row, leaf.event
    path, commits = format_address(leaf.key, row.path), position - row.commit_ts
    shown = age(commits) if short else commits
    return row.commit_ts, shown, str(agent), event.kind, event.label, path, compact(row.value)


def _leaf_json(leaf: BlamedLeaf, position: int, agent: AgentAddress) -> dict[str, JSON]:
    return {
        **agent._asdict(),
        "key": leaf.key,
        "version": leaf.row.version,
        "path": format_address(leaf.key, leaf.row.path),
        "value": leaf.row.value,
        "age": position - leaf.row.commit_ts,
        "event": leaf.event.to_json(),
    }
