"""The outline of a state: which keys there are at the playhead, and what the event under it did to them."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, overload

import numpy

from playhead.timeline import Timeline

Status: TypeAlias = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One key of the state at the playhead."""

    key: str
    version: int
    commit_ts: int
    """When it last changed."""
    exists: bool
    status: Status | None
    """What the event under the playhead did to it; None where it did nothing."""


class StateOutline(Sequence[OutlineRow]):
    """The keys at a moment, sorted; deleted ones only at the commit that deleted them, or all where `deleted` says so.

    `also` is a key that has a row even where it does not exist, if the agent ever has it, and anything else here.

    Rows are made when they are looked at: the outline of a state with many keys costs what is shown of it.
    """

    def __init__(
        self,
        timeline: Timeline,
        position: int,
        *,
        changed_only: bool = False,
        filter: str = "",
        deleted: bool = False,
        also: str | None = None,
    ) -> None:
        outline = timeline.outline(position)
        touched = outline.commit_ts == position
        statuses: dict[str, Status] = {}
        for row in numpy.flatnonzero(touched).tolist():
            key = outline.keys[row]
            status = _status(bool(outline.exists[row]), timeline.exists_before(key, position))
            if status is not None:
                statuses[key] = status
            else:
                touched[row] = False
        shown_too = outline.exists | deleted
        rows = numpy.flatnonzero(touched if changed_only else touched | shown_too)
        if filter:
            wanted = filter.casefold()
            rows = rows[[wanted in outline.keys[row].casefold() for row in rows.tolist()]]
        self.keys: list[str] = outline.keys if len(rows) == len(outline.keys) else [outline.keys[row] for row in rows]
        shown = {key: status for key, status in statuses.items() if self.row_of(key) is not None}
        self.statuses: dict[str, Status] = shown
        """What the event under the playhead did, by key."""
        self._versions = outline.versions[rows]
        self._commits = outline.commit_ts[rows]
        self._exists = outline.exists[rows]
        self._made: dict[int, OutlineRow] = {}
        if also is not None and self.keys and timeline.knows(also) and self.row_of(also) is None:
            self._put(outline_row(timeline, also, position))

    def _put(self, entry: OutlineRow) -> None:
        """Take in a key that does not exist here."""
        row = bisect.bisect_left(self.keys, entry.key)
        self.keys = [*self.keys[:row], entry.key, *self.keys[row:]]
        self._versions = numpy.insert(self._versions, row, entry.version)
        self._commits = numpy.insert(self._commits, row, entry.commit_ts)
        self._exists = numpy.insert(self._exists, row, entry.exists)

    @property
    def live_count(self) -> int:
        """How many of the keys exist."""
        return int(numpy.count_nonzero(self._exists))

    def __len__(self) -> int:
        return len(self.keys)

    def row_of(self, key: str) -> int | None:
        """The position of a key's row."""
        row = bisect.bisect_left(self.keys, key)
        return row if row < len(self.keys) and self.keys[row] == key else None

    def _row(self, row: int) -> OutlineRow:
        made = self._made.get(row)
        if made is None:
            key, version, commit_ts = self.keys[row], int(self._versions[row]), int(self._commits[row])
            made = OutlineRow(key, version, commit_ts, bool(self._exists[row]), self.statuses.get(key))
            self._made[row] = made
        return made

    @overload
    def __getitem__(self, index: int) -> OutlineRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[OutlineRow]: ...
    def __getitem__(self, index: int | slice) -> OutlineRow | list[OutlineRow]:
        if isinstance(index, slice):
            return [self._row(row) for row in range(*index.indices(len(self.keys)))]
        return self._row(index)

    def __iter__(self) -> Iterator[OutlineRow]:
        return map(self._row, range(len(self.keys)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


def outline_row(timeline: Timeline, key: str, position: int) -> OutlineRow:
    """One key's row, whether it exists at the moment or not; of version 0 where it was not written yet."""
    versions, commits, exists = timeline.history(key)
    row = int(numpy.searchsorted(commits, position, side="right")) - 1
    if row < 0:
        return OutlineRow(key, 0, 0, False, None)
    commit_ts, is_there = int(commits[row]), bool(exists[row])
    status = _status(is_there, timeline.exists_before(key, position)) if commit_ts == position else None
    return OutlineRow(key, int(versions[row]), commit_ts, is_there, status)


def _status(exists: bool, existed: bool) -> Status | None:
    """What a commit did to a key; None where it deleted what was not there."""
    if not exists:
        return "removed" if existed else None
    return "changed" if existed else "added"
