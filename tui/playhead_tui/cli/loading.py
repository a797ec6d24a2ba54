"""open, demo, import, export: logs and stores in, the screen up, logs out."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from time import monotonic

import playhead
from playhead import ImportReport, InvalidArgumentError, LogError, StoreExistsError
from playhead.directory import DEFAULT_PATH, PATH_VARIABLE, read_info
from playhead_tui.cli import EXIT_OK
from playhead_tui.cli.output import note, print_json, print_table
from playhead_tui.cli.screen import show
from playhead_tui.cli.stores import chosen_moment, followed_log, open_for_reading
from playhead_tui.cli.working import importing
from playhead_tui.drawing.words import plural
from playhead_tui.library import STANDARD_INPUT, Found, demo_store, spooled_input, store_for

STANDARD_OUTPUT = "-"
MOST_NAMED = 20


def run_open(options: argparse.Namespace) -> int:
    path = options.path or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH
    if options.follow and options.keep_going:
        raise InvalidArgumentError("a log that is followed is read as far as it goes anyway; leave out --keep-going")
    follow = followed_log(Path(path)) if options.follow else None
    with importing(path) as progress:
        found = store_for(Path(path), progress.start, keep_going=options.keep_going)
    return _show(found, options, follow)


def run_demo(options: argparse.Namespace) -> int:
    options.agent = options.namespace = options.at = options.record = None
    options.fresh_session = options.fresh
    store = demo_store(fresh=options.fresh)
    if options.path:
        print(store)
        return EXIT_OK
    return _show(Found(store), options)


def _show(found: Found, options: argparse.Namespace, follow: Path | None = None) -> int:
    if found.note:
        note(found.note)
    if found.report is not None:
        _print_problems(found.report)
    read_info(found.path)
    position = None
    if options.json or options.at or options.agent or options.namespace:
        # A mistake in --at or --agent is one line here, and would be a screen away in the app.
        with playhead.open(found.path, create=False, read_only=True) as store:
            store.cursor(options.agent, namespace=options.namespace)
            position = None if options.at is None else str(chosen_moment(options.at, store))
            if options.json:
                report = None if found.report is None else found.report.to_json()
                print_json({"store": str(found.path), "head": store.head, "imported": report})
                return EXIT_OK
    return show(
        found.path,
        agent_id=options.agent,
        namespace=options.namespace,
        goto=position,
        follow=follow,
        fresh=options.fresh_session,
        record=options.record,
    )


def run_import(options: argparse.Namespace) -> int:
    if options.explain:
        from playhead_tui.cli.formats import run_explain

        return run_explain(options)
    if options.output is None:
        raise InvalidArgumentError("name the store to make with -o STORE (or see what it would hold with --explain)")
    target = Path(options.output)
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise StoreExistsError(f"{target}: something is there already; name a new directory, or remove it first")
    started = monotonic()
    given = spooled_input() if options.log == STANDARD_INPUT else nullcontext(Path(options.log))
    with importing(options.log) as progress, given as log:
        report = playhead.import_log(log, target, keep_going=options.keep_going, on_start=progress.start)
    if options.json:
        print_json({"store": str(target), **report.to_json()})
        return EXIT_OK
    seconds = monotonic() - started
    counts = ", ".join(f"{count:,} {noun.replace('_', ' ')}" for noun, count in sorted(report.counts.items()))
    loaded = f"{plural(report.events, 'event')}, {plural(report.operations, 'operation')}"
    note(f"{target}: {loaded} from {report.format} in {seconds:.1f} s")
    if counts:
        note(f"  {counts}")
    _print_problems(report)
    _print_logs(report)
    return EXIT_OK


def _print_logs(report: ImportReport) -> None:
    """What became of each file of a folder: those that are no logs counted by why, the others one by one."""
    if not report.logs:
        return
    told = [log for log in report.logs if log.status in ("loaded", "broken", "unreadable")]
    print_table(
        ("log", "format", "events", "outcome"),
        ((log.name, log.format, f"{log.events:,}", log.reason or log.status) for log in told),
        right=("events",),
    )
    passed = [log.name for log in report.logs if log not in told]
    if passed:
        more = f" and {len(passed) - MOST_NAMED:,} more (all of them with --json)" if len(passed) > MOST_NAMED else ""
        names = ", ".join(passed[:MOST_NAMED])
        note(f"  passed over {plural(len(passed), 'file')} that no format recognises: {names}{more}")


def _print_problems(report: ImportReport) -> None:
    """What was passed over, so that nothing is lost without a word."""
    if report.malformed:
        first = report.malformed_lines[0]
        note(
            f"  skipped {plural(report.malformed, 'malformed line')}; the first is line {first.line}"
            f" of {first.file} (offset {first.offset}): {first.reason}"
        )
    if report.torn:
        note(f"  {plural(report.torn, 'file')} ended in a line that was cut off; the line was left out")
    for what, count in sorted(report.repaired.items()):
        note(f"  {what}: {count:,}")
    for kind, count in sorted(report.unknown.items()):
        note(f"  {plural(count, 'record')} of unknown type {kind!r}, kept whole under records/")
    for warning in report.warnings:
        note(f"  {warning}")


def run_export(options: argparse.Namespace) -> int:
    with open_for_reading(options) as store:
        if options.output in (None, STANDARD_OUTPUT):
            if options.json:
                raise InvalidArgumentError("--json prints a summary beside -o FILE; the export itself is JSON lines")
            for line in playhead.export_log(store):
                sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return EXIT_OK
        target = Path(options.output)
        if target.exists():
            raise StoreExistsError(f"{target}: there is a file already; name a new one, or remove it first")
        written = _write_export(store, target)
        if options.json:
            print_json({"file": str(target), "events": store.head, "bytes": written})
        else:
            note(f"{target}: {plural(store.head, 'event')}, {written:,} bytes")
    return EXIT_OK


def _write_export(store: playhead.Store, target: Path) -> int:
    """Write the export beside its place first, so that an interrupted one leaves nothing half there."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    written = 0
    try:
        with unfinished.open("wb") as file:
            for line in playhead.export_log(store):
                written += file.write(line)
        unfinished.rename(target)
    except OSError as error:
        raise LogError(f"{target}: could not be written ({error.strerror})") from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return written
