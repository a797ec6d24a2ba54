"""The original record of an event: where it lies, and what it says."""

from __future__ import annotations

from itertools import islice

from playhead.source_record import SourceRecord
from playhead_tui.drawing.json_lines import json_lines, wrapped
from playhead_tui.drawing.span import BLANK, Line, Span, printable

_MOST_LINES = 5_000


def source_lines(record: SourceRecord, width: int) -> list[Line]:
    """The file and the place in it, then the record: laid out where it is JSON, as it is where it is not."""
    lines = [Line((Span(piece, "accent"),)) for piece in wrapped(printable(str(record.path)), width)]
    lines.append(Line((Span(printable(record.place), "muted"),)))
    if record.note:
        lines.append(Line((Span(record.note, "warning"),)))
    lines.append(BLANK)
    if record.is_json:
        return lines + json_lines(record.value, width, _MOST_LINES)
    pieces = (piece for text in record.text.splitlines() for piece in wrapped(text, width))
    return lines + [Line((Span(piece),)) for piece in islice(pieces, _MOST_LINES)]
