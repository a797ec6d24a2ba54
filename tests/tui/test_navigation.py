"""Keys that move the playhead, and what the screen shows there."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from .conftest import OpenApp, app_of, line_with, position, press, screen_text, type_text


async def test_the_app_opens_at_the_newest_commit_with_every_pane_filled(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        text = screen_text(pilot)
        assert "commit 30 / 30" in text
        assert "refund ▸ planner" in text
        assert "LIVE" in text
        assert "▶ 30" in line_with(pilot, "read page 30")
        pages, budget = line_with(pilot, " counters/pages "), line_with(pilot, "{left: 79")
        assert pages.startswith("~") and "now" in pages
        assert budget.startswith("~") and " budget " in budget


async def test_steps_go_back_and_on_and_every_pane_follows(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "h")
        assert "commit 29 / 30" in screen_text(pilot)
        assert "▶ 29" in line_with(pilot, "read page 29")
        assert "PAST" in screen_text(pilot)
        await press(pilot, "left", "left", "l")
        assert position(pilot) == 28
        await press(pilot, "right", "right", "right")
        assert position(pilot) == 30


async def test_steps_beyond_an_end_stay_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "L")
        assert position(pilot) == 30
        await press(pilot, "H")
        assert position(pilot) == 0
        assert "No keys here." in screen_text(pilot)


async def test_a_burst_of_keys_ends_where_all_of_them_together_lead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, *["h"] * 12, *["l"] * 3)
        assert position(pilot) == 21
        assert "▶ 21" in line_with(pilot, "read page 21")


async def test_a_count_repeats_a_step_and_a_change(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "0", "h")
        assert position(pilot) == 20
        await press(pilot, "4", "l")
        assert position(pilot) == 24
        await press(pilot, "l")
        assert position(pilot) == 25, "a count is used up by the key it was typed for"


async def test_a_count_before_G_names_a_commit(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G")
        assert position(pilot) == 12
        await press(pilot, "g")
        assert position(pilot) == 1
        await press(pilot, "G")
        assert position(pilot) == 30


async def test_digits_are_only_ever_a_count_which_shows_from_the_first_one(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        for typed in ("1", "2"):
            await press(pilot, typed)
            assert (main.tab, main.diff.display) == ("diff", True)
        assert screen_text(pilot).splitlines()[-1].startswith("  12 ")
        await press(pilot, "h")
        assert (main.tab, position(pilot)) == ("diff", 18)


async def test_a_single_digit_repeats_the_key_after_it_and_leaves_the_tab_alone(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "i", "home", "3", "j")
        assert (main.tab, main.state.cursor) == ("value", 3)


async def test_i_and_I_turn_through_the_tabs_and_around(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        seen = []
        for key in ("i", "i", "i", "i", "I", "I"):
            await press(pilot, key)
            seen.append(main.tab)
            assert [view.display for view in main.page_views().values()].count(True) == 1
        assert seen == ["value", "history", "blame", "diff", "blame", "history"]
        assert main.history.display


async def test_c_and_C_go_from_change_to_change_of_the_selected_key(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        main.selection = "plan/steps"
        await press(pilot, "C")
        assert position(pilot) == 8
        await press(pilot, "C")
        assert position(pilot) == 3
        await press(pilot, "2", "c")
        assert position(pilot) == 8
        await press(pilot, "c")
        assert position(pilot) == 8
        assert "No later change of plan/steps" in screen_text(pilot)


async def test_e_and_E_go_to_errors_and_say_where_there_are_no_more(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "E")
        assert position(pilot) == 5
        assert "✗" in line_with(pilot, "tool_error")
        await press(pilot, "E")
        assert "No earlier error" in screen_text(pilot)


async def test_brackets_go_back_and_forward_through_jumps(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "E", "g", "[")
        assert position(pilot) == 5
        await press(pilot, "[")
        assert position(pilot) == 30
        await press(pilot, "]")
        assert position(pilot) == 5


async def test_a_mark_is_shown_and_jumped_to(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "E", "m", "k")
        assert "Mark k is at 5" in screen_text(pilot)
        await press(pilot, "G", "'", "k")
        assert position(pilot) == 5
        assert " k " in line_with(pilot, "tool_error")
        await press(pilot, "'", "z")
        assert "no mark 'z'" in screen_text(pilot)


@pytest.mark.parametrize(
    ("typed", "reached"),
    [("12", 12), ("-5", 25), ("+3", 30), ("before the error", 4), ("@14:03:01", 3), ("999", 30)],
)
async def test_the_command_line_goes_where_it_is_told(run: Path, open_app: OpenApp, typed: str, reached: int) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon")
        await type_text(pilot, typed)
        assert position(pilot) == reached


async def test_a_moment_that_is_none_is_explained_and_moves_nothing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon")
        await type_text(pilot, "nowhere")
        assert position(pilot) == 30
        shown = screen_text(pilot)
        assert "✗ no snapshot is labelled 'nowhere', and no verb is called 'nowhere'" in shown
        assert "places: 412, +50" in shown and "verbs: when, c, rc" in shown
        assert shown.splitlines()[-1].startswith(" :nowhere"), "the line is open again, to be mended"


async def test_escape_closes_the_command_line_and_never_quits(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon", "4", "escape", "escape", "escape")
        await press(pilot, "h")
        assert position(pilot) == 29
        assert app_of(pilot).is_running


async def test_search_counts_its_hits_and_n_and_N_go_through_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "g")
        await pilot.press("slash")
        await type_text(pilot, "ASK")
        assert "1 event with “ASK”" in screen_text(pilot)
        assert position(pilot) == 7
        await press(pilot, "g")
        await pilot.press("slash")
        await type_text(pilot, "last_error")
        assert position(pilot) == 5
        await press(pilot, "n")
        assert position(pilot) == 8
        await press(pilot, "n")
        assert "Past the last hit: on from the first" in screen_text(pilot)
        assert position(pilot) == 5
        await press(pilot, "N")
        assert "Past the first hit: on from the last" in screen_text(pilot)
        assert position(pilot) == 8
        assert "2 hits" in screen_text(pilot)
        await press(pilot, "escape")
        assert "2 hits" not in screen_text(pilot)


async def test_F_steps_over_the_events_of_this_agent_only(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "5", "G", "F", "h")
        assert position(pilot) == 3, "commit 4 is the researcher's"
        assert "3 matches" not in screen_text(pilot)
        await press(pilot, "F", "l")
        assert position(pilot) == 4


async def test_another_agent_can_be_chosen_by_a_part_of_its_name(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "a")
        await type_text(pilot, "resea")
        assert "refund ▸ researcher" in screen_text(pilot)
        assert "findings" in screen_text(pilot) and "budget" not in screen_text(pilot)
        assert position(pilot) == 30


async def test_in_the_event_list_j_and_k_move_the_playhead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "shift+tab")
        await press(pilot, "k", "k")
        assert position(pilot) == 28
        await press(pilot, "j")
        assert position(pilot) == 29
        await press(pilot, "home")
        assert position(pilot) == 0
        await press(pilot, "end")
        assert position(pilot) == 30


async def test_a_search_with_no_hit_ahead_goes_to_the_nearest_behind(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("slash")
        await type_text(pilot, "last_error")
        assert position(pilot) == 8


async def test_a_search_on_the_last_of_its_hits_stays_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G")
        await pilot.press("slash")
        await type_text(pilot, "last_error")
        assert position(pilot) == 8


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("99999", "Stopped at the head, commit 30"),
        ("+3", "Stopped at the last event"),
        ("-99", "Stopped at the start"),
        ("@-5m", "Stopped at the start: no commit at or before 13:58:"),
        ("@+5m", "Stopped at the head, commit 30: the last at or before 14:08:"),
        ("@14:03:01", "The last commit at or before 14:03:01, local time"),
    ],
)
async def test_the_command_line_says_where_it_stopped(run: Path, open_app: OpenApp, typed: str, told: str) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon")
        await type_text(pilot, typed)
        assert told in screen_text(pilot)


async def test_pasted_text_is_no_keys_and_goes_into_the_line_in_order(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        app = app_of(pilot)
        app.post_message(events.Paste("hhq"))
        await press(pilot, "h", "colon", "1")
        assert position(pilot) == 29
        app.post_message(events.Paste("2"))
        await press(pilot, "enter")
        assert position(pilot) == 12
