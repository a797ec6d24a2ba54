"""What takes reading values: the inspector's tabs and the previews of the state pane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from playhead import Record
from playhead_tui.drawing.diff_lines import diff_lines
from playhead_tui.drawing.json_lines import json_lines
from playhead_tui.drawing.span import Line, Span, crop, printable
from playhead_tui.drawing.words import gist, plural
from playhead_tui.frame import Frame, PreviewKey, Tab, Wanted

if TYPE_CHECKING:
    from playhead.cursor import Cursor, HistoryRow

PREVIEW_WIDTH = 160
_NAME_WIDTH = 40


@dataclass(frozen=True, slots=True)
class Page:
    """What the inspector shows: lines, or the versions of a key."""

    tab: Tab
    title: tuple[Span, ...] = ()
    lines: Sequence[Line] = ()
    history: Sequence[HistoryRow] = ()


@dataclass(frozen=True, slots=True)
class Details:
    page: Page | None
    previews: Mapping[PreviewKey, str] = field(default_factory=dict)


def read_details(cursor: Cursor, frame: Frame, wanted: Wanted) -> Details:
    """The page of the chosen tab, and the previews that are not known yet."""
    previews: dict[PreviewKey, str] = {}
    if wanted.previews:
        records = cursor.records([key.key for key in wanted.previews])
        for key in wanted.previews:
            record = records.get(key.key)
            if record is not None:
                previews[key] = gist(record.value, PREVIEW_WIDTH) if record.exists else "deleted"
    return Details(page_of(cursor, frame, wanted.tab, wanted.width) if wanted.tab else None, previews)


def page_of(cursor: Cursor, frame: Frame, tab: Tab, width: int) -> Page:
    """The page of one tab."""
    key = frame.selection
    if key is None:
        return Page(tab, lines=[Line((Span("No key is selected.", "muted"),))])
    if tab == "history":
        rows = cursor.history(key)
        return Page("history", (*_name(key), Span(plural(len(rows), "version"), "muted")), history=rows)
    if tab == "value":
        return _value_page(cursor.record(key), width)
    before, after = cursor.comparison(key)
    title = (Span(f"{frame.base}  ", "muted"), Span(f"{_version(before)} → {_version(after)}", "muted"))
    summary, *rest = diff_lines(before, after, width)
    return Page("diff", title, [Line((*_name(key), *summary.spans), summary.tone), *rest])


def _value_page(record: Record, width: int) -> Page:
    if not record.exists:
        text = "Not written yet at this commit." if record.version == 0 else "Deleted; History has what it was."
        return Page("value", lines=[Line((Span(text, "muted"),))])
    lines = json_lines(record.value, width)
    title = (Span(plural(len(lines), "line") + "  ", "muted"), *_name(record.key), Span(f"v{record.version}", "muted"))
    return Page("value", title, lines)


def _name(key: str) -> tuple[Span, ...]:
    return Span(crop(printable(key), _NAME_WIDTH), "key"), Span("  ")


def _version(record: Record) -> str:
    return f"v{record.version}" if record.version else "nothing"
