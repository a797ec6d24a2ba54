"""Following a log: a thread that keeps the store it was loaded into in step with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from playhead import LogError, PlayheadError
from playhead.formats.live import POLL_SECONDS
from playhead.live_import import LiveImport
from playhead_tui.library import remember_followed, store_for


class Following:
    """Appends what a log gains until it is stopped; where the log is rewritten, it goes on with another store."""

    def __init__(
        self,
        log: Path,
        store: Path,
        *,
        on_moved: Callable[[Path, str], object],
        on_failed: Callable[[Exception], object],
        on_idle: Callable[[], object] | None = None,
    ) -> None:
        """All are called in the thread that follows.

        on_moved: with the store that the log is in from now on, and why. on_failed: with what ended the following.
        on_idle: whenever all that the log holds is in the store.
        """
        self.log = log
        self.store = store
        self._on_moved, self._on_failed, self._on_idle = on_moved, on_failed, on_idle
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="playhead-following")

    def start(self) -> None:
        self._thread.start()

    def stop(self, *, wait: bool = True) -> None:
        """End it, and wait until the store is whole and let go of; or let it end by itself."""
        self._stop.set()
        if wait and self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while (reason := self._follow()) is not None:
                self._move(reason)
        except (PlayheadError, OSError) as error:
            self._on_failed(error)

    def _follow(self) -> str | None:
        live = LiveImport(self.log, self.store, self._stop, self._on_idle)
        reason = live.run()
        if reason is None:
            remember_followed(self.log, self.store, live.format, live.files)
        return reason

    def _move(self, reason: str) -> None:
        """Load the log anew, as soon as there is one again."""
        while not self._stop.is_set():
            try:
                found = store_for(self.log)
            except LogError:
                self._stop.wait(POLL_SECONDS)
                continue
            if found.path != self.store:
                self.store = found.path
                self._on_moved(found.path, f"{self.log.name}: {reason}; this is what it holds now")
            return
