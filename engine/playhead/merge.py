"""Merging small neighbouring segments in tiers, so that a store of n operations has O(log n) small ones."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Container, Iterator, Sequence
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
LOWEST_TIER_OPERATIONS = 1_024
"""The largest segment of the lowest tier; each tier is FAN_IN times as large as the one before."""
REST_OPERATIONS = 262_144
REST_BYTES = 32 * 1024 * 1024
"""A segment that has so many rows, or is so large on disk, is merged no more."""
_MEMORY = "256MB"
_BATCH_ROWS = 16_384


def is_at_rest(segment: Segment) -> bool:
    """Whether it stays as it is for ever: large enough, or a fork's view that ends inside it (S27)."""
    return segment.is_partial or segment.operations >= REST_OPERATIONS or segment.bytes >= REST_BYTES


def due(sealed: Sequence[Segment], left_alone: Container[str] = ()) -> tuple[Segment, ...]:
    """The neighbours to merge next, oldest first; empty where nothing is due. left_alone: names, as if at rest.

    One with a larger one behind it counts as being of that one's tier: nothing of its own will come to its side.
    """
    for is_resting, stretch in itertools.groupby(sealed, lambda part: is_at_rest(part) or part.name in left_alone):
        neighbours = [] if is_resting else list(stretch)
        tiers = reversed(list(itertools.accumulate(map(_tier, reversed(neighbours)), max)))
        for _, members in itertools.groupby(zip(tiers, neighbours, strict=True), lambda member: member[0]):
            run = tuple(segment for _, segment in itertools.islice(members, FAN_IN))
            if len(run) == FAN_IN:
                return run
    return ()


def _tier(segment: Segment) -> int:
    size, found = LOWEST_TIER_OPERATIONS, 0
    while segment.operations > size:
        size *= FAN_IN
        found += 1
    return found


def write(directory: Path, run: Sequence[Segment]) -> Segment | None:
    """Write one segment of several that follow one another; it counts only once a manifest names it.

    Takes little memory whatever their size; None where values are so long that it does not do. Raises WriteError, and
    CorruptStoreError where one cannot be read.
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
    except duckdb.OutOfMemoryException:
        return None
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
