"""A log that is still being written, on screen: it moves along at the head, and waits for who looks back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import pytest

import playhead
from playhead.filesystem import Replacement
from playhead.growing import Continuation
from playhead.verify import verify
from playhead_tui.app import PlayheadApp
from playhead_tui.library import Found, store_for
from playhead_tui.recent import RecentStores

from .conftest import AppPilot, app_of, position, press, screen_text, settle, until

OpenLog = Callable[[Path], AbstractAsyncContextManager[AppPilot]]


def line(number: int) -> str:
    return json.dumps({"role": "user" if number % 2 else "assistant", "content": f"message {number}"}) + "\n"


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "session.jsonl"
    path.write_text("".join(line(number) for number in range(1, 15)))
    return path


@pytest.fixture
def open_log(tmp_path: Path) -> OpenLog:
    """Open the app on a log as `playhead open --follow` does."""

    @asynccontextmanager
    async def opened(log: Path) -> AsyncIterator[AppPilot]:
        recent = RecentStores(tmp_path / "recent.json")
        app = PlayheadApp(store_for(log).path, follow=log, recent=recent)
        async with app.run_test(size=(110, 30)) as pilot:
            await settle(pilot)
            yield pilot

    return opened


async def test_the_screen_moves_along_at_the_head(log: Path, open_log: OpenLog) -> None:
    async with open_log(log) as pilot:
        assert "commit 14 / 14" in screen_text(pilot)
        assert "LIVE" in screen_text(pilot)
        for number in range(15, 20):
            append(log, line(number))
            await until(pilot, f"commit {number} / {number}")
        assert "message 19" in screen_text(pilot)


async def test_who_looks_back_stays_there_while_the_log_grows(log: Path, open_log: OpenLog) -> None:
    async with open_log(log) as pilot:
        await press(pilot, "h", "h")
        append(log, line(15))
        await until(pilot, "commit 12 / 15")
        assert "PAST" in screen_text(pilot)
        await press(pilot, "G")
        append(log, line(16))
        await until(pilot, "commit 16 / 16")


async def test_half_a_line_waits_for_its_end(log: Path, open_log: OpenLog) -> None:
    async with open_log(log) as pilot:
        append(log, line(15) + line(16)[:9])
        await until(pilot, "commit 15 / 15")
        append(log, line(16)[9:])
        await until(pilot, "commit 16 / 16")
        assert "message 16" in screen_text(pilot)


async def test_a_short_log_is_followed_from_its_first_line_on(tmp_path: Path, open_log: OpenLog) -> None:
    log = tmp_path / "session.jsonl"
    log.write_text(line(1))
    async with open_log(log) as pilot:
        for number in range(2, 30):
            append(log, line(number))
        await until(pilot, "commit 29 / 29")


@pytest.mark.parametrize("how", ["truncated", "rotated", "written anew"])
async def test_a_log_that_is_rewritten_is_shown_as_it_is_then_and_said_to_be(
    log: Path, open_log: OpenLog, how: str
) -> None:
    async with open_log(log) as pilot:
        before = app_of(pilot).main.path_of_store()
        append(log, line(15))
        await until(pilot, "commit 15 / 15")
        text = "".join(line(number + 100) for number in range(1, 30 if how == "written anew" else 4))
        if how == "rotated":
            log.rename(log.with_suffix(".1"))
        log.write_text(text)
        head = len(text.splitlines())
        await until(pilot, f"commit {head} / {head}")
        await until(pilot, "this is what it holds now")
        after = app_of(pilot).main.path_of_store()
        append(log, line(200))
        await until(pilot, f"commit {head + 1} / {head + 1}")
        assert "message 200" in screen_text(pilot)
    assert before is not None and after is not None
    assert before != after
    with playhead.open(before, read_only=True) as store:
        assert store.head == 15


async def test_quitting_leaves_a_sound_store_that_opens_at_once(
    log: Path, open_log: OpenLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_log(log) as pilot:
        append(log, "".join(line(number) for number in range(15, 40)))
        await until(pilot, "commit 39 / 39")
        path = app_of(pilot).main.path_of_store()
    assert path is not None
    assert verify(path) == []
    with playhead.open(path, read_only=True) as store:
        report = (store.imported or {})["report"]
        assert isinstance(report, dict) and report["events"] == 39
        assert store.read_only  # S28
    monkeypatch.setattr("playhead_tui.library.RecognisedLog.at", lambda path: pytest.fail("it was read again"))
    assert store_for(log) == Found(path)


def test_what_a_log_came_to_is_written_down_beside_somebody_who_tidies_up(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store_for(log).path
    other = playhead.open(path)
    install = Replacement.install

    def install_late(replacement: Replacement) -> None:
        other.close()
        install(replacement)

    monkeypatch.setattr(Replacement, "install", install_late)
    with Continuation(path) as continuation:
        continuation.describe({"events": 39})
    with playhead.open(path, read_only=True) as store:
        assert (store.imported or {})["report"] == {"events": 39}


async def test_opening_another_run_ends_the_following(log: Path, run: Path, open_log: OpenLog) -> None:
    async with open_log(log) as pilot:
        append(log, line(15))
        await until(pilot, "commit 15 / 15")
        followed = app_of(pilot).main.path_of_store()
        app_of(pilot).open(run)
        await until(pilot, "commit 30 / 30")
        await settle(pilot)
        assert "LIVE" in screen_text(pilot)
        assert position(pilot) == 30
    assert followed is not None
    with playhead.open(followed, read_only=True) as store:
        assert store.head == 15


async def test_a_database_that_is_written_is_followed(tmp_path: Path, open_log: OpenLog) -> None:
    log = tmp_path / "threads.sqlite"
    with closing(sqlite3.connect(log)) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute(
            "create table checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint,"
            " metadata)"
        )

        def put(number: int) -> None:
            with connection:
                state = {"id": f"{number:04}", "channel_values": {"counter": number}}
                connection.execute(
                    "insert into checkpoints values ('t', '', ?, ?, 'json', ?, '{}')",
                    (f"{number:04}", f"{number - 1:04}" if number > 1 else None, json.dumps(state)),
                )

        put(1)
        async with open_log(log) as pilot:
            path = app_of(pilot).main.path_of_store()
            for number in range(2, 8):
                put(number)
                await until(pilot, f"commit {number} / {number}")
            assert app_of(pilot).main.path_of_store() == path
