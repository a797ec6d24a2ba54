"""One event, whole: what the layer shows and how it is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import playhead
from playhead import Event
from playhead.model import Operation
from playhead_tui.drawing.event_page import OPERATIONS_SHOWN, event_page

from .conftest import OpenApp, app_of, position, press, screen_text

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def event(*operations: Operation, label: str = "3 matches", occurred: datetime | None = None) -> Event:
    meta: dict[str, playhead.JSON] = {"model": "large", "tokens": {"input": 120}}
    return Event("t-412", 412, NOON, occurred, "tool_result", label, meta, len(operations), operations)


def text_of(made: Event, imported: bool = False, width: int = 80) -> str:
    return "\n".join(line.text.rstrip() for line in event_page(made, imported, width))


def test_all_that_is_known_of_an_event_is_there() -> None:
    words = "many words that say what this is about, " * 10
    text = text_of(event(label=words, occurred=NOON.replace(hour=11)))
    assert "".join(text.split()).count("".join(words.split())) == 1, "the whole label, wrapped"
    for known in ("412", "tool_result", "t-412", '"model": "large"', '"input": 120'):
        assert known in text
    assert "occurred     2026-11-01 11:00:00.000+00:00" in text
    assert "committed    2026-11-01 12:00:00.000+00:00" in text


def test_every_operation_has_its_agent_sign_version_and_value() -> None:  # S19
    long: playhead.JSON = {"text": "word " * 60, "n": 7}
    text = text_of(
        event(
            Operation("default", "planner", "plan", "write", "new", 1),
            Operation("default", "planner", "notes", "write", long, 3),
            Operation("team", "writer", "draft", "delete", None, 4),
            Operation("team", "writer", "empty", "write", None, 2),
        )
    )
    lines = text.splitlines()
    start = lines.index("default/planner")
    assert lines[start + 1] == '+ plan  v1  "new"'
    assert lines[start + 2] == "~ notes  v3"
    assert lines[start + 3].strip() == "{" and '    "n": 7' in text and text.count("word") == 60
    assert lines[lines.index("team/writer") + 1 :] == ["− draft  v4  deleted", "~ empty  v2  null"]


@pytest.mark.parametrize("width", [40, 80, 124])
def test_a_value_beside_its_key_is_whole(width: int) -> None:
    value: playhead.JSON = {"a": {"b": {"c": {"d": {"e": 1}}}}, "many": list(range(14))}
    text = text_of(event(Operation("default", "a", "k", "write", value, 1)), width=width)
    assert "…" not in text and '"e": 1' in text and "13" in text


def test_an_event_of_very_many_operations_is_bounded_and_says_so() -> None:
    many = (Operation("default", "a", f"k{number}", "write", number, 1) for number in range(OPERATIONS_SHOWN + 7))
    text = text_of(event(*many))
    assert "2,007 operations" in text and "k1999" in text and "k2000" not in text
    assert text.endswith("⋯ 7 more operations")


def test_the_hour_of_an_import_is_not_passed_off_as_the_event_s() -> None:
    text = text_of(event(), imported=True)
    assert "occurred     the log does not say" in text
    assert "imported     2026-11-01 12:00" in text and "committed" not in text


async def test_v_opens_the_event_that_keys_before_it_lead_to(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "h", "h", "v")
        shown = screen_text(pilot)
        assert "Event 28 of 30" in shown and "read page 28" in shown and "~ counters/pages  v20  28" in shown
        await press(pilot, "v")
        assert "Event 28 of 30" not in screen_text(pilot)


async def test_enter_in_the_event_list_opens_the_event_and_escape_closes_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "8", "G", "shift+tab", "enter")
        shown = screen_text(pilot)
        assert "Event 8 of 30" in shown and "− last_error" in shown and "default/planner" in shown
        await press(pilot, "escape")
        assert app_of(pilot).screen is main and position(pilot) == 8


async def test_before_the_first_event_there_is_none_to_view(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        await press(pilot, "5", "0", "h", "v")
        assert app_of(pilot).screen is main
        assert "Nothing has happened yet at commit 0" in screen_text(pilot)
