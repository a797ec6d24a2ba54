"""Disks that cannot be written, folders that are not there, and stores that go away while they are looked at."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import playhead
from playhead import CorruptStoreError
from playhead.history import History
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.screens import requests
from playhead_tui.session import Sessions

from .conftest import OpenApp, app_of, position, press, record_run, screen_text, settle, type_text, until


@pytest.fixture
def read_only_run(run: Path, make_read_only: Callable[[Path], None]) -> Path:
    make_read_only(run)
    return run


async def test_a_store_that_cannot_be_written_says_so_once_and_is_looked_at_like_any_other(
    read_only_run: Path, open_app: OpenApp
) -> None:
    async with open_app(read_only_run) as pilot:
        assert "Opened read-only" in screen_text(pilot)
        assert "READ-ONLY" in screen_text(pilot).splitlines()[0]
        await press(pilot, "h")
        assert "Opened read-only" not in screen_text(pilot)
        assert position(pilot) == 29
        await press(pilot, "e", "E")
        await type_text(pilot, "")
        await press(pilot, "2", "0", "G", "v", "v", "b")
        assert position(pilot) == 20
        assert "PAST" in screen_text(pilot).splitlines()[0]


async def test_a_change_to_a_store_that_cannot_be_written_is_refused_in_one_line(
    read_only_run: Path, open_app: OpenApp
) -> None:
    async with open_app(read_only_run) as pilot:
        app_of(pilot).main.request(requests.snapshot("here"))
        await settle(pilot)
        assert "read-only" in screen_text(pilot).splitlines()[-1]
        assert "2 snapshots" in screen_text(pilot)


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("is_full", [True, False], ids=["full disk", "folder that cannot be made"])
async def test_a_place_that_cannot_be_kept_is_told_once_and_everything_else_goes_on(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    folder = tmp_path / "state-home" / "sessions"
    if is_full:
        monkeypatch.setattr("playhead_tui.small_files.tempfile.mkstemp", full)
    else:
        (tmp_path / "state-home").write_text("a file where a folder should be")
    told: list[str] = []
    app = PlayheadApp(run, recent=RecentStores(folder / "recent.json"), sessions=Sessions(folder))
    notify = app.notify

    def noted(message: str, **options: Any) -> None:
        told.append(message)
        notify(message, **options)

    monkeypatch.setattr(app, "notify", noted)
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await settle(pilot)
        for _ in range(2):
            await press(pilot, "h")
            app.main.keep_beside()
            await app.workers.wait_for_complete([each for each in app.workers if each.group == "keep"])
            await pilot.pause()
        reason = os.strerror(errno.ENOSPC) if is_full else os.strerror(errno.ENOTDIR)
        assert len(told) == 1
        assert reason in told[0]
        assert "where you are in a run is forgotten" in told[0]
        await until(pilot, "Your place cannot be kept")
        assert position(pilot) == 28
    assert app.return_code in (None, 0)


async def test_a_run_that_grows_leaves_a_person_who_looks_back_where_they_are(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "5", "h")
        with playhead.open(run, create=False) as writer:
            for number in range(31, 34):
                writer.write(agent_id="planner", key="counters/pages", value=number, kind="tool_call")
        await until(pilot, "commit 25 / 33")
        assert "PAST" in screen_text(pilot).splitlines()[0]
        await press(pilot, "G")
        assert position(pilot) == 33
        assert "LIVE" in screen_text(pilot).splitlines()[0]
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="counters/pages", value=34, kind="tool_call")
        await until(pilot, "commit 34 / 34")


def removed(path: Path) -> None:
    shutil.rmtree(path)


def replaced(path: Path) -> None:
    path.rename(path.with_name("moved away"))
    record_run(path, events=9)


@pytest.mark.parametrize(("lose", "said"), [(removed, "was removed"), (replaced, "another store has taken its place")])
async def test_a_store_that_goes_away_while_it_is_looked_at_is_told_of(
    run: Path, open_app: OpenApp, lose: Callable[[Path], None], said: str
) -> None:
    async with open_app(run) as pilot:
        lose(run.resolve())
        await until(pilot, said)
        assert app_of(pilot).main.has_class("-failed")
        assert "another store" in screen_text(pilot) and "quit" in screen_text(pilot)


async def test_a_run_that_nobody_writes_is_missed_once_a_value_cannot_be_read(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlayheadApp, "grows", lambda *_: False)
    async with open_app(run) as pilot:
        shutil.rmtree(run.resolve())
        monkeypatch.setattr(History, "records_at_versions", unreadable)
        await press(pilot, "2", "G")
        assert "was removed" in screen_text(pilot)
        assert "damaged" not in screen_text(pilot)


async def test_a_store_that_is_there_and_damaged_is_called_damaged(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        monkeypatch.setattr(History, "records_at_versions", unreadable)
        await press(pilot, "2", "G")
        assert "This store is damaged" in screen_text(pilot)
        assert "restore the store from a copy" in screen_text(pilot)


def unreadable(*_: object) -> None:
    raise CorruptStoreError("operations.parquet: cannot be read; restore the store from a copy")


async def test_a_store_that_is_copied_over_itself_is_the_same_store(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        info = run.resolve() / "store.json"
        copy = info.with_name("copy")
        shutil.copyfile(info, copy)
        copy.replace(info)
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="counters/pages", value=31)
        await until(pilot, "commit 31 / 31")
