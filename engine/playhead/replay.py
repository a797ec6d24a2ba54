"""Replay: the events of a view in commit order, with bounded memory whatever a segment holds (S18-S20)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy

from playhead.entry import LogEntry, LogOperation
from playhead.footers import Files
from playhead.generation import View
from playhead.manifest import Segment
from playhead.model import Address, Event
from playhead.query import Query
from playhead.segments import EVENTS_FILE, OPERATIONS_FILE

AskDatabase: TypeAlias = Callable[[View], AbstractContextManager[Query]]

STRETCH_BYTES = 48 * 1024 * 1024
"""How much of a segment is put in commit order at a time. Each time its values are decompressed anew."""
_ROW_BYTES = 200
"""About what a row takes beside its value."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Reads one view."""

    ask: AskDatabase
    files: Files
    view: View
    namespace: str | None
    agent_id: str | None

    def events(self, start: int, end: int) -> Iterator[Event]:
        """The events with start <= commit_ts <= end, with an agent only its part of each (S19)."""
        segments = self.view.segments if start <= end else ()
        for segment in segments:
            if segment.first <= end and segment.last >= start:
                for bounds in self._stretches(segment, max(start, segment.first), min(end, segment.last)):
                    for entry in self._sealed_entries(segment, *bounds):
                        if event := entry.event():
                            yield event
        for entry in self.view.tail.entries(start, min(end, self.view.head)):
            if event := entry.event(self.namespace, self.agent_id):
                yield event

    def _stretches(self, segment: Segment, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The commits start … end cut into stretches whose operations come to STRETCH_BYTES, or to one commit."""
        if start == end:
            yield start, end
            return
        file = self.files.file(
            self.view.directory / segment.name / OPERATIONS_FILE, segment.checksums.get(OPERATIONS_FILE, "")
        )
        agent = (("namespace", self.namespace), ("agent_id", self.agent_id))
        groups = file.groups_with([(name, text) for name, text in agent if text is not None])
        if not groups:
            return
        rows = file.read(["commit_ts", "value_bytes"], groups)
        commits, sizes = rows["commit_ts"].to_numpy(), rows["value_bytes"].to_numpy() + _ROW_BYTES
        inside = (commits >= start) & (commits <= end)
        by_commit = numpy.bincount(commits[inside] - start, sizes[inside], minlength=end - start + 1)
        stretch = (numpy.cumsum(by_commit) // STRETCH_BYTES).astype(numpy.int64)
        firsts = [0, *(numpy.flatnonzero(numpy.diff(stretch)) + 1).tolist(), len(by_commit)]
        for first, last in itertools.pairwise(firsts):
            yield start + first, start + last - 1

    def _sealed_entries(self, segment: Segment, start: int, end: int) -> Iterator[LogEntry]:
        with ExitStack() as stack:
            query, header_query = (stack.enter_context(self.ask(self.view)) for _ in range(2))
            # commit_ts orders both streams, so they are merged as they come.
            bounds = f"commit_ts BETWEEN {start:d} AND {end:d}"
            condition = query.agent(self.namespace, self.agent_id)
            operations = query.files([segment], OPERATIONS_FILE)
            rows = query.stream(
                "SELECT commit_ts, namespace, agent_id, key, op, version, previous_commit_ts, coalesce(value, '')"
                f" FROM read_parquet({operations}) WHERE {bounds} AND {condition} ORDER BY commit_ts, op_index"
            )
            headers = header_query.files([segment], EVENTS_FILE)
            events = header_query.stream(
                "SELECT commit_ts, txn_id, epoch_us(committed_at), epoch_us(occurred_at), kind, label, meta,"
                f" operation_count FROM read_parquet({headers}) WHERE {bounds} ORDER BY commit_ts"
            )
            for commit_ts, group in itertools.groupby(rows, key=_commit_ts):
                header = next(row for row in events if row[0] == commit_ts)
                shown = [LogOperation(Address(*row[1:4]), row[4], row[5], row[6], row[7].encode()) for row in group]
                txn_id, committed_at, occurred_at, kind, label, meta, operation_count = header[1:]
                yield LogEntry(
                    commit_ts, txn_id, committed_at, occurred_at, kind, label, meta.encode(), shown, operation_count
                )


def _commit_ts(row: tuple[Any, ...]) -> Any:
    return row[0]
