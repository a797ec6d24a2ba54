"""Snapshots: taking, comparing, restoring, and restoring where nothing may be written."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead import Store

from .conftest import OpenApp, app_of, line_with, position, press, screen_text, settle, type_text, until


async def test_s_takes_a_labelled_snapshot_of_the_playhead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "5", "G", "s")
        await type_text(pilot, "the error")
        assert "Snapshot 3 “the error” of commit 5" in screen_text(pilot)
        assert "3 snapshots" in screen_text(pilot)
        assert "◆" in line_with(pilot, "tool_error")
    with playhead.open(run, create=False) as store:
        assert [(each.label, each.commit_ts) for each in store.snapshots()][-1] == ("the error", 5)


async def test_escape_instead_of_a_label_takes_no_snapshot(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "s", "x", "escape")
    with playhead.open(run, create=False) as store:
        assert len(store.snapshots()) == 2


async def test_the_list_shows_parents_and_enter_travels(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S")
        assert "after 1" in line_with(pilot, "◆ 2")
        assert "first" in line_with(pilot, "before the error")
        await press(pilot, "j", "enter")
        assert position(pilot) == 4


async def test_d_compares_a_snapshot_with_the_playhead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "d")
        text = screen_text(pilot)
        assert "From snapshot 2, commit 20 to the playhead, commit 30" in text
        assert "~ 2 changed" in text
        assert "counters/pages   v12 → v22" in text and "~ 20 → 30" in text
        await press(pilot, "escape")
        assert "after 1" in screen_text(pilot), "Esc closes the top layer only"
        await press(pilot, "escape")
        assert "Snapshots" not in screen_text(pilot)
        assert app_of(pilot).is_running


async def test_space_chooses_the_other_side_of_a_comparison(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "space", "j", "d")
        assert "From snapshot 1 “before the error”, commit 4 to snapshot 2, commit 20" in screen_text(pilot)
        assert "+ default/planner ▸ counters/pages   nothing → v12" in screen_text(pilot)


async def test_restore_does_exactly_what_its_preview_shows(run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        expected = {change.address.key: change.status for change in store.diff(store.head, 4)}
    assert expected == {"budget": "changed", "counters/pages": "removed", "note": "removed", "plan/steps": "changed"}
    async with open_app(run, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r")
        preview = screen_text(pilot)
        signs = {"changed": "~", "removed": "−", "added": "+"}
        for key, status in expected.items():
            assert f"{signs[status]} default/planner ▸ {key} " in preview
        assert preview.count("default/planner ▸ ") == len(expected)
        await press(pilot, "y")
        assert "Restored snapshot 1 “before the error”, commit 4 as commit 31" in screen_text(pilot)
        assert position(pilot) == 31
    with playhead.open(run, create=False) as store:
        assert store.head == 31
        assert store.diff(31, 4) == []


async def test_leaving_the_preview_restores_nothing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "r", "escape")
    with playhead.open(run, create=False) as store:
        assert store.head == 30


def _read_only(path: Path) -> Store:
    return playhead.open(path, create=False, read_only=path.name == "refund")


async def test_what_may_not_be_written_is_restored_in_a_fork(run: Path, open_app: OpenApp) -> None:  # S28
    async with open_app(run, opener=_read_only) as pilot:
        await press(pilot, "S", "j", "r")
        assert "y restores in a fork; this store stays as it is" in screen_text(pilot)
        await press(pilot, "y")
        assert "fork into" in screen_text(pilot) and "refund-from-4" in screen_text(pilot)
        await type_text(pilot, "")
        await until(pilot, "refund-from-4 ▸ planner")
        await settle(pilot)
        assert position(pilot) == 31
    with playhead.open(run, create=False) as original, playhead.open("refund-from-4", create=False) as fork:
        assert original.head == 30
        assert fork.head == 31 and fork.diff(31, 4) == []


async def test_after_a_comparison_the_list_is_as_it_was_left(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "space", "j", "d", "escape")
        assert "•" in line_with(pilot, "◆ 2")
        await press(pilot, "r")
        assert "Restoring snapshot 1 “before the error”, commit 4 would change" in screen_text(pilot)


async def test_r_in_a_comparison_goes_on_to_the_preview_of_its_snapshot(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "j", "d", "r")
        assert "Restoring snapshot 1 “before the error”, commit 4 would change" in screen_text(pilot)
        await press(pilot, "escape")
        assert position(pilot) == 30


async def test_the_commit_of_a_restore_says_which_snapshot_it_restored(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "j", "r", "y")
        assert position(pilot) == 31
    with playhead.open(run, create=False) as store:
        event = store.event(31)
        assert event is not None and "before the error" in (event.label or "")


async def test_a_restore_of_a_run_that_moved_on_is_looked_at_again(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r")
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="meanwhile", value=1)
            await press(pilot, "y")
            assert "The run moved on" in screen_text(pilot)
            assert "− default/planner ▸ meanwhile" in screen_text(pilot)
            assert writer.head == 31
            await press(pilot, "y")
            writer.refresh()
            assert writer.head == 32 and writer.diff(32, 4) == []


async def test_where_nothing_differs_no_restore_is_offered(run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        store.snapshot("the end")
    async with open_app(run) as pilot:
        await press(pilot, "S", "r")
        assert "Nothing differs, so there is nothing to restore" in screen_text(pilot)
        assert "y restores" not in screen_text(pilot)
        await press(pilot, "y", "escape")
        assert position(pilot) == 30
