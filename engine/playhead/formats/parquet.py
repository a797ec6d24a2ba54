"""Parquet files as importers read them: a row at a time, as the JSON object that it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from playhead.codec import INTEGER_MAX, INTEGER_MIN
from playhead.errors import ImportFormatError
from playhead.formats.report import ImportReport
from playhead.formats.source import Placed, Source
from playhead.model import JSON

if TYPE_CHECKING:
    import pyarrow

MAGIC = b"PAR1"
ROWS_AT_ONCE = 64
"""Rows of a span log are large: each can hold a whole conversation."""


def is_parquet(source: Source) -> bool:
    """Whether a file says that it is a Parquet file."""
    return source.first.startswith(MAGIC)


def rows(source: Source, report: ImportReport) -> Iterator[Placed]:
    """Every row in order, fields without a value left out; a row group is in memory at a time.

    Times become nanoseconds since the epoch. Raises ImportFormatError for a file that is cut off or damaged.
    """
    # Only who opens a Parquet file waits for Arrow.
    import pyarrow
    from pyarrow import parquet

    number = 0
    try:
        with parquet.ParquetFile(source.path) as file:
            total = max(1, file.metadata.num_rows)
            for batch in file.iter_batches(ROWS_AT_ONCE):
                for value in _plain_times(batch).to_pylist():
                    number += 1
                    report.records += 1
                    report.read(max(0, min(source.size // total, report.bytes_total - report.bytes_read)))
                    yield Placed(_plain(value, report), number, 0, source.size)
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError, MemoryError, NotImplementedError) as error:
        said = " ".join(str(error).split())[:200]
        raise ImportFormatError(
            f"{source.name}, row {number + 1}: Arrow says {said}; the file is damaged or cut off: export it again"
        ) from None
    report.read(max(0, report.bytes_total - report.bytes_read))


def _plain_times(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """The batch with its times as whole nanoseconds, which Python's own would cut to microseconds."""
    import pyarrow

    columns = []
    for column in batch.columns:
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.timestamp("ns"), safe=False).cast(pyarrow.int64())
        columns.append(column)
    return pyarrow.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _plain(value: Any, report: ImportReport, depth: int = 100) -> JSON:
    """A value as JSON has it; what JSON cannot hold is mended and counted."""
    if value is None or isinstance(value, str | bool):
        return cast(JSON, value)
    if isinstance(value, int):
        if INTEGER_MIN <= value <= INTEGER_MAX:
            return value
        report.repaired["integers beyond 64 bits to strings"] += 1
        return str(value)
    if isinstance(value, float):
        # What pandas puts where there is nothing is no repair.
        return value if isfinite(value) else None
    if depth == 0:
        return str(value)
    if isinstance(value, dict):
        inside = {str(name): _plain(item, report, depth - 1) for name, item in value.items() if item is not None}
        return {name: item for name, item in inside.items() if item is not None and not name.startswith("__index_")}
    if isinstance(value, list | tuple):
        if value and all(isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value):
            return {name: _plain(item, report, depth - 1) for name, item in value}
        return [_plain(item, report, depth - 1) for item in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)
