"""The one table of actions, and what is made from it."""

from __future__ import annotations

from collections import Counter

from textual.binding import Binding
from textual.dom import DOMNode

from playhead_tui import keys
from playhead_tui.app import PlayheadApp
from playhead_tui.screens.answers import AnswerScreen, CommandsScreen, WatchesScreen
from playhead_tui.screens.changes import ConfirmScreen
from playhead_tui.screens.columns import ColumnsScreen
from playhead_tui.screens.comparison import ComparisonScreen
from playhead_tui.screens.main import MainScreen
from playhead_tui.screens.restore import RestoreScreen
from playhead_tui.screens.runs import RunsScreen
from playhead_tui.screens.snapshots import SnapshotsScreen
from playhead_tui.screens.two_runs import TwoRunsScreen
from playhead_tui.widgets.changes_view import ChangesView
from playhead_tui.widgets.events_view import EventsView
from playhead_tui.widgets.lines_view import LinesView

HOLDERS: dict[str, type[DOMNode]] = {
    "main": MainScreen,
    "list": LinesView,
    "snapshots": SnapshotsScreen,
    "comparison": ComparisonScreen,
    "pairs": TwoRunsScreen,
    "changes": ChangesView,
    "restore": RestoreScreen,
    "confirm": ConfirmScreen,
    "columns": ColumnsScreen,
    "runs": RunsScreen,
    "bisect": MainScreen,
    "answer": AnswerScreen,
    "watches": WatchesScreen,
    "commands": CommandsScreen,
    "app": PlayheadApp,
}


def test_no_two_actions_share_an_id() -> None:
    assert [name for name, times in Counter(action.id for action in keys.ACTIONS).items() if times > 1] == []


def test_no_key_means_two_things_in_one_place() -> None:
    for scope in HOLDERS:
        actions = [action for action in keys.ACTIONS if action.scope in (scope, "list", "app")]
        clashes = [key for key, times in Counter(key for action in actions for key in action.keys).items() if times > 1]
        assert clashes == []


def test_every_action_has_a_method_where_its_keys_work() -> None:
    for action in keys.ACTIONS:
        method = f"action_{action.method.partition('(')[0]}"
        assert hasattr(HOLDERS[action.scope], method), f"{action.id} has no {method}"
    assert all(hasattr(EventsView, f"action_{name}") for name in ("row", "page", "first", "last"))


def test_bindings_are_the_table_and_carry_its_ids() -> None:
    for scope, holder in HOLDERS.items():
        bound = {binding.id for binding in holder.BINDINGS if isinstance(binding, Binding)}
        assert {action.id for action in keys.ACTIONS if action.scope == scope} <= bound


def test_keys_survive_terminals() -> None:
    """ctrl+i is Tab, ctrl+m Enter, ctrl+h Backspace; ctrl+c and [ belong to the terminal, and ctrl+z stops a job."""
    unsafe = {f"ctrl+{letter}" for letter in "czmijh["}
    for action in keys.ACTIONS:
        assert not unsafe & set(action.keys) or (action.id, action.keys) == ("suspend", ("ctrl+z",))
        assert not any("alt+" in key or "ctrl+shift" in key for key in action.keys)
