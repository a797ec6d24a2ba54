"""cache list, remove, prune: the logs that are kept loaded, and the room they take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playhead import InvalidArgumentError, StoreNotFoundError
from playhead_tui.cache import CachedRun, cached_runs, remove_cached, remove_leftovers, runs_folder
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import note, print_json, print_table
from playhead_tui.drawing.words import plural, size

_COLUMNS = ("log", "format", "events", "snapshots", "size", "used", "standing", "store")


def run_cache_list(options: argparse.Namespace) -> int:
    runs = cached_runs()
    if options.json:
        print_json([run.to_json() for run in runs])
        return EXIT_OK
    _print(runs)
    note(f"{plural(len(runs), 'run')}, {size(sum(run.bytes for run in runs))} in {runs_folder()}")
    return EXIT_OK


def run_cache_remove(options: argparse.Namespace) -> int:
    runs = cached_runs()
    chosen: list[CachedRun] = []
    for named in options.runs:
        path = Path(named).resolve()
        found = [run for run in runs if path in (run.path.resolve(), run.log and run.log.resolve())]
        if not found:
            raise StoreNotFoundError(f"{named}: not in the cache; playhead cache list says what is")
        chosen += [run for run in found if run not in chosen]
    return _remove(chosen, options)


def run_cache_prune(options: argparse.Namespace) -> int:
    if options.days is not None and options.days < 0:
        raise InvalidArgumentError(f"--days must not be negative: {options.days}")
    unused_since = None if options.days is None else datetime.now(UTC) - timedelta(days=options.days)
    chosen = [
        run
        for run in cached_runs()
        if not run.snapshots and (run.standing != "current" or (unused_since is not None and run.used < unused_since))
    ]
    remove_leftovers()
    return _remove(chosen, options)


def _remove(chosen: Sequence[CachedRun], options: argparse.Namespace) -> int:
    if chosen and not options.yes:
        if not sys.stdin.isatty():
            raise InvalidArgumentError("this asks before it removes; with no terminal to ask on, add --yes")
        _print(chosen)
        taken = sum(run.snapshots for run in chosen)
        lost = f", with {plural(taken, 'snapshot')}" if taken else ""
        if input(f"remove {plural(len(chosen), 'run')}{lost}? [y/N] ").strip().lower() not in ("y", "yes"):
            note("nothing was removed")
            return EXIT_NO
    removed = [run for run in chosen if remove_cached(run.path)]
    kept = [run for run in chosen if run not in removed]
    if options.json:
        print_json({"removed": [run.to_json() for run in removed], "in_use": [run.to_json() for run in kept]})
    else:
        note(f"removed {plural(len(removed), 'run')}, {size(sum(run.bytes for run in removed))}")
    for run in kept:
        note(f"  {run.path} is in use, and stays")
    return EXIT_NO if kept else EXIT_OK


def _print(runs: Sequence[CachedRun]) -> None:
    rows = [
        (
            "standard input" if run.log is None else run.log,
            run.format,
            f"{run.events:,}",
            f"{run.snapshots:,}",
            size(run.bytes),
            run.used.astimezone().strftime("%Y-%m-%d %H:%M"),
            run.standing,
            run.path.name,
        )
        for run in runs
    ]
    print_table(_COLUMNS, rows, right=("events", "snapshots", "size"))
