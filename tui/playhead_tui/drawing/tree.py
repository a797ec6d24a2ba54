"""Keys with slashes as an indented outline."""

from __future__ import annotations

import bisect
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, overload

from playhead_tui.drawing.span import width_of

CHRONOLOGICAL = ("tool_calls",)
"""Groups whose keys are named by whoever made them, and say nothing by their order: they stand as they came."""

Since: TypeAlias = Callable[[Iterable[str]], Sequence[int]]
"""When each of some keys was written for the first time."""


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


class Tree(Sequence[TreeRow]):
    """The rows of an outline, and what drawing them takes that does not change as long as the keys do not."""

    def __init__(self, keys: Sequence[str], folded: frozenset[str] = frozenset(), since: Since | None = None) -> None:
        self.keys = list(keys)
        self.folded = folded
        self.since = since
        self._rows = tree_rows(self.keys, folded, since)
        self._places: dict[int, int] | None = None
        self.label_width = max((_label_width(row) for row in self._rows), default=0)
        """Cells of the longest label, with its indentation and its mark."""

    def suits(self, keys: Sequence[str], folded: frozenset[str]) -> bool:
        """Whether these are its keys and folds."""
        return self.folded == folded and self.keys == keys

    def index_of(self, key: str) -> int | None:
        """Where among the keys one is."""
        at = bisect.bisect_left(self.keys, key)
        return at if at < len(self.keys) and self.keys[at] == key else None

    def row_of_key(self, key: str) -> int | None:
        """The row of a key; None where it is none of the keys, or in a folded group."""
        at = self.index_of(key)
        if at is None:
            return None
        if self._places is None:
            self._places = {row.first: index for index, row in enumerate(self._rows) if not row.group}
        return self._places.get(at)

    def group_of(self, key: str) -> str:
        """The innermost group that a key is in; empty where it is in none."""
        row = self.row_of_key(key)
        if row is None or not self._rows[row].depth:
            return ""
        return next(above.group for above in self._rows[row::-1] if above.group and above.depth < self._rows[row].depth)

    def row_of_group(self, group: str) -> int | None:
        return next((index for index, row in enumerate(self._rows) if row.group == group), None)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> TreeRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[TreeRow]: ...
    def __getitem__(self, index: int | slice) -> TreeRow | list[TreeRow]:
        return self._rows[index]

    def __iter__(self) -> Iterator[TreeRow]:
        return iter(self._rows)


def _label_width(row: TreeRow) -> int:
    return 2 * row.depth + 2 + width_of(row.label)


_TREES_KEPT = 64
_newest: OrderedDict[Hashable, Tree] = OrderedDict()
"""The tree made last for each owner: from one event to the next, the keys are mostly the same."""


def tree_of(
    keys: Sequence[str], folded: frozenset[str] = frozenset(), owner: Hashable = None, since: Since | None = None
) -> Tree:
    """The tree of sorted keys; the same one as the owner had before while keys and folds stay."""
    tree = _newest.get(owner)
    if tree is None or not tree.suits(keys, folded):
        tree = _newest[owner] = Tree(keys, folded, since)
    _newest.move_to_end(owner)
    while len(_newest) > _TREES_KEPT:
        _newest.popitem(last=False)
    return tree


def tree_rows(keys: Sequence[str], folded: frozenset[str] = frozenset(), since: Since | None = None) -> list[TreeRow]:
    """Rows for sorted keys. Keys that share a part before a slash make a group if there are two of them or more.

    Groups of what happens one after the other stand in the order of `since`, the newest last.
    """
    rows: list[TreeRow] = []
    _add_rows(rows, keys, 0, len(keys), 0, 0, folded)
    if since is not None:
        for place, row in enumerate(rows):
            if row.group.rstrip("/").rpartition("/")[2] in CHRONOLOGICAL and not row.folded:
                _put_in_order(rows, place, keys, since)
    return rows


def _put_in_order(rows: list[TreeRow], place: int, keys: Sequence[str], since: Since) -> None:
    """Sort the rows of the group at a place, unless there are groups among them."""
    first, last = rows[place].first, rows[place].last
    inside = slice(place + 1, place + 2 + last - first)
    if not any(row.group for row in rows[inside]):
        written = since(keys[first : last + 1])
        rows[inside] = sorted(rows[inside], key=lambda row: written[row.first - first])


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
