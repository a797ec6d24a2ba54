"""A log that is being written, and the store that it was loaded into, kept in step with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from playhead.draft import Draft
from playhead.errors import LogError
from playhead.formats.base import Format
from playhead.formats.identity import FileIdentity, identities
from playhead.formats.live import POLL_SECONDS, LiveSource, Stamp, Watch, stamp_of
from playhead.formats.registry import recognise
from playhead.formats.report import ImportReport
from playhead.formats.source import HEAD_RECORDS, Source
from playhead.growing import Continuation

REST = 3
"""A log that is read from its beginning each time is left alone for so many times as long as that took."""


class LiveImport:
    """Appends to an imported run what its log gains. The only other way a store of one grows is an import (S28)."""

    def __init__(
        self, log: Path, store: Path, stop: threading.Event, on_idle: Callable[[], object] | None = None
    ) -> None:
        """on_idle: called, in the thread that runs this, whenever all that the log holds is in the store and on disk.

        Raises what opening the store raises.
        """
        self._log = log
        self._stop = stop
        self._on_idle = on_idle
        self._report = ImportReport()
        self._continuation = Continuation(store)
        self._reason = ""
        self.format = ""
        self.files: list[FileIdentity] = []
        """What the files were like whose content, all of it, is in the store; empty where nobody can say."""

    def run(self) -> str | None:
        """Go on until `stop` is set, and return None; or until the store cannot follow the log, and return why.

        A log that cannot be read just now is tried again when it has changed. Raises WriteError, DurabilityError.
        """
        with self._continuation as continuation:
            while not self._stop.is_set():
                try:
                    known, source = recognise(self._log)
                    ended = self._read_on(known) if _can_be_read_on(known, source) else self._read_again(known, source)
                except LogError:
                    ended = False
                    self._wait_for_change({self._log: stamp_of(self._log)})
                if ended:
                    return self._reason
            if continuation.is_caught_up:
                continuation.describe(self._report.to_json())
        return None

    def _read_on(self, known: Format) -> bool:
        """Read the log's lines as they come; True where the store can no longer follow."""
        watch = Watch(self._stop, self._settled)
        try:
            told = self._tell(known, LiveSource(self._log, watch))
        finally:
            watch.close()
        self.files = watch.read_files() if told or self._stop.is_set() else []
        if self._stop.is_set():
            return False
        self._reason = watch.replaced or ("" if told else "it was rewritten")
        return True

    def _read_again(self, known: Format, source: Source) -> bool:
        """Read the whole log, and wait until it has changed; True where the store can no longer follow."""
        read = identities(file.path for file in known.files(source))
        beside = [self._log.with_name(f"{self._log.name}-wal")] if source.is_binary else [self._log.parent]
        watched = [self._log, *(Path(file.path) for file in read), *beside, *source.expected]
        before = {path: stamp_of(path) for path in watched}
        started = time.thread_time()
        follows = self._tell(known, source) and self._settled()
        if follows:
            self.files = read
        if self._stop.is_set():
            return False
        if not follows:
            # It may have been caught half written: only what stays is believed.
            self._stop.wait(2 * POLL_SECONDS)
            self._reason = "it was rewritten"
            return not self._stop.is_set() and all(stamp_of(path) == stamp for path, stamp in before.items())
        self._wait_for_change(before)
        self._stop.wait(REST * (time.thread_time() - started))
        return False

    def _tell(self, known: Format, source: Source) -> bool:
        self._report, self.format = ImportReport(), known.name
        self._continuation.begin()
        return all(self._take(draft) for draft in known.read(source, self._report))

    def _take(self, draft: Draft) -> bool:
        return not self._stop.is_set() and self._continuation.take(draft)

    def _settled(self) -> bool:
        """Called when all was read: False where the store holds more than the log tells."""
        if not self._continuation.is_caught_up:
            return False
        self._continuation.sync()
        if self._on_idle is not None:
            self._on_idle()
        return True

    def _wait_for_change(self, before: dict[Path, Stamp]) -> None:
        while all(stamp_of(path) == stamp for path, stamp in before.items()):
            if self._stop.wait(POLL_SECONDS):
                return


def _can_be_read_on(known: Format, source: Source) -> bool:
    """Whether reading can stop at the end of a log and go on there: not while its beginning says too little of it."""
    return (
        known.tells_lines
        and not source.is_compressed
        and source.has_lines
        and len(source.head) >= HEAD_RECORDS
        and source.only is None
    )
