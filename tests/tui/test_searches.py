"""`:origin` and `:log`: where something was seen first, and the events in which it came or went."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import OpenApp, app_of, ask, line_with, position, press, screen_text


async def test_origin_of_a_text_lists_where_it_was_seen_first_and_a_row_travels(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "origin timeout after 30 s")
        row = line_with(pilot, "all of it")
        assert row.split()[1] == "5" and "planner: last_error" in row and "«timeout after 30 s»" in row
        assert "$ playhead origin 'timeout after 30 s' --agent planner --at 30" in screen_text(pilot)
        await press(pilot, "enter")
        assert position(pilot) == 5


async def test_origin_of_a_path_follows_the_texts_at_it_and_a_part_is_told_as_one(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "origin note")
        assert "Origin of note" in screen_text(pilot) and "a part" in screen_text(pilot)
        assert "ask the operator" in line_with(pilot, "«")
        await press(pilot, "escape")
        await ask(pilot, "origin never said by anyone qqq")
        assert "was not seen up to here" in screen_text(pilot)


async def test_log_finds_the_events_in_which_a_text_came_or_went(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "log -S timeout")
        assert "- planner: last_error: timeout after 30 s" in line_with(pilot, "access granted")
        assert "+ planner: last_error: timeout after 30 s" in line_with(pilot, "tool_error")
        await press(pilot, "end", "enter")
        assert position(pilot) == 5


async def test_log_keeps_to_kinds_and_keys_and_lists_everything_where_nothing_is_asked(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "log --kind assistant --key 'note*'")
        assert "2 events" in screen_text(pilot) and "what next" in screen_text(pilot)
        await press(pilot, "escape", "8", "G")
        await ask(pilot, "log")
        assert "30 events" in screen_text(pilot)
        await press(pilot, "j", "enter")
        assert position(pilot) == 7, "the newest first, from the playhead on"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("log timeout", "'timeout' means nothing here; log takes -S TEXT"),
        ("log -S", "-S names nothing"),
        ("log -S a -G b", "-S and -G are two searches"),
        ("log -S 'a", "a quote is never closed"),
        ("log -G (", "is no regular expression"),
    ],
)
async def test_a_log_that_cannot_be_meant_is_refused(typed: str, said: str, run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, typed)
        assert said in screen_text(pilot) and app_of(pilot).main.commands == []
