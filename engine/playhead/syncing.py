"""When commits are on disk: journals synced once for all who wait, and what follows from a sync that failed (S4)."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from playhead.errors import DurabilityError
from playhead.filesystem import sync_directory
from playhead.journal import Journal


class Syncer:
    """Puts what was appended on disk; any thread may ask. Once it has failed, it syncs no journal any more."""

    def __init__(self, path: Path, *, is_wanted: bool) -> None:
        """path: the store's. is_wanted: whether each commit waits for the disk, and journals are not left unsynced."""
        self.is_wanted = is_wanted
        self.failed: str | None = None
        """What could not be confirmed; the store's object takes no more commits then."""
        self._path = path
        self._lock = threading.Lock()

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raise DurabilityError where a sync has failed."""
        if self.failed is not None:
            raise DurabilityError(self.failed)

    def make_durable(self, written: Journal, end: int) -> None:
        """Return once everything up to `end` is on disk; commits that wait together share one sync."""
        with self._lock:
            if written.durable_end < end and not written.is_sealed:
                self._sync(written)

    def sync_manifest(self) -> None:
        """Make the last publication durable. Raises DurabilityError."""
        with self._lock:
            try:
                sync_directory(self._path)
            except OSError as error:
                self._fail(f"{self._path}: the disk could not confirm a new manifest ({error.strerror})", error)

    def retire(self, journals: Iterable[Journal], *, are_sealed: bool) -> None:
        """Close journals that take no more commits. Raises DurabilityError where one cannot be put on disk first."""
        # The sync lock: another thread may be syncing, or about to sync, one of these files.
        with self._lock:
            for opened in journals:
                if self.is_wanted and not are_sealed and opened.durable_end < opened.end:
                    self._sync(opened)
                opened.is_sealed = True
                opened.close()

    def _sync(self, written: Journal) -> None:
        # Asked again after a failure, the system may call what it lost durable.
        self.check()
        try:
            if not written.is_named_durably:
                # Another process may have published it a moment ago.
                sync_directory(self._path)
                written.is_named_durably = True
            written.sync()
        except OSError as error:
            self._fail(f"{written.path}: the disk could not confirm a commit ({error.strerror})", error)

    def _fail(self, what: str, error: OSError) -> NoReturn:
        self.failed = f"{what}; its fate is unknown. Check the disk, then open the store again"
        raise DurabilityError(self.failed) from error
