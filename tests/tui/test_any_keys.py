"""Whatever is pressed, typed, clicked and resized: the app stays up, and the screen says what a Cursor says.

PLAYHEAD_EXPLORE=1 PLAYHEAD_EXAMPLES=500 tries more than the few examples that every run of the tests has time for.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from textual import events
from textual.pilot import OutOfBounds

import playhead
from playhead import Event, Store
from playhead_tui import keys
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.screens.changes import ConfirmScreen
from playhead_tui.screens.restore import RestoreScreen

from .agreement import assert_screen_agrees, is_laid_out
from .conftest import AppPilot, app_of, record_run, settle, until

SIZES = ((80, 24), (120, 36), (160, 50), (60, 16), (40, 10), (90, 70))
TYPED = (
    "12",
    "+5",
    "-3",
    "@-2s",
    "before the error",
    "nonsense",
    "page",
    "e",
    "budget",
    "a b",
    "",
    "é世",
    "kind:tool_*",
)
VERBS = (
    "when budget.left < 90", "when exists(last_error)", "when nonsense(", "c budget.left < 90", "rc exists(note)",
    "last", "last plan/steps[0].status", "next budget.left", "last nowhere", "history budget", "blame plan/steps",
    "watch budget.left", "watch exists(last_error)", "watch", "unwatch budget.left", "unwatch", "bisect 3..20",
    "bisect budget.left < 90", "bisect 9..2", "fold 5", "fold 2-7", "fold", "fold zero", "check nowhere.toml",
    "sql SELECT kind, count(*) FROM events GROUP BY 1", "sql SELECT nothing", "diff 3 head", "diff 3", "help",
    "12", "+5", "@14:03:05", "'a", "nonsense",
)  # fmt: skip
LAYERS_MAX = 20
_TEXTUAL_NAMES = {
    "?": "question_mark", ":": "colon", "/": "slash", "[": "left_square_bracket", "]": "right_square_bracket",
    "+": "plus", "-": "minus", "=": "equals_sign", "{": "left_curly_bracket", "}": "right_curly_bracket",
    "%": "percent_sign", "<": "less_than_sign", ">": "greater_than_sign", "'": "apostrophe", "|": "vertical_line",
    "&": "ampersand", "@": "at", ".": "full_stop", " ": "space",
}  # fmt: skip


@dataclass(frozen=True)
class Press:
    key: str


@dataclass(frozen=True)
class Write:
    """A text, and Enter."""

    text: str


@dataclass(frozen=True)
class Paste:
    text: str


@dataclass(frozen=True)
class Click:
    """From one place on the screen to another: thousandths of its width and height."""

    start: tuple[int, int]
    end: tuple[int, int]
    button: int = 1


@dataclass(frozen=True)
class Resize:
    size: tuple[int, int]


Gesture: TypeAlias = Press | Write | Paste | Click | Resize

_KEYS = sorted({key for action in keys.ACTIONS for key in action.keys})
_places = st.tuples(st.integers(0, 999), st.integers(0, 999))
_presses = st.builds(Press, st.sampled_from([*_KEYS, *"123456789"]))
_gestures = st.one_of(
    _presses,
    _presses,
    _presses,
    st.builds(Write, st.sampled_from(TYPED)),
    st.builds(Write, st.sampled_from(VERBS).map(lambda verb: f":{verb}")),
    st.builds(Paste, st.sampled_from(("12\n+5", "budget", "\x1b[31m"))),
    _places.map(lambda place: Click(place, place)),
    st.builds(Click, _places, _places, st.sampled_from((1, 3))),
    st.builds(Resize, st.sampled_from(SIZES)),
)
_bursts = st.lists(st.lists(_gestures, min_size=4, max_size=9), min_size=2, max_size=3)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "refund"
    record_run(path, 24)
    with playhead.open(path, durability="os") as store:
        store.write(agent_id="researcher", key="findings", value=["a.md"])
        store.write(agent_id="researcher", key="notes/deep/one", value={"text": "line\nline", "n": [1, {"x": None}]})
        store.write(agent_id="planner", key="odd\x1b[31m/κλειδί", value="\x1b[2J世界")
    return path


@settings(
    max_examples=int(os.environ.get("PLAYHEAD_EXAMPLES", "4")),
    report_multiple_bugs=False,
    phases=[Phase.generate],  # a shorter example is not worth the minutes that finding it takes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bursts=_bursts)
def test_any_keys_leave_the_app_up_the_screen_true_and_the_store_as_it_was(
    recorded: Path, bursts: list[list[Gesture]]
) -> None:
    with _somewhere_else(), tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "refund"
        shutil.copytree(recorded, store)
        asyncio.run(_try(store, recorded, bursts))


@contextmanager
def _somewhere_else() -> Iterator[None]:
    """In a directory and a home of its own, where there is nothing to be found and exports do no harm."""
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        patch.setenv("HOME", home)
        # Quitting is no crash, but it would end what is to be tried.
        patch.setattr(PlayheadApp, "exit", lambda *_, **__: None)
        yield


async def _try(path: Path, recorded: Path, bursts: list[list[Gesture]]) -> None:
    app = PlayheadApp(path, recent=RecentStores(path.parent / "recent.json"))
    confirmed = 0
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for burst in bursts:
            for gesture in burst:
                # A key that is queued behind another one may find the preview that is not open yet.
                confirmed += gesture == Press("y") or isinstance(app.screen, ConfirmScreen | RestoreScreen)
                await _do(pilot, gesture)
            await _close_layers(pilot)
            await until(pilot, lambda: is_laid_out(pilot))
            assert_screen_agrees(pilot)
    with playhead.open(recorded, read_only=True) as before, playhead.open(path, read_only=True) as after:
        assert_only_restored(before, after, confirmed)


async def _do(pilot: AppPilot, gesture: Gesture) -> None:
    match gesture:
        case Press(key):
            await pilot.press(_TEXTUAL_NAMES.get(key, key))
        case Write(text) if text.startswith(":"):
            # Where the line is there, at once: between two keys, a pilot waits for longer than typing takes.
            await pilot.press("colon")
            pilot.app.post_message(events.Paste(text[1:]))
            await pilot.press("enter")
        case Write(text):
            await pilot.press(*(_TEXTUAL_NAMES.get(letter, letter) for letter in text), "enter")
        case Paste(text):
            pilot.app.post_message(events.Paste(text))
        case Click(start, end, button):
            await _drag(pilot, start, end, button)
        case Resize(size):
            await pilot.resize_terminal(*size)


async def _drag(pilot: AppPilot, start: tuple[int, int], end: tuple[int, int], button: int) -> None:
    width, height = pilot.app.size
    places = [(x * width // 1000, y * height // 1000) for x, y in (start, end)]
    try:
        if start == end:
            await pilot.click(offset=places[0])
        else:
            await pilot.mouse_down(offset=places[0], button=button)
            await pilot.hover(offset=places[1])
            await pilot.mouse_up(offset=places[1])
    except OutOfBounds:
        raise AssertionError(f"{places} is outside of {width} × {height}") from None


async def _close_layers(pilot: AppPilot) -> None:
    """Esc closes whatever is open, never the app; then a screen that is large enough, and a run that rests."""
    main = app_of(pilot).main
    for _ in range(LAYERS_MAX):
        await settle(pilot)
        if pilot.app.screen is main and not main.command_line.asking:
            break
        await pilot.press("escape")
    assert pilot.app.screen is main and not main.command_line.asking, f"Esc does not close {pilot.app.screen}"
    if main.playback is not None:
        await pilot.press("space")
        await until(pilot, lambda: main.playback is None)
    if pilot.app.size.width < 80:
        await pilot.resize_terminal(80, 24)
    await settle(pilot)


def assert_only_restored(before: Store, after: Store, confirmed: int) -> None:
    """All that was committed is there still; what came is restores that were confirmed, and snapshots."""
    earlier, now = _events(before), _events(after)
    assert now[: len(earlier)] == earlier
    added = now[len(earlier) :]
    assert all(event.kind == "restore" for event in added) and len(added) <= confirmed
    assert after.snapshots()[: len(before.snapshots())] == before.snapshots()


def _events(store: Store) -> list[Event]:
    return [event for event in (store.event(number) for number in range(1, store.head + 1)) if event is not None]
