"""Where a text or a number came from: the events in which it first appeared, place by place, oldest first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from playhead import codec
from playhead.generation import View
from playhead.history import History
from playhead.json_path import Path
from playhead.model import JSON, Address
from playhead.query import Query

CANDIDATES_OF_FAMILY = 256
"""Versions of one family that are looked at for a first appearance."""
CANDIDATES_MAX = 20_000
CANDIDATES_AT_ONCE = 512
SPAN_CHARACTERS_MIN = 4
WORDS_MAX = 256
"""Of a text that was nowhere as a whole; the words behind are not searched for."""
_WORD = re.compile(r"\S+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Appearance:
    """The first event in which a text stood in some family of places, and the line that it stood in."""

    commit_ts: int
    address: Address
    version: int
    role: str
    """What the place is: `tool result`, `message`, `argument` or `state`."""
    path: Path
    line: str
    start: int
    """The first character of the line that is part of the text."""
    end: int
    """The character of the line behind the last."""

    @property
    def text(self) -> str:
        return self.line[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of where a text came from."""

    text: str
    whole: tuple[Appearance, ...]
    """Where the whole text first appeared, oldest first: once for each agent's kind of place."""
    parts: tuple[Appearance, ...]
    """Where nothing older held the whole text: the longest spans of it that were seen before, in their order in it."""


def role_of(key: str, path: Path) -> str:
    """What a place is, by the keys that all logs share."""
    if key.startswith("tool_calls/"):
        if path[:1] == ("result",):
            return "tool result"
        if path[:1] == ("args",):
            return "argument"
    return "message" if key.startswith("messages/") else "state"


class _Wanted:
    """A text, or a number however it is written."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._number = _plain_number(text)

    def condition(self, query: Query) -> str:
        """SQL that every value fulfils that may hold it."""
        if self._number is None:
            return f"contains(value, {query.parameter(_escaped(self.text))})"
        return f"regexp_matches(value, {query.parameter(f'(?:^|[^0-9])(?:{self._number})(?:$|[^0-9])')})"

    def places(self, value: JSON) -> Iterator[tuple[Path, str, int, int]]:
        """Each leaf that holds it: its path, the line or the whole text, and where in that it stands."""
        for path, leaf in leaves_of(value):
            if self._number is None:
                start = leaf.find(self.text)
                if start >= 0:
                    yield path, *_line_around(leaf, start, start + len(self.text))
                continue
            # A number is no part of a longer one, and not the negative one.
            found = re.search(rf"(?<![\d.,])(?<!\d-)(?<!^-)(?<!\s-)(?:{self._number})(?!\d|[.,]\d)", leaf)
            if found is not None:
                yield path, *_line_around(leaf, *found.span())


def _plain_number(text: str) -> str | None:
    """A pattern of the number that the text is, with or without a fraction of zeros and marks between thousands."""
    if not _NUMBER.fullmatch(text) or "e" in text.lower():
        return None
    whole, _, fraction = text.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    grouped = "".join(
        digit + (",?" if (len(digits) - place) % 3 == 1 and place < len(digits) - 1 else "")
        for place, digit in enumerate(digits)
    )
    fraction = fraction.rstrip("0")
    return sign + grouped + (rf"\.{fraction}0*" if fraction else r"(?:\.0+)?")


def _escaped(text: str) -> str:
    return codec.encode(text, "the text to look for").decode()[1:-1]


def _line_around(text: str, start: int, end: int) -> tuple[str, int, int]:
    """The line of a text that holds a stretch of it, and where; all lines that it reaches over."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return text[first : len(text) if last < 0 else last], start - first, end - first


def leaves_of(value: JSON, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every leaf of a value and every member's name, as text: numbers, true, false and null as JSON spells them."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name), name
            yield from leaves_of(member, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves_of(item, (*path, place))
    else:
        yield path, value if isinstance(value, str) else codec.encode(value, "a leaf").decode()


def part_of(value: JSON, path: Path) -> tuple[bool, JSON]:
    """Whether there is something at a path of a value, and what."""
    for step in path:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return False, None
            value = value[step]
        else:
            if not isinstance(value, list) or step >= len(value):
                return False, None
            value = value[step]
    return True, value


def scalars_of(value: JSON, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The texts and the numbers of a value, as text; true, false and null come from anywhere."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from scalars_of(member, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from scalars_of(item, (*path, place))
    elif value is not None and not isinstance(value, bool):
        yield path, value if isinstance(value, str) else codec.encode(value, "a leaf").decode()


def origin(history: History, view: View, text: str, at: int, own: Address | None = None) -> Origin:
    """Where the text came from, as far as the values up to a moment tell.

    A number is found however it is written: 12990, 12990.0, "12,990.00". `own` is the address whose value is asked
    about: that it holds the text itself is no origin. Where nothing older than the first of these appearances held the
    text, the longest spans of it that were seen before follow. Raises CorruptStoreError.
    """
    with history.query(view) as query:
        whole = _first_appearances(history, view, query, _Wanted(text), at)
        is_new = not whole or (own is not None and whole[0].address == own)
        parts: Sequence[Appearance] = ()
        if is_new and _plain_number(text) is None:
            before = whole[0].commit_ts - 1 if whole else at
            parts = _parts(history, view, query, text, before)
    return Origin(text, tuple(whole), tuple(parts))


def _first_appearances(history: History, view: View, query: Query, wanted: _Wanted, at: int) -> list[Appearance]:
    """The first of every family, oldest first; a family is what one agent has of one role under one first key part."""
    families: dict[tuple[str, str, str, str], Appearance] = {}
    for appearance in _appearances(history, view, query, wanted, at):
        address = appearance.address
        group = address.key.partition("/")[0] if appearance.role == "state" else ""
        families.setdefault((address.namespace, address.agent_id, appearance.role, group), appearance)
    return list(families.values())


def _appearances(history: History, view: View, query: Query, wanted: _Wanted, at: int) -> Iterator[Appearance]:
    """Every place that holds the text in the versions that come first in their family, oldest first."""
    if at < 1:
        return
    rows = query.rows(
        "SELECT commit_ts, op_index, namespace, agent_id, key, version FROM ("
        f"SELECT * FROM {query.operations(end=at)} WHERE op = 'write' AND {wanted.condition(query)})"
        " QUALIFY row_number() OVER (PARTITION BY namespace, agent_id, split_part(key, '/', 1)"
        f" ORDER BY commit_ts, op_index) <= {CANDIDATES_OF_FAMILY:d}"
        f" ORDER BY commit_ts, op_index LIMIT {CANDIDATES_MAX:d}"
    )
    for begin in range(0, len(rows), CANDIDATES_AT_ONCE):
        batch = rows[begin : begin + CANDIDATES_AT_ONCE]
        places = [(Address(*row[2:5]), row[5]) for row in batch]
        records = history.records_at_versions(view, places, [row[0] for row in batch])
        for (address, version), row in zip(places, batch, strict=True):
            for path, line, start, end in wanted.places(records[address, version].value):
                yield Appearance(row[0], address, version, role_of(address.key, path), path, line, start, end)


def _parts(history: History, view: View, query: Query, text: str, before: int) -> list[Appearance]:
    """The longest spans of a text that were seen up to a commit: halves of it, and their halves, until they are found.

    Each is widened to all that its line has in common with the text around it.
    """
    words = [match.span() for match in _WORD.finditer(text)][:WORDS_MAX]
    found: list[tuple[int, int, Appearance]] = []
    stretches = [(0, len(words))]
    while stretches:
        asked = [(text[words[first][0] : words[last - 1][1]], first, last) for first, last in stretches if last > first]
        stretches = []
        for span, first, last in asked:
            covered = any(
                start <= words[first][0] and words[last - 1][1] <= start + length for start, length, _ in found
            )
            if covered or not _is_telling(span):
                continue
            seen = next(_appearances(history, view, query, _Wanted(span), before), None)
            if seen is not None:
                found.append(_widened(text, words[first][0], span, seen))
            elif last - first > 1:
                middle = (first + last) // 2
                stretches += [(first, middle), (middle, last)]
    longest: list[tuple[int, int, Appearance]] = []
    for start, length, appearance in sorted(found, key=lambda each: -each[1]):
        if not any(other <= start and start + length <= other + size for other, size, _ in longest):
            longest.append((start, length, appearance))
    return [appearance for _, _, appearance in sorted(longest, key=lambda each: each[0])]


def _is_telling(span: str) -> bool:
    return len(span) >= SPAN_CHARACTERS_MIN or _NUMBER.fullmatch(span) is not None


def _widened(text: str, place: int, span: str, seen: Appearance) -> tuple[int, int, Appearance]:
    """Where in the text the longest stretch begins that the line shares with it, how long it is, and where it stood."""
    line, start, end = seen.line, seen.start, seen.end
    if line[start:end] != span:
        # A number that is written otherwise.
        return place, len(span), seen
    stop = place + len(span)
    while place and start and text[place - 1] == line[start - 1]:
        place, start = place - 1, start - 1
    while stop < len(text) and end < len(line) and text[stop] == line[end]:
        stop, end = stop + 1, end + 1
    widened = Appearance(seen.commit_ts, seen.address, seen.version, seen.role, seen.path, line, start, end)
    return place, stop - place, widened
