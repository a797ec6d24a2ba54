"""Sealed Parquet: the two schemas, and writing one segment.

events.parquet holds a row per transaction sorted by commit_ts; operations.parquet a row per operation sorted by
(namespace, agent_id, key, version), so that one agent's rows are neighbours and row-group statistics skip the rest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from playhead import codec
from playhead.entry import LogEntry
from playhead.errors import CorruptStoreError
from playhead.filesystem import checksum, raising_write_error, sync_directory, sync_file
from playhead.manifest import Segment
from playhead.model import Address

Table: TypeAlias = pa.Table

EVENTS_FILE, OPERATIONS_FILE = "events.parquet", "operations.parquet"
ROW_GROUP_ROWS = 8_192
ROW_GROUP_BYTES = 4 * 1024 * 1024
"""Of values: what writing a row group takes beside them is several times that."""
SORTED_ROWS = 4 * ROW_GROUP_ROWS
ZSTD_LEVEL = 3
"""A tenth smaller than at 1 for hardly more time; 6 takes twice as long for 2 % more."""
_TIME = pa.timestamp("us", tz="UTC")
_HASH = pa.binary(codec.HASH_BYTES)

EVENTS = pa.schema(
    [
        pa.field("commit_ts", pa.int64(), nullable=False),
        pa.field("txn_id", pa.string(), nullable=False),
        pa.field("committed_at", _TIME, nullable=False),
        pa.field("occurred_at", _TIME),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("meta", pa.string(), nullable=False),
        pa.field("operation_count", pa.int64(), nullable=False),
    ]
)
OPERATIONS = pa.schema(
    [
        pa.field("commit_ts", pa.int64(), nullable=False),
        pa.field("op_index", pa.int64(), nullable=False),
        pa.field("namespace", pa.string(), nullable=False),
        pa.field("agent_id", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("op", pa.string(), nullable=False),
        pa.field("value", pa.string()),
        pa.field("value_hash", _HASH),
        pa.field("value_bytes", pa.int64(), nullable=False),
        pa.field("previous_commit_ts", pa.int64(), nullable=False),
        pa.field("previous_hash", _HASH),
    ]
)
_TEXTS, _NUMBERS = "DELTA_BYTE_ARRAY", "DELTA_BINARY_PACKED"
_ENCODINGS = {
    EVENTS_FILE: {
        "commit_ts": _NUMBERS,
        "txn_id": _TEXTS,
        "committed_at": _NUMBERS,
        "occurred_at": _NUMBERS,
        "operation_count": _NUMBERS,
    },
    OPERATIONS_FILE: {
        "commit_ts": _NUMBERS,
        "op_index": _NUMBERS,
        "version": _NUMBERS,
        "value_bytes": _NUMBERS,
        "previous_commit_ts": _NUMBERS,
    },
}
"""Differences of neighbours: both files are sorted so that these are small."""
_DICTIONARIES = ["kind", "namespace", "agent_id", "key", "op"]
"""Other texts hardly repeat as a whole; trying costs time and, where a dictionary is given up, room."""
_STATISTICS = ["commit_ts", "namespace", "agent_id", "key", "version"]
"""What row groups are skipped by."""
_ADDRESS_ORDER = [(name, "ascending") for name in ("namespace", "agent_id", "key", "version")]


class HashChain(dict[Address, bytes | None]):
    """The hash of the last value of each address, None where it does not exist; asks for those it has not met yet."""

    def __init__(self, hash_before: Callable[[Address], bytes | None]) -> None:
        super().__init__()
        self.hash_before = hash_before

    def __missing__(self, address: Address) -> bytes | None:
        return self.hash_before(address)


def to_tables(entries: Iterable[LogEntry], hashes: HashChain) -> tuple[pa.Table, pa.Table]:
    """The entries as the two tables of a segment, both in commit order; `hashes` moves on with them."""
    events: list[tuple[object, ...]] = []
    operations: list[tuple[object, ...]] = []
    for entry in entries:
        commit_ts = entry.commit_ts
        times = (entry.committed_at, entry.occurred_at)
        events.append((commit_ts, entry.txn_id, *times, entry.kind, entry.label, entry.meta, entry.operation_count))
        for op_index, operation in enumerate(entry.operations):
            address, op, version, previous_commit_ts, encoded = operation
            before = (previous_commit_ts, hashes[address] if previous_commit_ts else None)
            written = op == "write"
            digest = hashes[address] = codec.value_hash(encoded) if written else None
            value = (encoded if written else None, digest, len(encoded))
            operations.append((commit_ts, op_index, *address, version, op, *value, *before))
    return _table(events, EVENTS), _table(operations, OPERATIONS)


def _table(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    if not rows:
        return schema.empty_table()
    columns = zip(*rows, strict=True)
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def write(directory: Path, events: pa.Table, operations: pa.Table) -> Segment:
    """Write one segment under `directory` and make it durable; it counts only once a manifest names it.

    Raises WriteError and leaves nothing behind.
    """
    bounds = events["commit_ts"][0].as_py(), events["commit_ts"][-1].as_py()
    return write_stream(directory, bounds, [events], _by_address(operations))


def write_stream(
    directory: Path, bounds: tuple[int, int], events: Iterable[pa.Table], operations: Iterable[pa.Table]
) -> Segment:
    """`write`, from parts that follow one another, operations in address order. `bounds`: first and last commit_ts."""
    name = f"{bounds[0]:012d}-{bounds[1]:012d}"
    temporary, final = directory / f".{name}.{os.getpid()}", directory / name
    with raising_write_error(final):
        try:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir()
            last_event = _write_file(temporary / EVENTS_FILE, EVENTS, events)[1]
            rows = _write_file(temporary / OPERATIONS_FILE, OPERATIONS, operations)[0]
            sync_directory(temporary)
            checksums = {file: checksum(temporary / file) for file in (EVENTS_FILE, OPERATIONS_FILE)}
            size = sum((temporary / file).stat().st_size for file in checksums)
            shutil.rmtree(final, ignore_errors=True)
            temporary.rename(final)
            sync_directory(directory)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(final, ignore_errors=True)
            raise
    committed_at = last_event["committed_at"].cast(pa.int64())[0].as_py()
    return Segment(name, *bounds, bounds[1], committed_at, rows, size, checksums)


def _by_address(operations: Table) -> Iterator[Table]:
    """The operations sorted, some at a time: a segment's values are in memory once."""
    order = pc.sort_indices(operations, sort_keys=_ADDRESS_ORDER)
    for start in range(0, len(order), SORTED_ROWS):
        yield operations.take(order.slice(start, SORTED_ROWS))


def _write_file(path: Path, schema: pa.Schema, tables: Iterable[Table]) -> tuple[int, Table]:
    """Returns the number of rows, and the last of them."""
    rows = 0
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[name for name in _DICTIONARIES if name in schema.names],
        column_encoding=_ENCODINGS[path.name],
        write_statistics=[name for name in _STATISTICS if name in schema.names],
    ) as writer:
        for table in tables:
            if table.num_rows:
                writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
                rows += table.num_rows
                last = table.slice(table.num_rows - 1)
    sync_file(path)
    return rows, last


def read_latest(path: Path, last: int) -> pa.Table:
    """The last operation of each address up to commit `last` in one operations.parquet, without values, by address.

    Raises CorruptStoreError naming the file.
    """
    columns = ["namespace", "agent_id", "key", "version", "commit_ts", "value_hash", "value_bytes"]
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(columns, use_threads=False)
        table = table.filter(pc.less_equal(table["commit_ts"], last))
    except (OSError, pa.ArrowException) as error:
        raise CorruptStoreError(f"{path}: cannot be read ({error}); restore the store from a copy") from error
    if not table.num_rows:
        return table
    differs = None
    for name in ("namespace", "agent_id", "key"):
        column = table[name].combine_chunks()
        changed = pc.not_equal(column[:-1], column[1:])
        differs = changed if differs is None else pc.or_(differs, changed)
    return table.filter(pa.concat_arrays([differs, pa.array([True])]))
