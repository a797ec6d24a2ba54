"""Between the screen and the cursor: a thread that moves it, one that reads what is shown, and one that reads ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from playhead import PlayheadError
from playhead_tui.frame import Frame, Lens, Note, Wanted, completed, read_frame
from playhead_tui.moves import Move, make_moves, with_move
from playhead_tui.whereabouts import Whereabouts
from playhead_tui.workers import Worker

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.details import Details

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 0.1
"""How long a frame waits for events that are not in memory: as a rule they are there before, and nothing flickers."""


class Audience(Protocol):
    """Who is shown what the cursor answers. Called on the event loop only."""

    def lens(self) -> Lens:
        """How the person looks at the run now."""

    def wanted(self, frame: Frame) -> Wanted:
        """What this frame lacks to be complete."""

    def show_frame(self, frame: Frame, note: Note | None) -> None: ...

    async def painted(self) -> None:
        """Wait until what was shown is on the terminal."""

    def show_details(self, frame: Frame, details: Details) -> None:
        """Show what was read for a frame, which is whole now, though another may be on the screen."""


@dataclass(slots=True)
class _Waiting:
    moves: list[Move]
    stale: bool = False


class _Due(NamedTuple):
    """A frame whose values are still to be read, and a cursor where it was made."""

    frame: Frame
    cursor: Cursor
    direction: int
    """Which way the playhead went, 1 or −1."""


class _Ahead(NamedTuple):
    """What was read last, around which there is more to read."""

    due: _Due
    wanted: Wanted


class Driver:
    """Owns a store and its cursor, which one thread moves. What takes reading is asked of copies, by another thread:
    a slow disk keeps back values, never a move. What nobody asked for yet is read by a third one, and keeps back
    nothing."""

    def __init__(self, store: Store, cursor: Cursor, audience: Audience) -> None:
        self.store = store
        self._cursor = cursor
        self._audience = audience
        self._mover, self._reader = Worker("playhead-moves"), Worker("playhead-reads")
        self._ahead_reader = Worker("playhead-reads-ahead")
        self._waiting = _Waiting([])
        self._due: _Due | None = None
        self._ahead: _Ahead | None = None
        self._asked, self._unasked = 0, asyncio.Event()
        self._unasked.set()
        self._position = cursor.position
        """That of the frame that was shown last."""
        self._late: asyncio.Future[Frame] | None = None
        """A read that took longer than a frame waits."""
        self._moving = self._reading = self._reading_ahead = self._closed = False
        self._whereabouts = Whereabouts(store)

    async def ask(self, question: Callable[[Cursor], Answer]) -> Answer:
        """The answer to a question that moves nothing, off the event loop. Raises what the cursor raises."""
        self._asked += 1
        self._unasked.clear()
        try:
            cursor = await self._answer(self._mover.submit(self._cursor.apart))
            return await self._answer(self._reader.submit(partial(question, cursor)))
        finally:
            self._asked -= 1
            if not self._asked:
                self._unasked.set()

    async def change(self, request: Callable[[Cursor], Answer]) -> Answer:
        """The answer to what moves or refreshes the cursor itself; moves wait for it."""
        return await self._answer(self._mover.submit(partial(request, self._cursor)))

    async def _answer(self, future: Future[Answer]) -> Answer:
        try:
            return await asyncio.wrap_future(future)
        finally:
            if self._closed:
                # Nobody is there any more whom an answer or an error would tell anything.
                raise asyncio.CancelledError

    def wish(self, move: Move) -> None:
        """Remember a move; `run` makes it."""
        self._waiting.moves = with_move(self._waiting.moves, move)

    def look_again(self) -> None:
        """Remember that the frame has to be read again, though the playhead stays."""
        self._waiting.stale = True

    @property
    def _has_wishes(self) -> bool:
        return bool(self._waiting.moves or self._waiting.stale)

    @property
    def idle(self) -> bool:
        """Whether all that belongs to the playhead is shown."""
        return not (self._moving or self._reading or self._has_wishes or self._due)

    @property
    def at_rest(self) -> bool:
        """Whether nothing is read ahead either."""
        return self.idle and self._ahead is None

    async def run(self) -> None:
        """Make every move that waits and show where it led, then read its values; moves that come meanwhile are made
        at once, by whoever runs this again, and what is read last is what belongs to the last of them."""
        while not self._closed:
            if self._has_wishes and not self._moving:
                await self._round()
            elif self._due is not None and not self._moving and not self._reading:
                await self._read(self._due)
            elif self._ahead is not None and not (self._moving or self._reading or self._reading_ahead):
                await self._read_ahead(self._ahead)
            else:
                return

    async def _round(self) -> None:
        self._moving = True
        try:
            moves, self._waiting = self._waiting.moves, _Waiting([])
            lens = self._audience.lens()

            def travel(cursor: Cursor) -> tuple[Frame, Note | None, Cursor]:
                note = make_moves(cursor, moves)
                return read_frame(cursor, lens), note, cursor.apart()

            frame, note, cursor = await self.change(travel)
            if not frame.has_events:
                frame = await self._soon_whole(frame, cursor)
            if self._closed:
                return
            self._audience.show_frame(frame, note)
            self._due = _Due(frame, cursor, -1 if frame.position < self._position else 1)
            self._ahead, self._position = None, frame.position
            # Values are read after the frame is painted: two threads of Python at once would slow the painting down.
            await self._audience.painted()
        finally:
            self._moving = False

    async def _soon_whole(self, frame: Frame, cursor: Cursor) -> Frame:
        """The frame with what takes reading, where that is quick."""
        if self._late is not None and not self._late.done():
            return frame
        reading = asyncio.ensure_future(self._answer(self._reader.submit(partial(completed, cursor, frame))))
        # What comes too late is read again with the values, and tells then what went wrong.
        reading.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
        self._late = None if done else reading
        return await reading if done else frame

    async def _read(self, due: _Due) -> None:
        self._reading, self._due = True, None
        try:
            wanted = self._audience.wanted(due.frame)

            def read() -> tuple[Frame, Details]:
                # Comparing values takes modules that the first paint need not wait for.
                from playhead_tui.details import read_details

                frame = completed(due.cursor, due.frame)
                return frame, read_details(due.cursor, frame, wanted)

            frame, details = await self._answer(self._reader.submit(read))
            if not self._closed:
                self._ahead = _Ahead(due, wanted)
                self._audience.show_details(frame, details)
        finally:
            self._reading = False

    async def _read_ahead(self, ahead: _Ahead) -> None:
        """Read what the next steps will show, while nothing else is to be done."""
        await self._unasked.wait()
        if self._ahead is not ahead or self._reading or self._reading_ahead or self._has_wishes:
            return
        self._reading_ahead = True
        (frame, cursor, direction), wanted = ahead

        def goes_on() -> bool:
            return not (self._has_wishes or self._asked or self._closed)

        def read() -> bool:
            from playhead_tui.details import read_ahead

            return read_ahead(cursor.apart(), frame, wanted, direction, goes_on)

        def read_figures() -> None:
            from playhead_tui.details import figures_ahead

            figures_ahead(cursor, frame)

        is_done = True
        try:
            # What cannot be read is told to whoever asks for it: nobody does yet.
            with suppress(PlayheadError, OSError):
                is_done = await self._answer(self._ahead_reader.submit(read))
                if is_done and self._ahead is ahead:
                    # By the one thread that reads figures; their events are in memory.
                    await self._answer(self._reader.submit(read_figures))
        finally:
            self._reading_ahead = False
        if is_done and self._ahead is ahead:
            self._ahead = None

    async def refresh(self) -> bool:
        """Look for commits of other processes; at the head, the playhead goes along. True if there were any.

        Raises StoreNotFoundError where the store is gone, or another one in its place.
        """

        if not await self._answer(self._reader.submit(self._has_grown)):
            return False
        newer = await self.ask(_refreshed)
        return newer is not None and await self.change(lambda cursor: _take_over(cursor, newer))

    def _has_grown(self) -> bool:
        if (gone := self._whereabouts.what_is_wrong()) is not None:
            raise gone
        self.store.refresh()
        return self.store.head > self._cursor.head

    async def reason(self, error: Exception) -> Exception:
        """What is behind an error: that the store is not there any more, where that is so."""
        return await self._answer(self._reader.submit(self._whereabouts.what_is_wrong)) or error

    def close(self) -> None:
        """Close the store, once the move that is being made is."""
        if not self._closed:
            self._closed = True
            self._ahead_reader.stop()
            self._reader.stop()
            self._mover.stop(self.store.close)


def _refreshed(cursor: Cursor) -> Cursor | None:
    """The copy with what is new; None where nothing is. All that a frame takes of it is read."""
    if not cursor.refresh():
        return None
    if cursor.agent not in (agents := cursor.agents()) and agents:
        # The store was empty when it was opened: now there is somebody to look at.
        cursor.choose_agent(agents[0])
    _ = cursor.timeline, cursor.stop_count
    return cursor


def _take_over(cursor: Cursor, newer: Cursor) -> bool:
    grown = cursor.take_over(newer)
    if grown and cursor.agent not in cursor.agents() and newer.agent in cursor.agents():
        cursor.choose_agent(newer.agent)
    return grown
