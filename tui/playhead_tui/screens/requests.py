"""What keys ask of the cursor, in functions that its thread runs. Each answers with a note where nothing moved."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from playhead_tui.drawing.span import crop, printable
from playhead_tui.drawing.words import count, plural

if TYPE_CHECKING:
    from playhead import AgentAddress
    from playhead.cursor import Cursor
    from playhead.goto import Target

_SNAPSHOTS_OFFERED = 8
JUMPS_ASKED = 1_000
"""No one remembers more of them."""

Request = Callable[["Cursor"], str | None]


def change(key: str | None, steps: int) -> Request:
    """To the next (positive) or the previous (negative) change of a key."""

    def request(cursor: Cursor) -> str | None:
        if key is None:
            return "No key is selected"
        moved = cursor.next_change(key, steps) if steps > 0 else cursor.previous_change(key, -steps)
        return None if moved else f"No {'later' if steps > 0 else 'earlier'} change of {printable(key)}"

    return request


def error(steps: int) -> Request:
    def request(cursor: Cursor) -> str | None:
        moved = cursor.next_error(steps) if steps > 0 else cursor.previous_error(-steps)
        return None if moved else f"No {'later' if steps > 0 else 'earlier'} error"

    return request


def tool_call(steps: int) -> Request:
    def request(cursor: Cursor) -> str | None:
        return None if cursor.next_tool_call(steps) else f"No {'later' if steps > 0 else 'earlier'} tool call"

    return request


def turn(steps: int) -> Request:
    """To where somebody next speaks to the agent, or spoke before."""

    def request(cursor: Cursor) -> str | None:
        return None if cursor.next_turn(steps) else f"No {'later' if steps > 0 else 'earlier'} user turn"

    return request


def keep_to(text: str) -> Request:
    """Let the event list and steps keep to what fits; to every event again, where nothing was typed."""

    def request(cursor: Cursor) -> str | None:
        from playhead.event_filter import EventFilter

        before = cursor.filter
        if not text.strip():
            cursor.keep_to(None)
            return "Every event again" if before is not None else None
        found = cursor.keep_to(EventFilter.parse(text))
        if found:
            return f"Steps and the list keep to {plural(found, 'event')}: Esc shows all of them again"
        cursor.keep_to(before)
        return f"No event fits {printable(crop(text.strip(), 40))}"

    return request


def hit(steps: int) -> Request:
    """To a later (positive) or an earlier (negative) hit, and on from the other end behind the last one."""

    def request(cursor: Cursor) -> str | None:
        hits = cursor.hits
        if not len(hits):
            return "Nothing is searched for: / searches"
        # Between two hits, the one behind is already one step back.
        row = bisect_right(hits, cursor.position) - 1 if steps > 0 else bisect_left(hits, cursor.position)
        before, row = cursor.position, row + steps
        cursor.seek(int(hits[row % len(hits)]))
        if cursor.position == before:
            return "This is the only hit"
        if 0 <= row < len(hits):
            return None
        return "Past the last hit: on from the first" if steps > 0 else "Past the first hit: on from the last"

    return request


def search(text: str) -> Request:
    """Find a text, and go to the next hit; where none lies ahead, to the nearest behind."""

    def request(cursor: Cursor) -> str | None:
        if not text:
            # Every event has an empty text; none was found.
            cursor.hits = cursor.hits[:0]
            return None
        found = cursor.search(text)
        quoted = f"“{printable(crop(text, 30))}”"
        if not found:
            return f"Nothing has {quoted}"
        if not cursor.next_hit() and cursor.position not in cursor.hits:
            cursor.previous_hit()
        return f"{plural(found, 'event')} with {quoted}: n and N go through them"

    return request


def goto(text: str) -> Request:
    """Where the text says, with a note on what it was taken for where that is not plain to see."""

    def request(cursor: Cursor) -> str | None:
        from playhead.goto import parse

        typed = text.replace("−", "-")  # the sign that the screen itself writes
        here = cursor.time_at(max(cursor.position, 1)) or datetime.now(UTC)
        target, row = parse(typed, here.astimezone()), cursor.row_of(cursor.position)
        cursor.goto(typed)
        return _how_it_went(cursor, target, row)

    return request


def _how_it_went(cursor: Cursor, target: Target, row: int) -> str | None:
    from playhead.goto import Absolute, Label, Mark, Relative

    head = f"Stopped at the head, commit {count(cursor.head)}"
    match target:
        case Absolute(commit_ts) if commit_ts > cursor.head:
            return head
        case Relative(steps) if row + steps > max(cursor.stop_count - 1, row):
            return "Stopped at the last event"
        case Relative(steps) if row + steps < -1:
            return "Stopped at the start"
        case Mark(name):
            return f"Mark {name}, at {count(cursor.position)}"
        case Label(label):
            return f"Snapshot “{printable(crop(label, 30))}”, of commit {count(cursor.position)}"
        case datetime() as moment:
            newest = cursor.time_at(cursor.head)
            if cursor.position == 0:
                return f"Stopped at the start: no commit at or before {_local(moment, newest)}"
            if newest is not None and cursor.position == cursor.head and newest < moment:
                return f"{head}: the last at or before {_local(moment, newest)}"
            return f"The last commit at or before {_local(moment, newest)}"
    return None


def _local(moment: datetime, newest: datetime | None) -> str:
    local = moment.astimezone()
    same_day = newest is not None and local.date() == newest.astimezone().date()
    return f"{local:%H:%M:%S}, local time" if same_day else f"{local:%Y-%m-%d %H:%M:%S}, local time"


def back(jumps: int) -> Request:
    """So many jumps back, where negative, or forward again."""

    def request(cursor: Cursor) -> str | None:
        travel = cursor.forward if jumps > 0 else cursor.back
        moved = [travel() for _ in range(min(abs(jumps), JUMPS_ASKED))]
        return None if any(moved) else "Nowhere further to go " + ("forward" if jumps > 0 else "back")

    return request


def to_end(cursor: Cursor) -> str | None:
    cursor.seek(cursor.head)
    return None


def to_start(cursor: Cursor) -> str | None:
    cursor.seek(cursor.stop_at(0) if cursor.stop_count else 0)
    return None


def mark(letter: str) -> Request:
    def request(cursor: Cursor) -> str | None:
        cursor.mark(letter)
        return f"Mark {letter} is at {count(cursor.position)}: '{letter} comes back here"

    return request


def jump(letter: str) -> Request:
    def request(cursor: Cursor) -> str | None:
        cursor.jump(letter)
        return None

    return request


def snapshot(label: str) -> Request:
    def request(cursor: Cursor) -> str | None:
        taken = cursor.store.snapshot(label or None, at=cursor.position)
        name = f" “{printable(label)}”" if label else ""
        return f"Snapshot {taken.id}{name} of commit {count(taken.commit_ts)}"

    return request


def choose_agent(agent: AgentAddress) -> Request:
    def request(cursor: Cursor) -> str | None:
        cursor.choose_agent(agent)
        return None

    return request


def follow_agent(cursor: Cursor) -> str | None:
    cursor.follow_agent = not cursor.follow_agent
    return f"Steps stop at {'this agent’s events only' if cursor.follow_agent else 'every event'}"


def base_choices(cursor: Cursor) -> dict[int | None, str]:
    """What can be compared with: None for each key's previous version, −1 for the previous commit, else a commit."""
    marks = [(f"mark {name}", commit_ts) for name, commit_ts in sorted(cursor.marks.items())]
    snapshots = [
        (f"snapshot {taken.id}" + (f" “{printable(taken.label)}”" if taken.label else ""), taken.commit_ts)
        for taken in reversed(cursor.store.snapshot_entries())
    ]
    choices: dict[int | None, str] = {None: "each key’s previous version", -1: "the previous commit"}
    for name, commit_ts in marks + snapshots:
        choices.setdefault(commit_ts, name)
    return choices


def next_base(cursor: Cursor) -> str | None:
    """From the previous version to the previous commit, to each mark in turn, to the newest snapshots, and back."""
    choices = base_choices(cursor)
    order = list(choices)[: 2 + len(cursor.marks) + _SNAPSHOTS_OFFERED]
    at = order.index(cursor.base) if cursor.base in order else 0
    return _compare_with(cursor, order[(at + 1) % len(order)], choices)


def choose_base(base: int | None) -> Request:
    def request(cursor: Cursor) -> str | None:
        return _compare_with(cursor, base, base_choices(cursor))

    return request


def _compare_with(cursor: Cursor, base: int | None, choices: dict[int | None, str]) -> str:
    if base == -1:
        cursor.set_base_before(1)
    else:
        cursor.set_base(base)
    where = "" if base is None or base < 0 else f" at {count(base)}"
    return f"Compared with {choices.get(base, 'this moment')}{where}"
