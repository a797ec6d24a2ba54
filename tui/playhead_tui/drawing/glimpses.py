"""What the state pane shows of a value: one line of it, and of a value that was opened, a row for each member."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from playhead import JSON
from playhead.json_path import Path
from playhead_tui.drawing import words
from playhead_tui.drawing.span import Role, printable

if TYPE_CHECKING:
    from playhead.diff import Difference
    from playhead.outline import Status

GLIMPSE_WIDTH = 160
MEMBERS_MAX = 200
"""Members of one object or list that get a row; the inspector has them all."""
ROWS_MAX = 2_000
"""Rows of one opened value."""
_NAME_LENGTH = 200


class Glimpse(NamedTuple):
    """A value in a few words."""

    text: str
    opens: bool = False
    """Whether it has members."""
    number: float | None = None


class Member(NamedTuple):
    """A row of an opened value."""

    path: Path
    label: str
    glimpse: Glimpse
    role: Role = "muted"
    is_open: bool = False
    status: Status | None = None
    """What the event under the playhead did to it."""

    @property
    def depth(self) -> int:
        """Levels below the key."""
        return len(self.path)


def glimpse(value: JSON) -> Glimpse:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Glimpse(words.scalar(value), number=float(value) if abs(value) < 1e300 else None)
    return Glimpse(words.gist(value, GLIMPSE_WIDTH), isinstance(value, dict | list) and bool(value))


def members(value: JSON, opened: frozenset[Path] = frozenset(), difference: Difference | None = None) -> list[Member]:
    """Rows for the members of a value, those of opened parts below them; with what a difference says of each."""
    marks = _marks(difference) if difference is not None else _Marks()
    return list(islice(_rows(value, (), opened, marks, None), ROWS_MAX))


@dataclass(slots=True)
class _Marks:
    statuses: dict[Path, Status] = field(default_factory=dict)
    removed: dict[Path, list[tuple[str | int, JSON]]] = field(default_factory=dict)
    """What is gone, by what held it."""


def _marks(difference: Difference) -> _Marks:
    marks = _Marks()
    for change in difference.changes:
        holder = change.path[:-1]
        if change.op == "removed":
            # Positions in lists above are those of before: only where there is none, the holder is known.
            above = next((at for at, part in enumerate(holder) if isinstance(part, int)), len(holder))
            if above == len(holder) and change.path:
                marks.removed.setdefault(holder, []).append((change.path[-1], change.before))
            holder = holder[:above]
        else:
            marks.statuses[change.path] = "added" if change.op == "added" else "changed"
        for length in range(1, len(holder) + 1):
            marks.statuses.setdefault(holder[:length], "changed")
    return marks


def _rows(value: JSON, path: Path, opened: frozenset[Path], marks: _Marks, whole: Status | None) -> Iterator[Member]:
    """`whole` is what happened to all of the value."""
    if isinstance(value, dict):
        inside: Iterator[tuple[str | int, JSON]] = iter(value.items())
    elif isinstance(value, list):
        inside = enumerate(value)
    else:
        return
    for part, inner in islice(inside, MEMBERS_MAX):
        place = (*path, part)
        status = whole or marks.statuses.get(place)
        is_open = place in opened
        yield Member(place, _label(part), glimpse(inner), _role(inner), is_open, status)
        if is_open:
            yield from _rows(inner, place, opened, marks, "added" if status == "added" else whole)
    for part, gone in marks.removed.get(path, ())[:MEMBERS_MAX]:
        text = Glimpse(words.gist(gone, GLIMPSE_WIDTH))
        yield Member((*path, part), _label(part), text, "faint", status="removed")
    if len(value) > MEMBERS_MAX:
        more = Glimpse(f"{words.count(len(value) - MEMBERS_MAX)} more in the inspector")
        yield Member((*path, MEMBERS_MAX), "…", more, "faint")


def _label(part: str | int) -> str:
    return f"[{part}]" if isinstance(part, int) else printable(part[:_NAME_LENGTH])


def _role(value: JSON) -> Role:
    if isinstance(value, dict | list):
        return "muted"
    if isinstance(value, str):
        return "string"
    return "constant" if value is None or isinstance(value, bool) else "number"
