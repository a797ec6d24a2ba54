"""A segment in the making: drafts as columns, numbered and sorted all at once when it is written."""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead import codec, segments
from playhead.digests import DigestIndex, Rows, digests_of
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.model import Address
from playhead.numbering import conflict

_Named = TypeVar("_Named")
_Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]

_NO_TIME = -(2**63)
LAST = numpy.dtype([("version", "i8"), ("commit_ts", "i8"), ("value_hash", f"V{codec.HASH_BYTES}"), ("exists", "?")])
"""The last operation of an address; version 0 where it was never written."""


class Columns:
    """Events that follow one another, without a Python object for any of them."""

    def __init__(self, store_id: str, first_commit_ts: int) -> None:
        self._store_id = store_id
        self._first = first_commit_ts
        self._committed_at, self._occurred_at = array("q"), array("q")
        self._txn_ids: dict[int, str] = {}
        """Those that do not follow from store and commit_ts, by place."""
        self._kind_ids: _Numbers[str] = _Numbers()
        self._kinds, self._counts = array("q"), array("q")
        self._labels, self._metas = _Texts(), _Texts()
        self._address_ids: _Numbers[Address] = _Numbers()
        self._addresses = array("q")
        self._values = _Texts()
        self._written, self._hashes = bytearray(), bytearray()
        self._expected: list[tuple[int, int]] = []
        """Places of operations that have to find a certain version, and which."""

    @property
    def events(self) -> int:
        return len(self._counts)

    @property
    def operations(self) -> int:
        return len(self._addresses)

    @property
    def bytes(self) -> int:
        """Of all values."""
        return len(self._values)

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last commit_ts."""
        return self._first, self._first + self.events - 1

    def add(self, drafts: list[Draft], committed_at: list[int]) -> None:
        """Append some events, whose headers have been checked; many at once cost half as much as one by one."""
        for place, draft in enumerate(drafts, self.events):
            if draft.txn_id:
                self._txn_ids[place] = draft.txn_id
        self._committed_at.extend(committed_at)
        times = [draft.occurred_at for draft in drafts]
        self._occurred_at.extend([_NO_TIME if time is None else to_microseconds(time) for time in times])
        self._kinds.extend([self._kind_ids[draft.kind] for draft in drafts])
        self._labels.extend([draft.label.encode() for draft in drafts])
        self._metas.extend([draft.encoded_meta() for draft in drafts])
        self._counts.extend([len(draft.operations) for draft in drafts])
        operations = [operation for draft in drafts for operation in draft.operations]
        addresses, kinds, values, expected = zip(*operations, strict=True)
        if expected.count(None) != len(expected):
            places = enumerate(expected, self.operations)
            self._expected += [(place, version) for place, version in places if version is not None]
        self._addresses.extend(map(self._address_ids.__getitem__, addresses))
        self._values.extend(values)
        self._written += bytes(map("write".__eq__, kinds))
        self._hashes += b"".join(map(codec.value_hash, values))

    def event_tables(self) -> Iterator[pa.Table]:
        """The events as the rows of a segment, some at a time."""
        kinds = pa.array(list(self._kind_ids), pa.string())
        for start in range(0, self.events, segments.ROW_GROUP_ROWS):
            part = slice(start, min(start + segments.ROW_GROUP_ROWS, self.events))
            occurred_at = _integers(self._occurred_at)[part]
            columns = [
                self._commits_of(part),
                self._all_txn_ids(part),
                pa.array(_integers(self._committed_at)[part]),
                pa.array(occurred_at, mask=occurred_at == _NO_TIME),
                kinds.take(pa.array(_integers(self._kinds)[part])),
                self._labels.strings().slice(part.start, part.stop - part.start),
                self._metas.strings().slice(part.start, part.stop - part.start),
                pa.array(_integers(self._counts)[part]),
            ]
            yield _table(columns, segments.EVENTS)

    def _commits_of(self, part: slice) -> pa.Int64Array:
        return pa.array(numpy.arange(self._first + part.start, self._first + part.stop))

    def _all_txn_ids(self, part: slice) -> pa.StringArray:
        # As `derived_txn_id`, all at once.
        derived = pc.binary_join_element_wise(self._store_id, self._commits_of(part).cast(pa.string()), "-")
        if not self._txn_ids:
            return derived
        names = enumerate(derived.to_pylist(), part.start)
        return pa.array([self._txn_ids.get(place) or name for place, name in names], pa.string())

    def operation_tables(self, index: DigestIndex, *, remember: bool) -> Iterator[pa.Table]:
        """The operations, numbered behind what the index knows (S2), as the rows of a segment, some at a time.

        remember: the index takes note of them. Raises VersionConflictError (S13a).
        """
        addresses = sorted(self._address_ids)
        by_id = numpy.empty(len(addresses), numpy.int64)
        by_id[[self._address_ids[address] for address in addresses]] = numpy.arange(len(addresses))
        places = by_id[_integers(self._addresses)]
        order = numpy.argsort(places, kind="stable")
        places = places[order]
        begins = numpy.append([True], places[1:] != places[:-1])
        firsts = numpy.flatnonzero(begins)
        lasts = numpy.append(firsts[1:], [len(places)]) - 1
        digests = None if index.is_empty and not remember else digests_of(map(_one_text, addresses))
        known = numpy.zeros(len(addresses), LAST) if digests is None else index.find(digests)

        rows = numpy.empty(len(order), LAST)
        rows["version"] = known["version"][places] + numpy.arange(1, len(order) + 1) - firsts[places]
        rows["commit_ts"] = self._commits()[order]
        rows["value_hash"] = numpy.frombuffer(self._hashes, LAST["value_hash"])[order]
        rows["exists"] = numpy.frombuffer(self._written, numpy.bool_)[order]
        self._check(order, rows, firsts, places, addresses)
        before = numpy.empty(len(order), LAST)
        before[1:] = rows[:-1]
        before[firsts] = known
        if remember and digests is not None:
            index.add(digests, rows[lasts])
        return self._sorted(order, places, addresses, rows, before)

    def _commits(self) -> _Integers:
        """The commit_ts of each operation, in commit order."""
        return numpy.repeat(numpy.arange(self._first, self._first + self.events), _integers(self._counts))

    def _check(
        self, order: _Integers, rows: Rows, firsts: _Integers, places: _Integers, addresses: list[Address]
    ) -> None:
        """Raise VersionConflictError unless every operation finds the version it has to (S13a)."""
        if not self._expected:
            return
        at = numpy.empty(len(order), numpy.int64)
        at[order] = numpy.arange(len(order))
        for place, expected in self._expected:
            row = int(at[place])
            address = int(places[row])
            # What the same transaction wrote before does not count.
            while row > firsts[address] and rows["commit_ts"][row - 1] == rows["commit_ts"][row]:
                row -= 1
            found = int(rows["version"][row]) - 1
            if found != expected:
                raise conflict(addresses[address], expected, found)

    def _sorted(
        self, order: _Integers, places: _Integers, addresses: list[Address], rows: Rows, before: Rows
    ) -> Iterator[pa.Table]:
        ends = numpy.cumsum(_integers(self._counts))
        op_indexes = numpy.arange(len(order)) - numpy.repeat(ends - _integers(self._counts), _integers(self._counts))
        names = [pa.array(part, pa.string()) for part in zip(*addresses, strict=True)]
        kinds = pa.array(["delete", "write"])
        values, lengths = self._values.strings(), self._values.lengths()
        for part in _row_groups(lengths[order]):
            taken, now, then = order[part], rows[part], before[part]
            picked = pa.array(places[part])
            exists = now["exists"]
            columns = [
                pa.array(now["commit_ts"]),
                pa.array(op_indexes[taken]),
                *(name.take(picked) for name in names),
                pa.array(now["version"]),
                kinds.take(pa.array(exists.astype(numpy.int64))),
                _picked(values, taken, exists),
                _hashes(now),
                pa.array(lengths[taken]),
                pa.array(then["commit_ts"]),
                _hashes(then),
            ]
            yield _table(columns, segments.OPERATIONS)


class _Numbers(dict[_Named, int]):
    """What was asked for, numbered in that order."""

    def __missing__(self, key: _Named) -> int:
        number = self[key] = len(self)
        return number


class _Texts:
    """Texts behind each other."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._text)

    def extend(self, texts: Sequence[bytes]) -> None:
        end = len(self._text)
        self._text += b"".join(texts)
        self._ends.extend(itertools.islice(itertools.accumulate(map(len, texts), initial=end), 1, None))

    def lengths(self) -> _Integers:
        return numpy.diff(_integers(self._ends))

    def strings(self) -> pa.LargeStringArray:
        """All of them; nothing can be appended while that exists."""
        return pa.LargeStringArray.from_buffers(len(self._ends) - 1, pa.py_buffer(self._ends), pa.py_buffer(self._text))


def _picked(values: pa.LargeStringArray, places: _Integers, exists: Any) -> pa.LargeStringArray:
    """Some of the values, null where nothing exists; one by itself may be large, and is not copied."""
    if len(places) == 1 and exists[0]:
        return values.slice(int(places[0]), 1)
    return values.take(pa.array(places, mask=~exists))


def _row_groups(lengths: _Integers) -> Iterator[slice]:
    """The rows that are written together, none of them too many or too large, but for one large value by itself."""
    ends, start = numpy.cumsum(lengths), 0
    while start < len(lengths):
        most = ends[start] - lengths[start] + segments.ROW_GROUP_BYTES
        fitting = int(numpy.searchsorted(ends, most, side="right"))
        part = slice(start, min(max(fitting, start + 1), start + segments.ROW_GROUP_ROWS))
        yield part
        start = part.stop


def _one_text(address: Address) -> str:
    namespace, agent_id, key = address
    return f"{len(namespace)}:{namespace}{len(agent_id)}:{agent_id}{key}"


def _integers(values: array[int]) -> _Integers:
    return numpy.frombuffer(values, numpy.int64)


def _hashes(rows: Any) -> pa.Array:
    packed = numpy.ascontiguousarray(rows["value_hash"]).tobytes()
    kind = pa.binary(codec.HASH_BYTES)
    valid = numpy.packbits(rows["exists"], bitorder="little").tobytes()
    return pa.Array.from_buffers(kind, len(rows), [pa.py_buffer(valid), pa.py_buffer(packed)])


def _table(columns: list[pa.Array], schema: pa.Schema) -> pa.Table:
    return pa.Table.from_arrays(
        [column.cast(field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
