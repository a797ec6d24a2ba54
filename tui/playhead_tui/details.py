"""What takes reading values: the inspector's pages and the previews of the state pane."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playhead import AgentAddress, EventHeader, Record
from playhead.blame import weight_of
from playhead.diff import changes
from playhead_tui.drawing.blame_lines import blame_rows, gutter_width
from playhead_tui.drawing.change_words import change_spans
from playhead_tui.drawing.diff_lines import diff_rows
from playhead_tui.drawing.event_lines import kind_role
from playhead_tui.drawing.glimpses import Glimpse, Member, glimpse, members
from playhead_tui.drawing.highlight import matcher
from playhead_tui.drawing.history_lines import VersionNote
from playhead_tui.drawing.json_lines import Style, fitting_depth, json_rows
from playhead_tui.drawing.row import Folding, Row, muted_row
from playhead_tui.drawing.series import Series, series_of
from playhead_tui.drawing.side_by_side import LEAST_WIDTH, side_by_side
from playhead_tui.drawing.span import Line, Span, crop, fit, printable
from playhead_tui.drawing.words import clock_time, count, plural
from playhead_tui.frame import Frame, MembersKey, PageLens, PreviewKey, Tab, Wanted, moment_of, read_rows

if TYPE_CHECKING:
    from playhead.cursor import Cursor, HistoryRow

SPLIT_WIDTH = 112
"""Cells of the inspector from which on a difference stands side by side, unless a person chose."""
STEPS_AHEAD = 4
"""Steps to either side whose values are read while nothing else is to be done."""
_NAME_WIDTH = 40
_ALL_LEVELS = 1_000
_POINTS_MAX = 400
_BRIEF_CHARACTERS = 100_000
"""What weighs more is not compared once more to find out how to show it."""
_COMPARED_CHARACTERS = 2_000_000
"""Values that weigh more are opened without marks at their members: Diff tells what changed."""
_MARKS_MAX = 2_000
_SERIES_CHARACTERS = 16_000_000
_BLAMED_CHARACTERS = 48_000_000
"""Of values that are read to find who wrote the oldest leaf; then the search ends and says so."""


@dataclass(frozen=True, slots=True)
class Page:
    """What the inspector shows: rows, or the versions of a key."""

    tab: Tab
    title: tuple[Span, ...] = ()
    rows: Sequence[Row] = ()
    history: Sequence[HistoryRow] = ()
    series: Series | None = None
    all_open: bool = False
    """Whether nothing is folded, so that folding everything is the next thing to do."""
    split: bool = False
    """Whether a difference stands side by side."""
    found: re.Pattern[str] | None = None
    hits: Sequence[int] = ()
    """The rows that hold what is searched for."""


@dataclass(frozen=True, slots=True)
class Details:
    page: Page | None
    previews: Mapping[PreviewKey, Glimpse] = field(default_factory=dict)
    members: Mapping[MembersKey, Sequence[Member]] = field(default_factory=dict)


def read_details(cursor: Cursor, frame: Frame, wanted: Wanted) -> Details:
    """The page of the chosen tab, and the previews and members that are not known yet."""
    previews: dict[PreviewKey, Glimpse] = {}
    for agent, keys in _by_agent(wanted.previews).items():
        records = cursor.timeline_of(agent).records([key.key for key in keys], frame.position)
        previews |= {key: glimpse(record.value) for key in keys if (record := records[key.key]).exists}
    members = {key: _members_of(cursor, key, frame.position) for key in wanted.members}
    return Details(page_of(cursor, frame, wanted) if wanted.tab else None, previews, members)


def read_ahead(cursor: Cursor, frame: Frame, wanted: Wanted, direction: int, goes_on: Callable[[], bool]) -> bool:
    """Have in memory what a few steps from a frame will show, the nearest first. False where it was not to go on.

    direction: of the steps that are more likely, 1 or −1.
    """
    for distance in range(direction, (STEPS_AHEAD + 1) * direction, direction):
        for row in (frame.row + distance, frame.row - distance):
            if not goes_on():
                return False
            if 0 <= row < cursor.stop_count:
                cursor.position = cursor.stop_at(row)
                for agent, keys in _by_agent(wanted.in_view).items():
                    cursor.timeline_of(agent).records([key.key for key in keys], cursor.position)
                if frame.selection is not None:
                    cursor.comparison(frame.selection)
    commits = [cursor.stop_at(row) for row in _rows_ahead(cursor, frame)]
    # With the event after each, which tells how long it took.
    cursor.track.headers([*commits, *(min(commit_ts + 1, cursor.head) for commit_ts in commits)])
    return True


def figures_ahead(cursor: Cursor, frame: Frame) -> None:
    """Have in memory what there is to know beside the events whose headers `read_ahead` has read."""
    read_rows(cursor, _rows_ahead(cursor, frame))


def _rows_ahead(cursor: Cursor, frame: Frame) -> range:
    ahead = len(frame.rows)
    return range(max(0, frame.rows.start - ahead), min(frame.rows.stop + ahead, cursor.stop_count))


def _by_agent(keys: Iterable[PreviewKey]) -> dict[AgentAddress, list[PreviewKey]]:
    by_agent: dict[AgentAddress, list[PreviewKey]] = {}
    for key in keys:
        by_agent.setdefault(key.agent, []).append(key)
    return by_agent


def _members_of(cursor: Cursor, key: MembersKey, position: int) -> Sequence[Member]:
    timeline = cursor.timeline_of(key.key.agent)
    value = timeline.record(key.key.key, position).value
    difference = None
    if key.changed:
        before = timeline.record(key.key.key, position - 1)
        if before.exists and weight_of(before.value) + weight_of(value) <= _COMPARED_CHARACTERS:
            difference = changes(before.value, value, limit=_MARKS_MAX)
    return members(value, key.opened, difference)


def page_of(cursor: Cursor, frame: Frame, wanted: Wanted) -> Page:
    """The page of the wanted tab."""
    key, tab = frame.selection, wanted.tab or "diff"
    if key is None:
        return Page(tab, rows=[muted_row("No key is selected.")])
    if tab == "history":
        return _history_page(cursor, key)
    if tab == "diff":
        page = _diff_page(cursor, frame, key, wanted)
    else:
        record = cursor.record(key)
        if not record.exists:
            return Page(tab, rows=[_absence(cursor, key, record)])
        page = _value_page(record, wanted) if tab == "value" else _blame_page(cursor, record, frame.position, wanted)
    return _searched(page, wanted.lens.find)


def _history_page(cursor: Cursor, key: str) -> Page:
    rows = cursor.history(key)
    points = max(2, min(_POINTS_MAX, _SERIES_CHARACTERS // weight_of(cursor.record(key).value)))
    step = max(1, -(-len(rows) // points))
    records = cursor.versions(key, 1 + (len(rows) - 1) % step, step=step) if len(rows) > 1 else []
    title = (*_name(key), Span(plural(len(rows), "version"), "muted"))
    return Page("history", title, history=rows, series=series_of(records))


def _diff_page(cursor: Cursor, frame: Frame, key: str, wanted: Wanted) -> Page:
    before, after = cursor.comparison(key)
    if not before.version and not after.version:
        return Page("diff", rows=[_absence(cursor, key, after)])
    lens, width = wanted.lens, wanted.width
    split = lens.layout == "split" or (lens.layout == "" and width >= SPLIT_WIDTH and not _is_brief(before, after))
    folding = Folding(toggled=lens.toggled, all_open=lens.turned == "open")
    draw = side_by_side if split and width >= LEAST_WIDTH else diff_rows
    summary, *rest = draw(before, after, width, folding)
    title = (Span(f"{frame.base}  ", "muted"), Span(f"{_version(before)} → {_version(after)}", "muted"))
    first = summary._replace(line=Line((*_name(key), *summary.line.spans), summary.line.tone))
    written = [_writer_row(cursor, after, frame.position, width)] if after.version else []
    # Below the summary stands a blank row, where there is more to come.
    return Page("diff", title, [first, *(written or rest[:1]), *rest[1:]], all_open=folding.all_open, split=split)


def _is_brief(before: Record, after: Record) -> bool:
    """Whether all that differs are single numbers and words: old and new are read better next to each other."""
    if not before.exists or not after.exists:
        return False
    if weight_of(before.value) + weight_of(after.value) > _BRIEF_CHARACTERS:
        return False
    difference = changes(before.value, after.value)
    values = [value for change in difference.changes for value in (change.before, change.after)]
    return all(change.spans is None for change in difference.changes) and not any(
        isinstance(value, dict | list) or (isinstance(value, str) and len(value) > _NAME_WIDTH) for value in values
    )


def _writer_row(cursor: Cursor, record: Record, position: int, width: int) -> Row:
    """`written at 1,330  13:24:34  tool_result  bank_transfer: …`: which event made the value what it is."""
    if record.commit_ts == position:
        return muted_row("written by this event" if record.exists else "deleted by this event")
    (header,) = cursor.track.headers([record.commit_ts])
    moment = moment_of(header, cursor.store.imported is not None)
    spans = [
        Span("written at " if record.exists else "deleted at ", "faint"),
        Span(count(record.commit_ts), "muted"),
        Span(f"  {clock_time(moment)}" if moment is not None else "", "faint"),
        Span(f"  {printable(header.kind)}", kind_role(header.kind)),
        Span(f"  {printable(header.label)}", "muted"),
    ]
    return Row(Line(fit(spans, width)), commit_ts=record.commit_ts)


def _absence(cursor: Cursor, key: str, record: Record) -> Row:
    """Why there is no value to show, and where there is one."""
    if record.version:
        return muted_row("Deleted; History has what it was.")
    if not cursor.timeline.knows(key):
        return muted_row("This agent never writes this key.")
    (first,) = cursor.timeline.first_commits([key])
    return muted_row(f"Not written yet: commit {count(first)} is the first that does. c goes there.")._replace(
        commit_ts=first
    )


def _value_page(record: Record, wanted: Wanted) -> Page:
    folding = _folding(record, wanted.lens)
    style = Style(wanted.width, folding, marks=True, rendered=not wanted.lens.raw, name=record.key)
    rows = json_rows(record.value, style)
    title = (Span(plural(len(rows), "line") + "  ", "muted"), *_name(record.key), Span(f"v{record.version}", "muted"))
    return Page("value", title, rows, all_open=folding.depth == _ALL_LEVELS)


def _blame_page(cursor: Cursor, record: Record, position: int, wanted: Wanted) -> Page:
    versions_max = max(20, _BLAMED_CHARACTERS // (1 + weight_of(record.value)))
    blamed = cursor.blame(record.key, versions_max=versions_max)
    commits = sorted({row.commit_ts for row in blamed}, reverse=True)
    headers = {header.commit_ts: header for header in cursor.track.headers(commits[:_POINTS_MAX])}
    folding = _folding(record, wanted.lens)
    inner = max(24, wanted.width - gutter_width(blamed, wanted.width))
    style = Style(inner, folding, marks=True, rendered=not wanted.lens.raw, name=record.key)
    rows = blame_rows(json_rows(record.value, style), blamed, headers, position, wanted.width)
    title = (*_name(record.key), Span(f"v{record.version}  ", "muted"), Span(plural(len(commits), "writer"), "muted"))
    return Page("blame", title, rows, all_open=folding.depth == _ALL_LEVELS)


def _folding(record: Record, lens: PageLens) -> Folding:
    if lens.find:
        # What is searched for may be anywhere.
        return Folding(_ALL_LEVELS)
    depth = {"open": _ALL_LEVELS, "folded": 1}.get(lens.turned) or fitting_depth(record.value)
    return Folding(depth, lens.toggled)


def _searched(page: Page, find: str) -> Page:
    if not find:
        return page
    wanted = matcher(find)
    hits = [at for at, row in enumerate(page.rows) if wanted.search(row.line.text)]
    told = Span(f"  {plural(len(hits), 'line')} with “{printable(crop(find, 20))}”", "warning")
    return Page(page.tab, (*page.title, told), page.rows, all_open=page.all_open, found=wanted, hits=hits)


def version_notes(cursor: Cursor, key: str, first: int, last: int) -> dict[int, VersionNote]:
    """What the rows of a key's versions first … last say of them."""
    records = cursor.versions(key, max(1, first - 1), last)
    headers: dict[int, EventHeader] = {
        header.commit_ts: header for header in cursor.track.headers(sorted({record.commit_ts for record in records}))
    }
    notes: dict[int, VersionNote] = {}
    before = Record.unknown(cursor.record(key).address)
    for record in records:
        if record.version >= first:
            notes[record.version] = VersionNote(headers.get(record.commit_ts), change_spans(before, record))
        before = record
    return notes


def _name(key: str) -> tuple[Span, ...]:
    return Span(crop(printable(key), _NAME_WIDTH), "key"), Span("  ")


def _version(record: Record) -> str:
    return f"v{record.version}" if record.version else "nothing"
