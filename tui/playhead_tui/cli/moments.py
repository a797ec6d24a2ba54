"""snapshot, diff, restore, fork: naming moments, comparing them, going back to them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from rich.text import Text

from playhead import Change, InvalidArgumentError, Store
from playhead import diff as value_diff
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import clock, compact, note, print_json, print_line, print_table
from playhead_tui.cli.stores import chosen_moment, narrowed_to, open_for_reading, open_for_writing
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import plural, size

_SIGNS = {"added": ("+", "green"), "removed": ("−", "red"), "changed": ("~", "yellow")}


def run_snapshot_take(options: argparse.Namespace) -> int:
    with open_for_writing(options) as store:
        snapshot = store.snapshot(options.label, at=chosen_moment(options.at, store))
        if options.json:
            print_json(snapshot.to_json())
        else:
            label = f" {snapshot.label!r}" if snapshot.label else ""
            note(f"snapshot {snapshot.id}{label} names commit {snapshot.commit_ts}")
    return EXIT_OK


def run_snapshot_list(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        snapshots = store.snapshots()
        if options.json:
            print_json([snapshot.to_json() for snapshot in snapshots])
            return EXIT_OK
        rows = [
            (
                snapshot.id,
                snapshot.commit_ts,
                clock(datetime.fromtimestamp(snapshot.timestamp, UTC))[:19],
                snapshot.parent,
                len(snapshot.keys),
                size(snapshot.size_bytes),
                snapshot.label,
            )
            for snapshot in snapshots
        ]
    columns = ("id", "commit", "taken", "parent", "keys", "size", "label")
    print_table(columns, rows, right=("id", "commit", "parent", "keys", "size"))
    return EXIT_OK


def run_diff(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        a, b = chosen_moment(options.a, store), chosen_moment(options.b, store)
        changes = _differences(options, store, a, b)
    if options.json:
        print_json({"a": a, "b": b, "changes": [change.to_json() for change in changes]})
    else:
        print_changes(changes)
    return EXIT_NO if changes and options.exit_code else EXIT_OK


def _differences(options: argparse.Namespace, store: Store, a: int, b: int) -> list[Change]:
    agent_id, namespace = narrowed_to(options, store)
    return store.diff(a, b, agent_id, namespace=namespace)


def change_lines(changes: Sequence[Change]) -> Iterator[Text]:
    """Each change under its address, down to the paths inside the value."""

    def line(sign: str, text: str, color: str) -> Text:
        return Text(printable(f"{sign} {text}"), style=color)

    for change in changes:
        sign, color = _SIGNS[change.status]
        before, after = (f"v{record.version}" if record.version else "" for record in (change.before, change.after))
        yield line(sign, f"{change.address}  {' → '.join(filter(None, (before, after)))}", f"bold {color}")
        if change.status != "changed":
            yield line(" ", f"  {compact((change.after if change.after.exists else change.before).value)}", color)
            continue
        for item in value_diff.changes(change.before.value, change.after.value).changes:
            item_sign, item_color = _SIGNS.get(item.op, ("↕", "blue"))
            yield line(" ", f"{item_sign} {_item_text(item)}", item_color)


def print_changes(changes: Sequence[Change]) -> None:
    """What differs, line by line, and how much it is."""
    for line in change_lines(changes):
        print_line(line, cropped=True)
    counts = [
        (sum(change.status == status for change in changes), status) for status in ("added", "removed", "changed")
    ]
    note(" · ".join(f"{count:,} {status}" for count, status in counts if count) or "no difference")


def _item_text(item: value_diff.ValueChange) -> str:
    path = value_diff.format_path(item.path) or "value"
    match item.op:
        case "added":
            return f"{path}: {compact(item.after)}"
        case "removed":
            return f"{path}: {compact(item.before)}"
        case "moved":
            return f"{path}: moved"
    return f"{path}: {compact(item.before)} → {compact(item.after)}"


def run_restore(options: argparse.Namespace) -> int:
    with open_for_writing(options) as store:
        target = chosen_moment(options.moment, store)
        agent_id, namespace = narrowed_to(options, store)
        changes = [
            change
            for change in store.diff(store.head, target, agent_id, namespace=namespace)
            if not options.key or change.address.key in options.key
        ]
        if store.read_only:
            store.begin_transaction(kind="restore")
        if changes and not options.yes:
            if not sys.stdin.isatty():
                raise InvalidArgumentError("restore asks before it writes; with no terminal to ask on, add --yes")
            print_changes(changes)
            note(f"restore commit {target}: {plural(len(changes), 'key')} will be written back as one new commit")
            if input("restore? [y/N] ").strip().lower() not in ("y", "yes"):
                note("nothing was changed")
                return EXIT_NO
        commit_ts = store.restore(target, namespace=namespace, agent_id=agent_id, keys=options.key)
    if options.json:
        print_json({"restored": target, "commit_ts": commit_ts, "changes": [change.to_json() for change in changes]})
    else:
        note(f"restored commit {target} as commit {commit_ts}" if changes else "nothing differs; nothing was written")
    return EXIT_OK


def run_fork(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        at = chosen_moment(options.at, store)
        store.fork(options.target, at=at).close()
    if options.json:
        print_json({"store": options.target, "head": at})
    else:
        note(f"{options.target}: a store of its own, beginning as {store.path} was at commit {at}")
    return EXIT_OK
