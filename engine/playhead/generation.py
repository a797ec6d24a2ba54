"""One published manifest with what belongs to it, and the immutable View of it that readers get."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from playhead import checkpoint, directory, forking, journal
from playhead.checkpoint import Checkpoint
from playhead.entry import LogEntry
from playhead.errors import CorruptStoreError
from playhead.index import Index
from playhead.journal import Journal, Payload
from playhead.manifest import Manifest, Segment
from playhead.tail import Tail


@dataclass(frozen=True, slots=True)
class View:
    """The log as it was at one moment: readers of it see no later commit (S20)."""

    directory: Path
    segments: tuple[Segment, ...]
    tail: Tail
    head: int
    """The last commit_ts that is part of the view."""
    checkpoints: tuple[Checkpoint, ...]
    """Those of this history, oldest first; any of them may be damaged, or gone by now."""


class Generation:
    """One published manifest with what belongs to it: the open journal, the tail, and the index where it is needed."""

    def __init__(
        self, path: Path, store_id: str, published: Manifest, signature: tuple[int, ...], writable: bool
    ) -> None:
        self.path = path
        self.manifest = published
        self.signature = signature
        self.tail = Tail(store_id, published.sealed_head, lambda address: self.index.sealed_hash(address))
        self.checkpoints = checkpoint.find(path / directory.CHECKPOINTS, published.segments)
        self._writable = writable
        self._index: Index | None = None
        # A reader that hashes the tail may be the first to need the index, while a writer appends.
        self._index_lock = threading.Lock()
        forking.track(self)
        self.journal = Journal(path / directory.JOURNALS / published.journals[-1], writable=writable)
        for name in published.journals[:-1]:
            closed = Journal(path / directory.JOURNALS / name, writable=False)
            try:
                self._take(closed, closed.read_new())
            finally:
                closed.close()
        self._check_follows(self.journal)
        self.last_committed_at = published.segments[-1].committed_at if published.segments else 0
        for entry in self.tail.entries(self.tail.head, self.tail.head):
            self.last_committed_at = entry.committed_at

    def after_fork_in_child(self) -> None:
        if self._index_lock.locked():
            self._index_lock, self._index = threading.Lock(), None

    def _check_follows(self, opened: Journal) -> None:
        if opened.first_commit_ts != self.tail.head + 1:
            raise CorruptStoreError(
                f"{opened.path}: begins with commit {opened.first_commit_ts} where {self.tail.head + 1} belongs"
            )

    def _take(self, opened: Journal, scan: journal.Scan) -> None:
        self._check_follows(opened)
        for payload in scan.payloads:
            self.tail.append(payload)

    @property
    def index(self) -> Index:
        with self._index_lock:
            if self._index is None:
                index = self._load_index()
                for entry in self.tail.entries(self.tail.sealed_head + 1, self.tail.head):
                    index.add(entry.operations, entry.commit_ts)
                self._index = index
            return self._index

    def _load_index(self) -> Index:
        sealed, files = self.manifest.segments, self.path / directory.CHECKPOINTS
        index = Index.load(self.path / directory.SEGMENTS, sealed, self.checkpoints)
        if self._writable and index.write_checkpoint(files, sealed):
            self.checkpoints = checkpoint.find(files, sealed)
        return index

    def take(self, payload: Payload, entry: LogEntry) -> None:
        """Make one more event part of the tail and the index."""
        with self._index_lock:
            if self._index is not None:
                self._index.add(entry.operations, entry.commit_ts)
            self.tail.append(payload)
        self.last_committed_at = entry.committed_at

    def seal_index(self, index: Index) -> None:
        self._index = index
