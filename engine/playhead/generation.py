"""What is sealed and what is not: one published manifest with its journals, and the immutable View that readers get."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from playhead import checkpoint, directory, forking, merge
from playhead.checkpoint import Checkpoint
from playhead.filesystem import Hold
from playhead.index import Index, Latest, SealedIndex, latest_of_entry
from playhead.journal import Journal
from playhead.manifest import Manifest, Segment
from playhead.model import Address
from playhead.payload import Payload, decode_payload, operation_count
from playhead.tail import Tail


@dataclass(frozen=True, slots=True)
class View:
    """The log as it was at one moment: readers of it see no later commit (S20), and find its files while it lives."""

    directory: Path
    segments: tuple[Segment, ...]
    tail: Tail
    head: int
    """The last commit_ts that is part of the view."""
    checkpoints: tuple[Checkpoint, ...]
    """Those of this history, oldest first; any of them may be damaged, or gone by now."""
    holds: tuple[Hold, ...]
    """Keep every process from removing segments that may be merged."""


class Sealed:
    """The sealed part of a log: a manifest's segments, held, and the index of what they hold. Never changed."""

    def __init__(self, path: Path, published: Manifest, index: SealedIndex | None = None) -> None:
        """`index`: where it is known already. Raises FileNotFoundError where a segment is gone."""
        self.path = path
        self.manifest = published
        # What nobody will merge, nobody will remove.
        short_lived = [segment.name for segment in published.segments if not merge.is_at_rest(segment)]
        self.holds = tuple(Hold(path / directory.SEGMENTS / name) for name in short_lived)
        self.checkpoints = checkpoint.named(path / directory.CHECKPOINTS, published.checkpoints)
        self._index = index
        # A reader that hashes the tail may be the first to need it, while a writer appends.
        self._lock = threading.Lock()
        forking.track(self)

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()

    @property
    def head(self) -> int:
        return self.manifest.sealed_head

    @property
    def index(self) -> SealedIndex:
        """Loaded when first asked for. Raises CorruptStoreError."""
        with self._lock:
            if self._index is None:
                folder = self.path / directory.SEGMENTS
                self._index = SealedIndex.load(folder, self.manifest.segments, self.checkpoints)
            return self._index

    @property
    def loaded_index(self) -> SealedIndex | None:
        """The index, unless nobody has asked for it yet."""
        with self._lock:
            return self._index

    def hash_of(self, address: Address) -> bytes | None:
        return self.index.hash_of(address)

    def advanced(self, published: Manifest) -> Sealed:
        """The sealed part that a later manifest names, indexed where this one is.

        Raises FileNotFoundError where a segment is gone, CorruptStoreError.
        """
        index = self.loaded_index
        if index is not None:
            since = [segment for segment in published.segments if segment.last > self.head]
            index = index.with_segments(self.path / directory.SEGMENTS, since)
        return Sealed(self.path, published, index)


class Generation:
    """One process's hold on what is sealed and on the journals after it. Its owner does the locking."""

    def __init__(self, path: Path, store_id: str, published: Manifest, *, writable: bool) -> None:
        """Raises FileNotFoundError where a file is gone, PermissionError, CorruptStoreError."""
        self.path = path
        self.store_id = store_id
        self.is_doubtful = False
        """Whether what is known here may disagree with the disk, so that it has to be read anew."""
        self._writable = writable
        self.sealed = Sealed(path, published)
        self.tail = Tail(store_id, published.sealed_head, self.sealed.hash_of)
        self.loaded_index: Index | None = None
        """The index, once somebody asked for it."""
        self._last_committed_at: int | None = None
        self.active_operations = 0
        """Those in the journal that takes commits."""
        self.closed: tuple[Journal, ...] = ()
        """Journals that take no more commits and are not sealed yet, oldest first."""
        self.journal = self._open_journal(published.journals[0])
        try:
            self.follow(published)
            self.read_new()
        except BaseException:
            self.close()
            raise

    def view(self) -> View:
        sealed = self.sealed
        folder = self.path / directory.SEGMENTS
        return View(folder, sealed.manifest.segments, self.tail, self.tail.head, sealed.checkpoints, sealed.holds)

    @property
    def head(self) -> int:
        return self.tail.head

    @property
    def index(self) -> Index:
        """Loaded when first asked for. Raises CorruptStoreError."""
        if self.loaded_index is None:
            index = Index(self.sealed.index)
            for opened in (*self.closed, self.journal):
                if opened.first_commit_ts > self.sealed.head + 1:
                    index.rotate()
                for entry in self.tail.entries(opened.first_commit_ts, opened.next_commit_ts - 1):
                    index.add(latest_of_entry(entry))
            self.loaded_index = index
        return self.loaded_index

    @property
    def last_committed_at(self) -> int:
        """When the last commit was made, in microseconds since the epoch; 0 where there is none."""
        if self._last_committed_at is None:
            segments = self.sealed.manifest.segments
            self._last_committed_at = segments[-1].committed_at if segments else 0
            for entry in self.tail.entries(self.tail.head, self.tail.head):
                self._last_committed_at = entry.committed_at
        return self._last_committed_at

    # ── growing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, payload: Payload, operations: int, latest: dict[Address, Latest], committed_at: int) -> None:
        """Make what was just appended to the journal part of the tail and the index."""
        self.tail.append(payload)
        self.index.add(latest)
        self.active_operations += operations
        self._last_committed_at = committed_at

    def read_new(self) -> int:
        """Take in what the journal holds behind the last known record; returns the bytes that are no whole record."""
        scan = self.journal.read_new()
        for payload in scan.payloads:
            if self.loaded_index is not None:
                self.loaded_index.add(latest_of_entry(decode_payload(payload, self.store_id)))
            self.tail.append(payload)
            self.active_operations += operation_count(payload.text)
            self._last_committed_at = None
        return scan.torn_bytes

    def follow(self, published: Manifest) -> bool:
        """Go on in the journals that come after this one; False where a manifest no longer names it.

        Raises FileNotFoundError where one is gone, CorruptStoreError.
        """
        names = published.journals
        if self.journal.path.name not in names:
            return False
        for name in names[names.index(self.journal.path.name) + 1 :]:
            self.read_new()
            opened = self._open_journal(name)
            self.closed, self.journal = (*self.closed, self.journal), opened
            self.active_operations = 0
            if self.loaded_index is not None:
                self.loaded_index.rotate()
        return True

    def _open_journal(self, name: str) -> Journal:
        return Journal(self.path / directory.JOURNALS / name, self.tail.head + 1, writable=self._writable)

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def rebase(self, sealed: Sealed) -> tuple[Journal, ...]:
        """Let more of the log count as sealed; returns the journals that are no longer needed for it.

        The tail that readers of an earlier view hold stays as it is.
        """
        done = tuple(opened for opened in self.closed if opened.next_commit_ts - 1 <= sealed.head)
        self.closed = self.closed[len(done) :]
        if self.loaded_index is not None:
            self.loaded_index.seal(sealed.index, len(done))
        if sealed.head > self.sealed.head:
            self.tail = self.tail.after(sealed.head, sealed.hash_of)
        else:
            # The same commits in other files: so that this tail does not keep the old ones from being removed.
            self.tail.hashes.hash_before = sealed.hash_of
        self.sealed = sealed
        return done

    def close(self) -> None:
        for hold in self.sealed.holds:
            hold.release()
        for opened in (*self.closed, self.journal):
            opened.close()
