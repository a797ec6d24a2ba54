"""The difference of two records in two columns: what it was at the left, what it is at the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias

from playhead import JSON, Record
from playhead.json_path import format_path
from playhead_tui.drawing.diff_lines import difference_rows, folded_line, value_block
from playhead_tui.drawing.difference_tree import Entry
from playhead_tui.drawing.row import Fold, Folding, Row
from playhead_tui.drawing.span import Line, Role, Span, Tone, fit, printable, width_of
from playhead_tui.drawing.text_diff_lines import side_texts
from playhead_tui.drawing.words import preview

if TYPE_CHECKING:
    from playhead.text_diff import Span as TextSpan

LEAST_WIDTH = 64
"""Cells that two columns need to be of use."""
_BLOCK_LIMIT = 24
_BLOCK_LINES_MAX = 2_000
_RULE = Span(" │ ", "faint")

_Cells: TypeAlias = "tuple[Span, ...]"
_Pair: TypeAlias = "tuple[_Cells | None, _Cells | None]"


def side_by_side(before: Record, after: Record, width: int, folding: Folding) -> list[Row]:
    """Summary first, then what differs, the same thing at the same height; what one side lacks is hatched."""
    return difference_rows(before, after, width, folding, _Columns(width, folding).rows)


class _Columns:
    def __init__(self, width: int, folding: Folding) -> None:
        self.folding = folding
        self.left_width = (width - 3) // 2
        self.right_width = width - 3 - self.left_width

    def rows(self, entry: Entry) -> Iterator[Row]:
        path = None if entry.kind == "removed" else entry.path
        if entry.kind == "folded":
            yield Row(folded_line(entry, self.left_width + 3 + self.right_width), path, entry.fold, opens=True)
            return
        if entry.kind == "moved":
            assert entry.change is not None
            start = self._start(entry, "→ ", "accent")
            place = f"from {format_path(entry.change.from_path or ())}"
            note = (*start, Span(place, "accent"), Span("  " + preview(entry.after, 40), "muted"))
            yield Row(Line(fit(note, self.left_width + 3 + self.right_width)), path, entry.fold)
            return
        pairs, fold = self._pairs(entry)
        tones: tuple[Tone, Tone] = (
            "removed" if entry.kind in ("removed", "changed") else "",
            "added" if entry.kind in ("added", "changed") else "",
        )
        for old, new in pairs:
            plain = old is not None and old is new
            yield Row(
                self._joined(old, new, ("", "") if plain else tones), path, fold or entry.fold, opens=fold is not None
            )

    def _pairs(self, entry: Entry) -> tuple[list[_Pair], Fold | None]:
        """The lines of both columns, and what of them can be folded or opened. What both share is one line twice."""
        if entry.kind == "label":
            label = self._start(entry, "  ", "text")
            return [(label, label)], None
        if entry.kind == "same":
            block, fold = self._block(entry, entry.after, "  ", "text", self.left_width)
            return [(line, line) for line in block], fold
        if entry.kind == "added":
            block, fold = self._block(entry, entry.after, "+ ", "added", self.right_width)
            return [(None, line) for line in block], fold
        if entry.kind == "removed":
            block, fold = self._block(entry, entry.before, "− ", "removed", self.left_width)
            return [(line, None) for line in block], fold
        if entry.change is not None and (spans := entry.change.spans) is not None:
            return self._texts(entry, spans)
        left, left_fold = self._block(entry, entry.before, "− ", "removed", self.left_width)
        right, right_fold = self._block(entry, entry.after, "+ ", "added", self.right_width)
        return list(zip_longest(left, right)), left_fold or right_fold

    def _texts(self, entry: Entry, spans: Sequence[TextSpan]) -> tuple[list[_Pair], Fold | None]:
        """A string that changed: beside its name where that is short, else below it."""
        fold = Fold("text", entry.path)
        whole = self.folding.opens(fold)
        starts = self._start(entry, "− ", "removed"), self._start(entry, "+ ", "added")
        used = sum(width_of(span.text) for span in starts[0])
        own_line = used > self.left_width // 3
        indent = 2 + 2 * entry.depth if own_line else used - 2
        again: tuple[_Cells, _Cells] = (
            (Span("− ", "removed"), Span(" " * indent)),
            (Span("+ ", "added"), Span(" " * indent)),
        )
        pairs: list[_Pair] = [starts] if own_line else []
        folded = False
        for old, new in side_texts(spans, max(12, self.left_width - indent - 2), whole):
            first = starts if not pairs else again
            if old is new:
                folded = True
                line = (
                    *(Span(" " * width_of(span.text)) if span.role != "key" else span for span in first[0]),
                    *old[0],
                )
                pairs.append((line, line))
                continue
            for number, (left, right) in enumerate(zip_longest(old, new)):
                before, after = first if number == 0 else again
                pairs.append((None if left is None else (*before, *left), None if right is None else (*after, *right)))
        return pairs, fold if folded or whole else None

    def _start(self, entry: Entry, sign: str, role: Role) -> _Cells:
        name = format_path(entry.label)
        gap = Span("  " if name and entry.kind != "label" else "")
        return Span(sign, role), Span("  " * entry.depth), Span(printable(name), "key"), gap

    def _block(self, entry: Entry, value: JSON, sign: str, role: Role, width: int) -> tuple[list[_Cells], Fold | None]:
        fold = Fold("block", entry.path)
        opened = self.folding.opens(fold)
        limit = _BLOCK_LINES_MAX if opened else _BLOCK_LIMIT
        again = (Span(sign, role), Span("  " * (entry.depth + 1)))
        lines = value_block(value, self._start(entry, sign, role), again, role, width, limit)
        can_fold = len(lines) > 1 and (opened or "⋯" in lines[-1].text)
        return [line.spans for line in lines], fold if can_fold else None

    def _joined(self, old: _Cells | None, new: _Cells | None, tones: tuple[Tone, Tone]) -> Line:
        left = _filled(old, self.left_width)
        right = _filled(new, self.right_width)
        spans = (*left, _RULE, *right)
        return Line(spans, tones[0] if old is not None else "", len(left), tones[1] if new is not None else "")


def _filled(cells: _Cells | None, width: int) -> _Cells:
    """The cells, exactly `width` wide; a side without a line is hatched."""
    if cells is None:
        return (Span("╱" * width, "faint"),)
    shown = fit(cells, width)
    return (*shown, Span(" " * (width - sum(width_of(span.text) for span in shown))))
