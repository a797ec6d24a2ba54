"""The event list: filters, turns, columns, jumps by kind, source records; and jumps that can be undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import playhead
from playhead_tui.app import PlayheadApp
from playhead_tui.recent import RecentStores
from playhead_tui.screens.columns import ColumnsScreen
from playhead_tui.screens.event import SourceScreen
from playhead_tui.screens.event_actions import EventActions
from playhead_tui.session import Sessions
from playhead_tui.settings import Settings, SettingsFile

from .conftest import AppPilot, OpenApp, app_of, line_with, position, press, screen_text, settle, type_text


def main_of(pilot: AppPilot) -> EventActions:
    return app_of(pilot).main


def rows(pilot: AppPilot) -> list[str]:
    """Every row of the event list that is known, seen or not."""
    view = main_of(pilot).event_list
    return [view.line(index, view.area.width).text.rstrip() for index in range(view.line_count())]


async def keep_to(pilot: AppPilot, text: str) -> None:
    await pilot.press("&")
    await type_text(pilot, text)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """Nine events in three turns, one of them before anybody spoke; the second turn has an error and costs."""
    kinds = ("session", "user", "tool_call", "tool_result", "user", "assistant", "tool_call", "tool_error", "assistant")
    with playhead.open(tmp_path / "talk", durability="os") as store:
        for number, kind in enumerate(kinds, 1):
            with store.begin_transaction(kind=kind, label=f"{kind} number {number}") as tx:
                tx.write(agent_id="main" if number != 7 else "helper", key=f"step/{number % 3}", value=number)
                if kind == "assistant":
                    tx.write(agent_id="main", key="usage", value={"input": 1_000 * number, "output": number})
    return Path("talk")


# ── moving ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_t_and_T_go_through_tool_calls_by_the_count(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "g", "t")
        assert position(pilot) == 3
        await press(pilot, "3", "t")
        assert position(pilot) == 11
        await press(pilot, "T")
        assert position(pilot) == 10
        await press(pilot, "9", "T", "T")
        assert position(pilot) == 3
        assert "No earlier tool call" in screen_text(pilot)


async def test_u_and_U_go_through_what_people_said(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk) as pilot:
        await press(pilot, "U")
        assert position(pilot) == 5
        await press(pilot, "U", "U")
        assert position(pilot) == 2
        assert "No earlier user turn" in screen_text(pilot)
        await press(pilot, "u", "u")
        assert position(pilot) == 5
        assert "No later user turn" in screen_text(pilot)


async def test_every_jump_is_undone_and_done_again_by_the_count(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk) as pilot:
        places = [9]
        for keys in (
            ("g",),
            ("t",),
            ("u",),
            ("e",),
            ("U",),
            ("4", "h"),
            ("L",),
            ("2", "G"),
            ("m", "a", "G"),
            ("'", "a"),
        ):
            await press(pilot, *keys)
            places.append(position(pilot))
        for place in reversed(places[:-1]):
            await press(pilot, "[")
            assert position(pilot) == place
        await press(pilot, "3", "]")
        assert position(pilot) == places[3]
        await press(pilot, "2", "[")
        assert position(pilot) == places[1]


async def test_pages_and_ends_of_the_list_are_jumps_and_single_steps_are_none(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        main_of(pilot).event_list.focus()
        await press(pilot, "home")
        assert position(pilot) == 0
        await press(pilot, "j", "j", "j", "[")
        assert position(pilot) == 30


async def test_the_command_line_says_which_mark_or_snapshot_it_went_to(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "1", "2", "G", "m", "x", "g", ":")
        await type_text(pilot, "'x")
        assert position(pilot) == 12 and "Mark x, at 12" in screen_text(pilot)
        await press(pilot, ":")
        await type_text(pilot, "before the error")
        assert position(pilot) == 4 and "Snapshot “before the error”, of commit 4" in screen_text(pilot)


# ── filter ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_filter_narrows_list_and_steps_and_Esc_drops_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await keep_to(pilot, "kind:tool_* key:plan -user")
        assert len(rows(pilot)) == 2
        assert "2 of 30" in line_with(pilot, "EVENTS")
        assert "kind:tool_* key:plan -user" in line_with(pilot, "EVENTS")
        await press(pilot, "h")
        assert position(pilot) == 8
        await press(pilot, "h")
        assert position(pilot) == 3
        await press(pilot, "escape")
        assert len(rows(pilot)) == 30 and position(pilot) == 3
        assert "of 30" not in line_with(pilot, "EVENTS")


async def test_a_filter_by_agent_shows_only_its_events(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await keep_to(pilot, "agent:research")
        assert [row.split()[:2] for row in rows(pilot)] == [["▹", "4"]], "the playhead is behind it"


async def test_a_filter_that_nothing_fits_or_that_says_nothing_changes_nothing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await keep_to(pilot, "kind:user")
        await pilot.press("&", "ctrl+u")
        await type_text(pilot, "kind:nobody")
        assert "No event fits kind:nobody" in screen_text(pilot) and len(rows(pilot)) == 1
        await pilot.press("&", "ctrl+u")
        await type_text(pilot, "kind:")
        assert "names nothing to look for" in screen_text(pilot) and len(rows(pilot)) == 1
        await pilot.press("&", "ctrl+u")
        await type_text(pilot, "")
        assert len(rows(pilot)) == 30


async def test_Esc_in_another_pane_drops_that_panes_filter_first(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await keep_to(pilot, "kind:user")
        await press(pilot, "d", "escape")
        assert not main_of(pilot).changed_only and len(rows(pilot)) == 1
        await press(pilot, "d")
        main_of(pilot).event_list.focus()
        await press(pilot, "escape")
        assert main_of(pilot).changed_only and len(rows(pilot)) == 30


# ── turns ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_V_puts_a_heading_above_each_turn_and_steps_still_go_event_by_event(
    talk: Path, open_app: OpenApp
) -> None:
    async with open_app(talk) as pilot:
        await press(pilot, "V")
        told = rows(pilot)
        assert len(told) == 12
        assert "before the first turn" in told[0] and "1 event" in told[0]
        assert "turn 1" in told[2] and "3 events" in told[2]
        assert "turn 2" in told[6] and "5 events · 1 error" in told[6]
        assert "turn 2 of 2" in line_with(pilot, "EVENTS")
        await press(pilot, "5", "h")
        assert position(pilot) == 4 and main_of(pilot).event_list.cursor == 5
        assert "turn 1 of 2" in line_with(pilot, "EVENTS")
        await press(pilot, "V")
        assert len(rows(pilot)) == 9


async def test_z_folds_the_turn_at_the_playhead_Enter_opens_it_and_Z_folds_all(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk) as pilot:
        view = main_of(pilot).event_list
        view.focus()
        await press(pilot, "V", "z")
        assert len(rows(pilot)) == 7
        assert "▶▸ turn 2" in line_with(pilot, "turn 2 ·") and "❯ user number 5" in line_with(pilot, "turn 2 ·")
        await press(pilot, "h", "h")
        assert position(pilot) == 7 and view.cursor == 6, "inside the folded turn, its heading stands for it"
        await press(pilot, "enter")
        assert len(rows(pilot)) == 12 and app_of(pilot).screen is app_of(pilot).main
        await press(pilot, "Z")
        assert len(rows(pilot)) == 3
        await press(pilot, "Z")
        assert len(rows(pilot)) == 12


async def test_a_click_on_a_heading_folds_its_turn(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk) as pilot:
        await press(pilot, "V")
        view = main_of(pilot).event_list
        await pilot.click(view, offset=(5, 2 - view.scroll_offset.y))
        await settle(pilot)
        assert len(rows(pilot)) == 9 and position(pilot) == 9


# ── columns ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_rows_tell_agent_duration_tokens_and_operations(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk, size=(220, 50)) as pilot:
        assert "→ tool_call    helper " in line_with(pilot, "tool_call number 7")
        assert "6.0k tok" in line_with(pilot, "assistant number 6")
        assert "3.0k tok" in line_with(pilot, "assistant number 9")
        assert "1 op" in line_with(pilot, "user number 5")


async def test_K_shows_and_hides_columns_at_once(talk: Path, open_app: OpenApp) -> None:
    async with open_app(talk, size=(220, 50)) as pilot:
        await press(pilot, "K")
        assert isinstance(app_of(pilot).screen, ColumnsScreen)
        assert "✓ time" in screen_text(pilot)
        await press(pilot, "space", "j", "enter")
        assert "✓ time" not in screen_text(pilot) and "✓ icon" not in screen_text(pilot)
        await press(pilot, "escape")
        assert rows(pilot)[6].startswith("  7   tool_call    helper")
        await press(pilot, "K", "space", "q")
        assert ":" in rows(pilot)[6] and app_of(pilot).screen is app_of(pilot).main


async def test_the_settings_say_which_columns_there_are_at_first(talk: Path) -> None:
    settings = SettingsFile(Path("none"), Settings(event_columns="kind"))
    app = PlayheadApp(talk, recent=RecentStores(Path("recent.json")), settings=settings)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        assert rows(pilot)[4] == "  5   user         user number 5"


async def test_filter_turns_and_columns_are_there_again_the_next_time(talk: Path) -> None:
    for visit in (1, 2):
        app = PlayheadApp(talk, recent=RecentStores(Path("recent.json")), sessions=Sessions(Path("sessions")))
        async with app.run_test(size=(160, 50)) as pilot:
            await settle(pilot)
            if visit == 1:
                await press(pilot, "V", "K", "space", "escape")
                await keep_to(pilot, "kind:tool_*")
            assert len(rows(pilot)) == 6
            assert "4 of 9" in line_with(pilot, "EVENTS")
            assert ":" not in rows(pilot)[1]


# ── the record behind an event ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def log(tmp_path: Path) -> Path:
    records = [{"kind": "note", "text": f"record {number}", "deep": {"n": number}} for number in range(3)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    playhead.import_log(tmp_path / "log.jsonl", tmp_path / "loaded")
    return Path("loaded")


async def test_O_shows_the_record_in_the_log_and_O_or_Esc_closes_it(log: Path, open_app: OpenApp) -> None:  # S28
    async with open_app(log) as pilot:
        await press(pilot, "h", "O")
        assert isinstance(app_of(pilot).screen, SourceScreen)
        text = screen_text(pilot)
        assert "Source of event 2" in text and "log.jsonl" in text and "line 2, byte " in text
        assert '"text": "record 1"' in text and '"n": 1' in text
        await press(pilot, "O")
        assert app_of(pilot).screen is app_of(pilot).main


async def test_O_says_when_the_log_is_gone(log: Path, open_app: OpenApp) -> None:
    Path("log.jsonl").unlink()
    async with open_app(log, size=(200, 40)) as pilot:
        await press(pilot, "O")
        assert "is not there any more" in screen_text(pilot)


async def test_O_says_that_a_recorded_run_has_no_log(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "O")
        assert "recorded, not imported" in screen_text(pilot)
