"""What there is to see where there is no run to see, and when the run grows."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

import playhead
from playhead import Store
from playhead.cursor import Cursor
from playhead_tui import driver
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.screens.driving import POLL_SECONDS, POLL_SECONDS_MOST
from playhead_tui.screens.main import MainScreen

from .conftest import OpenApp, app_of, line_with, position, press, screen_text, settle, type_text, until


async def test_the_screen_is_there_while_the_store_still_opens(run: Path) -> None:
    may_open = Event()

    def opener(path: Path) -> Store:
        may_open.wait()
        return playhead.open(path, create=False)

    app = PlayheadApp(run, opener=opener, recent=RecentStores(Path("recent.json")))
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        assert "opening…" in screen_text(pilot) and "STATE" in screen_text(pilot)
        may_open.set()
        await settle(pilot)
        assert "commit 30 / 30" in screen_text(pilot)


async def test_a_store_that_is_not_there_is_said_in_a_sentence(open_app: OpenApp) -> None:
    async with open_app(Path("nowhere")) as pilot:
        assert "✗ There is no such store" in screen_text(pilot)
        assert "nowhere: no store there" in screen_text(pilot)
        await press(pilot, "h", "c", "y", "S", "s", "escape")
        assert app_of(pilot).is_running


async def test_another_store_can_be_opened_from_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(Path("nowhere")) as pilot:
        await press(pilot, "o")
        await type_text(pilot, "refund")
        await until(pilot, "commit 30 / 30")
        await press(pilot, "o")
        assert str(run.resolve())[-40:] in screen_text(pilot), "what was opened is offered again"


@pytest.mark.parametrize(
    "content", [None, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe"], ids=["mistyped", "a picture"]
)
async def test_what_cannot_be_opened_leaves_the_open_run_alone(
    run: Path, open_app: OpenApp, content: bytes | None
) -> None:
    if content is not None:
        Path("other.png").write_bytes(content)
    async with open_app(run) as pilot:
        await press(pilot, "h", "o")
        await type_text(pilot, "other.png")
        await until(pilot, lambda: "other.png" in screen_text(pilot).splitlines()[-1])
        assert "commit 29 / 30" in screen_text(pilot) and "opening" not in screen_text(pilot)
        await press(pilot, "h")
        assert position(pilot) == 28


async def test_a_refresh_under_way_is_not_given_up_for_the_next_one(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    refreshed, started, may_end = driver._refreshed, Event(), Event()

    def slowly(cursor: Cursor) -> Cursor | None:
        newer = refreshed(cursor)
        started.set()
        may_end.wait()
        return newer

    monkeypatch.setattr(driver, "_refreshed", slowly)
    async with open_app(run) as pilot:
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="news", value="fresh")
        main = app_of(pilot).main
        main.run_worker(main.refresh_now())
        await until(pilot, started.is_set)
        main.run_worker(main.refresh_now())
        await pilot.pause()
        may_end.set()
        await until(pilot, "commit 31 / 31")


async def test_a_run_that_rests_is_looked_at_less_often_and_one_that_goes_on_at_once_more_often(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    poll_again = MainScreen._poll_again

    def noted(self: MainScreen, pause: float) -> None:
        pauses.append(pause)
        poll_again(self, 0.001)
        self._poll_pause = pause

    monkeypatch.setattr(MainScreen, "_poll_again", noted)
    async with open_app(run) as pilot:
        await until(pilot, lambda: POLL_SECONDS_MOST in pauses)
        assert pauses[0] == POLL_SECONDS < POLL_SECONDS_MOST <= 1
        await until(pilot, lambda: pauses[-2:] == [POLL_SECONDS_MOST] * 2)
        quiet = len(pauses)
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="news", value="fresh")
        await until(pilot, "commit 31 / 31")
        assert POLL_SECONDS in pauses[quiet:]


async def test_a_log_can_be_opened_like_a_store_and_is_read_only(open_app: OpenApp) -> None:  # S28
    lines = [f'{{"type": "event", "n": {number}, "text": "line {number}"}}' for number in range(5)]
    Path("agent.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    async with open_app(Path("agent.jsonl")) as pilot:
        assert "commit 5 / 5" in screen_text(pilot)
        assert "IMPORTED" in screen_text(pilot)
        assert "--:--:--" in screen_text(pilot) and ":" not in screen_text(pilot).splitlines()[0], "no time is known"


async def test_lines_that_an_import_left_out_are_told_until_the_next_key(open_app: OpenApp) -> None:
    lines = ['{"n": 1}', "{not json", '{"n": 2}', '{"n": 3, "te']
    Path("agent.jsonl").write_text("\n".join(lines), "utf-8")
    async with open_app(Path("agent.jsonl")) as pilot:
        assert "Loaded with 1 malformed line and 1 torn line left out" in screen_text(pilot)
        await press(pilot, "h")
        assert "malformed" not in screen_text(pilot)


async def test_an_empty_store_says_how_to_fill_it_and_shows_what_comes(open_app: OpenApp) -> None:
    with playhead.open("empty") as writer:
        async with open_app(Path("empty")) as pilot:
            assert "Nothing is recorded here yet." in screen_text(pilot)
            assert 'playhead.open("empty")' in screen_text(pilot)
            writer.write(agent_id="planner", key="plan", value=1)
            await app_of(pilot).main.refresh_now()
            await settle(pilot)
            assert "commit 1 / 1" in screen_text(pilot)
            assert "▸ planner" in screen_text(pilot) and line_with(pilot, " plan ").startswith("+")


async def test_a_run_of_one_event_is_a_run(open_app: OpenApp) -> None:
    with playhead.open("one", durability="os") as store:
        store.write(agent_id="a", key="k", value="v")
    async with open_app(Path("one")) as pilot:
        await press(pilot, "h", "h", "l", "l", "g", "G", "e", "c", "C")
        assert position(pilot) == 1
        assert "commit 1 / 1" in screen_text(pilot)


async def test_at_the_head_the_playhead_follows_what_another_process_commits(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        with playhead.open(run, create=False) as writer:
            writer.write(agent_id="planner", key="news", value="fresh")
            await app_of(pilot).main.refresh_now()
            await settle(pilot)
            assert "commit 31 / 31" in screen_text(pilot) and line_with(pilot, " news ").startswith("+")
            await press(pilot, "h")
            writer.write(agent_id="planner", key="news", value="fresher")
            await app_of(pilot).main.refresh_now()
            await settle(pilot)
            assert "commit 30 / 32" in screen_text(pilot), "away from the head it stays where it is"


async def test_a_terminal_that_is_too_small_says_what_it_takes(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(50, 12)) as pilot:
        assert "50 × 12 is too small" in screen_text(pilot)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "too small" not in screen_text(pilot) and "commit 30 / 30" in screen_text(pilot)


async def test_a_store_whose_files_are_damaged_is_told_in_place_of_the_panes(run: Path, open_app: OpenApp) -> None:
    journal = next((run / "journal").iterdir())
    damaged = bytearray(journal.read_bytes())
    damaged[len(damaged) // 3] ^= 0xFF
    journal.write_bytes(damaged)
    async with open_app(run) as pilot:
        assert "✗ This store is damaged" in screen_text(pilot)
        assert "STATE" not in screen_text(pilot)


async def test_help_shows_and_any_of_its_keys_closes_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(100, 70)) as pilot:
        for key in ("escape", "q", "question_mark", "f1"):
            await pilot.press("question_mark")
            await until(pilot, "Step to the next event")
            await pilot.press(key)
            await until(pilot, lambda: "Step to the next event" not in screen_text(pilot))
        assert app_of(pilot).is_running


async def test_q_quits(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("q")
        await until(pilot, lambda: not app_of(pilot).is_running)


async def test_the_command_palette_finds_an_action_and_runs_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"previous error")
        await pilot.app.workers.wait_for_complete(
            [worker for worker in pilot.app.workers if worker.group not in ("poll", "open")]
        )
        await pilot.pause()
        await pilot.press("down", "enter")
        await until(pilot, lambda: position(pilot) == 5)
