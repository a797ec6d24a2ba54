"""The event log as one thing: lock, append, catch up. Hands readers an immutable View of files and tail."""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from playhead import directory, forking, manifest, numbering, payload, snapshots
from playhead.draft import Draft
from playhead.entry import to_microseconds
from playhead.errors import (
    CorruptStoreError,
    DurabilityError,
    PlayheadError,
    ReadOnlyStoreError,
    StoreClosedError,
)
from playhead.filesystem import LOCK_TIMEOUT_SECONDS, ProcessLock, Replacement
from playhead.generation import Generation, Sealed, View
from playhead.index import Index, Latest
from playhead.journal import Journal
from playhead.maintenance import Maintenance
from playhead.manifest import Manifest
from playhead.model import Address
from playhead.syncing import Syncer
from playhead.value_cache import CachedValue, ValueCache

SEAL_OPERATIONS = 131_072
SEAL_BYTES = 64 * 1024 * 1024
_OPERATION_BYTES = SEAL_BYTES // SEAL_OPERATIONS
WORTH_SEALING_OPERATIONS = 1_024
"""Below this, close() leaves the journal as it is: many short runs should not make many small segments."""

LARGE_EVENT_BYTES = 4 * 1024 * 1024
"""Above this, one value of an event is cheaper to find by a query than by decoding all of them."""

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
        self._clock = clock
        self._lock = threading.RLock()
        self._syncer = Syncer(path, is_wanted=durability == "fsync" and not read_only)
        self._depth = 0
        self._closed = False
        self._is_inherited = False
        """Whether a forked process has this from its parent and not read it anew; it counts as closed until then."""
        self._patience = 0
        """How many operations more than usual a journal may hold; grows while sealing fails."""
        self._values = ValueCache()
        forking.track(self)
        self._process_lock = None if read_only else self._open_lock(directory.LOCK_FILE, lock_timeout)
        self.generation = self._load_generation()
        if self._process_lock is not None:
            self._maintenance = Maintenance(self, self._open_lock(directory.SEAL_LOCK_FILE, lock_timeout))
            with self.exclusive():
                if self._syncer.is_wanted:
                    # What was committed before may count as durable from now on, and the next record vouches for it.
                    self.sync()
            self._maintenance.tidy()

    def after_fork_in_child(self) -> None:
        """A thread of the parent may have been anywhere inside: nothing that was in memory is used again."""
        self._lock = threading.RLock()
        self._syncer.after_fork_in_child()
        self._depth = 0
        self._values = ValueCache()
        if not self.read_only:
            self._maintenance.after_fork_in_child()
        if not self._closed:
            self._closed = self._is_inherited = True

    def _read_anew(self) -> None:
        """Where this was open in the parent when it was forked, open it in this process."""
        with self._lock:
            if self._is_inherited:
                inherited, self.generation = self.generation, self._load_generation()
                inherited.close()
                self._closed = self._is_inherited = False

    def _open_lock(self, name: str, timeout: float) -> ProcessLock:
        try:
            return ProcessLock(self.path / name, timeout)
        except OSError as error:
            raise ReadOnlyStoreError(f"{self.path}: cannot be written ({error.strerror}); use read_only=True") from None

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> int:
        """The last commit_ts known to this process; `refresh` looks for later ones."""
        return self.generation.head

    def view(self) -> View:
        self._check_open()
        with self._lock:
            return self.generation.view()

    def latest(self, address: Address) -> Latest | None:
        self._check_open()
        with self._lock:
            return self._index().latest(address)

    def _index(self) -> Index:
        generation = self.generation
        if generation.loaded_index is None and not self.read_only:
            sealed = generation.sealed
            if sealed.index.is_checkpoint_due(sealed.manifest.operations):
                # It took long to load: a checkpoint was lost.
                self._maintenance.wake()
        return generation.index

    def recent_value(self, address: Address, latest: Latest) -> CachedValue | None:
        """The latest value where it was used a moment ago, or is not sealed yet."""
        with self._lock:
            found = self._values.get(address)
            tail = self.generation.tail
        if found is not None and found.version == latest.version:
            return found
        # Not remembered at commit, which has no time for what may never be asked.
        entry = tail.entry(latest.commit_ts, LARGE_EVENT_BYTES)
        if entry is None:
            return None
        with self._lock:
            self._values.add(entry)
            return self._values.get(address)

    def cache_value(self, address: Address, value: CachedValue) -> None:
        """Remember a value that was read."""
        with self._lock:
            self._values.put(address, value)

    def refresh(self) -> bool:
        """Look for what other processes appended. True where there is something new. Costs one system call if not."""
        self._check_open()
        with self._lock:
            before = self.head
            self._read_new()
            return self.head != before

    def _load_generation(self) -> Generation:
        published = None
        while True:
            before, published = published, manifest.load(self.path)
            try:
                return Generation(self.path, self.info.store_id, published, writable=not self.read_only)
            except FileNotFoundError as error:
                # A seal in another process may have removed it, but not without publishing another manifest first.
                if published == before:
                    raise CorruptStoreError(f"{error.filename}: missing, but the manifest names it") from None
            except PermissionError as error:
                raise ReadOnlyStoreError(f"{error.filename}: no permission to open it; use read_only=True") from None

    def _read_new(self) -> int:
        """Take in what was appended behind the last known record; returns the bytes that are no whole record."""
        if self.generation.is_doubtful:
            self._replace_generation()
        torn = 0
        while True:
            generation = self.generation
            if generation.journal.has_news():
                torn = generation.read_new()
            if not generation.journal.is_marked or not self._follow():
                return torn

    def _follow(self) -> bool:
        """Go on where the manifest says; False where the journal that takes commits is the one known already."""
        generation = self.generation
        published = manifest.load(self.path)
        if published.journals[-1] == generation.journal.path.name:
            return False
        try:
            if generation.follow(published):
                if self.read_only:
                    self.rebase(generation.sealed, generation.sealed.advanced(published))
                else:
                    # Its index costs more than a commit may wait for.
                    self._maintenance.wake()
                return True
        except FileNotFoundError:
            pass
        # Too much has happened since: what was known here has been sealed.
        self._replace_generation()
        return True

    def _replace_generation(self) -> None:
        replaced, self.generation = self.generation, self._load_generation()
        self._syncer.retire((*replaced.closed, replaced.journal), are_sealed=False)

    def rebase(self, known: Sealed, sealed: Sealed) -> None:
        """Let more of the log count as sealed, unless something else than `known` has become the sealed part since.

        Raises StoreClosedError.
        """
        with self._lock:
            if self._closed:
                # Whoever seals must not go on: what counts as sealed no longer changes.
                raise StoreClosedError(f"{self.path}: closed while it was being sealed; open the store again")
            # Where more is sealed than was read here yet, whoever reads next goes on from the manifest.
            if self.generation.sealed is not known or sealed.head > self.head:
                return
            done = self.generation.rebase(sealed)
        self._syncer.retire(done, are_sealed=True)

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the log against every other thread and process, caught up with all of them."""
        self._enter()
        try:
            assert self._process_lock is not None
            self._process_lock.announce()
            yield
        finally:
            self._leave()

    @contextmanager
    def describing(self) -> Iterator[None]:
        """Hold what the store says of itself, against all who write or tidy up. Raises as they do."""
        assert self._process_lock is not None
        with self._maintenance.kept_out(), self.exclusive():
            yield

    def _enter(self) -> None:
        # Apart from `exclusive`, because a context manager made by a generator costs a fifth of a commit.
        self._lock.acquire()
        try:
            # Under the lock: once closed, so are its files, and their numbers may be another's by now.
            if self._closed or self.read_only or self._syncer.failed is not None:
                self._check_writable()
            assert self._process_lock is not None
            if self._depth == 0:
                self._process_lock.acquire()
        except BaseException:
            self._lock.release()
            raise
        self._depth += 1
        if self._depth == 1:
            try:
                if self.generation.is_doubtful or self.generation.journal.has_news():
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
        if torn := self._read_new():
            opened = self.generation.journal
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
        if self.info.imported is not None:
            self.check_committable()
        self._enter()
        try:
            commit_ts = self.append(draft)
            written = self.generation.journal
            end = written.end
        finally:
            self._leave()
        if self._syncer.is_wanted:
            self._syncer.make_durable(written, end)
        return commit_ts

    def append(self, draft: Draft) -> int:
        """The part of a commit that needs the lock: number, write, publish. Only inside `exclusive`."""
        if not draft.operations:
            return self.head
        generation = self.generation
        opened = generation.journal
        commit_ts, committed_at = opened.next_commit_ts, self._committed_at(draft)
        index = generation.loaded_index or self._index()
        rows, latest = numbering.number(draft.operations, index.latest, commit_ts)
        encoded = payload.encode_payload(draft, commit_ts, committed_at, rows)
        try:
            opened.append(*encoded)
            generation.take(encoded, len(rows), latest, committed_at)
        except PlayheadError:
            raise
        except BaseException:
            # Interrupted half-way: what is known here may disagree with the disk, so it is read anew before use.
            generation.is_doubtful = True
            raise
        patience = self._patience
        if (
            generation.active_operations >= SEAL_OPERATIONS + patience
            or opened.end >= SEAL_BYTES + _OPERATION_BYTES * patience
        ):
            self._maintenance.wake()
        return commit_ts

    def sync(self) -> None:
        """Put every commit so far on disk, whatever the durability. Raises DurabilityError."""
        written = self.generation.journal
        self._syncer.make_durable(written, written.end)

    def sync_manifest(self) -> None:
        """Make the last publication durable. Raises DurabilityError."""
        self._syncer.sync_manifest()

    def _committed_at(self, draft: Draft) -> int:
        now = self.now() if draft.committed_at is None else to_microseconds(draft.committed_at)
        # A clock that steps back must not make the order of commits and of times disagree.
        last = self.generation.last_committed_at
        return now if now > last else last

    def now(self) -> int:
        """The clock, in microseconds since the epoch."""
        return time.time_ns() // 1000 if self._clock is None else to_microseconds(self._clock())

    # ── sealing ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def is_journal_full(self) -> bool:
        """Whether it is time that another journal takes the commits."""
        journal = self.generation.journal
        return self.generation.active_operations >= SEAL_OPERATIONS or journal.end >= SEAL_BYTES

    def seal(self) -> bool:
        """Move every event of the journals into a Parquet segment; False where there is none.

        Raises WriteError, DurabilityError, StoreBusyError.
        """
        self._check_writable()
        return self._maintenance.seal()

    def rotate(self, published: Manifest, replacement: Replacement) -> None:
        """Let the journal that `published` names last take the commits from now on."""
        with self.exclusive():
            self.generation.journal.mark()
            # On disk whole before the next one takes a commit: so only the last journal can have a torn end.
            self.sync()
            replacement.install()
            self.generation.follow(published)

    @property
    def is_maintained(self) -> bool:
        """Whether something is being done beside the commits."""
        return not self.read_only and self._maintenance.is_at_work

    def finish_maintenance(self) -> None:
        """Wait until what is being done beside the commits is done."""
        if not self.read_only:
            self._maintenance.finish()

    def put_off_sealing(self, outcome: Literal["done", "busy", "failed"]) -> None:
        """Say how much more than usual may come before the journal is looked at again."""
        with self._lock:
            match outcome:
                case "done":
                    self._patience = 0
                case "busy":
                    self._patience = SEAL_OPERATIONS // 8
                case "failed":
                    self._patience = 2 * self._patience or SEAL_OPERATIONS

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        """Seal where that is worthwhile, then let go of every file. Closing twice is fine."""
        if self._is_inherited:
            self._is_inherited = False
            self.generation.close()
        if self._closed:
            return
        try:
            self.finish_maintenance()
            is_worthwhile = self.generation.tail.operations >= WORTH_SEALING_OPERATIONS
            if is_worthwhile and not self.read_only and self._syncer.failed is None:
                # What is committed is safe in the journal, so a seal that fails here loses nothing.
                with contextlib.suppress(PlayheadError):
                    self._maintenance.seal(wait=False)
        finally:
            with self._lock:
                if not self._closed:
                    self._closed = True
                    # What another thread has committed and waits to have synced; that thread hears of a failure.
                    with contextlib.suppress(DurabilityError):
                        self._syncer.retire((*self.generation.closed, self.generation.journal), are_sealed=False)
                    self.generation.close()
                    if self._process_lock is not None:
                        self._process_lock.close()
            if not self.read_only:
                # Not under the lock: a thread that a commit of the last moment has woken needs it to end.
                self._maintenance.close()

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
        self._syncer.check()
