"""The pickaxe: which events brought a text into some value or took it out, looked for segment by segment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from playhead import codec, question
from playhead.errors import InvalidArgumentError
from playhead.generation import View
from playhead.history import History
from playhead.json_path import Path
from playhead.latest import Integers
from playhead.model import JSON, Address
from playhead.query import Query

COMMITS_AT_ONCE, COMMITS_AT_ONCE_MAX = 4_096, 262_144
"""Of a search that goes backwards: how many commits a stretch has at first, and at most; each has twice as many."""
FEW_HITS = 32
"""A stretch with fewer ends the search backwards."""
_BACKWARDS = "ORDER BY commit_ts DESC, namespace, agent_id, key, version"
_SHARED = re.compile(r"(?:\(\?i\))?(?:\(\?:|\((?!\?)|\\[dDwWsSb.*+?()\[\]{}|/-]|\[(?!\[)|[^\\^$(\[])*")
_DOUBLED = re.compile(r"[*+?}]\+")
"""Patterns that DuckDB's smaller language takes for the same, and that a text around the line does not disturb."""


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """A line of some leaf of a value that came or went."""

    sign: Literal["+", "-"]
    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A version that holds what is looked for more often, less often, or on other lines than the one before it."""

    commit_ts: int
    address: Address
    version: int
    lines: tuple[ChangedLine, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which operations are looked through."""

    namespace: str | None = None
    agent_id: str | None = None
    key: str | None = None
    """A glob that keys have to match: `*` any characters, `?` one, `[ab]` one of these."""
    start: int = 1
    end: int | None = None

    def __post_init__(self) -> None:
        if self.key is not None:
            codec.encode(self.key, "the glob of keys")

    def condition(self, query: Query) -> str:
        condition = query.agent(self.namespace, self.agent_id)
        return condition if self.key is None else f"{condition} AND key GLOB {query.parameter(self.key)}"


class Text:
    """A text, and how often it occurs in a value's JSON text (members' names are part of it)."""

    def __init__(self, text: str) -> None:
        """Raises InvalidArgumentError for an empty text."""
        if not text:
            raise InvalidArgumentError("the text to look for is empty")
        self._text = text
        self._escaped = codec.encode(text, "the text to look for").decode()[1:-1]

    def count(self, query: Query, value: str) -> str:
        wanted = query.parameter(self._escaped)
        size = f"strlen({wanted})"
        return (
            f"CASE WHEN contains({value}, {wanted})"
            f" THEN (strlen({value}) - strlen(replace({value}, {wanted}, ''))) // {size} ELSE 0 END"
        )

    def matches(self, line: str) -> bool:
        return self._text in line

    counts = True


class Pattern:
    """A regular expression (Python's, `\\w` and `\\d` meaning ASCII), and the lines of a value's leaves it matches."""

    def __init__(self, pattern: str) -> None:
        """Raises InvalidArgumentError where it cannot be read."""
        codec.encode(pattern, "the regular expression")
        try:
            self._pattern = re.compile(pattern, re.ASCII)
        except re.error as error:
            raise InvalidArgumentError(f"{pattern!r} is no regular expression: {error}") from None

    def count(self, query: Query, value: str) -> str:
        """1 for every value that may hold such a line: which ones do is decided line by line."""
        pattern = self._pattern.pattern
        if not _SHARED.fullmatch(pattern) or _DOUBLED.search(pattern):
            return "1"
        wanted, plain = query.parameter(pattern), value
        for escaped, text in (('\\"', '"'), ("\\n", "\n"), ("\\t", "\t"), ("\\r", "\r")):
            plain = f"replace({plain}, {query.parameter(escaped)}, {query.parameter(text)})"
        # Other escapes are rare, and whatever holds one is looked at.
        others = query.parameter(r'\\[^"ntr]')
        return (
            f"CASE WHEN regexp_matches({value}, {wanted}) THEN 1 WHEN NOT contains({value}, {query.parameter(chr(92))})"
            f" THEN 0 WHEN regexp_matches({value}, {others}) OR regexp_matches({plain}, {wanted}) THEN 1 ELSE 0 END"
        )

    def matches(self, line: str) -> bool:
        return self._pattern.search(line) is not None

    counts = False


def search(
    history: History, view: View, wanted: Text | Pattern, scope: Scope, *, newest_first: bool = False
) -> Iterator[Hit]:
    """Every version whose count of the text (whose matching lines) differs from the key's previous version.

    By commit, and those of a commit by address. Memory follows how many keys hold what is looked for, and how long
    their values are; newest first, what is rare has to be found everywhere before its older half is told, and DuckDB
    keeps that, on disk where it is much. Raises CorruptStoreError.
    """
    end = view.head if scope.end is None else min(scope.end, view.head)
    with history.query(view) as query:
        borders = [segment.last for segment in view.segments]
        looking = _Looking(query, borders, wanted, scope, end - scope.start + 1)
        yield from looking.descending(scope.start, end) if newest_first else looking.ascending(scope.start, end)


class _Looking:
    """One search, stretch by stretch, each in tables of its own."""

    def __init__(self, query: Query, borders: list[int], wanted: Text | Pattern, scope: Scope, commits: int) -> None:
        self._query = query
        self._borders = borders
        """The last commits of segments, ascending: a segment is read once."""
        self._wanted = wanted
        self._scope = scope
        self._commits, self._searched = commits, 0

    def ascending(self, first: int, last: int) -> Iterator[Hit]:
        for _ in self._stretches(first, last):
            yield from self._hits(self._query.stream(f"{self._changes()} ORDER BY ALL"))

    def descending(self, first: int, last: int) -> Iterator[Hit]:
        """The newest commits come backwards, for as long as that is worth reading what came before each stretch."""
        size = COMMITS_AT_ONCE
        while last >= first:
            begin = max(first, last - size + 1)
            found = 0
            for _ in self._stretches(begin, last, borders=[]):
                for hit in self._hits(self._query.stream(f"{self._changes()} {_BACKWARDS}")):
                    found += 1
                    yield hit
            last, size = begin - 1, min(2 * size, COMMITS_AT_ONCE_MAX)
            if found < FEW_HITS:
                break
        # What is rare is found in less time from the beginning on, where nothing is read twice.
        self._query.run(
            "CREATE TEMP TABLE changes (commit_ts BIGINT, namespace VARCHAR, agent_id VARCHAR, key VARCHAR,"
            " version BIGINT, before VARCHAR, after VARCHAR)"
        )
        for _ in self._stretches(first, last):
            self._query.run(f"INSERT INTO changes {self._changes()}")
        yield from self._hits(self._query.stream(f"SELECT * FROM changes {_BACKWARDS}"))

    def _stretches(self, first: int, last: int, borders: list[int] | None = None) -> Iterator[None]:
        """Fill the tables `found`, `known` and `following` for one stretch after the other, cut at the borders."""
        if first > last:
            return
        borders = self._borders if borders is None else borders
        self._carry_into(first, last)
        for end in [*(border for border in borders if first <= border < last), last]:
            self._look_through(first, end)
            self._searched += end - first + 1
            question.tell(self._searched / self._commits)
            yield
            self._query.run(
                "CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM known k ANTI JOIN following f ON"
                " f.namespace = k.namespace AND f.agent_id = k.agent_id AND f.key = k.key AND f.version = k.version + 1"
            )
            first = end + 1

    def _carry_into(self, first: int, last: int) -> None:
        """Let `carried` be what the first version of each key in a stretch compares with."""
        query = self._query
        # Before the first commit there is nothing, and nothing is read.
        operations = query.operations(first, last if first > 1 else 0)
        query.run(
            "CREATE OR REPLACE TEMP TABLE earlier AS SELECT namespace, agent_id, key, version - 1 AS version,"
            f" previous_commit_ts AS commit_ts FROM {operations}"
            f" WHERE {self._scope.condition(query)} AND previous_commit_ts BETWEEN 1 AND {first - 1:d}"
        )
        commits = query.arrays("SELECT DISTINCT commit_ts FROM earlier")["commit_ts"]
        count = self._wanted.count(query, "value")
        query.run(
            "CREATE OR REPLACE TEMP TABLE carried AS SELECT * FROM ("
            f"SELECT namespace, agent_id, key, version, {count} AS count, value"
            f" FROM {query.operations(1, first - 1, commits=commits)}"
            " SEMI JOIN earlier USING (namespace, agent_id, key, version) WHERE op = 'write') WHERE count > 0"
        )

    def _look_through(self, first: int, last: int) -> None:
        query = self._query
        operations, condition = query.operations(first, last), self._scope.condition(query)
        count = self._wanted.count(query, "value")
        query.run(
            "CREATE OR REPLACE TEMP TABLE found AS SELECT * FROM ("
            "SELECT namespace, agent_id, key, version, commit_ts, value,"
            f" {count} AS count FROM {operations} WHERE {condition} AND op = 'write') WHERE count > 0"
        )
        query.run(
            "CREATE OR REPLACE TEMP TABLE known AS SELECT * FROM carried UNION ALL"
            " SELECT namespace, agent_id, key, version, count, value FROM found"
        )
        # Versions count from 1 without a gap (S2), so what follows a version has the next number.
        query.run(
            "CREATE OR REPLACE TEMP TABLE following AS SELECT o.namespace, o.agent_id, o.key, o.version, o.commit_ts"
            f" FROM {query.operations(first, last)} o SEMI JOIN known k ON o.namespace = k.namespace"
            " AND o.agent_id = k.agent_id AND o.key = k.key AND o.version = k.version + 1"
        )

    def _changes(self) -> str:
        """SQL of the versions of the stretch that differ from the one before, with both values."""
        counts = " WHERE coalesce(before.count, 0) != coalesce(after.count, 0)" if self._wanted.counts else ""
        return (
            "SELECT changed.*, before.value AS before, after.value AS after FROM ("
            "SELECT commit_ts, namespace, agent_id, key, version FROM found"
            " UNION SELECT commit_ts, namespace, agent_id, key, version FROM following) changed"
            " LEFT JOIN known after ON changed.namespace = after.namespace AND changed.agent_id = after.agent_id"
            " AND changed.key = after.key AND changed.version = after.version"
            " LEFT JOIN known before ON changed.namespace = before.namespace AND changed.agent_id = before.agent_id"
            f" AND changed.key = before.key AND changed.version = before.version + 1{counts}"
        )

    def _hits(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[Hit]:
        """The rows as hits; lines are looked at only when one is asked for."""
        for commit_ts, namespace, agent_id, key, version, before, after in rows:
            lines = _changed_lines(self._wanted, before, after)
            if lines or self._wanted.counts:
                yield Hit(commit_ts, Address(namespace, agent_id, key), version, lines)


def _changed_lines(wanted: Text | Pattern, before: str | None, after: str | None) -> tuple[ChangedLine, ...]:
    """The matching lines that one of two values has, and the other has not as often."""
    old, new = (Counter(_matching(wanted, value)) for value in (before, after))
    gone = [ChangedLine("-", path, text) for (path, text), count in (old - new).items() for _ in range(count)]
    return (*gone, *(ChangedLine("+", path, text) for (path, text), count in (new - old).items() for _ in range(count)))


def _matching(wanted: Text | Pattern, value: str | None) -> Iterator[tuple[Path, str]]:
    if value is None:
        return
    for path, line in lines_of(codec.decode(value)):
        if wanted.matches(line):
            yield path, line


def lines_of(value: JSON, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every line of a value with the path of its leaf: texts line by line, and members' names."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name), name
            yield from lines_of(member, (*path, name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from lines_of(item, (*path, place))
    elif isinstance(value, str):
        for line in value.splitlines() or [""]:
            yield path, line
    else:
        yield path, codec.encode(value, "a leaf").decode()


def matching_commits(history: History, view: View, scope: Scope) -> Integers:
    """The commits that hold an operation in the scope, ascending."""
    end = view.head if scope.end is None else min(scope.end, view.head)
    with history.query(view) as query:
        source = query.operations(scope.start, end)
        found = query.arrays(
            f"SELECT DISTINCT commit_ts FROM {source} WHERE {scope.condition(query)} ORDER BY commit_ts"
        )
    return cast(Integers, found["commit_ts"])
