"""The settings as they are: where they come from, what holds, which keys differ, and what is wrong in the file."""

from __future__ import annotations

from playhead_tui import keys
from playhead_tui.drawing.span import BLANK, Line, Span, left, printable
from playhead_tui.settings import SETTINGS, SettingsFile, toml_value

_NAME_WIDTH, _VALUE_WIDTH = 23, 24


def settings_lines(file: SettingsFile, theme: str = "") -> list[Line]:
    """A line each. `theme` is the one that is shown, where it may be another than the file's."""
    there = "" if file.exists else "  (not there yet: `playhead settings --init` writes one that explains itself)"
    lines = [Line((Span(printable(str(file.path)), "strong"), Span(there, "muted")))]
    if file.problems:
        lines += [BLANK, _heading("Not as it was meant")]
        lines += [Line((Span(f"  {problem}", "warning"),)) for problem in file.problems]
    lines += [BLANK, _heading("What holds")]
    for setting in SETTINGS:
        value = getattr(file.settings, setting.name)
        shown = [
            Span(left(f"  {setting.name}", _NAME_WIDTH), "key"),
            Span(left(toml_value(value), _VALUE_WIDTH), "string"),
        ]
        lines.append(Line((*shown, Span(setting.summary, "muted"))))
    if theme and theme != file.settings.theme:
        lines.append(
            Line((Span(left("", _NAME_WIDTH)), Span(f"{theme} is shown: it was chosen in the app", "changed")))
        )
    lines += [BLANK, _heading("Keys that differ")]
    changed = file.settings.keymap.actions(
        action for action in keys.ACTIONS if action.id in file.settings.keymap.changed
    )
    for action in changed:
        shown = [
            Span(left(f"  {action.shown_keys or '—'}", _NAME_WIDTH), "playhead"),
            Span(left(action.id, _VALUE_WIDTH), "key"),
        ]
        lines.append(Line((*shown, Span(action.description, "muted"))))
    return lines if changed else [*lines, Line((Span("  none: every key is as the help says", "muted"),))]


def _heading(text: str) -> Line:
    return Line((Span(text, "heading"),))
