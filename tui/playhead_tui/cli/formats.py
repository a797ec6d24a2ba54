"""formats, import --explain: which logs can be loaded, and what would be made of one."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from playhead import LogError
from playhead.formats.explain import Explanation, FolderExplanation, explain, explain_folder
from playhead.formats.registry import broken_formats, formats
from playhead_tui.cli import EXIT_MISTAKE, EXIT_OK
from playhead_tui.cli.output import note, print_json, print_table
from playhead_tui.library import STANDARD_INPUT

MOST_ROWS = 40


def run_formats(options: argparse.Namespace) -> int:
    """List the formats in the order they are asked."""
    if options.json:
        print_json([{"name": one.name, "title": one.title, "looked_for": one.looked_for} for one in formats()])
    else:
        print_table(("name", "log", "recognised by"), ((one.name, one.title, one.looked_for) for one in formats()))
    for sentence in broken_formats():
        note(sentence)
    return EXIT_OK


def run_explain(options: argparse.Namespace) -> int:
    """Say which format a log is, and what an import would make of it."""
    if options.log == STANDARD_INPUT:
        raise LogError("--explain needs a file: it is read twice")
    if Path(options.log).is_dir():
        return _run_explain_folder(options)
    told = explain(options.log)
    failed = bool(told.error) or not (told.answers and told.answers[-1].recognised)
    if options.json:
        print_json(told.to_json())
    else:
        _print(told)
    return EXIT_MISTAKE if failed else EXIT_OK


def _run_explain_folder(options: argparse.Namespace) -> int:
    found = explain_folder(options.log)
    broken = [told for _, told in found.logs if told.error]
    if options.json:
        print_json(found.to_json())
    else:
        _print_folder(found)
    return EXIT_MISTAKE if broken or not found.logs else EXIT_OK


def _print_folder(found: FolderExplanation) -> None:
    rows = [_summary(name, told) for name, told in found.logs]
    total = found.total
    if len(rows) > 1:
        rows.append(_summary(f"all {len(rows):,} logs", total))
    print_table(_SUMMARY, rows, right=_SUMMARY[2:-1])
    _print_counts(total)
    for outcome in found.passed_over:
        note(f"  {outcome.name}: {outcome.reason}")


_SUMMARY = ("log", "format", "records", "events", "operations", "skipped", "unknown", "outcome")


def _summary(name: str, told: Explanation) -> tuple[str, ...]:
    report = told.report
    numbers = (report.records, report.events, report.operations, report.malformed + report.torn, report.unknown.total())
    return (name, report.format, *(f"{number:,}" for number in numbers), told.error or "can be loaded")


def _print(told: Explanation) -> None:
    rows = [(one.format, "yes" if one.recognised else one.error or "no", one.looked_for) for one in told.answers]
    print_table(("asked", "is it", "looked for"), rows)
    if not told.answers[-1].recognised:
        note(f"{told.path}: no format recognises it")
        return
    _print_counts(told)


def _print_counts(told: Explanation) -> None:
    report = told.report
    told_rows: list[tuple[str, str, str]] = [
        ("records", "", f"{report.records:,}"),
        ("events", "", f"{report.events:,}"),
        ("operations", "", f"{report.operations:,}"),
        ("malformed", "skipped", f"{report.malformed:,}"),
        ("torn", "left out", f"{report.torn:,}"),
    ]
    counters: list[tuple[str, Counter[str]]] = [
        ("found", report.counts),
        ("event kind", told.kinds),
        ("keys under", told.areas),
        ("agent", told.agents),
        ("repaired", report.repaired),
        ("unknown, kept under records/", report.unknown),
    ]
    for title, counter in counters:
        told_rows += [(title, name, f"{count:,}") for name, count in counter.most_common(MOST_ROWS)]
        if len(counter) > MOST_ROWS:
            told_rows.append((title, f"and {len(counter) - MOST_ROWS:,} more", ""))
    print_table(("what", "which", "count"), told_rows, right=("count",))
    for warning in (*report.warnings, *([told.error] if told.error else [])):
        note(f"  {warning}")
