"""The timeline without a screen: windows, scales, tracks, lanes, and the lines that show them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy
import pytest

import playhead
from playhead_tui.chart import Happening, SignReader, Wish
from playhead_tui.drawing.timeline_lines import (
    Chart,
    Fold,
    Lane,
    Plan,
    Tick,
    Track,
    overview_commit,
    planned,
    rows_of,
    timeline_lines,
)
from playhead_tui.playing import CLOCK_SPEEDS, EVENT_SPEEDS, PAUSE_SECONDS, Pace, Playback, other_speed
from playhead_tui.scale import clock_scale, sequence_scale
from playhead_tui.window import NARROWEST, Window, window, window_of_range

from .conftest import record_run

NOWHERE = numpy.zeros(0, numpy.int64)
SECOND = 1_000_000


def lines_of(chart: Chart, plan: Plan, position: int, chosen: tuple[int, int] | None = None) -> list[str]:
    return [line.text for line in timeline_lines(chart, plan, rows_of(chart, plan), position, chosen)]


def sequence(first: int, last: int, columns: int, head: int = 0) -> Chart:
    """A chart of nothing but where commits stand."""
    scale = sequence_scale(Window(first, last), columns, NOWHERE)
    return Chart(head or last, Window(first, last), starts=scale.starts[:-1].tolist(), heights=(0.5,) * columns)


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_zooming_keeps_the_anchor_where_it_is() -> None:
    narrow = Window(1, 1_000).zoomed(0.5, 250, 1_000)
    assert narrow.size == 500
    assert (250 - narrow.first) / narrow.size == pytest.approx(0.25, abs=0.01)
    assert narrow.zoomed(2, 250, 1_000).is_whole(1_000)


def test_a_window_stays_within_the_run_and_is_never_narrower_than_can_be_told_apart() -> None:
    assert Window(1, 100).zoomed(0.5, 1, 100) == Window(1, 50)
    assert Window(1, 100).zoomed(0.5, 100, 100) == Window(51, 100)
    assert Window(40, 50).zoomed(0.001, 45, 100).size == NARROWEST
    assert Window(40, 50).panned(1_000, 100) == Window(90, 100)
    assert Window(40, 50).panned(-1_000, 100) == Window(1, 11)
    assert window(1, NARROWEST, 3) == Window(1, 3), "a run shorter than that is shown whole"


def test_a_window_goes_along_with_a_playhead_that_leaves_it_and_only_then() -> None:
    shown = Window(101, 200)
    assert shown.following(101, 1_000) is shown and shown.following(200, 1_000) is shown
    on, back = shown.following(201, 1_000), shown.following(100, 1_000)
    assert 201 in on and on.size == 100 and on.last - 201 == 25
    assert 100 in back and back.size == 100 and 100 - back.first == 25
    assert shown.following(0, 1_000) == Window(1, 100)


def test_a_dragged_range_is_the_window_whichever_way_it_was_dragged() -> None:
    assert window_of_range(300, 200, 1_000) == window_of_range(200, 300, 1_000) == Window(200, 300)
    tiny = window_of_range(500, 500, 1_000)
    assert tiny.size == NARROWEST and 500 in tiny


# ── where commits stand ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("head", [1, 2, 7, 77, 78, 79, 1_000, 200_000])
def test_columns_and_commits_agree_with_each_other(head: int) -> None:
    chart = sequence(1, head, 78)
    assert chart.column_of(1) == 0 and chart.commit_at(0) == 1
    assert chart.commit_at(77) == head
    for column in range(77):
        commit_ts = chart.commit_at(column)
        assert chart.column_of(commit_ts) in range(column + 1), "what a click finds stands there or reaches there"
        if head >= 78:
            assert chart.column_of(commit_ts) == column
    for commit_ts in {1, head // 3 + 1, head // 2 + 1}:
        if head <= 77:
            assert chart.commit_at(chart.column_of(commit_ts)) == commit_ts


def test_a_part_of_a_column_is_a_part_of_its_commits() -> None:
    chart = sequence(1, 1_000, 10)
    assert [chart.commit_at(place) for place in (3, 3.25, 3.5, 3.99)] == [301, 326, 351, 400]


def test_in_sequence_every_commit_is_as_wide_as_any_other() -> None:
    scale = sequence_scale(Window(101, 200), 50, NOWHERE)
    assert numpy.diff(scale.starts).tolist() == [2] * 50
    assert int(scale.starts[0]) == 101 and int(scale.starts[-1]) == 201


def test_by_the_clock_columns_are_seconds_and_empty_ones_belong_to_what_came_before() -> None:
    times = numpy.array([0, 1, 2, 50, 99], numpy.int64) * SECOND
    scale = clock_scale(Window(1, 5), 100, times)
    chart = Chart(5, Window(1, 5), True, scale.starts[:-1].tolist(), (0.0,) * 100)
    assert [chart.column_of(commit_ts) for commit_ts in (1, 2, 3)] == [0, 1, 2]
    assert chart.column_of(4) in (50, 51) and chart.column_of(5) == 99
    assert chart.commit_at(30) == 3, "at that time commit 3 was the newest"
    assert scale.folds == ()


def test_a_long_gap_is_folded_to_its_length() -> None:
    morning = numpy.arange(60, dtype=numpy.int64) * SECOND
    evening = morning + (2 * 3600 + 5 * 60 + 59) * SECOND
    scale = clock_scale(Window(1, 120), 100, numpy.concatenate([morning, evening]))
    (fold,) = scale.folds
    assert fold.label == "2h05m" and fold.end - fold.start == len("┄2h05m┄")
    chart = Chart(120, Window(1, 120), True, scale.starts[:-1].tolist(), (0.0,) * 100, folds=scale.folds)
    assert chart.column_of(60) < fold.start and chart.column_of(61) == fold.end
    assert chart.commit_at(fold.start + 2) == 60, "in the gap it is as the commit before left it"
    assert fold.start == pytest.approx((100 - fold.end), abs=2), "both minutes are as wide"
    density = lines_of(chart, Plan(100), 1)[1]
    assert density[fold.start : fold.end] == "┄2h05m┄"


def test_where_all_gaps_are_alike_none_is_folded() -> None:
    times = numpy.arange(20, dtype=numpy.int64) * 600 * SECOND
    assert clock_scale(Window(1, 20), 100, times).folds == ()


def test_a_window_by_the_clock_begins_and_ends_with_its_own_commits() -> None:
    times = numpy.array([0, 1, 2, 500, 501, 502, 503, 504, 505, 2_000], numpy.int64) * SECOND
    scale = clock_scale(Window(4, 9), 80, times)
    assert int(scale.starts[0]) == 4 and int(scale.starts[-1]) == 10
    assert numpy.all(numpy.diff(scale.starts) >= 0)


@pytest.mark.parametrize("columns", [1, 2, 9, 80, 300])
def test_commits_at_the_same_time_and_strips_of_any_width_are_no_trouble(columns: int) -> None:
    times = numpy.zeros(10, numpy.int64)
    for scale in (clock_scale(Window(1, 10), columns, times), sequence_scale(Window(1, 10), columns, times)):
        assert len(scale.starts) == columns + 1
        assert int(scale.starts[-1]) == 11


def test_both_scales_are_labelled() -> None:
    noon = int(datetime(2026, 11, 1, 12, tzinfo=UTC).timestamp()) * SECOND
    times = noon + numpy.arange(1_000, dtype=numpy.int64) * 6 * SECOND
    counted = sequence_scale(Window(1, 1_000), 100, times)
    assert [tick.label for tick in counted.ticks] == ["200", "400", "600", "800", "1,000"]
    assert counted.other_ticks[0].label == "12:00:00"
    clocked = clock_scale(Window(1, 1_000), 100, times)
    assert [tick.label for tick in clocked.ticks][:3] == ["12:00", "12:30", "13:00"]
    assert clocked.other_ticks[0].label == "1"


# ── tracks and lanes ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_track_of_stretches_reaches_from_where_each_begins_to_where_it_ends() -> None:
    scale = sequence_scale(Window(1, 20), 20, NOWHERE)
    condition = Happening("budget < 0", "━", "warning", numpy.array([3, 12]), numpy.array([6, 15]))
    assert condition.track(scale).cells == "  ━━━━     ━━━━     "
    points = Happening("hits", "•", "warning", numpy.array([3, 12]))
    assert points.track(scale).cells == "  •        •        "


def test_a_stretch_that_began_before_the_window_is_seen_in_it() -> None:
    scale = sequence_scale(Window(11, 20), 10, NOWHERE)
    condition = Happening("when", "━", "warning", numpy.array([3]), numpy.array([14]))
    assert condition.track(scale).cells == "━━━━      "


def read(path: Path, wish: Wish, position: int = 30, selection: str | None = None, complete: bool = True) -> Chart:
    with playhead.open(path, create=False) as store:
        cursor = store.cursor()
        cursor.position, cursor.selection = position, selection
        reader = SignReader()
        signs = reader.read(cursor, wish)
        while complete and signs.lacks:
            reader.read_more(cursor, wish)
            signs = reader.read(cursor, wish)
        return signs.chart


def test_the_selected_value_has_a_track_of_its_changes(run: Path) -> None:
    (track,) = read(run, Wish(30), selection="plan/steps").tracks
    assert track.label == "plan/steps"
    assert [column + 1 for column, cell in enumerate(track.cells) if cell != " "] == [2, 3, 8]


def test_where_the_selected_value_was_deleted_its_track_says_so(run: Path) -> None:
    (track,) = read(run, Wish(30), selection="last_error").tracks
    assert track.cells[4] not in " −" and track.cells[7] == "−"


def test_a_selected_number_is_drawn_as_it_went(run: Path) -> None:
    (track,) = read(run, Wish(30), selection="counters/pages").tracks
    assert track.role == "number"
    assert track.cells.startswith(" " * 8 + "▁") and track.cells.endswith("█")
    assert list(track.cells[8:]) == sorted(track.cells[8:])


def test_of_several_numbers_in_a_value_the_one_that_changes_most_is_drawn(run: Path) -> None:
    (track,) = read(run, Wish(30), selection="budget").tracks
    assert track.label == "budget.left" and track.role == "number"
    assert track.cells[1] == "█" and track.cells[29] == "▁"


def test_a_number_that_is_text_is_text(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "texts", durability="os") as store:
        for number in range(4):
            store.write(agent_id="o'hara", key="it's", value=str(number) if number < 3 else {"a": 1, "b": "2"})
    (track,) = read(tmp_path / "texts", Wish(8), 4, "it's").tracks
    assert (track.label, track.role) == ("it's.a", "number")
    assert track.cells == " " * 6 + "▄▄"


def test_the_values_of_a_number_come_after_the_rest(run: Path) -> None:
    (track,) = read(run, Wish(30), selection="counters/pages", complete=False).tracks
    assert track.role == "changed" and not set(track.cells) & set("▁▂▃▄▅▆▇█")


def test_true_and_false_are_no_numbers(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "flags", durability="os") as store:
        for number in range(4):
            store.write(agent_id="a", key="on", value=number % 2 == 0)
    (track,) = read(tmp_path / "flags", Wish(30), 4, "on").tracks
    assert track.role == "changed"


def test_each_agent_has_a_lane_and_the_current_one_comes_first(run: Path) -> None:
    lanes = read(run, Wish(30, lanes=5)).lanes
    assert [(lane.label, lane.is_current) for lane in lanes] == [("planner", True), ("researcher", False)]
    assert [column + 1 for column, height in enumerate(lanes[1].heights) if height] == [4]
    assert lanes[0].heights[3] == 0


def test_agents_without_a_lane_of_their_own_are_in_the_last_one(tmp_path: Path) -> None:
    with playhead.open(tmp_path / "many", durability="os") as store:
        for number in range(40):
            store.write(agent_id=f"agent-{number % 5}", key="k", value=number)
    lanes = read(tmp_path / "many", Wish(40, lanes=3), 40).lanes
    assert [lane.label for lane in lanes] == ["agent-0", "agent-1", "3 others"]
    heights = numpy.array([lane.heights for lane in lanes]) > 0
    assert heights.sum(axis=0).tolist() == [1] * 40, "every event stands in exactly one lane"
    assert lanes[2].agent is None


def test_lanes_take_in_what_is_committed_later(run: Path) -> None:
    with playhead.open(run, create=False) as store:
        cursor, reader, wish = store.cursor(), SignReader(), Wish(31, lanes=3)
        while reader.read(cursor, wish).lacks:
            reader.read_more(cursor, wish)
        store.write(agent_id="researcher", key="k", value=1)
        cursor.refresh()
        signs = reader.read(cursor, wish)
        assert signs.lacks and len(signs.chart.lanes) == 2, "what is known stays on screen meanwhile"
        while (signs := reader.read(cursor, wish)).lacks:
            reader.read_more(cursor, wish)
        assert [column + 1 for column, height in enumerate(signs.chart.lanes[1].heights) if height] == [4, 31]


def test_a_window_shows_its_own_signs_only(run: Path) -> None:
    whole, part = read(run, Wish(30)), read(run, Wish(20, Window(11, 30)))
    errors, snapshots = (track.cells for track in part.signs[1:3])
    assert "×" in whole.signs[1].cells and "×" not in errors
    assert snapshots.count("◆") == 1 and part.column_of(20) == snapshots.index("◆")


def test_of_an_imported_run_only_the_times_of_its_log_count(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    log.write_text('{"kind": "note", "text": "one"}\n{"kind": "note", "text": "two"}\n')
    from playhead_tui.app import open_existing

    store = open_existing(log)
    try:
        signs = SignReader().read(store.cursor(), Wish(20, by_clock=True))
        assert not signs.is_timed and not signs.chart.by_clock
    finally:
        store.close()


# ── the lines ────────────────────────────────────────────────────────────────────────────────────────────────────────


def cells(columns: int, **signs: str) -> str:
    line = [" "] * columns
    for column, sign in signs.items():
        line[int(column[1:])] = sign
    return "".join(line)


def test_the_timeline_shows_playhead_density_and_signs() -> None:
    chart = Chart(
        8,
        Window(1, 8),
        starts=sequence_scale(Window(1, 8), 20, NOWHERE).starts[:-1].tolist(),
        heights=(0.1, 1.0, 0.0, 0.5) * 5,
        errors=[3],
        signs=(
            Track("hits", cells(20, _5="•"), "warning"),
            Track("errors", cells(20, _3="×"), "error"),
            Track("snapshots", cells(20, _7="◆", _3="◆"), "accent"),
            Track("marks", cells(20, _9="a"), "strong"),
        ),
    )
    pointer, density, signs = timeline_lines(chart, Plan(20), rows_of(chart, Plan(20)), 4)
    assert pointer.text == "1       ▼4        8 "
    assert density.text == "▁█ ▄▁█ ▄▁█ ▄▁█ ▄▁█ ▄"
    assert signs.text.rstrip() == "   ◆ • ◆│a"
    assert {span.role for span in density.spans} == {"past", "error", "playhead", "faint"}


def test_density_of_several_rows_stands_on_the_lowest() -> None:
    chart = Chart(4, Window(1, 4), starts=(1, 2, 3, 4), heights=(0.25, 0.5, 0.75, 1.0))
    assert lines_of(chart, Plan(4, density_rows=2), 0)[1:3] == ["  ▄█", "▄███"]


@pytest.mark.parametrize("position", [0, 1, 500_000, 999_999, 1_000_000])
def test_the_label_of_the_playhead_stays_on_the_scale(position: int) -> None:
    pointer = lines_of(sequence(1, 1_000_000, 30), Plan(30), position)[0]
    assert len(pointer) == 30
    assert f"{position:,}" in pointer and "▼" in pointer


def test_a_playhead_outside_the_window_is_pointed_at() -> None:
    chart = sequence(400, 500, 60, head=1_000)
    assert lines_of(chart, Plan(60), 12)[0].startswith("◀12 ")
    assert lines_of(chart, Plan(60), 900)[0].endswith(" 900▶")


@pytest.mark.parametrize("position", [1, 42, 150])
def test_every_line_is_as_wide_as_the_strip(position: int) -> None:
    plan = Plan(80, 12, 2, 2, 3, True, True)
    chart = Chart(
        200,
        Window(1, 150),
        True,
        sequence_scale(Window(1, 150), 68, NOWHERE).starts[:-1].tolist(),
        (0.4,) * 68,
        [1, 2, 60],
        (Track("errors", "×" * 68, "error"),),
        (Track("a/long/key/that/has/no/room", "▁" * 68, "number"),),
        (Lane(None, "漢字漢字漢字漢字", (0.5,) * 68, False),),
        (Fold(10, 17, "2h05m"),),
        (Tick(5, "12:00"), Tick(66, "12:30")),
        (Tick(0, "1"), Tick(67, "150")),
    )
    lines = timeline_lines(chart, plan, rows_of(chart, plan), position)
    assert len(lines) == plan.height
    assert {line.width for line in lines} == {80}


def test_in_a_run_shorter_than_the_strip_the_playhead_covers_its_whole_commit() -> None:
    chart = sequence(1, 4, 40)
    plan = Plan(40)
    pointer, density, _ = timeline_lines(chart, plan, rows_of(chart, plan), 4)
    assert pointer.text.split() == ["1", "▼4"], "the last commit is told where it stands, not once more at the end"
    assert [(span.role, len(span.text)) for span in density.spans] == [("past", 30), ("playhead", 1), ("playhead", 9)]
    _, density, _ = timeline_lines(chart, plan, rows_of(chart, plan), 2)
    lengths = [(span.role, len(span.text)) for span in density.spans]
    assert lengths == [("past", 10), ("playhead", 1), ("playhead", 9), ("faint", 20)]


def test_every_commit_of_a_short_run_is_numbered() -> None:
    assert [tick.label for tick in sequence_scale(Window(1, 7), 100, NOWHERE).ticks] == list("1234567")


def test_a_window_that_the_playhead_has_left_behind_is_all_past() -> None:
    chart, plan = sequence(1, 40, 40, head=90), Plan(40)
    _, behind, _ = timeline_lines(chart, plan, rows_of(chart, plan), 60)
    assert {span.role for span in behind.spans} == {"past"}


def test_a_range_that_is_dragged_over_is_lit_and_told() -> None:
    chart = sequence(1, 100, 50)
    pointer, density, _ = timeline_lines(chart, Plan(50), rows_of(chart, Plan(50)), 1, (20, 10))
    assert pointer.text.strip() == "21 – 41  let go to zoom"
    assert "".join(span.text for span in density.spans if span.role == "hit") == density.text[10:21]


def test_the_overview_shows_which_part_of_the_run_is_seen() -> None:
    chart = sequence(501, 750, 40, head=1_000)
    overview = lines_of(chart, Plan(40, has_overview=True), 1)[-1]
    assert overview == "┼" + "─" * 19 + "━" * 10 + "─" * 10
    assert overview_commit(20, 40, 1_000) == 501


def test_tracks_without_room_are_dots_among_the_signs() -> None:
    track = Track("status", " ⣤⣤⣤ ", "changed")
    chart = Chart(5, Window(1, 5), starts=(1, 2, 3, 4, 5), heights=(0.5,) * 5, tracks=(track,))
    errors = Track("errors", "  ×  ", "error")
    with_errors = Chart(5, Window(1, 5), starts=(1, 2, 3, 4, 5), heights=(0.5,) * 5, tracks=(track,), signs=(errors,))
    assert lines_of(chart, Plan(5), 0)[2] == " ··· "
    assert lines_of(with_errors, Plan(5), 0)[2] == " ·×· "
    assert lines_of(with_errors, Plan(5, track_rows=1), 0)[2:4] == ["  ×  ", " ⣤⣤⣤ "]


def test_of_a_number_only_its_changes_are_among_the_signs() -> None:
    track = Track("left", "▁▁▃▃▃", "number", "⣀ ⣀  ")
    chart = Chart(5, Window(1, 5), starts=(1, 2, 3, 4, 5), heights=(0.5,) * 5, tracks=(track,))
    assert lines_of(chart, Plan(5), 0)[2] == "· ·  "


def test_what_lies_ahead_of_the_playhead_is_dim_in_every_track_and_lane() -> None:
    chart = Chart(
        5,
        Window(1, 5),
        starts=(1, 2, 3, 4, 5),
        heights=(0.5,) * 5,
        tracks=(Track("left", "▁▁▃▃▃", "number"),),
        lanes=(Lane(None, "others", (0.5,) * 5, True),),
    )
    plan = Plan(5, track_rows=1, lane_rows=1)
    for line, role in zip(timeline_lines(chart, plan, rows_of(chart, plan), 3)[3:], ("number", "accent"), strict=True):
        assert [span.role for span in line.spans for _ in span.text] == [role, role, "playhead", "faint", "faint"]


def test_low_screens_have_few_lines_and_tall_ones_many() -> None:
    assert planned(80, 24, tracks=1, agents=3).height == 3
    assert planned(80, 24, tracks=1, agents=3, zoomed=True).height == 4
    assert planned(120, 36, tracks=1, agents=3).height == 5
    tall = planned(160, 50, tracks=1, agents=3)
    assert (tall.track_rows, tall.lane_rows, tall.has_other_scale) == (1, 3, True)
    assert planned(300, 90, tracks=1, agents=500).height <= 20
    assert planned(160, 50, tracks=1, agents=3, lanes=False).lane_rows == 0
    assert planned(80, 24, tracks=1, agents=3, lanes=True).lane_rows == 2


# ── playing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_late_ticks_are_made_up_for_and_add_no_drift() -> None:
    playback = Playback(Pace(event_speed=10), 100.0)
    ticks = [100.033, 100.066, 100.31, 100.9, 101.0, 102.0]
    assert sum(playback.events_due(tick) for tick in ticks) == 20
    assert playback.events_due(102.05) == 0


def test_backward_is_as_fast_as_forward() -> None:
    assert Playback(Pace(direction=-1, event_speed=50), 0.0).events_due(1.0) == -50


def test_speeds_go_up_and_down_as_far_as_they_reach() -> None:
    assert other_speed(5, 1, False) == 10 and other_speed(5, -1, False) == 2
    assert other_speed(EVENT_SPEEDS[-1], 3, False) == EVENT_SPEEDS[-1]
    assert other_speed(CLOCK_SPEEDS[0], -1, True) == CLOCK_SPEEDS[0]


def test_by_the_clock_the_playhead_is_where_the_run_was_by_then(tmp_path: Path) -> None:
    record_run(tmp_path / "refund")
    with playhead.open(tmp_path / "refund", create=False) as store:
        cursor = store.cursor()
        cursor.position = 1
        playback = Playback(Pace(by_clock=True, clock_speed=1), 0.0)
        start = int(cursor.track.times[0])
        for _ in range(8):
            playback.move_by_clock(cursor, 0.25)
        expected = int(numpy.searchsorted(cursor.track.times, start + 2 * SECOND, side="right"))
        assert cursor.position == expected > 1


def test_no_pause_of_the_run_takes_longer_than_is_bearable(tmp_path: Path) -> None:
    moments = iter([datetime(2026, 11, 1, hour, tzinfo=UTC) for hour in (1, 1, 9)])
    with playhead.open(tmp_path / "idle", durability="os", clock=lambda: next(moments)) as store:
        for number in range(3):
            store.write(agent_id="a", key="k", value=number)
        cursor = store.cursor()
        for direction, here, there in ((1, 2, 3), (-1, 3, 1)):
            cursor.position = here
            playback = Playback(Pace(by_clock=True, clock_speed=1, direction=direction), 0.0)
            playback.move_by_clock(cursor, PAUSE_SECONDS * 0.9)
            assert cursor.position == here
            playback.move_by_clock(cursor, PAUSE_SECONDS * 1.2)
            assert cursor.position == there
