"""Between the screen and the cursor: one thread that asks it, one question at a time, the newest wish first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from playhead_tui.frame import Frame, Lens, Note, Wanted, read_frame
from playhead_tui.moves import Move, make_moves, with_move

if TYPE_CHECKING:
    from playhead import Store
    from playhead.cursor import Cursor
    from playhead_tui.details import Details

Answer = TypeVar("Answer")


class Audience(Protocol):
    """Who is shown what the cursor answers. Called on the event loop only."""

    def lens(self) -> Lens:
        """How the person looks at the run now."""

    def wanted(self, frame: Frame) -> Wanted:
        """What this frame lacks to be complete."""

    def show_frame(self, frame: Frame, note: Note | None) -> None: ...

    async def painted(self) -> None:
        """Wait until what was shown is on the terminal."""

    def show_details(self, frame: Frame, details: Details) -> None: ...


@dataclass(slots=True)
class _Waiting:
    moves: list[Move]
    stale: bool = False


class Driver:
    """Owns a store and its cursor, which one thread touches, so that no question ever runs beside another."""

    def __init__(self, store: Store, cursor: Cursor, audience: Audience) -> None:
        self.store = store
        self._cursor = cursor
        self._audience = audience
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="playhead-cursor")
        self._waiting = _Waiting([])
        self._running = False
        self._closed = False

    async def ask(self, question: Callable[[Cursor], Answer]) -> Answer:
        """The answer to a question, off the event loop. Raises what the cursor raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._cursor)

    def wish(self, move: Move) -> None:
        """Remember a move; `run` makes it."""
        self._waiting.moves = with_move(self._waiting.moves, move)

    def look_again(self) -> None:
        """Remember that the frame has to be read again, though the playhead stays."""
        self._waiting.stale = True

    @property
    def idle(self) -> bool:
        return not self._running and not self._waiting.moves and not self._waiting.stale

    async def run(self) -> None:
        """Make every move that waits and show where it led; moves that come meanwhile are made before anything else."""
        if self._running:
            return
        self._running = True
        try:
            while (self._waiting.moves or self._waiting.stale) and not self._closed:
                await self._round()
        finally:
            self._running = False

    async def _round(self) -> None:
        moves, self._waiting = self._waiting.moves, _Waiting([])
        lens = self._audience.lens()

        def travel(cursor: Cursor) -> tuple[Frame, Note | None]:
            note = make_moves(cursor, moves)
            return read_frame(cursor, lens), note

        frame, note = await self.ask(travel)
        if self._closed:
            return
        self._audience.show_frame(frame, note)
        # Values are read after the frame is painted: two threads of Python at once would slow the painting down.
        await self._audience.painted()
        if self._waiting.moves or self._closed:
            return
        wanted = self._audience.wanted(frame)

        def read(cursor: Cursor) -> Details:
            # Comparing values takes modules that the first paint need not wait for.
            from playhead_tui.details import read_details

            # A refresh may have taken the playhead along since: what is read is what belongs to the frame.
            here, cursor.position = cursor.position, frame.position
            try:
                return read_details(cursor, frame, wanted)
            finally:
                cursor.position = here

        details = await self.ask(read)
        # The frame is still on screen, whatever waits: what was read for it is shown, or a busy run would show nothing.
        if not self._closed:
            self._audience.show_details(frame, details)

    async def refresh(self) -> bool:
        """Look for commits of other processes; at the head, the playhead goes along. True if there were any."""
        return await self.ask(_follow)

    def close(self) -> None:
        """Close the store, once the question that is being answered is."""
        if not self._closed:
            self._closed = True
            self._thread.submit(self.store.close)
            self._thread.shutdown(wait=False)


def _follow(cursor: Cursor) -> bool:
    grown = cursor.refresh()
    if grown and cursor.agent not in (agents := cursor.agents()) and agents:
        # The store was empty when it was opened: now there is somebody to look at.
        cursor.choose_agent(agents[0])
    return grown
