"""A string that changed, word by word, over as many lines as it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from playhead_tui.drawing.span import Role, Span, printable
from playhead_tui.drawing.words import plural

if TYPE_CHECKING:
    from playhead.text_diff import Span as TextSpan

_ROLES: dict[str, Role] = {"equal": "string", "added": "added-word", "removed": "removed-word"}
_CONTEXT = 36
"""Characters of unchanged text kept on each side of a change, in a line of its own text."""


def changed_text(spans: Sequence[TextSpan], first_width: int, width: int) -> Iterator[tuple[Span, ...]]:
    """Lines of at most `width` cells (the first: `first_width`); unchanged lines fold to a count, long runs to `…`."""
    skipped = 0
    started = False
    for line in _kept(_own_lines(spans)):
        if line is None:
            skipped += 1
            continue
        if skipped and started:
            yield (Span(f"⋯ {plural(skipped, 'unchanged line')}", "faint"),)
        skipped = 0
        for piece in _wrapped(_shortened(line), first_width if not started else width, width):
            yield piece
            started = True
    if skipped and started:
        yield (Span(f"⋯ {plural(skipped, 'unchanged line')}", "faint"),)


def _own_lines(spans: Iterable[TextSpan]) -> list[list[Span]]:
    """The text's own lines; a line break belongs to the line that it ends."""
    lines: list[list[Span]] = [[Span('"', "string")]]
    for span in spans:
        for position, piece in enumerate(span.text.split("\n")):
            if position:
                lines[-1].append(Span("↵", "faint" if span.op == "equal" else _ROLES[span.op]))
                lines.append([])
            if piece:
                lines[-1].append(Span(printable(piece), _ROLES[span.op]))
    lines[-1].append(Span('"', "string"))
    return lines


def _kept(lines: list[list[Span]]) -> Iterator[list[Span] | None]:
    """The lines that changed; None for each that did not."""
    for line in lines:
        yield line if any(span.role.endswith("-word") for span in line) else None


def _shortened(line: list[Span]) -> list[Span]:
    """The line with its long unchanged runs cut to what stands beside a change."""
    shortened: list[Span] = []
    last = len(line) - 1
    for position, span in enumerate(line):
        text = span.text
        if not span.role.endswith("-word") and len(text) > 2 * _CONTEXT + 1:
            # Of a run at an edge of the line, only the side that meets a change says anything.
            start = "" if (position <= 1 and line[0].text == '"') or position == 0 else text[:_CONTEXT]
            end = "" if (position >= last - 1 and line[-1].text == '"') or position == last else text[-_CONTEXT:]
            text = f"{start}…{end}"
        shortened.append(Span(text, span.role))
    return shortened


def _wrapped(line: list[Span], first_width: int, width: int) -> Iterator[tuple[Span, ...]]:
    row: list[Span] = []
    room = first_width
    for span in line:
        text = span.text
        while len(text) > room:
            cut = text.rfind(" ", 0, room) + 1 or (room if not row or room > 12 else 0)
            if cut:
                row.append(Span(text[:cut], span.role))
            yield tuple(row)
            row, room, text = [], width, text[cut:]
        if text:
            row.append(Span(text, span.role))
            room -= len(text)
    if row:
        yield tuple(row)
