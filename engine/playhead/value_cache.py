"""Recent values in memory, within a bound."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from playhead.entry import LogEntry
from playhead.model import Address

VALUE_CACHE_BYTES = 32 * 1024 * 1024


class CachedValue(NamedTuple):
    version: int
    commit_ts: int
    committed_at: int
    encoded: bytes | None
    """None for a tombstone."""


class ValueCache:
    """Latest values of recently used addresses, so that a hot read touches no disk. Its owner does the locking."""

    def __init__(self, limit_bytes: int = VALUE_CACHE_BYTES) -> None:
        self._values: OrderedDict[Address, CachedValue] = OrderedDict()
        self._bytes = 0
        self._limit = limit_bytes

    def get(self, address: Address) -> CachedValue | None:
        found = self._values.get(address)
        if found is not None:
            self._values.move_to_end(address)
        return found

    def put(self, address: Address, value: CachedValue) -> None:
        replaced = self._values.pop(address, None)
        if replaced is not None:
            self._bytes -= _cost(replaced)
        self._values[address] = value
        self._bytes += _cost(value)
        while self._bytes > self._limit:
            _, dropped = self._values.popitem(last=False)
            self._bytes -= _cost(dropped)

    def add(self, entry: LogEntry) -> None:
        for operation in entry.operations:
            encoded = operation.encoded if operation.op == "write" else None
            self.put(operation.address, CachedValue(operation.version, entry.commit_ts, entry.committed_at, encoded))

    def clear(self) -> None:
        self._values.clear()
        self._bytes = 0


def _cost(value: CachedValue) -> int:
    # 300 bytes: about what the address, the tuple and the dictionary entry take themselves.
    return 300 + len(value.encoded or b"")
