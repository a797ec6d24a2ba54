"""What is latest at each address: the next version to give out, and recent values within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from playhead import segments
from playhead.draft import Draft, StagedOperation
from playhead.entry import LogEntry, LogOperation, derived_txn_id, to_microseconds
from playhead.errors import VersionConflictError
from playhead.manifest import Manifest
from playhead.model import Address

VALUE_CACHE_BYTES = 32 * 1024 * 1024


class Latest(NamedTuple):
    """The last operation at an address."""

    version: int
    commit_ts: int
    value_hash: bytes | None
    """None for a tombstone, and for an operation that is not sealed yet."""


class Index:
    """The last operation of every address: what is sealed, and over it what came since."""

    def __init__(self, sealed: dict[Address, Latest]) -> None:
        self._sealed = sealed
        self._recent: dict[Address, Latest] = {}

    @staticmethod
    def load(directory: Path, manifest: Manifest) -> Index:
        """Read from the sealed segments; journals are added by `add`."""
        sealed: dict[Address, Latest] = {}
        for segment in manifest.segments:
            table = segments.read_latest(directory / segment.name / segments.OPERATIONS_FILE, segment.last)
            names = zip(*(table[name].to_pylist() for name in ("namespace", "agent_id", "key")), strict=True)
            rows = zip(*(table[name].to_pylist() for name in ("version", "commit_ts", "value_hash")), strict=True)
            sealed.update((Address(*name), Latest(*row)) for name, row in zip(names, rows, strict=True))
        return Index(sealed)

    def latest(self, address: Address) -> Latest | None:
        return self._recent.get(address) or self._sealed.get(address)

    def add(self, operations: Iterable[LogOperation], commit_ts: int) -> None:
        for operation in operations:
            self._recent[operation.address] = Latest(operation.version, commit_ts, None)

    def sealed_hash(self, address: Address) -> bytes | None:
        """The hash of the address's last sealed value; None where there is none."""
        latest = self._sealed.get(address)
        return latest.value_hash if latest else None

    def seal(self, hashes: Mapping[Address, bytes | None]) -> None:
        """Everything added so far is sealed now; `hashes` are those of the last values."""
        for address, latest in self._recent.items():
            self._sealed[address] = latest._replace(value_hash=hashes[address])
        self._recent.clear()

    def number(self, draft: Draft, store_id: str, commit_ts: int, committed_at: int) -> LogEntry:
        """The draft as the event `commit_ts`, its operations numbered in staging order (S2, S4, S5).

        Raises VersionConflictError where an `if_version` is not what is committed (S13a). Changes nothing: `add` does.
        """
        numbered: dict[Address, tuple[int, int]] = {}
        operations = []
        for staged in draft.operations:
            address = staged.address
            if address in numbered and staged.if_version is None:
                version, previous_commit_ts = numbered[address]
            else:
                latest = self.latest(address)
                version, previous_commit_ts = (latest.version, latest.commit_ts) if latest else (0, 0)
                if staged.if_version is not None and staged.if_version != version:
                    raise _conflict(staged, version)
                version, previous_commit_ts = numbered.get(address, (version, previous_commit_ts))
            numbered[address] = (version + 1, commit_ts)
            operations.append(LogOperation(*address, staged.op, version + 1, previous_commit_ts, staged.encoded))
        return LogEntry(
            commit_ts,
            draft.txn_id or derived_txn_id(store_id, commit_ts),
            committed_at,
            None if draft.occurred_at is None else to_microseconds(draft.occurred_at),
            draft.kind,
            draft.label,
            draft.encoded_meta(),
            operations,
            len(operations),
        )


def _conflict(staged: StagedOperation, found: int) -> VersionConflictError:
    expected = "not to exist yet (version 0)" if staged.if_version == 0 else f"at version {staged.if_version}"
    return VersionConflictError(
        f"{staged.address}: expected {expected}, found version {found}; nothing was committed; read it again and retry"
    )


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
