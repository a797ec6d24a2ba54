"""What is latest at each address: sealed operations as columns, and over them what came since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from playhead import checkpoint
from playhead.checkpoint import Checkpoint
from playhead.entry import LogEntry
from playhead.latest import LatestRows, address_hash
from playhead.manifest import CheckpointFile, Manifest, Segment
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


# As `address_of`: a commit makes one for each operation.
latest_from: Callable[[tuple[int, int, bytes | None]], Latest] = partial(tuple.__new__, Latest)


def latest_of_entry(entry: LogEntry) -> dict[Address, Latest]:
    """What an event leaves as the latest at each address it writes."""
    return {address: latest_from((version, entry.commit_ts, None)) for address, _, version, _, _ in entry.operations}


class SealedIndex:
    """The last sealed operation of every address, without a Python object for each. Never changed."""

    def __init__(self, layers: tuple[LatestRows, ...] = (), newest: tuple[int, int] = (0, 0)) -> None:
        """`layers`: oldest first, each at most half as large as the one before.

        `newest`: operations and rows at the last checkpoint.
        """
        self._layers = layers
        self._checkpointed = newest

    @staticmethod
    def load(directory: Path, segments: Sequence[Segment], checkpoints: Sequence[Checkpoint] = ()) -> SealedIndex:
        """Read from the newest checkpoint and the segments after it.

        Raises CorruptStoreError for a segment that cannot be read; a damaged checkpoint is passed over (S22).
        """
        index, start = SealedIndex(), 0
        for known in reversed(checkpoints):
            if known.is_intact and (rows := checkpoint.read(known)) is not None:
                index, start = SealedIndex((rows,), (known.operations, len(rows))), known.commit_ts
                break
        return index.with_segments(directory, [segment for segment in segments if segment.last > start])

    def find(self, address: Address) -> Latest | None:
        hashed = address_hash(address)
        for rows in reversed(self._layers):
            row = rows.find(address, hashed)
            if row is not None:
                return Latest(*row)
        return None

    def hash_of(self, address: Address) -> bytes | None:
        """The hash of the address's last sealed value; None where there is none."""
        latest = self.find(address)
        return latest.value_hash if latest else None

    def with_segments(self, directory: Path, segments: Iterable[Segment]) -> SealedIndex:
        """What is latest once these are sealed too. They may hold what is known already, as a merged one does.

        Raises CorruptStoreError for one that cannot be read.
        """
        layers = list(self._layers)
        for segment in segments:
            rows = LatestRows.of(read_latest(directory / segment.name / OPERATIONS_FILE, segment.last))
            while layers and len(layers[-1]) < 2 * len(rows):
                rows = layers.pop().merge(rows)
            layers.append(rows)
        return SealedIndex(tuple(layers), self._checkpointed)

    def rows(self) -> LatestRows:
        """What is latest at every address, where there is one."""
        *layers, rows = self._layers
        while layers:
            rows = layers.pop().merge(rows)
        return rows

    def is_checkpoint_due(self, operations: int, *, final: bool = False) -> bool:
        """Whether to write one of everything sealed, which is so many operations.

        final: nothing follows, so that there is nothing to spread its cost over.
        """
        before, rows = self._checkpointed
        return bool(self._layers) and checkpoint.is_due(operations - before, 0 if final else rows)

    def write_checkpoint(
        self, directory: Path, commit_ts: int, operations: int
    ) -> tuple[SealedIndex, CheckpointFile | None]:
        """Write one of everything sealed, which is up to `commit_ts`; the file is None where the disk refuses."""
        rows = self.rows()
        return SealedIndex((rows,), (operations, len(rows))), checkpoint.write(directory, commit_ts, operations, rows)


def checkpointed(
    index: SealedIndex, directory: Path, manifest: Manifest, *, final: bool = False
) -> tuple[SealedIndex, Manifest]:
    """Both with a checkpoint at the end of what is sealed, where one is due; surplus ones are no longer named."""
    if not index.is_checkpoint_due(manifest.operations, final=final):
        return index, manifest
    index, file = index.write_checkpoint(directory, manifest.sealed_head, manifest.operations)
    if file is None:
        return index, manifest
    intact = [
        known.file
        for known in checkpoint.named(directory, manifest.checkpoints)
        if known.commit_ts < file.commit_ts and known.is_intact
    ]
    return index, manifest.with_checkpoints(checkpoint.spread([*intact, file]))


class Index:
    """The last operation of every address, for the one who numbers commits. Its owner does the locking."""

    def __init__(self, sealed: SealedIndex) -> None:
        self._sealed = sealed
        self._recent: tuple[dict[Address, Latest], ...] = ({},)
        """One for each journal that is not sealed, newest first."""
        self._hot: tuple[dict[Address, Latest], ...] = ()
        """Sealed ones that were written or looked up lately, newest first: the columns cost ten times as much."""

    def latest(self, address: Address) -> Latest | None:
        for known in self._recent:
            if (found := known.get(address)) is not None:
                return found
        for known in self._hot:
            if (found := known.get(address)) is not None:
                return found
        found = self._sealed.find(address)
        if found is not None:
            if not self._hot or len(self._hot[0]) >= HOT_ADDRESSES:
                self._hot = ({}, *self._hot[:1])
            self._hot[0][address] = found
        return found

    def add(self, latest: Mapping[Address, Latest]) -> None:
        self._recent[0].update(latest)

    def rotate(self) -> None:
        """What is added from now on is of another journal."""
        self._recent = ({}, *self._recent)

    def seal(self, sealed: SealedIndex, journals: int) -> None:
        """`sealed` holds what was added for so many of the oldest journals."""
        kept = len(self._recent) - journals
        self._hot = (*self._recent[kept:], *self._hot)[:2]
        self._recent = self._recent[:kept]
        self._sealed = sealed
