"""when, c, rc, watch, fold, check: conditions over the whole past of a run."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.text import Text

from playhead import InvalidArgumentError, LogError
from playhead.conditions import Series
from playhead.cursor import Cursor
from playhead.model import iso
from playhead.rules import Verdict, check, load
from playhead.track import EventLine
from playhead_tui.arguments import commits_named
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.moments import change_lines, print_changes
from playhead_tui.cli.output import compact, note, print_event, print_json, print_line, print_table
from playhead_tui.cli.stores import chosen_agent, chosen_moment, narrowed_to, open_for_reading
from playhead_tui.cli.working import working
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import plural


@contextmanager
def asked_cursor(options: argparse.Namespace) -> Iterator[Cursor]:
    """A cursor on the store and the agent that the options name; a bar is shown for as long as it is asked."""
    with open_for_reading(options) as store, working("looking"):
        agent = chosen_agent(options, store)
        yield store.cursor(agent.agent_id, namespace=agent.namespace)


def run_when(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        intervals = cursor.when(options.expression)
        events = cursor.track.lines(interval.first for interval in intervals if interval.first)
        times = [(cursor.time_at(each.first), cursor.time_at(each.last)) for each in intervals]
    told = list(zip(intervals, times, (events.get(each.first) for each in intervals), strict=True))
    if options.json:
        print_json(
            [
                {
                    "first": interval.first,
                    "last": interval.last,
                    "from": begin and iso(begin),
                    "to": end and iso(end),
                    "event": event and event.to_json(),
                }
                for interval, (begin, end), event in told
            ]
        )
    else:
        rows = (
            (interval.first, interval.last, begin, end, "(the empty state)" if event is None else event.label)
            for interval, (begin, end), event in told
        )
        print_table(("first", "last", "from", "to", "label"), rows, right=("first", "last"))
        note(f"true in {plural(len(intervals), 'interval')}" if intervals else "never true")
    return EXIT_OK if intervals else EXIT_NO


def run_c(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        cursor.position = chosen_moment(options.at, cursor.store)
        position = cursor.position if cursor.run_forward(options.expression) else None
        event = cursor.track.lines([position]).get(position) if position else None
    return _print_place(position, event, options)


def run_rc(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        # The newest commit may be the one that is looked for.
        cursor.position = chosen_moment(options.at, cursor.store) + (options.at is None)
        position = cursor.position if cursor.run_back(options.expression) else None
        event = cursor.track.lines([position]).get(position) if position else None
    return _print_place(position, event, options)


def _print_place(position: int | None, event: EventLine | None, options: argparse.Namespace) -> int:
    if options.json:
        print_json({"commit_ts": position, "event": event and event.to_json()})
    elif event is not None:
        print_event(event)
    elif position is not None:
        print(position)
    else:
        note("it does not become true there")
    return EXIT_OK if position is not None else EXIT_NO


def run_watch(options: argparse.Namespace) -> int:
    with asked_cursor(options) as cursor:
        rows = [(at, cursor.time_at(at), *values) for at, values in _aligned(cursor.watch(options.expressions))]
    columns = ("commit_ts", "at", *options.expressions)
    if options.json:
        print_json(
            [
                {"commit_ts": commit_ts, "at": at and iso(at), "values": [_cell(value) for value in values]}
                for commit_ts, at, *values in rows
            ]
        )
    elif options.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows((commit_ts, at and iso(at), *map(_text, values)) for commit_ts, at, *values in rows)
    else:
        numbers = [
            name
            for name, *values in zip(options.expressions, *(row[2:] for row in rows), strict=True)
            if all(value is None or (isinstance(value, int | float) and value is not True) for value in values)
        ]
        shown = ((commit_ts, at, *map(_text, values)) for commit_ts, at, *values in rows)
        print_table(columns, shown, right=("commit_ts", *numbers))
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
        with working("folding"):
            changes = cursor.fold_without(struck, every_agent=agent_id is None)
    if options.json:
        print_json(
            {"commit_ts": cursor.position, "without": struck, "changes": [change.to_json() for change in changes]}
        )
    else:
        without = plural(len(struck), "event")
        note(f"commit {cursor.position:,} as recorded → without {without} (of the record: nothing is run again)")
        print_changes(changes)
    return EXIT_OK


def run_check(options: argparse.Namespace) -> int:
    rules = load(Path(options.rules))
    if options.agent is None and options.namespace is None and all(rule.agent is not None for rule in rules):
        with open_for_reading(options) as store, working("checking"):
            cursor = store.cursor()
            verdicts = check(cursor, rules)
            events = cursor.track.lines(verdict.commit_ts for verdict in verdicts if verdict.commit_ts)
    else:
        with asked_cursor(options) as cursor:
            verdicts = check(cursor, rules)
            events = cursor.track.lines(verdict.commit_ts for verdict in verdicts if verdict.commit_ts)
    told = [(verdict, events.get(verdict.commit_ts or 0)) for verdict in verdicts]
    if options.junit:
        _write_junit(Path(options.junit), options.rules, told)
    broken = [verdict for verdict in verdicts if not verdict.kept]
    if options.json:
        print_json([{**verdict.to_json(), "event": event and event.to_json()} for verdict, event in told])
    else:
        for verdict, event in told:
            _print_verdict(verdict, event)
        note(f"{plural(len(verdicts), 'rule')}, {len(broken):,} broken")
    return EXIT_NO if broken else EXIT_OK


def _print_verdict(verdict: Verdict, event: EventLine | None) -> None:
    word, style = ("kept  ", "green") if verdict.kept else ("BROKEN", "bold red")
    where = "" if verdict.commit_ts is None else f"  commit {verdict.commit_ts:,}: {verdict.reason}"
    print_line(Text.assemble((word, style), "  ", (printable(verdict.rule.name), "bold"), printable(where)))
    if event is not None:
        print_line(Text(f"        {printable(_told(event))}", "dim"), cropped=True)
    for line in change_lines(verdict.changes):
        print_line(Text("        ").append_text(line), cropped=True)


def _told(event: EventLine) -> str:
    return f"{iso(event.moment)}  {event.kind}  {event.label}".rstrip()


def _write_junit(path: Path, name: str, told: Sequence[tuple[Verdict, EventLine | None]]) -> None:
    broken = sum(not verdict.kept for verdict, _ in told)
    suite = ElementTree.Element("testsuite", name=name, tests=str(len(told)), failures=str(broken))
    for verdict, event in told:
        case = ElementTree.SubElement(suite, "testcase", classname=name, name=verdict.rule.name)
        if not verdict.kept:
            message = f"commit {verdict.commit_ts}: {verdict.reason}"
            failure = ElementTree.SubElement(case, "failure", message=message)
            lines = [] if event is None else [_told(event)]
            failure.text = "\n".join([*lines, *(line.plain for line in change_lines(verdict.changes))])
    try:
        ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        raise LogError(f"{path}: could not be written ({error.strerror})") from None
