"""One agent's operations as numbers: no text is made for a row, only for each key."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead.footers import Booleans, Files, rows_with
from playhead.generation import View
from playhead.model import AgentAddress
from playhead.segments import OPERATIONS_FILE

Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]

_NUMBERS = ["version", "commit_ts"]
_TEXTS = ["key", "op"]


class AgentColumns:
    """The operations of one agent from a commit on, in no particular order; the arrays run in parallel."""

    def __init__(self, files: Files, view: View, agent: AgentAddress, start: int) -> None:
        self._codes: dict[str, int] = {}
        self._parts: list[tuple[Integers, Integers, Integers, Booleans]] = []
        wanted = list(zip(AgentAddress._fields, agent, strict=True))
        for segment in view.segments:
            if segment.last >= start:
                file = files.file(
                    view.directory / segment.name / OPERATIONS_FILE, segment.checksums.get(OPERATIONS_FILE, "")
                )
                groups = file.groups_with(wanted)
                names = [
                    (name, text) for name, text in wanted if any(file.bounds(name)[g] != (text, text) for g in groups)
                ]
                texts = [*(name for name, _ in names), *_TEXTS]
                if groups:
                    self._take(file.read([*texts, *_NUMBERS], groups, texts), names, start, segment.last)
        if view.head > view.tail.sealed_head:
            self._take(_tail(view, start), wanted, start, view.head)
        self.keys = list(self._codes)
        """Every key there is, in no particular order."""
        columns = zip(*self._parts, strict=True) if self._parts else ([], [], [], [])
        codes, versions, commits, written = (list(parts) for parts in columns)
        self.codes: Integers = numpy.concatenate([numpy.zeros(0, numpy.int64), *codes])
        """Which of `keys` each operation is of."""
        self.versions: Integers = numpy.concatenate([numpy.zeros(0, numpy.int64), *versions])
        self.commits: Integers = numpy.concatenate([numpy.zeros(0, numpy.int64), *commits])
        self.written: Booleans = numpy.concatenate([numpy.zeros(0, numpy.bool_), *written])

    def _take(self, rows: Any, wanted: list[tuple[str, str]], start: int, end: int) -> None:
        commits = rows["commit_ts"].to_numpy()
        theirs = rows_with(rows, wanted) & (commits >= start) & (commits <= end)
        rows_of_keys = [numpy.zeros(0, numpy.int64)]
        for chunk, is_theirs in zip(rows["key"].chunks, _split(theirs, rows["key"]), strict=True):
            # The dictionary of a row group may hold keys of other agents.
            used = numpy.zeros(len(chunk.dictionary), numpy.bool_)
            indices = chunk.indices.to_numpy()
            used[indices[is_theirs]] = True
            keys = chunk.dictionary.filter(pa.array(used)).to_pylist()
            codes = numpy.zeros(len(used), numpy.int64)
            codes[used] = [self._codes.setdefault(key, len(self._codes)) for key in keys]
            rows_of_keys.append(codes[indices])
        columns = (
            numpy.concatenate(rows_of_keys),
            rows["version"].to_numpy(),
            commits,
            rows_with(rows, [("op", "write")]),
        )
        self._parts.append(tuple(column[theirs] for column in columns))


def _split(values: Booleans, like: Any) -> list[Booleans]:
    """The values in parts as long as the chunks of a column."""
    ends = numpy.cumsum([len(chunk) for chunk in like.chunks])
    return numpy.split(values, ends[:-1]) if len(ends) else []


def _tail(view: View, start: int) -> Any:
    """The tail's operations from a commit on, texts as dictionaries."""
    operations = view.tail.tables()[1]
    operations = operations.slice(int(numpy.searchsorted(operations["commit_ts"].to_numpy(), start)))
    texts = [*AgentAddress._fields, *_TEXTS]
    columns = {name: pc.dictionary_encode(operations[name]) for name in texts}
    return pa.table({**columns, **{name: operations[name] for name in _NUMBERS}})
