"""Rows of the state pane as lines: sign, label, a glimpse of the value, version, and how long ago it changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from playhead_tui.drawing.change_age import age_role, age_sign, coarse_age
from playhead_tui.drawing.glimpses import Glimpse, Member
from playhead_tui.drawing.span import Line, Role, Span, Tone, crop, crop_middle, fit, left, printable, right, width_of
from playhead_tui.drawing.sparkline import sparkline
from playhead_tui.drawing.tree import TreeRow
from playhead_tui.drawing.words import count, plural

if TYPE_CHECKING:
    from playhead.cursor import OutlineRow
    from playhead_tui.drawing.state_rows import Section

SIGNS = {"added": "+", "changed": "~", "removed": "−"}
ROLES: dict[str, Role] = {"added": "added", "changed": "changed", "removed": "removed"}
_SIGN_WIDTH = 2
_AGE_WIDTH = 6
_VERSION_WIDTH = 6
_VERSIONS_FROM = 44
"""Cells of the pane from which versions have a column."""
_LABEL_LEAST = 4
_PREVIEW_LEAST = 8
_NUMBER_WIDTH = 8
_SPARK_LEAST = 6


class Columns(NamedTuple):
    """Cells of a pane's columns, which its rows share; the sign stands before them all."""

    label: int
    preview: int
    version: int

    @staticmethod
    def of(longest: int, width: int) -> Columns:
        """For a longest label, with its indentation: it gets what it needs, as far as previews keep enough."""
        version = _VERSION_WIDTH if width >= _VERSIONS_FROM else 0
        room = width - _SIGN_WIDTH - version - _AGE_WIDTH
        most = room if room < 2 * _PREVIEW_LEAST else max((room - 2) * 5 // 9, room - 80)
        label = max(6, min(longest, most))
        return Columns(label, max(0, room - label), version)


def key_line(
    row: TreeRow,
    entry: OutlineRow,
    position: int,
    known: Glimpse | None,
    columns: Columns,
    *,
    is_open: bool = False,
    pin: str | None = None,
    numbers: Sequence[float | None] = (),
) -> Line:
    """`~ ▸ steps  [{"tool": …  v7  now`. A value that is not there yet shows as a faint dot.

    pin: for a pinned key, whose it is (empty where that is plain). numbers: of a number, its history.
    """
    age = position - entry.commit_ts
    sign, role = _sign(entry, age)
    mark = "▾ " if is_open else "▸ " if known is not None and known.opens and pin is None else "  "
    name = printable(row.label) if not pin else f"{pin}: {printable(row.label)}"
    tone: Tone = ""
    if pin is not None:
        mark, tone = "◈ ", "pinned"
    indent = _indent(row.depth, columns)
    label, gap = _label(name, max(1, columns.label - len(indent) - 2))
    label_role: Role = role if entry.status else "text" if entry.exists else "struck" if entry.version else "muted"
    mark_role: Role = "accent" if is_open or pin is not None else "faint"
    spans = [Span(f"{sign} ", role), Span(indent + mark, mark_role), Span(label, label_role), Span(gap)]
    spans += _preview(entry, known, numbers, columns.preview)
    if columns.version:
        spans.append(Span(right(f"v{entry.version}" if entry.version else "", columns.version), "faint"))
    if not entry.version:
        spans.append(Span(" " * _AGE_WIDTH))
        return Line(tuple(spans), tone)
    age_colour: Role = role if entry.status else age_role(age)
    return Line((*spans, Span(right(coarse_age(age), _AGE_WIDTH), age_colour)), tone)


def member_line(row: TreeRow, member: Member, columns: Columns, numbers: Sequence[float | None] = ()) -> Line:
    """`~     ▸ [0]  {tool: "search", …`. numbers: of a number, its history."""
    sign, role = (SIGNS[member.status], ROLES[member.status]) if member.status else (" ", "text")
    indent = _indent(row.depth + member.depth, columns)
    mark = "▾ " if member.is_open else "▸ " if member.glimpse.opens else "  "
    label, gap = _label(member.label, max(1, columns.label - len(indent) - 2))
    is_gone = member.status == "removed"
    label_role: Role = "struck" if is_gone else role if member.status else "key"
    room = max(0, columns.preview + columns.version + _AGE_WIDTH - 2)
    text_role: Role = "struck" if is_gone else member.role
    marker = Span(indent + mark, "accent" if member.is_open else "faint")
    start = (Span(f"{sign} ", role), marker, Span(label, label_role), Span(gap))
    if member.glimpse.number is not None:
        return Line((*start, *_number(member.glimpse.text, numbers, text_role, room)))
    return Line((*start, Span("  " + left(member.glimpse.text, room), text_role)))


def group_line(row: TreeRow, entries: Sequence[OutlineRow], position: int, width: int) -> Line:
    """`▾ plan`; folded: `▸ plan  12 keys`, with the sign of what changed inside."""
    label = "  " * row.depth + f"{'▸' if row.folded else '▾'} {printable(row.label)}"
    if not row.folded:
        amount = count(row.last - row.first + 1)
        name = crop(label, max(1, width - 3 - len(amount)))
        return Line((Span("  "), Span(name, "heading"), Span(f" {amount}", "faint")))
    return _folded_line(label, entries, position, width)


def agent_line(section: Section, position: int, width: int) -> Line:
    """`▾ planner   12 keys · 2 changed`; folded, with the sign and the age of what changed last."""
    label = f"{'▸' if section.folded else '▾'} {section.title}"
    if section.folded:
        return _folded_line(label, section.entries, position, width)
    tail = [Span(plural(section.live, "key"), "muted")]
    if section.changed:
        tail = [Span(f"{count(section.changed)} changed", "changed"), Span(" · ", "faint"), *tail]
    if width_of(label) + sum(width_of(span.text) for span in tail) > width - 6:
        # Whose it is says more than how many keys there are.
        tail = tail[:1] if section.changed else []
    used = sum(width_of(span.text) for span in tail)
    name = crop(label, max(6, width - 4 - used))
    rule = "─" * max(0, width - 4 - width_of(name) - used)
    return Line(fit((Span("  "), Span(name, "heading"), Span(f" {rule} ", "faint"), *tail), width))


def _folded_line(label: str, entries: Sequence[OutlineRow], position: int, width: int) -> Line:
    changed = next((entry.status for entry in entries if entry.status), None)
    age = position - max((entry.commit_ts for entry in entries), default=position)
    amount = plural(len(entries), "key")
    sign, role = (SIGNS[changed], ROLES[changed]) if changed else (age_sign(age), age_role(age))
    name = left(label, max(1, width - 2 - width_of(amount) - _AGE_WIDTH))
    ago = Span(right(coarse_age(age), _AGE_WIDTH), role)
    return Line((Span(f"{sign} ", role), Span(name, "heading"), Span(amount, "muted"), ago))


def _sign(entry: OutlineRow, age: int) -> tuple[str, Role]:
    """The mark of a change, which ages, and its colour."""
    if entry.status:
        return SIGNS[entry.status], ROLES[entry.status]
    return (age_sign(age), age_role(age)) if entry.version else (" ", "faint")


def _indent(depth: int, columns: Columns) -> str:
    """Two cells a level, as long as something is left for the label."""
    return " " * min(2 * depth, max(0, columns.label - 2 - _LABEL_LEAST))


def _label(text: str, width: int) -> tuple[str, str]:
    """The text, without its middle where that is too long, and what is left of the width."""
    cropped = crop_middle(text, width)
    return cropped, " " * (width - width_of(cropped))


def _preview(entry: OutlineRow, known: Glimpse | None, numbers: Sequence[float | None], width: int) -> list[Span]:
    room = width - 2
    if room < 1:
        return [Span(" " * max(0, width))]
    if not entry.exists:
        return [Span("  " + left(_absence(entry, room), room), "faint")]
    if known is None:
        return [Span("  " + left("·", room), "faint")]
    role: Role = "text" if entry.status else "muted"
    if known.number is None:
        return [Span("  " + left(known.text, room), role)]
    return _number(known.text, numbers, role, room)


def _number(text: str, numbers: Sequence[float | None], role: Role, room: int) -> list[Span]:
    """A number, in line with those above and below it, and its history where there is room for it."""
    text = right(text, _NUMBER_WIDTH) if len(text) <= _NUMBER_WIDTH <= room else text
    spark = min(len(numbers), room - width_of(text) - 2)
    if spark < min(_SPARK_LEAST, len(numbers)) or len(set(numbers)) < 2:
        return [Span("  " + left(text, room), role)]
    (bars,) = sparkline(numbers[-spark:], spark, here=spark - 1)
    return [Span(f"  {text}  ", role), *bars.spans, Span(" " * (room - width_of(text) - 2 - spark))]


def _absence(entry: OutlineRow, room: int) -> str:
    """Why a key has no value here."""
    if not entry.version:
        return "not written yet" if room >= 15 else "not yet"
    if entry.status:
        return "deleted"
    said = f"deleted at {count(entry.commit_ts)}"
    return said if len(said) <= room else said.removeprefix("deleted ")
