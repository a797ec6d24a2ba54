"""Every agent's history as arrays: which addresses a whole store has at any moment, without values."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import compress
from typing import Any, TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead.footers import Booleans
from playhead.generation import View
from playhead.history import History
from playhead.model import Address

Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]
_Numbers32: TypeAlias = numpy.typing.NDArray[numpy.int32]
_Part: TypeAlias = tuple[_Numbers32, _Numbers32, numpy.typing.NDArray[Any], Booleans]
"""Of the runs of one stretch: numbers of their addresses, lengths; and of their operations: commits, writes."""
_LOW = 2**32 - 1


@dataclass(frozen=True, slots=True)
class StoreOutline:
    """Which addresses exist at a moment, and when each last changed; all run in parallel, sorted by address."""

    addresses: list[Address]
    versions: Integers
    commit_ts: Integers


class StoreTimeline:
    """Every operation of a store as one number, 9 bytes in all; a moment is one binary search for each address."""

    def __init__(self, history: History, view: View) -> None:
        self.head = view.head
        addresses = _Addresses()
        parts: list[_Part] = []
        for part in history.runs(view):
            numbers = addresses.numbers(part.names).astype(numpy.int32)
            parts.append((numbers, part.lengths.astype(numpy.int32), part.commits, part.written))
        self.addresses, row_of = addresses.sorted()
        """Every address that was ever written, sorted."""
        counts = numpy.zeros(len(self.addresses) + 1, numpy.int64)
        for numbers, lengths, _, _ in parts:
            counts[row_of[numbers] + 1] += lengths
        self._starts: Integers = numpy.cumsum(counts)
        # Address and commit_ts in one ascending number, so that one search finds an address's last row by any moment.
        self._stride = self.head + 1
        self._ranks: Integers = numpy.empty(int(self._starts[-1]), numpy.int64)
        self._exists = numpy.empty(len(self._ranks), numpy.bool_)
        self._fill(parts, row_of)

    def _fill(self, parts: list[_Part], row_of: Integers) -> None:
        """Put every operation where it belongs: parts come in commit order, and each address's in version order."""
        free = self._starts[:-1].copy()
        for numbers, lengths, commits, written in parts:
            addresses = row_of[numbers]
            begin = numpy.cumsum(lengths) - lengths
            places = numpy.arange(len(commits)) + numpy.repeat(free[addresses] - begin, lengths)
            self._ranks[places] = numpy.repeat(addresses * self._stride, lengths) + commits
            self._exists[places] = written
            free[addresses] += lengths

    def outline(self, at: int) -> StoreOutline:
        """The live addresses at a moment (S16), sorted (S17)."""
        firsts = numpy.arange(len(self.addresses)) * self._stride
        rows = numpy.searchsorted(self._ranks, firsts + min(at, self.head), side="right") - 1
        live = rows >= self._starts[:-1]
        live[live] = self._exists[rows[live]]
        rows = rows[live]
        # Versions count from 1 without a gap (S2), so a row says which one it is.
        versions = rows - self._starts[:-1][live] + 1
        return StoreOutline(list(compress(self.addresses, live.tolist())), versions, self._ranks[rows] - firsts[live])

    def version_at(self, address: Address, at: int) -> int:
        """The address's version at a moment; 0 where it was not written yet."""
        row = bisect_left(self.addresses, address)
        if row == len(self.addresses) or self.addresses[row] != address:
            return 0
        first, end = int(self._starts[row]), int(self._starts[row + 1])
        wanted = row * self._stride + min(at, self.head)
        return int(numpy.searchsorted(self._ranks[first:end], wanted, side="right"))


class _Numbers:
    """A number for each distinct value, in order of appearance."""

    def __init__(self, kind: Any) -> None:
        self.values = pa.array([], kind)

    def of(self, values: Any) -> Integers:
        found = pc.index_in(values, value_set=self.values)
        if found.null_count:
            new = values.filter(pc.is_null(found)).unique()
            self.values = pa.concat_arrays([self.values, new])
            found = pc.index_in(values, value_set=self.values)
        numbers: Integers = found.to_numpy().astype(numpy.int64)
        return numbers


class _Addresses:
    """A number for each address, without an object for one until all are known."""

    def __init__(self) -> None:
        self._texts = [_Numbers(pa.large_string()) for _ in Address._fields]
        self._agents, self._addresses = _Numbers(pa.int64()), _Numbers(pa.int64())

    def numbers(self, names: Any) -> Integers:
        namespaces, agents, keys = (
            known.of(column.cast(pa.large_string()).combine_chunks())
            for known, column in zip(self._texts, names.columns, strict=True)
        )
        return self._addresses.of(pa.array(self._agents.of(pa.array(namespaces << 32 | agents)) << 32 | keys))

    def sorted(self) -> tuple[list[Address], Integers]:
        """Every address, sorted, and for each number where it is now."""
        codes = self._addresses.values.to_numpy()
        agents = self._agents.values.to_numpy()[codes >> 32]
        texts = [
            known.values.take(pa.array(numbers)).to_pylist()
            for known, numbers in zip(self._texts, (agents >> 32, agents & _LOW, codes & _LOW), strict=True)
        ]
        addresses = list(map(Address._make, zip(*texts, strict=True)))
        order = sorted(range(len(addresses)), key=addresses.__getitem__)
        row_of = numpy.empty(len(order), numpy.int64)
        row_of[order] = numpy.arange(len(order))
        return [addresses[position] for position in order], row_of
