"""Threads that a disk which never answers does not keep the app from leaving by."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

Answer = TypeVar("Answer")

LEAVING_SECONDS = 5.0
"""Enough for a store that is being closed."""


class Worker:
    """A thread that does one thing after the other. It is a daemon, so that nothing waits for it for ever."""

    def __init__(self, name: str, leaving_seconds: float = LEAVING_SECONDS) -> None:
        """leaving_seconds: how long the process waits at its end for what is being done."""
        self.leaving_seconds = leaving_seconds
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()
        _workers.add(self)

    def submit(self, job: Callable[[], Answer]) -> Future[Answer]:
        """Do it once all that was asked for before is done; cancelled at once where the worker was stopped."""
        future: Future[Answer] = Future()
        if self._stopped:
            future.cancel()
        else:
            self._jobs.put((future, job))
        return future

    def stop(self, last: Callable[[], object] | None = None) -> None:
        """Take no more, cancel what has not begun, and end with `last`, which may be all that it ever does."""
        self._stopped = True
        while not self._jobs.empty():
            if (job := self._jobs.get()) is not None:
                job[0].cancel()
        if last is not None:
            self._jobs.put((Future(), last))
        self._jobs.put(None)

    def join(self, seconds: float) -> None:
        """Wait until a worker that was stopped is done, but no longer than this."""
        if self._stopped:
            self._thread.join(seconds)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, do = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(do())
            except BaseException as error:
                future.set_exception(error)
            del job, future, do


_workers: weakref.WeakSet[Worker] = weakref.WeakSet()


@atexit.register
def _let_finish() -> None:
    now = time.monotonic()
    for worker in list(_workers):
        worker.join(max(0.0, now + worker.leaving_seconds - time.monotonic()))
