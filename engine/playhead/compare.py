"""Two runs side by side: their events aligned by what they did, and each moment at which their states part."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy

from playhead import question
from playhead.latest import Integers
from playhead.model import Address, AgentAddress
from playhead.query import Query
from playhead.text_diff import Run, align

if TYPE_CHECKING:
    from playhead.verbs import Verbs

EDITS_MAX = 256
"""Events that one run has and the other has not, up to which the shortest way from one to the other is searched."""
_NORMAL_LABEL = r"regexp_replace(label, '[0-9a-fA-F]{8,}|[0-9]+([.,][0-9]+)*', '#', 'g')"
"""Numbers and ids are other ones in every run."""


class Pair(NamedTuple):
    """Events of two runs that stand beside each other."""

    a: int | None
    """The commit_ts in the first run; None where only the second has such an event."""
    b: int | None
    same: bool
    """Whether they did the same: kind and label are equal but for numbers and ids."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An address that had the same value in both runs until a divergence."""

    a: Address
    """Its address in the first run, with the version it has there; 0 where it was never written."""
    version_a: int
    commit_a: int
    b: Address
    version_b: int
    commit_b: int


@dataclass(frozen=True, slots=True)
class Divergence:
    """A pair of events behind which values differ that were the same before."""

    pair: Pair
    """The last of the stretch of events that made the difference, where those of both runs do not match."""
    differences: tuple[Difference, ...]
    """Sorted by address."""


class EventCounts(NamedTuple):
    """How many pairs of events there are of each kind."""

    alike: int
    instead: int
    """Each run has an event there, and not the same."""
    only_a: int
    only_b: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs have in common, and where their states part."""

    pairs: tuple[Pair, ...]
    divergences: tuple[Divergence, ...]
    """In the order of the runs; an address is named again when it was the same in between."""
    differing: tuple[Address, ...]
    """What differs at the end of both, as addresses of the first run, sorted."""

    @property
    def same(self) -> bool:
        """Whether both did the same, and their states were the same all along."""
        return not self.divergences and self.events.alike == len(self.pairs)

    @property
    def events(self) -> EventCounts:
        """The events of both runs, counted by what stands beside each."""
        alike = sum(pair.same for pair in self.pairs)
        only_a = sum(pair.b is None for pair in self.pairs)
        only_b = sum(pair.a is None for pair in self.pairs)
        return EventCounts(alike, len(self.pairs) - alike - only_a - only_b, only_a, only_b)


_Last: TypeAlias = tuple[int, int, str | None]
"""The version, commit_ts and hash that an address has; no hash where it was deleted."""
_NEVER: _Last = (0, 0, None)


class _Side:
    """One run: its events as arrays, and its operations as they are asked for."""

    def __init__(self, query: Query, agent: AgentAddress | None) -> None:
        self._query = query
        self._agent = agent
        self.last: dict[Address, _Last] = {}
        """By address without the agent, where one agent's run is compared."""
        touching = ""
        if agent is not None:
            operations, condition = query.operations(), query.agent(*agent)
            touching = f" SEMI JOIN (SELECT commit_ts FROM {operations} WHERE {condition}) USING (commit_ts)"
        rows = query.arrays(
            f"SELECT commit_ts, hash(kind, {_NORMAL_LABEL})::VARCHAR::HUGEINT - 9223372036854775808 AS signature"
            f" FROM {query.events()}{touching} ORDER BY commit_ts"
        )
        self.commits: Integers = rows["commit_ts"]
        self.signatures: Integers = rows["signature"].astype(numpy.int64)
        condition = query.agent(*(agent or (None, None)))
        self._rows = query.stream(
            "SELECT commit_ts, namespace, agent_id, key, version, CASE WHEN op = 'write' THEN hex(value_hash) END"
            f" FROM {query.operations()} WHERE {condition} ORDER BY commit_ts, op_index"
        )
        self._next = next(self._rows, None)

    def go_to(self, commit_ts: int) -> Iterator[Address]:
        """Take in the operations up to a commit; yields the addresses they touch."""
        while self._next is not None and self._next[0] <= commit_ts:
            at, namespace, agent_id, key, version, value_hash = self._next
            address = Address("", "", key) if self._agent else Address(namespace, agent_id, key)
            self.last[address] = (version, at, value_hash)
            yield address
            self._next = next(self._rows, None)

    def whole(self, address: Address) -> Address:
        return Address(*self._agent, address.key) if self._agent else address


def compare(a: Verbs, b: Verbs, *, every_agent: bool = False) -> Comparison:
    """How two runs differ, from their beginnings to their heads: of the cursors' agents, or of all agents.

    Events are aligned by kind and label, numbers and ids left aside. States are compared behind every pair of events,
    and behind every stretch of events that do not match. Time and memory grow with the runs, not with their product.
    Raises CorruptStoreError.
    """
    with ExitStack() as stack:
        sides = [
            _Side(
                stack.enter_context(cursor.store.history.query(cursor.track.view)),
                None if every_agent else cursor.agent,
            )
            for cursor in (a, b)
        ]
        return _compared(*sides)


def _compared(a: _Side, b: _Side) -> Comparison:
    pairs: list[Pair] = []
    divergences: list[Divergence] = []
    differing: set[Address] = set()
    for run in aligned(a.signatures, b.signatures):
        commits = [side.commits[part.start : part.stop].tolist() for side, part in ((a, run.before), (b, run.after))]
        stretch = [Pair(one, other, run.equal) for one, other in zip_longest(*commits)]
        pairs += stretch
        for pair in stretch if run.equal else [_last_of(stretch)]:
            touched = {*(a.go_to(pair.a) if pair.a else ()), *(b.go_to(pair.b) if pair.b else ())}
            parted = {each for each in touched if a.last.get(each, _NEVER)[2] != b.last.get(each, _NEVER)[2]}
            if new := parted - differing:
                divergences.append(Divergence(pair, tuple(_difference(a, b, each) for each in sorted(new))))
            differing -= touched
            differing |= parted
    return Comparison(tuple(pairs), tuple(divergences), tuple(a.whole(each) for each in sorted(differing)))


def _last_of(stretch: list[Pair]) -> Pair:
    """The last event of either run in a stretch without a match."""
    lasts = [max((pair[side] or 0 for pair in stretch), default=0) or None for side in (0, 1)]
    return Pair(lasts[0], lasts[1], same=False)


def _difference(a: _Side, b: _Side, address: Address) -> Difference:
    (version_a, commit_a, _), (version_b, commit_b, _) = a.last.get(address, _NEVER), b.last.get(address, _NEVER)
    return Difference(a.whole(address), version_a, commit_a, b.whole(address), version_b, commit_b)


def aligned(before: Integers, after: Integers) -> list[Run]:
    """Both sequences from end to end as runs that are equal and runs that are not, in order and in turn.

    The fewest edits where those are few; else what `align` finds.
    """
    prefix = _common(before, after)
    suffix = min(_common(before[::-1], after[::-1]), min(len(before), len(after)) - prefix)
    old, new = before[prefix : len(before) - suffix], after[prefix : len(after) - suffix]
    matches = _shortest(old, new)
    if matches is None:
        matches = [
            (run.before.start, run.after.start, len(run.before))
            for run in align(old.tolist(), new.tolist())
            if run.equal
        ]
    places = [(x + prefix, y + prefix, size) for x, y, size in matches]
    ends = (len(before) - suffix, len(after) - suffix, suffix)
    runs: list[Run] = []
    x = y = 0
    for start, other, size in [(0, 0, prefix), *places, ends]:
        if start > x or other > y:
            runs.append(Run(False, range(x, start), range(y, other)))
        if size:
            runs.append(Run(True, range(start, start + size), range(other, other + size)))
        x, y = start + size, other + size
    return runs


def _common(before: Integers, after: Integers) -> int:
    """How many items two sequences share at the beginning; looked at in stretches that grow."""
    size, at, shorter = 16, 0, min(len(before), len(after))
    while at < shorter:
        end = min(at + size, shorter)
        unequal = numpy.flatnonzero(before[at:end] != after[at:end])
        if len(unequal):
            return at + int(unequal[0])
        at, size = end, 4 * size
    return shorter


def _shortest(before: Integers, after: Integers) -> list[tuple[int, int, int]] | None:
    """What two sequences have in common on the shortest way from one to the other; None past `EDITS_MAX` edits.

    Myers' greedy search: for each number of edits, how far each diagonal gets.
    """
    reached = {1: 0}
    steps: list[dict[int, int]] = []
    for edits in range(EDITS_MAX + 1):
        question.check()
        steps.append(dict(reached))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (
                diagonal != edits and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            y = x - diagonal
            if x > len(before) or y > len(after):
                reached[diagonal] = min(x, len(before))
                continue
            x += _common(before[x:], after[y:])
            reached[diagonal] = x
            if x >= len(before) and x - diagonal >= len(after):
                return _path(steps, len(before), len(after))
    return None


def _path(steps: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    """The equal stretches on the way that the search took, from its end back to its beginning."""
    matches: list[tuple[int, int, int]] = []
    for edits in range(len(steps) - 1, -1, -1):
        reached, diagonal = steps[edits], x - y
        down = diagonal == -edits or (
            diagonal != edits and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        origin = diagonal + 1 if down else diagonal - 1
        start = reached[origin] if edits else 0
        begin = (start if down else start + 1) if edits else 0
        if x > begin:
            matches.append((begin, begin - diagonal, x - begin))
        x, y = start, start - origin
    return matches[::-1]
