"""Who last wrote each part of a value: found by walking its versions backwards until every part has its writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from playhead.diff import equal, list_pairs
from playhead.json_path import Path
from playhead.model import JSON, Record

VERSIONS_AT_ONCE = 512
CHARACTERS_AT_ONCE = 8_000_000
"""Of the values that are in memory at a time, roughly."""


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


def blame(newest: Record, versions: Versions, versions_max: int | None = None) -> list[BlameRow]:
    """Each leaf of a record's value in document order, with the version that last wrote it at its path.

    A leaf that a version writes back as it was keeps its older writer. List items keep theirs where `diff.changes`
    would pair them. A delete, and another type at a place above, forget all that was there. At most `versions_max`
    versions are read; time and memory follow the versions read, and stop at the first that explains the oldest leaf.
    """
    if not newest.exists:
        return []
    paths: list[Path] = []
    leaves: list[JSON] = []
    pending: _Pending | None = _leaves(newest.value, (), paths, leaves)
    found: dict[int, Record] = {}
    last = newest
    for after, before in pairwise(_backwards(newest, versions, versions_max)):
        last = before
        pending = _carried(pending, before, after, found)
        if pending is None:
            break
    exact = pending is None or last.version == 1
    for place in _places(pending):
        found[place] = last
    return [
        BlameRow(path, leaf, found[place].version, found[place].commit_ts, exact or found[place] is not last)
        for place, (path, leaf) in enumerate(zip(paths, leaves, strict=True))
    ]


def _backwards(newest: Record, versions: Versions, versions_max: int | None) -> Iterator[Record]:
    """The newest record, then the versions before it, read in batches that grow."""
    yield newest
    left = newest.version - 1 if versions_max is None else min(newest.version, versions_max) - 1
    version, size = newest.version, 8
    while left > 0:
        batch = versions(max(1, version - min(size, left)), version - 1)
        yield from reversed(batch)
        version -= len(batch)
        left -= len(batch)
        each = 1 + max(weight_of(batch[0].value), weight_of(batch[-1].value))
        size = max(1, min(2 * size, VERSIONS_AT_ONCE, CHARACTERS_AT_ONCE // each))


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
