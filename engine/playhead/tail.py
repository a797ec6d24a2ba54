"""The events that are not sealed yet: those of the live journals, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from playhead import segments
from playhead.entry import LogEntry
from playhead.model import Address
from playhead.payload import Payload, decode_payload

_MANY_CHUNKS = 512
_SLICE_EVENTS = 32
"""Converted in about half a millisecond."""


class Tail:
    """Grows at its end only: a reader holding (tail, head) sees a consistent cut. A seal replaces it by the rest."""

    def __init__(self, store_id: str, sealed_head: int, hash_before: Callable[[Address], bytes | None]) -> None:
        self.store_id = store_id
        self.sealed_head = sealed_head
        self.operations = 0
        self.bytes = 0
        self.hashes = segments.HashChain(hash_before)
        """The hash of the last value of every address that `tables` has converted."""
        self._payloads: list[Payload] = []
        self._lock = threading.Lock()
        self._converted = 0
        self._events = segments.EVENTS.empty_table()
        self._operations = segments.OPERATIONS.empty_table()

    @property
    def head(self) -> int:
        return self.sealed_head + len(self._payloads)

    def append(self, payload: Payload, operations: int | None = None) -> None:
        """`operations`: how many it holds, where that is known."""
        self._payloads.append(payload)
        # One line of the payload is the event, every other one an operation.
        self.operations += payload.text.count(b"\n") if operations is None else operations
        self.bytes += len(payload.text)

    def entries(self, start: int, end: int) -> Iterator[LogEntry]:
        """The entries with start <= commit_ts <= end, decoded one at a time."""
        first = max(start - self.sealed_head - 1, 0)
        for position in range(first, min(end - self.sealed_head, len(self._payloads))):
            yield decode_payload(self._payloads[position], self.store_id)

    def after(self, commit_ts: int, hash_before: Callable[[Address], bytes | None]) -> Tail:
        """The part behind a commit, as a tail of its own: up to there the log has been sealed."""
        rest = Tail(self.store_id, commit_ts, hash_before)
        for payload in self._payloads[commit_ts - self.sealed_head :]:
            rest.append(payload)
        return rest

    def tables(self, end: int | None = None, pause: Callable[[], None] | None = None) -> tuple[pa.Table, pa.Table]:
        """Everything up to `end`, or up to now, as the two tables of a segment, in commit order.

        Only what is new is converted. pause: called again and again in between, so that others get to run.
        """
        count = len(self._payloads) if end is None else end - self.sealed_head
        while True:
            with self._lock:
                if self._converted >= count:
                    return self._until(count) if end is not None else (self._events, self._operations)
                self._convert(count if pause is None else min(count, self._converted + _SLICE_EVENTS))
            if pause is not None:
                pause()

    def _convert(self, count: int) -> None:
        entries = self.entries(self.sealed_head + self._converted + 1, self.sealed_head + count)
        events, operations = segments.to_tables(entries, self.hashes)
        self._events = pa.concat_tables([self._events, events])
        self._operations = pa.concat_tables([self._operations, operations])
        if self._events.column(0).num_chunks > _MANY_CHUNKS:
            self._events = self._events.combine_chunks()
            self._operations = self._operations.combine_chunks()
        self._converted = count

    def _until(self, count: int) -> tuple[pa.Table, pa.Table]:
        events = self._events.slice(0, count)
        return events, self._operations.slice(0, pc.sum(events["operation_count"]).as_py() or 0)
