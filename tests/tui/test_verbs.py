"""Asking the past: the verbs of the `:` line, what stays in sight of them, and the keys that go with them."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from playhead_tui.answers import sql_answer
from playhead_tui.app import PlayheadApp
from playhead_tui.cli import main
from playhead_tui.recent import RecentStores
from playhead_tui.screens.answers import AnswerScreen
from playhead_tui.session import Sessions
from playhead_tui.verbs import VERBS

from .conftest import (
    AppPilot,
    OpenApp,
    app_of,
    ask,
    line_with,
    position,
    press,
    screen_text,
    settle,
    type_text,
    until,
)


def struck(pilot: AppPilot) -> tuple[int, ...]:
    return app_of(pilot).main.struck


def copied(pilot: AppPilot) -> str:
    return app_of(pilot).clipboard


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_when_lists_the_intervals_and_a_row_travels(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "when budget.left between 90 and 95")
        row = line_with(pilot, "read page 14")
        assert row.split()[1:4] == ["14", "19", "6"]
        assert "$ playhead when 'budget.left between 90 and 95' --agent planner" in screen_text(pilot)
        await press(pilot, "enter")
        assert position(pilot) == 14


async def test_n_and_N_go_through_the_intervals_and_escape_drops_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await ask(pilot, """when "counters/pages" in (10, 20) or event.kind = 'tool_error'""")
        await press(pilot, "escape", "n")
        assert position(pilot) == 5
        await press(pilot, "n", "n")
        assert position(pilot) == 20
        await press(pilot, "N")
        assert position(pilot) == 10
        assert "━" in line_with(pilot, "when  ") and "3 hits" in screen_text(pilot)
        await press(pilot, "escape")
        assert "━" not in screen_text(pilot) and "hit" not in screen_text(pilot)


async def test_when_never_true_says_so_and_opens_nothing(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "when budget.left > 1000")
        assert "budget.left > 1000 was never true" in screen_text(pilot)
        assert pilot.app.screen is app_of(pilot).main


async def test_a_mistake_is_pointed_at_and_the_line_comes_back(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "when budget.lefd < 90")
        assert "did you mean 'left'?" in screen_text(pilot)
        lines = screen_text(pilot).splitlines()
        carets = next(number for number, line in enumerate(lines) if line.strip() and set(line.strip()) == {"^"})
        start = lines[carets].index("^")
        assert lines[carets - 1][start:].startswith("budget.lefd"), "the carets stand below the spot"
        assert lines[-1].strip() == ":when budget.lefd < 90"
        for _ in range(5):
            await pilot.press("left")
        await pilot.press("backspace", "t", "enter")
        await settle(pilot)
        assert "When budget.left < 90" in screen_text(pilot)
        assert "did you mean" not in screen_text(pilot)


async def test_escape_gives_a_mistaken_line_up(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "when budget.left <")
        assert "cannot be read as an expression" in screen_text(pilot)
        await press(pilot, "escape")
        assert "cannot be read" not in screen_text(pilot)
        await press(pilot, "h")
        assert position(pilot) == 29


async def test_a_verb_without_what_it_takes_says_what_that_is(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "when")
        assert "when takes EXPR" in screen_text(pilot)


async def test_places_still_work_beside_verbs(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "12")
        assert position(pilot) == 12
        await ask(pilot, "before the error")
        assert position(pilot) == 4


# ── moving by what became of the state ───────────────────────────────────────────────────────────────────────────────


async def test_c_and_rc_run_to_where_a_condition_becomes_true(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "rc exists(last_error)")
        assert position(pilot) == 5
        assert "became true at 5 (tool_error: timeout after 30 s)" in screen_text(pilot)
        await ask(pilot, "c not exists(last_error)")
        assert position(pilot) == 8
        await ask(pilot, "c exists(last_error)")
        assert position(pilot) == 8 and "does not become true later" in screen_text(pilot)


async def test_a_verb_waits_for_the_keys_typed_before_it(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await pilot.press("g", "l", "l", ":", *"c event.kind = 'tool_result'", "enter", "l")
        await settle(pilot)
        assert position(pilot) == 5, "from 3 on to 4, and then a step"


async def test_last_and_next_follow_one_place_of_a_value(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, 'last "plan/steps"[0].status')
        assert position(pilot) == 8
        assert '"plan/steps"[0].status "running" → "done" at 8 (tool_result: access granted)' in screen_text(pilot)
        assert app_of(pilot).main.selection == "plan/steps"
        await ask(pilot, "last plan/steps[0].status")
        assert position(pilot) == 3
        await ask(pilot, "next")
        assert position(pilot) == 8, "of the selected key, where no path is given"


async def test_a_path_that_is_not_there_is_refused_with_a_suggestion(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "last budgte.left")
        assert "never had a key 'budgte'; did you mean 'budget'?" in screen_text(pilot)


async def test_history_lists_every_value_of_a_place(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "history plan/steps[0].status")
        rows = [line.split()[1:4] for line in screen_text(pilot).splitlines() if '"' in line and "pending" not in line]
        assert ["8", "now", '"done"'] in rows and ["3", "7", '"running"'] in rows
        await press(pilot, "j", "enter")
        assert position(pilot) == 3


async def test_blame_shows_who_wrote_the_parts_of_a_key(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "blame plan/steps")
        main = app_of(pilot).main
        assert main.tab == "blame" and main.selection == "plan/steps"


async def test_diff_shows_what_differs_between_two_moments(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "diff 'before the error' 10")
        assert "From commit 4 to commit 10" in screen_text(pilot) and "counters/pages" in screen_text(pilot)
        await press(pilot, "escape")
        await ask(pilot, "diff 3")
        assert "diff takes two moments" in screen_text(pilot)


# ── watches ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_watch_shows_the_value_at_the_playhead_and_whether_it_changed(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await ask(pilot, "watch budget.left")
        assert "● budget.left  79  was 80" in screen_text(pilot)
        await press(pilot, "1", "0", "G")
        assert "● budget.left  99  was 100" in screen_text(pilot)
        await press(pilot, "5", "G")
        assert "  budget.left  100  since 2" in screen_text(pilot)
        assert any(sign in line_with(pilot, "budget.left") for sign in "▁▂▃▄▅▆▇█"), "a track on the timeline"


async def test_a_condition_that_is_watched_is_a_stretch_on_the_timeline(run: Path, open_app: OpenApp) -> None:
    async with open_app(run, size=(120, 50)) as pilot:
        await ask(pilot, "watch budget.left < 90")
        tracks = app_of(pilot).main.timeline.chart.tracks
        assert tracks[-1].label == "budget.left < 90"
        assert set(tracks[-1].cells) == {" ", "━"} and tracks[-1].cells.endswith("━")
        assert app_of(pilot).main.timeline.chart.column_of(20) == tracks[-1].cells.index("━")


async def test_unwatch_and_the_list_of_watches(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        for expression in ("budget.left", "event.kind", "note"):
            await ask(pilot, f"watch {expression}")
        await ask(pilot, "unwatch note")
        await press(pilot, "W")
        assert "tool_call" in line_with(pilot, "event.kind")
        await press(pilot, "x")
        assert [each.expression for each in app_of(pilot).main.watched] == ["event.kind"]
        await press(pilot, "W", "a")
        await type_text(pilot, "budget.unit")
        assert [each.expression for each in app_of(pilot).main.watched] == ["event.kind", "budget.unit"]
        await press(pilot, "W", "enter")
        assert "Values of event.kind" in screen_text(pilot)
        await press(pilot, "escape")
        await ask(pilot, "unwatch")
        assert app_of(pilot).main.watched == () and "WATCH" not in screen_text(pilot)


async def test_a_watch_that_cannot_be_evaluated_is_refused(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "watch budgets.left")
        assert "did you mean" in screen_text(pilot) and app_of(pilot).main.watched == ()


async def test_watches_say_of_another_agent_that_it_has_no_such_key(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "watch budget.left")
        await press(pilot, "a", "down", "enter")
        assert app_of(pilot).main.frame is not None
        assert app_of(pilot).main.frame.agent.agent_id == "researcher"  # type: ignore[union-attr]
        assert "budget" in line_with(pilot, "budget.left") and "79" not in line_with(pilot, "budget.left")


async def test_watches_struck_events_and_typed_lines_are_kept_with_the_session(run: Path, tmp_path: Path) -> None:
    def app() -> PlayheadApp:
        recent = RecentStores(tmp_path / "recent.json")
        return PlayheadApp(run, recent=recent, sessions=Sessions(tmp_path / "sessions"))

    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await ask(pilot, "watch budget.left")
        await press(pilot, "1", "0", "G", "x")
    async with app().run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert "● budget.left  99  was 100" in screen_text(pilot)
        assert struck(pilot) == (10,)
        await press(pilot, ":", "up")
        assert screen_text(pilot).splitlines()[-1].strip() == ":watch budget.left"


@pytest.mark.parametrize(
    "kept", [None, [], {"watches": 3, "struck": "x"}, {"watches": [1, None], "struck": [True, -4]}]
)
async def test_a_damaged_session_is_passed_over(run: Path, open_app: OpenApp, kept: Any) -> None:
    async with open_app(run) as pilot:
        app_of(pilot).main.take_up_verbs(kept)
        assert app_of(pilot).main.watched == () and struck(pilot) == ()


# ── bisect ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_bisect_asks_until_one_commit_is_left(
    run: Path, open_app: OpenApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "bisect")
        asked: list[int] = []
        while app_of(pilot).main.bisection is not None:
            asked.append(position(pilot))
            assert f"is commit {position(pilot)} bad?" in screen_text(pilot)
            await press(pilot, "b" if position(pilot) >= 17 else "g")
        assert position(pilot) == 17 and len(asked) <= 5
        assert "17 (tool_call: read page 17) is the first bad commit" in screen_text(pilot)
        await press(pilot, "g")
        assert position(pilot) == 1, "g goes to the start again"
        (command,) = app_of(pilot).main.commands
    answers = iter(["b\n" if commit_ts >= 17 else "g\n" for commit_ts in asked])
    monkeypatch.setattr(sys.stdin, "readline", lambda: next(answers))
    assert main(shlex.split(command)[1:]) == 0
    assert capsys.readouterr().out == "17 is the first bad commit\ttool_call\tread page 17\n"


async def test_bisect_takes_bounds_skips_and_can_be_ended(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "bisect 10..14")
        assert position(pilot) == 12
        await press(pilot, "s")
        assert position(pilot) in (11, 13)
        await press(pilot, "g" if position(pilot) == 11 else "b")
        await press(pilot, "b" if position(pilot) == 13 else "g")
        assert "One of 12, 13 is the first bad commit" in screen_text(pilot)
        await ask(pilot, "bisect 10..14")
        await press(pilot, "escape")
        assert "BISECT" not in screen_text(pilot) and app_of(pilot).main.bisection is None


async def test_one_can_look_around_while_a_bisection_asks(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "bisect 1..29")
        await press(pilot, "l", "i", "j")
        assert position(pilot) == 16 and "is commit 15 bad?" in screen_text(pilot)


async def test_bisect_by_an_expression_goes_straight_there(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "bisect budget.left < 90")
        assert position(pilot) == 20
        assert "20 (tool_call: read page 20) is the first bad commit" in screen_text(pilot)


# ── events struck through ────────────────────────────────────────────────────────────────────────────────────────────


async def test_x_strikes_an_event_through_and_the_strip_says_what_would_differ(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G", "x")
        assert "Struck 8 through" in screen_text(pilot)
        assert "2 keys would differ here: last_error  plan/steps" in screen_text(pilot)
        await press(pilot, "l")
        assert "✗" in line_with(pilot, "access granted")
        await press(pilot, "h", "h")
        assert "without 1 event  which still lie ahead" in screen_text(pilot)


async def test_fold_shows_the_state_without_the_struck_events(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "8", "G", "x")
        await ask(pilot, "fold")
        text = screen_text(pilot)
        assert "Commit 8 without 1 event: of the record, not of the model" in text
        assert "+ 1 added" in text and "last_error" in text and '"done" → "running"' in text.replace("  ", " ")


async def test_fold_takes_commits_and_strikes_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "fold 28-30,3")
        assert struck(pilot) == (3, 28, 29, 30)
        assert "without 4 events" in screen_text(pilot)
        await press(pilot, "escape")
        await ask(pilot, "fold 31")
        assert "there is no commit 31; the last one is 30" in screen_text(pilot)
        assert struck(pilot) == (3, 28, 29, 30)


async def test_X_restores_this_event_or_all_of_them(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, "x", "h", "x", "h", "x", "X")
        assert struck(pilot) == (29, 30)
        await press(pilot, "X")
        assert struck(pilot) == () and "without" not in screen_text(pilot)
        await press(pilot, "X")
        assert "No event is struck through" in screen_text(pilot)


async def test_fold_without_anything_struck_says_how_to_strike(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "fold")
        assert "no event is struck through: x strikes the one at the playhead" in screen_text(pilot)


# ── rules and SQL ────────────────────────────────────────────────────────────────────────────────────────────────────

RULES = """
[[rule]]
name = "the budget is never used up"
always = "budget.left > 0"

[[rule]]
name = "no errors"
never = "event.kind = 'tool_error'"
"""


async def test_check_shows_a_lamp_for_each_rule_and_travels_to_the_violation(run: Path, open_app: OpenApp) -> None:
    Path("rules.toml").write_text(RULES)
    async with open_app(run) as pilot:
        await ask(pilot, "check rules.toml")
        assert "● kept" in line_with(pilot, "the budget is never used up")
        assert "✗ broken" in line_with(pilot, "no errors")
        assert "2 rules, 1 broken" in screen_text(pilot)
        await press(pilot, "enter")
        assert position(pilot) == 5, "the first broken rule is chosen"


async def test_check_of_a_file_that_is_not_there_is_refused(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "check nowhere.toml")
        assert "nowhere.toml: cannot be read" in screen_text(pilot)


async def test_sql_shows_a_table_whose_rows_travel(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "sql SELECT kind, commit_ts FROM events WHERE kind LIKE 'tool%' ORDER BY commit_ts LIMIT 3")
        assert "3 rows" in screen_text(pilot)
        await press(pilot, "j", "j", "enter")
        assert position(pilot) == 5


async def test_wide_tables_scroll_by_columns(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        wide = ", ".join(f"repeat('{letter}', 300) AS {letter}" for letter in "xyzvw")
        await ask(pilot, f"sql SELECT 'one' AS first, {wide}, 'three' AS third, NULL AS fourth")
        assert "one" in line_with(pilot, "xxx") and "three" not in line_with(pilot, "xxx")
        await press(pilot, "l", "l", "l", "l", "l")
        assert "one" not in line_with(pilot, "three  NULL")
        await press(pilot, "h", "h", "h", "h", "h", "y")
        assert copied(pilot).startswith("one\txxx")


async def test_sql_that_is_no_select_is_refused_and_comes_back(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "sql DROP TABLE events")
        assert "only SELECT is allowed" in screen_text(pilot)
        assert screen_text(pilot).splitlines()[-1].strip() == ":sql DROP TABLE events"


async def test_rows_without_a_commit_travel_nowhere(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "sql SELECT count(*) AS n, -5 AS commit_ts FROM events")
        await press(pilot, "enter")
        assert "1 row" in screen_text(pilot) and position(pilot) == 30


def test_an_empty_result_is_a_table_without_rows(run: Path) -> None:
    import playhead

    with playhead.open(run) as store:
        answer = sql_answer(store.cursor(), "SELECT commit_ts, label FROM events WHERE false")
    assert answer.rows == () and answer.columns == ("commit_ts", "label") and answer.note == "0 rows"


# ── the prompt ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def prompt(pilot: AppPilot) -> str:
    await pilot.pause()
    return screen_text(pilot).splitlines()[-1].strip()


async def test_tab_completes_verbs_keys_and_fields(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, ":", "w", "h", "tab")
        assert (await prompt(pilot)).startswith(":when  EXPR") or (await prompt(pilot)).startswith(":when EXPR")
        await settle(pilot)
        await press(pilot, *"bud", "tab")
        assert (await prompt(pilot)) == ":when budget"
        await press(pilot, *" < 90 and event.k", "tab")
        assert (await prompt(pilot)) == ":when budget < 90 and event.kind"
        await press(pilot, *" and cou", "tab")
        assert (await prompt(pilot)) == ':when budget < 90 and event.kind and "counters/pages"'


async def test_tab_goes_through_what_may_come(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await press(pilot, ":", "b", "tab")
        assert "blame  bisect" in await prompt(pilot)
        await press(pilot, "tab")
        assert (await prompt(pilot)).startswith(":blame")
        await press(pilot, "tab")
        assert (await prompt(pilot)).startswith(":bisect")
        await press(pilot, "x", "z", "tab")
        assert "nothing begins like this" in await prompt(pilot)


async def test_up_and_down_go_through_what_was_typed(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "3")
        await ask(pilot, "rc budget.left < 90")
        await press(pilot, ":", "7", "up")
        assert await prompt(pilot) == ":rc budget.left < 90"
        await press(pilot, "up", "up")
        assert await prompt(pilot) == ":3"
        await press(pilot, "down", "down")
        assert await prompt(pilot) == ":7"


async def test_help_lists_every_verb(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        await ask(pilot, "help")
        assert all(verb.usage in screen_text(pilot) for verb in VERBS)


# ── commands and recordings ──────────────────────────────────────────────────────────────────────────────────────────


async def test_the_commands_of_what_was_asked_are_listed_and_copied(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        for line in ("when budget.left < 90", "diff 3 head", "fold 4-5,9"):
            await ask(pilot, line)
            await press(pilot, "escape")
        commands = app_of(pilot).main.commands
        await press(pilot, "@")
        assert "fold --without 4-5,9" in line_with(pilot, "$ playhead fold")
        await press(pilot, "Y")
        assert copied(pilot).splitlines() == commands
        await press(pilot, "y")
        assert copied(pilot) == commands[-1]
    assert [shlex.split(command)[:2] for command in commands] == [
        ["playhead", "when"],
        ["playhead", "diff"],
        ["playhead", "fold"],
    ]


LINES = {
    "when": "when budget.left < 90",
    "c": "c budget.left < 90",
    "rc": "rc exists(last_error)",
    "last": "last plan/steps[0].status",
    "next": "next budget.left",
    "history": "history plan/steps[0].status",
    "blame": "blame plan/steps",
    "origin": "origin timeout after 30 s",
    "log": "log -S running --key 'plan*' --kind 'tool_*'",
    "watch": "watch budget.left",
    "bisect": "bisect budget.left < 90",
    "fold": "fold 4-5,9",
    "check": "check rules.toml",
    "sql": "sql SELECT commit_ts FROM events WHERE kind = 'assistant'",
    "diff": "diff 3 head",
    "compare": "compare researcher",
}
"""A line for every verb that a command of the shell answers, too."""


def told(pilot: AppPilot) -> list[int]:
    """The commits that an answer names; the playhead's, where the verb moved it."""
    screen = pilot.app.screen
    if isinstance(screen, AnswerScreen):
        return [commit_ts for commit_ts in screen.answer.commits if commit_ts is not None]
    return [position(pilot)] if position(pilot) != 15 else []


def test_there_is_a_line_for_every_verb() -> None:
    assert LINES.keys() | {"unwatch", "help"} == {verb.name for verb in VERBS}


async def test_every_verb_is_a_command_with_the_same_answer_and_is_recorded(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rules.toml").write_text(RULES)
    script = tmp_path / "session.py"
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=script)
    answers = {}
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for name, line in LINES.items():
            await press(pilot, "1", "5", "G")
            await ask(pilot, line)
            answers[name] = (told(pilot), app.main.commands[-1])
            assert len(app.main.commands) == len(answers), f"{line} leaves one command"
            await press(pilot, "escape")
        last = position(pilot)
    assert {name for name, (commits, _) in answers.items() if commits} == {
        *("when", "c", "rc", "last", "next", "history", "origin", "log", "bisect", "check", "sql"),
    }
    for name, (commits, command) in answers.items():
        program, *arguments = shlex.split(command)
        assert (program, arguments[0]) == ("playhead", name)
        assert main([*arguments, "--json"]) == (name in ("check", "compare")), command
        numbers = set(map(int, re.findall(r"\b\d+\b", capsys.readouterr().out)))
        assert set(commits) <= numbers, command
    # Every answer of the script names the commits that the app and the command line have named.
    spoken: list[str] = []
    source = script.read_text().replace("        print(part)\n", "        spoken[-1] += f'{part}\\n'\n")
    source = source.replace('Print an answer, each of its parts on a line of its own."""', '"""; spoken.append(\'\')')
    replayed: dict[str, Any] = {"spoken": spoken, "__name__": "session"}
    exec(compile(source, str(script), "exec"), replayed)
    assert replayed["cursor"].position == last
    assert len(spoken) == len(answers)
    for (commits, command), said in zip(answers.values(), spoken, strict=True):
        assert set(commits) <= set(map(int, re.findall(r"\b\d+\b", said))), command
    printed = "".join(spoken)
    for word in (
        "Interval(",
        "PathChange(",
        "BlamedLeaf(",
        "Origin(",
        "LogEntry(",
        "Series(",
        "Verdict(",
        "Divergence(",
    ):
        assert word in printed


async def test_a_refused_verb_leaves_no_command(run: Path, open_app: OpenApp) -> None:
    async with open_app(run) as pilot:
        for line in ("when budget.lefd < 0", "c budget.lefd < 0", "sql nonsense", "last nowhere"):
            await ask(pilot, line)
            await press(pilot, "escape")
        await press(pilot, "@")
        assert "No verb was asked yet" in screen_text(pilot)


async def test_a_recording_does_again_what_was_done(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("rules.toml").write_text(RULES)
    script = tmp_path / "session.py"
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=script)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "g", "l", "l", "m", "a", "G", "h", "E")
        await ask(pilot, "when budget.left < 90")
        await press(pilot, "enter")
        assert "cursor.when('budget.left < 90')" in script.read_text(), "written on every verb"
        await ask(pilot, "check rules.toml")
        await press(pilot, "escape", "'", "a", "F", "l", "l")
        await ask(pilot, "next plan/steps")
        await ask(pilot, 'c "counters/pages" = 12')
        await press(pilot, "l", "l", "h")
        there = position(pilot)
    replayed = runpy.run_path(str(script))
    assert replayed["cursor"].position == there == 13
    assert replayed["cursor"].marks == {"a": 3} and replayed["cursor"].follow_agent
    assert "Interval(first=20, last=30)" in capsys.readouterr().out
    text = script.read_text()
    assert text.count("cursor.when(") == 1, "what a check asks is not asked twice"
    assert "cursor.step(2)" in text


async def test_a_recording_that_cannot_be_written_is_told_at_once(run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    app = PlayheadApp(run, recent=RecentStores(tmp_path / "recent.json"), record=tmp_path / "file" / "script.py")
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: app.main.has_class("-failed"))


def test_a_recording_writes_over_nothing(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    Path("mine.py").write_text("kept")
    monkeypatch.setenv("TEXTUAL_DRIVER", "none")
    assert main(["open", str(run), "--record", "mine.py"]) == 2
    assert "mine.py: there is a file already" in capsys.readouterr().err
    assert Path("mine.py").read_text() == "kept"
