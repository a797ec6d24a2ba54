"""Every action of the key table, pressed: what is to be seen then, and was not before."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from textual.command import CommandPalette

from playhead_tui import keys
from playhead_tui.screens.snapshots import MomentList

from .conftest import AppPilot, OpenApp, app_of, press, record_run, screen_text, until

Sight: TypeAlias = str | Callable[[AppPilot], bool]


@dataclass(frozen=True)
class Proof:
    """What is pressed before, and what is on screen after the action's first key but not before it."""

    before: tuple[str, ...]
    shows: Sight


def proof(shows: Sight, *before: str) -> Proof:
    return Proof(before, shows)


def at(commit_ts: int) -> str:
    return f"commit {commit_ts} / 30"


def focus_on(name: str) -> Callable[[AppPilot], bool]:
    return lambda pilot: pilot.app.focused is not None and pilot.app.focused.id == name


def selected(key: str) -> Callable[[AppPilot], bool]:
    return lambda pilot: app_of(pilot).main.selection == key


def window(is_zoomed: bool) -> Callable[[AppPilot], bool]:
    return lambda pilot: (app_of(pilot).main.window is not None) is is_zoomed


def left_behind(suffix: str) -> Callable[[AppPilot], bool]:
    return lambda pilot: any(Path().glob(f"refund-*{suffix}"))


def is_asked(pilot: AppPilot) -> bool:
    return app_of(pilot).main.command_line.asking


def speed(pilot: AppPilot) -> int:
    return app_of(pilot).main.pace.speed


def is_left(pilot: AppPilot) -> bool:
    return not pilot.app.is_running or pilot.app._exit


def on_main(pilot: AppPilot) -> bool:
    return pilot.app.screen is app_of(pilot).main


def starts_at(pilot: AppPilot) -> int:
    shown = app_of(pilot).main.window
    return shown.first if shown is not None else 1


def ends_at(pilot: AppPilot) -> int:
    shown = app_of(pilot).main.window
    return shown.last if shown is not None else 30


MIDDLE = ("1", "5", "G")
A_RUN_IS_RECORDED = "a run is recorded"
_TEXTUAL_NAMES = {
    "?": "question_mark", ":": "colon", "/": "slash", "[": "left_square_bracket", "]": "right_square_bracket",
    "+": "plus", "-": "minus", "{": "left_curly_bracket", "}": "right_curly_bracket", "%": "percent_sign",
    "<": "less_than_sign", ">": "greater_than_sign", "'": "apostrophe", "|": "vertical_line", "&": "ampersand",
    ".": "full_stop", "@": "at",
}  # fmt: skip

PROOFS: dict[str, Proof] = {
    "step.forward": proof(at(16), *MIDDLE),
    "step.backward": proof(at(14), *MIDDLE),
    "leap.forward": proof(at(30), *MIDDLE),
    "leap.backward": proof(at(0), *MIDDLE),
    "go.start": proof(at(1), *MIDDLE),
    "go.end": proof(at(30), *MIDDLE[:-1], "G"),
    "change.next": proof(at(9), "2", "G", "home"),
    "change.previous": proof(at(2), "9", "G", "home"),
    "error.next": proof(at(5), "g"),
    "error.previous": proof(at(5)),
    "tool.next": proof(at(3), "g"),
    "tool.previous": proof(at(3), "9", "G"),
    "turn.next": proof(at(1), "5", "0", "h"),
    "turn.previous": proof(at(1)),
    "jump.back": proof(at(30), *MIDDLE),
    "jump.forward": proof(at(15), *MIDDLE, "left_square_bracket"),
    "go.to": proof(is_asked),
    "search": proof(is_asked),
    "search.next": proof(at(8), "g", "slash", *"last_error", "enter"),
    "search.previous": proof(at(5), "g", "slash", *"last_error", "enter", "8", "G"),
    "filter": proof(is_asked),
    "events.filter": proof(is_asked),
    "events.turns": proof("turn 1 of 1"),
    "events.columns": proof("✓ time"),
    "source": proof("recorded, not imported"),
    "play": proof(lambda pilot: app_of(pilot).main.playback is not None, "g"),
    "play.reverse": proof(lambda pilot: app_of(pilot).main.pace.direction < 0),
    "play.faster": proof(lambda pilot: speed(pilot) > 5),
    "play.slower": proof(lambda pilot: speed(pilot) < 5),
    "zoom.in": proof(window(True)),
    "zoom.out": proof(window(False), "plus"),
    "zoom.whole": proof(window(False), "plus", "plus"),
    "pan.forward": proof(lambda pilot: starts_at(pilot) > 1, "g", "2", "plus"),
    "pan.backward": proof(lambda pilot: ends_at(pilot) < 30, "2", "plus"),
    "clock": proof("by the clock"),
    "lanes": proof("▸planner"),
    "changed.only": proof("changed only"),
    "event": proof("Event 30 of 30"),
    "pin": proof("◈ budget", "home"),
    "deleted": proof("deleted at 8"),
    "everyone": proof("▾ researcher"),
    "strike": proof("Struck 30 through"),
    "commands": proof("No verb was asked yet"),
    "answer": proof("No answer waits"),
    "answer.command": proof(lambda pilot: "playhead history" in pilot.app.clipboard, ":", *"history budget", "enter"),
    "follow.agent": proof("this agent’s events only"),
    "choose.agent": proof("2 agents"),
    "tab.next": proof(lambda pilot: app_of(pilot).main.tab == "value"),
    "tab.previous": proof(lambda pilot: app_of(pilot).main.tab == "blame"),
    "base": proof("previous commit"),
    "base.choose": proof("each key’s previous version"),
    "layout": proof("Texts as they were written", "i"),
    "fold": proof("▾ budget", "home"),
    "fold.all": proof("▸ plan  "),
    "copy": proof("Copied budget v23"),
    "copy.as": proof("as a Python literal"),
    "mark": proof("Mark this commit with which letter?"),
    "mark.jump": proof("Jump to which mark?"),
    "snapshot": proof(is_asked),
    "snapshots": proof("before the error"),
    "pane.next": proof(focus_on("diff")),
    "pane.previous": proof(focus_on("events")),
    "row.down": proof(selected("counters/pages"), "home"),
    "row.up": proof(selected("budget"), "home", "j"),
    "page.down": proof(selected("plan/steps"), "home"),
    "page.up": proof(selected("budget"), "end"),
    "row.first": proof(selected("budget"), "end"),
    "row.last": proof(selected("plan/steps"), "home"),
    "row.choose": proof("▾ budget", "home"),
    "snapshots.tag": proof(lambda pilot: pilot.app.screen.query_one(MomentList).tagged is not None, "S"),
    "snapshots.diff": proof("From ", "S", "j"),
    "snapshots.restore": proof("would change", "S", "j"),
    "comparison.restore": proof("would change", "S", "j", "d"),
    "restore.confirm": proof("commit 31 / 31", "S", "j", "r"),
    "runs.filter": proof(lambda pilot: "Input" in type(pilot.app.focused).__name__, "R"),
    "runs.sort": proof("run▴", "R"),
    "runs.reverse": proof("run▾", "R", "s"),
    "runs.path": proof(lambda pilot: "Input" in type(pilot.app.focused).__name__, "R"),
    "runs.copy": proof("Copied", "R"),
    "runs.delete": proof("it is not deleted from here", "R", "end"),
    "runs.again": proof("made since", "R", A_RUN_IS_RECORDED),
    "runs.demo": proof("commit 1,990 / 1,990", "R"),
    "runs.help": proof("Through time", "R"),
    "runs.close": proof(on_main, "R"),
    "runs": proof("PLAYHEAD RUNS"),
    "open": proof("a path, or a part of one below"),
    "screenshot": proof(left_behind(".svg")),
    "suspend": proof("There is no shell here"),
    "export.text": proof(left_behind(".txt")),
    "theme": proof(lambda pilot: isinstance(pilot.app.screen, CommandPalette)),
    "settings": proof("Settings"),
    "palette": proof(lambda pilot: isinstance(pilot.app.screen, CommandPalette)),
    "help": proof("Through time"),
    "escape": proof(lambda pilot: not app_of(pilot).main.changed_only, "d"),
    "quit": proof(is_left),
}

_DIVERGENCES = "test_it_opens_where_the_states_part_first_and_n_and_N_go_from_one_divergence_to_the_next"
SHOWN_IN: dict[str, str] = {
    "columns.turn": "test_events.py::test_K_shows_and_hides_columns_at_once",
    "unstrike": "test_verbs.py::test_X_restores_this_event_or_all_of_them",
    "watches": "test_verbs.py::test_unwatch_and_the_list_of_watches",
    "watches.add": "test_verbs.py::test_unwatch_and_the_list_of_watches",
    "watches.remove": "test_verbs.py::test_unwatch_and_the_list_of_watches",
    "bisect.good": "test_verbs.py::test_bisect_asks_until_one_commit_is_left",
    "bisect.bad": "test_verbs.py::test_bisect_asks_until_one_commit_is_left",
    "bisect.skip": "test_verbs.py::test_bisect_takes_bounds_skips_and_can_be_ended",
    "answer.right": "test_verbs.py::test_wide_tables_scroll_by_columns",
    "answer.left": "test_verbs.py::test_wide_tables_scroll_by_columns",
    "answer.copy": "test_verbs.py::test_wide_tables_scroll_by_columns",
    "commands.copy": "test_verbs.py::test_the_commands_of_what_was_asked_are_listed_and_copied",
    "commands.copy_all": "test_verbs.py::test_the_commands_of_what_was_asked_are_listed_and_copied",
    "restore.undo": "test_snapshots.py::test_w_undoes_the_last_restore_after_a_preview_and_again_redoes_it",
    "snapshots.take": "test_snapshots.py::test_a_snapshot_is_taken_from_the_list_too",
    "snapshots.filter": "test_snapshots.py::test_the_list_is_filtered_while_it_is_typed",
    "changes.next": "test_snapshots.py::test_n_and_c_go_from_key_to_key_and_z_folds_them",
    "changes.previous": "test_snapshots.py::test_n_and_c_go_from_key_to_key_and_z_folds_them",
    "changes.fold": "test_snapshots.py::test_n_and_c_go_from_key_to_key_and_z_folds_them",
    "changes.fold.all": "test_snapshots.py::test_n_and_c_go_from_key_to_key_and_z_folds_them",
    "pairs.forward": "test_two_runs.py::test_both_playheads_move_by_one_pair",
    "pairs.backward": "test_two_runs.py::test_both_playheads_move_by_one_pair",
    "pairs.pane": "test_two_runs.py::test_the_states_can_be_gone_through_and_folded",
    "divergence.next": f"test_two_runs.py::{_DIVERGENCES}",
    "divergence.previous": f"test_two_runs.py::{_DIVERGENCES}",
    "comparison.copy": "test_snapshots.py::test_y_copies_a_comparison_as_text",
    "restore.pick": "test_snapshots.py::test_chosen_keys_are_restored_and_no_others_even_of_that_name",
    "restore.agent": "test_snapshots.py::test_a_restores_this_agent_only",
    "restore.whole": "test_snapshots.py::test_w_chooses_everything_again",
    "restore.none": "test_snapshots.py::test_chosen_keys_are_restored_and_no_others_even_of_that_name",
    "confirm": "test_runs.py::test_what_was_loaded_is_deleted_after_a_question_and_the_log_stays",
}
"""The test, elsewhere, that presses a key of the action after a set-up of its own."""


def test_every_action_of_the_table_has_a_proof() -> None:
    without = [action.id for action in keys.ACTIONS if action.id not in PROOFS.keys() | SHOWN_IN.keys()]
    assert without == [], "say in PROOFS what pressing their keys shows, or in SHOWN_IN which test presses them"
    assert [name for name in (*PROOFS, *SHOWN_IN) if name not in keys.BY_ID] == [], "these are no actions any more"
    assert PROOFS.keys() & SHOWN_IN.keys() == set(), "one proof is enough"


def texts_in_calls(test: ast.AST) -> set[str]:
    """Every text that is an argument of a call in a test or of its decorators: what it may press."""
    arguments = (argument for call in ast.walk(test) if isinstance(call, ast.Call) for argument in call.args)
    parts = (part for argument in arguments for part in ast.walk(argument))
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)}


@pytest.mark.parametrize(("name", "place"), SHOWN_IN.items())
def test_the_test_that_is_named_for_an_action_exists_and_presses_its_key(name: str, place: str) -> None:
    file, _, test_name = place.partition("::")
    tree = ast.parse(Path(__file__).with_name(file).read_text("utf-8"))
    tests = [part for part in tree.body if isinstance(part, ast.AsyncFunctionDef) and part.name == test_name]
    assert len(tests) == 1, f"there is no {place}"
    pressed = {key for given in keys.BY_ID[name].keys for key in (given, _TEXTUAL_NAMES.get(given, given))}
    assert pressed & texts_in_calls(tests[0]), f"{place} presses none of {sorted(pressed)}"


@pytest.mark.parametrize("name", PROOFS)
async def test_the_key_of_an_action_does_what_it_is_for(
    name: str, run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    action, shows = keys.BY_ID[name], PROOFS[name].shows
    seen = (lambda pilot: shows in screen_text(pilot)) if isinstance(shows, str) else shows
    async with open_app(run) as pilot:
        for key in PROOFS[name].before:
            if key == A_RUN_IS_RECORDED:
                record_run(Path("made since"))
            else:
                await press(pilot, key)
            if key == "R":
                await until(pilot, "1 store")
        assert not seen(pilot), f"there before {name}:\n{screen_text(pilot)}"
        if action.keys:
            await pilot.press(_TEXTUAL_NAMES.get(action.keys[0], action.keys[0]))
        else:
            await pilot.app.run_action(action.method, default_namespace=app_of(pilot).main)
        await until(pilot, lambda: seen(pilot))
