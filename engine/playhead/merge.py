"""Merging small neighbouring segments in tiers, so that a store of n operations has O(log n) small ones."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from playhead import segments
from playhead.errors import CorruptStoreError, WriteError
from playhead.filesystem import raising_write_error
from playhead.manifest import Segment

if TYPE_CHECKING:
    import pyarrow as pa

FAN_IN = 8
"""So many neighbours of one tier become one segment of the next."""
TIER_OPERATIONS = 1_024
"""The largest segment of the lowest tier; each tier is FAN_IN times as large as the one before."""
MERGED_OPERATIONS = 1_048_576
MERGED_BYTES = 128 * 1024 * 1024
"""A merged segment is no larger than this on disk: one is what a replay sorts at a time."""
_MEMORY = "256MB"
_BATCH_ROWS = 16_384


def tier(segment: Segment) -> int:
    size, found = TIER_OPERATIONS, 0
    while segment.operations > size:
        size *= FAN_IN
        found += 1
    return found


def due(sealed: Sequence[Segment]) -> tuple[Segment, ...]:
    """The neighbours to merge next, oldest first; empty where nothing is due.

    A fork's view of a segment that ends inside it (S27) stays as it is.
    """
    for _, neighbours in itertools.groupby(sealed, lambda segment: -1 if segment.is_partial else tier(segment)):
        run: list[Segment] = []
        for segment in neighbours:
            if segment.is_partial:
                break
            run.append(segment)
            if len(run) == FAN_IN:
                if _fits(run):
                    return tuple(run)
                run.pop(0)
    return ()


def _fits(run: Sequence[Segment]) -> bool:
    return (
        sum(segment.operations for segment in run) <= MERGED_OPERATIONS
        and sum(segment.bytes for segment in run) <= MERGED_BYTES
    )


def write(directory: Path, run: Sequence[Segment]) -> Segment:
    """Write one segment of several that follow one another; it counts only once a manifest names it.

    Takes little memory whatever their size. Raises WriteError, and CorruptStoreError where one cannot be read.
    """
    import duckdb
    import pyarrow as pa

    scratch = directory / f".merge.{os.getpid()}"
    folders = [directory / segment.name for segment in run]
    connection = duckdb.connect(":memory:")
    try:
        with raising_write_error(scratch):
            scratch.mkdir(exist_ok=True)
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        # The agent whose commits these are needs the other processors.
        connection.execute("SET threads = 1")
        connection.execute("SET temp_directory = $path", {"path": str(scratch)})
        files = [str(folder / segments.OPERATIONS_FILE) for folder in folders]
        sorted_rows = connection.sql(
            "SELECT * FROM read_parquet($files) ORDER BY namespace, agent_id, key, version", params={"files": files}
        )
        operations: pa.RecordBatchReader = sorted_rows.to_arrow_reader(_BATCH_ROWS)
        return segments.write_stream(
            directory,
            (run[0].first, run[-1].last),
            _events(folders),
            (pa.Table.from_batches([batch]).cast(segments.OPERATIONS) for batch in operations),
        )
    except (duckdb.Error, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        if str(scratch) in str(error):
            raise WriteError(f"{scratch}: could not write ({reason}); nothing was changed; check the disk") from error
        raise CorruptStoreError(f"{directory}: {run[0].name} to {run[-1].name} cannot be merged ({reason})") from error
    finally:
        connection.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _events(folders: Sequence[Path]) -> Iterator[pa.Table]:
    import pyarrow.parquet as pq

    for folder in folders:
        with pq.ParquetFile(folder / segments.EVENTS_FILE) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group)
