"""One agent's history as sorted arrays: its outline at any moment is a binary search, values come when asked for."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

import numpy
import numpy.typing

from playhead import codec
from playhead.generation import View
from playhead.history import History
from playhead.model import Address, AgentAddress, Record

Integers: TypeAlias = numpy.typing.NDArray[numpy.int64]
Booleans: TypeAlias = numpy.typing.NDArray[numpy.bool_]

VALUE_CACHE_RECORDS = 4_096
NUMBER_BYTES = 2_048
"""Values whose text is longer are not looked through for numbers."""
_NUMBER_TYPES = "('UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE')"


@dataclass(frozen=True, slots=True)
class Outline:
    """Which keys there are at a moment and when each last changed; the arrays run in parallel, sorted by key."""

    keys: list[str]
    """Every key written by then, deleted ones included."""
    versions: Integers
    commit_ts: Integers
    exists: Booleans


class Timeline:
    """Every version of every key of one agent: key, version, commit_ts, existence; sorted by (key, version)."""

    def __init__(self, history: History, view: View, agent: AgentAddress) -> None:
        self.agent = agent
        self._history = history
        self._view = view
        self._records: OrderedDict[tuple[str, int], Record] = OrderedDict()
        self.keys: list[str] = []
        self._key_rows: Integers = numpy.zeros(0, numpy.int64)
        self._versions: Integers = numpy.zeros(0, numpy.int64)
        self._commits: Integers = numpy.zeros(0, numpy.int64)
        self._exists: Booleans = numpy.zeros(0, numpy.bool_)
        self.head = 0
        self._load(view)

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def refresh(self, view: View) -> bool:
        """Take in what was committed since. True where this agent changed."""
        before = len(self._commits)
        if view.head > self.head:
            self._load(view)
        self._view = view
        return len(self._commits) != before

    def _load(self, view: View) -> None:
        new = list(self._history.runs(view, self.agent, self.head + 1))
        new_keys = [part.names["key"].to_pylist() for part in new]
        keys = sorted({*self.keys, *chain.from_iterable(new_keys)})
        row_of = {key: row for row, key in enumerate(keys)}
        old_rows = numpy.array([row_of[key] for key in self.keys], numpy.int64)
        new_rows = [
            numpy.repeat(numpy.array([row_of[key] for key in of_part], numpy.int64), part.lengths)
            for part, of_part in zip(new, new_keys, strict=True)
        ]
        key_rows = numpy.concatenate([old_rows[self._key_rows], *new_rows])
        versions = numpy.concatenate([self._versions, *(part.versions() for part in new)])
        # Stable, because that one merges stretches that are in order already, as each segment is.
        order = numpy.argsort(key_rows * (int(versions.max(initial=0)) + 1) + versions, kind="stable")
        self.keys = keys
        self._key_rows, self._versions = key_rows[order], versions[order]
        self._commits = numpy.concatenate([self._commits, *(part.commits for part in new)])[order]
        self._exists = numpy.concatenate([self._exists, *(part.written for part in new)])[order]
        self.head = view.head
        # Key and commit_ts in one ascending number, so that one search finds a key's last row by any moment.
        self._stride = self.head + 1
        self._ranks: Integers = self._key_rows * self._stride + self._commits
        self._starts: Integers = numpy.searchsorted(self._key_rows, numpy.arange(len(keys)))
        self._firsts: dict[str, int] | None = None
        touched = numpy.zeros(self.head + 1, numpy.bool_)
        touched[self._commits] = True
        self.commits: Integers = numpy.flatnonzero(touched)
        """Every commit_ts that touched this agent, ascending."""

    # ── the state's outline ──────────────────────────────────────────────────────────────────────────────────────────

    def outline(self, at: int) -> Outline:
        """The keys at a moment, without values (S16)."""
        rows = self._rows_at(at)
        known = numpy.flatnonzero(rows >= self._starts)
        rows = rows[known]
        return Outline([self.keys[row] for row in known], self._versions[rows], self._commits[rows], self._exists[rows])

    def _rows_at(self, at: int) -> Integers:
        wanted = numpy.arange(len(self.keys)) * self._stride + min(at, self.head)
        return numpy.searchsorted(self._ranks, wanted, side="right") - 1

    def _key_slice(self, key: str) -> slice:
        """The rows of one key; empty for a key that was never written."""
        # Not numpy's search: it would convert the whole list, and takes "a" and "a\0" for one key.
        row = bisect_left(self.keys, key)
        if row == len(self.keys) or self.keys[row] != key:
            return slice(0, 0)
        end = int(self._starts[row + 1]) if row + 1 < len(self.keys) else len(self._commits)
        return slice(int(self._starts[row]), end)

    def knows(self, key: str) -> bool:
        """Whether the agent ever wrote the key."""
        rows = self._key_slice(key)
        return bool(rows.start < rows.stop)

    def history(self, key: str) -> tuple[Integers, Integers, Booleans]:
        """Every version of a key, oldest first: versions, commit_ts, and whether each exists."""
        rows = self._key_slice(key)
        return self._versions[rows], self._commits[rows], self._exists[rows]

    def first_commits(self, keys: Iterable[str]) -> list[int]:
        """When each of these keys was written for the first time; it has to be one of the agent's."""
        if self._firsts is None:
            self._firsts = dict(zip(self.keys, self._commits[self._starts].tolist(), strict=True))
        return [self._firsts[key] for key in keys]

    def version_at(self, key: str, at: int) -> int:
        """The key's version at a moment; 0 where it was not written yet."""
        versions, commits, _ = self.history(key)
        row = int(numpy.searchsorted(commits, at, side="right")) - 1
        return int(versions[row]) if row >= 0 else 0

    def exists_before(self, key: str, at: int) -> bool:
        """Whether the key existed just before a commit."""
        _, commits, exists = self.history(key)
        row = int(numpy.searchsorted(commits, at, side="left")) - 1
        return row >= 0 and bool(exists[row])

    def next_change(self, key: str, at: int) -> int | None:
        """The first commit after `at` that wrote or deleted the key."""
        commits = self._commits[self._key_slice(key)]
        row = int(numpy.searchsorted(commits, at, side="right"))
        return int(commits[row]) if row < len(commits) else None

    def previous_change(self, key: str, at: int) -> int | None:
        """The last commit before `at` that wrote or deleted the key."""
        commits = self._commits[self._key_slice(key)]
        row = int(numpy.searchsorted(commits, at, side="left")) - 1
        return int(commits[row]) if row >= 0 else None

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def record(self, key: str, at: int) -> Record:
        """The record at a moment (S16), from memory where it was read a moment ago."""
        return self.records([key], at)[key]

    def records(self, keys: Iterable[str], at: int) -> dict[str, Record]:
        """Several records at a moment in one question."""
        return self._fetch([(key, self.version_at(key, at)) for key in keys])

    def version_records(self, key: str, first: int, last: int, step: int = 1) -> list[Record]:
        """The key's versions first … last, as far as they exist, oldest first. Not cached: there may be many."""
        rows = self._key_slice(key)
        versions = range(max(first, 1), min(last, rows.stop - rows.start) + 1, step)
        address = Address(*self.agent, key)
        # Versions count from 1 without a gap (S2), so a version is also a row.
        commits = self._commits[rows][versions.start - 1 : versions.stop - 1 : step].tolist()
        records = self._history.records_at_versions(self._view, [(address, version) for version in versions], commits)
        return [records[address, version] for version in versions]

    def many_versions(self, wanted: Sequence[tuple[str, range]]) -> list[list[Record]]:
        """Versions of many keys, each of which exists, in one question; those of each oldest first. Not cached.

        They come without `committed_at`, for which events would have to be read.
        """
        pairs: list[tuple[str, int]] = []
        commits: list[int] = []
        for key, versions in wanted:
            first = self._key_slice(key).start + versions.start - 1
            pairs += [(key, version) for version in versions]
            commits += self._commits[first : first + len(versions)].tolist()
        with self._history.query(self._view) as query:
            lists = [query.parameter(list(column)) for column in zip(*pairs, strict=True)]
            # The agent is spelled out, so that footers tell which row groups hold none of it.
            rows = query.rows(
                "SELECT key, value, version, commit_ts, op = 'write' FROM (SELECT * FROM"
                f" {query.operations(commits=commits)} WHERE {query.agent(*self.agent)})"
                f" SEMI JOIN (SELECT unnest({lists[0]}) AS key, unnest({lists[1]}) AS version) USING (key, version)"
            )
        records = {
            (key, version): Record(
                *self.agent, key, codec.decode(value) if exists else None, version, commit_ts, None, exists
            )
            for key, value, version, commit_ts, exists in rows
        }
        return [[records[key, version] for version in versions] for key, versions in wanted]

    def numbers(self, key: str, commits: Sequence[int], members: Sequence[str]) -> dict[str, dict[int, float]]:
        """The numbers that a key was written with at these commits, by member and commit; those that are none left out.

        members: names of members, without quotes in them; an empty one for the value itself.
        """
        if not commits or not members:
            return {member: {} for member in members}
        with self._history.query(self._view) as query:
            paths = [query.parameter(f'$."{member}"' if member else "$") for member in members]
            found = ", ".join(
                f"CASE WHEN json_type(value, {path}) IN {_NUMBER_TYPES}"
                f" THEN json_extract_string(value, {path})::DOUBLE END"
                for path in paths
            )
            wanted = query.parameter(list(commits))
            here = " AND ".join(
                f"{name} = {query.parameter(text)}"
                for name, text in zip(("namespace", "agent_id", "key"), (*self.agent, key), strict=True)
            )
            rows = query.rows(
                f"SELECT commit_ts, {found} FROM {query.operations(commits=commits)} WHERE {here}"
                f" AND commit_ts IN (SELECT unnest({wanted}::BIGINT[])) AND value_bytes <= {NUMBER_BYTES}"
                " ORDER BY version"
            )
        return {
            member: {row[0]: row[column] for row in rows if row[column] is not None}
            for column, member in enumerate(members, 1)
        }

    def _fetch(self, wanted: Sequence[tuple[str, int]]) -> dict[str, Record]:
        answers: dict[str, Record] = {}
        missing: list[tuple[Address, int]] = []
        commits: list[int] = []
        for key, version in wanted:
            address = Address(*self.agent, key)
            cached = Record.unknown(address) if version == 0 else self._records.get((key, version))
            if cached is not None:
                answers[key] = cached
            else:
                missing.append((address, version))
                # Versions count from 1 without a gap (S2), so a version is also a row.
                commits.append(int(self._commits[self._key_slice(key).start + version - 1]))
        found = self._history.records_at_versions(self._view, missing, commits) if missing else {}
        for (address, version), record in found.items():
            answers[address.key] = self._records[address.key, version] = record
        while len(self._records) > VALUE_CACHE_RECORDS:
            self._records.popitem(last=False)
        return answers
