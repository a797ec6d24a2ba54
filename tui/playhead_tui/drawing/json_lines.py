"""A JSON value as coloured lines."""

from __future__ import annotations

from collections.abc import Iterator

from playhead import JSON
from playhead_tui.drawing.span import Line, Role, Span, printable, width_of
from playhead_tui.drawing.words import count, scalar

LINE_LIMIT = 20_000
"""Lines that one value may have on screen; after that a last line says that there is more."""
_WRAP_LIMIT = 400
"""Lines that one string may be wrapped into."""


def json_lines(value: JSON, width: int, line_limit: int = LINE_LIMIT) -> list[Line]:
    """The value, two cells of indentation a level, long strings wrapped at `width` cells."""
    lines: list[Line] = []
    for line in _walk(value, "", (), "", max(20, width)):
        if len(lines) == line_limit:
            lines.append(Line((Span(f"… more than {count(line_limit)} lines; y copies it all", "warning"),)))
            break
        lines.append(line)
    return lines


def scalar_role(value: JSON) -> Role:
    if isinstance(value, str):
        return "string"
    if value is None or isinstance(value, bool):
        return "constant"
    return "number"


def _walk(value: JSON, indent: str, name: tuple[Span, ...], comma: str, width: int) -> Iterator[Line]:
    start = (Span(indent), *name)
    end = (Span(comma, "punctuation"),) if comma else ()
    if isinstance(value, dict) and value:
        yield Line((*start, Span("{", "punctuation")))
        last = len(value) - 1
        for position, (member, inner) in enumerate(value.items()):
            label = (Span(f'"{printable(member)}"', "key"), Span(": ", "punctuation"))
            yield from _walk(inner, indent + "  ", label, "," if position < last else "", width)
        yield Line((Span(indent), Span("}", "punctuation"), *end))
    elif isinstance(value, list) and value:
        yield Line((*start, Span("[", "punctuation")))
        last = len(value) - 1
        for position, inner in enumerate(value):
            yield from _walk(inner, indent + "  ", (), "," if position < last else "", width)
        yield Line((Span(indent), Span("]", "punctuation"), *end))
    elif isinstance(value, str):
        yield from _string(value, start, len(indent) + 2, end, width)
    else:
        text = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else scalar(value)
        role: Role = "punctuation" if text in ("{}", "[]") else scalar_role(value)
        yield Line((*start, Span(text, role), *end))


def _string(value: str, start: tuple[Span, ...], indent: int, end: tuple[Span, ...], width: int) -> Iterator[Line]:
    used = sum(len(span.text) for span in start)
    if "\n" not in value and used + len(value) + 3 <= width:
        yield Line((*start, Span(scalar(value), "string"), *end))
        return
    pieces = list(wrapped(value, max(20, width - indent - 2)))
    yield Line((*start, Span('"' + pieces[0], "string"), *(() if len(pieces) > 1 else (Span('"', "string"), *end))))
    for piece in pieces[1:-1]:
        yield Line((Span(" " * indent), Span(piece, "string")))
    if len(pieces) > 1:
        yield Line((Span(" " * indent), Span(pieces[-1] + '"', "string"), *end))


def wrapped(text: str, width: int) -> Iterator[str]:
    """The text's own lines, each cut at a space or, failing that, at the width; at most a few hundred of them."""
    made = 0
    if not text.isascii() and width_of(text[:1000]) > len(text[:1000]):
        width = max(10, width // 2)
    paragraphs = text.split("\n")
    for position, paragraph in enumerate(paragraphs):
        mark = "↵" if position < len(paragraphs) - 1 else ""
        rest = paragraph + mark
        while len(rest) > width:
            cut = rest.rfind(" ", width // 2, width) + 1 or width
            yield printable(rest[:cut])
            rest = rest[cut:]
            made += 1
            if made >= _WRAP_LIMIT:
                break
        if made >= _WRAP_LIMIT:
            yield f"… {count(len(text))} characters in all"
            return
        yield printable(rest)
        made += 1
