"""What opens, folds, stays and comes back in the state pane."""

from __future__ import annotations

from pathlib import Path

import pytest

import playhead
from playhead import JSON, AgentAddress
from playhead_tui.app import PlayheadApp
from playhead_tui.drawing.state_rows import Place
from playhead_tui.recent import RecentStores
from playhead_tui.session import Sessions

from .conftest import AppPilot, OpenApp, app_of, line_with, position, press, record_run, screen_text, settle

PLANNER, RESEARCHER = AgentAddress("default", "planner"), AgentAddress("default", "researcher")


async def put_on(pilot: AppPilot, text: str) -> None:
    """Put the cursor of the state pane on the first row that holds a text."""
    state = app_of(pilot).main.state
    state.move_cursor(next(at for at in range(state.line_count()) if text in state.line(at, 48).text))
    await settle(pilot)


def state_lines(pilot: AppPilot) -> list[str]:
    """What the state pane shows, from top to bottom."""
    width = app_of(pilot).main.state.region.width
    first = app_of(pilot).main.state.region.y
    height = app_of(pilot).main.state.region.height
    return [line[:width].rstrip() for line in screen_text(pilot).splitlines()[first : first + height]]


# ── values open into their members ───────────────────────────────────────────────────────────────────────────────────


async def test_enter_opens_a_value_into_its_members_and_closes_it_again(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await put_on(pilot, "budget")
        await press(pilot, "enter")
        lines = state_lines(pilot)
        at = next(at for at, line in enumerate(lines) if "▾ budget" in line)
        assert lines[at + 1].startswith("~     left") and "  79  " in lines[at + 1]
        assert lines[at + 2].startswith("      unit") and lines[at + 2].endswith('"EUR"')
        await press(pilot, "enter")
        assert "▸ budget" in screen_text(pilot) and not any("unit  " in line for line in state_lines(pilot))


async def test_open_parts_stay_open_and_the_cursor_stays_in_them_while_the_playhead_moves(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G")
        await put_on(pilot, "steps")
        await press(pilot, "enter", "j", "enter", "j", "j")
        state = app_of(pilot).main.state
        assert state.row is not None and state.row.spot.path == (0, "status")
        assert line_with(pilot, "      status").startswith('~         status  "done"')
        await press(pilot, "C")
        assert position(pilot) == 3
        assert state.row.spot.path == (0, "status")
        assert line_with(pilot, "      status").startswith('~         status  "running"')
        await press(pilot, "l")
        assert line_with(pilot, "      status").startswith(" "), "the event there changed nothing of it"
        await press(pilot, "g")
        assert "messages" in screen_text(pilot) and "status  " not in "\n".join(state_lines(pilot))


async def test_a_number_or_a_text_has_nothing_to_open_and_enter_goes_to_the_inspector(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await put_on(pilot, "counters/pages")
        await press(pilot, "enter")
        assert app_of(pilot).main.diff.has_focus


async def test_z_folds_what_the_cursor_is_in_and_capital_z_everything(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await put_on(pilot, "budget")
        await press(pilot, "z")
        assert "▾ budget" in screen_text(pilot)
        await press(pilot, "j", "j", "z")
        main = app_of(pilot).main
        assert "▸ budget" in screen_text(pilot)
        assert main.state.row is not None and main.state.row.spot.key == "budget", "the cursor goes where it folded"
        await put_on(pilot, "current")
        await press(pilot, "z")
        assert "▸ plan  " in screen_text(pilot), "a key that cannot be opened folds the group around it"
        await press(pilot, "z")
        await put_on(pilot, "budget")
        await press(pilot, "enter", "Z")
        assert "▸ plan  " in screen_text(pilot) and "▸ budget" in screen_text(pilot) and main.opened == ()
        await press(pilot, "Z")
        assert "▾ plan" in screen_text(pilot)


async def test_the_newest_tool_call_is_the_last_of_them(tmp_path: Path, open_app: OpenApp) -> None:
    with playhead.open(tmp_path / "calls") as store:
        for name in ("toolu_x", "toolu_b", "toolu_k"):
            store.write(agent_id="main", key=f"tool_calls/{name}", value={"name": "bash"}, kind="tool_call")
        store.write(agent_id="main", key="tool_calls/toolu_x", value={"name": "bash", "status": "ok"})
    async with open_app(tmp_path / "calls") as pilot:
        shown = [line.split()[2] for line in state_lines(pilot) if "toolu_" in line]
        assert shown == ["toolu_x", "toolu_b", "toolu_k"]
        await put_on(pilot, "toolu_k")
        assert app_of(pilot).main.selection == "tool_calls/toolu_k"


async def test_y_copies_the_member_at_the_cursor(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await put_on(pilot, "budget")
        await press(pilot, "enter", "j", "j", "y")
        assert app_of(pilot).clipboard == '"EUR"'


# ── pins ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_p_pins_a_key_on_top_where_it_stays_before_it_is_written_and_p_lets_it_go(
    run: Path, open_app: OpenApp
) -> None:
    async with open_app(run) as pilot:
        await put_on(pilot, "counters/pages")
        await press(pilot, "p")
        assert "is pinned" in screen_text(pilot)
        assert state_lines(pilot)[0].startswith("~ ◈ counters/pages") and "30" in state_lines(pilot)[0]
        await press(pilot, "8", "G")
        assert state_lines(pilot)[0].startswith("  ◈ counters/pages") and "not written yet" in state_lines(pilot)[0]
        await press(pilot, "home", "p")
        assert "not pinned any more" in screen_text(pilot) and "◈" not in screen_text(pilot)


async def test_pins_stay_on_top_while_other_keys_scroll(tmp_path: Path, open_app: OpenApp) -> None:
    with playhead.open(tmp_path / "many", durability="os") as store, store.begin_transaction() as tx:
        for number in range(200):
            tx.write(agent_id="a", key=f"k{number:03}", value=number)
    async with open_app(Path("many")) as pilot:
        await put_on(pilot, "k007")
        await press(pilot, "p", "end")
        lines = state_lines(pilot)
        assert "◈ k007" in lines[0] and lines[-1].split()[1] == "k199"
        assert "k198" in lines[-2] and sum("k007" in line for line in lines) == 1
        await pilot.click("#state", offset=(6, 0))
        await settle(pilot)
        assert app_of(pilot).main.selection == "k007", "a click on a pin is a click on that key"
        await pilot.click("#state", offset=(6, 3))
        await settle(pilot)
        assert lines[3].split()[0 if lines[3].startswith(" ") else 1] == app_of(pilot).main.selection


# ── deleted keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_dot_shows_keys_that_were_deleted_earlier_and_when(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        assert "last_error" not in screen_text(pilot)
        await press(pilot, ".")
        assert "deleted at 8" in line_with(pilot, "last_error")
        assert "deleted too" in screen_text(pilot)
        await press(pilot, ".")
        assert "last_error" not in screen_text(pilot)


async def test_the_selected_key_keeps_its_row_where_it_does_not_exist(tmp_path: Path, open_app: OpenApp) -> None:
    with playhead.open(tmp_path / "keys") as store:
        for key in ("a", "c", "b"):
            store.write(agent_id="main", key=key, value=1)
        store.delete(agent_id="main", key="b")
        store.write(agent_id="main", key="a", value=2)
    async with open_app(tmp_path / "keys") as pilot:
        await press(pilot, "3", "G")
        await put_on(pilot, " b ")
        await press(pilot, "h")
        shown = [line[2:6].strip() for line in state_lines(pilot)[:3]]
        assert shown == ["a", "b", "c"], "where it will be"
        assert "not written yet" in state_lines(pilot)[1] and app_of(pilot).main.state.cursor == 1
        assert "commit 3 is the first that does" in screen_text(pilot)
        await press(pilot, "c")
        assert position(pilot) == 3
        await press(pilot, "G")
        assert "deleted at 4" in state_lines(pilot)[1], "where it vanished"
        assert "2 keys" in screen_text(pilot), "and it counts for nothing"
        await put_on(pilot, " a ")
        assert len([line for line in state_lines(pilot) if line.strip()]) == 2


async def test_the_group_whose_heading_is_out_of_sight_stands_above(tmp_path: Path, open_app: OpenApp) -> None:
    with playhead.open(tmp_path / "many") as store, store.begin_transaction() as tx:
        for number in range(60):
            tx.write("main", f"files/src/{number:02}", number)
    async with open_app(tmp_path / "many") as pilot:
        assert "↑" not in screen_text(pilot)
        await press(pilot, "end")
        assert line_with(pilot, "STATE").count("↑ files/src") == 1
        await press(pilot, "home")
        assert "↑" not in screen_text(pilot)


# ── every agent ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_capital_m_shows_every_agent_and_the_cursor_chooses_among_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "M")
        lines = state_lines(pilot)
        assert "all agents · 2 changed" in line_with(pilot, "STATE")
        assert any(line.startswith("  ▾ planner ─") and line.endswith("2 changed · 6 keys") for line in lines)
        assert any(line.startswith("  ▾ researcher ─") and line.endswith("1 key") for line in lines)
        await put_on(pilot, "findings")
        main = app_of(pilot).main
        assert main.frame is not None and (main.frame.agent, main.selection) == (RESEARCHER, "findings")
        assert '"a.md"' in screen_text(pilot), "the inspector shows the other agent’s value"
        await put_on(pilot, "▾ researcher")
        await press(pilot, "enter")
        assert "▸ researcher" in screen_text(pilot) and "findings  " not in "\n".join(state_lines(pilot))
        await put_on(pilot, "budget")
        assert main.frame.agent == PLANNER
        await press(pilot, "M")
        assert not any("researcher" in line for line in state_lines(pilot))


async def test_a_pin_of_another_agent_says_whose_it_is(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(160, 50)) as pilot:
        await press(pilot, "M")
        await put_on(pilot, "findings")
        await press(pilot, "p")
        assert "◈ researcher: findings" in state_lines(pilot)[0]
        await put_on(pilot, "budget")
        await press(pilot, "M")
        assert "◈" not in screen_text(pilot), "pins of others are not in the way of one agent’s state"


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_number_has_a_sparkline_of_what_it_was_up_to_the_playhead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(160, 50)) as pilot:
        assert "30  ▁▁▂▂▃▃▄▄▅▅▆▆▇▇██" in line_with(pilot, "counters/pages")
        await put_on(pilot, "budget")
        await press(pilot, "enter")
        assert "79  ██▇▇▆▆▅▅▄▄▃▃▂▂▁▁" in line_with(pilot, "     left"), "a member that is a number has one too"
        await press(pilot, "9", "G")
        assert "▁" not in line_with(pilot, "counters/pages").split("│")[0], "one number is no history"


def test_a_history_goes_back_from_the_playhead_and_has_gaps_where_there_was_no_number(tmp_path: Path) -> None:
    from playhead.cursor import Cursor
    from playhead_tui.frame import PreviewKey
    from playhead_tui.state_numbers import NumberKey, StateNumbers

    values: list[JSON] = [*range(40), "a text", {"n": [1]}, 41]
    with playhead.open(tmp_path / "numbers", durability="os") as store:
        for value in values:
            store.write(agent_id="planner", key="n", value=value)
        cursor, numbers = Cursor(store), StateNumbers()
        for version in (43, 7, 42, 30, 43):
            key, inside = (NumberKey(PreviewKey(PLANNER, "n", version), path) for path in ((), ("n", 0)))
            found = numbers.read(cursor, [key, inside])
            shown = values[max(0, version - 16) : version]
            assert found[key] == [value if isinstance(value, int) else None for value in shown]
            assert found[inside] == [1 if isinstance(value, dict) else None for value in shown]


# ── the next visit ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_pins_open_values_and_what_is_shown_come_back(run: Path) -> None:
    def app() -> PlayheadApp:
        return PlayheadApp(run, recent=RecentStores(Path("recent.json")), sessions=Sessions(Path("sessions")))

    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await put_on(pilot, "budget")
        await press(pilot, "p", "enter", ".", "M")
    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        main = app_of(pilot).main
        assert main.pins == (Place(PLANNER, "budget"),) and main.opened == (Place(PLANNER, "budget"),)
        assert (main.shows_deleted, main.everyone) == (True, True)
        assert "▾ budget" in screen_text(pilot) and "planner: budget" in state_lines(pilot)[0]


@pytest.mark.parametrize(
    "damaged", [None, [], {"pins": 3}, {"pins": [["a"]], "opened": [["n", "a", "k", [None]]], "deleted": "yes"}]
)
async def test_what_is_damaged_of_a_session_is_passed_over(run: Path, open_app: OpenApp, damaged: JSON) -> None:
    async with open_app(run) as pilot:
        main = app_of(pilot).main
        main.keepers["state"].take_up(damaged)
        assert (main.pins, main.opened, main.shows_deleted, main.everyone) == ((), (), False, False)


async def test_another_run_begins_without_the_pins_of_the_one_before(run: Path, open_app: OpenApp) -> None:
    record_run(Path("other"))
    async with open_app(run) as pilot:
        await put_on(pilot, "budget")
        await press(pilot, "p", "M")
        app_of(pilot).open(Path("other"))
        await settle(pilot)
        assert (app_of(pilot).main.pins, app_of(pilot).main.everyone) == ((), False)
