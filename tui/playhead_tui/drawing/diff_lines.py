"""The difference of two records as one tree: what is the same is folded to a count, each path is written once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from playhead import JSON, Record
from playhead.diff import Difference, changes, format_path
from playhead_tui.drawing.change_words import delta_spans
from playhead_tui.drawing.difference_tree import Entry, entries
from playhead_tui.drawing.json_lines import Style, json_lines, json_rows, scalar_role
from playhead_tui.drawing.row import Fold, Folding, Row, muted_row
from playhead_tui.drawing.span import BLANK, Line, Role, Span, Tone, printable, width_of
from playhead_tui.drawing.text_diff_lines import changed_text
from playhead_tui.drawing.words import count, plural, preview, scalar

LINE_LIMIT = 5_000
"""Lines that one difference may have on screen."""
_BLOCK_LIMIT = 14
"""Lines of one value that was added or removed whole, in the middle of others, before it is opened."""
_BLOCK_LINES_MAX = 2_000
_SAME_WIDTH = 24
"""Cells of a value that is told although it is the same."""
SAME = muted_row("No difference.")


def diff_rows(before: Record, after: Record, width: int, folding: Folding) -> list[Row]:
    """Summary first, then the tree: `~` changed, `+` added, `−` removed, `→` moved; words inside strings stand out.

    What is folded can be opened.
    """
    return difference_rows(before, after, width, folding, _Writer(max(24, width), folding).rows)


def difference_rows(
    before: Record, after: Record, width: int, folding: Folding, written: Callable[[Entry], Iterable[Row]]
) -> list[Row]:
    """A summary, then what is `written` of each entry of the difference, no more of it than a screen is for."""
    if (plain := _plain_rows(before, after, width)) is not None:
        return plain
    difference = changes(before.value, after.value)
    if difference.is_empty:
        return [SAME]
    rows = [Row(summary_line(difference)), Row(BLANK)]
    for entry in entries(difference.changes, after.value, folding):
        rows += written(entry)
        if len(rows) > LINE_LIMIT:
            break
    return _bounded(rows, difference)


def _plain_rows(before: Record, after: Record, width: int) -> list[Row] | None:
    """What takes no comparison to say: a value that is not there, or one that came or went whole."""
    if not before.exists and not after.exists:
        never = after.version == 0 and before.version == 0
        return [muted_row("Not written yet at this commit." if never else "Deleted, and it was deleted before.")]
    if not before.exists or not after.exists:
        return _whole(before, after, width)
    return None


def _bounded(rows: list[Row], difference: Difference) -> list[Row]:
    """The rows, no more of them than a screen is for, and in words what was left out."""
    if len(rows) > LINE_LIMIT:
        rows[LINE_LIMIT:] = [Row(Line((Span("⋯ more lines than are shown; y copies the value", "warning"),)))]
    for cut in difference.truncated:
        where = f" under {format_path(cut.path)}" if cut.path else ""
        rows.append(Row(Line((Span(f"⋯ {plural(cut.count, 'more difference')}{where}", "warning"),))))
    return rows


def _whole(before: Record, after: Record, width: int) -> list[Row]:
    """A value that appeared or went away."""
    appeared = after.exists
    sign, role, tone = look_of("added" if appeared else "removed")
    word = "removed" if not appeared else "added" if before.version == 0 else "added again after a delete"
    rows = [Row(Line((Span(f"{sign} {word}", role),))), Row(BLANK)]
    body = json_rows(after.value if appeared else before.value, Style(max(20, width - 2)), LINE_LIMIT)
    for row in body:
        line = Line((Span(f"{sign} ", role), *row.line.spans), tone)
        rows.append(Row(line, row.path if appeared else None))
    return rows


def look_of(kind: str) -> tuple[str, Role, Tone]:
    """The sign of a change, and its colours: never colour alone."""
    match kind:
        case "added":
            return "+", "added", "added"
        case "removed":
            return "−", "removed", "removed"
        case "moved":
            return "→", "accent", ""
        case _:
            return "~", "changed", "changed"


def summary_line(difference: Difference) -> Line:
    """`~ 2 changed · + 1 added`"""
    summary = difference.summary
    counts: list[tuple[int, str, Role]] = [
        (summary.changed, "changed", "changed"),
        (summary.added, "added", "added"),
        (summary.removed, "removed", "removed"),
        (summary.moved, "moved", "accent"),
    ]
    spans: list[Span] = []
    for number, word, role in counts:
        if number:
            spans += [Span(" · " if spans else "", "faint"), Span(f"{look_of(word)[0]} {count(number)} {word}", role)]
    return Line(tuple(spans))


def folded_line(entry: Entry, width: int) -> Line:
    """`⋯ 41 unchanged keys  limit 4000.0 · currency "EUR"`: as many of them as there is room for."""
    noun = "unchanged key" if isinstance(entry.after, dict) else "unchanged item"
    told = Span("  " + "  " * entry.depth), Span(f"⋯ {plural(entry.count, noun)}", "faint")
    room = width - sum(width_of(span.text) for span in told) - 2
    glimpses: list[str] = []
    for name in entry.same:
        assert isinstance(entry.after, dict)
        glimpses.append(f"{printable(name)} {preview(entry.after[name], _SAME_WIDTH)}")
        if width_of(" · ".join(glimpses)) > room - (2 if len(glimpses) < entry.count else 0):
            glimpses.pop()
            break
    if not glimpses:
        return Line(told)
    more = " …" if len(glimpses) < entry.count else ""
    return Line((*told, Span("  " + " · ".join(glimpses) + more, "muted")))


class _Writer:
    """Writes what there is to say, one thing under the other."""

    def __init__(self, width: int, folding: Folding) -> None:
        self.width, self.folding = width, folding

    def rows(self, entry: Entry) -> Iterator[Row]:
        path = None if entry.kind == "removed" else entry.path
        for line, fold in self._lines(entry):
            yield Row(line, path, fold or entry.fold, opens=fold is not None or entry.kind == "folded")

    def _lines(self, entry: Entry) -> Iterator[tuple[Line, Fold | None]]:
        name = format_path(entry.label)
        sign, role, tone = look_of(entry.kind)
        if entry.kind == "folded":
            yield folded_line(entry, self.width), None
            return
        plain = entry.kind in ("label", "same")
        start = (
            Span("  ") if plain else Span(f"{sign} ", role),
            Span("  " * entry.depth),
            Span(printable(name), "key"),
            Span("  " if name and entry.kind != "label" else ""),
        )
        if entry.kind == "label":
            yield Line(start), None
        elif entry.kind == "moved":
            assert entry.change is not None
            place = f"from {format_path(entry.change.from_path or ())}"
            yield Line((*start, Span(place, "accent"), Span("  " + preview(entry.after, 40), "muted"))), None
        elif entry.kind == "changed":
            yield from self._changed(entry, start)
        elif entry.kind == "same":
            yield from self._block(entry, entry.after, start, ("  ", "text", ""))
        else:
            value = entry.after if entry.kind == "added" else entry.before
            yield from self._block(entry, value, start, (f"{sign} ", role, tone))

    def _changed(self, entry: Entry, start: tuple[Span, ...]) -> Iterator[tuple[Line, Fold | None]]:
        before, after = entry.before, entry.after
        used = sum(width_of(span.text) for span in start)
        spans = entry.change.spans if entry.change is not None else None
        if spans is not None:
            fold = Fold("text", entry.path)
            whole = self.folding.opens(fold)
            parts = changed_text(spans, max(20, self.width - used), max(20, self.width - 4), whole)
            for position, part in enumerate(parts):
                indent = start if position == 0 else (Span("~ ", "changed"), Span("  " * entry.depth + "  "))
                opens = whole or (len(part) == 1 and part[0].text.startswith("⋯ "))
                yield Line((*indent, *part), "changed"), fold if opens else None
            return
        if (
            _is_small(before, self.width)
            and _is_small(after, self.width)
            and used + width_of(scalar(before)) + width_of(scalar(after)) + 3 <= self.width
        ):
            old, new = Span(scalar(before), "removed"), Span(scalar(after), "added")
            line = (*start, old, Span(" → ", "muted"), new)
            delta = delta_spans(before, after)
            room = self.width - sum(width_of(span.text) for span in (*line, *delta))
            gap = (Span(" "),) if delta and room > 0 else ()
            yield Line((*line, *gap, *(delta if gap else ())), "changed"), None
            return
        minus = (Span("− ", "removed"), *start[1:])
        plus = (Span("+ ", "added"), Span(" " * max(0, used - 2)))
        yield from self._block(entry, before, minus, ("− ", "removed", "removed"))
        yield from self._block(entry, after, plus, ("+ ", "added", "added"))

    def _block(
        self, entry: Entry, value: JSON, start: tuple[Span, ...], look: tuple[str, Role, Tone]
    ) -> Iterator[tuple[Line, Fold | None]]:
        sign, role, tone = look
        fold = Fold("block", entry.path)
        limit = _BLOCK_LINES_MAX if self.folding.opens(fold) else _BLOCK_LIMIT
        lines = value_block(value, start, (Span(sign, role), Span("  " * (entry.depth + 1))), role, self.width, limit)
        many = len(lines) > 1
        for line in lines:
            last = many and line is lines[-1]
            opens = (last and "⋯" in line.text) or (many and limit == _BLOCK_LINES_MAX)
            yield Line(line.spans, tone), fold if opens else None


def _is_small(value: JSON, width: int) -> bool:
    return len(value) < width if isinstance(value, str) else not isinstance(value, dict | list)


def value_block(
    value: JSON, start: tuple[Span, ...], again: tuple[Span, ...], role: Role, width: int, limit: int
) -> list[Line]:
    """A whole value: on one line where it fits, else over several, the rest told as a count."""
    used = sum(width_of(span.text) for span in start)
    brief = preview(value, width + 1)
    if used + width_of(brief) <= width and "…" not in brief:
        brief_role = role if isinstance(value, dict | list) and role != "text" else scalar_role(value)
        if isinstance(value, dict | list) and role == "text":
            brief_role = "muted"
        return [Line((*start, Span(brief, brief_role)))]
    indent = sum(width_of(span.text) for span in again)
    most = max(400, limit)
    body = json_lines(value, width - indent, most)
    lines = [Line((*start, *body[0].spans))]
    shown = body[1:] if len(body) <= limit + 2 else body[1:limit]
    lines += [Line((*again, *line.spans)) for line in shown]
    hidden = len(body) - 1 - len(shown)
    if hidden:
        more = f"{'over ' if len(body) > most else ''}{plural(hidden, 'more line')}"
        lines.append(Line((*again, Span(f"⋯ {more}", "faint"))))
    return lines
