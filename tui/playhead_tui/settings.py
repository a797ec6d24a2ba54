"""What a person set for good: a TOML file, read with every mistake named and the rest applied."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from playhead_tui import keys
from playhead_tui.frame import Tab
from playhead_tui.keymap import Keymap, Problem, read_keymap
from playhead_tui.playing import CLOCK_SPEEDS, EVENT_SPEEDS, Pace

PATH_VARIABLE = "PLAYHEAD_CONFIG"
FILE_NAME = "settings.toml"
KEYS_TABLE = "keys"


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds, whatever the file says: defaults stand in for what is missing or wrong."""

    theme: str = "textual-dark"
    tab: Tab = "diff"
    mouse: bool = True
    keep_place: bool = True
    export_folder: str = ""
    event_columns: str = "time icon kind agent duration tokens cost operations"
    play_speed: int = Pace().event_speed
    play_speed_by_clock: int = Pace().clock_speed
    keymap: Keymap = field(default_factory=Keymap)

    @property
    def pace(self) -> Pace:
        """How fast a run plays before anything else is asked."""
        return Pace(event_speed=self.play_speed, clock_speed=self.play_speed_by_clock)


@dataclass(frozen=True, slots=True)
class Setting:
    """One entry of the file outside its table of keys."""

    name: str
    summary: str
    kind: type[str] | type[bool] | type[int]
    choices: Callable[[], Sequence[str | int]] | None = None
    """The texts or numbers that are allowed; any, where there is none."""
    check: Callable[[str], str] | None = None
    """What is wrong with a text; empty where nothing is."""

    @property
    def default(self) -> str | bool | int:
        value: str | bool | int = getattr(Settings(), self.name)
        return value


def _themes() -> Sequence[str]:
    from playhead_tui.themes import theme_names

    return theme_names()


def _wrong_columns(text: str) -> str:
    from playhead_tui.drawing.event_columns import COLUMNS, parse_columns

    unknown = parse_columns(text)[1]
    return f"there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}" if unknown else ""


SETTINGS: tuple[Setting, ...] = (
    Setting("theme", "Colours of the whole app. One chosen in the app holds until this line changes.", str, _themes),
    Setting("tab", "What the inspector shows first.", str, lambda: get_args(Tab)),
    Setting("mouse", "Whether the app takes the mouse. Without it, the terminal selects text.", bool),
    Setting("keep_place", "Open a run where it was left: position, agent, marks, tab, folds, filter.", bool),
    Setting("export_folder", "Where screenshots and exported text go; empty: the current directory.", str),
    Setting("event_columns", "Columns of the event list, as far as there is room.", str, check=_wrong_columns),
    Setting("play_speed", "Events a second when Space plays the run.", int, lambda: EVENT_SPEEDS),
    Setting(
        "play_speed_by_clock", "Seconds of the run a second when it plays by the clock.", int, lambda: CLOCK_SPEEDS
    ),
)

_BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What was read, and from where."""

    path: Path
    settings: Settings = field(default_factory=Settings)
    problems: tuple[Problem, ...] = ()
    exists: bool = False


def settings_path() -> Path:
    """$PLAYHEAD_CONFIG, else settings.toml in the platform's folder for configuration."""
    named = os.environ.get(PATH_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("playhead") / FILE_NAME


def read_settings(path: Path | None = None) -> SettingsFile:
    """The settings of a file, or of the user's. Never raises: what cannot be read is a problem, told as one."""
    file = path or settings_path()
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return SettingsFile(file)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        return SettingsFile(file, problems=(Problem("", f"cannot be read ({reason}): defaults apply"),))
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return SettingsFile(file, problems=(Problem("", f"no TOML ({error}): defaults apply"),), exists=True)
    settings, problems = settings_of(document)
    return SettingsFile(file, settings, tuple(problems), exists=True)


def settings_of(document: Mapping[str, object]) -> tuple[Settings, list[Problem]]:
    """The settings that a document holds, and what of it is wrong."""
    problems: list[Problem] = []
    values: dict[str, object] = {}
    for name, value in document.items():
        if name == KEYS_TABLE:
            continue
        setting = _BY_NAME.get(name)
        wrong = _unknown(name) if setting is None else _what_is_wrong(setting, value)
        if wrong:
            problems.append(Problem(name, wrong))
        else:
            values[name] = value
    wanted = document.get(KEYS_TABLE, {})
    if not isinstance(wanted, dict):
        problems.append(Problem(KEYS_TABLE, f'a table is wanted: [{KEYS_TABLE}], then lines such as "search" = "/"'))
        wanted = {}
    keymap, wrong_keys = read_keymap(_flat(wanted))
    return Settings(**values, keymap=keymap), problems + wrong_keys  # type: ignore[arg-type]  # checked one by one


def _unknown(name: str) -> str:
    near = get_close_matches(name, [*_BY_NAME, KEYS_TABLE], 1)
    known = ", ".join([*_BY_NAME, KEYS_TABLE])
    return f"there is no such setting{f'; did you mean {near[0]!r}?' if near else f'; there are {known}'}"


def _what_is_wrong(setting: Setting, value: object) -> str:
    if setting.kind is bool:
        return "" if isinstance(value, bool) else f"true or false is wanted, not {value!r}"
    if setting.kind is int:
        allowed = setting.choices() if setting.choices is not None else ()
        fits = type(value) is int and value in allowed
        return "" if fits else f"one of {', '.join(map(str, allowed))} is wanted, not {value!r}"
    if not isinstance(value, str):
        return f"a text in quotes is wanted, not {value!r}"
    if setting.check is not None:
        return setting.check(value)
    if setting.choices is None or value in (allowed := list(map(str, setting.choices()))):
        return ""
    near = get_close_matches(value, allowed, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{value!r} is none of them; {hint}Allowed: {', '.join(allowed)}"


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """`step.forward = "x"` and `"step.forward" = "x"` are the same entry."""
    flat: dict[str, object] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def default_file() -> str:
    """A file that says what holds anyway, every line commented out."""
    lines = ["# Playhead's settings. Every line shows what holds without it; take away the # to change it.", ""]
    for setting in SETTINGS:
        lines.append(f"# {setting.summary}")
        if setting.choices is not None:
            lines.append(f"# One of: {', '.join(map(str, setting.choices()))}")
        lines += [f"# {setting.name} = {toml_value(setting.default)}", ""]
    lines += [
        "# Keys by action: a key, or a list of keys; an empty list for none.",
        f"[{KEYS_TABLE}]",
    ]
    for group, actions in keys.grouped().items():
        lines += ["", f"# {group}"]
        lines += [f'# "{action.id}" = {toml_value(list(action.keys))}  # {action.description}' for action in actions]
    return "\n".join(lines) + "\n"


def toml_value(value: object) -> str:
    """A text, a number, a truth value or a list of texts as TOML spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return toml_value(value[0]) if len(value) == 1 else f"[{', '.join(map(toml_value, value))}]"
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
