"""The events that are not sealed yet: those of the live journals, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa

from playhead import forking, segments
from playhead.entry import LogEntry
from playhead.journal import Payload, decode_payload
from playhead.model import Address

_MANY_CHUNKS = 512


class Tail:
    """Grows at its end only: a reader holding (tail, head) sees a consistent cut. A seal replaces it by a new one."""

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
        forking.track(self)

    def after_fork_in_child(self) -> None:
        if self._lock.locked():
            # Another thread was half-way through `tables`, so that it is begun anew.
            self._lock, self._converted = threading.Lock(), 0
            self._events, self._operations = segments.EVENTS.empty_table(), segments.OPERATIONS.empty_table()
            self.hashes.clear()

    @property
    def head(self) -> int:
        return self.sealed_head + len(self._payloads)

    def append(self, payload: Payload) -> None:
        self._payloads.append(payload)
        # One line of the payload is the event, every other one an operation.
        self.operations += payload.text.count(b"\n")
        self.bytes += len(payload.text)

    def entries(self, start: int, end: int) -> Iterator[LogEntry]:
        """The entries with start <= commit_ts <= end, decoded one at a time."""
        first = max(start - self.sealed_head - 1, 0)
        for position in range(first, min(end - self.sealed_head, len(self._payloads))):
            yield decode_payload(self._payloads[position], self.store_id)

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Everything up to now as the two tables of a segment, in commit order; only what is new is converted."""
        with self._lock:
            count = len(self._payloads)
            if self._converted < count:
                entries = self.entries(self.sealed_head + self._converted + 1, self.sealed_head + count)
                events, operations = segments.to_tables(entries, self.hashes)
                self._events = pa.concat_tables([self._events, events])
                self._operations = pa.concat_tables([self._operations, operations])
                if self._events.column(0).num_chunks > _MANY_CHUNKS:
                    self._events = self._events.combine_chunks()
                    self._operations = self._operations.combine_chunks()
                self._converted = count
            return self._events, self._operations
