"""The last operation of each of many addresses as columns: found by hash, without a Python object per address."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from typing import TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead.codec import HASH_BYTES
from playhead.model import Address

Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]

SCHEMA = pa.schema(
    [
        pa.field("namespace", pa.string(), nullable=False),
        pa.field("agent_id", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("commit_ts", pa.int64(), nullable=False),
        pa.field("op", pa.string(), nullable=False),
        pa.field("value_hash", pa.binary(HASH_BYTES)),
        pa.field("value_bytes", pa.int64(), nullable=False),
        pa.field("address_hash", pa.uint64(), nullable=False),
    ]
)
_KEPT = [name for name in SCHEMA.names if name not in ("op", "address_hash")]
"""What stays in memory: `op` follows from value_hash, which only a tombstone lacks."""
COLUMNS = [*_KEPT, "address_hash"]
"""What has to be read of a checkpoint."""


def address_hash(address: Address) -> int:
    """The first 8 bytes of BLAKE2b of the address, each part but the last behind its length, as a number."""
    namespace, agent_id, key = address
    text = f"{len(namespace)}:{namespace}{len(agent_id)}:{agent_id}{key}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def compact(table: pa.Table) -> pa.Table:
    """The table with each column in one piece, in the types that LatestRows keeps."""
    # Large strings: a store's keys may come to more than the 2 GiB that the others can hold in one piece.
    types = [pa.large_string() if pa.types.is_string(field.type) else field.type for field in table.schema]
    return table.cast(pa.schema(list(zip(table.column_names, types, strict=True)))).combine_chunks()


class _Texts:
    """A column of strings, to compare one at a time."""

    def __init__(self, array: pa.LargeStringArray) -> None:
        self._starts = memoryview(_bytes(array, 1)).cast("q")[array.offset :]
        self._text = _bytes(array, 2)

    def is_at(self, row: int, text: str) -> bool:
        return self._text[self._starts[row] : self._starts[row + 1]] == text.encode()


def _bytes(array: pa.Array, buffer: int) -> memoryview:
    found = array.buffers()[buffer]
    return memoryview(b"") if found is None else memoryview(found).cast("B")


class LatestRows:
    """At least one row and at most one for each address, in any order. Never changed: `merge` makes new ones."""

    def __init__(self, table: pa.Table, hashes: numpy.typing.NDArray[numpy.uint64]) -> None:
        """`table` has the columns of SCHEMA that are not derived; `hashes` is parallel to it."""
        self._table = compact(table.select(_KEPT))
        self._order: Integers = numpy.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]
        # One row is looked up through memoryviews, which cost a tenth of what Arrow and numpy do for one at a time.
        self._searched = memoryview(self._hashes.data)
        self._names = [_Texts(self._table[name].chunk(0)) for name in Address._fields]
        self._versions, self._commits = (
            memoryview(self._table[name].to_numpy().data) for name in ("version", "commit_ts")
        )
        value_hashes = self._table["value_hash"]
        self._exists = memoryview(value_hashes.is_valid().to_numpy().data)
        self._value_hashes = _bytes(value_hashes.chunk(0), 1)[value_hashes.chunk(0).offset * HASH_BYTES :]

    @staticmethod
    def of(table: pa.Table) -> LatestRows:
        """The rows of a table as `segments.read_latest` returns it, their hashes computed."""
        hashes = [
            address_hash(Address(*names))
            for batch in table.select(Address._fields).to_batches(max_chunksize=4_096)
            for names in zip(*(column.to_pylist() for column in batch.columns), strict=True)
        ]
        return LatestRows(table, numpy.array(hashes, numpy.uint64))

    @staticmethod
    def from_checkpoint(table: pa.Table) -> LatestRows:
        """The rows of a table as `sorted_table` returns it."""
        return LatestRows(table, table["address_hash"].to_numpy())

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, address: Address, hashed: int) -> tuple[int, int, bytes | None] | None:
        """The address's version, commit_ts and value_hash; None where it has no row."""
        position = bisect_left(self._searched, hashed)
        while position < len(self._searched) and self._searched[position] == hashed:
            row = int(self._order[position])
            if all(texts.is_at(row, part) for texts, part in zip(self._names, address, strict=True)):
                value_hash = (
                    bytes(self._value_hashes[row * HASH_BYTES : (row + 1) * HASH_BYTES]) if self._exists[row] else None
                )
                return self._versions[row], self._commits[row], value_hash
            position += 1
        return None

    def merge(self, newer: LatestRows) -> LatestRows:
        """Both together; where both have an address, the newer row."""
        table = pa.concat_tables([self._table, newer._table])
        order = numpy.concatenate([self._order, newer._order + len(self)])
        hashes = numpy.concatenate([self._hashes, newer._hashes])
        by_hash = numpy.argsort(hashes, kind="stable")
        order, hashes = order[by_hash], hashes[by_hash]
        kept = numpy.ones(len(order), numpy.bool_)
        kept[order[_superseded(table, order, hashes)]] = False
        by_row = numpy.empty_like(hashes)
        by_row[order] = hashes
        return LatestRows(table.filter(pa.array(kept)), by_row[kept])

    def sorted_table(self) -> pa.Table:
        """Every row with the columns of SCHEMA, sorted by address."""
        hashes = numpy.empty_like(self._hashes)
        hashes[self._order] = self._hashes
        table = self._table.append_column("address_hash", pa.array(hashes))
        table = table.append_column("op", pc.if_else(pc.is_valid(table["value_hash"]), "write", "delete"))
        by_address = [(name, "ascending") for name in Address._fields]
        return table.select(SCHEMA.names).cast(SCHEMA).sort_by(by_address)


def address_at(table: pa.Table, row: int) -> Address:
    """The address in one row of a table."""
    return Address(*(table[name][row].as_py() for name in Address._fields))


def with_newer(older: pa.Table, newer: pa.Table) -> pa.Table:
    """Two tables as `sorted_table` makes them as one; where both have an address, the newer row."""
    if not newer.num_rows:
        return older
    table = pa.concat_tables([newer, older])
    # Stable, so that the newer row of an address comes first.
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in Address._fields])
    table = table.take(order).combine_chunks()
    differs = numpy.zeros(len(table) - 1, numpy.bool_)
    for name in Address._fields:
        column = table[name].combine_chunks()
        differs |= pc.not_equal(column[:-1], column[1:]).to_numpy(zero_copy_only=False)
    return table.filter(pa.array(numpy.append([True], differs)))


def _superseded(
    table: pa.Table, order: Integers, hashes: numpy.typing.NDArray[numpy.uint64]
) -> numpy.typing.NDArray[numpy.int64]:
    """Positions in `order` whose row has a later one of the same address; equal hashes are neighbours, older first."""
    pairs = numpy.flatnonzero(hashes[:-1] == hashes[1:])
    names = table.select(Address._fields)
    same = numpy.ones(len(pairs), numpy.bool_)
    left, right = names.take(pa.array(order[pairs])), names.take(pa.array(order[pairs + 1]))
    for name in names.column_names:
        same &= pc.equal(left[name], right[name]).to_numpy()
    if same.all():
        return pairs
    # Different addresses share a hash, so what belongs together need not be neighbours.
    last: dict[tuple[int, object], int] = {}
    older = []
    for position in numpy.union1d(pairs, pairs + 1).tolist():
        address = tuple(names.slice(int(order[position]), 1).to_pylist()[0].values())
        known = (int(hashes[position]), address)
        if known in last:
            older.append(last[known])
        last[known] = position
    return numpy.array(older, numpy.int64)
