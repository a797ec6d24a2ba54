"""What stands in the place of the panes while there is nothing to show in them."""

from __future__ import annotations

from textual.widgets import Static

EMPTY = """\
[b]Nothing is recorded here yet.[/b]

This store has no commits. Write one, and it shows up by itself:

[$text-muted]import playhead

store = playhead.open("{path}")
store.write(agent_id="planner", key="plan", value={{"steps": []}})[/]

[$text-accent]o[/] another store   [$text-accent]?[/] help   [$text-accent]q[/] quit"""

FAILED = """\
[b $text-error]✗ {kind}[/]

{message}

[$text-accent]o[/] another store   [$text-accent]q[/] quit"""

SMALL = """\
[b]{width} × {height} is too small[/b]
Playhead needs {least_width} × {least_height}.
[$text-accent]q[/] quits"""


class Notice(Static):
    """Text in the middle of the screen."""
