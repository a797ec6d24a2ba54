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


def changed_text(
    spans: Sequence[TextSpan], first_width: int, width: int, whole: bool = False
) -> Iterator[tuple[Span, ...]]:
    """Lines of at most `width` cells (the first: `first_width`); unchanged lines fold to a count, long runs to `…`.

    With `whole`, nothing is left out.
    """
    skipped = 0
    started = False
    for line in _kept(_own_lines(spans), whole):
        if line is None:
            skipped += 1
            continue
        if skipped and started:
            yield (Span(f"⋯ {plural(skipped, 'unchanged line')}", "faint"),)
        skipped = 0
        for piece in _wrapped(line if whole else _shortened(line), first_width if not started else width, width):
            yield piece
            started = True
    if skipped and started:
        yield (Span(f"⋯ {plural(skipped, 'unchanged line')}", "faint"),)


def side_texts(
    spans: Sequence[TextSpan], width: int, whole: bool = False
) -> Iterator[tuple[list[tuple[Span, ...]], list[tuple[Span, ...]]]]:
    """A changed string as lines of what it was and of what it is, in stretches that stand side by side.

    Unchanged lines fold to a count, which is the same list on both sides.
    """
    before: list[TextSpan] = []
    after: list[TextSpan] = []
    skipped = 0
    for span in _cut_at_lines(spans):
        if span.op == "equal" and (before or after) and _ends_line(before) and _ends_line(after):
            # Whole lines that came or went: what follows stands at the same height again.
            if skipped:
                yield _skipped(skipped)
                skipped = 0
            yield _side(before, width, whole), _side(after, width, whole)
            before, after = [], []
        if span.op != "added":
            before.append(span)
        if span.op != "removed":
            after.append(span)
        if span.op == "equal" and span.text.endswith("\n"):
            if not whole and len(before) == len(after) == 1 and before[0] is after[0]:
                skipped += 1
            else:
                if skipped:
                    yield _skipped(skipped)
                    skipped = 0
                yield _side(before, width, whole), _side(after, width, whole)
            before, after = [], []
    if skipped:
        yield _skipped(skipped)
    if before or after:
        yield _side(before, width, whole), _side(after, width, whole)


def _cut_at_lines(spans: Sequence[TextSpan]) -> Iterator[TextSpan]:
    for span in spans:
        if span.op != "equal":
            yield span
            continue
        for piece in span.text.splitlines(keepends=True):
            yield span._replace(text=piece)


def _ends_line(spans: list[TextSpan]) -> bool:
    return not spans or spans[-1].text.endswith("\n")


def _skipped(number: int) -> tuple[list[tuple[Span, ...]], list[tuple[Span, ...]]]:
    folded: list[tuple[Span, ...]] = [(Span(f"⋯ {plural(number, 'unchanged line')}", "faint"),)]
    return folded, folded


def _side(spans: Sequence[TextSpan], width: int, whole: bool) -> list[tuple[Span, ...]]:
    lines: list[tuple[Span, ...]] = []
    for line in _own_lines(spans, quoted=False):
        if line:
            lines += _wrapped(line if whole else _shortened(line), width, width)
    return lines


def _own_lines(spans: Iterable[TextSpan], quoted: bool = True) -> list[list[Span]]:
    """The text's own lines; a line break belongs to the line that it ends."""
    lines: list[list[Span]] = [[Span('"', "string")] if quoted else []]
    for span in spans:
        for position, piece in enumerate(span.text.split("\n")):
            if position:
                lines[-1].append(Span("↵", "faint" if span.op == "equal" else _ROLES[span.op]))
                lines.append([])
            if piece:
                lines[-1].append(Span(printable(piece), _ROLES[span.op]))
    if quoted:
        lines[-1].append(Span('"', "string"))
    return lines


def _kept(lines: list[list[Span]], whole: bool) -> Iterator[list[Span] | None]:
    """The lines that changed; None for each that did not."""
    for line in lines:
        yield line if whole or any(span.role.endswith("-word") for span in line) else None


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
