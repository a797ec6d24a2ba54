"""Where a person was in a run when they left it, and how much of that is there again when they come back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

import playhead
from playhead import JSON, AgentAddress
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.screens.comfort_actions import KEEP_SECONDS
from playhead_tui.session import SESSION_VERSION, SESSIONS_KEPT, Keeper, Session, Sessions, session_of
from playhead_tui.settings import Settings, SettingsFile

from .conftest import AppPilot, app_of, position, press, record_run, screen_text, settle, type_text, until


class Asked(TypedDict, total=False):
    agent_id: str
    goto: str
    fresh: bool
    settings: SettingsFile


@asynccontextmanager
async def opened(path: Path, **asked: Unpack[Asked]) -> AsyncIterator[AppPilot]:
    """The app on a run, with the sessions of one person."""
    app = PlayheadApp(path, recent=RecentStores(Path("recent.json")), sessions=Sessions(Path("sessions")), **asked)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        yield pilot


def kept(run: Path) -> Session:
    with playhead.open(run, create=False) as store:
        session, note = Sessions(Path("sessions")).load(store.store_id)
    assert session is not None and not note
    return session


async def test_a_run_opens_where_it_was_left(run: Path) -> None:
    async with opened(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "1", "2", "G", "m", "x", "h", "h", "i", "F")
        main.selection = "plan/steps"
        await press(pilot, "f")
        await type_text(pilot, "plan")
    async with opened(run) as pilot:
        main = app_of(pilot).main
        assert main.frame is not None
        assert position(pilot) == 10
        assert (main.tab, main.selection, main.filter_text) == ("value", "plan/steps", "plan")
        assert dict(main.frame.marks) == {"x": 12}
        assert main.frame.follow_agent
        assert "Back at commit 10" in screen_text(pilot)
        await press(pilot, "'", "x")
        assert position(pilot) == 12


async def test_agent_folds_changed_only_and_the_base_come_back_too(run: Path) -> None:
    async with opened(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "4", "G", "m", "x", "2", "0", "G", "b", "b", "a")
        await type_text(pilot, "researcher")
        main.folded = frozenset({"plan"})
        await press(pilot, "d")
    session = kept(run)
    assert (session.agent, session.base, session.folded) == (AgentAddress("default", "researcher"), 4, ("plan",))
    async with opened(run) as pilot:
        main = app_of(pilot).main
        assert main.frame is not None
        assert (main.frame.agent, main.frame.base) == (AgentAddress("default", "researcher"), "mark x")
        assert (main.folded, main.changed_only) == (frozenset({"plan"}), True)


async def test_a_comparison_with_the_commit_before_comes_back(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "1", "2", "G", "b")
    assert kept(run).base == -1
    async with opened(run) as pilot:
        frame = app_of(pilot).main.frame
        assert frame is not None and (frame.position, frame.base) == (12, "previous commit")


async def test_whoever_was_at_the_head_is_at_the_head_of_what_came_since(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "h", "G")
    with playhead.open(run) as store:
        store.write("planner", "more", 1)
    async with opened(run) as pilot:
        assert position(pilot) == 31
        assert "Back at commit" not in screen_text(pilot)


async def test_what_the_command_line_asks_for_wins(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "1", "2", "G", "m", "x")
    async with opened(run, goto="7") as pilot:
        assert position(pilot) == 7
        main = app_of(pilot).main
        assert main.frame is not None and dict(main.frame.marks) == {"x": 12}, "the rest is as it was left"
    async with opened(run, agent_id="researcher") as pilot:
        main = app_of(pilot).main
        assert main.frame is not None and main.frame.agent == AgentAddress("default", "researcher")
        assert position(pilot) == 7


async def test_a_fresh_session_knows_nothing_and_is_kept_in_the_end(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "1", "2", "G", "m", "x")
    async with opened(run, fresh=True) as pilot:
        main = app_of(pilot).main
        assert main.frame is not None
        assert (position(pilot), dict(main.frame.marks)) == (30, {})
        await press(pilot, "h")
    assert (kept(run).position, kept(run).marks) == (29, {})


async def test_each_run_has_its_own_place(run: Path) -> None:
    record_run(Path("other"))
    async with opened(run) as pilot:
        await press(pilot, "1", "2", "G")
        app_of(pilot).open(Path("other"))
        await until(pilot, "other ▸")
        await settle(pilot)
        assert position(pilot) == 30
        await press(pilot, "5", "G")
    assert (kept(run).position, kept(Path("other")).position) == (12, 5)


async def test_nothing_is_kept_where_the_settings_say_so(run: Path) -> None:
    settings = SettingsFile(Path("settings.toml"), Settings(keep_place=False))
    async with opened(run, settings=settings) as pilot:
        await press(pilot, "1", "2", "G")
    assert not Path("sessions").exists()


async def test_a_place_is_kept_while_the_app_runs_so_that_a_closed_window_loses_little(run: Path) -> None:
    assert KEEP_SECONDS <= 10
    async with opened(run) as pilot:
        await press(pilot, "1", "2", "G")
        app_of(pilot).main.keep_beside()
        await app_of(pilot).workers.wait_for_complete()
        assert kept(run).position == 12


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"version": 1, "marks": {"x": "here"}}', '{"version": 999}', '{"version": 1, "position": -4}'],
)
async def test_a_damaged_file_is_ignored_with_a_note(run: Path, damage: str) -> None:
    with playhead.open(run) as store:
        file = Sessions(Path("sessions")).file_of(store.store_id)
    file.parent.mkdir()
    file.write_text(damage, "utf-8")
    async with opened(run) as pilot:
        assert position(pilot) == 30
        assert "Where you were is not known" in screen_text(pilot)
        await press(pilot, "h")
    assert kept(run).position == 29


async def test_a_place_beyond_the_end_of_the_run_is_its_end(run: Path) -> None:
    with playhead.open(run) as store:
        sessions = Sessions(Path("sessions"))
        sessions.save(store.store_id, Session(position=900, base=800, marks={"x": 700, "y": 3}))
    async with opened(run) as pilot:
        main = app_of(pilot).main
        assert main.frame is not None
        assert (position(pilot), dict(main.frame.marks), main.frame.base) == (30, {"y": 3}, "previous version")


async def test_a_pane_can_keep_what_it_wants(run: Path) -> None:
    taken: list[JSON] = []
    async with opened(run) as pilot:
        app_of(pilot).main.keepers["pins"] = Keeper(lambda: ["budget"], taken.append)
        await press(pilot, "h")
    assert kept(run).panes["pins"] == ["budget"]
    async with opened(run) as pilot:
        app_of(pilot).main.keepers["pins"] = Keeper(list, taken.append)
        app_of(pilot).main.take_up(kept(run))
        assert taken == [["budget"]]


def test_fields_of_a_later_playhead_are_passed_over() -> None:
    assert session_of({"version": SESSION_VERSION, "position": 3, "mood": "curious"}) == Session(position=3)


def test_sessions_are_bounded_and_those_looked_at_last_stay(tmp_path: Path) -> None:
    sessions = Sessions(tmp_path / "sessions")
    for number in range(SESSIONS_KEPT):
        file = sessions.file_of(f"old{number}")
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps({"version": SESSION_VERSION}), "utf-8")
    sessions.save("new", Session(position=1))
    assert len(list((tmp_path / "sessions").iterdir())) == SESSIONS_KEPT
    assert sessions.load("new")[0] == Session(position=1)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    sessions = Sessions(tmp_path / "file" / "sessions")
    sessions.save("store", Session(position=1))
    session, _ = sessions.load("store")
    assert session is None
