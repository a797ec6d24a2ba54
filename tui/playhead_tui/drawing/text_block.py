"""What a long string is, and that drawn as what it is: Markdown, code, JSON inside a string."""

from __future__ import annotations

import json
from typing import NamedTuple

from playhead import JSON
from playhead_tui.drawing.code_lines import code_lines, language_of
from playhead_tui.drawing.markdown_lines import looks_like_markdown, markdown_lines
from playhead_tui.drawing.span import Line

_CHARACTERS_MAX = 200_000
"""Longer texts are shown as they are."""
_JSON_LEAST = 24
"""Characters of JSON in a string that are worth a layout of their own."""


class TextBlock(NamedTuple):
    kind: str
    """`Markdown`, `JSON in a string`, or the language."""
    lines: list[Line]


def text_block(text: str, name: str, width: int) -> TextBlock | None:
    """The text as what it is, in `width` cells; None where it is no more than a text. `name` may be that of a file."""
    if len(text) > _CHARACTERS_MAX:
        return None
    inside = json_inside(text)
    if inside is not None:
        laid_out = json.dumps(inside, ensure_ascii=False, indent=2)
        return TextBlock("JSON in a string", list(code_lines(laid_out, "json", width)))
    if "\n" not in text:
        return None
    if language := language_of(name, text):
        return TextBlock(language, list(code_lines(text, language, width)))
    if looks_like_markdown(text):
        return TextBlock("Markdown", markdown_lines(text, width))
    return None


def json_inside(text: str) -> JSON | None:
    """The object or list that a string holds as JSON; None where it holds none, or one too small to matter."""
    if len(text) < _JSON_LEAST or text[0] not in "{[" or text.rstrip()[-1] not in "}]":
        return None
    try:
        found: JSON = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if found and isinstance(found, dict | list) else None
