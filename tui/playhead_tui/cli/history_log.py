"""log: the events of a run, and the pickaxe that looks for what came into its values and went out of them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import islice

from rich.text import Text

from playhead import InvalidArgumentError
from playhead.cursor import Cursor
from playhead.json_path import format_address
from playhead.model import iso
from playhead.pickaxe import ChangedLine, Hit
from playhead.track import EventLine
from playhead.verbs import LogEntry
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import note, print_event, print_line
from playhead_tui.cli.stores import chosen_bound, narrowed_to, open_for_reading
from playhead_tui.cli.working import aside, working

FIRST_ENTRIES, ENTRIES_AT_ONCE = 32, 1_024
"""Whose labels are read in one question; the first ones are few, so that something is seen at once."""
LINE_CHARACTERS = 200


def run_log(options: argparse.Namespace) -> int:
    if options.last is not None and options.last < 1:
        raise InvalidArgumentError(f"-n is 1 or more, not {options.last}")
    with open_for_reading(options) as store, working("searching"):
        agent_id, namespace = narrowed_to(options, store)
        start, end = chosen_bound(options.start_ts, store), chosen_bound(options.end_ts, store)
        if start is None or start < 1:
            raise InvalidArgumentError(f"--start-ts is 1 or more, not {options.start_ts}")
        cursor = store.cursor()
        entries = cursor.log(
            options.text,
            options.regex,
            key=options.key,
            kind=options.kind,
            namespace=namespace,
            agent_id=agent_id,
            start=start,
            end=end,
            newest_first=not options.reverse,
        )
        shown = _print(cursor, islice(entries, options.last), as_json=options.json)
    if not shown and not options.json:
        note("no such event")
    return EXIT_OK if shown else EXIT_NO


def _print(cursor: Cursor, entries: Iterator[LogEntry], *, as_json: bool) -> int:
    """Print the entries, and return how many there were."""
    count = 0
    show = _print_json if as_json else _print_entry
    while batch := list(islice(entries, FIRST_ENTRIES if count == 0 else ENTRIES_AT_ONCE)):
        lines = cursor.track.lines(entry.commit_ts for entry in batch)
        with aside():
            for entry in batch:
                show(entry, lines[entry.commit_ts])
        count += len(batch)
    return count


def _print_json(entry: LogEntry, event: EventLine) -> None:
    hits = [_hit_json(hit) for hit in entry.hits]
    told = event.to_json()
    print(json.dumps({**told, "hits": hits} if entry.hits else told, ensure_ascii=False))


def _hit_json(hit: Hit) -> dict[str, object]:
    lines = [{"sign": line.sign, "path": _address(hit, line), "text": line.text} for line in hit.lines]
    return {**hit.address._asdict(), "version": hit.version, "lines": lines}


def _address(hit: Hit, line: ChangedLine) -> str:
    return format_address(hit.address.key, line.path)


def _print_entry(entry: LogEntry, event: EventLine) -> None:
    if sys.stdout.isatty():
        print_event(event, cropped=True)
    else:
        print(f"{event.commit_ts:>7}  {iso(event.moment)}  {event.kind:<12} {event.label}".rstrip())
    for hit in entry.hits:
        for changed in hit.lines:
            where = f"{hit.address.agent_id}: {_address(hit, changed)}"
            text = f"         {changed.sign} {where}: {_cut(changed.text)}"
            print_line(Text(text, style="green" if changed.sign == "+" else "red"), cropped=True)


def _cut(text: str) -> str:
    return text if len(text) <= LINE_CHARACTERS else text[: LINE_CHARACTERS - 1] + "…"
