"""`playhead open` of a store that is there already: the screen comes up before anything that reads stores is loaded."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path

from playhead.directory import DEFAULT_PATH, PATH_VARIABLE, is_store, read_info
from playhead.errors import InvalidArgumentError

STARTING_OBJECTS = 100_000
"""So many objects come to be before garbage is looked for while the app starts."""


def run_open(options: argparse.Namespace) -> int:
    """A log has to be loaded before, and what `--at` or `--agent` names has to be looked up: then that comes first."""
    path = Path(options.path or os.environ.get(PATH_VARIABLE) or DEFAULT_PATH)
    if options.follow or options.json or options.at or options.agent or options.namespace or not is_store(path):
        from playhead_tui.cli.loading import run_open

        return run_open(options)
    read_info(path)
    return show(path, fresh=options.fresh_session, record=options.record)


def has_screen() -> bool:
    """Whether there is somewhere to draw: a terminal, or a browser that textual-serve paints for."""
    return "TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())


def show(
    path: Path,
    *,
    agent_id: str | None = None,
    namespace: str | None = None,
    goto: str | None = None,
    follow: Path | None = None,
    fresh: bool = False,
    record: str | None = None,
    ask: str = "",
) -> int:
    """The app on a store, or on a log that is followed, until it is left. record: a new file for what is done there.
    ask: what is asked at once, as typed after `:`.

    Raises InvalidArgumentError where there is no terminal to show it on, or the file to write exists.
    """
    if not has_screen():
        raise InvalidArgumentError(
            "the debugger needs a terminal; in a pipe, use inspect, replay, get, diff or sql (see playhead --help)"
        )
    if record is not None and Path(record).exists():
        raise InvalidArgumentError(
            f"{record}: there is a file already; name a new one for --record, or remove it first"
        )
    usual = gc.get_threshold()
    # Until a run is shown there is next to no garbage, and looking for it would take a tenth of the time.
    gc.set_threshold(STARTING_OBJECTS, *usual[1:])
    try:
        from playhead_tui.app import run

        return run(
            path,
            agent_id=agent_id,
            namespace=namespace,
            goto=goto,
            follow=follow,
            fresh=fresh,
            record=None if record is None else Path(record),
            ask=ask,
            collector=usual,
        )
    finally:
        gc.set_threshold(*usual)
