"""The events that are not sealed yet: those of the live journals, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from playhead import forking, segments
from playhead.entry import LogEntry
from playhead.model import Address
from playhead.payload import Payload, decode_payload, operation_count

_MANY_CHUNKS = 512
_SLICE_EVENTS = 1_024
_EVENTS_BETWEEN_PAUSES = 32
"""Half a millisecond's work."""


class Tail:
    """Grows at its end only: a reader holding (tail, head) sees a consistent cut. A seal replaces it by the rest."""

    def __init__(self, store_id: str, sealed_head: int, hash_before: Callable[[Address], bytes | None]) -> None:
        self.store_id = store_id
        self.sealed_head = sealed_head
        self.hashes = segments.HashChain(hash_before)
        """The hash of the last value of every address that `tables` has converted."""
        self._texts: list[bytes] = []
        """The payloads' texts alone: the collector of cycles looks at every tuple again and again, and at no bytes."""
        self._lock = threading.Lock()
        self._converted = 0
        self._pieces: list[tuple[pa.Table, pa.Table]] = []
        """What was converted since the tables were last asked for."""
        self._events = segments.EVENTS.empty_table()
        self._operations = segments.OPERATIONS.empty_table()
        forking.track(self)

    def after_fork_in_child(self) -> None:
        if self._lock.locked():
            # Another thread was half-way through `tables`, so that it is begun anew.
            self._lock, self._converted, self._pieces = threading.Lock(), 0, []
            self._events, self._operations = segments.EVENTS.empty_table(), segments.OPERATIONS.empty_table()
            self.hashes.clear()

    @property
    def head(self) -> int:
        return self.sealed_head + len(self._texts)

    def append(self, payload: Payload) -> None:
        self._texts.append(payload.text)

    @property
    def operations(self) -> int:
        """Counted anew each time."""
        return sum(map(operation_count, self._texts))

    def entries(self, start: int, end: int) -> Iterator[LogEntry]:
        """The entries with start <= commit_ts <= end, decoded one at a time."""
        first = max(start - self.sealed_head - 1, 0)
        for position in range(first, min(end - self.sealed_head, len(self._texts))):
            yield decode_payload(Payload(self.sealed_head + 1 + position, self._texts[position]), self.store_id)

    def entry(self, commit_ts: int, at_most_bytes: int) -> LogEntry | None:
        """One entry decoded; None where it is sealed, or too large to be decoded in passing."""
        position = commit_ts - self.sealed_head - 1
        if position < 0 or len(self._texts[position]) > at_most_bytes:
            return None
        return decode_payload(Payload(commit_ts, self._texts[position]), self.store_id)

    def after(self, commit_ts: int, hash_before: Callable[[Address], bytes | None]) -> Tail:
        """The part behind a commit, as a tail of its own: up to there the log has been sealed."""
        rest = Tail(self.store_id, commit_ts, hash_before)
        rest._texts = self._texts[commit_ts - self.sealed_head :]
        return rest

    def tables(self, end: int | None = None, pause: Callable[[], None] | None = None) -> tuple[pa.Table, pa.Table]:
        """Everything up to `end`, or up to now, as the two tables of a segment, in commit order.

        Only what is new is converted. pause: called again and again in between, so that others get to run.
        """
        count = len(self._texts) if end is None else end - self.sealed_head
        while True:
            # Not for the whole of it, because a reader may be waiting.
            with self._lock:
                if self._converted >= count:
                    self._join()
                    return self._until(count) if end is not None else (self._events, self._operations)
                self._convert(count if pause is None else min(count, self._converted + _SLICE_EVENTS), pause)

    def _convert(self, count: int, pause: Callable[[], None] | None) -> None:
        entries = self.entries(self.sealed_head + self._converted + 1, self.sealed_head + count)
        if pause is not None:
            entries = _with_pauses(entries, pause)
        self._pieces.append(segments.to_tables(entries, self.hashes))
        self._converted = count

    def _join(self) -> None:
        if not self._pieces:
            return
        events, operations = zip(*self._pieces, strict=True)
        self._pieces = []
        self._events = pa.concat_tables([self._events, *events])
        self._operations = pa.concat_tables([self._operations, *operations])
        if self._events.column(0).num_chunks > _MANY_CHUNKS:
            self._events = self._events.combine_chunks()
            self._operations = self._operations.combine_chunks()

    def _until(self, count: int) -> tuple[pa.Table, pa.Table]:
        events = self._events.slice(0, count)
        return events, self._operations.slice(0, pc.sum(events["operation_count"]).as_py() or 0)


def _with_pauses(entries: Iterator[LogEntry], pause: Callable[[], None]) -> Iterator[LogEntry]:
    for number, entry in enumerate(entries):
        if number % _EVENTS_BETWEEN_PAUSES == 0:
            pause()
        yield entry
