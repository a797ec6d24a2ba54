"""A question about the past under way: asked of a cursor of its own, and answered in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from playhead import PlayheadError, Question
from playhead_tui.recording import unrecorded, write_down
from playhead_tui.verbs import command_line
from playhead_tui.workers import Worker

if TYPE_CHECKING:
    from playhead.cursor import Cursor

LEAVING_SECONDS = 0.5
"""Enough for the database to be interrupted; who leaves waits for no answer."""

Find: TypeAlias = "Callable[[Asked], str]"
"""Finds the answer in the question's thread, by the question's cursor, and returns the words for the last line."""


class Asked:
    """What was asked, from the key on that asked it until its answer is taken up or dropped.

    It is about the moment at which it was asked. Its cursor may be moved: that is where the answer leads.
    """

    cursor: Cursor

    def __init__(self, typed: str, find: Find, *, is_line: bool = True, brings_hits: bool = False) -> None:
        """is_line: whether it was typed after `:`, so that what is wrong with it brings the line back.
        brings_hits: whether n and N go through what is found."""
        self.typed, self.is_line, self.brings_hits = typed, is_line, brings_hits
        self.position = self._head = 0
        """Where the playhead was when it was asked."""
        self.is_over = False
        self.words = ""
        self.error: Exception | None = None
        """Why there is no answer."""
        self.of_moment = False
        """Whether the answer would be another one at another moment."""
        self.commands: list[str] = []
        """The command-line forms of what was asked."""
        self.then: list[Callable[[Cursor], str | None]] = []
        """What is to be done once the answer is there: keys that were pressed for it before."""
        self._find = find
        self._question = Question()
        self._shown: list[Callable[[], object]] = []
        self._opened: list[Callable[[], object]] = []
        self._dropped: list[Callable[[], object]] = []

    # ── in the thread that moves the cursor ──────────────────────────────────────────────────────────────────────────

    def set_out(self, cursor: Cursor, on_over: Callable[[Asked], object]) -> None:
        """Begin where the cursor is, and return at once. on_over: called in the question's thread, however it ends."""
        self.cursor = cursor.apart()
        self.position, self._head = cursor.position, cursor.head
        self._hits, self._filter = cursor.hits, cursor.filter
        Worker("playhead-question", LEAVING_SECONDS).stop(partial(self._answer, on_over))

    def hand_over(self, cursor: Cursor) -> bool:
        """Let the cursor know what was found, and go where the answer leads; False where it was moved meanwhile."""
        own = self.cursor
        if own.hits is not self._hits:
            cursor.hits = own.hits
        if own.filter is not self._filter:
            cursor.keep_to_same(own)
        # A playhead at the head goes along with it, and nobody has moved it.
        is_here = cursor.position == self.position or (self.position == self._head and cursor.position == cursor.head)
        with write_down(cursor, own, self.position), unrecorded(cursor):
            if is_here and self.leads_to is not None:
                cursor.seek(self.leads_to)
        if is_here:
            for request in self.then:
                self.words = request(cursor) or self.words
        return is_here

    # ── in the question's thread ─────────────────────────────────────────────────────────────────────────────────────

    def _answer(self, on_over: Callable[[Asked], object]) -> None:
        try:
            with self._question:
                self._question.check()
                self.words = self._find(self)
        except Exception as error:
            self.error = error
        finally:
            self.is_over = True
            on_over(self)

    def spelled(self, *words: str, at: int | None = None, agent: bool = True) -> str:
        """The command that does the same, which is kept for the list of commands.

        at: the moment, where the answer depends on it.
        """
        cursor = self.cursor
        self.of_moment = self.of_moment or at is not None
        options = ["--agent", cursor.agent.agent_id] if agent else []
        if agent and cursor.agent.namespace != "default":
            options += ["--namespace", cursor.agent.namespace]
        options += ["--at", str(at)] if at is not None else []
        return self.keep_command(*words, *options, "-s", str(cursor.store.path))

    def keep_command(self, *words: str) -> str:
        self.commands.append(command_line(*words))
        return self.commands[-1]

    def show(self, show: Callable[..., object], *arguments: object) -> None:
        """Have something shown as soon as the answer is there, which takes nobody away from what they do."""
        self._shown.append(partial(show, *arguments))

    def open(self, show: Callable[..., object], *arguments: object) -> None:
        """Have something opened for whoever waits for the answer; who does not, opens it with a key."""
        self._opened.append(partial(show, *arguments))

    def close_with(self, close: Callable[[], object]) -> None:
        """Close something where nobody is there to open what it is needed for."""
        self._dropped.append(close)

    # ── on the event loop ────────────────────────────────────────────────────────────────────────────────────────────

    def stop(self) -> None:
        """Give it up. Called again, it tries again: between two parts of a question there is nothing to interrupt."""
        self._question.stop()

    @property
    def is_stopped(self) -> bool:
        return self._question.is_stopped

    @property
    def is_refused(self) -> bool:
        """Whether it cannot be answered, as opposed to a mistake in this program."""
        return isinstance(self.error, PlayheadError | OSError)

    @property
    def leads_to(self) -> int | None:
        """The commit that the answer leads to; None where it leads nowhere else."""
        return self.cursor.position if self.cursor.position != self.position else None

    @property
    def opens(self) -> bool:
        """Whether there is something to open."""
        return bool(self._opened)

    def show_all(self) -> None:
        for show in self._shown:
            show()

    def open_all(self) -> None:
        for show in self._opened:
            show()

    def drop(self) -> None:
        """Nobody opens it any more."""
        for close in self._dropped:
            close()
