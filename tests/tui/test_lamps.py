"""A lamp for each rule: what `:check` judged stays in sight, at the playhead and as the run grows."""

from __future__ import annotations

from pathlib import Path

import pytest

import playhead
from playhead_tui.app import PlayheadApp
from playhead_tui.drawing.answer_lines import lamp_line
from playhead_tui.lamps import Lamp
from playhead_tui.recent import RecentStores
from playhead_tui.session import Sessions

from .conftest import AppPilot, OpenApp, app_of, line_with, press, screen_text, settle, type_text

RULES = """
[[rule]]
name = "money is left"
always = "budget.left > 0"

[[rule]]
name = "no errors"
never = "event.kind = 'tool_error'"
"""


@pytest.fixture(autouse=True)
def rules(run: Path) -> Path:
    path = Path("rules.toml")
    path.write_text(RULES)
    return path


async def check(pilot: AppPilot, file: str = "rules.toml") -> None:
    await press(pilot, ":")
    await type_text(pilot, f"check {file}")
    await press(pilot, "escape")


async def test_lamps_stay_in_sight_and_say_what_is_so_at_the_playhead(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await check(pilot)
        assert line_with(pilot, "RULES").split("   ")[1:] == ["✗ no errors since 5", "● money is left"]
        await press(pilot, "4", "G")
        assert line_with(pilot, "RULES").split("   ")[1:] == ["◐ no errors breaks at 5", "● money is left"]
        await press(pilot, "l")
        assert "✗ no errors since 5" in line_with(pilot, "RULES")


async def test_lamps_are_judged_again_as_the_run_grows(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await check(pilot)
        assert "● money is left" in line_with(pilot, "RULES")
        with playhead.open(run) as store:
            store.write("planner", "budget", {"left": -5})
        await app_of(pilot).main.refresh_now()
        await settle(pilot)
        assert "✗ money is left since 31" in line_with(pilot, "RULES")


async def test_check_alone_puts_them_out(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await check(pilot)
        await check(pilot, "")
        assert "RULES" not in screen_text(pilot) and app_of(pilot).main.lamps == ()
        await press(pilot, ":")
        await type_text(pilot, "check")
        assert "no rules are checked; check takes RULES.toml" in screen_text(pilot)


async def test_lamps_are_kept_with_the_session_and_judged_by_the_file_as_it_is_then(
    run: Path, rules: Path, tmp_path: Path
) -> None:
    def app() -> PlayheadApp:
        return PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), sessions=Sessions(tmp_path / "sessions"))

    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await check(pilot)
    rules.write_text(RULES.replace("> 0", "> 90"))
    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "✗ money is left since 19" in line_with(pilot, "RULES")
    rules.unlink()
    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert line_with(pilot, "RULES") == " RULES   ? rules.toml cannot be read (No such file or directory)"


async def test_a_rule_that_says_nothing_of_the_other_agent_says_why(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await check(pilot)
        await press(pilot, "a", "down", "enter")
        line = line_with(pilot, "RULES")
        assert "✗ no errors since 5" in line and "? money is left" in line and line.count("money is left") == 1


async def test_judging_again_is_not_recorded(run: Path, tmp_path: Path) -> None:
    script = tmp_path / "session.py"
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=script)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await check(pilot)
        with playhead.open(run) as store:
            store.write("planner", "budget", {"left": -5})
        await app.main.refresh_now()
        await settle(pilot)
    assert script.read_text().count("rules.check(") == 1 and "cursor.when(" not in script.read_text()


def test_what_is_broken_comes_first_and_the_rest_is_counted() -> None:
    lamps = [Lamp(f"rule {number}") for number in range(20)] + [Lamp("broken", 7), Lamp("later", 9)]
    text = lamp_line(lamps, 8, 80).text
    assert text.startswith(" RULES   ✗ broken since 7   ◐ later breaks at 9   ● rule 0")
    shown = text.count("●")
    assert text.endswith(f"⋯ {20 - shown} more") and len(text) <= 80
