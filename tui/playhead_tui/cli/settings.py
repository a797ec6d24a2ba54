"""settings: where they are, what holds, and what is wrong with them."""

from __future__ import annotations

import argparse

from playhead import InvalidArgumentError
from playhead_tui import keys
from playhead_tui.cli import EXIT_NO, EXIT_OK
from playhead_tui.cli.output import note, print_json
from playhead_tui.drawing.settings_lines import settings_lines
from playhead_tui.settings import SETTINGS, default_file, read_settings, settings_path
from playhead_tui.small_files import write_text


def run_settings(options: argparse.Namespace) -> int:
    """Print what holds; 1 where something in the file is wrong."""
    if options.init:
        return _write_default()
    file = read_settings()
    if options.json:
        held = file.settings
        print_json(
            {
                "file": str(file.path),
                "exists": file.exists,
                "settings": {setting.name: getattr(held, setting.name) for setting in SETTINGS},
                "keys": {action.id: list(action.keys) for action in held.keymap.actions(keys.ACTIONS)},
                "problems": [{"key": problem.key, "problem": problem.text} for problem in file.problems],
            }
        )
    else:
        for line in settings_lines(file):
            print(line.text.rstrip())
    return EXIT_NO if file.problems else EXIT_OK


def _write_default() -> int:
    path = settings_path()
    if path.exists():
        raise InvalidArgumentError(f"{path}: there is a file already; edit it, or move it away first")
    write_text(path, default_file())
    note(f"{path}: written; every line of it is commented out")
    return EXIT_OK
