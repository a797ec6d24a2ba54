"""What is done beside the commits, which never wait for it: sealing, merging, checkpoints, removing what is surplus."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from playhead import checkpoint, directory, journal, manifest, merge, segments
from playhead.errors import PlayheadError
from playhead.filesystem import ProcessLock, remove_unless_held
from playhead.generation import Sealed
from playhead.index import SealedIndex, checkpointed
from playhead.journal import Journal
from playhead.manifest import Manifest

if TYPE_CHECKING:
    from playhead.log import EventLog

PAUSE_SECONDS = 0.0005
"""How long others get to run after each half millisecond of sealing: a thread that computes shares the interpreter."""
BACKLOG = 4
"""So many journals that wait to be sealed, and there are no more pauses."""


class Maintenance:
    """The upkeep of one open log. One thread of one process at a time does it, and it alone publishes manifests."""

    def __init__(self, log: EventLog, process_lock: ProcessLock) -> None:
        self._log = log
        self._process_lock = process_lock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_hurried = False
        self._left_alone: set[str] = set()
        """Segments whose values are too long to merge them in little memory."""

    # ── who does it, and when ────────────────────────────────────────────────────────────────────────────────────────

    def wake(self) -> None:
        """See to it soon, in a thread that ends when nothing is left to do. Only under the log's lock."""
        if not self.is_at_work:
            self._thread = threading.Thread(target=self._run, name="playhead-maintenance")
            # An interpreter that is about to end starts no threads; the next one to open the store sees to it.
            with contextlib.suppress(RuntimeError):
                self._thread.start()

    @property
    def is_at_work(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        outcome: Literal["done", "busy", "failed"] = "failed"
        try:
            with self._lock:
                if self._process_lock.try_acquire():
                    try:
                        self._work(self._pause)
                        outcome = "done"
                    finally:
                        self._process_lock.release()
                else:
                    self._adopt()
                    outcome = "busy"
        except PlayheadError:
            # What is committed is safe in the journals: a failure only puts this off.
            pass
        finally:
            self._log.put_off_sealing(outcome)

    def _pause(self) -> None:
        is_urgent = self._is_hurried or len(self._log.generation.closed) >= BACKLOG
        # Nobody waits for the interpreter but this thread once the main one has ended.
        if not is_urgent and threading.main_thread().is_alive():
            time.sleep(PAUSE_SECONDS)

    def seal(self, *, wait: bool = True) -> bool:
        """Seal everything in the journals, and whatever else is due; False where there was nothing to seal.

        wait: until another process that is at it is done; without, it is left to that one. Raises WriteError,
        DurabilityError, StoreBusyError.
        """
        with self._lock:
            if wait:
                self._process_lock.acquire()
            elif not self._process_lock.try_acquire():
                return False
            try:
                self._process_lock.announce()
                return self._work(everything=True)
            finally:
                self._process_lock.release()

    def tidy(self) -> None:
        """Remove what something that was cut off has left behind, unless somebody is at work here."""
        # The thread may have been woken already, and this lock cannot keep it out: both would hold the same one.
        with self._lock:
            if self._process_lock.try_acquire():
                try:
                    self._remove_unnamed(manifest.load(self._log.path))
                finally:
                    self._process_lock.release()

    @contextlib.contextmanager
    def kept_out(self) -> Iterator[None]:
        """Nobody seals or tidies meanwhile, who would take a file that is not yet in its place for a leftover.

        Raises StoreBusyError.
        """
        with self._lock:
            self._process_lock.acquire()
            try:
                yield
            finally:
                self._process_lock.release()

    def finish(self) -> None:
        """Wait for the thread, which makes haste now."""
        self._is_hurried = True
        if self._thread is not None and self._thread.is_alive():
            self._thread.join()

    def close(self) -> None:
        """Remove what only this held, and let go of the lock, once nobody is at work.

        After the log has let go of its files. Another process must not publish while this thread still works.
        """
        self.finish()
        with contextlib.suppress(PlayheadError):
            self.tidy()
        with self._lock:
            self._process_lock.close()

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()
        self._thread = None

    # ── what is done: only under both locks ──────────────────────────────────────────────────────────────────────────

    def _work(self, pause: Callable[[], None] | None = None, *, everything: bool = False) -> bool:
        """Whether something was sealed. everything: also a journal that is not full."""
        log = self._log
        with log.exclusive():
            # Caught up with all of them: what another process has rotated meanwhile is sealed too, or it would be lost.
            pass
        was_sealed = False
        if everything and log.generation.journal.commits:
            self._rotate(self._adopt())
        while True:
            # Anew each time: an interrupted commit may have had another thread read everything anew.
            published = self._adopt()
            if log.generation.closed:
                self._seal(published, pause)
                was_sealed = True
            elif log.is_journal_full:
                self._rotate(published)
            elif run := merge.due(published.segments, self._left_alone):
                if merged := merge.write(log.path / directory.SEGMENTS, run):
                    self._publish(published.with_merged(merged))
                else:
                    self._left_alone.update(segment.name for segment in run)
            else:
                break
        self._remove_unnamed(self._checkpoint(published))
        return was_sealed

    def _adopt(self) -> Manifest:
        """Take over what other processes have sealed, and return what is published."""
        log = self._log
        while True:
            published = manifest.load(log.path)
            known = log.generation.sealed
            if published.segments == known.manifest.segments:
                return published
            # Gone already: whoever removed it has published a later manifest.
            with contextlib.suppress(FileNotFoundError):
                log.rebase(known, known.advanced(published))
                return published

    def _rotate(self, published: Manifest) -> None:
        """Let a new journal take the commits from now on."""
        log = self._log
        name = journal.file_name(journal.number_of(published.journals[-1]) + 1)
        Journal.create(log.path / directory.JOURNALS / name)
        rotated = published.with_journal(name)
        # What costs most is done before commits have to wait.
        log.sync()
        log.rotate(rotated, manifest.prepare(log.path, rotated))
        log.sync_manifest()

    def _seal(self, published: Manifest, pause: Callable[[], None] | None) -> None:
        """Make one segment of the journals that take no more commits."""
        log = self._log
        generation = log.generation
        closed = generation.closed
        folder = log.path / directory.SEGMENTS
        tables = generation.tail.tables(closed[-1].next_commit_ts - 1, pause)
        segment = segments.write(folder, *tables)
        index = generation.sealed.index.with_segments(folder, [segment])
        self._publish(published.with_segment(segment), index)
        for opened in closed:
            # A leftover is harmless: no manifest names it, and the next writer to open the store removes it.
            with contextlib.suppress(OSError):
                opened.path.unlink(missing_ok=True)

    def _checkpoint(self, published: Manifest) -> Manifest:
        """Write a checkpoint of all that is sealed, where one is due."""
        folder = self._log.path / directory.CHECKPOINTS
        index, named = checkpointed(self._log.generation.sealed.index, folder, published)
        return published if named is published else self._publish(named, index)

    def _publish(self, published: Manifest, index: SealedIndex | None = None) -> Manifest:
        log = self._log
        known = log.generation.sealed
        manifest.prepare(log.path, published).install()
        log.sync_manifest()
        log.rebase(known, Sealed(log.path, published, index or known.loaded_index))
        return published

    def _remove_unnamed(self, published: Manifest) -> None:
        """Remove files that no manifest names any more, or never did."""
        path = self._log.path
        named = {segment.name for segment in published.segments}
        # What cannot be removed now, or is still being read, is harmless, and stays for the next time.
        for entry in (path / directory.SEGMENTS).iterdir():
            if entry.name not in named:
                with contextlib.suppress(OSError):
                    remove_unless_held(entry)
        with contextlib.suppress(OSError):
            for entry in (path / directory.JOURNALS).iterdir():
                if entry.name not in published.journals:
                    entry.unlink(missing_ok=True)
            for entry in path.iterdir():
                if directory.is_leftover(entry.name):
                    entry.unlink(missing_ok=True)
        checkpoint.keep_only(path / directory.CHECKPOINTS, published.checkpoints)
