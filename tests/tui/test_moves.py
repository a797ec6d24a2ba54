"""Moves that wait for the cursor."""

from __future__ import annotations

from pathlib import Path

import playhead
from playhead_tui.details import Details
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame, Lens, Note, Wanted
from playhead_tui.moves import Do, Move, Seek, Step, make_moves, with_move
from playhead_tui.screens import requests


def waiting(*moves: Move) -> list[Move]:
    together: list[Move] = []
    for move in moves:
        together = with_move(together, move)
    return together


def test_steps_add_up() -> None:
    assert waiting(Step(1), Step(1), Step(-5)) == [Step(-3)]


def test_a_seek_makes_the_steps_and_seeks_before_it_pointless() -> None:
    assert waiting(Step(3), Seek(10), Step(1), Seek(40)) == [Seek(40)]
    assert waiting(Seek(10), Step(2)) == [Seek(10), Step(2)]


def test_a_drag_stays_one_jump_when_its_moves_are_passed_over() -> None:
    assert waiting(Seek(10, jump=True), Seek(11, jump=False), Seek(12, jump=False)) == [Seek(12, jump=True)]
    assert waiting(Seek(11, jump=False), Seek(12, jump=False)) == [Seek(12, jump=False)]


def test_what_is_more_than_a_move_is_never_passed_over() -> None:
    mark = Do(requests.mark("a"))
    assert waiting(Step(1), mark, Step(2), Seek(9)) == [Step(1), mark, Seek(9)]


def test_what_cannot_be_done_is_told_and_the_rest_is_done(run: Path) -> None:
    with playhead.open(run, create=False) as store:
        cursor = store.cursor()
        note = make_moves(cursor, [Do(requests.jump("z")), Step(-2)])
        assert note == Note("no mark 'z'; marks: none yet", is_error=True)
        assert cursor.position == 28


class Watcher:
    """Notes which frames were shown, and asks for more while the first one is."""

    def __init__(self) -> None:
        self.shown: list[int] = []
        self.detailed: list[int] = []
        self.driver: Driver | None = None
        self.wishes: list[Move] = []

    def lens(self) -> Lens:
        return Lens()

    def wanted(self, frame: Frame) -> Wanted:
        return Wanted("diff", 60)

    def show_frame(self, frame: Frame, note: Note | None) -> None:
        self.shown.append(frame.position)
        assert self.driver is not None
        for move in self.wishes:
            self.driver.wish(move)
        self.wishes = []

    async def painted(self) -> None:
        return

    def show_details(self, frame: Frame, details: object) -> None:
        self.detailed.append(frame.position)


async def test_moves_that_come_while_one_is_made_are_made_together_and_only_the_last_gets_its_values(run: Path) -> None:
    store = playhead.open(run, create=False)
    watcher = Watcher()
    driver = watcher.driver = Driver(store, store.cursor(), watcher)
    watcher.wishes = [Step(-1)] * 10
    driver.wish(Step(-1))
    await driver.run()
    assert watcher.shown == [29, 19]
    assert watcher.detailed == [19]
    assert driver.idle
    driver.close()


class Reader(Watcher):
    """Wants a value; while its frame is painted, a refresh slips in, and while it is read, another step is wished."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    async def painted(self) -> None:
        assert self.driver is not None
        await self.driver.refresh()

    def lens(self) -> Lens:
        return Lens(selection="counters/pages")

    def wanted(self, frame: Frame) -> Wanted:
        assert self.driver is not None
        if len(self.shown) == 1:
            self.driver.wish(Step(-1))
        return Wanted("value", 60)

    def show_details(self, frame: Frame, details: Details) -> None:  # type: ignore[override]
        super().show_details(frame, details)
        assert details.page is not None
        self.pages.append(details.page.rows[0].line.text)


async def test_what_was_read_is_shown_whatever_waits_and_is_of_its_frame_though_the_run_grows(run: Path) -> None:
    store = playhead.open(run, create=False)
    reader = Reader()
    driver = reader.driver = Driver(store, store.cursor(), reader)
    with playhead.open(run, create=False) as writer:
        writer.write(agent_id="planner", key="counters/pages", value=31)
        driver.look_again()
        await driver.run()
    assert reader.shown == [30, 30]
    assert reader.pages == ["30", "30"]
    driver.close()
