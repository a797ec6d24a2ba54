"""What a cursor answers about state over time, beside moving and looking: the verbs of the `:` line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby
from typing import TYPE_CHECKING

import numpy

from playhead.errors import InvalidArgumentError
from playhead.json_path import format_address
from playhead.kept import Kept
from playhead.model import JSON, Address, AgentAddress, Change

# What answers a question is imported when the first one is asked: a debugger shows a run before.
if TYPE_CHECKING:
    from playhead import pickaxe
    from playhead.blame import BlameRow
    from playhead.compare import Comparison
    from playhead.conditions import Conditions, Interval, Series
    from playhead.diff import Path
    from playhead.origin import Origin
    from playhead.path_history import PathChange
    from playhead.pickaxe import Hit
    from playhead.store import Store
    from playhead.timeline import Timeline
    from playhead.track import EventLine, EventLines, Track

KEPT_ANSWERS = 64


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value that a path had over a stretch of commits."""

    first: int
    last: int
    """The last commit at which it was still there."""
    exists: bool
    """False over a stretch without a value."""
    value: JSON
    events: EventLines = field(repr=False, compare=False)
    """Those of all the values of one answer."""

    @property
    def event(self) -> EventLine:
        """What brought it about: read from the store, which has to be open, when that is asked for."""
        return self.events[self.first]


@dataclass(frozen=True, slots=True)
class BlamedLeaf:
    """One leaf of a state, and the event that wrote it."""

    key: str
    row: BlameRow
    event: EventLine


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit of a log, and the versions in which what was searched for came or went."""

    commit_ts: int
    hits: tuple[Hit, ...] = ()


class Verbs:
    """Questions about the whole past, asked from a position. Each may read from disk; none changes anything."""

    store: Store
    track: Track
    agent: AgentAddress
    position: int

    def __init__(self) -> None:
        self._path_changes: Kept[tuple[AgentAddress, str, Path, int], list[PathChange]] = Kept(KEPT_ANSWERS)
        self._intervals: Kept[tuple[str, AgentAddress, int], list[Interval]] = Kept(KEPT_ANSWERS)

    def _jump(self, commit_ts: int) -> bool:
        raise NotImplementedError

    @property
    def timeline(self) -> Timeline:
        raise NotImplementedError

    @property
    def conditions(self) -> Conditions:
        from playhead.conditions import Conditions

        return Conditions(self.store.history, self.track.view, self.agent)

    def agents_with(self, key: str) -> list[AgentAddress]:
        """Every agent that ever had the key, sorted (S17)."""
        with self.store.history.query(self.track.view) as query:
            return query.agents(key)

    def when(self, expression: str) -> list[Interval]:
        """Every interval of commits in which the expression is true, oldest first (docs/expressions.md).

        Raises QueryError pointing at what cannot be read, a key that never was, or values that cannot be compared.
        """
        asked = (expression, self.agent, self.track.head)
        return self._intervals.answer(asked, lambda: self.conditions.when(expression))

    def run_forward(self, expression: str, count: int = 1) -> bool:
        """Go on to the next commit at which the expression becomes true. False where there is none.

        Raises QueryError like `when`.
        """
        begins = [interval.first for interval in self.when(expression) if interval.first > self.position]
        return bool(begins) and self._jump(begins[min(count, len(begins)) - 1])

    def run_back(self, expression: str, count: int = 1) -> bool:
        """Go back to the commit before this one at which the expression became true. False where there is none."""
        begins = [interval.first for interval in self.when(expression) if interval.first < self.position]
        return bool(begins) and self._jump(begins[-min(count, len(begins))])

    def path_history(self, key: str, path: Path = ()) -> list[PathChange]:
        """Every commit that changed the value at a path of a key of this agent, oldest first."""
        from playhead.path_history import path_changes

        asked = (self.agent, key, path, self.track.head)
        address = Address(*self.agent, key)
        return self._path_changes.answer(
            asked, lambda: path_changes(self.store.history, self.track.view, address, path)
        )

    def last(self, key: str, path: Path = (), count: int = 1) -> PathChange | None:
        """Go back to the commit before this one that changed the value at the path; None where there is none.

        Not merely one that wrote its key: this is the reverse watchpoint. Asked again, it goes further back.
        """
        found = [change for change in self.path_history(key, path) if change.commit_ts < self.position]
        return self._go_to_change(found[-min(count, len(found))]) if found else None

    def next(self, key: str, path: Path = (), count: int = 1) -> PathChange | None:
        """Go on to the next commit that changes the value at the path; None where there is none."""
        found = [change for change in self.path_history(key, path) if change.commit_ts > self.position]
        return self._go_to_change(found[min(count, len(found)) - 1]) if found else None

    def _go_to_change(self, change: PathChange) -> PathChange:
        self._jump(change.commit_ts)
        return change

    def held_values(self, key: str, path: Path = ()) -> list[HeldValue]:
        """Every value that the path has had, oldest first: from when to when, and by which event."""
        from playhead.track import EventLines

        changes = self.path_history(key, path)
        events = EventLines(self.track, (change.commit_ts for change in changes))
        lasts = [*(change.commit_ts - 1 for change in changes[1:]), self.track.head][: len(changes)]
        return [
            HeldValue(change.commit_ts, last, change.exists, change.after, events)
            for change, last in zip(changes, lasts, strict=True)
        ]

    def blame_state(self, key: str | None = None, path: Path = ()) -> list[BlamedLeaf]:
        """Each leaf of the agent's state at the playhead (of one key, of what is below a path), and who wrote it.

        Keys are sorted; the leaves of each come in document order. See `blame` for who counts as the writer.
        """
        from playhead.blame import blame_all

        timeline = self.timeline
        keys = [key] if key is not None else timeline.outline(self.position).keys
        records = list(timeline.records(keys, self.position).values())
        blamed = [
            (record.key, row)
            for record, rows in zip(records, blame_all(records, timeline.many_versions), strict=True)
            for row in rows
            if row.path[: len(path)] == path
        ]
        events = self.track.lines(row.commit_ts for _, row in blamed)
        return sorted((BlamedLeaf(each, row, events[row.commit_ts]) for each, row in blamed), key=lambda leaf: leaf.key)

    def log(
        self,
        text: str | None = None,
        regex: str | None = None,
        *,
        key: str | None = None,
        kind: str | None = None,
        namespace: str | None = None,
        agent_id: str | None = None,
        start: int = 1,
        end: int | None = None,
        newest_first: bool = False,
    ) -> Iterator[LogEntry]:
        """The commits of the run from start to end, as they are found, oldest first.

        With a text, only those that wrote a value in which it occurs more or less often than in the key's version
        before; with a regex, only those in which matching lines came or went. `key` and `kind` are globs; without a
        namespace and an agent_id, all agents' writes count. Newest first, a search for what is rare tells its older
        hits only at its end.
        Raises InvalidArgumentError for a regex that cannot be read, and for an empty text.
        """
        from playhead import pickaxe

        end = self.track.head if end is None else min(end, self.track.head)
        scope = pickaxe.Scope(namespace, agent_id, key, start, end)
        if text is None and regex is None:
            return self._log(scope, kind, newest_first)
        wanted = pickaxe.Text(text) if text is not None else pickaxe.Pattern(str(regex))
        return self._searched(wanted, scope, kind, newest_first)

    def _log(self, scope: pickaxe.Scope, kind: str | None, newest_first: bool) -> Iterator[LogEntry]:
        from playhead import pickaxe

        if scope.key is scope.agent_id is scope.namespace is None:
            commits = numpy.arange(scope.start, (scope.end or 0) + 1)
        else:
            commits = pickaxe.matching_commits(self.store.history, self.track.view, scope)
        for commit_ts in reversed(commits.tolist()) if newest_first else commits.tolist():
            if kind is None or fnmatchcase(self.track.kind(commit_ts), kind):
                yield LogEntry(commit_ts)

    def _searched(
        self,
        wanted: pickaxe.Text | pickaxe.Pattern,
        scope: pickaxe.Scope,
        kind: str | None,
        newest_first: bool,
    ) -> Iterator[LogEntry]:
        from playhead import pickaxe

        hits = pickaxe.search(self.store.history, self.track.view, wanted, scope, newest_first=newest_first)
        for commit_ts, of_commit in groupby(hits, lambda hit: hit.commit_ts):
            if kind is None or fnmatchcase(self.track.kind(commit_ts), kind):
                yield LogEntry(commit_ts, tuple(of_commit))

    def origin(self, text: str) -> Origin:
        """Where a text or a number came from, as far as the values of all agents up to the playhead tell."""
        from playhead.origin import origin

        return origin(self.store.history, self.track.view, text, self.position)

    def origins(self, key: str, path: Path = ()) -> list[Origin]:
        """Where the texts and numbers of this agent's value at a path came from: one answer for each leaf."""
        from playhead.origin import origin, part_of, scalars_of

        record = self.timeline.record(key, self.position)
        found, value = part_of(record.value, path) if record.exists else (False, None)
        if not found:
            raise InvalidArgumentError(f"there is nothing at {format_address(key, path)} at commit {self.position}")
        texts = dict.fromkeys(text for _, text in scalars_of(value))
        return [
            origin(self.store.history, self.track.view, text, self.position, record.address) for text in texts if text
        ]

    def fold_without(self, commits: Collection[int], *, every_agent: bool = False) -> list[Change]:
        """How the state here would differ if these recorded events had not happened, sorted by address.

        A counterfactual of the record: what came later is taken as it was written, whatever had been read before.
        """
        from playhead.counterfactual import fold_without

        scope = (None, None) if every_agent else (self.agent.namespace, self.agent.agent_id)
        return fold_without(self.store.history, self.track.view, self.position, commits, *scope)

    def compare(self, other: Verbs, *, every_agent: bool = False) -> Comparison:
        """How this run and another differ, whole: of the two cursors' agents, or of all. See `compare.compare`."""
        from playhead.compare import compare

        return compare(self, other, every_agent=every_agent)

    def watch(self, expressions: Sequence[str]) -> list[Series]:
        """What each expression's value has been over the whole past. Raises QueryError like `when`."""
        return [self.conditions.series(expression) for expression in expressions]
