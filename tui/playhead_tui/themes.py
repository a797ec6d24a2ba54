"""The themes there are: Textual's, and two whose colours are told apart by eyes that confuse red and green."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from textual.theme import BUILTIN_THEMES, Theme

from playhead_tui.small_files import write_text

# Added and removed are blue and orange: hues of the palette by Okabe and Ito, which also differ in lightness.
OWN_THEMES: tuple[Theme, ...] = (
    Theme(
        name="blue-orange-dark",
        primary="#56B4E9",
        secondary="#CC79A7",
        accent="#F0E442",
        success="#56B4E9",
        warning="#F0E442",
        error="#E69F00",
        background="#101418",
        surface="#181D23",
        panel="#222932",
        foreground="#E6E6E6",
        dark=True,
    ),
    Theme(
        name="blue-orange-light",
        primary="#0072B2",
        secondary="#9C4F7C",
        accent="#005A8C",
        success="#0072B2",
        warning="#8A6D00",
        error="#C04A00",
        background="#FAFAF7",
        surface="#F0F0EC",
        panel="#E3E3DD",
        foreground="#1C1C1C",
        dark=False,
    ),
)


def theme_names() -> Sequence[str]:
    """Every theme that can be chosen, sorted."""
    return sorted([*BUILTIN_THEMES, *(theme.name for theme in OWN_THEMES)])


class KeptTheme:
    """The theme chosen in the app, in a small file of the app's own: the user's settings are not written to.

    It holds for as long as the settings say what they said when it was chosen: whoever changes them means it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @staticmethod
    def of_user() -> KeptTheme:
        from platformdirs import user_state_path

        return KeptTheme(user_state_path("playhead") / "theme.json")

    def over(self, set_theme: str) -> str:
        """The theme to show where the settings ask for `set_theme`."""
        with suppress(OSError, ValueError):
            found = json.loads(self._file.read_text("utf-8"))
            if isinstance(found, dict) and found.get("instead_of") == set_theme and found.get("theme") in theme_names():
                return str(found["theme"])
        return set_theme

    def keep(self, theme: str, set_theme: str) -> None:
        with suppress(OSError):
            write_text(self._file, json.dumps({"theme": theme, "instead_of": set_theme}))
