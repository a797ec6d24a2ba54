"""Every screen as it reads, at three sizes, and the main ones as pictures in a dark and a light theme.

After a change that is meant: pytest tests/tui/test_looks.py --snapshot-update. Look at every file before committing it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

import playhead
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.runs import PLACES

from .conftest import AppPilot, Clock, app_of, record_run, screen_text, settle, until
from .tour import toured

SIZES = ((80, 24), (120, 36), (160, 50))
THEMES = ("textual-dark", "textual-light")
PICTURED_AT = (120, 36)
PICTURED = {
    "main-diff", "main-history", "main-blame", "state-everyone", "events-by-turn", "timeline-lanes", "help",
    "snapshots", "comparison", "restore", "command-problem", "answer-when",
}  # fmt: skip
NOW = 1_800_000_000.0


class TextFile(SingleFileSnapshotExtension):
    """A file that reads as the screen does."""

    _write_mode = WriteMode.TEXT
    _file_extension = "txt"


class Picture(TextFile):
    _file_extension = "svg"


class OpenedHere(RecentStores):
    """By paths that do not say where the tests run."""

    def paths(self) -> list[Path]:
        return [Path("refund"), Path("empty")]


def app_on(path: Path) -> PlayheadApp:
    return PlayheadApp(path, recent=RecentStores(Path("recent.json")))


def assert_reads(pilot: AppPilot, name: str, snapshot: SnapshotAssertion) -> None:
    assert f"{screen_text(pilot)}\n" == snapshot.use_extension(TextFile)(name=name)


async def assert_looks(pilot: AppPilot, name: str, snapshot: SnapshotAssertion) -> None:
    """A picture in each theme; its ids, which are made up anew for each, are left out."""
    for theme in THEMES:
        app_of(pilot).theme = theme
        await settle(pilot)
        picture = re.sub(r"\bterminal-\d+-", "terminal-", pilot.app.export_screenshot())
        assert picture == snapshot.use_extension(Picture)(name=f"{name}-{theme}")
    app_of(pilot).theme = THEMES[0]
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x36", "160x50"])
async def test_every_screen_of_a_run(run: Path, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    async with app_on(run).run_test(size=size) as pilot:
        async for name in toured(pilot):
            assert_reads(pilot, name, snapshot)
            if size == PICTURED_AT and name in PICTURED:
                await assert_looks(pilot, name, snapshot)


async def test_the_start_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("playhead_tui.screens.runs.time", lambda: NOW)
    for place in PLACES:
        monkeypatch.delenv(place.variable, raising=False)
    session = Path(".claude/projects/-work-shop/0a1b2c3d-4e5f.jsonl")
    session.parent.mkdir(parents=True)
    session.write_text("this is no log", "utf-8")
    record_run(Path("refund"))
    playhead.open("empty", clock=Clock()).close()
    for hours, path in enumerate((Path("refund"), Path("empty"), session)):
        for file in (path, *path.rglob("*")):
            os.utime(file, (NOW - 3600 * hours, NOW - 3600 * hours))
    app = PlayheadApp(None, recent=OpenedHere(Path("recent.json")))
    async with app.run_test(size=SIZES[0]) as pilot:
        await until(pilot, "× 1")
        await until(pilot, lambda: not any(worker.is_running and worker.group == "runs" for worker in app.workers))
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert_reads(pilot, f"{size[0]}x{size[1]}", snapshot)


async def test_what_is_said_where_there_is_nothing_to_show(run: Path, snapshot: SnapshotAssertion) -> None:
    playhead.open("empty").close()
    for name, path in (("empty", Path("empty")), ("nothing-there", Path("nothing/there")), ("too-small", run)):
        async with app_on(path).run_test(size=SIZES[0]) as pilot:
            await settle(pilot)
            for size in SIZES if name != "too-small" else ((59, 15), (30, 8)):
                await pilot.resize_terminal(*size)
                await settle(pilot)
                assert_reads(pilot, f"{name}-{size[0]}x{size[1]}", snapshot)
