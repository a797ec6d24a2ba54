"""Finding a text in lines, and marking where it is."""

from __future__ import annotations

import re

from playhead_tui.drawing.span import Line, Span


def matcher(text: str) -> re.Pattern[str]:
    """Finds the text whatever its case."""
    return re.compile(re.escape(text), re.IGNORECASE)


def highlighted(line: Line, wanted: re.Pattern[str]) -> Line:
    """The line with every occurrence marked; the same line where there is none."""
    found = [match.span() for match in wanted.finditer(line.text)]
    if not found:
        return line
    spans: list[Span] = []
    turn, column = line.turn, 0
    for place, (text, role) in enumerate(line.spans):
        if place == line.turn:
            turn = len(spans)
        at, end = column, column + len(text)
        for start, stop in found:
            start, stop = max(start, at), min(stop, end)
            if start >= stop:
                continue
            if start > at:
                spans.append(Span(text[at - column : start - column], role))
            spans.append(Span(text[start - column : stop - column], "hit"))
            at = stop
        if at < end or not text:
            spans.append(Span(text[at - column :], role))
        column = end
    return line._replace(spans=tuple(spans), turn=turn)
