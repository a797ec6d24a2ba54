"""Recent values in memory, within a bound."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from playhead.entry import LogEntry
from playhead.model import Address

VALUE_CACHE_BYTES = 32 * 1024 * 1024
_OVERHEAD_BYTES = 300
"""About what the address, the tuple and the dictionary entry take themselves."""


class CachedValue(NamedTuple):
    version: int
    commit_ts: int
    committed_at: int
    encoded: bytes
    """Empty for a tombstone."""


_cached_value: Callable[[tuple[int, int, int, bytes]], CachedValue] = partial(tuple.__new__, CachedValue)


class ValueCache:
    """Latest values of recently used addresses, so that a hot read touches no disk. Its owner does the locking.

    Two dictionaries, so that a put is hardly more than an assignment: once the newer one holds half of what may be
    held it becomes the older one, and what nobody used in there since goes with the one before.
    """

    def __init__(self, limit_bytes: int = VALUE_CACHE_BYTES) -> None:
        self._newer: dict[Address, CachedValue] = {}
        self._older: dict[Address, CachedValue] = {}
        self._limit = limit_bytes // 2
        """Of either."""
        self._put = 0
        """Bytes put into the newer one, those that replaced each other too."""

    def get(self, address: Address) -> CachedValue | None:
        found = self._newer.get(address)
        if found is None and (found := self._older.get(address)) is not None:
            self.put(address, found)
        return found

    def put(self, address: Address, value: CachedValue) -> None:
        self._newer[address] = value
        self._put += _OVERHEAD_BYTES + len(value.encoded)
        if self._put > self._limit:
            self._make_room()

    def add(self, entry: LogEntry) -> None:
        """Put the values that an event wrote."""
        newer, put = self._newer, self._put
        for address, _, version, _, encoded in entry.operations:
            newer[address] = _cached_value((version, entry.commit_ts, entry.committed_at, encoded))
            put += _OVERHEAD_BYTES + len(encoded)
        self._put = put
        if put > self._limit:
            self._make_room()

    def _make_room(self) -> None:
        self._put = sum(_OVERHEAD_BYTES + len(value.encoded) for value in self._newer.values())
        # Half, so that it takes as much again until everything is counted again.
        if self._put > self._limit // 2:
            # What one huge event wrote would not keep within the bound.
            self._older = self._newer if self._put <= 2 * self._limit else {}
            self._newer, self._put = {}, 0
