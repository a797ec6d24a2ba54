"""Esc gives up a question that takes long: nothing moves, and the next one is answered."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from playhead import question
from playhead.history import History

from .conftest import AppPilot, OpenApp, app_of, position, press, screen_text, settle, type_text, until

ENDLESS = "sql SELECT count(*) AS n FROM range(1000000000000000) AS t(a) WHERE a % 3 = 1"


async def begin(pilot: AppPilot, text: str) -> None:
    """Type a line after `:` whose answer is not waited for."""
    await pilot.press(":", *text, "enter")


async def escape(pilot: AppPilot) -> None:
    """Press Esc until what was asked is given up: between two parts of a question there is nothing to interrupt."""
    while app_of(pilot).main.asked:
        await pilot.press("escape")
    await settle(pilot)


async def test_escape_interrupts_the_database_in_the_middle_of_a_query(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G")
        await begin(pilot, ENDLESS)
        assert "Esc stops" in screen_text(pilot)
        await escape(pilot)
        assert "Stopped: sql SELECT count(*)" in screen_text(pilot)
        assert position(pilot) == 12 and app_of(pilot).main.commands == []
        await press(pilot, ":")
        await type_text(pilot, "sql SELECT max(commit_ts) AS commit_ts FROM events")
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
    """Holds a thread that asks the past until it is let go; then the question has been stopped, or it goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.let_go = threading.Event(), threading.Event()
        ask = History.query

        def held(*arguments: Any) -> Any:
            if question.current() is not None:
                self.reached.set()
                self.let_go.wait()
            return ask(*arguments)

        monkeypatch.setattr(History, "query", held)


@pytest.mark.parametrize("line", VERBS)
async def test_every_verb_can_be_stopped_and_leaves_the_playhead_where_it_is(
    line: str, run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G")
        hold = Hold(monkeypatch)
        await begin(pilot, line)
        await until(pilot, hold.reached.is_set)
        await pilot.press("escape")
        assert "Stopping …" in screen_text(pilot)
        hold.let_go.set()
        await settle(pilot)
        assert f"Stopped: {line}" in screen_text(pilot)
        main = app_of(pilot).main
        assert position(pilot) == 12 and pilot.app.screen is main and not (main.watched or main.commands)
        await press(pilot, ":")
        await type_text(pilot, line)
        assert "Stopped" not in screen_text(pilot), "asked again, it is answered"


@pytest.mark.parametrize("queries", range(1, 4))
@pytest.mark.parametrize("line", ["rc budget.left < 90", "last plan/steps[0].status", "watch budget.left"])
async def test_a_verb_that_is_stopped_late_has_moved_nothing_either(
    line: str, queries: int, run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask, asked = History.query, 0

    def stopped(*arguments: Any) -> Any:
        nonlocal asked
        current = question.current()
        if current is not None:
            asked += 1
            if asked == queries:
                current.stop()
        return ask(*arguments)

    async with open_app(run) as pilot:
        await press(pilot, "2", "5", "G")
        monkeypatch.setattr(History, "query", stopped)
        await press(pilot, ":")
        await type_text(pilot, line)
        main = app_of(pilot).main
        if "Stopped" in screen_text(pilot):
            assert position(pilot) == 25 and not (main.watched or main.commands)
        else:
            assert asked < queries and len(main.commands) == 1, "it was answered before"


async def test_what_waits_behind_a_question_is_given_up_with_it(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        hold = Hold(monkeypatch)
        await begin(pilot, "when budget.left < 90")
        await until(pilot, hold.reached.is_set)
        await begin(pilot, "rc budget.left < 90")
        await pilot.press("escape")
        hold.let_go.set()
        await settle(pilot)
        assert "Stopped: rc budget.left < 90" in screen_text(pilot) and position(pilot) == 30


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
