"""Keys with slashes as an indented outline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class TreeRow(NamedTuple):
    """A row of the outline: a group of keys that share a beginning, or one key."""

    depth: int
    label: str
    """What of the key its groups do not say already."""
    first: int
    last: int
    """The keys it stands for, as indexes into the sorted keys, both inclusive."""
    group: str
    """For a group, the beginning that its keys share, with the slash; empty for a key."""
    folded: bool = False


def tree_rows(keys: Sequence[str], folded: frozenset[str] = frozenset()) -> list[TreeRow]:
    """Rows for sorted keys. Keys that share a part before a slash make a group if there are two of them or more."""
    rows: list[TreeRow] = []
    _add_rows(rows, keys, 0, len(keys), 0, 0, folded)
    return rows


def _add_rows(
    rows: list[TreeRow], keys: Sequence[str], start: int, stop: int, skip: int, depth: int, folded: frozenset[str]
) -> None:
    """Add rows for keys[start:stop], which all share their first `skip` characters."""
    index = start
    while index < stop:
        slash = keys[index].find("/", skip) if depth < 8 else -1
        prefix = keys[index][: slash + 1] if slash > skip else ""
        end = _end_of_run(keys, index, stop, prefix) if prefix else index + 1
        if end - index < 2:
            rows.append(TreeRow(depth, keys[index][skip:], index, index, ""))
            index += 1
            continue
        is_folded = prefix in folded
        rows.append(TreeRow(depth, prefix[skip:-1], index, end - 1, prefix, is_folded))
        if not is_folded:
            _add_rows(rows, keys, index, end, len(prefix), depth + 1, folded)
        index = end


def _end_of_run(keys: Sequence[str], start: int, stop: int, prefix: str) -> int:
    """One past the last of the neighbours that begin with the prefix; sorted keys keep them together."""
    step, known = 1, start
    while known + step < stop and keys[known + step].startswith(prefix):
        known, step = known + step, step * 2
    low, high = known, min(stop, known + step)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keys[middle].startswith(prefix) else (low, middle)
    return high
