"""A small run, always the same, and the app on it."""

from __future__ import annotations

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from textual import events
from textual.pilot import Pilot

import playhead
from playhead import JSON
from playhead_tui.app import Opener, PlayheadApp, open_existing
from playhead_tui.recent import RecentStores

AppPilot: TypeAlias = Pilot[None]
OpenApp: TypeAlias = Callable[..., AbstractAsyncContextManager[AppPilot]]

START = datetime(2026, 11, 1, 14, 3, tzinfo=UTC)
_BUSY_GROUPS = {"open", "drive", "signs", "headers", "history", "numbers", "figures", "past", "struck", "keys"}
_BUSY_GROUPS |= {"paths", "pairs"}  # of the `:` line, and of two runs beside each other
_ASKING_GROUPS = {"layer", "prompt"}
_PAUSES_MAX = 2_000


@pytest.fixture(autouse=True)
def own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """UTC, an empty directory to stand in, and nothing of the person who runs the tests."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for kind in ("STATE", "CACHE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / f"{kind.lower()}-home"))
    monkeypatch.chdir(tmp_path)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Clock:
    """A quarter of a second passes between two commits, and now and then three seconds."""

    def __init__(self) -> None:
        self.ticks = 0

    def __call__(self) -> datetime:
        self.ticks += 1
        return START + timedelta(milliseconds=250 * self.ticks + 2750 * (self.ticks // 4))


def steps(*statuses: str) -> list[JSON]:
    tools = ("search", "read", "refund")
    return [{"tool": tool, "status": status} for tool, status in zip(tools, statuses, strict=True)]


def record_run(path: Path, events: int = 30) -> None:
    """A refund that fails once. Commit 5 is the error; from 9 on, one counter grows; snapshots at 4 and 20."""
    with playhead.open(path, durability="os", clock=Clock()) as store:

        def commit(kind: str, label: str, deleted: str = "", agent: str = "planner", **values: JSON) -> None:
            with store.begin_transaction(kind=kind, label=label) as tx:
                for key, value in values.items():
                    tx.write(agent_id=agent, key=key.replace("__", "/"), value=value)
                if deleted:
                    tx.delete(agent_id=agent, key=deleted)

        commit(
            "user", "refund order 4417", messages=[{"role": "user", "content": "refund order 4417"}], plan__current=0
        )
        commit(
            "assistant",
            "plan the work",
            plan__steps=steps("pending", "pending", "pending"),
            budget={"left": 100, "unit": "EUR"},
        )
        commit("tool_call", "search: refund policy", plan__steps=steps("running", "pending", "pending"))
        commit("tool_result", "3 matches", agent="researcher", findings=["a.md", "b.md", "c.md"])
        store.snapshot("before the error")
        commit("tool_error", "timeout after 30 s", last_error="timeout after 30 s")
        commit("assistant", "what next", note="ask the user for access to the ledger")
        commit("assistant", "ask somebody else", note="ask the operator for access to the ledger")
        commit("tool_result", "access granted", deleted="last_error", plan__steps=steps("done", "pending", "pending"))
        for number in range(9, events + 1):
            commit(
                "tool_call", f"read page {number}", counters__pages=number, budget={"left": 109 - number, "unit": "EUR"}
            )
            if number == 20:
                store.snapshot()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The path of the recorded run, relative, as a person would type it."""
    record_run(tmp_path / "refund")
    return Path("refund")


async def until(pilot: AppPilot, wanted: str | Callable[[], bool]) -> None:
    """Wait until a text is on the terminal or a condition holds; for so many pauses, not for so long."""
    for _ in range(_PAUSES_MAX):
        await pilot.pause()
        if wanted in screen_text(pilot) if isinstance(wanted, str) else wanted():
            return
    raise AssertionError(f"{wanted!r} never came; on screen:\n{screen_text(pilot)}")


async def settle(pilot: AppPilot) -> None:
    """Wait until a store is shown, or is known not to be, and nothing more is on its way."""
    app = app_of(pilot)

    def settled() -> bool:
        driver = app.main.driver
        shown = driver is not None and app.main.frame is not None and driver.at_rest
        if app.main.asked is not None:
            return False
        return not _is_busy(app, _BUSY_GROUPS) and not _is_answering(app) and (shown or app.main.has_class("-failed"))

    await until(pilot, settled)
    await until(pilot, settled)


def _is_busy(app: PlayheadApp, groups: set[str]) -> bool:
    return any(worker.is_running and worker.group in groups for worker in app.workers)


def _is_answering(app: PlayheadApp) -> bool:
    """Whether a conversation is at work and waits for nobody: a layer or a question is still to come."""
    return app.screen is app.main and not app.main.command_line.asking and _is_busy(app, _ASKING_GROUPS)


async def press(pilot: AppPilot, *keys: str) -> None:
    """Press keys one after the other, each of them once the layer or question that the one before opens is there."""
    for key in keys:
        await pilot.press(key)
        if _is_answering(app_of(pilot)):
            await settle(pilot)
    await settle(pilot)


async def type_text(pilot: AppPilot, text: str) -> None:
    """Put a text into whatever asks, and answer with Enter."""
    await until(pilot, lambda: not _is_answering(app_of(pilot)))
    # At once: between two keys, a pilot waits for longer than typing takes.
    pilot.app.post_message(events.Paste(text))
    await pilot.press("enter")
    await settle(pilot)


async def ask(pilot: AppPilot, text: str) -> None:
    """Type a line after `:`."""
    await press(pilot, ":")
    await type_text(pilot, text)


def app_of(pilot: AppPilot) -> PlayheadApp:
    assert isinstance(pilot.app, PlayheadApp)
    return pilot.app


def position(pilot: AppPilot) -> int:
    frame = app_of(pilot).main.frame
    assert frame is not None
    return frame.position


def screen_text(pilot: AppPilot) -> str:
    """All that is on the terminal."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def line_with(pilot: AppPilot, text: str) -> str:
    """The first line on the terminal that holds a text."""
    lines = [line for line in screen_text(pilot).splitlines() if text in line]
    assert lines, f"{text!r} is not on screen:\n{screen_text(pilot)}"
    return lines[0]


@pytest.fixture
def open_app(tmp_path: Path) -> OpenApp:
    """Open the app on a store and wait until it shows it."""

    @asynccontextmanager
    async def opened(
        path: Path, size: tuple[int, int] = (120, 36), opener: Opener = open_existing
    ) -> AsyncIterator[AppPilot]:
        app = PlayheadApp(path, opener=opener, recent=RecentStores(tmp_path / "recent.json"))
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            yield pilot

    return opened
