"""The timeline's keys and gestures: zoom, pan, the clock, lanes, and playing."""

from __future__ import annotations

from pathlib import Path

from textual import events

import playhead
from playhead_tui.screens.main import MainScreen
from playhead_tui.widgets.timeline_view import TimelineView
from playhead_tui.window import Window

from .conftest import AppPilot, OpenApp, app_of, line_with, position, press, record_run, screen_text, settle


def main_of(pilot: AppPilot) -> MainScreen:
    return app_of(pilot).main


def shown(pilot: AppPilot) -> Window:
    """What the strip itself shows."""
    return main_of(pilot).timeline.chart.window


async def turn_wheel(pilot: AppPilot, kind: type[events.MouseEvent], x: int, shift: bool = False) -> None:
    timeline = main_of(pilot).timeline
    timeline.post_message(kind(timeline, x, 1, 0, 0, 0, shift, False, False))
    await settle(pilot)


# ── zoom and pan ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_plus_zooms_in_around_the_playhead_and_minus_out_again(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        assert shown(pilot) == Window(1, 30)
        await press(pilot, "8", "G", "plus")
        assert shown(pilot).size == 15 and 8 in shown(pilot)
        assert f"{shown(pilot).first} – {shown(pilot).last}" in line_with(pilot, "TIMELINE")
        await press(pilot, "equals_sign")
        assert shown(pilot).size == 8
        await press(pilot, "minus")
        assert shown(pilot).size == 16
        await press(pilot, "minus", "minus")
        assert shown(pilot) == Window(1, 30) and main_of(pilot).window is None
        assert position(pilot) == 8, "looking closer moves nothing"


async def test_a_count_zooms_as_often(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "2", "plus")
        assert shown(pilot) == Window(23, 30)


async def test_zero_shows_the_whole_run_and_after_a_digit_is_part_of_a_count(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "plus", "1", "0", "h")
        assert position(pilot) == 20 and main_of(pilot).window is not None
        await press(pilot, "0")
        assert shown(pilot) == Window(1, 30)


async def test_braces_pan_as_far_as_the_run_goes(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "right_curly_bracket")
        assert "whole run is on screen" in screen_text(pilot)
        await press(pilot, "2", "plus", "left_curly_bracket")
        assert shown(pilot) == Window(21, 28)
        await press(pilot, "9", "left_curly_bracket")
        assert shown(pilot) == Window(3, 10)
        await press(pilot, "right_curly_bracket")
        assert shown(pilot) == Window(5, 12)
        await press(pilot, "5", "0", "right_curly_bracket")
        assert shown(pilot) == Window(23, 30)
        await press(pilot, "9", "left_curly_bracket", "d")
        assert shown(pilot) == Window(5, 12), "it stays away from a playhead that rests"
        assert position(pilot) == 30


async def test_a_step_out_of_the_window_takes_it_along(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "2", "plus")
        assert shown(pilot) == Window(23, 30)
        await press(pilot, "7", "h")
        assert shown(pilot) == Window(23, 30)
        await press(pilot, "h")
        assert position(pilot) == 22 and shown(pilot) == Window(20, 27)
        await press(pilot, "g")
        assert shown(pilot) == Window(1, 8)


async def test_a_playhead_within_the_window_asks_for_no_other_chart(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "plus")
        chart = main_of(pilot).timeline.chart
        await press(pilot, "h", "h", "l", "5", "h")
        assert main_of(pilot).timeline.chart is chart


async def test_a_zoomed_strip_has_a_line_for_the_whole_run_to_move_it_by(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        timeline = main_of(pilot).timeline
        height = timeline.size.height
        await press(pilot, "2", "plus")
        assert timeline.size.height == height + 1
        overview = line_with(pilot, "whole run")
        assert "━" in overview and "─" in overview
        await pilot.mouse_down(timeline, offset=(1 + timeline.plan.gutter, timeline.plan.height - 1))
        await settle(pilot)
        assert shown(pilot) == Window(1, 8)
        await pilot.hover(timeline, offset=(timeline.plan.width, timeline.plan.height - 1))
        await pilot.mouse_up(timeline, offset=(timeline.plan.width, timeline.plan.height - 1))
        await settle(pilot)
        assert shown(pilot) == Window(23, 30)
        assert position(pilot) == 30, "it is the window that was dragged"


async def test_the_wheel_zooms_where_the_mouse_is_and_pans_with_shift(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        timeline = main_of(pilot).timeline
        await turn_wheel(pilot, events.MouseScrollUp, timeline.plan.width)
        assert shown(pilot) == Window(11, 30)
        await turn_wheel(pilot, events.MouseScrollUp, 1 + timeline.plan.gutter)
        assert shown(pilot).first == 11 and shown(pilot).size == 13
        await turn_wheel(pilot, events.MouseScrollDown, 20, shift=True)
        assert shown(pilot).first == 12
        await turn_wheel(pilot, events.MouseScrollUp, 20, shift=True)
        assert shown(pilot).first == 11
        await turn_wheel(pilot, events.MouseScrollRight, 20)
        assert shown(pilot).first == 12
        await turn_wheel(pilot, events.MouseScrollLeft, 20)
        assert shown(pilot).first == 11
        await turn_wheel(pilot, events.MouseScrollDown, 20)
        await turn_wheel(pilot, events.MouseScrollDown, 20)
        await turn_wheel(pilot, events.MouseScrollDown, 20)
        assert shown(pilot) == Window(1, 30)
        assert position(pilot) == 30


async def test_a_range_dragged_with_the_right_button_fills_the_strip(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        timeline = main_of(pilot).timeline
        start = 1 + timeline.plan.gutter
        one, other = (start + commit_ts * timeline.columns // 30 for commit_ts in (10, 22))
        await pilot.mouse_down(timeline, offset=(one, 1), button=3)
        await pilot.hover(timeline, offset=(other, 1))
        await pilot.pause()
        assert "let go to zoom" in screen_text(pilot)
        await pilot.mouse_up(timeline, offset=(other, 1))
        await settle(pilot)
        assert "let go to zoom" not in screen_text(pilot)
        assert abs(shown(pilot).first - 11) <= 1 and abs(shown(pilot).last - 23) <= 1
        assert position(pilot) == 30


async def test_a_range_may_be_dragged_with_ctrl_or_shift_and_backwards(run: Path, open_app: OpenApp) -> None:
    for control, shift in ((True, False), (False, True)):
        async with open_app(run) as pilot:
            timeline = main_of(pilot).timeline
            middle = 1 + timeline.plan.gutter + timeline.columns // 2
            await pilot.mouse_down(timeline, offset=(middle, 1), control=control, shift=shift)
            await pilot.hover(timeline, offset=(1 + timeline.plan.gutter, 1))
            await pilot.mouse_up(timeline, offset=(1 + timeline.plan.gutter, 1), control=control, shift=shift)
            await settle(pilot)
            assert shown(pilot).first == 1 and shown(pilot).last in (15, 16)


async def test_a_right_click_that_drags_over_nothing_changes_nothing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.click(main_of(pilot).timeline, offset=(40, 1), button=3)
        await settle(pilot)
        assert shown(pilot) == Window(1, 30) and position(pilot) == 30


async def test_another_store_is_shown_whole(run: Path, open_app: OpenApp, tmp_path: Path) -> None:
    record_run(tmp_path / "other", events=50)
    async with open_app(run) as pilot:
        await press(pilot, "plus", "%")
        app_of(pilot).open(tmp_path / "other")
        await settle(pilot)
        assert shown(pilot) == Window(1, 50) and not main_of(pilot).timeline.chart.by_clock


async def test_the_whole_run_stays_whole_while_it_grows(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        with playhead.open(run, create=False) as writer:
            for number in range(5):
                writer.write(agent_id="planner", key="news", value=number)
            await main_of(pilot).refresh_now()
            await settle(pilot)
            assert shown(pilot) == Window(1, 35)


# ── scale, tracks and lanes ──────────────────────────────────────────────────────────────────────────────────────────


async def test_percent_goes_by_the_clock_and_back(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "%")
        assert main_of(pilot).timeline.chart.by_clock
        assert "by the clock" in line_with(pilot, "TIMELINE") and "14:03:10" in screen_text(pilot)
        await press(pilot, "8", "G", "plus")
        by_clock = shown(pilot)
        assert 8 in by_clock and by_clock.size < 30
        await press(pilot, "%")
        assert not main_of(pilot).timeline.chart.by_clock and shown(pilot) == by_clock


async def test_a_log_without_times_has_no_clock(open_app: OpenApp) -> None:
    Path("run.jsonl").write_text('{"kind": "note", "text": "one"}\n{"kind": "note", "text": "two"}\n')
    async with open_app(Path("run.jsonl")) as pilot:
        for _ in range(2):
            await press(pilot, "%")
            assert "no clock to go by" in screen_text(pilot)
            assert not main_of(pilot).by_clock and not main_of(pilot).pace.by_clock
            assert "by the clock" not in screen_text(pilot)


async def test_the_selected_value_has_its_own_track(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(160, 50)) as pilot:
        main = main_of(pilot)
        main.selection = "counters/pages"
        main.look_again()
        await settle(pilot)
        assert "▁▁▁" in line_with(pilot, " pages  ") and "███" in line_with(pilot, " pages  ")
        main.selection = "note"
        main.look_again()
        await settle(pilot)
        (track,) = main.timeline.chart.tracks
        assert track.label == "note"
        assert {main.timeline.chart.commit_at(column) for column, cell in enumerate(track.cells) if cell != " "} == {
            6,
            7,
        }


async def test_lanes_come_and_go_with_A(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 36)) as pilot:
        timeline = main_of(pilot).timeline
        assert timeline.plan.lane_rows == 0
        await press(pilot, "A")
        assert [lane.label for lane in timeline.chart.lanes] == ["planner", "researcher"]
        assert "▸planner" in screen_text(pilot) and "researcher" in screen_text(pilot).split("TIMELINE")[1]
        await press(pilot, "A")
        assert timeline.plan.lane_rows == 0 and not timeline.chart.lanes


async def test_a_tall_screen_shows_lanes_of_itself(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(160, 50)) as pilot:
        assert "▸planner" in screen_text(pilot)


async def test_a_run_of_one_agent_has_no_lanes(open_app: OpenApp) -> None:
    with playhead.open("one", durability="os") as store:
        for number in range(9):
            store.write(agent_id="a", key="k", value=number)
    async with open_app(Path("one"), size=(160, 50)) as pilot:
        await press(pilot, "A")
        assert "one agent" in screen_text(pilot) and main_of(pilot).timeline.plan.lane_rows == 0


async def test_a_click_on_a_lane_chooses_its_agent(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(160, 50)) as pilot:
        timeline = main_of(pilot).timeline
        await pilot.click(timeline, offset=(3, timeline.plan.lanes_start + 1))
        await settle(pilot)
        frame = main_of(pilot).frame
        assert frame is not None and frame.agent is not None and frame.agent.agent_id == "researcher"
        assert position(pilot) == 30, "its name is no place in time"
        assert "▸researcher" in screen_text(pilot)
        await pilot.click(timeline, offset=(1 + timeline.plan.gutter, timeline.plan.lanes_start + 1))
        await settle(pilot)
        frame = main_of(pilot).frame
        assert frame is not None and frame.agent is not None and frame.agent.agent_id == "planner"
        assert position(pilot) == 1


# ── playing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Watch:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def stop_watch(pilot: AppPilot) -> Watch:
    watch = Watch()
    main_of(pilot).now = watch
    return watch


async def pass_time(pilot: AppPilot, watch: Watch, seconds: float) -> None:
    watch.time += seconds
    main_of(pilot).play_on()
    await settle(pilot)


async def test_space_plays_and_rests(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "4", "G", "space")
        assert "▶ 5/s" in line_with(pilot, "TIMELINE")
        await pass_time(pilot, watch, 1.0)
        assert position(pilot) == 9
        await pass_time(pilot, watch, 0.5)
        await pass_time(pilot, watch, 0.5)
        assert position(pilot) == 14
        await press(pilot, "space")
        assert "5/s" not in line_with(pilot, "TIMELINE") and main_of(pilot).playback is None
        await pass_time(pilot, watch, 5.0)
        assert position(pilot) == 14


async def test_playing_stops_at_the_end_and_begins_anew_from_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "space")
        assert position(pilot) == 1 and main_of(pilot).playback is not None
        await pass_time(pilot, watch, 60.0)
        assert position(pilot) == 30 and main_of(pilot).playback is None


async def test_r_plays_the_other_way(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "r")
        assert "Space plays backward" in screen_text(pilot) and main_of(pilot).playback is None
        await press(pilot, "space")
        assert "◀ 5/s" in line_with(pilot, "TIMELINE")
        await pass_time(pilot, watch, 2.0)
        assert position(pilot) == 20
        await press(pilot, "r")
        await pass_time(pilot, watch, 1.0)
        assert position(pilot) == 25
        await press(pilot, "r")
        await pass_time(pilot, watch, 60.0)
        assert position(pilot) <= 1 and main_of(pilot).playback is None


async def test_angle_brackets_change_the_speed_even_while_it_plays(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "less_than_sign")
        assert "Space plays ▶ 2/s" in screen_text(pilot)
        await press(pilot, "g", "space")
        await pass_time(pilot, watch, 2.0)
        assert position(pilot) == 5
        await press(pilot, "2", "greater_than_sign")
        assert "▶ 10/s" in line_with(pilot, "TIMELINE")
        await pass_time(pilot, watch, 1.0)
        assert position(pilot) == 15


async def test_moving_by_hand_stops_playing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        stop_watch(pilot)
        for gesture in ("l", "e", "left_square_bracket"):
            await press(pilot, "1", "0", "G", "space")
            assert main_of(pilot).playback is not None
            await press(pilot, gesture)
            assert main_of(pilot).playback is None
        await press(pilot, "1", "0", "G", "space")
        await pilot.click(main_of(pilot).timeline, offset=(40, 1))
        await settle(pilot)
        assert main_of(pilot).playback is None


async def test_looking_elsewhere_does_not_stop_playing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        stop_watch(pilot)
        await press(pilot, "1", "0", "G", "space", "tab", "j", "i", "plus", "d")
        assert main_of(pilot).playback is not None


async def test_by_the_clock_it_plays_as_time_went(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "g", "%", "9", "less_than_sign", "space")
        assert "▶ ×1" in line_with(pilot, "TIMELINE")
        await pass_time(pilot, watch, 0.5)
        assert position(pilot) == 3, "a quarter of a second passes between two commits"
        await pass_time(pilot, watch, 3.0)
        assert position(pilot) == 6, "of the three seconds in which nothing happens two are left"


async def test_playing_takes_a_narrow_window_along(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        watch = stop_watch(pilot)
        await press(pilot, "g", "2", "plus", "space")
        await pass_time(pilot, watch, 3.0)
        assert position(pilot) == 16 and 16 in shown(pilot) and shown(pilot).size == 8


async def test_the_timer_is_there_only_while_it_plays(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        stop_watch(pilot)
        assert main_of(pilot)._timer is None
        await press(pilot, "g", "space")
        assert main_of(pilot)._timer is not None
        await press(pilot, "space")
        assert main_of(pilot)._timer is None


async def test_one_event_is_nothing_to_play(open_app: OpenApp) -> None:
    with playhead.open("one", durability="os") as store:
        store.write(agent_id="a", key="k", value="v")
    async with open_app(Path("one")) as pilot:
        await press(pilot, "space")
        assert "nothing to play" in screen_text(pilot) and main_of(pilot).playback is None


def test_of_many_drags_in_a_row_the_last_counts() -> None:
    assert TimelineView.Scrubbed(2, False).can_replace(TimelineView.Scrubbed(1, False))
    assert TimelineView.Centred(2).can_replace(TimelineView.Centred(1))
    assert not TimelineView.Zoomed(2, 1).can_replace(TimelineView.Zoomed(2, 1)), "every turn of the wheel counts"
