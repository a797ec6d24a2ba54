"""The inspector: folding, searching, comparing, copying, and travelling by history and blame."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.geometry import Offset

import playhead
from playhead import JSON
from playhead_tui.screens.inspector_actions import COPIED_MAX, InspectorActions

from .conftest import AppPilot, OpenApp, app_of, line_with, position, press, screen_text, type_text, until

REVIEW = """# Review

The order **4417** is late.

- ask the `ledger`
- refund
"""


def main_of(pilot: AppPilot) -> InspectorActions:
    return app_of(pilot).main


async def inspect(pilot: AppPilot, key: str, tab: str = "value") -> None:
    """Look at a key in a tab, with the focus there."""
    main = main_of(pilot)
    main.selection = key
    main.show_tab(tab)  # type: ignore[arg-type]
    main.page_view().focus()
    await press(pilot)


def page_text(pilot: AppPilot) -> list[str]:
    """All lines of the page, seen and unseen."""
    view = main_of(pilot).page_view()
    return [view.line(index, view.area.width).text.rstrip() for index in range(view.line_count())]


def cursor_text(pilot: AppPilot) -> str:
    view = main_of(pilot).page_view()
    return view.line(view.cursor, 200).text.strip()


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """Commit 1 to 6: a review, a plan with a nested list, a number, code."""
    with playhead.open(tmp_path / "values", durability="os") as store:
        plan: list[JSON] = [{"tool": tool, "status": "pending"} for tool in ("search", "read", "refund")]

        def commit(**written: JSON) -> None:
            with store.begin_transaction(kind="step", label=f"wrote {' '.join(written)}") as tx:
                for key, value in written.items():
                    tx.write("agent", key, value)

        commit(plan={"goal": "refund", "steps": plan, "notes": {"a": 1, "b": 2}}, left=100)
        commit(review={"text": REVIEW, "arguments": json.dumps({"order": 4417, "lines": [1, 2]})})
        code: dict[str, JSON] = {"ledger.py": "import json\n\ndef pay(amount: int) -> bool:\n    return amount < 50\n"}
        commit(left=80, **code)
        done: list[JSON] = [{"tool": "search", "status": "done"}, *plan[1:]]
        commit(plan={"goal": "refund", "steps": done, "notes": {"a": 1, "b": 2}})
        commit(left=35)
        commit(left=50)
        store.snapshot("the end")
    return Path("values")


# ── folding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_z_folds_what_the_cursor_is_on_and_opens_it_again(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "j", "j")
        assert cursor_text(pilot) == '▾ "steps": ['
        await press(pilot, "z")
        assert cursor_text(pilot).startswith('▸ "steps": [{tool: "search"') and cursor_text(pilot).endswith("3 items")
        assert not any('"status"' in line for line in page_text(pilot))
        await press(pilot, "z")
        assert cursor_text(pilot) == '▾ "steps": ['
        assert any('"tool": "refund"' in line for line in page_text(pilot))


async def test_z_inside_a_part_folds_the_part_around_the_cursor(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, *"jjjj")
        assert cursor_text(pilot) == '"tool": "search",'
        await press(pilot, "z")
        assert cursor_text(pilot).startswith('▸ {tool: "search", status: "done"}')


async def test_enter_opens_and_folds_too(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "j", "j", "enter")
        assert cursor_text(pilot).startswith("▸")
        await press(pilot, "enter")
        assert cursor_text(pilot).startswith("▾")


async def test_Z_folds_everything_and_then_opens_everything(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "Z")
        text = "\n".join(page_text(pilot))
        assert '▸ "steps"' in text and '▸ "notes"' in text and '"goal": "refund"' in text
        await press(pilot, "Z")
        assert '    "b": 2' in "\n".join(page_text(pilot))


async def test_folds_and_cursor_stay_while_the_playhead_moves(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "j", "j", "z", "3", "G")
        assert cursor_text(pilot).startswith('▸ "steps"')
        await press(pilot, "g", "G")
        assert cursor_text(pilot).startswith('▸ "steps"')


async def test_z_outside_of_the_inspector_goes_there_and_says_what_it_does(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        main_of(pilot).event_list.focus()
        await press(pilot, "z")
        assert main_of(pilot).diff.has_focus
        assert "z folds and opens at the cursor" in screen_text(pilot)


FOLDED = '  ⋯ 2 unchanged keys  goal "refund" · notes {a: 1, b: 2}'


async def test_unchanged_parts_of_a_difference_are_counted_and_open_where_they_stand(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan", "diff")
        assert page_text(pilot)[2:] == ['~ steps[0].status  "pending" → "done"', FOLDED]
        await press(pilot, "end", "enter")
        assert page_text(pilot)[2:] == [
            '  goal  "refund"',
            '~ steps[0].status  "pending" → "done"',
            "  notes  {a: 1, b: 2}",
        ]
        await press(pilot, "z")
        assert page_text(pilot)[-1] == FOLDED
        await press(pilot, "home", "j", "j", "z")
        assert page_text(pilot)[2:5] == ["  steps[0]", '    tool  "search"', '~   status  "pending" → "done"']
        await press(pilot, "Z")
        assert '    [2]  {tool: "refund", status: "pending"}' in page_text(pilot)
        assert not any("unchanged" in line for line in page_text(pilot))


async def test_diff_says_which_event_wrote_the_value_and_by_how_much_a_number_changed(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await press(pilot, "5", "G")
        await inspect(pilot, "left", "diff")
        assert page_text(pilot)[1] == "written by this event"
        await press(pilot, "h")
        lines = page_text(pilot)
        assert lines[0] == "left  ~ 1 changed"
        assert lines[1].startswith("written at 3  ") and lines[1].endswith("step  wrote left ledger.py")
        assert lines[2] == "~ 100 → 80  −20"
        await press(pilot, "h")
        await inspect(pilot, "plan", "diff")
        await press(pilot, "home", "j", "enter")
        assert position(pilot) == 1, "Enter travels there"


# ── looks ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_difference_stands_side_by_side_where_there_is_room_and_when_asked(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values, (130, 36)) as pilot:
        await inspect(pilot, "plan", "diff")
        assert '"pending" → "done"' in screen_text(pilot)
        await press(pilot, "vertical_line")
        line = line_with(pilot, '"pending"')
        assert '"done"' in line and " │ " in line and "→" not in line
        await press(pilot, "vertical_line")
        assert '"pending" → "done"' in screen_text(pilot)
    async with open_app(values, (200, 36)) as pilot:
        await inspect(pilot, "plan", "diff")
        assert '"pending" → "done"' in screen_text(pilot), "single values are read better next to each other"
        await press(pilot, "vertical_line")
        assert '"done"' in line_with(pilot, '"pending"') and "→" not in line_with(pilot, '"pending"')
    async with open_app(values, (80, 24)) as pilot:
        await inspect(pilot, "plan", "diff")
        await press(pilot, "vertical_line")
        assert "Side by side takes 64 columns" in screen_text(pilot)


async def test_texts_stand_side_by_side_by_themselves_where_there_is_room(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, (220, 36)) as pilot:
        await press(pilot, "1", "2", "G")
        await inspect(pilot, "note", "diff")
        assert any(" │ " in line and "operator" in line for line in page_text(pilot))


async def test_markdown_code_and_json_in_strings_are_laid_out_until_the_raw_text_is_asked_for(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values, (160, 50)) as pilot:
        await inspect(pilot, "review")
        text = "\n".join(page_text(pilot))
        assert "Markdown" in text and "• ask the ledger" in text and "**" not in text
        assert "JSON in a string" in text and '"order": 4417,' in text
        await press(pilot, "vertical_line")
        text = "\n".join(page_text(pilot))
        assert "**4417**" in text and "- ask the `ledger`↵" in text and "JSON in a string" not in text
        await press(pilot, "vertical_line")
        await inspect(pilot, "ledger.py")
        assert "python · 4 lines" in screen_text(pilot)


async def test_i_goes_through_the_tabs_of_which_blame_is_the_last(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        tabs = []
        for _ in range(4):
            await press(pilot, "i")
            tabs.append(main_of(pilot).tab)
        assert tabs == ["value", "history", "blame", "diff"]
        await press(pilot, "I")
        assert main_of(pilot).tab == "blame"


# ── searching ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_search_in_the_inspector_is_for_its_text_and_opens_what_is_folded(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "Z", "slash")
        await type_text(pilot, "PENDING")
        assert cursor_text(pilot) == '"status": "pending"'
        assert "2 lines with “PENDING”" in screen_text(pilot)
        first = main_of(pilot).page_view().cursor
        await press(pilot, "n")
        second = main_of(pilot).page_view().cursor
        assert second > first
        await press(pilot, "n")
        assert main_of(pilot).page_view().cursor == first
        await press(pilot, "N")
        assert main_of(pilot).page_view().cursor == second
        assert position(pilot) == 6, "the playhead is not what is searched"
        await press(pilot, "escape")
        assert main_of(pilot).find == ""
        assert '▸ "steps"' in screen_text(pilot)


async def test_a_search_in_the_inspector_marks_while_it_is_typed_and_esc_takes_it_back(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, "slash", "n", "o", "t")
        assert "1 line with “not”" in screen_text(pilot)
        await press(pilot, "escape")
        assert main_of(pilot).find == "" and "with “not”" not in screen_text(pilot)


async def test_a_search_elsewhere_is_for_events(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await press(pilot, "g", "slash")
        await type_text(pilot, "ledger")
        assert position(pilot) == 3


# ── what is compared ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_b_compares_with_the_previous_commit_and_goes_along_with_the_playhead(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "left", "diff")
        assert "previous version" in screen_text(pilot)
        await press(pilot, "b")
        assert "previous commit" in screen_text(pilot) and "35 → 50" in screen_text(pilot)
        await press(pilot, "4", "G")
        assert "No difference." in screen_text(pilot)


async def test_B_chooses_a_snapshot_or_pins_this_moment(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "left", "diff")
        await press(pilot, "1", "G", "B")
        assert "each key’s previous version" in screen_text(pilot)
        await type_text(pilot, "the end")
        assert "“the end”" in line_with(pilot, "Diff") and "50 → 100" in screen_text(pilot)
        await press(pilot, "B")
        await type_text(pilot, "pinned")
        await press(pilot, "G")
        assert "pinned commit 1" in screen_text(pilot) and "100 → 50" in screen_text(pilot)


# ── copying ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_y_copies_the_value_or_the_part_at_the_cursor(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, *"jjjj", "y")
        assert pilot.app.clipboard == '"search"'
        assert "Copied plan.steps[0].tool v2: 8 characters" in screen_text(pilot)
        main_of(pilot).state.focus()
        await press(pilot, "y")
        assert json.loads(pilot.app.clipboard)["goal"] == "refund"


@pytest.mark.parametrize(
    ("choice", "copied"),
    [
        ("as JSON", '{\n  "tool": "search",\n  "status": "done"\n}'),
        ("literal", "{'tool': 'search', 'status': 'done'}"),
        ("path", "plan.steps[0]"),
        ("jq", ".plan.steps[0]"),
        ("Python   store", 'store.get_state_at(agent_id="agent", key="plan", at=6).value["steps"][0]'),
    ],
)
async def test_Y_copies_in_the_form_that_is_chosen(values: Path, open_app: OpenApp, choice: str, copied: str) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, *"jjj", "Y")
        await type_text(pilot, choice)
        assert pilot.app.clipboard == copied
        assert "Copied " in screen_text(pilot)


async def test_what_is_copied_for_python_finds_the_value(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        await press(pilot, *"jjjj", "Y")
        await type_text(pilot, "Python   store")
    with playhead.open(values) as store:
        assert eval(pilot.app.clipboard, {"store": store}) == "search"


async def test_what_no_terminal_copies_is_not_copied_and_said_so(tmp_path: Path, open_app: OpenApp) -> None:
    with playhead.open(tmp_path / "long", durability="os") as store:
        store.write("agent", "text", "x" * (COPIED_MAX + 1))
    async with open_app(Path("long")) as pilot:
        await press(pilot, "y")
        assert "more than terminals copy" in screen_text(pilot)
        assert pilot.app.clipboard == ""


# ── travelling ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_playhead_goes_where_the_cursor_of_the_history_goes_as_one_jump(
    values: Path, open_app: OpenApp
) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "left", "history")
        await press(pilot, "j")
        assert position(pilot) == 5
        await press(pilot, "j", "j")
        assert position(pilot) == 1
        assert cursor_text(pilot).startswith("▶ v1")
        await press(pilot, "left_square_bracket")
        assert position(pilot) == 6
        assert cursor_text(pilot).startswith("▶ v4")


async def test_the_history_says_what_each_version_changed_and_draws_a_number(values: Path, open_app: OpenApp) -> None:
    async with open_app(values, (160, 50)) as pilot:
        await inspect(pilot, "left", "history")
        await until(pilot, "100 → 80 −20")
        text = screen_text(pilot)
        assert "+ 100" in text and "wrote left" in text
        assert "35 … 100 · 4 points" in text
        await inspect(pilot, "plan", "history")
        await until(pilot, 'steps[0].status "pending" → "done"')
        assert "points" not in screen_text(pilot), "no number changes there"


async def test_a_click_on_the_sparkline_travels_to_the_version_there(values: Path, open_app: OpenApp) -> None:
    async with open_app(values, (160, 50)) as pilot:
        await inspect(pilot, "left", "history")
        await pilot.click("#series", offset=Offset(2, 1))
        await press(pilot)
        assert position(pilot) == 1


async def test_the_history_follows_a_playhead_that_something_else_moved(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "left", "history")
        await press(pilot, "C", "C")
        assert position(pilot) == 3
        assert cursor_text(pilot).startswith("▶ v2")


async def test_blame_names_the_writer_of_every_leaf_and_enter_travels_there(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan", "blame")
        assert line_with(pilot, '"goal": "refund"').split("│")[1].split()[:3] == ["v1", "1", "−5"]
        assert line_with(pilot, '"status": "done"').split("│")[1].split()[:3] == ["v2", "4", "−2"]
        assert "2 writers" in screen_text(pilot)
        await press(pilot, *"jjjjj")
        assert '"status": "done"' in cursor_text(pilot)
        await press(pilot, "enter")
        assert position(pilot) == 4
        assert "now" in line_with(pilot, '"status": "done"')


async def test_the_cursor_shows_only_where_keys_act(values: Path, open_app: OpenApp) -> None:
    async with open_app(values) as pilot:
        await inspect(pilot, "plan")
        view = main_of(pilot).value

        def styled(row: int) -> object:
            return view._ink_of(row, view.line_count())

        assert styled(0) != styled(1)
        main_of(pilot).state.focus()
        await press(pilot)
        assert styled(0) == styled(1)
