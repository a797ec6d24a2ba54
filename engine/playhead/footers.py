"""Parquet files read by the row group. Footers stay in memory: no question opens a file only to learn what it holds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from playhead import question
from playhead.errors import CorruptStoreError

Table: TypeAlias = pa.Table
Booleans: TypeAlias = numpy.typing.NDArray[numpy.bool_]
Bounds: TypeAlias = tuple[Any, Any]

FOOTERS = 256
"""How many are kept. One takes about 1 kB for every row group."""
GROUP_BYTES = 24 * 1024 * 1024
"""What row groups that were read lately may take together."""


class File:
    """One file that never changes: its footer, and what the footer says that each row group can hold."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._metadata = pq.read_metadata(path)
        self._columns = {name: position for position, name in enumerate(self._metadata.schema.names)}
        self._bounds: dict[str, list[Bounds | None]] = {}

    @property
    def groups(self) -> int:
        return int(self._metadata.num_row_groups)

    def bounds(self, name: str) -> list[Bounds | None]:
        """The least and greatest value of a column in each row group; None where the footer does not say."""
        found = self._bounds.get(name)
        if found is None:
            found = []
            for group in range(self.groups):
                statistics = self._metadata.row_group(group).column(self._columns[name]).statistics
                known = statistics is not None and statistics.has_min_max
                found.append((statistics.min, statistics.max) if known else None)
            self._bounds[name] = found
        return found

    def groups_with(self, wanted: Iterable[tuple[str, str]]) -> list[int]:
        """The row groups that may hold a row with these values of these columns, ascending."""
        groups: Iterable[int] = range(self.groups)
        for name, value in wanted:
            bounds = self.bounds(name)
            groups = [group for group in groups if (known := bounds[group]) is None or known[0] <= value <= known[1]]
        return list(groups)

    def undecided(self, group: int, wanted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Those of the columns that have other values too in the row group, as far as the footer says."""
        return [(name, value) for name, value in wanted if self.bounds(name)[group] != (value, value)]

    def read(self, columns: Sequence[str], groups: Sequence[int] | None = None, texts: Sequence[str] = ()) -> Table:
        """Some columns of some row groups, in order; `texts` come as dictionaries. Raises CorruptStoreError."""
        question.check()
        wanted = range(self.groups) if groups is None else groups
        try:
            with pq.ParquetFile(
                self.path, metadata=self._metadata, read_dictionary=list(texts), pre_buffer=False
            ) as file:
                return file.read_row_groups(list(wanted), columns=list(columns), use_threads=len(wanted) > 1)
        except (OSError, pa.ArrowException) as error:
            raise _corrupt(self.path, error) from error


class Files:
    """The files that were read lately. Any thread may ask."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[Path, str], File] = OrderedDict()
        self._groups: OrderedDict[tuple[File, int, tuple[str, ...]], Table] = OrderedDict()
        self._group_bytes = 0
        self._lock = threading.Lock()

    def file(self, path: Path, checksum: str = "") -> File:
        """The file with that content. Raises CorruptStoreError where its footer cannot be read."""
        with self._lock:
            found = self._files.get((path, checksum))
            if found is not None:
                self._files.move_to_end((path, checksum))
                return found
        try:
            found = File(path)
        except (OSError, pa.ArrowException) as error:
            raise _corrupt(path, error) from error
        with self._lock:
            self._files[path, checksum] = found
            if len(self._files) > FOOTERS:
                self._files.popitem(last=False)
        return found

    def group(self, file: File, group: int, columns: Sequence[str], texts: Sequence[str] = ()) -> Table:
        """Some columns of one row group, `texts` as dictionaries; from memory where they were read a moment ago.

        One row group has the events of many neighbours, or many versions of a few keys: whoever looks at one of them
        looks at others next. Raises CorruptStoreError.
        """
        question.check()
        key = (file, group, tuple(columns))
        with self._lock:
            found = self._groups.get(key)
            if found is not None:
                self._groups.move_to_end(key)
                return found
        found = file.read(columns, [group], texts)
        with self._lock:
            if found.nbytes <= GROUP_BYTES and key not in self._groups:
                self._groups[key] = found
                self._group_bytes += found.nbytes
            while self._group_bytes > GROUP_BYTES:
                self._group_bytes -= self._groups.popitem(last=False)[1].nbytes
        return found


def rows_with(table: Table, wanted: Iterable[tuple[str, str]]) -> Booleans:
    """Which rows have these texts in columns of dictionaries; each distinct text is compared once."""
    found = numpy.ones(len(table), numpy.bool_)
    for name, value in wanted:
        parts = [numpy.zeros(0, numpy.bool_)]
        for chunk in table[name].chunks:
            code = pc.index(chunk.dictionary, pa.scalar(value, chunk.dictionary.type)).as_py()
            parts.append(chunk.indices.to_numpy() == code)
        found &= numpy.concatenate(parts)
    return found


def _corrupt(path: Path, error: Exception) -> CorruptStoreError:
    reason = str(error).partition("\n")[0]
    return CorruptStoreError(f"{path}: cannot be read ({reason}); restore the store from a copy")
