"""Who last wrote each part of a value: found by walking its versions backwards until every part has its writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from playhead.diff import equal, list_pairs
from playhead.json_path import Path
from playhead.model import JSON, Record

VERSIONS_AT_ONCE = 512
CHARACTERS_AT_ONCE = 8_000_000
"""Of the values that are in memory at a time, roughly."""
MANY_AT_ONCE = 4_096
"""Versions of many keys that one question reads, roughly."""


@dataclass(frozen=True, slots=True)
class BlameRow:
    """One leaf of a value, and the version that last wrote it."""

    path: Path
    value: JSON
    """A scalar, or an object or list that is empty."""
    version: int
    commit_ts: int
    exact: bool = True
    """False where the search ended at a limit: the leaf was written then or before."""


_Pending: TypeAlias = "int | dict[str | int, _Pending]"
"""Leaves whose writer is not known yet, as a tree along the version that is looked at: places in the list of rows."""

Versions: TypeAlias = Callable[[int, int], list[Record]]
"""Reads a key's versions first … last, oldest first."""
ManyVersions: TypeAlias = Callable[[Sequence[tuple[str, range]]], list[list[Record]]]
"""Reads versions of many keys of one agent, those of each oldest first."""


class Blaming:
    """The search for the writers of one record's leaves: says which versions to read next, and is handed them."""

    def __init__(self, newest: Record, versions_max: int | None = None, at_once: int = 8) -> None:
        """`at_once`: how many versions are wanted first; each time after, twice as many as the time before."""
        self._paths: list[Path] = []
        self._leaves: list[JSON] = []
        self._pending: _Pending | None = None
        if newest.exists:
            self._pending = _leaves(newest.value, (), self._paths, self._leaves)
        self._found: dict[int, Record] = {}
        self._last = newest
        self._left = newest.version - 1 if versions_max is None else min(newest.version, versions_max) - 1
        self._size = at_once

    @property
    def wanted(self) -> range:
        """The versions to hand over next; empty where the search is over."""
        count = min(self._size, self._left) if self._pending is not None else 0
        return range(max(1, self._last.version - count), self._last.version)

    def take(self, batch: Sequence[Record]) -> None:
        """Go on with the versions that were wanted, oldest first."""
        self._left -= len(batch)
        for before in reversed(batch):
            self._pending = _carried(self._pending, before, self._last, self._found)
            self._last = before
            if self._pending is None:
                return
        each = 1 + max(weight_of(batch[0].value), weight_of(batch[-1].value))
        self._size = max(1, min(2 * self._size, VERSIONS_AT_ONCE, CHARACTERS_AT_ONCE // each))

    def rows(self) -> list[BlameRow]:
        """Each leaf in document order, with the version that wrote it as far as is known by now."""
        exact = self._pending is None or self._last.version == 1
        for place in _places(self._pending):
            self._found[place] = self._last
        writers = (self._found[place] for place in range(len(self._paths)))
        return [
            BlameRow(path, leaf, writer.version, writer.commit_ts, exact or writer is not self._last)
            for path, leaf, writer in zip(self._paths, self._leaves, writers, strict=True)
        ]


def blame(newest: Record, versions: Versions, versions_max: int | None = None) -> list[BlameRow]:
    """Each leaf of a record's value in document order, with the version that last wrote it at its path.

    A leaf that a version writes back as it was keeps its older writer. List items keep theirs where `diff.changes`
    would pair them. A delete, and another type at a place above, forget all that was there. At most `versions_max`
    versions are read; time and memory follow the versions read, and stop at the first that explains the oldest leaf.
    """
    search = Blaming(newest, versions_max)
    while wanted := search.wanted:
        search.take(versions(wanted.start, wanted.stop - 1))
    return search.rows()


def blame_all(newest: Sequence[Record], versions: ManyVersions) -> list[list[BlameRow]]:
    """What `blame` answers for each of many records of one agent, in few questions."""
    # Most leaves are of the newest version or the one before it, so it begins with few.
    searches = [Blaming(record, at_once=2) for record in newest]
    while asking := [(row, search.wanted) for row, search in enumerate(searches) if search.wanted]:
        while asking:
            count, total = 0, 0
            while count < len(asking) and total < MANY_AT_ONCE:
                total += len(asking[count][1])
                count += 1
            batch, asking = asking[:count], asking[count:]
            found = versions([(newest[row].key, wanted) for row, wanted in batch])
            for (row, _), records in zip(batch, found, strict=True):
                searches[row].take(records)
    return [search.rows() for search in searches]


def weight_of(value: JSON) -> int:
    """Roughly the characters of a value; what is past `CHARACTERS_AT_ONCE` is not counted."""
    weight = 0
    rest = [value]
    while rest and weight < CHARACTERS_AT_ONCE:
        value = rest.pop()
        weight += len(value) + 8 if isinstance(value, str) else 8
        if isinstance(value, dict):
            weight += sum(map(len, value))
            rest.extend(value.values())
        elif isinstance(value, list):
            rest.extend(value)
    return weight


def _leaves(value: JSON, path: Path, paths: list[Path], leaves: list[JSON]) -> _Pending:
    if isinstance(value, dict) and value:
        return {name: _leaves(member, (*path, name), paths, leaves) for name, member in value.items()}
    if isinstance(value, list) and value:
        return {place: _leaves(item, (*path, place), paths, leaves) for place, item in enumerate(value)}
    paths.append(path)
    leaves.append(value)
    return len(paths) - 1


def _carried(pending: _Pending | None, before: Record, after: Record, found: dict[int, Record]) -> _Pending | None:
    """What of the pending leaves `before` holds too, at their places there; `after` wrote the others."""
    if pending is None:
        return None
    if not before.exists:
        _settle(pending, after, found)
        return None
    return _carry(pending, before.value, after.value, after, found)


def _carry(pending: _Pending, before: JSON, after: JSON, writer: Record, found: dict[int, Record]) -> _Pending | None:
    if equal(before, after):
        return pending
    pairs: Iterable[tuple[str | int, str | int]]
    if isinstance(pending, dict) and isinstance(before, dict) and isinstance(after, dict):
        pairs = ((name, name) for name in pending if name in before)
    elif isinstance(pending, dict) and isinstance(before, list) and isinstance(after, list):
        pairs = ((place, to) for place, to in list_pairs(before, after) if to in pending)
    else:
        _settle(pending, writer, found)
        return None
    carried: dict[str | int, _Pending] = {}
    explained = dict(pending)
    for place, to in pairs:
        rest = _carry(explained.pop(to), before[place], after[to], writer, found)  # type: ignore[index]
        if rest is not None:
            carried[place] = rest
    _settle(explained, writer, found)
    return carried or None


def _settle(pending: _Pending, writer: Record, found: dict[int, Record]) -> None:
    for place in _places(pending):
        found[place] = writer


def _places(pending: _Pending | None) -> Iterator[int]:
    if isinstance(pending, int):
        yield pending
    elif pending is not None:
        for child in pending.values():
            yield from _places(child)
