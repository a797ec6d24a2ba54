"""How much every event did, and by which agent: arrays for a timeline, read once and then only what is new."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy

from playhead.generation import View
from playhead.history import History
from playhead.model import AgentAddress
from playhead.runs import Runs
from playhead.timeline import Booleans, Integers


def _zero() -> Integers:
    return numpy.zeros(1, numpy.int64)


@dataclass(slots=True)
class AgentActivity:
    """What one agent did: the commits that touched it, ascending, and a running total of its operations there."""

    commits: Integers = field(default_factory=lambda: _zero()[:0])
    totals: Integers = field(default_factory=_zero)
    """One more than there are commits: how many operations came before each of them, and how many there are in all."""

    def add(self, commits: Integers, counts: Integers) -> None:
        self.commits = numpy.concatenate([self.commits, commits])
        self.totals = numpy.concatenate([self.totals, self.totals[-1] + numpy.cumsum(counts)])

    def between(self, starts: Integers) -> Integers:
        """The operations from each of these commits up to the next one of them; one fewer than there are commits."""
        return numpy.diff(self.totals[numpy.searchsorted(self.commits, starts)])


class Activity:
    """Nothing is read before it is asked for. Methods that take a view read on up to its head."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._totals = _zero()
        self._timed: Booleans = numpy.zeros(0, numpy.bool_)
        self.agents: dict[AgentAddress, AgentActivity] = {}
        """What every agent did, as far as `read_agents` has come."""
        self.agents_head = 0
        """The commit up to which `agents` is complete."""
        self._reading: tuple[int, Iterator[Runs]] | None = None

    def totals(self, view: View) -> Integers:
        """A running total of operations: how many there were up to each commit, 0 included."""
        self._read_events(view)
        return self._totals

    def is_timed(self, view: View) -> Booleans:
        """Of every event whether its source tells when it happened (S29)."""
        self._read_events(view)
        return self._timed

    def _read_events(self, view: View) -> None:
        known = len(self._timed)
        if known >= view.head:
            return
        with self._history.query(view) as query:
            rows = query.arrays(
                "SELECT operation_count AS operations, occurred_at IS NOT NULL AS timed"
                f" FROM {query.events(known + 1)} ORDER BY commit_ts"
            )
        counts, timed = (numpy.asarray(rows[name]) for name in ("operations", "timed"))
        self._totals = numpy.concatenate([self._totals, self._totals[-1] + numpy.cumsum(counts, dtype=numpy.int64)])
        self._timed = numpy.concatenate([self._timed, timed.astype(numpy.bool_)])

    def lacks_agents(self, view: View) -> bool:
        """Whether `read_agents` has more to read."""
        return self.agents_head < view.head

    def read_agents(self, view: View) -> None:
        """Read on what every agent did: one segment, so that whoever waits for something else does not wait long."""
        if self._reading is None:
            self._reading = (view.head, self._history.runs(view, None, self.agents_head + 1))
        head, parts = self._reading
        part = next(parts, None)
        if part is None:
            self.agents_head, self._reading = head, None
            return
        # Sorted by address, so that each agent's operations are neighbours.
        names = part.names.select(["namespace", "agent_id"]).unify_dictionaries().combine_chunks()
        columns = [names.column(name).chunk(0) for name in ("namespace", "agent_id")]
        codes = [column.indices.to_numpy() for column in columns]
        words = [column.dictionary.to_pylist() for column in columns]
        changed = numpy.flatnonzero((numpy.diff(codes[0]) != 0) | (numpy.diff(codes[1]) != 0)) + 1
        ends = numpy.concatenate([[0], numpy.cumsum(part.lengths)])
        for first, last in pairwise([0, *changed.tolist(), len(part.lengths)]):
            agent = AgentAddress(*(of[int(code[first])] for of, code in zip(words, codes, strict=True)))
            commits, counts = numpy.unique(part.commits[ends[first] : ends[last]], return_counts=True)
            self.agents.setdefault(agent, AgentActivity()).add(commits.astype(numpy.int64), counts)
