"""The structural difference of two JSON values, as data: for the screen, for scripts, for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from json import JSONEncoder
from math import copysign
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from playhead.json_path import Path, format_path
from playhead.model import JSON
from playhead.text_diff import Span, align, longest_increasing, word_spans

__all__ = [
    "ALIGNED_ITEMS_MAX",
    "CHANGES_MAX",
    "IDENTITY_KEYS",
    "ChangeKind",
    "Difference",
    "Path",
    "Summary",
    "Truncation",
    "ValueChange",
    "changes",
    "equal",
    "format_path",
    "list_pairs",
]

CHANGES_MAX = 50_000
ALIGNED_ITEMS_MAX = 50_000
"""Items of one list, between its equal ends, that are aligned by content; longer lists are compared place by place."""
IDENTITY_KEYS = ("id", "tool_call_id", "call_id", "key", "name")

ChangeKind: TypeAlias = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One thing that differs between two values."""

    op: ChangeKind
    path: Path
    """Where it is in the value after; for `removed`, where it was in the value before."""
    from_path: Path | None
    """Where it was in the value before; None for `added`."""
    before: JSON
    """What was there; None (as for a null) for `added`. For `moved`, the whole item."""
    after: JSON
    """What is there; None (as for a null) for `removed`. For `moved`, the whole item, whose own changes follow."""

    @property
    def spans(self) -> tuple[Span, ...] | None:
        """For a changed string, its word-level difference; None for all else and where too little is common.

        Worked out on each call: ask for what is shown.
        """
        if self.op == "changed" and isinstance(self.before, str) and isinstance(self.after, str):
            return word_spans(self.before, self.after)
        return None


@dataclass(frozen=True, slots=True)
class Truncation:
    """Differences left out because the limit was reached."""

    path: Path
    """The object or list, in the value after, that holds them."""
    count: int
    """How many of its keys or items differ and are not reported (each may hold many changes)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """How many changes of each kind were reported."""

    added: int
    removed: int
    changed: int
    moved: int

    def __str__(self) -> str:
        counts = {"changed": self.changed, "added": self.added, "removed": self.removed, "moved": self.moved}
        return " · ".join(f"{count:,} {kind}" for kind, count in counts.items() if count) or "no changes"


@dataclass(frozen=True, slots=True)
class Difference:
    """How to get from one value to another."""

    changes: tuple[ValueChange, ...]
    """Top down. Of an object in the order before, then what was added; of a list, what was removed comes first."""
    truncated: tuple[Truncation, ...]
    """Empty unless the limit was reached."""

    @property
    def is_empty(self) -> bool:
        """Whether the two values are equal (S25)."""
        return not self.changes and not self.truncated

    @property
    def summary(self) -> Summary:
        counts = Counter(change.op for change in self.changes)
        return Summary(counts["added"], counts["removed"], counts["changed"], counts["moved"])


def changes(
    before: JSON, after: JSON, *, identity_keys: Sequence[str] = IDENTITY_KEYS, limit: int = CHANGES_MAX
) -> Difference:
    """The difference of two JSON values, told apart as S25 tells them apart.

    List items are matched by the first of `identity_keys` that all of them carry with unique strings or numbers, and
    then moves are told too; else by content, and stretches replaced by as many items are compared pair by pair.
    At most `limit` changes are reported; what else differs is counted in `truncated`.
    """
    comparison = _Comparison(tuple(identity_keys), limit)
    if not equal(before, after):
        comparison.compare(before, after, (), ())
    return Difference(
        tuple(comparison.changes), tuple(Truncation(path, count) for path, count in comparison.cut.items())
    )


def equal(before: JSON, after: JSON) -> bool:
    """Whether two JSON values are the same: 1, 1.0 and true differ, 0.0 and -0.0 too; key order is nothing (S25)."""
    # Python finds a difference fast, but is blind to types.
    return before == after and _same_types(before, after)


def list_pairs(
    before: list[JSON], after: list[JSON], *, identity_keys: Sequence[str] = IDENTITY_KEYS
) -> list[tuple[int, int]]:
    """The items that `changes` takes for the same one, equal or not, as positions before and after; moved ones last."""
    pairing = _Pairing(tuple(identity_keys))
    pairing.pair(before, after)
    kept = [position for position in range(len(before)) if position not in pairing.gone]
    stayed = [position for position in range(len(after)) if position not in pairing.come]
    return [*zip(kept, stayed, strict=True), *pairing.moved]


def _same_types(before: Any, after: Any) -> bool:
    """Whether two values that compare equal in Python are equal as JSON."""
    kind = type(before)
    if kind is not type(after):
        return False
    if kind is dict:
        for key, value in before.items():
            other = after[key]
            if type(value) is str:
                if type(other) is not str:
                    return False
            elif not _same_types(value, other):
                return False
        return True
    if kind is list:
        return all(map(_same_types, before, after))
    return kind is not float or before != 0.0 or copysign(1, before) == copysign(1, after)


_fingerprint = JSONEncoder(sort_keys=True, check_circular=False).encode
"""The text that two JSON values share exactly when they are equal (S25)."""

_Identity: TypeAlias = "tuple[type, str | int | float]"


class _Lists(NamedTuple):
    """Two lists, and where they are in the value before and in the value after."""

    before: list[JSON]
    after: list[JSON]
    source: Path
    path: Path


class _Comparison:
    """One walk over two values. Every part is known by its path in the value before and its path in the value after."""

    def __init__(self, identity_keys: tuple[str, ...], limit: int) -> None:
        self.identity_keys = identity_keys
        self.left = limit
        self.changes: list[ValueChange] = []
        self.cut: dict[Path, int] = {}

    def compare(self, before: JSON, after: JSON, source: Path, path: Path) -> None:
        """Report how two values that are not equal differ."""
        if self.left > 0 and type(before) is type(after):
            if isinstance(before, dict):
                self._compare_objects(before, cast("dict[str, JSON]", after), source, path)
                return
            if isinstance(before, list):
                self._compare_lists(_Lists(before, cast("list[JSON]", after), source, path))
                return
        self._report(ValueChange("changed", path, source, before, after), path[:-1])

    def _report(self, change: ValueChange, holder: Path) -> None:
        if self.left > 0:
            self.left -= 1
            self.changes.append(change)
        else:
            self.cut[holder] = self.cut.get(holder, 0) + 1

    def _add(self, holder: Path, name: str | int, value: JSON) -> None:
        self._report(ValueChange("added", (*holder, name), None, None, value), holder)

    def _remove(self, source: Path, holder: Path, name: str | int, value: JSON) -> None:
        place = (*source, name)
        self._report(ValueChange("removed", place, place, value, None), holder)

    def _compare_objects(self, before: dict[str, JSON], after: dict[str, JSON], source: Path, path: Path) -> None:
        kept = 0
        for key, old in before.items():
            if key not in after:
                self._remove(source, path, key, old)
                continue
            kept += 1
            new = after[key]
            if old != new or not (type(old) is str or _same_types(old, new)):
                self.compare(old, new, (*source, key), (*path, key))
        if kept == len(after):
            return
        for key, new in after.items():
            if key not in before:
                self._add(path, key, new)

    def _compare_lists(self, lists: _Lists) -> None:
        before, after = lists.before, lists.after
        shorter = min(len(before), len(after))
        start = 0
        while start < shorter and equal(before[start], after[start]):
            start += 1
        end = 0
        while end < shorter - start and equal(before[-1 - end], after[-1 - end]):
            end += 1
        old, new = range(start, len(before) - end), range(start, len(after) - end)
        if old and new:
            for key in self.identity_keys:
                # Unique in the whole lists: a name that stands in the equal ends too identifies nothing.
                old_identities, new_identities = _identities(before, key), _identities(after, key)
                if old_identities and new_identities:
                    self._compare_identified(lists, old, new, old_identities, new_identities)
                    return
        self._compare_unidentified(lists, old, new)

    def _compare_identified(
        self, lists: _Lists, old: range, new: range, old_identities: list[_Identity], new_identities: list[_Identity]
    ) -> None:
        old_positions = {old_identities[position]: position for position in old}
        new_positions = {new_identities[position]: position for position in new}
        for identity, position in old_positions.items():
            if identity not in new_positions:
                self._remove(lists.source, lists.path, position, lists.before[position])
        kept = [old_positions[identity] for identity in new_positions if identity in old_positions]
        staying = {kept[place] for place in longest_increasing(kept)}
        for identity, to in new_positions.items():
            if identity not in old_positions:
                self._add(lists.path, to, lists.after[to])
                continue
            position = old_positions[identity]
            if position not in staying:
                self._move(lists, position, to)
            self._compare_items(lists, position, to)

    def _compare_unidentified(self, lists: _Lists, old: range, new: range) -> None:
        longer = max(len(old), len(new))
        if not old or not new or longer == 1:
            self._replace(lists, old, new)
        elif longer > ALIGNED_ITEMS_MAX:
            shared = min(len(old), len(new))
            self._replace(lists, old[:shared], new[:shared])
            self._replace(lists, old[shared:], new[shared:])
        else:
            old_texts = [_fingerprint(lists.before[position]) for position in old]
            new_texts = [_fingerprint(lists.after[position]) for position in new]
            for run in align(old_texts, new_texts):
                if not run.equal:
                    self._replace(lists, old[run.before.start : run.before.stop], new[run.after.start : run.after.stop])

    def _replace(self, lists: _Lists, old: range, new: range) -> None:
        """Stretches of which nothing is known to belong together: as many on each side pair up."""
        if len(old) == len(new):
            for position, to in zip(old, new, strict=True):
                self._compare_items(lists, position, to)
            return
        for position in old:
            self._remove(lists.source, lists.path, position, lists.before[position])
        for to in new:
            self._add(lists.path, to, lists.after[to])

    def _compare_items(self, lists: _Lists, position: int, to: int) -> None:
        before, after = lists.before[position], lists.after[to]
        if not equal(before, after):
            self.compare(before, after, (*lists.source, position), (*lists.path, to))

    def _move(self, lists: _Lists, position: int, to: int) -> None:
        source, path = (*lists.source, position), (*lists.path, to)
        self._report(ValueChange("moved", path, source, lists.before[position], lists.after[to]), lists.path)


class _Pairing(_Comparison):
    """A walk over two lists that does not look into their items: it tells where each of them went."""

    def __init__(self, identity_keys: tuple[str, ...]) -> None:
        super().__init__(identity_keys, 0)
        self.gone: set[int] = set()
        self.come: set[int] = set()
        self.moved: list[tuple[int, int]] = []

    def pair(self, before: list[JSON], after: list[JSON]) -> None:
        self._compare_lists(_Lists(before, after, (), ()))

    def _add(self, holder: Path, name: str | int, value: JSON) -> None:
        self.come.add(cast(int, name))

    def _remove(self, source: Path, holder: Path, name: str | int, value: JSON) -> None:
        self.gone.add(cast(int, name))

    def _move(self, lists: _Lists, position: int, to: int) -> None:
        self.gone.add(position)
        self.come.add(to)
        self.moved.append((position, to))

    def _compare_items(self, lists: _Lists, position: int, to: int) -> None:
        """What became of an item is another question."""


def _identities(items: list[JSON], key: str) -> list[_Identity] | None:
    """What identifies each item, where all are objects that carry `key` with a string or number of their own."""
    identities: list[_Identity] = []
    for item in items:
        identity = item.get(key) if isinstance(item, dict) else None
        if type(identity) not in (str, int, float):
            return None
        identities.append((type(identity), cast("str | int | float", identity)))
    return identities if len(set(identities)) == len(identities) else None
