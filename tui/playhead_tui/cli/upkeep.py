"""verify, repair: whether a store is sound, and what of a damaged one can be saved."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from playhead import InvalidArgumentError, repair
from playhead.verify import verify
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import note, print_json
from playhead_tui.cli.stores import store_path
from playhead_tui.drawing.words import plural


def run_verify(options: argparse.Namespace) -> int:
    path = store_path(options)
    problems = verify(path)
    errors = sum(problem.severity == "error" for problem in problems)
    if options.json:
        listed = [problem.to_json() for problem in problems]
        print_json({"store": str(path), "sound": not errors, "problems": listed})
        return EXIT_NO if errors else EXIT_OK
    for problem in problems:
        print(f"{problem.severity}: {problem}")
    left_over = f" ({plural(len(problems), 'warning')})" if problems else ""
    if not errors:
        note(f"{path}: sound{left_over}")
        return EXIT_OK
    note(f"{path}: {plural(errors, 'error')}; playhead repair says what can be saved, and makes a repaired copy")
    return EXIT_NO


def run_repair(options: argparse.Namespace) -> int:
    path = store_path(options)
    target = Path(options.output) if options.output else path.with_name(f"{path.absolute().name}.repaired")
    steps = repair.plan(path)
    if not steps:
        if options.json:
            print_json({"store": str(path), "repaired": None, "head": None, "steps": []})
        note(f"{path}: sound; there is nothing to repair")
        return EXIT_OK
    if not options.json:
        for step in steps:
            print(f"{step.action}: {step.message}")
    if not options.yes:
        if not sys.stdin.isatty():
            raise InvalidArgumentError("repair asks before it writes; with no terminal to ask on, add --yes")
        note(f"a repaired copy will be made at {target}; {path} stays as it is")
        if input("repair? [y/N] ").strip().lower() not in ("y", "yes"):
            note("nothing was written")
            return EXIT_NO
    head = repair.apply(path, steps, target)
    if options.json:
        listed = [step.to_json() for step in steps]
        print_json({"store": str(path), "repaired": str(target), "head": head, "steps": listed})
    else:
        note(f"{target}: {plural(head, 'commit')} saved; {path} is as it was")
    return EXIT_OK
