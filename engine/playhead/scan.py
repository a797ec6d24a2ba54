"""What is asked of all there is, by the column: every event's kind and moment, and who ever wrote."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

import numpy
import numpy.typing
import pyarrow as pa
import pyarrow.compute as pc

from playhead.checkpoint import Checkpoint
from playhead.footers import File, Files, Table
from playhead.generation import View
from playhead.model import AgentAddress
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]

_AGENT = [*AgentAddress._fields]


class EventColumns(NamedTuple):
    """Events in commit order."""

    kind_names: list[str]
    """Each kind that there is, sorted."""
    kinds: Integers
    """Which of them, of each event."""
    times: Integers
    """Each event's moment in microseconds since the epoch: occurred_at, else committed_at (S29)."""


def events(files: Files, view: View, start: int) -> EventColumns:
    """The events with commit_ts >= start. Raises CorruptStoreError."""
    names: list[list[str]] = []
    codes: list[Any] = []
    none = numpy.zeros(0, numpy.int64)
    times: list[Any] = [none]
    for table in _event_tables(files, view, start):
        moments = pc.coalesce(table["occurred_at"], table["committed_at"])
        times.append(moments.cast(pa.int64()).to_numpy())
        for chunk in table["kind"].chunks:
            names.append(chunk.dictionary.to_pylist())
            codes.append(chunk.indices.to_numpy())
    kind_names = sorted(set(chain.from_iterable(names)))
    place = {name: code for code, name in enumerate(kind_names)}
    kinds = [
        numpy.array([place[name] for name in known], numpy.int64)[indices]
        for known, indices in zip(names, codes, strict=True)
    ]
    return EventColumns(kind_names, numpy.concatenate([none, *kinds]), numpy.concatenate(times))


def _event_tables(files: Files, view: View, start: int) -> Iterator[Table]:
    columns = ["kind", "occurred_at", "committed_at"]
    for segment in view.segments:
        if segment.last >= start:
            path = view.directory / segment.name / EVENTS_FILE
            rows = files.file(path, segment.checksums.get(EVENTS_FILE, "")).read(columns, texts=["kind"])
            # Every commit_ts has its event, so that a place in the file tells which it is.
            first = max(start, segment.first)
            yield rows.slice(first - segment.first, segment.last - first + 1)
    sealed = view.tail.sealed_head
    if view.head > sealed and view.head >= start:
        first = max(start, sealed + 1)
        rows = view.tail.tables()[0].select(columns).slice(first - sealed - 1, view.head - first + 1)
        yield rows.set_column(0, "kind", pc.dictionary_encode(rows["kind"]))


def agents(files: Files, view: View, start: Checkpoint | None) -> set[AgentAddress]:
    """Every agent that wrote by the view's head; a checkpoint tells who did up to there. Raises CorruptStoreError."""
    found: set[AgentAddress] = set()
    if start is not None:
        found |= _agents_in(files.file(start.path))
    for segment in view.segments:
        if start is None or segment.last > start.commit_ts:
            path = view.directory / segment.name / OPERATIONS_FILE
            file = files.file(path, segment.checksums.get(OPERATIONS_FILE, ""))
            found |= _agents_in(file, segment.last if segment.is_partial else None)
    if view.head > view.tail.sealed_head:
        rows = view.tail.tables()[1]
        found |= _distinct(rows.filter(pc.less_equal(rows["commit_ts"], view.head)))
    return found


def _agents_in(file: File, last: int | None = None) -> set[AgentAddress]:
    """The agents of a file's rows, with commit_ts <= last where that is given; most are known from its footer."""
    namespaces, agent_ids = (file.bounds(name) for name in _AGENT)
    found: set[AgentAddress] = set()
    unclear = []
    for group, (namespace, agent_id) in enumerate(zip(namespaces, agent_ids, strict=True)):
        if last is None and namespace and agent_id and namespace[0] == namespace[1] and agent_id[0] == agent_id[1]:
            found.add(AgentAddress(namespace[0], agent_id[0]))
        else:
            unclear.append(group)
    if unclear:
        rows = file.read([*_AGENT, "commit_ts"], unclear, _AGENT)
        found |= _distinct(rows if last is None else rows.filter(pc.less_equal(rows["commit_ts"], last)))
    return found


def _distinct(rows: Table) -> set[AgentAddress]:
    # Each row group has a dictionary of its own, and groups are made of one.
    pairs = rows.select(_AGENT).unify_dictionaries().group_by(_AGENT).aggregate([])
    return {AgentAddress(*pair) for pair in zip(*(pairs[name].to_pylist() for name in _AGENT), strict=True)}


def first_agent(files: Files, view: View) -> AgentAddress | None:
    """The agent of the very first operation; None where the first commit has none. Raises CorruptStoreError."""
    columns = [*_AGENT, "commit_ts", "op_index"]
    segment = next((each for each in view.segments if each.first <= 1 <= each.last), None)
    if segment is None:
        rows = view.tail.tables()[1].select(columns)
    else:
        file = files.file(view.directory / segment.name / OPERATIONS_FILE, segment.checksums.get(OPERATIONS_FILE, ""))
        bounds = file.bounds("commit_ts")
        rows = file.read(columns, [group for group, known in enumerate(bounds) if known is None or known[0] <= 1])
    rows = rows.filter(pc.equal(rows["commit_ts"], 1)).sort_by("op_index").slice(0, 1)
    return next((AgentAddress(row["namespace"], row["agent_id"]) for row in rows.to_pylist()), None)
