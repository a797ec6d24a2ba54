"""What a renderer makes: lines of spans, each span with a role that a palette turns into a colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from rich.cells import cell_len, set_cell_size

Role: TypeAlias = Literal[
    "text",
    "strong",
    "muted",
    "faint",
    "heading",
    "accent",
    "playhead",
    "error",
    "warning",
    "added",
    "removed",
    "changed",
    "added-word",
    "removed-word",
    "key",
    "string",
    "number",
    "constant",
    "punctuation",
    "hit",
    "past",
    "active",
    "emphasis",
    "code",
    "struck",
]
"""What a piece of text is. Palettes map every one of these."""

Tone: TypeAlias = Literal["", "added", "removed", "changed", "playhead", "pinned"]
"""The faint background of a whole line."""


class Span(NamedTuple):
    text: str
    role: Role = "text"


class Line(NamedTuple):
    spans: tuple[Span, ...] = ()
    tone: Tone = ""
    turn: int = -1
    """The span from which on the line has its other tone; −1 where it has one only."""
    other_tone: Tone = ""

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)

    @property
    def width(self) -> int:
        return sum(cell_len(span.text) for span in self.spans)


BLANK = Line()

# Controls would move the terminal's cursor; bidirectional overrides would reorder what stands beside them.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_NARROW = re.compile("[ -~\u00a0-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2190-\u2319\u2500-\u25fc]*")
"""Latin, Greek and Cyrillic, and the signs that this app draws with: measuring them one by one takes long."""
_PICTURES = {"\n": "↵", "\r": "␍", "\t": "⇥", "\x1b": "␛"}


def printable(text: str) -> str:
    """The text with every control character made visible, so that no value can draw outside its cell."""
    if text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda match: _PICTURES.get(match[0], "·"), text)


def is_narrow(text: str) -> bool:
    """Whether every character is of those, more than ASCII but not all, that are known to take one cell."""
    return text.isascii() or _NARROW.fullmatch(text) is not None


def width_of(text: str) -> int:
    """Cells that the text takes in a terminal."""
    return len(text) if is_narrow(text) else cell_len(text)


def crop(text: str, width: int) -> str:
    """The text in at most `width` cells, with `…` where something was left out."""
    narrow = is_narrow(text)
    if (len(text) if narrow else cell_len(text)) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    if narrow:
        return text[: width - 1].rstrip() + "…"
    # Wide characters may leave half a cell over, which set_cell_size fills with a space.
    return set_cell_size(text[: 2 * width], width - 1).rstrip() + "…"


def crop_start(text: str, width: int) -> str:
    """The end of the text in at most `width` cells, with `…` in front where something was left out."""
    if width_of(text) <= width:
        return text
    while width_of(text) > width - 1:
        text = text[1:]
    return "…" + text


def crop_middle(text: str, width: int) -> str:
    """Beginning and end of the text in at most `width` cells, with `…` where something was left out."""
    if width_of(text) <= width:
        return text
    kept = max(0, width - 1)
    end = crop_start(text, kept // 2 + 1)[1:] if kept > 1 else ""
    return crop(text, width - width_of(end)) + end


def left(text: str, width: int) -> str:
    """The text in exactly `width` cells, at the left of them."""
    cropped = crop(text, width)
    return cropped + " " * (width - width_of(cropped))


def right(text: str, width: int) -> str:
    """The text in exactly `width` cells, at the right of them."""
    cropped = crop(text, width)
    return " " * (width - width_of(cropped)) + cropped


def fit(spans: Iterable[Span], width: int) -> tuple[Span, ...]:
    """The spans in at most `width` cells, with `…` where something was left out."""
    fitting: list[Span] = []
    room = width
    pieces = list(spans)
    for position, span in enumerate(pieces):
        size = width_of(span.text)
        last = not any(after.text for after in pieces[position + 1 :])
        if size < room or (size == room and last):
            fitting.append(span)
            room -= size
            continue
        cut = crop(span.text, room) if size > room or last else crop(span.text + "…", room)
        if cut:
            fitting.append(Span(cut, span.role))
        break
    return tuple(fitting)


def spread(start: Sequence[Span], end: Sequence[Span], width: int, gap: int = 1) -> tuple[Span, ...]:
    """`start` at the left edge and `end` at the right one; where both do not fit, `start` gives way."""
    end_width = sum(width_of(span.text) for span in end)
    room = width - end_width - gap
    if room < 8:
        return fit(start, width)
    shown = fit(start, room)
    used = sum(width_of(span.text) for span in shown)
    return (*shown, _space(width - used - end_width), *end)


@lru_cache(maxsize=512)
def _space(width: int) -> Span:
    return Span(" " * max(0, width))
