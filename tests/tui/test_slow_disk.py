"""The app while a disk does not answer: positions, the event list and the timeline move on, values come later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import Record
from playhead.cursor import Cursor
from playhead.history import History
from playhead_tui.details import STEPS_AHEAD
from playhead_tui.driver import Driver
from playhead_tui.frame import Frame, Lens, Note, Wanted
from playhead_tui.moves import Seek, Step
from playhead_tui.workers import Worker

from .conftest import OpenApp, app_of, line_with, position, press, screen_text, settle, until

_HANGING_SECONDS = 60
AWAY = STEPS_AHEAD + 6
"""So many steps that no value is there yet, while the events are."""


class Disk:
    """Answers every read, until it is held up; then each waits until it goes on."""

    def __init__(self) -> None:
        self._goes_on = threading.Event()
        self._goes_on.set()
        self.held = threading.Semaphore(0)
        """Released by every read that waits."""

    def hold_up(self) -> None:
        self._goes_on.clear()

    def go_on(self) -> None:
        self._goes_on.set()

    async def waits(self) -> None:
        """Until a read waits for this disk."""
        assert await asyncio.to_thread(self.held.acquire, timeout=_HANGING_SECONDS)

    def slow(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def slowed(*arguments: Any, **named: Any) -> Any:
            if not self._goes_on.is_set():
                self.held.release()
                self._goes_on.wait()
            return read(*arguments, **named)

        return slowed


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """What every value, header and question to the database goes through."""
    disk = Disk()
    for name in ("records_at_versions", "record_at", "headers", "query", "runs"):
        monkeypatch.setattr(History, name, disk.slow(getattr(History, name)))
    yield disk
    disk.go_on()


def long_run(path: Path, events: int = 400) -> None:
    """A counter, and texts that are nowhere else on the screen; more events than a page of headers holds."""
    with playhead.open(path, durability="os") as store:
        for number in range(1, events + 1):
            with store.begin_transaction(kind="tool_call", label=f"read page {number}") as tx:
                tx.write(agent_id="planner", key="notes", value=f"what page {number} says")


async def test_moves_go_on_while_the_disk_does_not_answer_and_the_last_one_gets_its_values(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        await until(pilot, "what page 400 says")
        disk.hold_up()
        app_of(pilot).main.move(Step(-AWAY))
        await until(pilot, lambda: position(pilot) == 390)
        await disk.waits()
        for _ in range(9):
            await pilot.press("h")
        await until(pilot, lambda: position(pilot) == 381)
        assert "commit 381 / 400" in line_with(pilot, "commit")
        # Those around the playhead were read before.
        assert "▶ 381" in line_with(pilot, "read page 381")
        await until(pilot, "reading…")
        assert "what page 400 says" not in screen_text(pilot)
        assert "what page 381 says" not in screen_text(pilot)

        disk.go_on()
        await settle(pilot)
        assert "what page 381 says" in screen_text(pilot)
        assert "reading…" not in screen_text(pilot)


async def test_values_around_the_playhead_are_there_before_a_step_asks_for_them(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        app_of(pilot).main.move(Seek(200))
        await settle(pilot)
        for steps in (STEPS_AHEAD, -STEPS_AHEAD):
            there = position(pilot) + steps
            disk.hold_up()
            app_of(pilot).main.move(Step(steps))
            await until(pilot, f"what page {there} says")
            assert "reading…" not in screen_text(pilot)
            disk.go_on()
            await settle(pilot)


async def test_events_far_away_show_their_numbers_until_the_disk_answers(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        disk.hold_up()
        app_of(pilot).main.move(Seek(100))
        await until(pilot, lambda: position(pilot) == 100)
        assert "commit 100 / 400" in line_with(pilot, "commit")
        await until(pilot, "▶ 100   …")
        # A newer move waits for nothing that the older one did.
        app_of(pilot).main.move(Seek(50))
        await until(pilot, "▶  50   …")
        assert "commit 50 / 400" in line_with(pilot, "commit")

        disk.go_on()
        await settle(pilot)
        assert "read page 50" in line_with(pilot, "▶  50")
        assert "what page 50 says" in screen_text(pilot)
        assert "…" not in screen_text(pilot)


async def test_a_person_can_turn_to_other_panes_and_leave_while_the_disk_does_not_answer(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        disk.hold_up()
        app_of(pilot).main.move(Step(-AWAY))
        await disk.waits()
        await pilot.press("question_mark")
        await until(pilot, lambda: pilot.app.screen is not app_of(pilot).main)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).main)
        await pilot.press("slash", "escape", "H")
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running or pilot.app._exit)


async def test_another_tab_asked_for_while_the_disk_does_not_answer_is_the_one_that_comes(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        disk.hold_up()
        app_of(pilot).main.move(Step(-AWAY))
        await disk.waits()
        app_of(pilot).main.show_tab("value")
        await until(pilot, "reading…")
        disk.go_on()
        await settle(pilot)
        page = app_of(pilot).main.page
        assert page is not None and page.tab == "value"
        assert "what page 390 says" in screen_text(pilot)


class Watcher:
    """Notes what is shown, and wants a page of each frame."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, bool]] = []
        self.detailed: list[int] = []

    def lens(self) -> Lens:
        return Lens()

    def wanted(self, frame: Frame) -> Wanted:
        return Wanted("value", 60)

    def show_frame(self, frame: Frame, note: Note | None) -> None:
        self.shown.append((frame.position, frame.has_events))

    async def painted(self) -> None:
        return

    def show_details(self, frame: Frame, details: object) -> None:
        assert frame.is_whole
        self.detailed.append(frame.position)


async def test_of_the_frames_shown_while_one_read_waits_only_the_last_is_read_after_it(
    tmp_path: Path, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    store = playhead.open(tmp_path / "long", create=False)
    watcher = Watcher()
    driver = Driver(store, store.cursor(), watcher)
    driver.look_again()
    await driver.run()
    disk.hold_up()
    driver.wish(Step(-AWAY))
    reading = asyncio.create_task(driver.run())
    await disk.waits()
    for _ in range(5):
        driver.wish(Step(-1))
        await driver.run()
    assert not driver.idle
    disk.go_on()
    await reading
    assert watcher.shown == [(400, True), *((390 - number, True) for number in range(6))]
    assert watcher.detailed == [400, 390, 385]
    assert driver.at_rest
    driver.close()


async def test_what_is_read_ahead_gives_way_to_a_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long_run(tmp_path / "long")
    store = playhead.open(tmp_path / "long", create=False)
    watcher = Watcher()
    driver = Driver(store, store.cursor(), watcher)
    read: list[int] = []
    comparison = Cursor.comparison

    def noted(cursor: Cursor, key: str | None = None) -> tuple[Record, Record]:
        read.append(cursor.position)
        if cursor.position == 399:
            driver.wish(Step(-100))
        return comparison(cursor, key)

    monkeypatch.setattr(Cursor, "comparison", noted)
    driver.look_again()
    await driver.run()
    assert watcher.detailed == [400, 300]
    assert read == [399, 299, 301, 298, 302, 297, 303, 296, 304]
    assert driver.at_rest
    driver.close()


async def test_what_is_read_ahead_and_never_comes_keeps_no_value_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_run(tmp_path / "long")
    store = playhead.open(tmp_path / "long", create=False)
    watcher = Watcher()
    driver = Driver(store, store.cursor(), watcher)
    blocked, goes_on = threading.Event(), threading.Event()
    comparison = Cursor.comparison

    def held(cursor: Cursor, key: str | None = None) -> tuple[Record, Record]:
        blocked.set()
        goes_on.wait()
        return comparison(cursor, key)

    monkeypatch.setattr(Cursor, "comparison", held)
    driver.look_again()
    reading = asyncio.create_task(driver.run())
    assert await asyncio.to_thread(blocked.wait, _HANGING_SECONDS)
    for steps in (100, 50):
        driver.wish(Step(-steps))
        await driver.run()
    assert watcher.detailed == [400, 300, 250]
    assert await driver.ask(lambda cursor: cursor.record("notes").value) == "what page 250 says"
    goes_on.set()
    await reading
    assert driver.at_rest
    driver.close()


async def test_a_store_that_is_closed_while_something_is_read_ends_whoever_waits_without_a_word(
    tmp_path: Path, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    store = playhead.open(tmp_path / "long", create=False)
    driver = Driver(store, store.cursor(), Watcher())
    disk.hold_up()
    first = asyncio.create_task(driver.ask(lambda cursor: cursor.track.headers([1])))
    await disk.waits()
    second = asyncio.create_task(driver.ask(lambda cursor: cursor.head))
    await asyncio.sleep(0)
    driver.close()
    disk.go_on()
    done, _ = await asyncio.wait({first, second})
    assert all(task.cancelled() for task in done)


def test_what_has_not_begun_is_cancelled_when_a_worker_stops_and_the_last_job_is_done() -> None:
    worker = Worker("test")
    begun, goes_on, last = threading.Event(), threading.Event(), threading.Event()

    def wait() -> str:
        begun.set()
        goes_on.wait()
        return "answered"

    first = worker.submit(wait)
    begun.wait()
    second = worker.submit(lambda: "never asked")
    worker.stop(last.set)
    goes_on.set()
    assert first.result() == "answered"
    assert second.cancelled()
    assert last.wait()
    assert worker.submit(lambda: "too late").cancelled()


def test_a_cursor_apart_stays_where_it_is_and_knows_no_newer_commits(run: Path) -> None:
    with playhead.open(run, create=False) as store:
        cursor = store.cursor()
        apart = cursor.apart()
        store.write(agent_id="planner", key="counters/pages", value=31)
        assert cursor.refresh()
        cursor.mark("a")
        cursor.step(-3)
        assert (apart.position, apart.head, apart.marks) == (30, 30, {})
        assert apart.record("counters/pages").value == 30
        assert [header.commit_ts for header in apart.track.headers([29, 30])] == [29, 30]


def test_a_cursor_takes_over_what_its_copy_has_read_of_newer_commits(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with playhead.open(run, create=False) as store:
        cursor = store.cursor()
        assert cursor.timeline.head == 30
        store.write(agent_id="planner", key="counters/pages", value=31)
        newer = cursor.apart()
        assert newer.refresh()
        assert newer.agents()
        monkeypatch.setattr(History, "query", _refuse)
        monkeypatch.setattr(History, "runs", _refuse)
        assert cursor.take_over(newer)
        assert (cursor.position, cursor.head, cursor.timeline.head) == (31, 31, 31)
        assert not cursor.take_over(newer)
        cursor.step(-1)
        assert cursor.position == 30


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("this reads from disk")


def test_headers_in_memory_do_not_wait_for_those_on_a_disk(tmp_path: Path, disk: Disk) -> None:
    long_run(tmp_path / "long")
    with playhead.open(tmp_path / "long", create=False) as store:
        cursor: Cursor = store.cursor()
        cursor.track.headers([400])
        disk.hold_up()
        reading = threading.Thread(target=cursor.track.headers, args=([1],))
        reading.start()
        disk.held.acquire()
        assert list(cursor.track.known_headers([400, 1])) == [400]
        assert cursor.track.headers([399])[0].label == "read page 399"
        disk.go_on()
        reading.join()
        assert list(cursor.track.known_headers([400, 1])) == [400, 1]


async def test_a_step_after_a_read_that_waited_shows_the_whole_event(
    tmp_path: Path, open_app: OpenApp, disk: Disk
) -> None:
    long_run(tmp_path / "long")
    async with open_app(tmp_path / "long", size=(120, 36)) as pilot:
        disk.hold_up()
        app_of(pilot).main.move(Seek(100))
        await until(pilot, lambda: position(pilot) == 100)
        disk.go_on()
        await settle(pilot)
        frame = app_of(pilot).main.frame
        assert frame is not None and frame.event is not None
        assert frame.event.label == "read page 100"
        await press(pilot, "h")
        assert "▶  99" in line_with(pilot, "read page 99")
