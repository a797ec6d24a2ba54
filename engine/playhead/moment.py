"""Moments: everything that names a commit_ts where a call asks for `at`."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from playhead.entry import to_microseconds
from playhead.errors import InvalidArgumentError, MomentError
from playhead.model import SnapshotEntry

if TYPE_CHECKING:
    from playhead.snapshot import Snapshot

Moment: TypeAlias = "int | datetime | str | Snapshot"
"""A commit_ts, a wall-clock time, a snapshot's unique label, or a snapshot."""


def checked_commit_ts(value: int, name: str = "at") -> int:
    """Raises InvalidArgumentError for anything but a whole number >= 0 (S16, S18)."""
    if type(value) is not int:
        raise InvalidArgumentError(f"{name} must be a commit_ts (an int), not {value!r}")
    if value < 0:
        raise InvalidArgumentError(f"{name} must not be negative: {value}; 0 is the empty store")
    return value


def snapshot_labelled(label: str, entries: Sequence[SnapshotEntry]) -> SnapshotEntry:
    """The one snapshot with this label. Raises MomentError where there is none, or more than one."""
    found = [entry for entry in entries if entry.label == label]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(f"{entry.id} (commit {entry.commit_ts})" for entry in found)
        raise MomentError(f"{len(found)} snapshots are labelled {label!r}: {ids}; name one by its commit")
    known = ", ".join(sorted(repr(entry.label) for entry in entries if entry.label)) or "none"
    raise MomentError(f"no snapshot is labelled {label!r}; labels here: {known}")


def commit_at_time(moment: datetime, times: Callable[[], Sequence[int]]) -> int:
    """The last commit with that time or earlier, by the running maximum of `times` (S29); 0 before the first."""
    return bisect.bisect_right(times(), to_microseconds(moment))
