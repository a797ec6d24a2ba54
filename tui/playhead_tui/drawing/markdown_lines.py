"""Markdown as styled lines. Line by line, so that nothing an agent wrote is lost, however odd its Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playhead_tui.drawing.code_lines import code_lines
from playhead_tui.drawing.span import BLANK, Line, Role, Span, printable, width_of

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$")
_FENCE = re.compile(r"\s*(```+|~~~+)\s*([\w+#.-]*)[^`]*$")
_RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*$")
_QUOTE = re.compile(r"\s*>\s?(.*)$")
_TABLE = re.compile(r"\s*\|.*\|\s*$")
_TABLE_RULE = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*(?::?-{2,}:?)?\s*\|?\s*$")
_INLINE = re.compile(
    r"(?P<code>`+)(?P<code_text>.+?)(?P=code)"
    r"|\*\*(?P<strong>\S(?:.*?\S)?)\*\*|__(?P<strong_too>\S(?:.*?\S)?)__"
    r"|(?<![\w*])\*(?P<emphasis>[^\s*](?:[^*]*[^\s*])?)\*(?![\w*])|(?<!\w)_(?P<emphasis_too>[^\s_](?:[^_]*[^\s_])?)_(?!\w)"
    r"|\[(?P<link>[^\]\n]+)\]\((?P<target>[^)\s]+)\)"
)
_SIGNS = (
    re.compile(r"^ {0,3}#{1,6} \S", re.MULTILINE),
    re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)]) \S.*\n(?:\s*\n)?\s*(?:[-*+]|\d{1,3}[.)]|\S) ?\S", re.MULTILINE),
    re.compile(r"^\s*(?:```|~~~)", re.MULTILINE),
    re.compile(r"\*\*\S(?:[^*\n]*\S)?\*\*"),
    re.compile(r"^\s*\|.*\|\s*\n\s*\|[\s:|-]+\|", re.MULTILINE),
)
_SAMPLE = 20_000
"""Characters that are looked at to tell what a text is."""


def looks_like_markdown(text: str) -> bool:
    """Whether a text of several lines has what people write Markdown for: headings, lists, bold words, code, tables."""
    sample = text[:_SAMPLE]
    return "\n" in sample and any(sign.search(sample) for sign in _SIGNS)


def markdown_lines(text: str, width: int) -> list[Line]:
    """The text laid out in `width` cells: headings, lists, quotes, code, tables and what stands out inside a line."""
    lines: list[Line] = []
    source = iter(text.split("\n"))
    for line in source:
        if match := _FENCE.match(line):
            lines += _fenced(source, match[1], match[2], width)
        else:
            lines += _block(line, width)
    return lines


def _fenced(source: Iterator[str], fence: str, language: str, width: int) -> Iterator[Line]:
    """A block of code, to its closing fence or to the end of a text that was cut off."""
    code: list[str] = []
    for line in source:
        stripped = line.strip()
        if stripped.startswith(fence) and not stripped.strip(fence[0]):
            break
        code.append(line)
    for line_ in code_lines("\n".join(code), language, max(10, width - 2)):
        yield Line((Span("▏ ", "faint"), *line_.spans))


def _block(line: str, width: int) -> Iterator[Line]:
    if not line.strip():
        yield BLANK
    elif match := _HEADING.match(line):
        sign = "" if len(match[1]) < 3 else "› " * (len(match[1]) - 2)
        yield from _flowed((Span(sign, "faint"),), _inline(match[2], "heading"), width)
        if len(match[1]) == 1:
            yield Line((Span("─" * min(width, max(8, width_of(match[2]))), "faint"),))
    elif _RULE.match(line):
        yield Line((Span("─" * min(width, 40), "faint"),))
    elif match := _ITEM.match(line):
        sign = "•" if match[2] in "-*+" else match[2]
        indent = " " * min(len(match[1].expandtabs(4)), width // 2)
        body = match[3]
        for box, shown in (("[ ] ", "☐"), ("[x] ", "☑"), ("[X] ", "☑")):
            if body.startswith(box):
                sign, body = shown, body[4:]
        yield from _flowed((Span(indent), Span(f"{sign} ", "accent")), _inline(body), width)
    elif match := _QUOTE.match(line):
        yield from _flowed((Span("▎ ", "accent"),), _inline(match[1], "muted"), width, repeat=True)
    elif _TABLE_RULE.match(line) and "|" in line:
        yield from _flowed((), [Span(re.sub("[-:]", "─", printable(line)).replace("|", "┼"), "faint")], width)
    elif _TABLE.match(line):
        cells = line.strip().strip("|").split("|")
        spans = [Span("│", "faint")]
        for cell in cells:
            spans += [*_inline(cell), Span("│", "faint")]
        yield from _flowed((), spans, width)
    else:
        indent = " " * min(len(line) - len(line.lstrip()), width // 2)
        yield from _flowed((Span(indent),), _inline(line.lstrip()), width)


def _inline(text: str, role: Role = "text") -> list[Span]:
    spans: list[Span] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            spans.append(Span(printable(text[at : match.start()]), role))
        at = match.end()
        if code := match["code_text"]:
            spans.append(Span(printable(code.strip(" ") or code), "code"))
        elif strong := match["strong"] or match["strong_too"]:
            spans.append(Span(printable(strong), "heading" if role == "heading" else "strong"))
        elif emphasis := match["emphasis"] or match["emphasis_too"]:
            spans.append(Span(printable(emphasis), "emphasis"))
        else:
            spans += [Span(printable(match["link"]), "accent"), Span(f" ({printable(match['target'])})", "faint")]
    if at < len(text):
        spans.append(Span(printable(text[at:]), role))
    return spans


def _flowed(start: tuple[Span, ...], spans: list[Span], width: int, repeat: bool = False) -> Iterator[Line]:
    """The spans after a beginning, over as many lines as they take; the lines after the first are indented as far."""
    used = sum(width_of(span.text) for span in start)
    again = start if repeat else (Span(" " * used),)
    room = max(8, width - used)
    for number, row in enumerate(flow(spans, room)):
        yield Line((*(start if number == 0 else again), *row))


def flow(spans: list[Span], width: int) -> Iterator[tuple[Span, ...]]:
    """Spans in lines of at most `width` cells, broken at spaces where there are any."""
    row: list[Span] = []
    room = width
    for text, role in spans:
        for word in re.findall(r"\s+|[^\s]+", text):
            size = width_of(word)
            if size > room and row and not word.isspace():
                yield tuple(row)
                row, room = [], width
            while size > room:
                if word.isspace():
                    word, size = "", 0
                    break
                cut = _fitting(word, room)
                yield (*row, Span(word[:cut], role))
                row, room, word = [], width, word[cut:]
                size = width_of(word)
            if word and (row or not word.isspace() or room == width):
                row.append(Span(word, role))
                room -= size
    if row or not spans:
        yield tuple(row)


def _fitting(word: str, room: int) -> int:
    """How many characters of a word fit; one at least."""
    if word.isascii():
        return max(1, room)
    cut = size = 0
    for character in word:
        size += width_of(character)
        if size > room:
            break
        cut += 1
    return max(1, cut)
