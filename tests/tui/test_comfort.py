"""The screen as a file, the clipboard, and what the footer offers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.command import CommandList

from playhead_tui import keys
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.settings import Settings, SettingsFile

from .conftest import AppPilot, OpenApp, app_of, position, press, record_run, screen_text, settle, until


@asynccontextmanager
async def opened(path: Path, **settings: str) -> AsyncIterator[AppPilot]:
    file = SettingsFile(Path("settings.toml"), Settings(**settings))  # type: ignore[arg-type]
    app = PlayheadApp(path, recent=RecentStores(Path("recent.json")), settings=file)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settle(pilot)
        yield pilot


async def test_a_screenshot_is_named_by_run_and_commit_and_the_toast_says_where(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "h", "ctrl+s")
        await until(pilot, "The screen is saved")
        assert "refund-29.svg" in screen_text(pilot)
    picture = Path("refund-29.svg").read_text("utf-8")
    assert picture.startswith("<svg") and "budget" in picture


async def test_a_second_screenshot_is_written_beside_the_first(run: Path) -> None:
    Path("refund-30.svg").write_text("mine", "utf-8")
    async with opened(run) as pilot:
        await press(pilot, "ctrl+s")
        await until(pilot, "The screen is saved")
    assert Path("refund-30.svg").read_text("utf-8") == "mine"
    assert Path("refund-30-2.svg").read_text("utf-8").startswith("<svg")


async def test_a_layer_can_be_photographed_too(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "question_mark")
        await pilot.press("ctrl+s")
        await until(pilot, "The screen is saved")
    assert "Through" in Path("refund-30.svg").read_text("utf-8")


async def test_files_go_to_the_folder_of_the_settings(run: Path) -> None:
    async with opened(run, export_folder="pictures/of/runs") as pilot:
        await press(pilot, "ctrl+s")
        await until(pilot, "The screen is saved")
    assert [file.name for file in Path("pictures/of/runs").iterdir()] == ["refund-30.svg"]


async def test_a_folder_that_cannot_be_written_is_told(run: Path) -> None:
    Path("file").write_text("in the way", "utf-8")
    async with opened(run, export_folder="file/below") as pilot:
        await press(pilot, "ctrl+s")
        await until(pilot, "Not saved")


async def test_the_exported_text_has_every_pane_and_nothing_is_cut_off(run: Path) -> None:
    async with opened(run) as pilot:
        app_of(pilot).main.selection = "note"
        await press(pilot, "1", "2", "G", "m", "x", "ctrl+e")
        await until(pilot, "What is on screen is saved")
    text = Path("refund-12.txt").read_text("utf-8")
    lines = text.splitlines()
    assert lines[0] == "refund, commit 12 of 30"
    assert "marks x at 12" in lines
    assert "STATE: 6 keys" in lines
    assert "~ counters/pages  v4  12" in lines
    assert any('{"tool": "search", "status": "done"}, {"tool": "read"' in line for line in lines), "whole values"
    assert "DIFF: previous version" in text and "operator" in text
    assert any(line.startswith("▶ 12  14:03:") and line.endswith("tool_call  read page 12") for line in lines)
    assert "…" not in text


async def test_the_exported_text_has_every_agent_where_the_screen_has(run: Path) -> None:
    async with opened(run) as pilot:
        await press(pilot, "M", "ctrl+e")
        await until(pilot, "What is on screen is saved")
    lines = Path("refund-30.txt").read_text("utf-8").splitlines()
    assert lines.index("STATE: 7 keys") < lines.index("planner: 6 keys") < lines.index("researcher: 1 key")
    assert any(line.split()[0] == "findings" for line in lines[lines.index("researcher: 1 key") :] if line)


async def test_the_exported_text_follows_the_tab_and_the_filter(run: Path) -> None:
    async with opened(run) as pilot:
        main = app_of(pilot).main
        main.selection, main.filter_text = "budget", "budget"
        main.show_tab("history")
        await press(pilot, "ctrl+e")
        await until(pilot, "What is on screen is saved")
    text = Path("refund-30.txt").read_text("utf-8")
    assert "STATE: 1 key, those with “budget”" in text
    assert "HISTORY: budget" in text
    assert text.count("commit ") == 1 + 23, "every version of the key"
    assert "counters/pages" not in text


async def test_a_copied_value_goes_to_the_terminal_as_osc_52(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(run) as pilot:
        written: list[str] = []
        driver = pilot.app._driver
        assert driver is not None
        write = driver.write
        monkeypatch.setattr(driver, "write", lambda data: (written.append(data), write(data))[1])  # type: ignore[func-returns-value]
        app_of(pilot).main.selection = "note"
        await press(pilot, "y")
        value = base64.b64encode(b'"ask the operator for access to the ledger"').decode()
        assert any(f"\x1b]52;c;{value}\x07" in data for data in written)


async def test_the_footer_follows_the_focus(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        for key, offered in (
            ("", "Enter open"),
            ("tab", "b base"),
            ("i", "y copy"),
            ("i", "Enter travel"),
            ("tab", "Enter view"),
        ):
            if key:
                await press(pilot, key)
            assert screen_text(pilot).splitlines()[-1].startswith(f" {offered}"), key


async def test_a_click_on_a_hint_of_a_list_acts_on_the_list(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "tab", "tab")
        assert main.focused is main.event_list
        await pilot.click(main.footer, offset=(3, 0))
        await until(pilot, "Event 30 of 30")


async def test_the_palette_has_every_action_that_makes_sense_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "ctrl+p")
        offers = pilot.app.screen.query_one(CommandList)
        offered = [action for action in keys.ACTIONS if action.palette and action.scope in ("main", "app")]
        assert {"theme", "settings", "runs", "screenshot", "export.text"} <= {action.id for action in offered}
        await until(pilot, lambda: offers.option_count >= len(offered))
        shown = "\n".join(str(option.prompt) for option in offers.options)
        assert [action.id for action in offered if action.description not in shown] == []


async def test_the_palette_goes_to_agents_snapshots_and_other_runs(run: Path, open_app: OpenApp) -> None:
    record_run(Path("other"), 12)
    async with open_app(run) as pilot:
        app_of(pilot).recent.add(Path("other"))
        for typed, shown, reached in (
            ("look at research", "Look at default/researcher", "▸ researcher"),
            ("before the error", "Go to “before the error”", "commit 4 / 30"),
            ("open /other", "/other", "commit 12 / 12"),
        ):
            await press(pilot, "ctrl+p")
            await pilot.press(*typed)
            await until(pilot, shown)
            await until(pilot, lambda: bool(pilot.app.screen.query_one(CommandList).option_count))
            await pilot.press("down", "enter")
            await until(pilot, reached)
            await settle(pilot)


async def test_resizing_keeps_the_place_and_says_where_there_is_too_little_room(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        main.selection = "note"
        await press(pilot, "1", "2", "G", "i")
        for width, height in ((300, 90), (80, 24), (50, 12), (60, 16), (160, 50)):
            await pilot.resize_terminal(width, height)
            small = (width, height) == (50, 12)
            await until(pilot, "50 × 12 is too small" if small else "commit 12")
            await settle(pilot)
            assert (position(pilot), main.selection, main.tab) == (12, "note", "value")
        assert "▶ 12" in screen_text(pilot)
