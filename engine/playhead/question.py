"""Questions that take long, for another thread to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from types import TracebackType

from playhead.errors import QuestionStoppedError


class Question:
    """Whatever a thread asks inside `with question:` raises QuestionStoppedError once another thread stops it.

        question = Question()
        with question:                  # in the thread that asks
            cursor.when("budget.remaining < 0")
        question.stop()                 # in any other

    A question that was stopped stays so. The store, its cursors and other threads' questions go on as before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []
        self._stopped = False
        self.done: float | None = None
        """How much of it is done, from 0 to 1; None where that is not known."""
        self._tokens: list[Token[Question | None]] = []

    def __enter__(self) -> Question:
        self._tokens.append(_current.set(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._tokens.pop())

    @property
    def is_stopped(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """End it, as soon as whatever is under way for it can be left. Called again, it tries again."""
        with self._lock:
            self._stopped = True
            for interrupt in self._interrupts:
                interrupt()

    def check(self) -> None:
        """Raises QuestionStoppedError where it was stopped."""
        if self._stopped:
            raise QuestionStoppedError("stopped before the answer was found; ask again for all of it")

    @contextmanager
    def working(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """For as long as something works on it that another thread can interrupt this way."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)


_current: ContextVar[Question | None] = ContextVar("question", default=None)


def current() -> Question | None:
    """What this thread is asked at the moment, if it may be stopped."""
    return _current.get()


def tell(done: float) -> None:
    """Say how much of what this thread is asked is done, from 0 to 1."""
    question = _current.get()
    if question is not None:
        question.done = min(done, 1.0)


def check() -> None:
    """Raises QuestionStoppedError where this thread's question was stopped: for loops that take long."""
    question = _current.get()
    if question is not None:
        question.check()
