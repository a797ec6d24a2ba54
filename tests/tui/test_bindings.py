"""Every action of the key table, pressed: what is to be seen then, and was not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from textual.command import CommandPalette

from playhead_tui import keys

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
    "jump.back": proof(at(30), *MIDDLE),
    "jump.forward": proof(at(15), *MIDDLE, "left_square_bracket"),
    "go.to": proof(is_asked),
    "search": proof(is_asked),
    "search.next": proof(at(7), "slash", *"ledger", "enter", "6", "G"),
    "search.previous": proof(at(6), "slash", *"ledger", "enter", "7", "G"),
    "filter": proof(is_asked),
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
    "follow.agent": proof("this agent’s events only"),
    "choose.agent": proof("2 agents"),
    "tab.next": proof(lambda pilot: app_of(pilot).main.tab == "value"),
    "tab.previous": proof(lambda pilot: app_of(pilot).main.tab == "blame"),
    "base": proof("previous commit"),
    "base.choose": proof("each key’s previous version"),
    "layout": proof("Texts as they were written", "i"),
    "fold": proof(lambda pilot: focus_on("value")(pilot), "i"),
    "fold.all": proof(lambda pilot: bool(app_of(pilot).main._folds), "i"),
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
    "row.choose": proof(focus_on("diff"), "home"),
    "snapshots.tag": proof(lambda pilot: pilot.app.screen.place.tagged is not None, "S"),  # type: ignore[attr-defined]
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
    "export.text": proof(left_behind(".txt")),
    "theme": proof(lambda pilot: isinstance(pilot.app.screen, CommandPalette)),
    "settings": proof("Settings"),
    "palette": proof(lambda pilot: isinstance(pilot.app.screen, CommandPalette)),
    "help": proof("Through time"),
    "escape": proof(lambda pilot: not app_of(pilot).main.changed_only, "d"),
    "quit": proof(is_left),
}


def test_every_action_of_the_table_has_a_proof() -> None:
    without = [action.id for action in keys.ACTIONS if action.id not in PROOFS]
    assert without == [], "say in PROOFS what pressing their keys shows"
    assert [name for name in PROOFS if name not in keys.BY_ID] == [], "these are no actions any more"


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
