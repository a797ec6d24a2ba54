"""Roles into colours: the one place that reads the theme."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from rich.style import Style
from textual.color import Color

from playhead_tui.drawing.span import Role, Tone


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Rich styles for every role, and backgrounds for every tone, of one theme. Two palettes are never equal."""

    roles: Mapping[str, Style]
    tones: Mapping[str, Style]
    cursor: Style
    """The line of a focused list that keys act on."""
    cursor_blurred: Style
    """The same line while the list is not focused."""
    cursor_roles: Mapping[str, Style]
    """The roles on such a line: what is dim elsewhere would be lost on its ground."""

    @staticmethod
    def of(variables: Mapping[str, str]) -> Palette:
        """The palette of a theme, from its CSS variables. Themes of 16 colours get attributes instead of blends."""
        theme = _Theme(variables)
        roles = {role: theme.role(role) for role in get_args(Role)}
        return Palette(
            roles=roles,
            cursor_roles=roles
            if theme.ansi
            else {role: theme.cursor_role(role, style) for role, style in roles.items()},
            tones={tone: theme.tone(tone) for tone in get_args(Tone)},
            cursor=Style(reverse=True) if theme.ansi else theme.background("primary", 0.42 if theme.dark else 0.2),
            cursor_blurred=Style(bold=True) if theme.ansi else theme.background("primary", 0.16 if theme.dark else 0.1),
        )


class _Theme:
    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.ansi = variables["background"].startswith("ansi")
        self._surface = Color.parse(variables["background"])
        self.dark = self._surface.brightness < 0.5

    def role(self, role: Role) -> Style:
        match role:
            case "text" | "punctuation" if role == "text":
                return Style()
            case "strong":
                return Style(bold=True)
            case "muted" | "punctuation":
                return self._dimmed(0.62)
            case "faint":
                return self._dimmed(0.38)
            case "heading":
                return self._colour("text-primary", bold=True)
            case "accent" | "key":
                return self._colour("text-primary")
            case "playhead":
                return self._colour("text-accent", bold=True)
            case "error":
                return self._colour("text-error", bold=True)
            case "warning" | "changed":
                return self._colour("text-warning")
            case "added" | "string":
                return self._colour("text-success")
            case "removed":
                return self._colour("text-error")
            case "number":
                return self._colour("text-accent")
            case "constant":
                return self._colour("text-secondary", italic=True)
            case "added-word":
                return self._word("success", underline=True)
            case "removed-word":
                return self._word("error", strike=True)
            case "hit":
                return Style(reverse=True) if self.ansi else self.background("warning", 0.35)
            case "emphasis":
                return Style(italic=True)
            case "code":
                return self._colour("text-secondary")
            case "struck":
                return self._dimmed(0.5) + Style(strike=True)
            case "past":
                return self._colour("primary") if self.ansi else self._blended("primary", 0.62)
            case "active":
                return self._colour("text-primary", bold=True, reverse=True)
        return Style()

    def cursor_role(self, role: Role, style: Style) -> Style:
        """A role's style on the line under the cursor."""
        if role in ("muted", "punctuation"):
            return self._dimmed(0.88)
        if role in ("faint", "struck"):
            return style + self._dimmed(0.76)
        return style

    def tone(self, tone: Tone) -> Style:
        if not tone or self.ansi:
            return Style()
        if tone == "pinned":
            return self.background("foreground", 0.08)
        return self.background({"added": "success", "removed": "error", "changed": "warning"}.get(tone, "accent"), 0.13)

    def background(self, variable: str, strength: float) -> Style:
        return Style(bgcolor=self._surface.blend(Color.parse(self._variables[variable]), strength).rich_color)

    def _colour(self, variable: str, bold: bool = False, italic: bool = False, reverse: bool = False) -> Style:
        colour = Color.parse(self._variables[variable]).rich_color
        return Style(color=colour, bold=bold or None, italic=italic or None, reverse=reverse or None)

    def _word(self, variable: str, underline: bool = False, strike: bool = False) -> Style:
        if self.ansi:
            return self._colour(f"text-{variable}", bold=True) + Style(underline=underline, strike=strike)
        return (
            self._colour(f"text-{variable}", bold=True) + self.background(variable, 0.4) + Style(strike=strike or None)
        )

    def _dimmed(self, strength: float) -> Style:
        if self.ansi:
            return Style(dim=True)
        return self._blended("foreground", strength)

    def _blended(self, variable: str, strength: float) -> Style:
        return Style(color=self._surface.blend(Color.parse(self._variables[variable]), strength).rich_color)
