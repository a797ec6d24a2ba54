"""Whole screens as pictures. After a change that is meant: pytest tests/tui/test_looks.py --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

import pytest

import playhead
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores

from .conftest import AppPilot, app_of, press, settle


class SnapCompare(Protocol):
    def __call__(
        self,
        app: PlayheadApp,
        *,
        terminal_size: tuple[int, int],
        run_before: Callable[[AppPilot], Awaitable[None]],
    ) -> bool: ...


def app_on(path: Path) -> PlayheadApp:
    return PlayheadApp(path, recent=RecentStores(Path("recent.json")))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=["80x24", "160x50"])
def test_the_main_screen(run: Path, snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    async def look(pilot: AppPilot) -> None:
        await settle(pilot)
        app_of(pilot).main.selection = "plan/steps"
        await press(pilot, "8", "G")

    assert snap_compare(app_on(run), terminal_size=size, run_before=look)


def test_the_history_of_a_key(run: Path, snap_compare: SnapCompare) -> None:
    async def look(pilot: AppPilot) -> None:
        await settle(pilot)
        app_of(pilot).main.selection = "budget"
        app_of(pilot).main.show_tab("history")
        await press(pilot, "E", "m", "x", "tab")

    assert snap_compare(app_on(run), terminal_size=(100, 30), run_before=look)


def test_the_preview_of_a_restore(run: Path, snap_compare: SnapCompare) -> None:
    async def look(pilot: AppPilot) -> None:
        await settle(pilot)
        await press(pilot, "S", "j", "r")

    assert snap_compare(app_on(run), terminal_size=(100, 30), run_before=look)


def test_the_help(run: Path, snap_compare: SnapCompare) -> None:
    async def look(pilot: AppPilot) -> None:
        await settle(pilot)
        await press(pilot, "question_mark")

    assert snap_compare(app_on(run), terminal_size=(80, 24), run_before=look)


def test_an_empty_store(snap_compare: SnapCompare) -> None:
    playhead.open("empty").close()
    assert snap_compare(app_on(Path("empty")), terminal_size=(80, 24), run_before=settle)
