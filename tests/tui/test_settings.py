"""Settings and keys from a file: what is right applies, and what is wrong is named."""

from __future__ import annotations

import json
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from playhead_tui import keys
from playhead_tui.app import PlayheadApp
from playhead_tui.app import run as start
from playhead_tui.keymap import read_keymap
from playhead_tui.palette import Palette
from playhead_tui.recent import RecentStores
from playhead_tui.settings import (
    SETTINGS,
    Settings,
    default_file,
    read_settings,
    settings_of,
    settings_path,
)
from playhead_tui.themes import KeptTheme, theme_names

from .conftest import AppPilot, app_of, line_with, position, press, screen_text, settle, until


@asynccontextmanager
async def opened(path: Path, text: str, size: tuple[int, int] = (120, 36)) -> AsyncIterator[AppPilot]:
    """The app on a run, with a settings file of that text."""
    Path("settings.toml").write_text(text, "utf-8")
    app = PlayheadApp(
        path,
        recent=RecentStores(Path("recent.json")),
        settings=read_settings(Path("settings.toml")),
        kept_theme=KeptTheme(Path("theme.json")),
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield pilot


# ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_file_means_the_defaults() -> None:
    file = read_settings(Path("nowhere.toml"))
    assert (file.settings, file.problems, file.exists) == (Settings(), (), False)


def test_the_path_is_the_platforms_or_that_of_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLAYHEAD_CONFIG", raising=False)
    assert settings_path() == tmp_path / "config-home" / "playhead" / "settings.toml"
    monkeypatch.setenv("PLAYHEAD_CONFIG", str(tmp_path / "mine.toml"))
    assert settings_path() == tmp_path / "mine.toml"


def test_the_default_file_is_valid_and_changes_nothing_commented_out_or_not(tmp_path: Path) -> None:
    assert settings_of(tomllib.loads(default_file())) == (Settings(), [])
    entries = [line.removeprefix("# ") for line in default_file().splitlines() if " = " in line or line.startswith("[")]
    document = tomllib.loads("\n".join(entries))
    assert set(document) == {setting.name for setting in SETTINGS} | {"keys"}
    assert set(document["keys"]) == set(keys.BY_ID)
    assert settings_of(document) == (Settings(), [])


def test_a_speed_is_one_of_those_that_keys_go_through() -> None:
    settings, problems = settings_of({"play_speed": 50, "play_speed_by_clock": 60})
    assert not problems
    assert (settings.pace.event_speed, settings.pace.clock_speed) == (50, 60)
    for wrong in (7, "50", True, 5.0):
        settings, problems = settings_of({"play_speed": wrong})
        assert settings == Settings()
        assert problems[0].text == f"one of 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000 is wanted, not {wrong!r}"


async def test_a_run_plays_as_fast_as_the_settings_say(run: Path) -> None:
    async with opened(run, "play_speed = 50\nplay_speed_by_clock = 60\n") as pilot:
        await press(pilot, "r")
        assert "Space plays backward: ◀ 50/s" in screen_text(pilot)
        await press(pilot, "%", ">", "<")
        assert "◀ ×60" in screen_text(pilot)


def test_a_wrong_entry_is_named_with_what_is_allowed_and_the_rest_applies() -> None:
    settings, problems = settings_of(
        {
            "theme": "nordd",
            "mouse": "yes",
            "tab": "history",
            "tabb": "x",
            "keys": {"step.forwards": "w", "error.next": "J"},
        }
    )
    assert settings.tab == "history"
    assert settings.keymap.changed == {"error.next": ("J",)}
    told = {problem.key: problem.text for problem in problems}
    assert set(told) == {"theme", "mouse", "tabb", 'keys."step.forwards"'}
    assert "did you mean 'nord'?" in told["theme"] and "dracula" in told["theme"]
    assert told["mouse"] == "true or false is wanted, not 'yes'"
    assert "did you mean 'tab'?" in told["tabb"]
    assert "did you mean 'step.forward'?" in told['keys."step.forwards"']


@pytest.mark.parametrize("text", ["theme = ", b"\xff\xfe", "[keys"])
def test_a_file_that_is_no_toml_is_one_problem_and_the_defaults(text: str | bytes, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    read = read_settings(file)
    assert read.settings == Settings()
    assert len(read.problems) == 1 and "defaults apply" in str(read.problems[0])


def test_dotted_and_quoted_names_are_the_same_entry() -> None:
    dotted, _ = settings_of(tomllib.loads('[keys]\nstep.forward = "J"'))
    quoted, _ = settings_of(tomllib.loads('[keys]\n"step.forward" = ["J"]'))
    assert dotted == quoted
    assert dotted.keymap.changed == {"step.forward": ("J",)}


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("", "is no key"),
        ("ctrl+i", "terminals send Tab"),
        ("ctrl+c", "an interrupt"),
        ("5", "is a count"),
        ("pagedwn", "did you mean 'pagedown'?"),
        ("ctrl+nothing", "is no key"),
    ],
)
def test_a_key_that_cannot_work_is_refused_with_the_reason(key: str, told: str) -> None:
    keymap, problems = read_keymap({"error.next": [key, "J"]})
    assert keymap.changed == {"error.next": ("J",)}
    assert len(problems) == 1 and told in problems[0].text


@pytest.mark.parametrize("value", [3, True, ["J", 3], {"a": 1}])
def test_what_is_no_list_of_keys_leaves_the_action_its_own(value: object) -> None:
    keymap, problems = read_keymap({"error.next": value})
    assert (keymap.changed, len(problems)) == ({}, 1)


def test_a_key_given_to_two_actions_of_one_place_stays_with_the_first() -> None:
    keymap, problems = read_keymap({"error.next": "J", "search": ["J", "ctrl+f"], "snapshots.tag": "J"})
    assert keymap.changed == {"error.next": ("J",), "search": ("ctrl+f",), "snapshots.tag": ("J",)}
    assert [str(problem) for problem in problems] == [
        "keys.\"search\": 'J' was given to 'error.next' already, which keeps it"
    ]


def test_a_key_taken_from_another_action_is_told_with_what_that_one_has_left() -> None:
    keymap, problems = read_keymap({"error.next": ["h", "question_mark", "g"]})
    assert keymap.changed == {
        "error.next": ("h", "?", "g"),
        "step.backward": ("left",),
        "help": ("f1",),
        "go.start": (),
    }
    texts = " ".join(problem.text for problem in problems)
    assert "'h' is taken from 'step.backward', which has left still" in texts
    assert "'g' is taken from 'go.start', which has no key now" in texts


def test_two_actions_can_change_places() -> None:
    keymap, problems = read_keymap({"step.forward": "h", "step.backward": "l"})
    assert (keymap.changed, problems) == ({"step.forward": ("h",), "step.backward": ("l",)}, [])


# ── in the app ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_of_the_file_work_and_those_of_before_do_not(run: Path) -> None:
    async with opened(run, '[keys]\n"step.backward" = "J"\n"error.previous" = ["comma", "f9"]\n') as pilot:
        await press(pilot, "J")
        assert position(pilot) == 29
        await press(pilot, "h")
        assert position(pilot) == 29
        await press(pilot, "comma")
        assert position(pilot) == 5


async def test_two_actions_change_places_in_the_app(run: Path) -> None:
    async with opened(run, '[keys]\n"step.forward" = "h"\n"step.backward" = "l"\n') as pilot:
        await press(pilot, "l", "l", "h")
        assert position(pilot) == 29


async def test_an_action_without_a_key_is_in_the_palette_still(run: Path) -> None:
    async with opened(run, '[keys]\n"step.backward" = []\n') as pilot:
        await press(pilot, "h", "left")
        assert position(pilot) == 30
        await press(pilot, "ctrl+p")
        await pilot.press(*"step to the event before")
        await until(pilot, "Step to the event before")
        await pilot.pause(0.2)
        await pilot.press("enter")
        await until(pilot, "commit 29 / 30")


async def test_footer_help_and_palette_show_the_keys_of_the_file(run: Path) -> None:
    async with opened(run, '[keys]\n"step.backward" = "J"\n"help" = "f4"\n', size=(120, 60)) as pilot:
        assert "J l step" in screen_text(pilot).splitlines()[-1]
        assert "F4 help" in screen_text(pilot).splitlines()[-1]
        await press(pilot, "f4")
        assert "J  " in line_with(pilot, "Step to the event before")
        await press(pilot, "escape", "ctrl+p")
        await pilot.press(*"step to the event before")
        await until(pilot, "Step to the event before")
        assert any(line.strip() == "J" or line.split()[-1:] == ["J"] for line in screen_text(pilot).splitlines())


async def test_problems_are_told_when_the_app_starts(run: Path) -> None:
    async with opened(run, 'theme = "nordd"\ntab = "value"\n') as pilot:
        await until(pilot, "settings.toml")
        assert "theme: 'nordd' is none of them" in screen_text(pilot)
        assert app_of(pilot).main.tab == "value"


async def test_a_list_of_problems_is_cut_and_says_where_the_rest_is(run: Path) -> None:
    wrong = "\n".join(f'"no.such.{number}" = "x"' for number in range(9))
    async with opened(run, f"[keys]\n{wrong}\n") as pilot:
        await until(pilot, "and 5 more")
        assert "playhead settings" in screen_text(pilot)


async def test_the_settings_can_be_seen_in_the_app(run: Path) -> None:
    async with opened(run, 'theme = "nordd"\n[keys]\n"error.next" = "J"\n') as pilot:
        await pilot.app.run_action("settings", default_namespace=app_of(pilot).main)
        await until(pilot, "Not as it was meant")
        assert "export_folder" in screen_text(pilot)
        assert "J" in line_with(pilot, "error.next")


# ── themes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_theme_chosen_in_the_app_is_there_the_next_time_and_not_in_the_file(run: Path) -> None:
    async with opened(run, 'theme = "nord"\n') as pilot:
        assert pilot.app.theme == "nord"
        pilot.app.theme = "dracula"
        await pilot.pause()
    assert Path("settings.toml").read_text("utf-8") == 'theme = "nord"\n'
    async with opened(run, 'theme = "nord"\n') as pilot:
        assert pilot.app.theme == "dracula"


async def test_a_theme_set_in_the_file_later_wins_over_the_one_chosen_before(run: Path) -> None:
    async with opened(run, 'theme = "nord"\n') as pilot:
        pilot.app.theme = "dracula"
        await pilot.pause()
    async with opened(run, 'theme = "gruvbox"\n') as pilot:
        assert pilot.app.theme == "gruvbox"


async def test_a_damaged_file_of_the_chosen_theme_is_ignored(run: Path) -> None:
    for text in ("{", "[]", json.dumps({"theme": "no such", "instead_of": "nord"})):
        Path("theme.json").write_text(text, "utf-8")
        assert KeptTheme(Path("theme.json")).over("nord") == "nord"


@pytest.mark.parametrize("theme", ["blue-orange-dark", "blue-orange-light"])
async def test_added_and_removed_differ_for_eyes_that_confuse_red_and_green(run: Path, theme: str) -> None:
    assert theme in theme_names()
    async with opened(run, f'theme = "{theme}"\n') as pilot:
        palette = Palette.of(pilot.app.get_css_variables())
        added, removed = (palette.roles[role].color for role in ("added", "removed"))
        assert added is not None and removed is not None
        blue, orange = added.get_truecolor(), removed.get_truecolor()
        assert blue.blue > blue.red + 60, "blue, which no kind of colour-blindness takes for orange"
        assert orange.red > orange.blue + 60


async def test_the_theme_can_be_chosen_from_the_palette(run: Path) -> None:
    async with opened(run, "") as pilot:
        await pilot.app.run_action("theme", default_namespace=app_of(pilot).main)
        await until(pilot, "dracula")


async def test_no_color_takes_every_hue_away_and_leaves_the_signs(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(run, "") as pilot:
        assert pilot.app.no_color
        assert "~   counters/pages" in screen_text(pilot)
        picture = pilot.app.export_screenshot()
        assert picture


def test_the_app_leaves_the_mouse_to_the_terminal_where_the_settings_say_so(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(PlayheadApp, "run", lambda _, mouse: asked.append(mouse))
    for text in ("mouse = false", ""):
        Path("settings.toml").write_text(text, "utf-8")
        monkeypatch.setenv("PLAYHEAD_CONFIG", "settings.toml")
        start(run)
    assert asked == [False, True]
