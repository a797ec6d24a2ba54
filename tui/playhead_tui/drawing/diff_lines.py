"""The difference of two records as one tree: what is the same is folded to a count, each path is written once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from playhead import JSON, Record
from playhead.diff import Difference, Path, ValueChange, changes, format_path
from playhead_tui.drawing.json_lines import json_lines, scalar_role
from playhead_tui.drawing.span import BLANK, Line, Role, Span, Tone, printable, width_of
from playhead_tui.drawing.text_diff_lines import changed_text
from playhead_tui.drawing.words import count, plural, preview, scalar

LINE_LIMIT = 5_000
"""Lines that one difference may have on screen."""
_BLOCK_LIMIT = 14
"""Lines of one value that was added or removed whole, in the middle of others."""

Key: TypeAlias = tuple[str | int, bool]
"""A part of a path, and whether it counts in the value before (removed) or in the value after."""


@dataclass(slots=True)
class _Node:
    change: ValueChange | None = None
    children: dict[Key, _Node] = field(default_factory=dict)


def diff_lines(before: Record, after: Record, width: int) -> list[Line]:
    """Summary first, then the tree: `~` changed, `+` added, `−` removed, `→` moved; words inside strings stand out."""
    if not before.exists and not after.exists:
        never = after.version == 0 and before.version == 0
        return [
            Line(
                (Span("Not written yet at this commit." if never else "Deleted, and it was deleted before.", "muted"),)
            )
        ]
    if not before.exists or not after.exists:
        return _whole(before, after, width)
    difference = changes(before.value, after.value)
    if difference.is_empty:
        return [Line((Span("No difference.", "muted"),))]
    writer = _Writer(before.value, after.value, max(24, width))
    writer.lines += [_summary(difference), BLANK]
    writer.write(_tree_of(difference.changes), (), (), 0)
    for cut in difference.truncated:
        where = f" under {format_path(cut.path)}" if cut.path else ""
        writer.lines.append(Line((Span(f"⋯ {plural(cut.count, 'more difference')}{where}", "warning"),)))
    if len(writer.lines) > LINE_LIMIT:
        more = len(writer.lines) - LINE_LIMIT
        writer.lines[LINE_LIMIT:] = [Line((Span(f"⋯ {plural(more, 'more line')}", "warning"),))]
    return writer.lines


def _whole(before: Record, after: Record, width: int) -> list[Line]:
    """A value that appeared or went away."""
    appeared = after.exists
    sign, role, tone = _look("added" if appeared else "removed")
    word = "removed" if not appeared else "added" if before.version == 0 else "added again after a delete"
    value = after.value if appeared else before.value
    lines = [Line((Span(f"{sign} {word}", role),)), BLANK]
    body = json_lines(value, width - 2, LINE_LIMIT)
    return lines + [Line((Span(f"{sign} ", role), *line.spans), tone) for line in body]


def _look(op: str) -> tuple[str, Role, Tone]:
    match op:
        case "added":
            return "+", "added", "added"
        case "removed":
            return "−", "removed", "removed"
        case "moved":
            return "→", "accent", ""
        case _:
            return "~", "changed", "changed"


def _summary(difference: Difference) -> Line:
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
            spans += [Span(" · " if spans else "", "faint"), Span(f"{_look(word)[0]} {count(number)} {word}", role)]
    return Line(tuple(spans))


def _tree_of(all_changes: tuple[ValueChange, ...]) -> _Node:
    root = _Node()
    for change in all_changes:
        node = root
        last = len(change.path) - 1
        for position, part in enumerate(change.path):
            key = (part, change.op == "removed" and position == last)
            node = node.children.setdefault(key, _Node())
        node.change = change
    return root


class _Writer:
    """Writes a tree of changes; `before` and `after` are the whole values, to count what is the same."""

    def __init__(self, before: JSON, after: JSON, width: int) -> None:
        self.before, self.after, self.width = before, after, width
        self.lines: list[Line] = []

    def write(self, node: _Node, path: Path, label: Path, depth: int) -> None:
        """Write a node and what is below it; `label` is what of its path no line above says."""
        if node.change is not None:
            self._change(node.change, label, depth)
            depth += 1
        elif label:
            self.lines.append(Line((Span("  " + "  " * depth), Span(format_path(label), "key"))))
            depth += 1
        for (part, _), child in node.children.items():
            self._chain(child, (*path, part), (part,), depth)
        if node.children:
            self._unchanged(node, path, depth)

    def _chain(self, node: _Node, path: Path, label: Path, depth: int) -> None:
        while node.change is None and len(node.children) == 1:
            (part, _), node = next(iter(node.children.items()))
            path, label = (*path, part), (*label, part)
        self.write(node, path, label, depth)

    def _unchanged(self, node: _Node, path: Path, depth: int) -> None:
        """How many neighbours are the same; levels that a label skipped stay uncounted."""
        holder = _value_at(self.after, path)
        if not isinstance(holder, dict | list):
            return
        named = sum(1 for _, removed in node.children if not removed)
        same = len(holder) - named
        if same > 0:
            noun = "unchanged key" if isinstance(holder, dict) else "unchanged item"
            self.lines.append(Line((Span("  " + "  " * depth), Span(f"⋯ {plural(same, noun)}", "faint"))))

    def _change(self, change: ValueChange, label: Path, depth: int) -> None:
        sign, role, tone = _look(change.op)
        name = format_path(label)
        start = (Span(f"{sign} ", role), Span("  " * depth), Span(printable(name), "key"), Span("  " if name else ""))
        used = sum(width_of(span.text) for span in start)
        if change.op == "moved":
            place = f"from {format_path(change.from_path or ())}"
            self.lines.append(Line((*start, Span(place, "accent"), Span("  " + preview(change.after, 40), "muted"))))
        elif change.op == "changed":
            self._changed(change, start, used, depth)
        else:
            value = change.after if change.op == "added" else change.before
            self._block(value, start, used, depth, f"{sign} ", role, tone)

    def _changed(self, change: ValueChange, start: tuple[Span, ...], used: int, depth: int) -> None:
        before, after = change.before, change.after
        spans = change.spans
        if spans is not None:
            for position, part in enumerate(changed_text(spans, max(20, self.width - used), max(20, self.width - 4))):
                indent = start if position == 0 else (Span("~ ", "changed"), Span("  " * depth + "  "))
                self.lines.append(Line((*indent, *part), "changed"))
            return
        small = not isinstance(before, dict | list) and not isinstance(after, dict | list)
        if small and used + width_of(scalar(before)) + width_of(scalar(after)) + 3 <= self.width:
            old, new = Span(scalar(before), "removed"), Span(scalar(after), "added")
            self.lines.append(Line((*start, old, Span(" → ", "muted"), new), "changed"))
            return
        minus = (Span("− ", "removed"), *start[1:])
        plus = (Span("+ ", "added"), Span(" " * max(0, used - 2)))
        self._block(before, minus, used, depth, "− ", "removed", "removed")
        self._block(after, plus, used, depth, "+ ", "added", "added")

    def _block(
        self, value: JSON, start: tuple[Span, ...], used: int, depth: int, sign: str, role: Role, tone: Tone
    ) -> None:
        """A whole value: on one line where it fits, else over several, the rest told as a count."""
        brief = preview(value, self.width + 1)
        if used + width_of(brief) <= self.width and "…" not in brief:
            self.lines.append(Line((*start, Span(brief, _brief_role(value, role))), tone))
            return
        indent = "  " * (depth + 1)
        body = json_lines(value, self.width - 2 - len(indent), 400)
        self.lines.append(Line((*start, *body[0].spans), tone))
        shown = body[1:] if len(body) <= _BLOCK_LIMIT + 2 else body[1:_BLOCK_LIMIT]
        self.lines += [Line((Span(sign, role), Span(indent), *line.spans), tone) for line in shown]
        hidden = len(body) - 1 - len(shown)
        if hidden:
            more = f"{'over ' if len(body) > 400 else ''}{plural(hidden, 'more line')}"
            self.lines.append(Line((Span(sign, role), Span(indent), Span(f"⋯ {more}", "faint")), tone))


def _brief_role(value: JSON, role: Role) -> Role:
    return role if isinstance(value, dict | list) else scalar_role(value)


def _value_at(value: JSON, path: Path) -> JSON:
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value
