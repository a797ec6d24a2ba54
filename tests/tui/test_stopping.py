"""Questions that take long: all else goes on meanwhile, Esc gives them up, and an answer finds who moved on."""

from __future__ import annotations

import runpy
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from textual import events

import playhead
from playhead import bulk, question
from playhead.history import History
from playhead_tui import cache
from playhead_tui.app import PlayheadApp
from playhead_tui.moves import Seek
from playhead_tui.recent import RecentStores

from .conftest import AppPilot, OpenApp, app_of, ask, line_with, position, press, screen_text, settle, until

ENDLESS = "sql SELECT count(*) AS n FROM range(1000000000000000) AS t(a) WHERE a % 3 = 1"


async def begin(pilot: AppPilot, text: str, key: str = ":") -> None:
    """Type a line after `:`, or what another key asks for, whose answer is not waited for."""
    await pilot.press(key)
    pilot.app.post_message(events.Paste(text))
    await pilot.press("enter")


async def test_escape_interrupts_the_database_in_the_middle_of_a_query(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G")
        await begin(pilot, ENDLESS)
        assert "Esc stops" in screen_text(pilot)
        asked = app_of(pilot).main.asked
        await pilot.press("escape")
        assert "Stopped: sql SELECT count(*)" in screen_text(pilot)
        assert position(pilot) == 12 and app_of(pilot).main.commands == []
        await until(pilot, lambda: asked is not None and asked.is_over)
        await ask(pilot, "sql SELECT max(commit_ts) AS commit_ts FROM events")
        assert "1 row" in screen_text(pilot), "the next question is answered"


VERBS = (
    "when budget.left < 90",
    "rc budget.left < 90",
    "last budget.left",
    "watch budget.left",
    "fold 3",
    "log -S timeout",
    "compare researcher",
)


class Hold:
    """Holds the thread of a question until it is let go; then the question has been stopped, or it goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, only: str = "") -> None:
        """only: the function that is to be held, of several questions."""
        self.reached, self.let_go = threading.Event(), threading.Event()
        ask = History.query

        def held(*arguments: Any) -> Any:
            asking = {frame.name for frame in traceback.extract_stack()} if only else {only}
            if question.current() is not None and only in asking:
                self.reached.set()
                self.let_go.wait()
            return ask(*arguments)

        monkeypatch.setattr(History, "query", held)


async def begin_held(pilot: AppPilot, monkeypatch: pytest.MonkeyPatch, *typed: str) -> Hold:
    """Ask, and wait until the question's thread is held."""
    hold = Hold(monkeypatch)
    await begin(pilot, *typed)
    await until(pilot, hold.reached.is_set)
    return hold


@pytest.mark.parametrize("line", VERBS)
async def test_every_verb_can_be_stopped_and_leaves_the_playhead_where_it_is(
    line: str, run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G")
        hold = await begin_held(pilot, monkeypatch, line)
        main, asked = app_of(pilot).main, app_of(pilot).main.asked
        assert asked is not None
        await pilot.press("escape")
        assert f"Stopped: {line}" in screen_text(pilot), "at once, whatever it hangs on"
        hold.let_go.set()
        await until(pilot, lambda: asked.is_over)
        await settle(pilot)
        assert position(pilot) == 12 and pilot.app.screen is main and not (main.watched or main.commands)
        await ask(pilot, line)
        assert "Stopped" not in screen_text(pilot), "asked again, it is answered"


@pytest.mark.parametrize("line", ["rc budget.left < 90", "last plan/steps[0].status", "watch budget.left"])
async def test_a_verb_that_is_stopped_late_has_moved_nothing_either(
    line: str, run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, stopped_at, asked = History.query, 0, 0

    def stopped(*arguments: Any) -> Any:
        nonlocal asked
        current = question.current()
        if current is not None:
            asked += 1
            if asked == stopped_at:
                current.stop()
        return query(*arguments)

    async with open_app(run) as pilot:
        await press(pilot, "2", "5", "G")
        monkeypatch.setattr(History, "query", stopped)
        main = app_of(pilot).main
        while not main.commands:
            stopped_at, asked = stopped_at + 1, 0
            await ask(pilot, line)
            assert ("Stopped" in screen_text(pilot)) == (asked >= stopped_at)
            if main.commands:
                break
            assert position(pilot) == 25 and not main.watched
        assert stopped_at > 1, "stopped at each of its queries, and answered at last"


async def test_a_newer_question_takes_the_place_of_the_one_that_is_not_answered_yet(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        hold = Hold(monkeypatch, only="when")
        await begin(pilot, "when budget.left < 90")
        await until(pilot, hold.reached.is_set)
        older = app_of(pilot).main.asked
        await begin(pilot, "last plan/steps")
        await until(pilot, lambda: position(pilot) == 8)
        assert older is not None and older.is_stopped and not older.is_over
        hold.let_go.set()
        await until(pilot, lambda: older.is_over)
        await settle(pilot)
        assert app_of(pilot).main.commands == ["playhead last '\"plan/steps\"' --agent planner --at 30 -s refund"]
        assert not app_of(pilot).main.when, "what was given up shows nothing"


async def test_escape_with_nothing_asked_drops_the_filter_as_before(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "d")
        assert "changed only" in screen_text(pilot)
        await press(pilot, "escape")
        assert "changed only" not in screen_text(pilot)


async def test_leaving_the_app_does_not_wait_for_an_answer(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await begin(pilot, ENDLESS)
        await pilot.press("q")


async def test_moves_are_painted_while_a_question_is_asked_and_its_answer_waits_for_a_key(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        hold = await begin_held(pilot, monkeypatch, "last plan/steps")
        await pilot.press("h", "h")
        await until(pilot, "commit 28 / 30")
        app_of(pilot).main.move(Seek(14))
        await until(pilot, lambda: "▶ 14" in line_with(pilot, "read page 14"))
        assert app_of(pilot).main.asked is not None and "last plan/steps …   Esc stops" in screen_text(pilot)
        hold.let_go.set()
        await settle(pilot)
        assert position(pilot) == 14, "who moved on is not taken away"
        assert '; goes to 8, asked at 30: "plan/steps" [{tool: "search"' in screen_text(pilot)
        assert app_of(pilot).main.selection != "plan/steps"
        await press(pilot, ";")
        assert position(pilot) == 8 and app_of(pilot).main.selection == "plan/steps"
        await press(pilot, ";")
        assert "No answer waits" in screen_text(pilot)


async def test_a_table_that_comes_while_somebody_moves_or_types_is_opened_by_a_key(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        hold = await begin_held(pilot, monkeypatch, "origin timeout after 30 s")
        await pilot.press("2", "G", ":")
        hold.let_go.set()
        await settle(pilot)
        assert pilot.app.screen is main and main.command_line.asking
        await press(pilot, "escape", ";")
        assert pilot.app.screen is not main and "asked at 30" in screen_text(pilot)
        assert "--at 30" in screen_text(pilot)


async def test_hits_that_are_typed_ahead_are_gone_through_once_they_are_found(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "g")
        hold = await begin_held(pilot, monkeypatch, "page", "/")
        await pilot.press("n", "n")
        hold.let_go.set()
        await settle(pilot)
        assert position(pilot) == 11, "the first is at 9"
        hold.reached.clear()
        hold.let_go.clear()
        await begin(pilot, "access", "/")
        await until(pilot, hold.reached.is_set)
        await pilot.press("l")
        hold.let_go.set()
        await settle(pilot)
        assert position(pilot) == 12 and "; goes to 8: 1 event with “access”" in screen_text(pilot)
        await press(pilot, "N")
        assert position(pilot) == 8, "the hits are the new ones all the same"


async def test_a_filter_narrows_the_steps_that_come_after_its_answer(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        hold = Hold(monkeypatch, only="commits")
        await begin(pilot, "key:note", "&")
        await until(pilot, hold.reached.is_set)
        await pilot.press("h")
        await until(pilot, lambda: position(pilot) == 29)
        hold.let_go.set()
        await settle(pilot)
        assert "2 of 30" in screen_text(pilot) and position(pilot) == 29
        await press(pilot, "h")
        assert position(pilot) == 7


async def test_a_playhead_that_follows_the_run_was_moved_by_nobody(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        hold = await begin_held(pilot, monkeypatch, "last plan/steps")
        with playhead.open(run) as store:
            store.write("planner", "note", "one more")
        await app_of(pilot).main.refresh_now()
        await until(pilot, "commit 31 / 31")
        hold.let_go.set()
        await settle(pilot)
        assert position(pilot) == 8


async def test_a_log_that_is_being_loaded_for_a_comparison_is_let_be_and_leaves_nothing(
    run: Path, tmp_path: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "other.jsonl"
    with playhead.open(run, create=False) as store:
        log.write_bytes(b"".join(playhead.export_log(store)))
    reached, let_go, drafts = threading.Event(), threading.Event(), 0

    def held(loader: Any, draft: Any) -> None:
        nonlocal drafts
        drafts += 1
        if drafts == 3:
            reached.set()
            let_go.wait()
        add(loader, draft)

    async with open_app(run) as pilot:
        add = bulk._Loader.add
        monkeypatch.setattr(bulk._Loader, "add", held)
        await begin(pilot, f"compare {log}")
        await until(pilot, reached.is_set)
        asked = app_of(pilot).main.asked
        await pilot.press("h", "escape")
        assert "Stopped: compare" in screen_text(pilot) and position(pilot) == 29
        let_go.set()
        await until(pilot, lambda: asked is not None and asked.is_over)
        assert drafts < 30 and cache.cached_runs() == [] and list(cache.runs_folder().iterdir()) == []
        await ask(pilot, f"compare {log}")
        assert "The states never part" in screen_text(pilot)


async def test_a_question_asked_of_another_moment_is_recorded_as_that(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "session.py"
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=script)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        hold = await begin_held(pilot, monkeypatch, "last plan/steps")
        await pilot.press("h")
        await until(pilot, lambda: position(pilot) == 29)
        hold.let_go.set()
        await settle(pilot)
        await press(pilot, "h")
    assert runpy.run_path(str(script))["cursor"].position == 28
    assert "PathChange(commit_ts=8" in capsys.readouterr().out
