"""The start screen: what is found on a machine, what is read of it, and what can be done with it."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import playhead
from playhead.filesystem import Hold
from playhead_tui.app import PlayheadApp
from playhead_tui.cache import cached_runs
from playhead_tui.drawing.run_lines import (
    COLUMNS,
    Order,
    ago,
    detail_lines,
    fitting,
    heading_line,
    heading_targets,
    money,
    ordered,
    run_line,
)
from playhead_tui.drawing.span import Line
from playhead_tui.library import store_for
from playhead_tui.recent import RecentStores
from playhead_tui.runs import PLACES, Figures, Run, folder_of, found_runs, found_sessions, read_figures
from playhead_tui.screens.runs import RunsScreen

from .conftest import AppPilot, app_of, line_with, position, record_run, screen_text, settle, until

NOW = 1_800_000_000.0


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory with a session of each of three agents, none of which can be read as a log."""
    home = tmp_path / "home"
    for name in (
        ".claude/projects/{}-work-shop/0a1b2c3d-4e5f.jsonl",
        ".claude/projects/{}-work-shop/agent-77.jsonl",
        ".claude/projects/{}-work-shop/0a1b2c3d-4e5f/subagents/agent-78.jsonl",
        ".codex/sessions/2026/11/20/rollout-2026-11-20T14-03-22-0198.jsonl",
        ".gemini/tmp/3f2a/chats/session-2026-11-19T10-00-ab12.json",
    ):
        slug = "".join(character if character.isalnum() else "-" for character in str(home))
        file = home / name.format(slug)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("this is no log", "utf-8")
        os.utime(file, (NOW, NOW))
    monkeypatch.setenv("HOME", str(home))
    for place in PLACES:
        monkeypatch.delenv(place.variable, raising=False)
    return home


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that was opened before."""
    file = tmp_path / "logs" / "steps.jsonl"
    file.parent.mkdir()
    lines = [{"kind": "note", "n": 1}, {"kind": "tool_error", "n": 2}, {"kind": "note", "usage": {"cost_usd": 1}}]
    file.write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    store_for(file)
    return file


@asynccontextmanager
async def started(path: Path | None = None, size: tuple[int, int] = (120, 36)) -> AsyncIterator[AppPilot]:
    app = PlayheadApp(path, recent=RecentStores(Path("recent.json")))
    async with app.run_test(size=size) as pilot:
        if path is None:
            await until(pilot, lambda: isinstance(app.screen, RunsScreen))
            await found(pilot)
        else:
            await settle(pilot)
        yield pilot


async def found(pilot: AppPilot) -> None:
    """Wait until every run is listed with its figures."""
    await until(pilot, lambda: "looking…" not in screen_text(pilot))
    await until(pilot, lambda: not any(worker.is_running and worker.group == "runs" for worker in pilot.app.workers))
    await pilot.pause()


async def chosen(pilot: AppPilot, text: str) -> None:
    """Move the cursor to the run with a text in its row."""
    screen = pilot.app.screen
    assert isinstance(screen, RunsScreen)
    row = next(row for row, run in enumerate(screen.list.runs) if text in f"{run.name} {run.place} {run.origin}")
    screen.list.move_cursor(row)
    await pilot.pause()


# ── finding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_sessions_are_found_where_agents_keep_them_without_reading_a_byte(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    monkeypatch.setattr("builtins.open", refuse)
    sessions = list(found_sessions())
    assert [(run.origin, run.name, run.place) for run in sessions] == [
        ("Claude Code", "0a1b2c3d-4e5f", "work-shop"),
        ("Codex", "2026-11-20T14-03-22-0198", ""),
        ("Gemini", "2026-11-19T10-00-ab12", "3f2a"),
    ]
    assert all((run.size, run.changed, run.store) == (14, NOW, None) for run in sessions)


def test_the_variables_that_move_an_agents_folder_are_honoured(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, before, after in (
        ("CLAUDE_CONFIG_DIR", ".claude", "elsewhere"),
        ("CODEX_HOME", ".codex", "codex-home"),
        ("GEMINI_CLI_HOME", ".gemini", "gemini/.gemini"),
    ):
        (tmp_path / after).parent.mkdir(exist_ok=True)
        (home / before).rename(tmp_path / after)
        monkeypatch.setenv(variable, str(tmp_path / after).removesuffix("/.gemini"))
    assert [run.origin for run in found_sessions()] == ["Claude Code", "Codex", "Gemini"]
    assert all(str(tmp_path / "home") not in str(run.path) for run in found_sessions())


def test_every_place_is_below_home_where_no_variable_says_otherwise(home: Path) -> None:
    assert all(folder_of(place).is_relative_to(home) for place in PLACES)


def test_stores_here_and_in_runs_recent_logs_and_sessions_are_listed_once(home: Path, log: Path, run: Path) -> None:
    record_run(Path("runs") / "inner")
    runs = found_runs([run, run.resolve(), log, Path("gone.jsonl")], Path.cwd())
    assert sorted((each.kind, each.name) for each in runs if each.kind != "session") == [
        ("log", "steps.jsonl"),
        ("store", "inner"),
        ("store", "refund"),
    ]
    assert sum(each.kind == "session" for each in runs) == 3


def test_a_found_session_that_was_opened_before_is_one_run_with_figures(home: Path) -> None:
    session = next(home.glob(".claude/projects/*/0a*.jsonl"))
    session.write_text('{"kind": "note"}\n', "utf-8")
    store_for(session)
    runs = [run for run in found_runs([], Path.cwd()) if run.path.resolve() == session.resolve()]
    assert len(runs) == 1
    assert runs[0].kind == "session" and runs[0].is_cached and runs[0].store is not None
    assert read_figures(runs[0].store).events == 1


def test_what_was_loaded_from_a_log_that_is_gone_is_listed_still(home: Path, log: Path) -> None:
    log.unlink()
    runs = [run for run in found_runs([], Path.cwd()) if run.kind == "log"]
    assert [(run.name, run.path) for run in runs] == [("steps.jsonl", cached_runs()[0].path)]
    assert runs[0].place.endswith("(gone)")


def test_figures_are_those_of_the_store(run: Path) -> None:
    with playhead.open(run) as store:
        store.write("planner", "usage", {"cost_usd": 1.5})
        store.write("researcher", "usage", {"cost_usd": 0.25})
    assert read_figures(run) == Figures(events=32, errors=1, agents=2, cost=1.75)


def test_a_store_that_cannot_be_read_says_why(run: Path) -> None:
    (run / "manifest.json").write_text("{", "utf-8")
    figures = read_figures(run)
    assert "damaged" in figures.problem


def test_an_empty_store_has_figures() -> None:
    playhead.open("empty").close()
    assert read_figures(Path("empty")) == Figures(0, 0, 0, None)


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_run(name: str = "steps.jsonl", **changes: object) -> Run:
    made = Run(Path("/work") / name, "log", "jsonl", name, "~/work", 1200, NOW - 300, Path("/cache") / name)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [60, 80, 104, 160, 300])
@pytest.mark.parametrize("figures", [None, Figures(1903, 4, 2, 12.5), Figures(0, 0, 0, None, "damaged: no")])
def test_rows_and_headings_have_their_columns_in_the_same_cells(width: int, figures: Figures | None) -> None:
    run = a_run("a name that is far too long for any of the columns that there are " * 3)
    assert run_line(run, figures, NOW, width).width == width
    assert heading_line(Order(), width).width == width
    assert heading_targets(width)[-1][0].stop == width


def test_a_row_tells_what_is_known() -> None:
    row = run_line(a_run(), Figures(1903, 4, 2, 12.5), NOW, 120).text
    for text in ("steps.jsonl", "~/work", "jsonl", "1,903", "× 4", "$12.50", "1.2 kB", "5 min"):
        assert text in row
    assert "·" in run_line(a_run(), None, NOW, 120).text, "not read yet"
    assert "·" not in run_line(a_run(store=None), None, NOW, 120).text, "not to be read"


def test_each_order_sorts_by_its_column_and_what_is_unknown_comes_last() -> None:
    runs = [
        a_run("b", size=1, changed=3.0),
        a_run("a", size=3, changed=1.0),
        a_run("c", size=2, changed=2.0, store=None),
    ]
    figures = {Path("/cache/a"): Figures(5, 0, 1, 2.0), Path("/cache/b"): Figures(9, 1, 1, None)}
    expected = {
        "name": "abc",
        "origin": "bac",
        "events": "bac",
        "errors": "bac",
        "cost": "abc",
        "size": "acb",
        "changed": "bca",
    }
    for column in COLUMNS:
        names = "".join(run.name for run in ordered(runs, figures, Order(column)))
        assert names == expected[column], column
        reverse = "".join(run.name for run in ordered(runs, figures, Order(column, reversed=True)))
        if column in ("size", "changed", "name"):
            assert reverse == names[::-1]
        if column in ("events", "errors"):
            assert reverse == "abc", "the unknown one is last either way"


def test_every_word_of_a_filter_has_to_fit_somewhere() -> None:
    runs = [a_run("one"), a_run("two", origin="Codex"), a_run("three", place="shop")]
    assert [run.name for run in fitting(runs, "")] == ["one", "two", "three"]
    assert [run.name for run in fitting(runs, "CODEX tw")] == ["two"]
    assert [run.name for run in fitting(runs, "shop codex")] == []


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "now"),
        (59, "now"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (86_400 * 3, "3 d"),
        (86_400 * 800, "2 y"),
    ],
)
def test_ages_have_one_unit(seconds: float, shown: str) -> None:
    assert ago(seconds) == shown


def test_money_has_cents_where_they_matter() -> None:
    assert [money(0.04), money(12.3), money(1204)] == ["$0.04", "$12.30", "$1,204"]


def test_the_details_say_what_opening_does() -> None:
    said = [
        detail_lines(run, None, 100)[1].text
        for run in (a_run(kind="session", store=None), a_run(kind="store"), a_run(), a_run(store=None))
    ]
    assert "nothing of it has been read" in said[0]
    assert "where you left it" in said[1]
    assert "x deletes what was loaded" in said[2]
    assert "Enter reads it again" in said[3]


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_app_without_a_path_shows_the_runs_and_opens_one(home: Path, log: Path, run: Path) -> None:
    async with started() as pilot:
        assert "PLAYHEAD RUNS" in screen_text(pilot)
        assert "30" in line_with(pilot, "refund")
        assert "× 1" in line_with(pilot, "steps.jsonl")
        assert "1 store · 1 log · 3 sessions" in screen_text(pilot)
        await chosen(pilot, "refund")
        await pilot.press("enter")
        await until(pilot, "commit 30 / 30")
        await settle(pilot)
        assert position(pilot) == 30


async def test_R_shows_the_runs_over_the_open_one_and_Esc_goes_back(home: Path, run: Path) -> None:
    async with started(run) as pilot:
        for key in ("escape", "q"):
            await pilot.press("R")
            await until(pilot, "PLAYHEAD RUNS")
            await found(pilot)
            assert line_with(pilot, "refund").startswith("▶")
            await pilot.press(key)
            await until(pilot, "commit 30 / 30")
        assert pilot.app.is_running


async def test_Esc_never_quits_the_start_screen_and_q_does(home: Path) -> None:
    async with started() as pilot:
        await pilot.press("escape")
        await until(pilot, "q quits")
        assert isinstance(pilot.app.screen, RunsScreen)
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running or pilot.app._exit)


async def test_s_and_S_sort_and_so_does_a_click_on_a_heading(home: Path, run: Path) -> None:
    record_run(Path("longer"), 40)
    async with started() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        assert "changed▾" in screen_text(pilot)
        await pilot.press("s")
        assert "run▴" in screen_text(pilot)
        names = [each.name for each in screen.list.runs]
        assert names == sorted(names, key=str.casefold)
        await pilot.press("S")
        assert [each.name for each in screen.list.runs] == names[::-1]
        columns = next(columns for columns, column in heading_targets(screen.headings.size.width) if column == "events")
        await pilot.click(screen.headings, offset=(columns.stop - 2, 0))
        assert [each.name for each in screen.list.runs][:2] == ["longer", "refund"]


async def test_a_filter_narrows_the_list_as_it_is_typed_and_letters_are_letters(home: Path, run: Path) -> None:
    async with started() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        await pilot.press("slash", *"codex")
        await until(pilot, lambda: [each.origin for each in screen.list.runs] == ["Codex"])
        await pilot.press("enter")
        assert screen.list.has_focus and "/codex/" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.list.runs) == 4)
        await pilot.press("f", *"shop", "escape")
        await until(pilot, lambda: len(screen.list.runs) == 4)
        assert screen.list.has_focus


async def test_o_opens_a_path_that_is_typed(home: Path, run: Path) -> None:
    async with started() as pilot:
        await pilot.press("o", *"refund", "enter")
        await until(pilot, "commit 30 / 30")


async def test_y_copies_the_path(home: Path, run: Path) -> None:
    async with started() as pilot:
        await chosen(pilot, "refund")
        await pilot.press("y")
        assert Path(pilot.app.clipboard).resolve() == run.resolve()
        assert "Copied" in screen_text(pilot)


async def test_what_was_loaded_is_deleted_after_a_question_and_the_log_stays(home: Path, log: Path) -> None:
    async with started() as pilot:
        await chosen(pilot, "steps")
        await pilot.press("x")
        await until(pilot, "Delete from the cache?")
        await pilot.press("escape")
        await until(pilot, "PLAYHEAD RUNS")
        assert cached_runs()
        await pilot.press("x")
        await until(pilot, "Delete from the cache?")
        await pilot.press("y")
        await until(pilot, "Deleted what was loaded from steps.jsonl")
        await found(pilot)
        assert not cached_runs() and log.exists()
        assert "steps.jsonl" not in screen_text(pilot).replace("Deleted what was loaded from steps.jsonl", "")


async def test_what_another_process_has_open_is_not_deleted(home: Path, log: Path) -> None:
    (loaded,) = cached_runs()
    # A hold is a lock on a file of its own, so that one of this process counts as another's.
    other = Hold(loaded.path)
    async with started() as pilot:
        await chosen(pilot, "steps")
        await pilot.press("x")
        await until(pilot, "Delete from the cache?")
        await pilot.press("y")
        await until(pilot, "Another process has it open: it stays")
        assert cached_runs() == [loaded]
    other.release()


async def test_a_store_is_never_deleted(home: Path, run: Path) -> None:
    async with started() as pilot:
        await chosen(pilot, "refund")
        await pilot.press("x")
        await until(pilot, "it is not deleted from here")
        assert (run / "store.json").exists()


async def test_what_is_open_is_not_deleted(home: Path, log: Path) -> None:
    async with started(log) as pilot:
        await pilot.press("R")
        await until(pilot, "PLAYHEAD RUNS")
        await found(pilot)
        await chosen(pilot, "steps")
        await pilot.press("x")
        await until(pilot, "open another one first")
        assert cached_runs()


async def test_r_looks_again(home: Path) -> None:
    async with started() as pilot:
        assert "refund" not in screen_text(pilot)
        record_run(Path("refund"))
        await pilot.press("r")
        await until(pilot, "refund")


async def test_d_opens_the_demo(home: Path) -> None:
    async with started() as pilot:
        await pilot.press("d")
        await until(pilot, "commit 1,990 / 1,990")


async def test_the_help_of_the_start_screen_has_its_keys(home: Path) -> None:
    async with started() as pilot:
        await pilot.press("question_mark")
        await until(pilot, "Through time")
        await pilot.press("escape")
        await until(pilot, "PLAYHEAD RUNS")


async def test_nothing_found_is_said_with_what_can_be_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    async with started() as pilot:
        assert "o opens a path, d the recorded demo" in screen_text(pilot)
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_thousands_of_sessions_draw_only_the_rows_in_view(home: Path) -> None:
    async with started() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        drawn: list[int] = []
        line = screen.list.line

        def counted(index: int, width: int) -> Line:
            drawn.append(index)
            return line(index, width)

        screen.list.line = counted  # type: ignore[method-assign]
        screen.list.show([a_run(f"session {number}", store=None) for number in range(20_000)], None)
        await pilot.pause()
        await pilot.press("end", "home", "pagedown")
        await pilot.pause()
        assert len(drawn) < 20 * screen.list.area.height


async def test_a_run_that_cannot_be_opened_says_so_and_the_list_is_a_key_away(home: Path) -> None:
    async with started() as pilot:
        await chosen(pilot, "Codex")
        await pilot.press("enter")
        await until(pilot, lambda: app_of(pilot).main.has_class("-failed"))
        await pilot.press("R")
        await until(pilot, "PLAYHEAD RUNS")
