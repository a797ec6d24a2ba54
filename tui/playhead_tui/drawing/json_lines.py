"""A JSON value as coloured lines, each of which knows the part of the value that it shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from playhead import JSON
from playhead.json_path import Path
from playhead_tui.drawing.row import OPEN, Fold, Folding, Row
from playhead_tui.drawing.span import Line, Role, Span, fit, printable, width_of
from playhead_tui.drawing.text_block import text_block
from playhead_tui.drawing.words import count, plural, preview, scalar

LINE_LIMIT = 20_000
"""Lines that one value may have on screen; after that a last line says that there is more."""
_WRAP_LIMIT = 400
"""Lines that one string may be wrapped into."""
_FITTING_LINES = 400
"""A value of more lines is folded to begin with, as deep as fits into that many."""
_ITEMS_COUNTED = 4_000


class Style(NamedTuple):
    """How a value is laid out."""

    width: int
    folding: Folding = OPEN
    marks: bool = False
    """Whether `▾` and `▸` say what can be folded."""
    rendered: bool = False
    """Whether texts are drawn as what they are: Markdown, code, JSON inside a string."""
    name: str = ""
    """What the whole value is called, as a file may be."""


def json_lines(value: JSON, width: int, line_limit: int = LINE_LIMIT) -> list[Line]:
    """The value, two cells of indentation a level, long strings wrapped at `width` cells."""
    return [row.line for row in json_rows(value, Style(max(20, width)), line_limit)]


def json_rows(value: JSON, style: Style, line_limit: int = LINE_LIMIT) -> list[Row]:
    """The value as rows; what is folded is one of them, with a glimpse of what it holds."""
    rows: list[Row] = []
    walk = _Walk(style)
    for row in walk.rows(value, (), "", (), ""):
        if len(rows) == line_limit:
            rows.append(Row(Line((Span(f"… more than {count(line_limit)} lines; y copies it all", "warning"),))))
            break
        rows.append(row)
    return rows


def fitting_depth(value: JSON, lines: int = _FITTING_LINES) -> int:
    """How many levels of a value can be open at once for it to stay readable: one at least."""
    level: list[JSON] = [value]
    shown = depth = 0
    while level:
        shown += len(level)
        if shown > lines and depth > 1:
            return depth - 1
        inner: list[JSON] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(islice(each.values(), _ITEMS_COUNTED))
            elif isinstance(each, list):
                inner.extend(each[:_ITEMS_COUNTED])
            elif isinstance(each, str):
                shown += min(len(each) // 80, 40)
            if len(inner) >= _ITEMS_COUNTED:
                return max(1, depth)
        level, depth = inner, depth + 1
    return 1_000


def scalar_role(value: JSON) -> Role:
    if isinstance(value, str):
        return "string"
    if value is None or isinstance(value, bool):
        return "constant"
    return "number"


class _Walk:
    def __init__(self, style: Style) -> None:
        self.style = style
        self.width = style.width
        self.margin = "  " if style.marks else ""

    def rows(self, value: JSON, path: Path, indent: str, name: tuple[Span, ...], comma: str) -> Iterator[Row]:
        end = (Span(comma, "punctuation"),) if comma else ()
        if isinstance(value, dict | list) and value:
            yield from self._collection(value, path, indent, name, end)
        elif isinstance(value, str):
            yield from self._string(value, path, indent, name, end)
        else:
            text = "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else scalar(value)
            role: Role = "punctuation" if text in ("{}", "[]") else scalar_role(value)
            line = Line((Span(self._margin(path) + indent), *name, Span(text, role), *end))
            yield Row(line, path, Fold("value", path[:-1]))

    def _margin(self, path: Path) -> str:
        """Room for the marks; a value of one line has none."""
        return self.margin if path else ""

    def _start(self, indent: str, name: tuple[Span, ...], folded: bool) -> tuple[Span, ...]:
        if not self.style.marks:
            return (Span(indent), *name)
        return (Span(indent), Span("▸ " if folded else "▾ ", "accent" if folded else "faint"), *name)

    def _collection(
        self,
        value: dict[str, JSON] | list[JSON],
        path: Path,
        indent: str,
        name: tuple[Span, ...],
        end: tuple[Span, ...],
    ) -> Iterator[Row]:
        fold = Fold("value", path)
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        if self.style.folding.folds_value(path):
            yield Row(self._glimpse(value, indent, name), path, fold, opens=True)
            return
        start = self._start(indent, name, folded=False)
        yield Row(Line((*start, Span(opening, "punctuation"))), path, fold, opens=self.style.marks)
        last = len(value) - 1
        if isinstance(value, dict):
            for place, (member, inner) in enumerate(value.items()):
                label = (Span(f'"{printable(member)}"', "key"), Span(": ", "punctuation"))
                yield from self.rows(inner, (*path, member), indent + "  ", label, "," if place < last else "")
        else:
            for place, inner in enumerate(value):
                yield from self.rows(inner, (*path, place), indent + "  ", (), "," if place < last else "")
        yield Row(Line((Span(self.margin + indent), Span(closing, "punctuation"), *end)), path, fold)

    def _glimpse(self, value: dict[str, JSON] | list[JSON], indent: str, name: tuple[Span, ...]) -> Line:
        start = self._start(indent, name, folded=True)
        size = Span("  " + plural(len(value), "key" if isinstance(value, dict) else "item"), "faint")
        room = self.width - sum(width_of(span.text) for span in (*start, size))
        return Line(fit((*start, Span(preview(value, max(8, room)), "muted"), size), self.width))

    def _string(
        self, value: str, path: Path, indent: str, name: tuple[Span, ...], end: tuple[Span, ...]
    ) -> Iterator[Row]:
        inner = len(self.margin) + len(indent) + 2
        used = len(self.margin) + len(indent) + sum(width_of(span.text) for span in name)
        room = self.width - used - 3
        short = len(value) <= room and "\n" not in value and (value.isascii() or width_of(value) <= room)
        rendered = self.style.rendered and not (short and value[:1] not in "{[")
        block = text_block(value, _file_name(path, self.style.name), self.width - inner - 2) if rendered else None
        if short and block is None:
            line = Line((Span(self._margin(path) + indent), *name, Span(scalar(value), "string"), *end))
            yield Row(line, path, Fold("value", path[:-1]))
            return
        fold = Fold("value", path)
        if fold in self.style.folding.toggled:
            yield Row(self._glimpse_of_text(value, indent, name), path, fold, opens=True)
            return
        start = self._start(indent, name, folded=False)
        if block is not None:
            label = Span(f"{block.kind} · {plural(len(block.lines), 'line')}", "faint")
            yield Row(Line((*start, label)), path, fold, opens=True)
            bar = (Span(" " * (inner - 2)), Span("│ " if path else "", "faint"))
            for line in block.lines[:_WRAP_LIMIT]:
                yield Row(Line((*bar, *line.spans)), path, fold)
            if len(block.lines) > _WRAP_LIMIT:
                more = plural(len(block.lines) - _WRAP_LIMIT, "more line")
                yield Row(Line((*bar, Span(f"… {more}; y copies it all", "warning"))), path, fold)
            return
        pieces = list(wrapped(value, max(20, self.width - inner - 2)))
        for place, piece in enumerate(pieces):
            before: tuple[Span, ...] = (*start, Span('"', "string")) if place == 0 else (Span(" " * inner),)
            after = (Span('"', "string"), *end) if place == len(pieces) - 1 else ()
            yield Row(Line((*before, Span(piece, "string"), *after)), path, fold, opens=place == 0 and self.style.marks)

    def _glimpse_of_text(self, value: str, indent: str, name: tuple[Span, ...]) -> Line:
        start = self._start(indent, name, folded=True)
        size = Span("  " + plural(len(value), "character"), "faint")
        room = self.width - sum(width_of(span.text) for span in (*start, size))
        return Line(fit((*start, Span(preview(value.lstrip()[:1000], max(8, room)), "muted"), size), self.width))


def _file_name(path: Path, name: str) -> str:
    return next((part for part in reversed(path) if isinstance(part, str) and "." in part), name)


def wrapped(text: str, width: int) -> Iterator[str]:
    """The text's own lines, each cut at a space or, failing that, at the width; at most a few hundred of them."""
    if not text.isascii() and width_of(text[:1000]) > len(text[:1000]):
        width = max(10, width // 2)
    at = made = 0
    while True:
        if made >= _WRAP_LIMIT:
            yield f"… {count(len(text))} characters in all"
            return
        line_end = text.find("\n", at, at + width)
        if line_end >= 0:
            yield printable(text[at:line_end]) + "↵"
            at = line_end + 1
        elif len(text) - at <= width:
            yield printable(text[at:])
            return
        else:
            cut = text.rfind(" ", at + width // 2, at + width) + 1 or at + width
            yield printable(text[at:cut])
            at = cut
        made += 1
