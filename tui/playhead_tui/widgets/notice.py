"""What stands in the place of the panes while there is nothing to show in them."""

from __future__ import annotations

from textual.widgets import Static

from playhead import CorruptStoreError, LogError, NotAStoreError, StoreNotFoundError, StoreVersionError

_TITLES: dict[type[Exception], str] = {
    StoreNotFoundError: "There is no such store",
    NotAStoreError: "This is not a store",
    StoreVersionError: "This store is of another version of Playhead",
    CorruptStoreError: "This store is damaged",
    LogError: "This file is no log that can be read",
    OSError: "This cannot be read",
}

EMPTY = """\
[b]Nothing is recorded here yet.[/b]

This store has no commits. Write one, and it shows up by itself:

[$text-muted]import playhead

store = playhead.open("{path}")
store.write(agent_id="planner", key="plan", value={{"steps": []}})[/]

[$text-accent]o[/] another store   [$text-accent]?[/] help   [$text-accent]q[/] quit"""

FAILED = """\
[b $text-error]✗ {title}[/]

{message}

[$text-accent]o[/] another store   [$text-accent]R[/] runs   [$text-accent]q[/] quit"""

SMALL = """\
[b]{width} × {height} is too small[/b]
Playhead needs {least_width} × {least_height}.
[$text-accent]q[/] quits"""


def failure_title(error: Exception) -> str:
    """What went wrong, in a few words for a person."""
    return next((title for kind, title in _TITLES.items() if isinstance(error, kind)), "This cannot be shown")


class Notice(Static):
    """Text in the middle of the screen."""
