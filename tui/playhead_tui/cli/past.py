"""last, next, history, blame: who wrote a value, and what it was before."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Sequence

from playhead import JSON, InvalidArgumentError
from playhead.cursor import Cursor
from playhead.json_path import Path, format_address
from playhead.model import iso
from playhead.path_history import PathChange
from playhead.verbs import BlamedLeaf, HeldValue
from playhead_tui.arguments import place_named
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.asking import asked_cursor
from playhead_tui.cli.output import compact, console, note, print_event, print_json, print_table
from playhead_tui.cli.stores import chosen_moment
from playhead_tui.drawing.sparkline import sparkline
from playhead_tui.drawing.words import age, plural

SPARKLINE_COLUMNS = 60


def run_last(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        # The newest commit may be the one that is looked for.
        cursor.position = chosen_moment(options.at, cursor.store) + (options.at is None)
        return _print_change(cursor, cursor.last, options)


def run_next(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        return _print_change(cursor, cursor.next, options)


def _print_change(
    cursor: Cursor, find: Callable[[str, Path, int], PathChange | None], options: argparse.Namespace
) -> int:
    if options.count < 1:
        raise InvalidArgumentError(f"--count is 1 or more, not {options.count}")
    key, path = place_named(cursor, options.path)
    change = find(key, path, options.count)
    line = None if change is None else cursor.track.lines([change.commit_ts])[change.commit_ts]
    if options.json:
        told = None if change is None else change.to_json()
        print_json({"path": format_address(key, path), "change": told, "event": line and line.to_json()})
    elif change is None or line is None:
        note("nowhere there")
    else:
        print_event(line)
        before, after = _shown(change.existed, change.before), _shown(change.exists, change.after)
        print(f"  {format_address(key, path)}: {before} → {after}")
    return EXIT_OK if change is not None else EXIT_NO


def _shown(exists: bool, value: JSON) -> str:
    return compact(value) if exists else "(nothing)"


def run_history(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        held = cursor.held_values(*place_named(cursor, options.path))
        _print_held(held, str(cursor.agent), options)
    return EXIT_OK if held else EXIT_NO


def _print_held(held: Sequence[HeldValue], agent: str, options: argparse.Namespace) -> None:
    if options.json:
        print_json([_held_json(value, agent) for value in held])
    elif options.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(("first", "last", "at", "agent", "kind", "label", "value"))
        writer.writerows(_held_row(value, agent) for value in held)
    else:
        out = console()
        numbers = [_number(value) for value in held]
        if out.is_terminal and sum(number is not None for number in numbers) > 1:
            (bars,) = sparkline(numbers, min(SPARKLINE_COLUMNS, len(numbers)))
            out.print(bars.text, style="cyan")
        columns = ("first", "last", "at", "agent", "kind", "label", "value")
        print_table(columns, (_held_row(value, agent) for value in held), right=("first", "last"))
        note(plural(len(held), "value") if held else "there never was a value")


def _held_row(held: HeldValue, agent: str) -> Sequence[object]:
    event = held.event
    value = _shown(held.exists, held.value)
    return held.first, held.last, iso(event.moment), agent, event.kind, event.label, value


def _held_json(held: HeldValue, agent: str) -> dict[str, JSON]:
    return {
        "first": held.first,
        "last": held.last,
        "exists": held.exists,
        "value": held.value,
        "agent": agent,
        "event": held.event.to_json(),
    }


def _number(held: HeldValue) -> float | None:
    value = held.value
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def run_blame(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        place: tuple[str | None, Path] = (None, ()) if options.path is None else place_named(cursor, options.path)
        leaves = cursor.blame_state(*place)
        position, agent = cursor.position, str(cursor.agent)
    if options.json:
        print_json([_leaf_json(leaf, agent) for leaf in leaves])
    else:
        print_table(
            ("commit", "age", "agent", "kind", "label", "path", "value"),
            (_leaf_row(leaf, position, agent) for leaf in leaves),
            right=("commit", "age"),
        )
    if not leaves:
        note(f"there is nothing at commit {position:,}")
    return EXIT_OK if leaves else EXIT_NO


def _leaf_row(leaf: BlamedLeaf, position: int, agent: str) -> Sequence[object]:
    row, event = leaf.row, leaf.event
    path = format_address(leaf.key, row.path)
    return row.commit_ts, age(position - row.commit_ts), agent, event.kind, event.label, path, compact(row.value)


def _leaf_json(leaf: BlamedLeaf, agent: str) -> dict[str, JSON]:
    return {
        "key": leaf.key,
        "path": format_address(leaf.key, leaf.row.path),
        "value": leaf.row.value,
        "version": leaf.row.version,
        "agent": agent,
        "event": leaf.event.to_json(),
    }
