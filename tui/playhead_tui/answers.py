"""What verbs answer, as tables whose rows travel. Everything here runs on the cursor's thread."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from playhead.json_path import format_address
from playhead_tui.drawing.event_lines import kind_role
from playhead_tui.drawing.span import Role, Span, printable
from playhead_tui.drawing.words import clock_time, count, plural, preview, value_words

if TYPE_CHECKING:
    from playhead.conditions import Interval, Series
    from playhead.cursor import Cursor
    from playhead.origin import Appearance, Origin
    from playhead.path_history import PathChange
    from playhead.rules import Verdict
    from playhead.track import EventLine
    from playhead.verbs import LogEntry

ROWS_MAX = 10_000
"""Rows that a layer shows; the command that it names prints them all."""
_CELL = 400
_AROUND = 60
"""Characters shown before and behind what was looked for."""
_VALUE = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """A table. A row travels to its commit; to none where that is None."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Span, ...], ...]
    commits: tuple[int | None, ...]
    right: frozenset[int] = frozenset()
    """Columns whose cells stand at their right edge."""
    note: str = ""
    """How many there are, in a sentence."""
    command: str = ""
    """What prints the same on the command line."""
    chosen: int = 0
    """The row that the cursor is on to begin with."""


def when_answer(cursor: Cursor, expression: str, intervals: Sequence[Interval]) -> Answer:
    """The intervals in which a condition held; the one at the playhead, or the last before it, is chosen."""
    shown = intervals[:ROWS_MAX]
    lines = _lines(cursor, [interval.first for interval in shown])
    rows = []
    for interval in shown:
        length = interval.last - interval.first + 1
        until = "still true" if interval.last == cursor.head else count(interval.last)
        begin = Span(count(interval.first), "playhead")
        rows.append((begin, Span(until), Span(count(length), "muted"), *_event(cursor, lines.get(interval.first))))
    before = [row for row, interval in enumerate(shown) if interval.first <= cursor.position]
    return Answer(
        f"When {printable(expression)}",
        ("from", "to", "commits", "time", "kind", "event"),
        tuple(rows),
        tuple(interval.first for interval in shown),
        frozenset((0, 1, 2)),
        _counted(len(intervals), "interval"),
        chosen=before[-1] if before else 0,
    )


def history_answer(cursor: Cursor, name: str, changes: Sequence[PathChange]) -> Answer:
    """Every value that a path has had, the newest first, with who wrote it and how long it lasted."""
    newest = list(changes[::-1][:ROWS_MAX])
    ends = [cursor.head + 1, *(change.commit_ts for change in newest)]
    lines = _lines(cursor, [change.commit_ts for change in newest])
    rows = []
    for change, end in zip(newest, ends, strict=False):
        value = Span(preview(change.after, _CELL)) if change.exists else Span("removed", "removed")
        until = "now" if end > cursor.head else count(end - 1)
        event = _event(cursor, lines.get(change.commit_ts))
        rows.append((Span(count(change.commit_ts), "playhead"), Span(until), value, *event))
    at = [row for row, change in enumerate(newest) if change.commit_ts <= cursor.position]
    return Answer(
        f"History of {printable(name)}",
        ("from", "to", "value", "time", "kind", "event"),
        tuple(rows),
        tuple(change.commit_ts for change in newest),
        frozenset((0, 1)),
        _counted(len(changes), "value"),
        chosen=at[0] if at else 0,
    )


def check_answer(cursor: Cursor, name: str, verdicts: Sequence[Verdict]) -> Answer:
    """A lamp for each rule, and where it was first broken."""
    broken = sum(not verdict.kept for verdict in verdicts)
    rows = []
    for verdict in verdicts:
        lamp = Span("● kept", "added") if verdict.kept else Span("✗ broken", "error")
        at = "" if verdict.commit_ts is None else count(verdict.commit_ts)
        reason = verdict.reason if not verdict.kept or verdict.reason else verdict.rule.text
        named = Span(printable(verdict.rule.name), "text" if verdict.kept else "strong")
        rows.append((lamp, Span(at, "playhead"), named, Span(printable(reason), "muted")))
    first = next((row for row, verdict in enumerate(verdicts) if not verdict.kept), 0)
    return Answer(
        f"Rules of {printable(name)}",
        ("", "at", "rule", "why"),
        tuple(rows),
        tuple(verdict.commit_ts for verdict in verdicts),
        frozenset((1,)),
        f"{plural(len(verdicts), 'rule')}, {broken:,} broken"
        if broken
        else f"{plural(len(verdicts), 'rule')}, all kept",
        chosen=first,
    )


def sql_answer(cursor: Cursor, query: str) -> Answer:
    """The rows of a SELECT; they travel where they have a commit_ts. Raises QueryError."""
    from playhead.sql import values_of

    table = cursor.store.sql(query)
    names = tuple(map(str, table.column_names))
    shown = table.slice(0, ROWS_MAX)
    columns = [values_of(column) for column in shown.columns]
    rows = tuple(tuple(_cell(value) for value in row) for row in zip(*columns, strict=True))
    travel = next((place for place, name in enumerate(names) if name.casefold() == "commit_ts"), None)
    commits = (
        tuple(_commit(value, cursor.head) for value in columns[travel]) if travel is not None else (None,) * len(rows)
    )
    numeric = [place for place, column in enumerate(columns) if _is_numeric(column)]
    return Answer(
        printable(" ".join(query.split())), names, rows, commits, frozenset(numeric), _counted(table.num_rows, "row")
    )


def _is_numeric(column: Sequence[Any]) -> bool:
    known = [value for value in column[:200] if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _commit(value: object, head: int) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= head else None


def _cell(value: Any) -> Span:
    if value is None:
        return Span("NULL", "faint")
    if isinstance(value, bool):
        return Span("true" if value else "false", "constant")
    if isinstance(value, int | float):
        return Span(str(value), "number")
    if isinstance(value, datetime):
        return Span(value.isoformat(sep=" ", timespec="milliseconds"))
    if isinstance(value, bytes):
        return Span(value[: _CELL // 2].hex(), "muted")
    if isinstance(value, dict | list):
        return Span(printable(json.dumps(value, ensure_ascii=False, default=str)[:_CELL]))
    return Span(printable(str(value)[:_CELL]))


def _counted(number: int, noun: str) -> str:
    return plural(number, noun) + (f", the first {ROWS_MAX:,} here" if number > ROWS_MAX else "")


def _lines(cursor: Cursor, commits: Sequence[int]) -> dict[int, EventLine]:
    return cursor.track.lines(commit_ts for commit_ts in commits if commit_ts)


def _event(cursor: Cursor, line: EventLine | None) -> tuple[Span, Span, Span]:
    if line is None:
        return Span("", "faint"), Span("", "faint"), Span("the empty state", "faint")
    # The time of an import is not that of the run.
    moment = line.moment if line.occurred or cursor.store.imported is None else None
    role: Role = "muted" if moment else "faint"
    label = Span(printable(line.label))
    return Span(clock_time(moment), role), Span(printable(line.kind), kind_role(line.kind)), label


def change_note(cursor: Cursor, name: str, change: PathChange) -> str:
    """`budget.remaining 3265.63 → -9724.37 at 1,330 (tool_result: bank transfer)`"""
    before = preview(change.before, _VALUE) if change.existed else "nothing"
    after = preview(change.after, _VALUE) if change.exists else "nothing"
    return f"{printable(name)} {before} → {after} at {count(change.commit_ts)} {event_name(cursor, change.commit_ts)}"


def event_name(cursor: Cursor, commit_ts: int) -> str:
    """`(tool_result: bank transfer)`"""
    if not commit_ts:
        return "(the empty state)"
    header = cursor.track.header(commit_ts)
    said = ": ".join(part for part in (printable(header.kind), printable(header.label)) if part)
    return f"({said[:100]})" if said else ""


def values_answer(cursor: Cursor, expression: str, series: Series) -> Answer:
    """Every value that an expression has had, the newest first."""
    pairs = list(zip(series.commits, series.values, strict=True))[::-1]
    shown = pairs[:ROWS_MAX]
    ends = [cursor.head, *(commit_ts - 1 for commit_ts, _ in shown)]
    lines = _lines(cursor, [commit_ts for commit_ts, _ in shown])
    rows = []
    for (commit_ts, value), end in zip(shown, ends, strict=False):
        until = "now" if end == cursor.head else count(end)
        role: Role = "faint" if value is None else "text"
        event = _event(cursor, lines.get(commit_ts))
        rows.append((Span(count(commit_ts), "playhead"), Span(until), Span(value_words(value), role), *event))
    at = [row for row, (commit_ts, _) in enumerate(shown) if commit_ts <= cursor.position]
    return Answer(
        f"Values of {printable(expression)}",
        ("from", "to", "value", "time", "kind", "event"),
        tuple(rows),
        tuple(commit_ts for commit_ts, _ in shown),
        frozenset((0, 1)),
        _counted(len(pairs), "value"),
        chosen=at[0] if at else 0,
    )


def origin_answer(cursor: Cursor, name: str, found: Sequence[Origin]) -> Answer:
    """Where texts first appeared: the whole of each, then the longest parts of it that were seen before."""
    seen = [(each, is_whole) for origin in found for is_whole in (True, False) for each in _of(origin, is_whole)]
    events = cursor.track.lines(each.commit_ts for each, _ in seen[:ROWS_MAX])
    rows = []
    for appearance, is_whole in seen[:ROWS_MAX]:
        event, address = events[appearance.commit_ts], appearance.address
        where = f"{address.agent_id}: {format_address(address.key, appearance.path)}"
        rows.append(
            (
                Span(count(appearance.commit_ts), "playhead"),
                Span("all of it", "added") if is_whole else Span("a part", "changed"),
                Span(appearance.role, "muted"),
                Span(printable(event.kind), kind_role(event.kind)),
                Span(printable(event.label)),
                Span(printable(where), "key"),
                Span(printable(_excerpt(appearance)), "string"),
            )
        )
    return Answer(
        f"Origin of {printable(name)}",
        ("at", "seen", "as", "kind", "event", "where", "text"),
        tuple(rows),
        tuple(each.commit_ts for each, _ in seen[:ROWS_MAX]),
        frozenset((0,)),
        _counted(len(seen), "place"),
    )


def _of(origin: Origin, is_whole: bool) -> Sequence[Appearance]:
    return origin.whole if is_whole else origin.parts


def _excerpt(appearance: Appearance) -> str:
    """What was found between marks, with a little of its line around it."""
    before = appearance.line[max(0, appearance.start - _AROUND) : appearance.start]
    return f"{before}«{appearance.text[:_CELL]}»{appearance.line[appearance.end : appearance.end + _AROUND]}"


def log_answer(cursor: Cursor, name: str, entries: Sequence[LogEntry]) -> Answer:
    """Events, each with the lines that came or went where some were looked for."""
    shown = entries[:ROWS_MAX]
    events = cursor.track.lines(entry.commit_ts for entry in shown)
    rows = []
    for entry in shown:
        event = events[entry.commit_ts]
        lines = [(hit, line) for hit in entry.hits for line in hit.lines]
        changed = Span("")
        if lines:
            hit, line = lines[0]
            more = f"   ⋯ {len(lines) - 1:,} more" if len(lines) > 1 else ""
            where = format_address(hit.address.key, line.path)
            text = f"{line.sign} {hit.address.agent_id}: {where}: {line.text[:_CELL]}{more}"
            changed = Span(printable(text), "added" if line.sign == "+" else "removed")
        rows.append(
            (
                Span(count(entry.commit_ts), "playhead"),
                Span(clock_time(event.moment), "muted"),
                Span(printable(event.kind), kind_role(event.kind)),
                Span(printable(event.label)),
                changed,
            )
        )
    at = [row for row, entry in enumerate(shown) if entry.commit_ts <= cursor.position]
    is_searched = any(entry.hits for entry in shown)
    return Answer(
        f"Log {printable(name)}".rstrip(),
        ("at", "time", "kind", "event", *(("came or went",) if is_searched else ())),
        tuple(row if is_searched else row[:-1] for row in rows),
        tuple(entry.commit_ts for entry in shown),
        frozenset((0,)),
        f"the newest {ROWS_MAX:,} events" if len(entries) > ROWS_MAX else plural(len(entries), "event"),
        chosen=at[0] if at else 0,
    )
