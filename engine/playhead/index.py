"""The last operation of every address: what the next version is counted from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from playhead import checkpoint
from playhead.checkpoint import Checkpoint
from playhead.entry import LogOperation
from playhead.latest import LatestRows, address_hash
from playhead.manifest import Segment
from playhead.model import Address
from playhead.segments import OPERATIONS_FILE, read_latest

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


def _read(directory: Path, segment: Segment) -> LatestRows:
    return LatestRows.of(read_latest(directory / segment.name / OPERATIONS_FILE, segment.last))
