"""Typing into the last line: editing, and what comes of keys that are typed after the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from playhead_tui.widgets.command_line import Typing

from .conftest import OpenApp, app_of, position, press, screen_text, settle


@pytest.mark.parametrize(
    ("keys", "text", "at"),
    [
        (["left", "left", "backspace"], "one wo", 4),
        (["home", "delete"], "ne two", 0),
        (["ctrl+w"], "one ", 4),
        (["left", "ctrl+w"], "one o", 4),
        (["left", "ctrl+u"], "o", 0),
        (["home", "right", "ctrl+k"], "o", 1),
        (["ctrl+a", "left", "backspace"], "one two", 0),
        (["ctrl+e", "right", "delete"], "one two", 7),
    ],
)
def test_keys_edit_what_was_typed(keys: list[str], text: str, at: int) -> None:
    typing: Typing | None = Typing("one two", 7)
    for key in keys:
        assert typing is not None
        typing = typing.with_key(key)
    assert typing == Typing(text, at)


def test_a_letter_goes_where_the_cursor_is() -> None:
    assert Typing("ac", 1).with_text("b") == Typing("abc", 2)


async def test_keys_typed_right_after_an_answer_are_acted_on_after_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon", "1", "2", "enter", "h", "h")
        await settle(pilot)
        assert position(pilot) == 10


async def test_what_was_typed_before_an_answer_is_not_heard_after_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await pilot.press("f", *"note", "escape")
        await settle(pilot)
        assert main.filter_text == ""
        await pilot.press("f", *"note", "enter", "f", *"x", "escape")
        await settle(pilot)
        assert main.filter_text == "note"
        await pilot.press("escape", "tab", "slash", *"ledger", "escape")
        await settle(pilot)
        assert main.find == ""


async def test_verbs_that_begin_like_what_is_typed_stand_behind_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("colon", "w")
        await press(pilot)
        assert screen_text(pilot).splitlines()[-1].split() == [":w", "when", "watch"]
        await pilot.press("h")
        await press(pilot)
        assert screen_text(pilot).splitlines()[-1].split()[:3] == [":wh", "when", "EXPR"]
        await pilot.press("x")
        await press(pilot)
        assert screen_text(pilot).splitlines()[-1].split() == [":whx"]


async def test_what_was_typed_stands_in_the_last_line_and_the_hints_come_back(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("slash", *"refnd", "left", "left", "u")
        await settle(pilot)
        assert screen_text(pilot).splitlines()[-1].strip() == "/refund"
        await press(pilot, "escape")
        assert "q quit" in screen_text(pilot).splitlines()[-1]


async def test_keys_of_panes_do_nothing_while_something_is_typed(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        focused = app_of(pilot).main.focused
        await press(pilot, "colon", "tab", "down", "up", "pagedown")
        assert app_of(pilot).main.focused is focused
        assert app_of(pilot).main.command_line.asking
        assert position(pilot) == 30
