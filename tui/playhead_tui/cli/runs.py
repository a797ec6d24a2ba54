"""runs, and `playhead` alone: what there is on this machine to open."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from playhead import InvalidArgumentError
from playhead.model import iso
from playhead_tui.cli import EXIT_OK
from playhead_tui.cli.output import note, print_json, print_table
from playhead_tui.cli.screen import has_screen
from playhead_tui.drawing.run_lines import COUNTED, Order, fitting, money, ordered
from playhead_tui.drawing.words import size
from playhead_tui.runs import Figures, Run, of_user, read_figures


def run_start(options: argparse.Namespace) -> int:
    """`playhead` alone: the start screen."""
    if not has_screen():
        raise InvalidArgumentError(
            "name a command: `playhead open LOG`, `playhead demo`, `playhead runs` (all: playhead --help)"
        )
    from playhead_tui.app import run

    return run(None)


def run_runs(options: argparse.Namespace) -> int:
    runs = fitting(of_user(Path.cwd()), options.text or "")
    # Where figures do not decide what is listed, only what is listed is opened.
    asked = runs if options.sort in COUNTED else ordered(runs, {}, Order(options.sort))[: options.last]
    figures = {run.store: read_figures(run.store) for run in asked if run.store is not None}
    shown = ordered(asked, figures, Order(options.sort))[: options.last]
    if options.json:
        print_json([_as_json(run, figures.get(run.store) if run.store else None) for run in shown])
        return EXIT_OK
    print_table(
        ("run", "what", "events", "errors", "cost", "size", "changed", "path"),
        (_row(run, figures.get(run.store) if run.store else None) for run in shown),
        right=("events", "errors", "cost", "size"),
    )
    if len(shown) < len(runs):
        note(f"{len(runs) - len(shown):,} more with --last {len(runs)}")
    return EXIT_OK


def _row(run: Run, figures: Figures | None) -> tuple[str, ...]:
    changed = datetime.fromtimestamp(run.changed, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    if figures is None or figures.problem:
        counted = ("damaged" if figures else "", "", "")
    else:
        counted = (
            f"{figures.events:,}",
            f"{figures.errors:,}",
            "" if figures.cost is None else money(figures.cost),
        )
    name = f"{run.place}: {run.name}" if run.kind == "session" and run.place else run.name
    return (name, run.origin, *counted, size(run.size), changed, str(run.path))


def _as_json(run: Run, figures: Figures | None) -> dict[str, object]:
    counted = figures if figures is not None and not figures.problem else None
    return {
        "path": str(run.path),
        "kind": run.kind,
        "origin": run.origin,
        "name": run.name,
        "place": run.place,
        "size_bytes": run.size,
        "changed_at": iso(datetime.fromtimestamp(run.changed, UTC)),
        "store": str(run.store) if run.store else None,
        "events": counted.events if counted else None,
        "errors": counted.errors if counted else None,
        "agents": counted.agents if counted else None,
        "cost_usd": counted.cost if counted else None,
        "problem": figures.problem or None if figures else None,
    }
