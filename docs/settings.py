"""Write the tables of docs/settings.md, from the settings and the keys that the app itself knows.

Run it from the repository's root: python docs/settings.py
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from playhead_tui import keys
from playhead_tui.settings import SETTINGS, toml_value

_MOST_NAMED = 12
PAGE = Path(__file__).parent / "settings.md"
_TABLE = re.compile(r"(<!-- (settings|keys) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(page: str) -> str:
    """The page with its tables as they have to be."""
    tables = {"settings": "".join(_settings()), "keys": "".join(_keys())}
    return _TABLE.sub(lambda found: f"{found[1]}\n{tables[found[2]]}\n{found[3]}", page)


def _settings() -> Iterable[str]:
    yield "| setting | default | what it does |\n|---|---|---|\n"
    for setting in SETTINGS:
        choices = "" if setting.choices is None else _choices(list(map(str, setting.choices())))
        yield f"| `{setting.name}` | `{toml_value(setting.default)}` | {setting.summary}{choices} |\n"


def _choices(names: list[str]) -> str:
    """The few that there are; of themes, which are not the same in every version of Textual, where they are listed."""
    if len(names) > _MOST_NAMED:
        return " Those that there are stand under *Choose a theme* in the command palette."
    return f" One of {', '.join(f'`{each}`' for each in names)}."


def _keys() -> Iterable[str]:
    yield "| action | keys | what it does |\n|---|---|---|\n"
    for action in keys.ACTIONS:
        held = " ".join(f"`{key}`" for key in action.keys).replace("|", "\\|") or "none"
        where = {"main": "", "list": " (in every list)", "app": " (everywhere)"}.get(action.scope, f" ({action.scope})")
        yield f"| `{action.id}` | {held} | {action.description.replace('|', chr(92) + '|')}{where} |\n"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
