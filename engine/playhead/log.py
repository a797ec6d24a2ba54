"""The event log as one thing: lock, append, catch up, seal. Hands readers an immutable View of files and tail."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from playhead import checkpoint, directory, forking, journal, manifest, segments, snapshots
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.errors import (
    CorruptStoreError,
    DurabilityError,
    PlayheadError,
    ReadOnlyStoreError,
    StoreClosedError,
)
from playhead.filesystem import LOCK_TIMEOUT_SECONDS, ProcessLock
from playhead.generation import Generation, View
from playhead.index import CachedValue, Index, Latest, ValueCache
from playhead.journal import Journal, Payload, decode_payload
from playhead.manifest import Segment
from playhead.model import Address

SEAL_OPERATIONS = 131_072
SEAL_BYTES = 64 * 1024 * 1024
WORTH_SEALING_OPERATIONS = 1_024
"""Below this, close() leaves the journal as it is: many short runs should not make many small segments."""

Durability: TypeAlias = Literal["fsync", "os"]
Clock: TypeAlias = Callable[[], datetime]


class TornJournalWarning(UserWarning):
    """The end of a journal was a torn write; nothing that was acknowledged as durable is lost."""


class EventLog:
    """One process's hold on a store's log. Every method may be called from any thread."""

    def __init__(
        self,
        path: Path,
        info: directory.StoreInfo,
        *,
        read_only: bool = False,
        durability: Durability = "fsync",
        clock: Clock | None = None,
        lock_timeout: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        self.path = path
        self.info = info
        self.read_only = read_only
        self._durable = durability == "fsync"
        self._clock = clock
        self._lock = threading.RLock()
        self._sync_lock = threading.Lock()
        self._depth = 0
        self._closed = False
        self._is_inherited = False
        """Whether a forked process has this from its parent and not read it anew; it counts as closed until then."""
        self._failed: str | None = None
        self._seal_after = 1
        """How often the usual size a journal may reach before it is sealed; grows while sealing fails."""
        self._values = ValueCache()
        self._manifest_path = str(path / manifest.FILE_NAME)
        forking.track(self)
        self._process_lock = None if read_only else self._open_lock(lock_timeout)
        self._generation = self._load_generation()
        if read_only:
            self._read_new()
        else:
            with self.exclusive():
                self._remove_leftovers()
                if self._durable:
                    # What was committed before may count as durable from now on, and the next record vouches for it.
                    self.sync()

    def after_fork_in_child(self) -> None:
        """A thread of the parent may have been anywhere inside: nothing that was in memory is used again."""
        self._lock = threading.RLock()
        self._sync_lock = threading.Lock()
        self._depth = 0
        self._values = ValueCache()
        if not self._closed:
            self._closed = self._is_inherited = True

    def _read_anew(self) -> None:
        """Where this was open in the parent when it was forked, open it in this process."""
        with self._lock:
            if self._is_inherited:
                inherited, self._generation = self._generation, self._load_generation()
                inherited.journal.close()
                self._read_new()
                self._closed = self._is_inherited = False

    def _open_lock(self, timeout: float) -> ProcessLock:
        try:
            return ProcessLock(self.path / directory.LOCK_FILE, timeout)
        except OSError as error:
            raise ReadOnlyStoreError(f"{self.path}: cannot be written ({error.strerror}); use read_only=True") from None

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> int:
        """The last commit_ts known to this process; `refresh` looks for later ones."""
        return self._generation.tail.head

    def view(self) -> View:
        self._check_open()
        with self._lock:
            generation = self._generation
            return View(
                self.path / directory.SEGMENTS,
                generation.manifest.segments,
                generation.tail,
                generation.tail.head,
                generation.checkpoints,
            )

    def latest(self, address: Address) -> Latest | None:
        self._check_open()
        with self._lock:
            return self._generation.index.latest(address)

    def cached_value(self, address: Address) -> CachedValue | None:
        with self._lock:
            return self._values.get(address)

    def cache_value(self, address: Address, value: CachedValue) -> None:
        """Remember a value that was read, unless a commit has overtaken it."""
        with self._lock:
            latest = self._generation.index.latest(address)
            if latest is not None and latest.version == value.version:
                self._values.put(address, value)

    def refresh(self) -> bool:
        """Look for what other processes appended. True where there is something new. Costs two system calls if not."""
        self._check_open()
        with self._lock:
            before = self._generation.tail.head
            if self._signature() != self._generation.signature:
                self._replace_generation()
            self._read_new()
            return self._generation.tail.head != before

    def _signature(self) -> tuple[int, ...]:
        try:
            status = os.stat(self._manifest_path)  # noqa: PTH116 - on every commit; a Path costs three times as much
        except FileNotFoundError:
            raise CorruptStoreError(f"{self.path}: {manifest.FILE_NAME} has gone") from None
        return (status.st_ino, status.st_mtime_ns, status.st_size)

    def _load_generation(self) -> Generation:
        # A seal in another process may remove a journal between reading the manifest and opening it.
        for attempt in range(100):
            signature = self._signature()
            published = manifest.load(self.path)
            try:
                return Generation(self.path, self.info.store_id, published, signature, writable=not self.read_only)
            except FileNotFoundError as error:
                if attempt == 99:
                    raise CorruptStoreError(f"{error.filename}: missing, but the manifest names it") from None
            except PermissionError as error:
                raise ReadOnlyStoreError(f"{error.filename}: no permission to open it; use read_only=True") from None
        raise AssertionError

    def _replace_generation(self) -> None:
        replaced, self._generation = self._generation, self._load_generation()
        self._values.clear()
        self._retire(replaced.journal)

    def _retire(self, opened: Journal) -> None:
        # The sync lock: another thread may be syncing this very file.
        with self._sync_lock:
            opened.is_sealed = True
            opened.close()

    def _read_new(self) -> int:
        """Take in what was appended behind the last known record; returns the bytes that are no whole record."""
        generation = self._generation
        if generation.journal.size() == generation.journal.end:
            return 0
        scan = generation.journal.read_new()
        for payload in scan.payloads:
            entry = decode_payload(payload, self.info.store_id)
            generation.take(payload, entry)
            self._values.add(entry)
        return scan.torn_bytes

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the log against every other thread and process, caught up with all of them."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    def _enter(self) -> None:
        # Apart from `exclusive`, because a context manager made by a generator costs a fifth of a commit.
        self._check_writable()
        assert self._process_lock is not None
        self._lock.acquire()
        try:
            if self._depth == 0:
                self._process_lock.acquire()
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1
        if self._depth == 1:
            try:
                self._catch_up()
            except BaseException:
                self._leave()
                raise

    def _leave(self) -> None:
        assert self._process_lock is not None
        self._depth -= 1
        try:
            if self._depth == 0:
                self._process_lock.release()
        finally:
            self._lock.release()

    def _catch_up(self) -> None:
        if self._signature() != self._generation.signature:
            self._replace_generation()
        if torn := self._read_new():
            opened = self._generation.journal
            self._check_no_snapshot_names_more(opened)
            opened.cut_torn_tail()
            warnings.warn(
                f"{opened.path}: dropped {torn} bytes of a torn write behind commit {self.head} (offset {opened.end})",
                TornJournalWarning,
                stacklevel=5,
            )

    def _check_no_snapshot_names_more(self, opened: Journal) -> None:
        # A snapshot is taken only once its commits are on disk, so what it names was no torn write.
        named = [entry.commit_ts for entry in snapshots.read(self.path / directory.SNAPSHOTS_FILE)]
        if max(named, default=0) > self.head:
            raise CorruptStoreError(
                f"{opened.path}: damaged record at offset {opened.end}, and behind it commit {max(named)}, which a"
                " snapshot names; restore the file from a copy, or save what is left with: playhead repair"
            )

    def commit(self, draft: Draft) -> int:
        """Append a draft as one event and return its commit_ts once it is durable; an empty one returns the head (S11).

        Raises VersionConflictError (S13a), WriteError, DurabilityError, StoreBusyError, ReadOnlyStoreError.
        """
        self.check_committable()
        self._enter()
        try:
            commit_ts = self.append(draft)
            written = self._generation.journal
            end = written.end
        finally:
            self._leave()
        if self._durable:
            self._make_durable(written, end)
        return commit_ts

    def append(self, draft: Draft) -> int:
        """The part of a commit that needs the lock: number, write, publish. Only inside `exclusive`."""
        if not draft.operations:
            return self.head
        generation = self._generation
        entry = generation.index.number(draft, self.info.store_id, self.head + 1, self._committed_at(draft))
        payload = journal.encode_payload(entry, explicit_txn_id=draft.txn_id is not None)
        try:
            generation.journal.append(entry.commit_ts, payload)
            generation.take(Payload(entry.commit_ts, payload), entry)
            self._values.add(entry)
        except PlayheadError:
            raise
        except BaseException:
            # Interrupted half-way: what is known here may disagree with the disk, so it is read anew before use.
            generation.signature = ()
            self._values.clear()
            raise
        tail = generation.tail
        if tail.operations >= self._seal_after * SEAL_OPERATIONS or tail.bytes >= self._seal_after * SEAL_BYTES:
            self._seal_in_passing()
        return entry.commit_ts

    def sync(self) -> None:
        """Put every commit so far on disk, whatever the durability. Raises DurabilityError."""
        written = self._generation.journal
        self._make_durable(written, written.end)

    def _committed_at(self, draft: Draft) -> int:
        now = self.now() if draft.committed_at is None else to_microseconds(draft.committed_at)
        # A clock that steps back must not make the order of commits and of times disagree.
        return max(now, self._generation.last_committed_at)

    def now(self) -> int:
        """The clock, in microseconds since the epoch."""
        return time.time_ns() // 1000 if self._clock is None else to_microseconds(self._clock())

    def _make_durable(self, written: Journal, end: int) -> None:
        """Return once everything up to `end` is on disk; commits that wait together share one sync."""
        with self._sync_lock:
            if written.durable_end >= end or written.is_sealed:
                return
            if self._failed is not None:
                # Asked again after a failure, the system may call what it lost durable.
                raise DurabilityError(self._failed)
            try:
                written.sync()
            except OSError as error:
                self._failed = (
                    f"{written.path}: the disk could not confirm a commit ({error.strerror}); its fate is unknown."
                    " Check the disk, then open the store again"
                )
                raise DurabilityError(self._failed) from error

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def seal(self) -> bool:
        """Move every event of the journal into a Parquet segment; False where there is none. Raises WriteError."""
        with self.exclusive():
            tail = self._generation.tail
            if tail.head == tail.sealed_head:
                return False
            assert self._process_lock is not None
            self._process_lock.announce()
            index = self._generation.index
            segment = segments.write(self.path / directory.SEGMENTS, *tail.tables())
            index.seal(self.path / directory.SEGMENTS, segment, tail.hashes)
            self.publish_segment(segment, index)
            return True

    def _seal_in_passing(self) -> None:
        """Seal a journal that has grown large. Its commits are safe in it, so a failure only puts this off."""
        try:
            self.seal()
            self._seal_after = 1
        except PlayheadError:
            self._seal_after *= 2

    def publish_segment(self, segment: Segment, index: Index) -> None:
        """Make a written segment part of the store, in place of the journals before it. Only inside `exclusive`."""
        sealed = self._generation
        name = directory.journal_name(segment.last + 1)
        Journal.create(self.path / directory.JOURNALS / name, segment.last + 1)
        published = sealed.manifest.with_segment(segment, (name,))
        index.write_checkpoint(self.path / directory.CHECKPOINTS, published.segments)
        manifest.publish(self.path, published)
        self._generation = Generation(self.path, self.info.store_id, published, self._signature(), writable=True)
        self._generation.seal_index(index)
        self._retire(sealed.journal)
        for old in sealed.manifest.journals:
            # A leftover is harmless: no manifest names it, and the next writer to open the store removes it.
            with contextlib.suppress(OSError):
                (self.path / directory.JOURNALS / old).unlink(missing_ok=True)

    def _remove_leftovers(self) -> None:
        """Remove what a seal left behind when it was cut off: files that no manifest names."""
        published = self._generation.manifest
        named = {segment.name for segment in published.segments}
        # What cannot be removed now is harmless, and stays for the next writer.
        with contextlib.suppress(OSError):
            for entry in (self.path / directory.SEGMENTS).iterdir():
                if entry.name not in named:
                    shutil.rmtree(entry, ignore_errors=True)
            for entry in (self.path / directory.JOURNALS).iterdir():
                if entry.name not in published.journals:
                    entry.unlink(missing_ok=True)
            for entry in self.path.iterdir():
                if directory.is_leftover(entry.name):
                    entry.unlink(missing_ok=True)
            checkpoint.remove_strangers(self.path / directory.CHECKPOINTS, published.segments)

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Seal where that is worthwhile, then let go of every file. Closing twice is fine."""
        with self._lock:
            if self._is_inherited:
                self._is_inherited = False
                self._generation.journal.close()
            if self._closed:
                return
            try:
                worthwhile = self._generation.tail.operations >= WORTH_SEALING_OPERATIONS
                if worthwhile and not self.read_only and self._failed is None:
                    # What is committed is safe in the journal, so a seal that fails here loses nothing.
                    with contextlib.suppress(PlayheadError):
                        self.seal()
            finally:
                self._closed = True
                self._generation.journal.close()
                if self._process_lock is not None:
                    self._process_lock.close()

    def _check_open(self) -> None:
        if self._closed:
            self._read_anew()
        if self._closed:
            raise StoreClosedError(f"{self.path}: this store object was closed; open the store again")

    def check_committable(self) -> None:
        """Raise ReadOnlyStoreError where the store takes no commits (S28)."""
        self._check_open()
        if self.info.imported is not None:
            raise ReadOnlyStoreError(f"{self.path}: holds an imported run, so it takes no commits; fork it to write")
        self._check_writable()

    def _check_writable(self) -> None:
        self._check_open()
        if self.read_only:
            raise ReadOnlyStoreError(f"{self.path}: opened read-only, so nothing can be written; fork it to write")
        if self._failed is not None:
            raise DurabilityError(self._failed)
