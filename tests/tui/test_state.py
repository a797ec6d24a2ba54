"""The state pane and the inspector that its cursor drives."""

from __future__ import annotations

from pathlib import Path

from .conftest import OpenApp, app_of, line_with, position, press, screen_text, type_text


async def test_what_the_event_did_is_signed_and_dated(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G")
        assert line_with(pilot, "last_error").startswith("−   last_error")
        assert "deleted" in line_with(pilot, "last_error")
        assert line_with(pilot, "▸ steps").startswith("~")
        assert "v3" in line_with(pilot, "▸ steps") and "now" in line_with(pilot, "▸ steps")
        assert line_with(pilot, "▸ budget").startswith("•") and "6 ago" in line_with(pilot, "▸ budget")
        assert "2 changed" in screen_text(pilot)
        await press(pilot, "l")
        assert "last_error" not in screen_text(pilot), "a tombstone shows only at the commit that made it"
        assert line_with(pilot, "counters/pages").startswith("+")


async def test_keys_that_share_a_beginning_form_a_group_that_folds(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G")
        main = app_of(pilot).main
        main.state.move_cursor(next(index for index in range(9) if "▾ plan" in main.state.line(index, 40).text))
        await press(pilot, "enter")
        text = screen_text(pilot)
        assert "▸ steps" not in text and "    current" not in text
        assert line_with(pilot, "▸ plan ").startswith("~"), "a folded group shows that something inside changed"
        assert "2 keys" in line_with(pilot, "▸ plan ")
        await press(pilot, "enter")
        assert "▾ plan" in screen_text(pilot) and "    current" in screen_text(pilot)


async def test_the_filter_narrows_while_it_is_typed_and_escape_puts_it_back(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "f", "m", "e", "s")
        assert "messages" in screen_text(pilot) and "budget" not in screen_text(pilot)
        await press(pilot, "escape")
        assert "budget" in screen_text(pilot)
        await press(pilot, "f")
        await type_text(pilot, "BUD")
        assert "budget" in screen_text(pilot) and "messages" not in screen_text(pilot)
        assert app_of(pilot).main.selection == "budget"
        await press(pilot, "escape")
        assert "messages" in screen_text(pilot)


async def test_d_keeps_only_what_the_event_changed(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "d")
        text = screen_text(pilot)
        assert "changed only" in text
        assert "~   counters/pages" in text and "~ ▸ budget" in text and "messages" not in text
        await press(pilot, "d")
        assert "messages" in screen_text(pilot)


async def test_the_selected_key_is_compared_with_its_version_before(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "7", "G")
        app_of(pilot).main.selection = "note"
        await press(pilot, "h", "l")
        text = screen_text(pilot)
        assert "previous version  v1 → v2" in text
        assert '"ask the useroperator for access to the ledger"' in text, "words before and after stand side by side"
        app_of(pilot).main.selection = "plan/steps"
        await press(pilot, "l")
        assert '~ [0].status  "running" → "done"' in screen_text(pilot)
        assert "⋯ 2 unchanged items" not in screen_text(pilot).split("[0].status")[0]


async def test_moving_the_cursor_changes_what_is_inspected(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "home")
        assert app_of(pilot).main.selection == "budget"
        assert "~ left  80 → 79" in screen_text(pilot)
        await press(pilot, "j")
        assert app_of(pilot).main.selection == "counters/pages"
        assert "~ 29 → 30" in screen_text(pilot)


async def test_the_value_tab_shows_the_whole_value(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        app_of(pilot).main.selection = "messages"
        await press(pilot, "h")
        app_of(pilot).main.show_tab("value")
        await press(pilot, "tab")
        text = screen_text(pilot)
        assert '"role": "user",' in text
        assert '"content": "refund order 4417"' in text


async def test_the_history_tab_lists_every_version_and_travels(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, (140, 36)) as pilot:
        main = app_of(pilot).main
        main.selection = "plan/steps"
        main.show_tab("history")
        await press(pilot, "h")
        text = screen_text(pilot)
        assert "3 versions" in text
        assert "▶ v3" in line_with(pilot, "▶ v3") and "access granted" in line_with(pilot, "▶ v3")
        assert "−26" in line_with(pilot, " v2 ") and "search: refund policy" in line_with(pilot, " v2 ")
        await press(pilot, "tab", "j", "enter")
        assert position(pilot) == 3
        assert "▶ v2" in screen_text(pilot)


async def test_b_compares_with_marks_and_snapshots_in_turn(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        app_of(pilot).main.selection = "counters/pages"
        await press(pilot, "1", "2", "G", "m", "a", "G", "b")
        assert "Compared with the previous commit" in screen_text(pilot)
        assert "previous commit  v21 → v22" in screen_text(pilot)
        await press(pilot, "b")
        text = screen_text(pilot)
        assert "Compared with mark a at 12" in text
        assert "mark a  v4 → v22" in text and "~ 12 → 30" in text
        await press(pilot, "b")
        assert "~ 20 → 30" in screen_text(pilot) and "snapshot 2  v12 → v22" in screen_text(pilot)
        await press(pilot, "b")
        assert "“before the error”  nothing → v22" in screen_text(pilot) and "+ added" in screen_text(pilot)
        await press(pilot, "b")
        assert "previous version  v21 → v22" in screen_text(pilot)


async def test_y_copies_the_value_as_json(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        app_of(pilot).main.selection = "budget"
        await press(pilot, "h", "y")
        assert app_of(pilot).clipboard == '{\n  "left": 80,\n  "unit": "EUR"\n}'
        assert "Copied budget v22" in screen_text(pilot)


async def test_values_that_hold_control_characters_cannot_draw_outside_their_row(
    tmp_path: Path, open_app: OpenApp
) -> None:
    import playhead

    with playhead.open(tmp_path / "odd", durability="os") as store:
        store.write(agent_id="a", key="k\nz", value="\x1b[2J\x07first\nsecond")
    async with open_app(Path("odd")) as pilot:
        assert "k↵z" in screen_text(pilot)
        assert '"␛[2J·first↵' in screen_text(pilot)
        assert "\x1b" not in screen_text(pilot)


async def test_a_filter_that_no_key_fits_says_so(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "f")
        await type_text(pilot, "zzzz")
        assert 'no key contains "zzzz" · Esc drops the filter' in screen_text(pilot)
