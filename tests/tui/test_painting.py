"""What is painted: the same as Textual would paint, of fewer lines; and what a person sees while a disk is slow."""

from __future__ import annotations

import asyncio
import random
import threading
from pathlib import Path

import pytest
from rich.console import Console
from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

from playhead.cursor import Cursor
from playhead_tui import details, driver
from playhead_tui.frame import Frame, Lens, read_frame
from playhead_tui.painting import DirtyCompositor

from .agreement import assert_screen_agrees, is_laid_out
from .conftest import OpenApp, app_of, line_with, position, press, screen_text, settle, until


@pytest.mark.parametrize("seed", range(12))
async def test_a_partial_paint_is_what_textual_would_have_painted(run: Path, open_app: OpenApp, seed: int) -> None:
    chance, console = random.Random(seed), Console(color_system="truecolor")
    async with open_app(run, size=(100, 30)) as pilot:
        compositor = app_of(pilot).main._compositor
        assert isinstance(compositor, DirtyCompositor)
        regions = {
            Region(chance.randrange(90), chance.randrange(28), chance.randrange(1, 60), chance.randrange(1, 6))
            for _ in range(chance.randrange(1, 6))
        }
        compositor._dirty_regions = {region.intersection(compositor.size.region) for region in regions}
        lean = compositor.render_partial_update()
        compositor._dirty_regions = {region.intersection(compositor.size.region) for region in regions}
        usual = Compositor.render_partial_update(compositor)
        assert lean is not None and usual is not None
        assert lean.render_segments(console) == usual.render_segments(console)


async def test_a_pane_that_has_no_room_left_is_not_painted(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(100, 30)) as pilot:
        main = app_of(pilot).main
        main.query_one("#panes").styles.height = 0
        await settle(pilot)
        main._compositor._dirty_regions = {main._compositor.size.region}
        assert main._compositor.render_partial_update() is not None
        assert app_of(pilot).is_running and "TIMELINE" in screen_text(pilot)


async def test_panes_fit_their_place_though_somebody_asked_for_it_before_they_were_laid_out(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        main._refresh_layout(scroll=True)  # as after every scroll: places are found anew when next asked for
        main.timeline.styles.height = 12
        main._clear_arrangement_cache()
        assert main._compositor.full_map
        await settle(pilot)
        await until(pilot, lambda: is_laid_out(pilot))
        assert "▶ 30" in screen_text(pilot)


async def test_a_step_asks_no_line_of_a_widget_that_it_does_not_change(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        asked: list[Region] = []
        draw = main.separator.render_lines

        def watched(crop: Region) -> list[Strip]:
            asked.append(crop)
            return draw(crop)

        monkeypatch.setattr(main.separator, "render_lines", watched)
        await press(pilot, "h")
        assert position(pilot) == 29
        assert asked == []


async def test_a_slow_disk_shows_a_placeholder_and_the_app_goes_on(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, read = threading.Event(), details.read_details

    def slowly(*arguments: object) -> object:
        disk.wait()
        return read(*arguments)  # type: ignore[arg-type]

    async with open_app(run) as pilot:
        app_of(pilot).main.selection = "budget"
        await press(pilot, "h")
        monkeypatch.setattr(details, "read_details", slowly)
        try:
            await pilot.press("h")
            await until(pilot, "commit 28 / 30")
            await until(pilot, lambda: app_of(pilot).main.diff.line_count() == 1)
            assert "…" in screen_text(pilot)
            await pilot.press("question_mark")
            await until(pilot, lambda: app_of(pilot).screen is not app_of(pilot).main)
            await pilot.press("escape")
        finally:
            disk.set()
        await settle(pilot)
        assert "left" in screen_text(pilot)


async def test_a_tab_or_a_size_that_changes_while_a_page_is_read_has_a_page_of_its_own(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, reading, read = threading.Event(), threading.Event(), details.read_details

    def slowly(*arguments: object) -> object:
        reading.set()
        disk.wait()
        return read(*arguments)  # type: ignore[arg-type]

    async with open_app(run) as pilot:
        app_of(pilot).main.selection = "note"
        monkeypatch.setattr(details, "read_details", slowly)
        try:
            await pilot.press("h")
            await until(pilot, reading.is_set)
            await pilot.press("i")
            await pilot.resize_terminal(80, 24)
        finally:
            disk.set()
        await settle(pilot)
        assert line_with(pilot, "ask the operator for access to the ledger")
        assert_screen_agrees(pilot)


async def test_a_placeholder_goes_when_the_playhead_is_back_before_the_page_was_read(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow disk, and a move back that comes before the page is asked for."""
    disk, moved = threading.Event(), asyncio.Event()
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        painted = main.painted

        async def once_moved() -> None:
            await moved.wait()
            await painted()

        def slowly(cursor: Cursor, lens: Lens) -> Frame:
            if moved.is_set():
                disk.wait()
            return read_frame(cursor, lens)

        monkeypatch.setattr(main, "painted", once_moved)
        monkeypatch.setattr(driver, "read_frame", slowly)
        try:
            await pilot.press("h")
            await until(pilot, "commit 29 / 30")
            await pilot.press("l")
            moved.set()
            await until(pilot, lambda: main.diff.line_count() == 1)
        finally:
            moved.set()
            disk.set()
        await settle(pilot)
        assert position(pilot) == 30
        assert_screen_agrees(pilot)
