"""What is on screen as plain text, with nothing cut off: for a bug report, a mail, a diff."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from playhead_tui.details import page_of
from playhead_tui.drawing.span import printable
from playhead_tui.drawing.state_lines import SIGNS
from playhead_tui.drawing.tree import tree_rows
from playhead_tui.drawing.words import count, plural
from playhead_tui.frame import Frame, PageLens, Tab, Wanted, moment_of

if TYPE_CHECKING:
    from playhead.cursor import Cursor

_PAGE_WIDTH = 4_000
"""Cells of the inspector's lines: more than any line that is written to be read."""


def screen_text(cursor: Cursor, frame: Frame, title: str, tab: Tab, rows: range) -> str:
    """Every pane under a heading: the state's keys with their whole values, the inspector's page, the events in view.

    `rows` are the rows of the event list that are in view.
    """
    here, cursor.position = cursor.position, frame.position
    try:
        parts = (_head(frame, title), _state(cursor, frame), _page(cursor, frame, tab), _events(cursor, frame, rows))
        return "\n\n".join("\n".join(part) for part in parts) + "\n"
    finally:
        cursor.position = here


def _head(frame: Frame, title: str) -> Iterable[str]:
    yield title
    if frame.agent is not None:
        yield f"agent {printable(frame.agent_name)}"
    if frame.moment is not None:
        yield frame.moment.astimezone().isoformat(" ", "milliseconds")
    if frame.marks:
        yield "marks " + ", ".join(f"{name} at {count(commit_ts)}" for name, commit_ts in sorted(frame.marks.items()))


def _state(cursor: Cursor, frame: Frame) -> Iterable[str]:
    narrowed = f", those with “{printable(frame.filter)}”" if frame.filter else ""
    sections = [section for section in frame.sections if not section.pinned]
    yield f"STATE: {plural(sum(section.live for section in sections), 'key')}{narrowed}"
    for section in sections:
        assert section.agent is not None
        if section.title:
            yield f"{section.title}: {plural(section.live, 'key')}"
        # Without the folds of the screen, and in its order.
        rows = (row for row in tree_rows(section.tree.keys, since=section.tree.since) if not row.group)
        records = cursor.timeline_of(section.agent).records(section.tree.keys, frame.position)
        width = max(map(len, section.tree.keys), default=0)
        for entry in (section.entries[row.first] for row in rows):
            record = records[entry.key]
            gone = "deleted" if entry.version else "not written yet"
            value = json.dumps(record.value, ensure_ascii=False) if record.exists else gone
            yield f"{SIGNS.get(entry.status or '', ' ')} {printable(entry.key):{width}}  v{entry.version}  {value}"


def _page(cursor: Cursor, frame: Frame, tab: Tab) -> Iterable[str]:
    page = page_of(cursor, frame, Wanted(tab, _PAGE_WIDTH, lens=PageLens(turned="open", layout="unified")))
    yield f"{tab.upper()}: " + "".join(span.text for span in page.title).strip()
    yield from (row.line.text.rstrip() for row in page.rows)
    for row in page.history:
        header = cursor.track.header(row.commit_ts)
        said = f"{header.kind}  {printable(header.label)}" if row.exists else "deleted"
        yield f"v{row.version}  commit {count(row.commit_ts)}  {said}"


def _events(cursor: Cursor, frame: Frame, rows: range) -> Iterable[str]:
    yield f"EVENTS: {plural(frame.stop_count, 'event')}"
    for header in cursor.headers(rows.start, rows.stop - 1) if rows else ():
        moment = moment_of(header, frame.imported)
        time = moment.astimezone().strftime("%H:%M:%S.%f")[:12] if moment is not None else "--:--:--.---"
        sign = "▶" if header.commit_ts == frame.position else " "
        label = printable(header.label or "")
        yield f"{sign} {header.commit_ts}  {time}  {header.kind}  {label}".rstrip()
