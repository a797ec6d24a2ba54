"""What a command that takes long shows on the terminal meanwhile, and how Ctrl-C ends it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from time import monotonic

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from playhead import ImportReport, Question
from playhead_tui.cli import EXIT_INTERRUPTED, INTERRUPTED

QUIET_SECONDS = 0.5
"""What takes no longer shows nothing."""
PATIENCE_SECONDS = 2.0
"""What does not end within this after Ctrl-C is ended with the process."""
_TICK_SECONDS = 0.1
_DONE = b"\0"

_bars: list[_Bar] = []
"""Those on the terminal; the last one is drawn."""


class _Bar:
    """A bar on stderr, drawn by a thread for as long as this is entered; nothing where stderr is no terminal."""

    def __init__(self, what: str, question: Question) -> None:
        self._question = question
        console = Console(stderr=True)
        self._is_seen = console.is_terminal and not console.is_dumb_terminal
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("Ctrl-C stops", style="dim"),
            console=console,
            transient=True,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(what, total=None)
        self._lock = threading.Lock()
        self._told, self._tell = socket.socketpair()
        self._tell.setblocking(False)
        self._thread = threading.Thread(target=self._watch, name="playhead-bar", daemon=True)

    def __enter__(self) -> _Bar:
        is_main = threading.current_thread() is threading.main_thread()
        # Whatever the main thread is busy with, Ctrl-C writes a byte here.
        self._before = signal.set_wakeup_fd(self._tell.fileno(), warn_on_full_buffer=False) if is_main else None
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.set_wakeup_fd(self._before)
        self._tell.send(_DONE)
        self._thread.join()
        self._erase()
        self._told.close()
        self._tell.close()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While something else is written to the terminal, the bar is not there."""
        with self._lock:
            self._erase()
            yield
            sys.stdout.flush()

    def _watch(self) -> None:
        begun, interrupted = monotonic(), None
        while True:
            heard = self._told.recv(64) if select([self._told], [], [], _TICK_SECONDS)[0] else b""
            if _DONE in heard:
                return
            if signal.SIGINT in heard and interrupted is None:
                interrupted = monotonic()
                self._question.stop()
            if interrupted is not None and monotonic() - interrupted > PATIENCE_SECONDS:
                self._end()
            if self._is_seen and monotonic() - begun >= QUIET_SECONDS:
                self._draw()

    def _draw(self) -> None:
        # Whoever writes has the lock for as long as that takes, and what was done by then is drawn later.
        if self._lock.acquire(blocking=False):
            try:
                done = self._question.done
                self._progress.start()
                self._progress.update(self._task, completed=done or 0.0, total=None if done is None else 1.0)
                self._progress.refresh()
            finally:
                self._lock.release()

    def _erase(self) -> None:
        # Where nothing was drawn, rich would leave an empty line.
        if self._progress.live.is_started:
            self._progress.stop()

    def _end(self) -> None:
        """Leave at once. Commands that are watched only read, so nothing is lost."""
        self._erase()
        os.write(2, f"{INTERRUPTED}\n".encode())
        os._exit(EXIT_INTERRUPTED)


@contextmanager
def working(what: str) -> Iterator[Question]:
    """Show that something is being worked on, and how much of it is done where the question tells."""
    question = Question()
    bar = _Bar(what, question)
    with bar, question:
        _bars.append(bar)
        try:
            yield question
        finally:
            _bars.remove(bar)


@contextmanager
def aside() -> Iterator[None]:
    """For what is printed while something is worked on: no bar stands in its way."""
    if not _bars:
        yield
        return
    with _bars[-1].aside():
        yield


class _ImportProgress:
    """A bar on stderr; nothing where stderr is no terminal."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress = progress
        self._name = name

    def start(self, report: ImportReport) -> None:
        task = self._progress.add_task(self._name, total=None)

        def advance(bytes_read: int) -> None:
            self._progress.update(task, completed=bytes_read, total=report.bytes_total)

        report.advance = advance


@contextmanager
def importing(name: str) -> Iterator[_ImportProgress]:
    """Show how much of a log has been read, where it has to be read at all."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    err = Console(stderr=True)
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        yield _ImportProgress(progress, Path(name).name)
