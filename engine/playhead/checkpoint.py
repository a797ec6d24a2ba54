"""Checkpoints: files that hold the last operation of every address up to a commit. Derived, like every index (S22).

The manifest names those of its own history, each with its checksum, so that no other history's can be taken for one of
them: not a fork's, and not that of a store put back from a copy. One that is gone or damaged is passed over.
"""

from __future__ import annotations

import contextlib
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from playhead.filesystem import checksum
from playhead.latest import COLUMNS, SCHEMA, LatestRows, address_at, compact, with_newer
from playhead.manifest import CheckpointFile

INTERVAL_OPERATIONS = 131_072
"""Fewer operations than this are read again rather than spared by a checkpoint."""
ROW_GROUP_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One that the manifest names."""

    path: Path
    file: CheckpointFile

    @property
    def commit_ts(self) -> int:
        return self.file.commit_ts

    @property
    def operations(self) -> int:
        """How many operations the log holds up to there."""
        return self.file.operations

    @property
    def is_intact(self) -> bool:
        """Whether the file is there and is what was written; reads it whole the first time."""
        try:
            status = self.path.stat()
            signature = (status.st_ino, status.st_mtime_ns, status.st_size, status.st_ctime_ns)
            return _known_checksum(self.path, *signature) == self.file.checksum
        except OSError:
            return False


def named(directory: Path, files: Iterable[CheckpointFile]) -> tuple[Checkpoint, ...]:
    """The checkpoints in a directory that a manifest names; their content is not looked at."""
    return tuple(Checkpoint(directory / file.name, file) for file in files)


def newest(checkpoints: Sequence[Checkpoint], at: int) -> Checkpoint | None:
    """The last intact one with commit_ts <= at."""
    return next((known for known in reversed(checkpoints) if known.commit_ts <= at and known.is_intact), None)


def is_due(operations: int, rows: int) -> bool:
    """Whether a checkpoint is worth its while, so many operations after one of so many rows.

    Half the rows: writing all of them so often costs no more than a fixed share of each operation.
    """
    return operations >= max(INTERVAL_OPERATIONS, rows // 2)


def read(checkpoint: Checkpoint) -> LatestRows | None:
    """Its rows; None where it cannot be read after all."""
    try:
        with pq.ParquetFile(checkpoint.path, memory_map=True) as file:
            # One column at a time, so that no more than one is held twice.
            columns = {name: compact(file.read([name], use_threads=False)) for name in COLUMNS}
        rows = LatestRows.from_checkpoint(pa.table({name: table[name] for name, table in columns.items()}))
        pa.default_memory_pool().release_unused()
        return rows
    except (OSError, pa.ArrowException, KeyError):
        return None


def write(directory: Path, commit_ts: int, operations: int, rows: LatestRows) -> CheckpointFile | None:
    """Write the checkpoint at a commit; it counts once a manifest names it. None where the disk refuses."""
    return _write(directory, commit_ts, operations, [rows.sorted_table()])


def extend(
    directory: Path, before: CheckpointFile | None, commit_ts: int, operations: int, newer: LatestRows
) -> CheckpointFile | None:
    """`write` what the checkpoint before and newer rows hold together; of the one before little is in memory."""
    table = newer.sorted_table()
    return _write(directory, commit_ts, operations, _extended(directory / before.name, table) if before else [table])


def _write(directory: Path, commit_ts: int, operations: int, tables: Iterable[pa.Table]) -> CheckpointFile | None:
    temporary = directory / f".{commit_ts}.{os.getpid()}"
    try:
        directory.mkdir(exist_ok=True)
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
            for table in tables:
                if table.num_rows:
                    writer.write_table(table, row_group_size=ROW_GROUP_ROWS)
        file = CheckpointFile(commit_ts, operations, checksum(temporary))
        temporary.replace(directory / file.name)
    except (OSError, pa.ArrowException):
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return None
    return file


def _extended(before: Path, newer: pa.Table) -> Iterator[pa.Table]:
    """The rows of a checkpoint with newer ones in their places, by address, some at a time."""
    start = 0
    with pq.ParquetFile(before) as file:
        for group in range(file.num_row_groups):
            older = file.read_row_group(group)
            end = bisect_right(
                range(newer.num_rows), address_at(older, older.num_rows - 1), start, key=partial(address_at, newer)
            )
            yield with_newer(older, newer.slice(start, end - start))
            start = end
    yield newer.slice(start)


def rows_in(path: Path) -> int:
    """How many addresses a checkpoint file that was just written holds."""
    return int(pq.read_metadata(path).num_rows)


def spread(checkpoints: Sequence[CheckpointFile]) -> tuple[CheckpointFile, ...]:
    """Those worth keeping: the newest, and before it fewer the older they are.

    No gap is wider than it need be, or a quarter of its age.
    """
    if not checkpoints:
        return ()
    head = checkpoints[-1].operations
    kept = [checkpoints[-1]]
    before = [0, *(known.operations for known in checkpoints)]
    for position in range(len(checkpoints) - 2, -1, -1):
        gap_without = kept[-1].operations - before[position]
        if gap_without > (head - before[position]) / 4:
            kept.append(checkpoints[position])
    return tuple(reversed(kept))


def share(checkpoints: Iterable[Checkpoint], directory: Path, commit_ts: int) -> tuple[CheckpointFile, ...]:
    """Link those up to a commit into another store's directory, as far as the disk can; returns those linked."""
    shared: list[CheckpointFile] = []
    with contextlib.suppress(OSError):
        directory.mkdir(exist_ok=True)
        for checkpoint in checkpoints:
            if checkpoint.commit_ts <= commit_ts:
                os.link(checkpoint.path, directory / checkpoint.path.name)
                shared.append(checkpoint.file)
    return tuple(shared)


def keep_only(directory: Path, files: Iterable[CheckpointFile]) -> None:
    """Remove what the manifest does not name: leftovers of an interrupted write, and what is surplus by now."""
    names = {file.name for file in files}
    with contextlib.suppress(OSError):
        for path in directory.iterdir():
            if path.name not in names:
                path.unlink(missing_ok=True)


@lru_cache(maxsize=256)
def _known_checksum(path: Path, *_signature: int) -> str:
    return checksum(path)
