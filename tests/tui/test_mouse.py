"""The mouse: rows, tabs, hints, and scrubbing."""

from __future__ import annotations

from pathlib import Path

from .conftest import OpenApp, app_of, position, press, screen_text, settle, until


async def test_a_click_on_an_event_goes_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        row = next(
            index for index in main.event_list.visible_range if "page 26" in main.event_list.line(index, 60).text
        )
        await pilot.click(main.event_list, offset=(5, row - main.event_list.scroll_offset.y))
        await settle(pilot)
        assert position(pilot) == 26


async def test_a_click_on_a_key_inspects_it_and_on_a_group_folds_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await pilot.click(main.state, offset=(5, 0))
        await settle(pilot)
        assert main.selection == "budget"
        group = next(index for index in range(9) if "▾ plan" in main.state.line(index, 40).text)
        await pilot.click(main.state, offset=(5, group))
        await settle(pilot)
        await pilot.click(main.state, offset=(5, group))
        await settle(pilot)
        assert "▸ plan" in screen_text(pilot)


async def test_a_click_on_a_tab_opens_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await pilot.click(main.tabs, offset=(9, 0))
        await settle(pilot)
        assert main.value.display and not main.diff.display
        await pilot.click(main.tabs, offset=(16, 0))
        await settle(pilot)
        assert main.history.display and not main.value.display


async def test_a_click_on_the_timeline_goes_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await pilot.click(main.timeline, offset=(1 + main.timeline.plan.gutter, 1))
        await settle(pilot)
        assert position(pilot) == 1
        await pilot.click(main.timeline, offset=(main.timeline.plan.width, 1))
        await settle(pilot)
        assert position(pilot) == 30


async def test_a_drag_ends_where_the_mouse_was_let_go_and_is_one_jump(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        timeline = app_of(pilot).main.timeline
        await pilot.mouse_down(timeline, offset=(20, 1))
        for column in range(21, 60, 3):
            await pilot.hover(timeline, offset=(column, 1))
        await pilot.mouse_up(timeline, offset=(60, 1))
        await settle(pilot)
        column = 59 - timeline.plan.gutter
        assert position(pilot) == column * 30 // timeline.columns + 1, "the first cell is padding"
        await press(pilot, "[")
        assert position(pilot) == 30


async def test_a_click_on_a_hint_does_what_it_says(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        column = screen_text(pilot).splitlines()[-1].index("? help")
        await pilot.click(main.footer, offset=(column, 0))
        await until(pilot, "Through time")


async def test_what_is_selected_stays_so_where_the_screen_becomes_too_narrow_for_it(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        main.selection = "plan/steps"
        main.show_tab("value")
        await settle(pilot)
        await pilot.mouse_down(main.value, offset=(60, 0))
        await pilot.hover(main.value, offset=(12, 2))
        await pilot.mouse_up(main.value, offset=(12, 2))
        assert main.get_selected_text() == '\n  ▾ {\n      "tool"'
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert main.value.area.width < 60 and '"tool": "search"' in screen_text(pilot)
        assert main.get_selected_text() == '\n  ▾ {\n      "tool"'
