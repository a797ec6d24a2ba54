"""Snapshots: taking, comparing, restoring, and restoring where nothing may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

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
        assert "▾ + counters/pages   nothing → v12" in screen_text(pilot)


async def test_restore_does_exactly_what_its_preview_shows(run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        expected = {change.address.key: change.status for change in store.diff(store.head, 4)}
    assert expected == {"budget": "changed", "counters/pages": "removed", "note": "removed", "plan/steps": "changed"}
    async with open_app(run, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r")
        preview = screen_text(pilot)
        signs = {"changed": "~", "removed": "−", "added": "+"}
        for key, status in expected.items():
            assert f"▾ [✓] {signs[status]} {key} " in preview
        assert preview.count("[✓]") == len(expected) + 1, "each key, and their agent"
        assert "● everything" in preview and "4 keys" in preview
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
            assert "[✓] − meanwhile" in screen_text(pilot)
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


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_list_tells_what_each_snapshot_holds_and_where_the_playhead_is(run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        sizes = [(len(store.addresses(taken)), store.size_bytes(taken)) for taken in (4, 20)]
    async with open_app(run) as pilot:
        await press(pilot, "4", "G", "S")
        await until(pilot, lambda: "…" not in line_with(pilot, "◆ 2") + line_with(pilot, "◆ 1"))
        for number, (keys, size) in zip((1, 2), sizes, strict=True):
            assert f"{keys} keys" in line_with(pilot, f"◆ {number}")
            assert f"{size} B" in line_with(pilot, f"◆ {number}")
        assert "▶" in line_with(pilot, "◆ 1") and "▶" not in line_with(pilot, "◆ 2")


async def test_any_snapshot_is_compared_with_now(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "4", "G", "S")
        assert "● now, the newest commit" in screen_text(pilot)
        await press(pilot, "home", "j", "space", "j", "d")
        assert "From snapshot 2, commit 20 to now, commit 30" in screen_text(pilot)
        assert "~ 20 → 30" in screen_text(pilot)


@pytest.mark.parametrize("key", ["a", "s"])
async def test_a_snapshot_is_taken_from_the_list_too(key: str, run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "7", "G", "S", key)
        await type_text(pilot, "a try")
        await until(pilot, "◆ 3    a try")
        await press(pilot, "escape")
        assert "Snapshot 3 “a try” of commit 7" in screen_text(pilot)
    with playhead.open(run, create=False) as store:
        assert [(taken.label, taken.commit_ts) for taken in store.snapshots()][2:] == [("a try", 7)]


@pytest.mark.parametrize("key", ["slash", "f"])
async def test_the_list_is_filtered_while_it_is_typed(key: str, run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        for number in range(60):
            store.snapshot(f"number {number}", at=number % 30 + 1)
    async with open_app(run) as pilot:
        await press(pilot, "S", key, *"Error")
        assert "◆ 1" in screen_text(pilot) and "number" not in screen_text(pilot)
        await press(pilot, "enter", "d")
        assert "From snapshot 1 “before the error”, commit 4" in screen_text(pilot)
        await press(pilot, "escape", "escape")
        assert "number 3 " in screen_text(pilot), "Esc drops the filter first"
        await press(pilot, "home")
        assert "number 59" in screen_text(pilot)
        await press(pilot, "end", "enter")
        assert position(pilot) == 4, "a long list scrolls to its end"


# ── a comparison ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_n_and_c_go_from_key_to_key_and_z_folds_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "d", "n", "z")
        assert "▸ ~ counters/pages" in screen_text(pilot) and "~ 20 → 30" not in screen_text(pilot)
        await press(pilot, "N", "z")
        assert "▸ ~ budget" in screen_text(pilot)
        await press(pilot, "c", "enter", "C", "enter")
        assert "▾ ~ budget" in screen_text(pilot) and "▾ ~ counters/pages" in screen_text(pilot)
        await press(pilot, "Z")
        assert "▸ ~ budget" in screen_text(pilot) and "▸ ~ counters/pages" in screen_text(pilot)
        await press(pilot, "Z", "k", "z")
        assert "▸ default/planner" in screen_text(pilot) and "▸ ~ budget" not in screen_text(pilot)


async def test_y_copies_a_comparison_as_text(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "S", "d", "y")
        copied = pilot.app.clipboard
        assert copied.splitlines()[:3] == [
            "From snapshot 2, commit 20 to the playhead, commit 30",
            "~ 2 changed",
            "▾ default/planner   ~ 2 changed",
        ]
        assert "      ~ 20 → 30  +10" in copied.splitlines()


# ── what is restored ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shared(run: Path) -> Path:
    """The run, with a key that two agents have."""
    with playhead.open(run, create=False) as store:
        store.write(agent_id="researcher", key="budget", value=1)
    return run


async def test_a_restores_this_agent_only(shared: Path, open_app: OpenApp) -> None:
    async with open_app(shared, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "a")
        assert "● planner only" in screen_text(pilot) and "4 of 5 keys" in screen_text(pilot)
        assert "[ ] − budget" in screen_text(pilot)
        await press(pilot, "y")
        assert "(4 keys) as commit 32" in screen_text(pilot)
    with playhead.open(shared, create=False) as store:
        assert [(change.address.agent_id, change.address.key) for change in store.diff(4, 32)] == [
            ("researcher", "budget")
        ]


async def test_chosen_keys_are_restored_and_no_others_even_of_that_name(shared: Path, open_app: OpenApp) -> None:
    async with open_app(shared, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "x", "y")
        assert "No key is chosen" in screen_text(pilot)
        await press(pilot, "space", "space", "k", "N", "space", "y")
        assert "(1 key) as commit 32" in screen_text(pilot)
    with playhead.open(shared, create=False) as store:
        assert [change.address for change in store.diff(31, 32)] == [("default", "planner", "budget")]
        assert store.get_state("planner", "budget").value == store.get_state_at("planner", "budget", 4).value


async def test_w_chooses_everything_again(shared: Path, open_app: OpenApp) -> None:
    async with open_app(shared, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "x", "w", "y")
    with playhead.open(shared, create=False) as store:
        assert store.head == 32 and store.diff(4, 32) == []


async def test_the_preview_folds_and_its_agents_are_chosen_whole(shared: Path, open_app: OpenApp) -> None:
    async with open_app(shared, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "k", "space")
        assert "[ ] default/planner" in screen_text(pilot) and "1 of 5 keys" in screen_text(pilot)
        await press(pilot, "z", "y")
    with playhead.open(shared, create=False) as store:
        assert [change.address for change in store.diff(31, 32)] == [("default", "researcher", "budget")]


async def test_chosen_keys_go_into_the_fork_too(shared: Path, open_app: OpenApp) -> None:  # S28
    async with open_app(shared, opener=_read_only, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "x", "space", "y")
        await type_text(pilot, "")
        await until(pilot, "refund-from-4 ▸ planner")
        await settle(pilot)
    with playhead.open("refund-from-4", create=False) as fork:
        assert [change.address for change in fork.diff(31, 32)] == [("default", "planner", "budget")]


# ── undoing it ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_w_undoes_the_last_restore_after_a_preview_and_again_redoes_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "y", "w")
        assert "Undoing the restore: back to commit 30" in screen_text(pilot)
        assert "[✓] + note" in screen_text(pilot) and "[✓] + counters/pages" in screen_text(pilot)
        await press(pilot, "escape")
        assert position(pilot) == 31
        await press(pilot, "w", "y")
        assert position(pilot) == 32
        await press(pilot, "w", "y")
        assert position(pilot) == 33
    with playhead.open(run, create=False) as store:
        assert store.diff(30, 32) == [] and store.diff(4, 33) == []


async def test_what_changed_since_a_restore_is_left_as_it_is_unless_it_is_chosen(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 60)) as pilot:
        await press(pilot, "S", "j", "r", "y")
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="note", value="written since")
            writer.write(agent_id="planner", key="new", value=1)
        await app_of(pilot).main.refresh_now()
        await press(pilot, "w")
        text = screen_text(pilot)
        assert "2 commits came since the restore: only the keys that it touched are undone" in text
        assert "[ ] ~ note" in text and "[✓] ~ budget" in text and "[ ] − new" not in text
        await press(pilot, "y")
    with playhead.open(run, create=False) as store:
        assert {change.address.key for change in store.diff(30, store.head)} == {"note", "new"}
        assert store.get_state("planner", "note").value == "written since"


async def test_the_restore_at_the_head_is_undone_in_a_later_session(run: Path, open_app: OpenApp) -> None:
    with playhead.open(run, create=False) as store:
        store.restore(4)
    async with open_app(run) as pilot:
        await press(pilot, "w", "y")
        assert "Undid the restore: back to commit 30" in screen_text(pilot)
    with playhead.open(run, create=False) as store:
        assert store.head == 32 and store.diff(30, 32) == []


async def test_where_nothing_was_restored_nothing_is_undone(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "w")
        assert "No restore to undo" in screen_text(pilot)
        assert position(pilot) == 30
