"""Aligning two sequences, and from it the difference of two texts word by word. Imports nothing of the package."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

CHARACTERS_MAX = 1_000_000
"""Texts that are longer together are not compared word by word."""
TOKENS_MAX = 4_000
"""Of one text, between the common beginning and end: past it, what differs is shown as replaced."""
COMMON_SHARE_MIN = 0.4
"""Texts with less in common read better as one replaced by the other."""

_EXHAUSTIVE_CELLS_MAX = 40_000  # of one stretch: its items before times its items after
_EXHAUSTIVE_CELLS_TOTAL_MAX = 400_000
_ANCHOR_ROUNDS = 4
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff"  # kana and ideographs: scripts that put no spaces between words
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W\d{_UNSPACED}]+|\d+|\s+|[^\w\s]")

SpanKind: TypeAlias = Literal["equal", "added", "removed"]


class Span(NamedTuple):
    """A stretch of text: equal and removed ones join to the text before, equal and added ones to the text after."""

    op: SpanKind
    text: str


class Run(NamedTuple):
    """Neighbouring positions of two sequences: equal items, or a stretch that became another (either may be empty)."""

    equal: bool
    before: range
    after: range


class _Piece(NamedTuple):
    equal: bool
    before: str
    after: str


def word_spans(before: str, after: str) -> tuple[Span, ...] | None:
    """What became of `before`, word by word; None where too little is common for that to be readable.

    Lines are aligned first, then the words, digit runs, spaces and marks of the lines that differ. Too little: less
    than 40 % of the characters of both, unless one text begins or ends with the whole of the other. Time grows with
    the length, not its square, also for texts with nothing in common.
    """
    if not before or not after or len(before) + len(after) > CHARACTERS_MAX:
        return None
    shorter, longer = sorted((before, after), key=len)
    if longer.startswith(shorter) or longer.endswith(shorter):
        # A text still being written grows far past 40 %; all of the old one is in the new.
        pieces = _joined(_by_words(before, after, TOKENS_MAX)[0])
        readable = any(piece.equal for piece in pieces)
    else:
        pieces = _joined(_by_lines(before, after))
        readable = _common_share(pieces) >= COMMON_SHARE_MIN
    return tuple(_spans(pieces)) if readable else None


def align(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Run]:
    """Both sequences from end to end as runs that are equal and runs that are not, in order and in turn.

    Short stretches are searched exhaustively. Longer ones are split at items that occur once on each side; a long
    stretch without any counts as different, which keeps the time near n log n.
    """
    matcher = _Matcher(before, after)
    matcher.match(range(len(before)), range(len(after)))
    runs: list[Run] = []
    before_end = after_end = 0
    for before_start, after_start, size in [*matcher.matches, (len(before), len(after), 0)]:
        if before_start > before_end or after_start > after_end:
            runs.append(Run(False, range(before_end, before_start), range(after_end, after_start)))
        before_end, after_end = before_start + size, after_start + size
        if size and runs and runs[-1].equal:
            last = runs.pop()
            runs.append(Run(True, range(last.before.start, before_end), range(last.after.start, after_end)))
        elif size:
            runs.append(Run(True, range(before_start, before_end), range(after_start, after_end)))
    return runs


def longest_increasing(numbers: Sequence[int]) -> list[int]:
    """The positions of a longest strictly increasing subsequence of `numbers`, in order."""
    tails: list[int] = []
    tail_positions: list[int] = []
    previous: list[int] = []
    for position, number in enumerate(numbers):
        length = bisect_left(tails, number)
        previous.append(tail_positions[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        tail_positions[length : length + 1] = [position]
    chain: list[int] = []
    position = tail_positions[-1] if tail_positions else -1
    while position >= 0:
        chain.append(position)
        position = previous[position]
    return chain[::-1]


class _Matcher:
    """Finds what two sequences have in common, as (start in before, start in after, length) in order."""

    def __init__(self, before: Sequence[Hashable], after: Sequence[Hashable]) -> None:
        self.before = before
        self.after = after
        self.cells_left = _EXHAUSTIVE_CELLS_TOTAL_MAX
        self.matches: list[tuple[int, int, int]] = []

    def match(self, old: range, new: range, rounds: int = _ANCHOR_ROUNDS) -> None:
        prefix, suffix = _common_ends(self.before, self.after, old, new)
        if prefix:
            self.matches.append((old.start, new.start, prefix))
        old = range(old.start + prefix, old.stop - suffix)
        new = range(new.start + prefix, new.stop - suffix)
        cells = len(old) * len(new)
        if 0 < cells <= min(_EXHAUSTIVE_CELLS_MAX, self.cells_left):
            self.cells_left -= cells
            self._match_exhaustively(old, new)
        elif cells and rounds:
            anchors = _anchors(self.before, self.after, old, new)
            corners = [(old.start, new.start), *anchors, (old.stop, new.stop)]
            # Each stretch after the first begins with its anchor, which then is its common prefix.
            for (old_start, new_start), (old_stop, new_stop) in pairwise(corners) if anchors else ():
                self.match(range(old_start, old_stop), range(new_start, new_stop), rounds - 1)
        if suffix:
            self.matches.append((old.stop, new.stop, suffix))

    def _match_exhaustively(self, old: range, new: range) -> None:
        before, after = self.before[old.start : old.stop], self.after[new.start : new.stop]
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()[:-1]
        self.matches.extend((old.start + block.a, new.start + block.b, block.size) for block in blocks)


def _common_ends(before: Sequence[Hashable], after: Sequence[Hashable], old: range, new: range) -> tuple[int, int]:
    """How many items the stretches share at the beginning, and of the rest at the end."""
    shorter = min(len(old), len(new))
    prefix = 0
    while prefix < shorter and before[old.start + prefix] == after[new.start + prefix]:
        prefix += 1
    suffix = 0
    while suffix < shorter - prefix and before[old.stop - 1 - suffix] == after[new.stop - 1 - suffix]:
        suffix += 1
    return prefix, suffix


def _anchors(before: Sequence[Hashable], after: Sequence[Hashable], old: range, new: range) -> list[tuple[int, int]]:
    """Position pairs of items that occur once in each stretch, as many as keep their order."""
    old_counts = Counter(before[old.start : old.stop])
    new_counts = Counter(after[new.start : new.stop])
    places = {after[position]: position for position in new if new_counts[after[position]] == 1}
    pairs = [
        (position, places[before[position]])
        for position in old
        if old_counts[before[position]] == 1 and before[position] in places
    ]
    return [pairs[position] for position in longest_increasing([place for _, place in pairs])]


def _by_lines(before: str, after: str) -> Iterator[_Piece]:
    old_lines, new_lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    tokens_left = TOKENS_MAX
    for run in align(old_lines, new_lines):
        old = old_lines[run.before.start : run.before.stop]
        new = new_lines[run.after.start : run.after.stop]
        if run.equal:
            yield _Piece(True, "".join(old), "".join(new))
            continue
        # Lines that were edited in place pair up; otherwise the stretch is compared as one text.
        pairs = zip(old, new, strict=True) if len(old) == len(new) else [("".join(old), "".join(new))]
        for old_text, new_text in pairs:
            pieces, tokens = _by_words(old_text, new_text, tokens_left)
            tokens_left -= tokens
            readable = len(old_lines) == len(new_lines) == 1 or _common_share(pieces) >= COMMON_SHARE_MIN
            yield from pieces if readable else [_Piece(False, old_text, new_text)]


def _by_words(before: str, after: str, tokens_max: int) -> tuple[list[_Piece], int]:
    """The pieces of two texts, and how many tokens were aligned for them."""
    old_tokens: list[str] = _TOKEN.findall(before)
    new_tokens: list[str] = _TOKEN.findall(after)
    prefix, suffix = _common_ends(old_tokens, new_tokens, range(len(old_tokens)), range(len(new_tokens)))
    old_middle = old_tokens[prefix : len(old_tokens) - suffix]
    new_middle = new_tokens[prefix : len(new_tokens) - suffix]
    tokens = max(len(old_middle), len(new_middle))
    start = "".join(old_tokens[:prefix])
    end = "".join(old_tokens[len(old_tokens) - suffix :])
    if tokens > tokens_max:
        middle, tokens = [_Piece(False, "".join(old_middle), "".join(new_middle))], 0
    else:
        middle = [
            _Piece(
                run.equal,
                "".join(old_middle[run.before.start : run.before.stop]),
                "".join(new_middle[run.after.start : run.after.stop]),
            )
            for run in align(old_middle, new_middle)
        ]
    return [_Piece(True, start, start), *middle, _Piece(True, end, end)], tokens


def _joined(pieces: Iterable[_Piece]) -> list[_Piece]:
    """Neighbours of a kind as one; two changes with nothing but spaces between them as one."""
    joined: list[_Piece] = []
    for piece in pieces:
        if not piece.before and not piece.after:
            continue
        if len(joined) > 1 and not piece.equal and not joined[-2].equal and _is_gap(joined[-1]):
            gap = joined.pop()
            joined.append(_joined_pair(joined.pop(), gap, equal=False))
        if joined and joined[-1].equal == piece.equal:
            piece = _joined_pair(joined.pop(), piece, equal=piece.equal)
        joined.append(piece)
    return joined


def _joined_pair(first: _Piece, second: _Piece, *, equal: bool) -> _Piece:
    return _Piece(equal, first.before + second.before, first.after + second.after)


def _is_gap(piece: _Piece) -> bool:
    return piece.equal and piece.before.isspace() and "\n" not in piece.before


def _common_share(pieces: list[_Piece]) -> float:
    characters = sum(len(piece.before) + len(piece.after) for piece in pieces)
    return sum(2 * len(piece.before) for piece in pieces if piece.equal) / characters if characters else 0.0


def _spans(pieces: list[_Piece]) -> Iterator[Span]:
    for piece in pieces:
        if piece.equal:
            yield Span("equal", piece.before)
            continue
        if piece.before:
            yield Span("removed", piece.before)
        if piece.after:
            yield Span("added", piece.after)
