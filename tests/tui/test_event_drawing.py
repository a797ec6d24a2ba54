"""The event list's rows, columns and headings, as pure functions."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import numpy
import pytest
from rich.cells import cell_len

from playhead import EventHeader
from playhead.model import is_tool_call_kind, is_user_kind
from playhead.turns import Turns
from playhead_tui.drawing.event_columns import COLUMNS, ICONS, Told, icon_of, parse_columns, shown_columns
from playhead_tui.drawing.event_lines import (
    EventLook,
    EventStyle,
    TurnLook,
    brief_cost,
    brief_time,
    brief_tokens,
    event_line,
    turn_line,
)
from playhead_tui.event_rows import EventRows, Folds, Heading

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ALL = Told(agents=True, tokens=True, cost=True)


def header(kind: str = "tool_call", label: str = "search: policy") -> EventHeader:
    return EventHeader("t", 412, NOON, None, kind, label, {}, 1_234)


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_icon_takes_one_cell_and_is_no_emoji() -> None:
    for sign in {*ICONS.values(), icon_of("tool_error"), icon_of("anything")}:
        assert cell_len(sign) == 1 and unicodedata.east_asian_width(sign) != "W"


def test_kinds_that_jumps_know_have_the_icons_that_say_so() -> None:
    assert {icon_of(kind) for kind in ICONS if is_tool_call_kind(kind)} == {"→"}
    assert {icon_of(kind) for kind in ICONS if is_user_kind(kind)} == {"❯"}
    assert icon_of("budget_error") == "✗"


@pytest.mark.parametrize("width", range(20, 200))
def test_a_row_is_exactly_as_wide_as_its_list(width: int) -> None:
    columns = shown_columns(COLUMNS, ALL, 4, width)
    look = EventLook("▶", "◆", False, "a very long agent name", 3.2, 3_120, 0.0123)
    line = event_line(header(label="refund" * 80), look, EventStyle(columns, 4, width))
    assert line.width == width


def test_the_label_keeps_its_room_and_figures_go_first() -> None:
    assert shown_columns(COLUMNS, ALL, 4, 200) == COLUMNS
    assert shown_columns(COLUMNS, ALL, 4, 62) == ("time", "icon", "kind")
    assert shown_columns(COLUMNS, ALL, 4, 46) == ("icon", "kind")
    lost: list[str] = []
    for width in range(200, 20, -1):
        lost += [name for name in COLUMNS if name not in shown_columns(COLUMNS, ALL, 4, width) and name not in lost]
    assert lost == ["operations", "cost", "tokens", "agent", "duration", "time", "kind", "icon"]


def test_columns_that_the_run_has_nothing_for_take_no_room() -> None:
    assert shown_columns(COLUMNS, Told(), 4, 200) == ("time", "icon", "kind", "duration", "operations")
    assert shown_columns(("cost", "time"), Told(cost=True), 4, 200) == ("time", "cost")


def test_a_setting_names_columns_in_any_order_and_says_which_word_is_none() -> None:
    assert parse_columns("cost, time kinds") == (("time", "cost"), ["kinds"])


def test_figures_are_said_in_few_cells() -> None:
    assert [brief_time(seconds) for seconds in (None, 0.0001, 0.04, 3.2, 250)] == ["", "", "40 ms", "3.2 s", "4m10s"]
    assert [brief_tokens(tokens) for tokens in (None, 0, 74, 3_120, 99_960)] == [
        "",
        "",
        "74 tok",
        "3.1k tok",
        "100k tok",
    ]
    assert [brief_cost(cost) for cost in (None, 0.0, 0.01234, 1.2)] == ["", "", "$0.0123", "$1.20"]


# ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def turns(*counts: int) -> Turns:
    numbers = numpy.arange(1, len(counts) + 1)
    rows = numpy.concatenate([[0], numpy.cumsum(counts)[:-1]]).astype(numpy.int64)
    return Turns(numbers, rows * 10 + 1, rows, numpy.asarray(counts), numpy.zeros(len(counts), numpy.int64))


def told(rows: EventRows) -> list[str]:
    """Every row, headings as `turn N`."""
    shown = [rows.at(row) for row in range(rows.count)]
    return [
        f"turn {row.number}{' folded' if row.is_folded else ''}" if isinstance(row, Heading) else str(row)
        for row in shown
    ]


def test_each_turn_has_a_heading_above_its_events() -> None:
    rows = EventRows(6, turns(3, 1, 2))
    assert told(rows) == ["turn 1", "0", "1", "2", "turn 2", "3", "turn 3", "4", "5"]
    assert [rows.row_of(stop) for stop in (-1, 0, 2, 3, 5)] == [0, 1, 3, 5, 8]


def test_of_a_folded_turn_only_the_heading_is_there_and_stands_for_its_events() -> None:
    rows = EventRows(6, turns(3, 1, 2), Folds(frozenset({1, 41})))
    assert told(rows) == ["turn 1 folded", "turn 2", "3", "turn 3 folded"]
    assert [rows.row_of(stop) for stop in range(6)] == [0, 0, 0, 2, 3, 3]
    assert rows.stops_in(range(4)) == [0, 3, 4]
    every = EventRows(6, turns(3, 1, 2), Folds(frozenset({31}), all=True))
    assert told(every) == ["turn 1 folded", "turn 2", "3", "turn 3 folded"]


def test_without_turns_rows_are_events() -> None:
    rows = EventRows(4)
    assert (told(rows), rows.row_of(3), rows.row_of(-1), rows.stops_in(range(1, 3))) == (list("0123"), 3, 0, [1, 2])


def test_a_million_events_in_turns_are_laid_out_by_the_array() -> None:
    rows = EventRows(1_000_000, turns(*[10] * 100_000), Folds(all=True))
    assert rows.count == 100_000 and rows.row_of(999_999) == 99_999
    assert isinstance(found := rows.at(99_999), Heading) and (found.first, found.events) == (999_990, 10)


def test_a_heading_says_when_how_much_and_what_was_said_while_it_is_folded() -> None:
    text = turn_line(TurnLook(7, 23, 2, True, True, NOON, "refund order 4417"), 90).text
    assert text.startswith("▶▸ turn 7 · 12:00:00 · 23 events · 2 errors  ❯ refund order 4417")
    opened = turn_line(TurnLook(0, 1, 0, False, False, None, ""), 90).text
    assert opened == " ▾ before the first turn · 1 event"
    assert turn_line(TurnLook(7, 23, 2, True, True, NOON, "refund order 4417"), 30).width <= 30
