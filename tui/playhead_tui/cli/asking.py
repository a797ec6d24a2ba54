"""when, c, rc, watch, fold, check: conditions over the whole past of a run."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from playhead import InvalidArgumentError, LogError
from playhead.conditions import Series
from playhead.cursor import Cursor
from playhead.model import iso
from playhead.rules import Verdict, check, load
from playhead_tui.arguments import commits_named
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.moments import print_changes
from playhead_tui.cli.output import compact, note, print_event, print_json, print_table
from playhead_tui.cli.stores import chosen_agent, chosen_moment, narrowed_to, open_for_reading
from playhead_tui.drawing.words import plural


@contextmanager
def asked_cursor(options: argparse.Namespace) -> Iterator[Cursor]:
    """A cursor on the store and the agent that the options name."""
    with open_for_reading(options) as store:
        agent = chosen_agent(options, store)
        yield store.cursor(agent.agent_id, namespace=agent.namespace)


def run_when(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        intervals = cursor.when(options.expression)
        lines = cursor.track.lines(interval.first for interval in intervals if interval.first)
        rows = [
            {
                "first": interval.first,
                "last": interval.last,
                "from": _time(cursor, interval.first),
                "to": _time(cursor, interval.last),
                "label": lines[interval.first].label if interval.first else "(the empty state)",
            }
            for interval in intervals
        ]
    if options.json:
        print_json(rows)
    else:
        columns = ("first", "last", "from", "to", "label")
        print_table(columns, ([row[column] for column in columns] for row in rows), right=("first", "last"))
        note(f"true in {plural(len(rows), 'interval')}" if rows else "never true")
    return EXIT_OK if rows else EXIT_NO


def _time(cursor: Cursor, commit_ts: int) -> str | None:
    moment = cursor.time_at(commit_ts)
    return None if moment is None else iso(moment)


def run_c(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        return _print_event(cursor, cursor.run_forward(options.expression), options)


def run_rc(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        # The newest commit may be the one that is looked for.
        cursor.position = chosen_moment(options.at, cursor.store) + (options.at is None)
        return _print_event(cursor, cursor.run_back(options.expression), options)


def _print_event(cursor: Cursor, found: bool, options: argparse.Namespace) -> int:
    event = cursor.event() if found else None
    if options.json:
        print_json(
            {"commit_ts": cursor.position if found else None, "event": None if event is None else event.to_json()}
        )
    elif not found:
        note("nowhere there")
    elif event is None:
        print("0")
    else:
        print_event(event)
    return EXIT_OK if found else EXIT_NO


def run_watch(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        series = cursor.watch(options.expressions)
        rows = list(_aligned(series))
        if options.json:
            print_json([{"commit_ts": commit_ts, "values": [_cell(value) for value in row]} for commit_ts, row in rows])
        elif options.csv:
            writer = csv.writer(sys.stdout)
            writer.writerow(("commit_ts", "time", *options.expressions))
            writer.writerows((at, _time(cursor, at), *map(_text, row)) for at, row in rows)
        else:
            columns = ("commit_ts", *options.expressions)
            print_table(columns, ((at, *map(_text, row)) for at, row in rows), right=("commit_ts",))
    return EXIT_OK


def _aligned(series: Sequence[Series]) -> Iterator[tuple[int, list[Any]]]:
    """Every commit at which one of the series changes, with the values of all of them from there on."""
    changes: dict[int, list[tuple[int, Any]]] = {}
    for column, each in enumerate(series):
        for commit_ts, value in zip(each.commits, each.values, strict=True):
            changes.setdefault(commit_ts, []).append((column, value))
    row: list[Any] = [None] * len(series)
    for commit_ts in sorted(changes):
        for column, value in changes[commit_ts]:
            row[column] = value
        yield commit_ts, list(row)


def _cell(value: Any) -> Any:
    return iso(value) if hasattr(value, "tzinfo") else value


def _text(value: Any) -> str | None:
    cell = _cell(value)
    return cell if cell is None or isinstance(cell, str) else compact(cell)


def run_fold(options: argparse.Namespace) -> int:
    struck = commits_named(options.without)
    with open_for_reading(options) as store:
        agent_id, namespace = narrowed_to(options, store)
        cursor = store.cursor(agent_id, namespace=namespace)
        cursor.position = chosen_moment(options.at, store)
        beyond = [commit_ts for commit_ts in struck if not 1 <= commit_ts <= cursor.position]
        if beyond:
            raise InvalidArgumentError(f"--without: there is no commit {beyond[0]} up to {cursor.position}")
        changes = cursor.fold_without(struck, every_agent=agent_id is None)
    if options.json:
        print_json({"at": cursor.position, "without": struck, "changes": [change.to_json() for change in changes]})
    else:
        without = plural(len(struck), "event")
        note(f"commit {cursor.position:,} as recorded → without {without} (of the record: nothing is run again)")
        print_changes(changes)
    return EXIT_OK


def run_check(options: argparse.Namespace) -> int:
    rules = load(Path(options.rules))
    if options.agent is None and options.namespace is None and all(rule.agent is not None for rule in rules):
        with open_for_reading(options) as store:
            verdicts = check(store.cursor(), rules)
    else:
        with asked_cursor(options) as cursor:
            verdicts = check(cursor, rules)
    if options.junit:
        _write_junit(Path(options.junit), options.rules, verdicts)
    broken = [verdict for verdict in verdicts if not verdict.kept]
    if options.json:
        print_json([verdict.to_json() for verdict in verdicts])
    else:
        for verdict in verdicts:
            where = "" if verdict.kept else f"  commit {verdict.commit_ts:,}: {verdict.reason}"
            print(f"{'kept  ' if verdict.kept else 'BROKEN'}  {verdict.rule.name}{where}")
            if verdict.changes:
                print_changes(verdict.changes)
        note(f"{plural(len(verdicts), 'rule')}, {len(broken):,} broken")
    return EXIT_NO if broken else EXIT_OK


def _write_junit(path: Path, name: str, verdicts: Sequence[Verdict]) -> None:
    broken = sum(not verdict.kept for verdict in verdicts)
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(verdicts)), failures=str(broken))
    for verdict in verdicts:
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=verdict.rule.name)
        if not verdict.kept:
            message = f"commit {verdict.commit_ts}: {verdict.reason}"
            failure = ElementTree.SubElement(case, "failure", message=message)
            failure.text = json.dumps(verdict.to_json()["changes"], ensure_ascii=False, indent=2)
    try:
        ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise LogError(f"{path}: could not be written ({error.strerror})") from None
