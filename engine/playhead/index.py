"""What is latest at each address: the next version to give out, and recent values within a bound."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from playhead import checkpoint
from playhead.checkpoint import Checkpoint
from playhead.draft import Draft, StagedOperation
from playhead.entry import LogEntry, LogOperation, derived_txn_id, to_microseconds
from playhead.errors import VersionConflictError
from playhead.latest import LatestRows, address_hash
from playhead.manifest import Segment
from playhead.model import Address
from playhead.segments import OPERATIONS_FILE, read_latest

VALUE_CACHE_BYTES = 32 * 1024 * 1024
HOT_ADDRESSES = 131_072
"""About 40 MB."""


class Latest(NamedTuple):
    """The last operation at an address."""

    version: int
    commit_ts: int
    value_hash: bytes | None
    """None for a tombstone, and for an operation that is not sealed yet."""


class Index:
    """The last operation of every address: what is sealed as columns, and over it what came since."""

    def __init__(self, rows: LatestRows | None = None, operations: int = 0) -> None:
        """`rows`: a checkpoint's, which the first so many `operations` of the log led to."""
        self._layers: tuple[LatestRows, ...] = () if rows is None else (rows,)
        """Sealed, oldest first, each at most half as large as the one before."""
        self._checkpointed = (operations, 0 if rows is None else len(rows))
        """Operations and rows at the last checkpoint."""
        self._recent: dict[Address, Latest] = {}
        self._hot: dict[Address, Latest] = {}
        """Sealed ones that were sealed or looked up lately, because a search in the layers costs ten times as much."""
        self._all_hot = True

    @staticmethod
    def load(directory: Path, segments: Sequence[Segment], checkpoints: Sequence[Checkpoint] = ()) -> Index:
        """Read from the newest checkpoint and the segments after it; journals are added by `add`.

        Raises CorruptStoreError for a segment that cannot be read; a damaged checkpoint is passed over (S22).
        """
        start, rows = None, None
        for known in reversed(checkpoints):
            if known.is_intact and (rows := checkpoint.read(known)) is not None:
                start = known
                break
        index = Index(rows, start.operations if start else 0)
        for segment in segments:
            if start is None or segment.first > start.commit_ts:
                index._push(_read(directory, segment))
        index._all_hot = not index._layers
        return index

    def latest(self, address: Address) -> Latest | None:
        return self._recent.get(address) or self._sealed(address)

    def add(self, operations: Iterable[LogOperation], commit_ts: int) -> None:
        for operation in operations:
            self._recent[operation.address] = Latest(operation.version, commit_ts, None)

    def sealed_hash(self, address: Address) -> bytes | None:
        """The hash of the address's last sealed value; None where there is none."""
        latest = self._sealed(address)
        return latest.value_hash if latest else None

    def _sealed(self, address: Address) -> Latest | None:
        found = self._hot.get(address)
        if found is not None or self._all_hot:
            return found
        hashed = address_hash(address)
        for rows in reversed(self._layers):
            row = rows.find(address, hashed)
            if row is not None:
                found = Latest(*row)
                self._make_hot({address: found})
                return found
        return None

    def _make_hot(self, sealed: Mapping[Address, Latest]) -> None:
        if len(self._hot) + len(sealed) > HOT_ADDRESSES:
            self._all_hot = False
            self._hot = {}
        self._hot.update(sealed)

    def _push(self, rows: LatestRows) -> None:
        *older, last = *self._layers, rows
        while older and len(older[-1]) < 2 * len(last):
            last = older.pop().merge(last)
        self._layers = (*older, last)

    def seal(self, directory: Path, segment: Segment, hashes: Mapping[Address, bytes | None]) -> None:
        """What was added up to the segment's end is sealed in it now; `hashes` are those of the last values there."""
        self._push(_read(directory, segment))
        sealed = {
            address: latest._replace(value_hash=hashes[address])
            for address, latest in self._recent.items()
            if latest.commit_ts <= segment.last
        }
        # A new dictionary, because another thread may be looking into the old one.
        self._recent = {address: latest for address, latest in self._recent.items() if address not in sealed}
        self._make_hot(sealed)
        for address in self._recent:
            # Written again since: what the segment holds of it is found in there.
            self._hot.pop(address, None)
            self._all_hot = False

    def write_checkpoint(self, directory: Path, segments: Sequence[Segment], *, final: bool = False) -> bool:
        """Write one of everything sealed, which is what `segments` hold, where one is due. True where it was.

        final: nothing follows, so that there is nothing to spread its cost over.
        """
        operations = sum(segment.operations for segment in segments)
        before, rows_before = self._checkpointed
        if not self._layers or not checkpoint.is_due(operations - before, 0 if final else rows_before):
            return False
        *older, rows = self._layers
        while older:
            rows = older.pop().merge(rows)
        self._layers = (rows,)
        self._checkpointed = (operations, len(rows))
        return checkpoint.write(directory, segments, rows)

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


def _read(directory: Path, segment: Segment) -> LatestRows:
    return LatestRows.of(read_latest(directory / segment.name / OPERATIONS_FILE, segment.last))


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
