"""The changes between two values as a tree in the order it is read: each path once, and what is the same as a count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeAlias

from playhead import JSON
from playhead.diff import Path, ValueChange
from playhead_tui.drawing.row import Fold, Folding

EntryKind: TypeAlias = Literal["label", "same", "folded", "added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to say about two values."""

    kind: EntryKind
    path: Path
    """In the value after; for `removed`, in the value before."""
    label: Path
    """What of the path no entry above says."""
    depth: int
    before: JSON = None
    after: JSON = None
    change: ValueChange | None = None
    holder: Path = ()
    """The object or list whose unchanged members can be folded here."""
    count: int = 0
    """For `folded`, how many members are the same."""
    same: tuple[str, ...] = ()
    """For `folded`, the names of the first of them, where they have names."""

    @property
    def fold(self) -> Fold:
        return Fold("same", self.holder)


_NAMED_MAX = 6

_Key: TypeAlias = "tuple[str | int, bool]"
"""A part of a path, and whether it counts in the value before (removed) or in the value after."""


@dataclass(slots=True)
class _Node:
    change: ValueChange | None = None
    children: dict[_Key, _Node] = field(default_factory=dict)


def entries(changes: tuple[ValueChange, ...], after: JSON, folding: Folding) -> Iterator[Entry]:
    """What to say, top down; `after` is the whole value, to know what is the same."""
    yield from _Tree(after, folding).entries(_tree_of(changes), (), (), 0)


def _tree_of(changes: tuple[ValueChange, ...]) -> _Node:
    root = _Node()
    for change in changes:
        node = root
        last = len(change.path) - 1
        for position, part in enumerate(change.path):
            key = (part, change.op == "removed" and position == last)
            node = node.children.setdefault(key, _Node())
        node.change = change
    return root


class _Tree:
    def __init__(self, after: JSON, folding: Folding) -> None:
        self.after, self.folding = after, folding

    def entries(self, node: _Node, path: Path, label: Path, depth: int) -> Iterator[Entry]:
        change = node.change
        if change is not None:
            yield Entry(change.op, path, label, depth, change.before, change.after, change, path[:-1])
            depth += 1
        elif label:
            yield Entry("label", path, label, depth, holder=path)
            depth += 1
        if not node.children:
            return
        if self.folding.opens(Fold("same", path)):
            yield from self._all(node, path, depth)
            return
        for (part, _), child in node.children.items():
            yield from self._chain(child, (*path, part), (part,), depth)
        holder = value_at(self.after, path)
        same = len(holder) if isinstance(holder, dict | list) else 0
        same -= sum(1 for _, removed in node.children if not removed)
        if same > 0:
            names = holder if isinstance(holder, dict) else ()
            unchanged = (name for name in names if (name, False) not in node.children)
            named = tuple(islice(unchanged, _NAMED_MAX))
            yield Entry("folded", path, (), depth, after=holder, holder=path, count=same, same=named)

    def _chain(self, node: _Node, path: Path, label: Path, depth: int) -> Iterator[Entry]:
        """Levels with one change below them share a label; what is the same beside them stays unsaid."""
        while node.change is None and len(node.children) == 1 and not self.folding.opens(Fold("same", path)):
            (part, _), node = next(iter(node.children.items()))
            path, label = (*path, part), (*label, part)
        yield from self.entries(node, path, label, depth)

    def _all(self, node: _Node, path: Path, depth: int) -> Iterator[Entry]:
        """Every member in the order of the value after, the removed ones where they were in a list, else last."""
        holder = value_at(self.after, path)
        removed = [(part, child) for (part, gone), child in node.children.items() if gone]
        members: list[tuple[str | int, JSON]] = []
        if isinstance(holder, dict):
            members.extend(holder.items())
        elif isinstance(holder, list):
            members.extend(enumerate(holder))
        for part, value in members:
            while removed and isinstance(part, int) and isinstance(removed[0][0], int) and removed[0][0] <= part:
                place, child = removed.pop(0)
                yield from self._chain(child, (*path, place), (place,), depth)
            known = node.children.get((part, False))
            if known is not None:
                yield from self._chain(known, (*path, part), (part,), depth)
            else:
                yield Entry("same", (*path, part), (part,), depth, value, value, holder=path)
        for place, child in removed:
            yield from self._chain(child, (*path, place), (place,), depth)


def value_at(value: JSON, path: Path) -> JSON:
    """The part of a value at a path; None where it has none."""
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
