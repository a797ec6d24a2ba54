"""Whether the main screen says what a Cursor of its own says of the same moment."""

from __future__ import annotations

import json
import re

import playhead
from playhead.cursor import Cursor
from playhead.event_filter import EventFilter
from playhead_tui.details import page_of
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.words import count
from playhead_tui.frame import Frame, Wanted
from playhead_tui.screens.inspector_actions import part_of
from playhead_tui.widgets.lines_view import LinesView
from playhead_tui.widgets.page_view import PageView

from .conftest import AppPilot, app_of, screen_text

SIGNS = {"added": "+", "changed": "~", "removed": "−"}
PREVIEWED_WIDTH = 44
"""Cells of the state pane from which on versions have a column, and short values room."""


def assert_screen_agrees(pilot: AppPilot) -> None:
    """Header, state, inspector, events and timeline, as they are on the terminal."""
    main = app_of(pilot).main
    frame, driver = main.frame, main.driver
    assert frame is not None and driver is not None and frame.agent is not None
    with playhead.open(driver.store.path, read_only=True) as store:
        cursor = store.cursor(frame.agent.agent_id, namespace=frame.agent.namespace)
        cursor.position, cursor.follow_agent = frame.position, frame.follow_agent
        cursor.base, cursor.selection, cursor.marks = frame.base_commit, main.selection, dict(frame.marks)
        if frame.event_filter:
            cursor.keep_to(EventFilter.parse(frame.event_filter))
        head = screen_text(pilot).splitlines()[0]
        assert f"commit {count(cursor.position)} / {count(cursor.head)} " in head, head
        assert_state_agrees(pilot, frame, cursor)
        assert_events_agree(pilot, cursor)
        assert_inspector_agrees(pilot, frame, cursor)
        assert_timeline_agrees(pilot, cursor)


def assert_state_agrees(pilot: AppPilot, frame: Frame, cursor: Cursor) -> None:
    """Every key in view with its sign, version and value; none is missing, none is too much."""
    main, view = app_of(pilot).main, app_of(pilot).main.state
    agents = cursor.agents() if main.everyone else [cursor.agent]
    shown = [
        (section.agent, entry.key) for section in frame.sections if not section.pinned for entry in section.entries
    ]
    narrowed = bool(main.filter_text or main.changed_only)
    assert shown == [
        (agent, key)
        for agent in agents
        for key in cursor.outline(
            agent,
            changed_only=main.changed_only,
            filter=main.filter_text,
            deleted=main.shows_deleted,
            also=frame.selection if agent == cursor.agent and not narrowed else None,
        ).keys
    ]
    roomy = view.area.width >= PREVIEWED_WIDTH
    for line, index in zip(lines_of(pilot, view), view.visible_rows(), strict=True):
        if index >= len(view._rows):
            assert not line.strip() or not view._rows, line
            continue
        row = view._rows[index]
        if row.entry is None or row.section.agent is None:
            assert line[2:].strip()[0] in "▾▸", line
            continue
        record = cursor.timeline_of(row.section.agent).record(row.entry.key, cursor.position)
        status = row.entry.status if row.member is None else row.member.status
        assert line[0] == SIGNS[status] if status else line[0] not in SIGNS.values(), line
        if row.member is None:
            assert row.entry.version == record.version and row.entry.exists == record.exists
            version = f" v{record.version} " if record.version else " "
            assert version in f"{line} " or not roomy, line
            value = record.value if record.exists else None
        else:
            assert record.exists
            value = None if row.member.status == "removed" else part_of(record.value, row.member.path)
        if roomy and isinstance(value, int | str) and str(value).isprintable():
            beginning = json.dumps(value, ensure_ascii=False)[:4]
            assert beginning in line, f"{row.entry.key} is {value!r}, and on screen: {line}"


def assert_events_agree(pilot: AppPilot, cursor: Cursor) -> None:
    """The row at the playhead is lit, in view, and says what the event at the playhead is called."""
    main = app_of(pilot).main
    lines = lines_of(pilot, main.event_list)
    lit = [line for line in lines if line[0] in "▶▹"]
    at = cursor.row_of(cursor.position)
    if at < 0:
        assert not lit, lit
        return
    assert len(lit) == 1, f"{lit}\n{screen_text(pilot)}"
    if lit[0][1] == "▸":
        assert main.event_list.playhead_turn is not None and main.event_list.playhead_turn.is_folded
        return
    stop = cursor.stop_at(at)
    assert lit[0][0] == ("▶" if stop == cursor.position else "▹")
    event = cursor.event(stop)
    assert event is not None and lit[0][1:].split()[0] == str(stop)
    assert printable(event.label or "")[:5] in lit[0]
    if "kind" in main.columns:
        assert event.kind[:6] in lit[0]


def assert_inspector_agrees(pilot: AppPilot, frame: Frame, cursor: Cursor) -> None:
    """The page is what a fresh cursor makes of the selection, and its lines are what is seen."""
    main = app_of(pilot).main
    assert main.selection == frame.selection
    view = main.page_view()
    page = page_of(cursor, frame, Wanted(main.tab, max(20, view.area.width), lens=main.page_lens(frame)))
    assert main.page is not None and main.page.tab == main.tab
    assert main.page.history == page.history
    assert [row.line.text for row in main.page.rows] == [row.line.text for row in page.rows]
    if not isinstance(view, PageView):
        return
    for line, index in zip(lines_of(pilot, view), view.visible_rows(), strict=True):
        text = page.rows[index].line.text if index < len(page.rows) else ""
        seen = line.rstrip()
        assert seen == text.rstrip() or "…" in line or (seen and text.startswith(seen)), f"{line!r} is not {text!r}"


def assert_timeline_agrees(pilot: AppPilot, cursor: Cursor) -> None:
    """What is drawn is a chart of the run as it is now, for the columns that there are, with the playhead in it."""
    timeline = app_of(pilot).main.timeline
    chart = timeline.chart
    assert (chart.head, chart.columns) == (cursor.head, timeline.columns)
    region = timeline.content_region
    pointer = screen_text(pilot).splitlines()[region.y][region.x :]
    sign = "▼" if cursor.position in chart.window or not cursor.position else "[◀▶]"
    at = count(cursor.position)
    assert re.search(rf"(?<!\S)({sign}{at}|{at}{sign})(?!\S)", pointer), f"{at}: {pointer}"


def is_laid_out(pilot: AppPilot) -> bool:
    """Whether the playhead's row is in view, and the line between the panes meets the rules above, beside and below.

    That comes with the frame after the one in which panes got their sizes.
    """
    main, lines = app_of(pilot).main, screen_text(pilot).splitlines()
    x, rows = main.separator.region.x, (main.tabs.region.y, main.events_title.region.y, main.timeline_title.region.y)
    meets = [lines[row][x : x + 1] for row in rows] == ["┬", "├", "┴"]
    return meets and (not main.event_list.line_count() or main.event_list.cursor in main.event_list.visible_range)


def lines_of(pilot: AppPilot, view: LinesView) -> list[str]:
    """What is on the terminal where a pane has its rows."""
    region = view.content_region
    shown = pilot.app.screen._compositor.render_strips()[region.y : region.bottom]
    return [strip.crop(region.x, region.x + view.area.width).text for strip in shown]
