"""Operations as numbers, address by address: no text is made for a row, only for each address of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead.footers import Booleans, Files, Table, rows_with
from playhead.generation import View
from playhead.model import Address, AgentAddress
from playhead.segments import OPERATIONS_FILE

Integers: TypeAlias = numpy.typing.NDArray[numpy.integer[Any]]

_BY_ADDRESS = [(name, "ascending") for name in (*Address._fields, "version")]


@dataclass(frozen=True, slots=True)
class Runs:
    """A stretch of the log, sorted by address and version: each address's operations there are one run."""

    names: Table
    """The address of each run, sorted and each once: namespace, agent_id and key, the first two as dictionaries."""
    lengths: Integers
    first_versions: Integers
    """Versions have no gap (S2), so that of the first operation is that of every one."""
    commits: Integers
    """Of each operation, run after run."""
    written: Booleans
    """Whether it was a write, not a delete."""

    def versions(self) -> Integers:
        """Of each operation."""
        begin = numpy.cumsum(self.lengths) - self.lengths
        found: Integers = numpy.arange(len(self.commits)) + numpy.repeat(self.first_versions - begin, self.lengths)
        return found


def runs(files: Files, view: View, agent: AgentAddress | None, start: int) -> Iterator[Runs]:
    """Every operation with commit_ts >= start, of one agent or of all, in stretches that come in commit order."""
    wanted = [] if agent is None else list(zip(AgentAddress._fields, agent, strict=True))
    # Half the room, for every commit_ts there is so far.
    numbers = numpy.int32 if view.head < 2**31 else numpy.int64
    for segment in view.segments:
        if segment.last >= start:
            path = view.directory / segment.name / OPERATIONS_FILE
            file = files.file(path, segment.checksums.get(OPERATIONS_FILE, ""))
            if groups := file.groups_with(wanted):
                texts = [*Address._fields, "op"]
                rows = file.read([*texts, "version", "commit_ts"], groups, texts)
                yield from _runs(rows, wanted, start, segment.last, numbers)
    if view.head > view.tail.sealed_head:
        yield from _runs(_tail(view, start), wanted, start, view.head, numbers)


def _tail(view: View, start: int) -> Any:
    operations = view.tail.tables()[1]
    operations = operations.slice(int(numpy.searchsorted(operations["commit_ts"].to_numpy(), start)))
    operations = operations.select([*Address._fields, "op", "version", "commit_ts"]).sort_by(_BY_ADDRESS)
    operations = operations.combine_chunks()
    texts = {name: pc.dictionary_encode(operations[name]) for name in (*Address._fields, "op")}
    return pa.table({**texts, **{name: operations[name] for name in ("version", "commit_ts")}})


def _runs(rows: Any, wanted: list[tuple[str, str]], start: int, end: int, numbers: Any) -> Iterator[Runs]:
    commits = rows["commit_ts"].to_numpy()
    theirs = rows_with(rows, wanted) & (commits >= start) & (commits <= end)
    if not theirs.all():
        rows, commits = rows.filter(_mask(theirs)), commits[theirs]
    if not len(rows):
        return
    names: list[Any] = []
    firsts: list[Integers] = []
    position = 0
    last: dict[str, str] | None = None
    for batch in rows.select(Address._fields).to_batches():
        changed = numpy.zeros(len(batch), numpy.bool_)
        changed[0] = True
        for column in batch.columns:
            codes = column.indices.to_numpy()
            changed[1:] |= codes[1:] != codes[:-1]
        begin = numpy.flatnonzero(changed)
        found = batch.take(_indices(begin))
        # A run goes on across the border of two row groups, which have a dictionary each.
        goes_on = found.slice(0, 1).to_pylist()[0] == last
        last = found.slice(len(found) - 1).to_pylist()[0]
        names.append(found.slice(int(goes_on)))
        firsts.append(begin[int(goes_on) :] + position)
        position += len(batch)
    first_rows = numpy.concatenate(firsts)
    lengths = numpy.diff(first_rows, append=position)
    first_versions = rows["version"].to_numpy()[first_rows]
    by_run = pa.Table.from_batches(names)
    by_run = by_run.set_column(2, "key", by_run["key"].cast(pa.large_string()))
    yield Runs(by_run, lengths, first_versions, commits.astype(numbers), rows_with(rows, [("op", "write")]))


def _indices(rows: Integers) -> Any:
    """Row numbers as Arrow has them. `pa.array` would do, but imports numpy.ma, which a run can be shown without."""
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])


def _mask(found: Booleans) -> Any:
    """Truths as Arrow has them, a bit each."""
    return pa.Array.from_buffers(pa.bool_(), len(found), [None, pa.py_buffer(numpy.packbits(found, bitorder="little"))])
