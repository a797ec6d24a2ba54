"""inspect, agents, keys, source, get, replay, sql: questions to a store."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from playhead import JSON, Event, InvalidArgumentError, MomentError, Record, Store
from playhead.source_record import source_record
from playhead.summary import summarise
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import clock, compact, console, note, print_json, print_table
from playhead_tui.cli.stores import (
    chosen_agent,
    chosen_bound,
    chosen_moment,
    followed_log,
    narrowed_to,
    open_for_reading,
    store_path,
)
from playhead_tui.drawing.words import plural, size


def run_inspect(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        summary = summarise(store)
    if options.json:
        print_json(summary)
        return EXIT_OK
    print(summary["store"])
    rows: list[tuple[str, object]] = [
        ("commits", f"{summary['commits']:,} ({plural(summary['errors'], 'error')})"),
        ("operations", f"{summary['operations']:,}"),
        ("live keys", f"{summary['live_keys']:,}"),
        ("agents", f"{summary['agents']:,} in {plural(summary['namespaces'], 'namespace')}"),
        ("snapshots", f"{summary['snapshots']:,}"),
        ("first event", _local(summary["first_at"])),
        ("last event", _local(summary["last_at"])),
        ("on disk", f"{size(summary['disk_bytes'])} in {plural(summary['segments'], 'segment')}"),
        ("not sealed", plural(summary["unsealed_commits"], "commit")),
        ("store id", summary["store_id"]),
    ]
    if summary["imported"] is not None:
        rows.append(("imported from", f"{summary['imported']['file']} ({summary['imported']['format']}); read-only"))
        rows += _losses(summary["imported"].get("report"))
    for name, value in rows:
        print(f"  {name:<14} {value}")
    for kind, count in summary["kinds"].items():
        print(f"  {'' if kind != next(iter(summary['kinds'])) else 'kinds':<14} {count:>8,}  {kind or '(none)'}")
    return EXIT_OK


def _losses(report: object) -> list[tuple[str, object]]:
    """What an import left out, repaired or warned of."""
    if not isinstance(report, dict):
        return []
    lines = [plural(count, f"{name} line") for name in ("malformed", "torn") if (count := report.get(name))]
    rows: list[tuple[str, object]] = [("left out", ", ".join(lines) or "nothing")]
    rows += [("repaired", f"{what}: {count:,}") for what, count in (report.get("repaired") or {}).items()]
    rows += [
        ("kept raw", f"{plural(count, 'record')} of type {kind}")
        for kind, count in (report.get("unknown") or {}).items()
    ]
    rows += [("warning", warning) for warning in report.get("warnings") or []]
    return rows


def _local(moment: str | None) -> str:
    return "—" if moment is None else clock(datetime.fromisoformat(moment))


def run_agents(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        agents = store.agents()
        if options.json:
            print_json([agent._asdict() for agent in agents])
        else:
            print_table(("namespace", "agent"), agents)
    return EXIT_OK


def run_keys(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        agent = chosen_agent(options, store)
        at = chosen_moment(options.at, store)
        keys = store.list_keys(agent.agent_id, namespace=agent.namespace, at=at, include_deleted=options.deleted)
    if options.json:
        print_json(keys)
    else:
        for key in keys:
            print(key)
    return EXIT_OK


def run_source(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        event = store.event(options.commit) if 1 <= options.commit <= store.head else None
        if event is None:
            raise MomentError(f"there is no commit {options.commit}; the run has 1 to {store.head}")
        record = source_record(store.imported, event)
    if options.json:
        told: dict[str, JSON] = {"file": str(record.path), "place": record.place, "note": record.note or None}
        print_json({**told, "record": record.value if record.is_json else record.text})
        return EXIT_OK
    note(f"{record.path}, {record.place}{f' ({record.note})' if record.note else ''}")
    print(json.dumps(record.value, ensure_ascii=False, indent=2) if record.is_json else record.text)
    return EXIT_OK


def run_get(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        agent = chosen_agent(options, store)
        place = {"agent_id": agent.agent_id, "key": options.key, "namespace": agent.namespace}
        if options.version is not None:
            record = store.get_state_at_version(version=options.version, **place)
        elif options.at is not None:
            record = store.get_state_at(at=chosen_moment(options.at, store), **place)
        else:
            record = store.get_state(**place)
    return _print_record(record, as_json=options.json)


def _print_record(record: Record, *, as_json: bool) -> int:
    if as_json:
        print_json(record.to_json())
    elif record.exists:
        out = console()
        if out.is_terminal and not isinstance(record.value, str):
            out.print_json(json.dumps(record.value, ensure_ascii=False))
        else:
            print(json.dumps(record.value, ensure_ascii=False, indent=2))
    else:
        state = "was deleted" if record.version else "does not exist"
        note(f"{record.address} {state} there")
    return EXIT_OK if record.exists else EXIT_NO


def run_replay(options: argparse.Namespace) -> int:
    log = followed_log(store_path(options)) if options.follow else None
    if log is None:
        with open_for_reading(options) as store:
            if options.follow and store.imported is not None:
                raise InvalidArgumentError(
                    f"{store.path}: holds an imported run; follow the log it was loaded from: {store.imported['file']}"
                )
            _replay(options, store)
        return EXIT_OK
    news: list[str | Exception] = []
    while True:
        with open_for_reading(options) as store, _following(log, store, news) as moved:
            _replay(options, store, moved)
        for told in news:
            if isinstance(told, Exception):
                raise told
            note(told)
        if not news:
            return EXIT_OK
        news.clear()


@contextmanager
def _following(log: Path, store: Store, news: list[str | Exception]) -> Iterator[threading.Event]:
    """Keep a log's store in step with it; the event is set where the store is no longer the log's, for the reason."""
    from playhead_tui.following import Following

    moved = threading.Event()

    def tell(reason: str | Exception) -> None:
        news.append(reason)
        moved.set()

    following = Following(log, store.path, on_moved=lambda _, reason: tell(reason), on_failed=tell)
    following.start()
    try:
        yield moved
    finally:
        following.stop()


def _replay(options: argparse.Namespace, store: Store, stop: threading.Event | None = None) -> None:
    agent_id, namespace = narrowed_to(options, store)
    bounds = {"start_ts": _first_of_last(options, store), "end_ts": chosen_bound(options.end_ts, store)}
    events = store.replay(agent_id, namespace=namespace, **bounds, follow=options.follow, stop=stop)
    if options.json:
        for event in events:
            line = json.dumps(event.to_json(), ensure_ascii=False, separators=(",", ":"))
            print(line, flush=options.follow)
    else:
        _print_events(events, following=options.follow)


def _first_of_last(options: argparse.Namespace, store: Store) -> int | None:
    """Where a replay begins: at --start-ts, or so many commits before the head, whichever comes later."""
    start_ts = chosen_bound(options.start_ts, store)
    last: int | None = options.last
    if last is None:
        return start_ts
    if last < 0:
        raise InvalidArgumentError(f"--last must not be negative: {last}")
    return max(store.head - last + 1, start_ts or 0)


def _print_events(events: Iterable[Event], *, following: bool) -> None:
    """One line per event and one per operation under it, as they come: a replay may be longer than memory."""
    out = console()
    paint = out.is_terminal

    def show(text: str, style: str) -> None:
        if paint:
            out.print(text, style=style, markup=False)
        else:
            # Rich takes a tenth of a millisecond for a line, and here it has nothing to add.
            print(text)

    for event in events:
        style = "bold red" if event.is_error else "bold"
        line = f"{event.commit_ts:>7}  {clock(event.moment)}  {event.kind:<12} {event.label}"
        show(line.rstrip(), style)
        for operation in event.operations:
            sign, color = ("−", "red") if operation.op == "delete" else ("=", "green")
            value = "" if operation.op == "delete" else f" {compact(operation.value)}"
            text = f"         {sign} {operation.agent_id}/{operation.key} v{operation.version}{value}"
            if paint and len(text) > out.width:
                text = text[: out.width - 1] + "…"
            show(text, color)
        if following:
            # Whoever reads a pipe that is followed waits for each event.
            sys.stdout.flush()
